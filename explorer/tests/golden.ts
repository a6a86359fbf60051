// Reads what the library computed, and compares.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

export function golden(name: string): any {
  return JSON.parse(readFileSync(`golden/${name}.json`, 'utf8'));
}

/** All numbers of two nested lists, compared to a tolerance relative to 1 + |expected|. */
export function assertClose(actual: any, expected: any, tolerance: number, what = ''): void {
  if (typeof expected === 'number') {
    const apart = Math.abs(actual - expected) / (1 + Math.abs(expected));
    assert.ok(apart <= tolerance, `${what}: ${actual} against ${expected}`);
    return;
  }
  assert.equal(actual.length, expected.length, what);
  expected.forEach((value: any, i: number) => assertClose(actual[i], value, tolerance, `${what}[${i}]`));
}
