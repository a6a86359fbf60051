// Hopfield's network of binary units: W ← W + x xᵀ − I, x_i ← sgn(Σ_j W_ij x_j), one unit after another.

import { addOuter, dot, type Matrix, multiply, row, type Vector, zeros } from '../numerics/linear.ts';
import type { EnergyMemory } from './memory.ts';

const MOST_SWEEPS = 1000;

export class Hopfield implements EnergyMemory {
  readonly matrix: Matrix;

  constructor(readonly units: number) {
    this.matrix = zeros(units, units);
  }

  write(key: Vector): void {
    addOuter(this.matrix, key, key);
    for (let i = 0; i < this.units; i++) this.matrix.data[i * this.units + i]! -= 1;
  }

  /** The fixed point that asynchronous recall reaches. */
  read(query: Vector): Vector {
    let state = query;
    for (let sweep = 0; sweep < MOST_SWEEPS; sweep++) {
      const next = this.update(state);
      if (next.every((x, i) => x === state[i])) return next;
      state = next;
    }
    return state;
  }

  /** One sweep: every unit once, in their order. */
  update(state: Vector): Vector {
    const next = Float64Array.from(state);
    for (let unit = 0; unit < this.units; unit++) next[unit] = this.turned(next, unit);
    return next;
  }

  /** The next unit, from `start` on, that is against its field; null at a fixed point. */
  nextTurn(state: Vector, start: number): number | null {
    for (let step = 0; step < this.units; step++) {
      const unit = (start + step) % this.units;
      if (this.turned(state, unit) !== state[unit]) return unit;
    }
    return null;
  }

  /** The sign of the unit's field; where that is zero, the unit as it is. */
  turned(state: Vector, unit: number): number {
    const field = dot(row(this.matrix, unit), state);
    return field === 0 ? state[unit]! : Math.sign(field);
  }

  /** −½ xᵀ W x. */
  energy(state: Vector): number {
    return -dot(state, multiply(this.matrix, state)) / 2;
  }
}
