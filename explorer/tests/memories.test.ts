// Memories and what theory expects of them, against the library's: 1e-6.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Hopfield } from '../src/memories/hopfield.ts';
import { DecayingMatrix, DeltaRule, PseudoInverse } from '../src/memories/linear.ts';
import type { EnergyMemory, Memory } from '../src/memories/memory.ts';
import { SoftmaxHopfield } from '../src/memories/softmax.ts';
import * as theory from '../src/memories/theory.ts';
import { assertClose, golden } from './golden.ts';

const expected = golden('memories');
const vectors = (rows: number[][]) => rows.map((row) => Float64Array.from(row));
const [keys, values] = [vectors(expected.keys), vectors(expected.values)];

const memories: Record<string, Memory> = {
  'outer-product': new DecayingMatrix(8, 5),
  decaying: new DecayingMatrix(8, 5, 0.9, 0.7),
  'delta-rule': new DeltaRule(8, 5, 0.4),
  'pseudo-inverse': new PseudoInverse(8, 5),
  softmax: new SoftmaxHopfield(3),
};

for (const [name, memory] of Object.entries(memories)) {
  test(`${name}: what is read after each write`, () => {
    const reads = keys.map((key, n) => {
      memory.write(key, values[n]!);
      return memory.read(keys[0]!);
    });
    assertClose(reads, expected.reads[name], 1e-6);
  });
}

function recall(memory: EnergyMemory, { states, energies }: { states: number[][]; energies: number[] }): void {
  let state = Float64Array.from(states[0]!);
  states.forEach((next, n) => {
    if (n > 0) state = memory.update(state) as Float64Array<ArrayBuffer>;
    assertClose(state, next, 1e-6);
    assertClose(memory.energy(state), energies[n], 1e-6);
  });
}

test('softmax: recall and its energy', () => {
  const memory = new SoftmaxHopfield(3);
  keys.forEach((key) => memory.write(key, key));
  recall(memory, expected.softmax);
});

test('Hopfield: recall, its energy, and where it ends', () => {
  const memory = new Hopfield(16);
  vectors(expected.patterns).forEach((pattern) => memory.write(pattern));
  recall(memory, expected.hopfield);
  const end = memory.read(Float64Array.from(expected.hopfield.states[0]));
  assert.deepEqual(Array.from(end), expected.hopfield.read);
  assert.equal(memory.nextTurn(end, 3), null);
});

test('what theory expects', () => {
  const { cases, loads, ...lines } = golden('theory');
  const rules: [string, (pairs: number, units: number) => number][] = [
    ['outer-product', theory.outerProduct],
    ['decaying', (pairs, units) => theory.decaying(pairs, units, 0.95)],
    ['delta-rule', theory.deltaRule],
    ['pseudo-inverse', theory.pseudoInverse],
    ['softmax', (pairs, units) => theory.softmaxBound(pairs, units, 8)],
  ];
  for (const [name, line] of rules) {
    assertClose(
      cases.map(([pairs, units]: [number, number]) => line(pairs, units)),
      lines[name],
      1e-6,
      name,
    );
  }
  assertClose(loads.map(theory.hopfield), lines.hopfield, 1e-6, 'Hopfield');
  assertClose(theory.endOfRetrieval(), lines.end, 1e-6, 'its end');
  assert.equal(theory.hopfield(0.14), null);
});
