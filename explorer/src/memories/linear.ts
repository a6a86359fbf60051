// Memories that are one matrix, read by a product: Hebb's rule, with decay, the delta rule, the pseudo-inverse.

import { addOuter, dot, identity, type Matrix, multiply, type Vector, zeros } from '../numerics/linear.ts';
import type { Memory } from './memory.ts';

/** A ← λ A + η v kᵀ; Hebb's rule is λ = η = 1. */
export class DecayingMatrix implements Memory {
  readonly matrix: Matrix;

  constructor(
    keySize: number,
    valueSize: number,
    readonly decay = 1,
    readonly writeRate = 1,
  ) {
    this.matrix = zeros(valueSize, keySize);
  }

  write(key: Vector, value: Vector): void {
    addOuter(this.matrix, value, key, this.writeRate, this.decay);
  }

  read(query: Vector): Vector {
    return multiply(this.matrix, query);
  }
}

/** M ← M + β (v − M k) kᵀ. */
export class DeltaRule implements Memory {
  readonly matrix: Matrix;

  constructor(
    keySize: number,
    valueSize: number,
    readonly writeRate = 1,
  ) {
    this.matrix = zeros(valueSize, keySize);
  }

  write(key: Vector, value: Vector): void {
    const found = multiply(this.matrix, key);
    addOuter(
      this.matrix,
      value.map((x, i) => x - found[i]!),
      key,
      this.writeRate,
    );
  }

  read(query: Vector): Vector {
    return multiply(this.matrix, query);
  }
}

const ROUNDING = 2 ** -52;

/** M = V K⁺, one pair at a time: M ← M + (v − M k) gᵀ with Greville's gain g. */
export class PseudoInverse implements Memory {
  readonly matrix: Matrix;
  private readonly outside: Matrix;
  private readonly inverse: Matrix;

  constructor(keySize: number, valueSize: number) {
    this.matrix = zeros(valueSize, keySize);
    this.outside = identity(keySize);
    this.inverse = zeros(keySize, keySize);
  }

  write(key: Vector, value: Vector): void {
    // Twice, since rounding leaves P only nearly a projection.
    const part = multiply(this.outside, multiply(this.outside, key));
    const size = dot(part, part);
    const within = multiply(this.inverse, key);
    const weight = 1 + dot(key, within);
    const isNew = size > ROUNDING * dot(key, key);
    const direction = part.map((x) => (isNew ? x / size : 0));
    const found = multiply(this.matrix, key);
    const gain = isNew ? direction : within.map((x) => x / weight);
    addOuter(
      this.matrix,
      value.map((x, i) => x - found[i]!),
      gain,
    );
    addOuter(this.outside, direction, part, -1);
    if (isNew) {
      addOuter(this.inverse, within, direction, -1);
      addOuter(this.inverse, direction, within, -1);
      addOuter(this.inverse, direction, direction, weight);
    } else {
      addOuter(this.inverse, within, within, -1 / weight);
    }
  }

  read(query: Vector): Vector {
    return multiply(this.matrix, query);
  }
}
