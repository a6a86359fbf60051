// The program in the package is what the sources give, byte for byte; and it asks for nothing from elsewhere.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { program } from '../build.mjs';

const built = readFileSync('../src/fastweights/explorer/program.html', 'utf8');

test('the package has the program of these sources (make explorer builds it)', async () => {
  assert.ok((await program()) === built, 'program.html is not what the sources give: run make explorer');
});

test('nothing is loaded from elsewhere', () => {
  assert.match(built, /http-equiv="Content-Security-Policy" content="default-src 'none'/);
  assert.doesNotMatch(built, /<(script|img|link|iframe)[^>]*\s(src|href)=(?!"data:)/);
  assert.doesNotMatch(built, /@import|url\((?!#)/);
});

test('the program is small', () => assert.ok(Buffer.byteLength(built) < 300_000));
