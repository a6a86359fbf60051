// Fast weights: A(t) = λ A(t−1) + η h(t) h(t)ᵀ, h_0 = f(W h(t) + C x(t)),
// h_{s+1} = f(LN[W h(t) + C x(t) + A(t) h_s]), h(t+1) = h_S (Ba et al. 2016, equations 1, 2, 4 and 5).

import { addOuter, dot, layerNorm, type Matrix, multiply, relu, row, type Vector, zeros } from '../numerics/linear.ts';
import type { Cell, Run, Watched } from './cell.ts';
import type { Arrays } from './content.ts';
import { FastWeightsBackward } from './fast_weights_backward.ts';

export interface FastWeightsOptions {
  readonly decay: number;
  readonly write_rate: number;
  readonly inner_steps: number;
  readonly norm: 'inside' | 'outside' | 'none';
  readonly norm_sets: 'shared' | 'per-step';
  readonly preliminary_norm: 'none' | 'shared' | 'separate';
  readonly write_time: 'current' | 'late';
  readonly method: 1 | 2;
}

/** A normalisation as it was used, for the derivative. */
export interface UsedNorm {
  readonly standardised: Vector;
  readonly deviation: number;
  readonly gain: Vector;
}

/** One reading of the memory: h_{s+1} from h_s. */
export interface Reading {
  readonly query: Vector;
  readonly result: Vector;
  readonly norm: UsedNorm | null;
}

/** All that a step computes. */
export interface Step {
  readonly summed: Vector;
  readonly preliminary: Vector;
  readonly preliminaryNorm: UsedNorm | null;
  readonly readings: Reading[];
}

export class FastWeights implements Cell {
  readonly units: number;
  /** How many steps before the present one the newest state was written that a step reads. */
  readonly newest: number;

  constructor(
    readonly arrays: Arrays,
    readonly options: FastWeightsOptions,
  ) {
    this.units = arrays.recurrent!.rows;
    this.newest = options.write_time === 'late' ? 2 : 1;
  }

  run(tokens: readonly number[], watched: Watched): Run {
    const attention: Vector[] = [];
    const memories: Matrix[] = [];
    const { hiddens } = this.steps(tokens, (memory, hiddens, step) => {
      const isLast = hiddens.length === tokens.length - 1;
      if (watched === 'all') memories.push({ ...memory, data: memory.data.slice() });
      if (watched === 'all' || (watched === 'last attention' && isLast)) {
        attention.push(this.weights(hiddens, tokens.length, step.readings.at(-1)?.query ?? null));
      }
    });
    return { hiddens, attention, memories };
  }

  jacobians(tokens: readonly number[]): Matrix[] {
    const { steps, hiddens } = this.steps(tokens, () => {});
    return new FastWeightsBackward(this, steps, hiddens).jacobians();
  }

  /** η λ^age of the state that step τ gave, as step t reads it; 0 for what is not stored yet. */
  weight(t: number, tau: number): number {
    const age = t - this.newest - tau;
    return age < 0 ? 0 : this.options.write_rate * this.options.decay ** age;
  }

  private steps(
    tokens: readonly number[],
    seen: (memory: Matrix, hiddens: Vector[], step: Step) => void,
  ): { steps: Step[]; hiddens: Vector[] } {
    const { decay, write_rate, write_time } = this.options;
    const memory = zeros(this.units, this.units);
    const hiddens: Vector[] = [];
    const steps: Step[] = [];
    let hidden = new Float64Array(this.units);
    for (const token of tokens) {
      const summed = multiply(this.arrays.recurrent!, hidden, row(this.arrays.projections!, token));
      if (write_time === 'current') addOuter(memory, hidden, hidden, write_rate, decay);
      const step = this.innerLoop(summed, memory);
      seen(memory, hiddens, step);
      if (write_time === 'late') addOuter(memory, hidden, hidden, write_rate, decay);
      hidden = Float64Array.from(step.readings.at(-1)?.result ?? step.preliminary);
      steps.push(step);
      hiddens.push(hidden);
    }
    return { steps, hiddens };
  }

  private innerLoop(summed: Vector, memory: Matrix): Step {
    const { inner_steps, norm, norm_sets, method } = this.options;
    const [preliminary, preliminaryNorm] = this.preliminary(summed);
    const readings: Reading[] = [];
    let hidden = preliminary;
    for (let s = 0; s < inner_steps; s++) {
      const set = norm_sets === 'per-step' ? Math.min(s, this.innerSets - 1) : 0;
      const base = method === 1 ? summed : hidden;
      const query = hidden;
      if (norm === 'inside') {
        const [value, used] = this.normalised(multiply(memory, query, base), set);
        hidden = relu(value);
        readings.push({ query, result: hidden, norm: used });
      } else {
        const [value, used] = norm === 'outside' ? this.normalised(base, set) : [base, null];
        hidden = relu(multiply(memory, query, value));
        readings.push({ query, result: hidden, norm: used });
      }
    }
    return { summed, preliminary, preliminaryNorm, readings };
  }

  /** The number of gains for inner steps; the last set may be that of h_0. */
  private get innerSets(): number {
    return this.arrays.gains!.rows - (this.options.preliminary_norm === 'separate' ? 1 : 0);
  }

  private preliminary(summed: Vector): [Vector, UsedNorm | null] {
    const kind = this.options.preliminary_norm;
    if (kind === 'none') return [relu(summed), null];
    const [value, used] = this.normalised(summed, kind === 'shared' ? 0 : this.arrays.gains!.rows - 1);
    return [relu(value), used];
  }

  private normalised(x: Vector, set: number): [Vector, UsedNorm] {
    const gain = row(this.arrays.gains!, set);
    const { value, standardised, deviation } = layerNorm(x, gain, row(this.arrays.biases!, set));
    return [value, { standardised, deviation, gain }];
  }

  /** Equation 4's terms at one step, for all states of the sequence. */
  private weights(hiddens: Vector[], length: number, query: Vector | null): Vector {
    const terms = new Float64Array(length);
    if (query) hiddens.forEach((past, tau) => (terms[tau] = this.weight(hiddens.length, tau) * dot(past, query)));
    return terms;
  }
}
