// The derivative of fast weights' last state for its earlier ones, along all paths: through W, through the queries,
// and through what a state has written into the memory. By equation 4, A h_s = Σ_τ w(t, τ) h(τ) [h(τ)ᵀ h_s].

import { dot, type Matrix, multiplyTransposed, type Vector, zeros } from '../numerics/linear.ts';
import type { FastWeights, Reading, Step, UsedNorm } from './fast_weights.ts';

export class FastWeightsBackward {
  constructor(
    private readonly cell: FastWeights,
    private readonly steps: Step[],
    private readonly hiddens: Vector[],
  ) {}

  /** For τ = 1 … T − 1, one row of each matrix after another. */
  jacobians(): Matrix[] {
    const { units } = this.cell;
    const last = this.steps.length - 1;
    const results = Array.from({ length: last }, () => zeros(units, units));
    for (let unit = 0; unit < units; unit++) {
      const gradients = this.hiddens.map(() => new Float64Array(units));
      gradients[last]![unit] = 1;
      for (let t = last; t > 0; t--) this.backThrough(t, gradients);
      results.forEach((matrix, tau) => matrix.data.set(gradients[tau]!, unit * units));
    }
    return results;
  }

  /** Adds to the gradients of earlier states what step t hands back to them. */
  private backThrough(t: number, gradients: Vector[]): void {
    const { summed, preliminary, preliminaryNorm, readings } = this.steps[t]!;
    const ofSummed = new Float64Array(summed.length);
    let gradient: Vector = gradients[t]!;
    for (const reading of readings.slice().reverse()) {
      const { base, query } = this.throughReading(t, reading, gradient, gradients);
      if (this.cell.options.method === 1) add(ofSummed, base);
      else add(query, base);
      gradient = query;
    }
    add(ofSummed, throughNorm(where(preliminary, gradient), preliminaryNorm));
    add(gradients[t - 1]!, multiplyTransposed(this.cell.arrays.recurrent!, ofSummed));
  }

  private throughReading(
    t: number,
    { query, result, norm }: Reading,
    gradient: Vector,
    gradients: Vector[],
  ): { base: Vector; query: Vector } {
    const inside = this.cell.options.norm === 'inside';
    const ofSum = where(result, gradient);
    const ofRead = inside ? throughNorm(ofSum, norm) : ofSum;
    const ofQuery = new Float64Array(query.length);
    for (let tau = 0; tau < t; tau++) {
      const weight = this.cell.weight(t, tau);
      if (weight === 0) continue;
      const past = this.hiddens[tau]!;
      const match = weight * dot(past, query);
      const pull = weight * dot(past, ofRead);
      const ofPast = gradients[tau]!;
      for (let i = 0; i < query.length; i++) {
        ofPast[i]! += match * ofRead[i]! + pull * query[i]!;
        ofQuery[i]! += pull * past[i]!;
      }
    }
    return { base: inside ? ofRead : throughNorm(ofSum, norm), query: ofQuery };
  }
}

/** The gradient where the rectified unit is active. */
function where(result: Vector, gradient: Vector): Vector {
  return gradient.map((value, i) => (result[i]! > 0 ? value : 0));
}

function add(onto: Vector, x: Vector): void {
  for (let i = 0; i < x.length; i++) onto[i]! += x[i]!;
}

/** Jᵀ g with J = diag(gain)(I − 11ᵀ/R − x̂x̂ᵀ/R)/s; g itself without a normalisation. */
export function throughNorm(gradient: Vector, norm: UsedNorm | null): Vector {
  if (!norm) return gradient;
  const { standardised, deviation, gain } = norm;
  const scaled = gradient.map((value, i) => value * gain[i]!);
  const mean = scaled.reduce((sum, value) => sum + value, 0) / scaled.length;
  const along = dot(scaled, standardised) / scaled.length;
  return scaled.map((value, i) => (value - mean - along * standardised[i]!) / deviation);
}
