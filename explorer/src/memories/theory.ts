// The expected squared error of recall from the stored key, for N pairs of R units whose keys are uniform on the unit
// sphere and whose values have length 1 (chapter Linear memories), and for Hopfield's network of many units.

import { erf, scaledHypergeometric } from '../numerics/special.ts';

/** Hebb's rule: (N − 1)/R. */
export function outerProduct(pairs: number, units: number): number {
  return (pairs - 1) / units;
}

/** With decay: the mean over ages of (1 − λ^a)² + Σ_{a′≠a} λ^{2a′}/R. */
export function decaying(pairs: number, units: number, decay: number): number {
  let all = 0;
  for (let age = 0; age < pairs; age++) all += decay ** (2 * age);
  let sum = 0;
  for (let age = 0; age < pairs; age++) sum += (1 - decay ** age) ** 2 + (all - decay ** (2 * age)) / units;
  return sum / pairs;
}

/** The delta rule at β = 1 after one pass, by its two recursions. */
export function deltaRule(pairs: number, units: number): number {
  const spread = 1 / (units * (units + 2));
  let sum = 0;
  for (let age = 0; age < pairs; age++) {
    let norm = units * (1 - (1 - 1 / units) ** (pairs - age));
    let size = 1;
    for (let step = 0; step < age; step++) {
      size = size * (1 - 2 / units + 2 * spread) + norm * spread + 1 / units;
      norm = norm * (1 - 1 / units) + 1;
    }
    sum += size - 2 * (1 - 1 / units) ** age + 1;
  }
  return sum / pairs;
}

/** The pseudo-inverse: max(0, 1 − R/N), the least that any matrix can have. */
export function pseudoInverse(pairs: number, units: number): number {
  return Math.max(0, 1 - units / pairs);
}

/** A bound for the softmax memory with keys of length 1: half the expected odds (N − 1) E e^(−β (1 − u)). */
export function softmaxBound(pairs: number, units: number, beta: number): number {
  return ((pairs - 1) / 2) * scaledHypergeometric(units / 2, (beta * beta) / 4, -beta);
}

/** Where Hopfield's network of many units loses its patterns: 0.138 for each unit. */
export function endOfRetrieval(): number {
  return loadAt(mostLoaded());
}

/** ‖x − ξ‖²/N = 2 (1 − m) of the retrieval state at a load; null beyond its end. */
export function hopfield(load: number): number | null {
  let low = mostLoaded();
  if (load >= loadAt(low)) return null;
  let high = 30;
  for (let round = 0; round < 80; round++) {
    const middle = (low + high) / 2;
    if (loadAt(middle) > load) low = middle;
    else high = middle;
  }
  return 2 * (1 - erf((low + high) / 2));
}

/** α for which y = m/√(2 α r): √(2 α) = erf(y)/y − (2/√π) e^(−y²). */
function loadAt(y: number): number {
  return (erf(y) / y - (2 / Math.sqrt(Math.PI)) * Math.exp(-y * y)) ** 2 / 2;
}

/** The y of the largest load, by the golden section. */
function mostLoaded(): number {
  const ratio = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [0.5, 3];
  for (let round = 0; round < 60; round++) {
    const width = ratio * (high - low);
    if (loadAt(high - width) > loadAt(low + width)) high = low + width;
    else low = high - width;
  }
  return (low + high) / 2;
}
