// Long short-term memory: [i; f; o; g] = W h(t−1) + C x(t) + b, c(t) = σ(f) c(t−1) + σ(i) tanh(g),
// h(t) = σ(o) tanh(c(t)); with layer normalisation each block is normalised, and c(t) before it is read.

import {
  layerNorm,
  type Matrix,
  multiply,
  multiplyTransposed,
  row,
  sigmoid,
  type Vector,
  zeros,
} from '../numerics/linear.ts';
import type { Cell, Run } from './cell.ts';
import type { Arrays } from './content.ts';
import type { UsedNorm } from './fast_weights.ts';
import { throughNorm } from './fast_weights_backward.ts';

const GATES = 4;

interface Step {
  /** i, f and o after the sigmoid, g after tanh. */
  readonly gates: Vector[];
  readonly gateNorms: (UsedNorm | null)[];
  readonly before: Vector;
  readonly squashed: Vector;
  readonly cellNorm: UsedNorm | null;
  readonly hidden: Vector;
}

export class Lstm implements Cell {
  readonly units: number;

  /** `shift` is added to the forget gate's bias. */
  constructor(
    private readonly arrays: Arrays,
    private readonly shift = 0,
  ) {
    this.units = arrays.recurrent!.columns;
  }

  run(tokens: readonly number[]): Run {
    return { hiddens: this.steps(tokens).map(({ hidden }) => hidden), attention: null, memories: null };
  }

  /** The state is the cell c and the output h, one below the other. */
  jacobians(tokens: readonly number[]): Matrix[] {
    const steps = this.steps(tokens);
    const { units } = this;
    const results = steps.slice(1).map(() => zeros(units, 2 * units));
    for (let unit = 0; unit < units; unit++) {
      let ofCell: Vector = new Float64Array(units);
      let ofHidden: Vector = new Float64Array(units);
      ofHidden[unit] = 1;
      for (let t = steps.length - 1; t > 0; t--) {
        [ofCell, ofHidden] = this.backThrough(steps[t]!, ofCell, ofHidden);
        results[t - 1]!.data.set(ofCell, unit * 2 * units);
        results[t - 1]!.data.set(ofHidden, unit * 2 * units + units);
      }
    }
    return results;
  }

  private backThrough(step: Step, ofCell: Vector, ofHidden: Vector): [Vector, Vector] {
    const { gates, gateNorms, before, squashed, cellNorm } = step;
    const [i, f, o, g] = gates as [Vector, Vector, Vector, Vector];
    const ofExposed = ofHidden.map((value, k) => value * o[k]! * (1 - squashed[k]! ** 2));
    const exposed = throughNorm(ofExposed, cellNorm);
    const all = ofCell.map((value, k) => value + exposed[k]!);
    const ofGates = [
      all.map((value, k) => value * g[k]! * i[k]! * (1 - i[k]!)),
      all.map((value, k) => value * before[k]! * f[k]! * (1 - f[k]!)),
      ofHidden.map((value, k) => value * squashed[k]! * o[k]! * (1 - o[k]!)),
      all.map((value, k) => value * i[k]! * (1 - g[k]! ** 2)),
    ];
    const ofSums = new Float64Array(GATES * this.units);
    ofGates.forEach((gradient, k) => ofSums.set(throughNorm(gradient, gateNorms[k]!), k * this.units));
    return [all.map((value, k) => value * f[k]!), multiplyTransposed(this.arrays.recurrent!, ofSums)];
  }

  private steps(tokens: readonly number[]): Step[] {
    const { recurrent, projections } = this.arrays;
    const steps: Step[] = [];
    let cell: Vector = new Float64Array(this.units);
    let hidden: Vector = new Float64Array(this.units);
    for (const token of tokens) {
      const sums = multiply(recurrent!, hidden, row(projections!, token));
      const { gates, gateNorms } = this.gates(sums);
      const [i, f, o, g] = gates as [Vector, Vector, Vector, Vector];
      const before = cell;
      cell = before.map((value, k) => f[k]! * value + i[k]! * g[k]!);
      const [exposed, cellNorm] = this.exposed(cell);
      const squashed = exposed.map(Math.tanh);
      hidden = squashed.map((value, k) => o[k]! * value);
      steps.push({ gates, gateNorms, before, squashed, cellNorm, hidden });
    }
    return steps;
  }

  private gates(sums: Vector): { gates: Vector[]; gateNorms: (UsedNorm | null)[] } {
    const gates: Vector[] = [];
    const gateNorms: (UsedNorm | null)[] = [];
    for (let k = 0; k < GATES; k++) {
      const place: [number, number] = [k * this.units, (k + 1) * this.units];
      let block: Vector = sums.slice(...place);
      let norm: UsedNorm | null = null;
      if (this.arrays.gain) {
        const gain = this.arrays.gain.data.subarray(...place);
        const { value, ...used } = layerNorm(block, gain, this.arrays.bias!.data.subarray(...place));
        block = value;
        norm = { ...used, gain };
      }
      gates.push(block.map(k === 1 ? (x) => sigmoid(x + this.shift) : k < 3 ? sigmoid : Math.tanh));
      gateNorms.push(norm);
    }
    return { gates, gateNorms };
  }

  private exposed(cell: Vector): [Vector, UsedNorm | null] {
    const { cell_gain, cell_bias } = this.arrays;
    if (!cell_gain) return [cell, null];
    const { value, ...used } = layerNorm(cell, cell_gain.data, cell_bias!.data);
    return [value, { ...used, gain: cell_gain.data }];
  }
}
