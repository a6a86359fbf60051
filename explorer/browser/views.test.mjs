// Memories, Two neurons and Reaching back as a user meets them.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { browser, opened } from './page.mjs';

after(() => browser.close());

/** Waits until there are so many. */
const count = (page, selector, number) =>
  page.waitForFunction(([where, wanted]) => document.querySelectorAll(where).length === wanted, [selector, number]);

/** Waits until an element's text matches. */
const says = (page, selector, pattern) =>
  page.waitForFunction(
    ([where, source]) => new RegExp(source).test(document.querySelector(where)?.textContent ?? ''),
    [selector, pattern.source],
  );

const SAID = '.recall .small';

test('memories: the heart is recalled, step by step, and its energy falls', async () => {
  const { page, troubles, close } = await opened('#view=memories');
  await says(page, SAID, /Step 29 of 29: all units are right/);
  await page.click('.recall [aria-label="One step back"]');
  await says(page, SAID, /Step 28 of 29: 1 of 64 units are wrong/);
  await page.click('.recall .play');
  await says(page, SAID, /Step 29 of 29/);
  const told = (await page.getAttribute('.energy .chart > svg', 'aria-label')).replaceAll('−', '-');
  const [from, to] = told.match(/-[\d.]+/g).map(Number);
  assert.ok(to < 2 * from, told);
  assert.deepEqual(troubles, []);
  await close();
});

test('memories: every rule recalls, and its curve of errors grows', async () => {
  const { page, troubles, close } = await opened('#view=memories', { reducedMotion: 'reduce' });
  for (const name of ['Hebb', 'Decaying', 'Delta rule', 'Pseudo-inverse', 'Softmax', 'Hopfield']) {
    await page.getByRole('radio', { name, exact: true }).check({ force: true });
    await says(page, SAID, /Step \d+ of \d+/);
    const last = page.locator('main .chart > svg').last();
    await page.waitForFunction(
      (label) => [...document.querySelectorAll('main .chart > svg')].at(-1).getAttribute('aria-label')?.includes(label),
      `${name}: `,
    );
    assert.ok((await last.locator('circle').count()) > 20, name);
  }
  assert.deepEqual(troubles, []);
  await close();
});

test('memories: patterns are stored, drawn, removed; the address keeps them', async () => {
  const { page, troubles, close } = await opened('#view=memories');
  await page.click('[aria-label="Store the ring"]');
  await count(page, '.stored', 5);
  const box = await page.locator('canvas.grid').first().boundingBox();
  await page.mouse.move(box.x + 5, box.y + 5);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width - 5, box.y + box.height - 5, { steps: 10 });
  await page.mouse.up();
  await page.getByRole('button', { name: 'Store the query' }).click();
  await count(page, '.stored', 6);
  await page.waitForFunction(() => /ring%2C[0-9a-f]{16}/.test(location.hash));
  await page.click('[aria-label^="Remove pattern 1"]');
  await count(page, '.stored', 5);
  await page.waitForTimeout(400);
  await page.reload();
  await page.waitForSelector('.stored');
  await count(page, '.stored', 5);
  assert.deepEqual(troubles, []);
  await close();
});

test('two neurons: equilibria and kinds; a click starts a trajectory; the cycle has no energy', async () => {
  const { page, troubles, close } = await opened('#view=neurons');
  await says(page, '.numbers + .small', /4 stable of 9\. E falls/);
  assert.equal(await page.locator('.numbers tbody tr').count(), 9);
  await page.click('.plane', { position: { x: 200, y: 150 } });
  await page.waitForFunction(() => location.hash.split('%3B').length === 6);
  await page.getByRole('radio', { name: 'Cycle' }).check({ force: true });
  await says(page, '.numbers + .small', /0 stable of 1\. The weights are not symmetrisable/);
  assert.match(await page.textContent('.numbers tbody tr'), /unstable focus.*1\.00 ± 2\.00 i/);
  assert.deepEqual(troubles, []);
  await close();
});

test('two neurons: a slider moves the equilibria with it', async () => {
  const { page, troubles, close } = await opened('#view=neurons');
  await page.getByLabel('w₁₁').fill('0.5');
  await page.getByLabel('w₂₂').fill('0.5');
  await says(page, '.numbers + .small', /1 stable of 1/);
  assert.match(
    await page.evaluate(() => document.querySelector('.plane').getAttribute('aria-label')),
    /1 equilibria|1 of them stable/,
  );
  assert.deepEqual(troubles, []);
  await close();
});

test('reaching back: the IRNN halves, and an open forget gate keeps', async () => {
  const { page, troubles, close } = await opened('#view=reach');
  const row = (n) => page.locator('.numbers tbody tr').nth(n).locator('td');
  await count(page, '.numbers tbody td', 18);
  await page.waitForFunction(() => !document.querySelector('.numbers tbody').textContent.includes('…'));
  assert.equal((await row(5).allTextContents())[0], '0.50');
  const before = Number((await row(3).allTextContents())[2]);
  await page.getByLabel('Added to the LSTM’s forget gate').fill('5');
  await page.waitForFunction(
    (value) =>
      Number(document.querySelectorAll('.numbers tbody tr')[3].querySelectorAll('td')[2].textContent) > 10 * value,
    before,
  );
  await page.waitForFunction(() => location.hash.includes('forget=5'));
  assert.deepEqual(troubles, []);
  await close();
});
