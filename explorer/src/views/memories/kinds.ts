// The memories of the view: how each is made, recalls, and what theory expects of it.

import { Hopfield } from '../../memories/hopfield.ts';
import { DecayingMatrix, DeltaRule, PseudoInverse } from '../../memories/linear.ts';
import type { Memory } from '../../memories/memory.ts';
import { SoftmaxHopfield } from '../../memories/softmax.ts';
import * as theory from '../../memories/theory.ts';
import type { Range } from '../../dom.ts';

export interface Kind {
  readonly id: string;
  readonly name: string;
  /** What it does, in one line. */
  readonly rule: string;
  /** A number that it has, with its name. */
  readonly parameter?: { readonly name: string; readonly range: Range; readonly usual: number };
  make(units: number, values: number, parameter: number): Memory;
  /** The expected squared error for N pairs of R units; null where theory has none. */
  expected(pairs: number, units: number, parameter: number): number | null;
  readonly theory: string;
  /** The largest load, patterns for each unit, and the largest error that the picture has. */
  readonly load: number;
  readonly error: number;
}

export const KINDS: readonly Kind[] = [
  {
    id: 'hopfield',
    name: 'Hopfield',
    rule: 'W ← W + x xᵀ − I; each unit in turn takes the sign of its field. Every turn lowers the energy −½ xᵀ W x.',
    make: (units) => new Hopfield(units),
    expected: (pairs, units) => theory.hopfield(pairs / units),
    theory: '2 (1 − m), m the overlap, infinitely many units',
    load: 0.3,
    error: 1.6,
  },
  {
    id: 'hebb',
    name: 'Hebb',
    rule: 'M ← M + v kᵀ; the answer is M q, once. The rest is crosstalk: overlaps with all others.',
    make: (units, values) => new DecayingMatrix(units, values),
    expected: theory.outerProduct,
    theory: '(N − 1)/R',
    load: 2,
    error: 2.2,
  },
  {
    id: 'decaying',
    name: 'Decaying',
    rule: 'A ← λ A + v kᵀ, the memory of fast weights: the newest pattern counts most, the oldest are forgotten.',
    parameter: { name: 'λ, decay', range: { low: 0.5, high: 1, step: 0.01 }, usual: 0.95 },
    make: (units, values, decay) => new DecayingMatrix(units, values, decay),
    expected: theory.decaying,
    theory: 'mean of (1 − λᵃ)² + crosstalk',
    load: 2,
    error: 2.2,
  },
  {
    id: 'delta',
    name: 'Delta rule',
    rule: 'M ← M + β (v − M k) kᵀ: only what the memory gets wrong is written, so that overlaps cost less.',
    parameter: { name: 'β, write rate', range: { low: 0.1, high: 1.9, step: 0.05 }, usual: 1 },
    make: (units, values, rate) => new DeltaRule(units, values, rate),
    expected: (pairs, units, rate) => (rate === 1 ? theory.deltaRule(pairs, units) : null),
    theory: 'one pass at β = 1',
    load: 2,
    error: 2.2,
  },
  {
    id: 'pseudo-inverse',
    name: 'Pseudo-inverse',
    rule: 'M = V K⁺, the best of all matrices: no error at all for up to R independent patterns.',
    make: (units, values) => new PseudoInverse(units, values),
    expected: theory.pseudoInverse,
    theory: 'max(0, 1 − R/N)',
    load: 2,
    error: 1,
  },
  {
    id: 'softmax',
    name: 'Softmax',
    rule: 'It keeps the patterns themselves; ξ ← K softmax(β Kᵀ ξ), attention. No update raises its energy.',
    parameter: { name: 'β, inverse temperature', range: { low: 1, high: 32, step: 0.5 }, usual: 8 },
    make: (_units, _values, beta) => new SoftmaxHopfield(beta),
    expected: theory.softmaxBound,
    theory: 'upper bound: half of the expected odds',
    load: 2,
    error: 0.1,
  },
];
