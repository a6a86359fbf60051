// The softmax memory: V softmax(β Kᵀ q), for the keys and values written so far (Ramsauer et al. 2020).

import { dot, softmax, type Vector } from '../numerics/linear.ts';
import type { EnergyMemory } from './memory.ts';

export class SoftmaxHopfield implements EnergyMemory {
  readonly keys: Vector[] = [];
  readonly values: Vector[] = [];

  constructor(readonly inverseTemperature = 8) {}

  write(key: Vector, value: Vector): void {
    this.keys.push(key);
    this.values.push(value);
  }

  read(query: Vector): Vector {
    return mixture(this.attention(query), this.values);
  }

  /** ξ ← K softmax(β Kᵀ ξ). */
  update(state: Vector): Vector {
    return mixture(this.attention(state), this.keys);
  }

  /** softmax(β Kᵀ q): how much each stored pair counts. */
  attention(query: Vector): Vector {
    return softmax(this.scores(query));
  }

  /** −lse(β, Kᵀ ξ) + ½ ξᵀξ + (ln N)/β + ½ max_n ‖k_n‖². */
  energy(state: Vector): number {
    const scores = this.scores(state);
    const largest = Math.max(...scores);
    const sum = scores.reduce((total, score) => total + Math.exp(score - largest), 0);
    const attracted = (largest + Math.log(sum) - Math.log(this.keys.length)) / this.inverseTemperature;
    const longest = Math.max(...this.keys.map((key) => dot(key, key)));
    return -attracted + (dot(state, state) + longest) / 2;
  }

  private scores(query: Vector): number[] {
    return this.keys.map((key) => this.inverseTemperature * dot(key, query));
  }
}

function mixture(weights: Vector, vectors: Vector[]): Vector {
  const sum = new Float64Array(vectors[0]!.length);
  vectors.forEach((vector, n) => vector.forEach((x, i) => (sum[i]! += weights[n]! * x)));
  return sum;
}
