// The task as the page draws and checks it, and the errors over drawn strings.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Content } from '../src/networks/content.ts';
import { generator } from '../src/numerics/random.ts';
import { answer, askedPlace, drawn, encoded, mistake } from '../src/tasks/retrieval.ts';
import { type ErrorResult, Jobs, type ReachResult } from '../src/worker.ts';

const CONTENT: Content = JSON.parse(readFileSync('../src/fastweights/explorer/networks.json', 'utf8'));
const COUNT = 2000;

test('what is drawn is a string of the task, and each letter is asked for equally often', () => {
  const random = generator(5);
  const places = [0, 0, 0, 0];
  for (let n = 0; n < COUNT; n++) {
    const text = drawn(random, 4, n % 2 === 0);
    assert.equal(mistake(text, 4, n % 2 === 0), null, text);
    assert.equal(text[text.indexOf(text.at(-1)!) + 1], answer(text));
    places[askedPlace(text) / 2]! += 1;
  }
  const deviation = Math.sqrt(COUNT * 0.25 * 0.75);
  places.forEach((count) => assert.ok(Math.abs(count - COUNT / 4) < 4 * deviation));
});

test('symbols are numbered as the library numbers them', () => {
  assert.deepEqual(encoded('az09?'), [0, 25, 26, 35, 36]);
});

test('a string that is none of the task is told why', () => {
  const cases: [string, RegExp][] = [
    ['', /4 pairs/],
    ['c9k8j3??c', /has 3/],
    ['c9k8j3f1?c', /such as c9k8j3f1\?\?c/],
    ['c9c8j3f1??c', /letters must differ/],
    ['c9k9j3f1??c', /digits must differ/],
    ['c9k8j3f1??z', /occurs in no pair/],
    ['c9k8j3f1??é', /“é” is none/],
  ];
  for (const [text, reason] of cases) assert.match(mistake(text, 4, true) ?? '', reason);
});

test('the errors are those that the library measured on 20,000 strings, within four standard errors', () => {
  const jobs = new Jobs(CONTENT);
  CONTENT.networks.forEach(({ name, test_error: expected }, network) => {
    const { error } = jobs.done({ kind: 'error', network, changes: {}, count: COUNT }) as ErrorResult;
    const deviation = Math.sqrt((expected! * (1 - expected!)) / COUNT);
    assert.ok(Math.abs(error - expected!) < 4 * deviation, `${name}: ${error} against ${expected}`);
  });
});

test('a network whose states are no numbers any more is wrong every time', () => {
  const changes = { layerNorm: false, innerSteps: 3, writeRate: 2 };
  const result = new Jobs(CONTENT).done({ kind: 'error', network: 0, changes, count: 50 });
  assert.deepEqual(result, { error: 1, onAsked: null });
});

test('before training an IRNN with W = ½ I halves the derivative, as the view says', () => {
  const network = CONTENT.networks.findIndex(({ model }) => model === 'irnn');
  const job = { kind: 'reach', network, changes: {}, when: 'initial', pairs: 8, count: 4 } as const;
  const norms = new Jobs(CONTENT).done(job) as ReachResult;
  norms.slice(0, 4).forEach((value, n) => assert.ok(Math.abs(value - 0.5 ** (n + 1)) < 1e-12));
});
