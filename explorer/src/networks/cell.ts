// What all cells share: a run over a sequence of symbols, and the derivative of its end for earlier states.

import type { Matrix, Vector } from '../numerics/linear.ts';

/** What happened in each step of a sequence. */
export interface Run {
  /** h(t), the first symbol's first. */
  readonly hiddens: Vector[];
  /** Equation 4's terms η λ^age [h(τ)ᵀ h_s] of each step (first) for each state (second); null for a cell that
   * does not read its earlier states. */
  readonly attention: Vector[] | null;
  /** A(t) as each step reads it, if the cell has one. */
  readonly memories: Matrix[] | null;
}

/** Nothing but the states; attention in the last step alone; or all that there is in every step. */
export type Watched = 'states' | 'last attention' | 'all';

export interface Cell {
  readonly units: number;
  /** The cell over these symbols; of attention and memories only what is asked for. */
  run(tokens: readonly number[], watched: Watched): Run;
  /** ∂h(T)/∂s(τ) for τ = 1 … T − 1, with s all vectors that the state carries. */
  jacobians(tokens: readonly number[]): Matrix[];
}
