// The standard RNN and the IRNN: h(t) = f(W h(t−1) + C x(t) + b), or f(LN[W h(t−1) + C x(t)]).

import { layerNorm, type Matrix, multiply, multiplyTransposed, row, type Vector, zeros } from '../numerics/linear.ts';
import type { Cell, Run } from './cell.ts';
import type { Arrays } from './content.ts';
import type { UsedNorm } from './fast_weights.ts';
import { throughNorm } from './fast_weights_backward.ts';

interface Step {
  readonly hidden: Vector;
  readonly slope: Vector;
  readonly norm: UsedNorm | null;
}

export class SimpleCell implements Cell {
  readonly units: number;

  constructor(
    private readonly arrays: Arrays,
    private readonly activation: 'relu' | 'tanh',
  ) {
    this.units = arrays.recurrent!.rows;
  }

  run(tokens: readonly number[]): Run {
    return { hiddens: this.steps(tokens).map(({ hidden }) => hidden), attention: null, memories: null };
  }

  jacobians(tokens: readonly number[]): Matrix[] {
    const steps = this.steps(tokens);
    const results = steps.slice(1).map(() => zeros(this.units, this.units));
    for (let unit = 0; unit < this.units; unit++) {
      let gradient: Vector = new Float64Array(this.units);
      gradient[unit] = 1;
      for (let t = steps.length - 1; t > 0; t--) {
        const { slope, norm } = steps[t]!;
        const ofSummed = throughNorm(
          gradient.map((value, i) => value * slope[i]!),
          norm,
        );
        gradient = multiplyTransposed(this.arrays.recurrent!, ofSummed);
        results[t - 1]!.data.set(gradient, unit * this.units);
      }
    }
    return results;
  }

  private steps(tokens: readonly number[]): Step[] {
    const { recurrent, projections, gain, bias } = this.arrays;
    const steps: Step[] = [];
    let hidden: Vector = new Float64Array(this.units);
    for (const token of tokens) {
      let summed = multiply(recurrent!, hidden, row(projections!, token));
      let norm: UsedNorm | null = null;
      if (gain) {
        const { value, ...used } = layerNorm(summed, gain.data, bias!.data);
        summed = value;
        norm = { ...used, gain: gain.data };
      }
      const isRelu = this.activation === 'relu';
      hidden = summed.map(isRelu ? (x) => Math.max(x, 0) : Math.tanh);
      steps.push({ hidden, slope: hidden.map((x) => (isRelu ? Number(x > 0) : 1 - x * x)), norm });
    }
    return steps;
  }
}
