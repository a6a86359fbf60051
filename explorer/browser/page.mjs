// Opens the page in Debian's Chromium, from the file system; any console error, exception or request fails the test.

import { mkdtempSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { browser } from './chromium.mjs';

export { browser };

const folder = mkdtempSync(join(tmpdir(), 'explorer-'));
const file = join(folder, 'explore.html');
export const address = `file://${file}`;
const root = resolve('..');
const environment = { ...process.env, PYTHONPATH: join(root, 'src') };
export const python = (...command) =>
  execFileSync(join(root, '.venv/bin/python'), command, { env: environment, encoding: 'utf8' });
python('-m', 'fastweights', 'explore', '--out', file);

/** A page at an address, with a list of what must not happen. */
export async function opened(hash = '', options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const troubles = [];
  page.on('console', (message) => message.type() === 'error' && troubles.push(message.text()));
  page.on('pageerror', (error) => troubles.push(String(error)));
  page.on('request', (request) => {
    if (!/^(file|blob|data):/.test(request.url())) troubles.push(`request of ${request.url()}`);
  });
  await page.goto(`${address}${hash}`);
  await page.waitForSelector('main section h2');
  return { page, troubles, close: () => context.close() };
}
