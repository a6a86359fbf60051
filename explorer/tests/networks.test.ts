// Forward pass and derivatives against the library's: 1e-5, as single precision has it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { row } from '../src/numerics/linear.ts';
import { spectralNorm } from '../src/numerics/spectrum.ts';
import { Network } from '../src/networks/network.ts';
import { encoded } from '../src/tasks/retrieval.ts';
import { assertClose, golden } from './golden.ts';

const CELLS = 9;
const DEFAULTS = JSON.parse(readFileSync('../src/fastweights/explorer/networks.json', 'utf8')).networks;

for (let i = 0; i < CELLS; i++) {
  const expected = golden(`cell-${i}`);
  const network = new Network(expected.network);

  test(`${network.name}: states, attention, answer`, () => {
    const { hiddens, attention } = network.run(encoded(expected.text));
    assertClose(hiddens, expected.hiddens, 1e-5);
    assertClose(network.logits(hiddens.at(-1)!), expected.logits, 1e-5);
    assert.equal(attention === null, expected.attention === null);
    if (attention) assertClose(attention, expected.attention, 1e-5);
  });

  test(`${network.name}: derivatives for earlier states, and their norms`, () => {
    const jacobians = network.cell().jacobians(encoded(expected.text));
    const rows = jacobians.map((matrix) => Array.from({ length: matrix.rows }, (_, k) => row(matrix, k)));
    assertClose(rows, expected.jacobians, 1e-8);
    assertClose(jacobians.map(spectralNorm), expected.norms, 1e-8);
  });
}

for (const expected of golden('defaults')) {
  test(`${expected.name}, as the package has it: ${expected.text}`, () => {
    const network = new Network(DEFAULTS.find(({ name }: { name: string }) => name === expected.name));
    const { hiddens, attention } = network.run(encoded(expected.text));
    assertClose(hiddens, expected.hiddens, 1e-5);
    assertClose(network.logits(hiddens.at(-1)!), expected.logits, 1e-5);
    if (expected.attention) assertClose(attention, expected.attention, 1e-5);
  });
}

test('what the page changes is what it says', () => {
  const network = new Network(DEFAULTS[0]);
  const tokens = encoded('c9k8j3f1??c');
  const changed = network.run(tokens, { decay: 0.5, writeRate: 0, innerSteps: 2 });
  assert.ok(changed.memories!.every((memory) => memory.data.every((x) => x === 0)));
  assert.ok(changed.attention!.every((weights) => weights.every((x) => x === 0)));
  const once = network.run(tokens, { decay: 0 }).attention!.at(-1)!;
  assert.ok(once.every((weight, tau) => tau === tokens.length - 2 || weight === 0));
  assertClose(network.run(tokens).hiddens, network.run(tokens, { decay: 0.95, layerNorm: true }).hiddens, 0);
});
