// The view Retrieval as a user meets it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { browser, opened } from './page.mjs';

after(() => browser.close());

const expected = JSON.parse(readFileSync('golden/defaults.json', 'utf8'));

/** softmax of the library's logits. */
function probabilities(logits) {
  const exponentials = logits.map((x) => Math.exp(x - Math.max(...logits)));
  const sum = exponentials.reduce((a, b) => a + b);
  return exponentials.map((x) => x / sum);
}

const answers = (page) =>
  page.$$eval('.answer', (all) => all.map(({ dataset }) => [dataset.answer, Number(dataset.probability)]));

test('a string is typed: the answers shown are those of JAX', async () => {
  const { page, troubles, close } = await opened();
  for (const text of new Set(expected.map((one) => one.text))) {
    await page.fill('#string', text);
    await page.waitForFunction((length) => document.querySelectorAll('.character').length === length, text.length);
    await page.waitForTimeout(100);
    const shown = await answers(page);
    expected
      .filter((one) => one.text === text)
      .forEach(({ logits }, i) => {
        const all = probabilities(logits);
        const best = all.indexOf(Math.max(...all));
        assert.equal(shown[i][0], String(best));
        assert.ok(Math.abs(shown[i][1] - all[best]) < 1e-5, `${shown[i][1]} against ${all[best]}`);
      });
  }
  assert.deepEqual(troubles, []);
  await close();
});

test('a string that is none of the task says why, and leaves what is shown', async () => {
  const { page, close } = await opened();
  const problems = [
    ['c9k8j3??c', '4 pairs'],
    ['c9c8j3f1??c', 'differ'],
    ['c9k8j3f1??z', 'occurs in no pair'],
    ['c9k8j3f1?!c', 'none of them'],
  ];
  for (const [text, reason] of problems) {
    await page.fill('#string', text);
    assert.match(await page.textContent('.problem'), new RegExp(reason));
  }
  assert.equal(await page.locator('.character').count(), 11);
  await page.fill('#string', 'c9k8j3f1??k');
  assert.equal(await page.textContent('.problem'), '');
  await close();
});

test('steps, by buttons and by playing; the address keeps them', async () => {
  const { page, troubles, close } = await opened('#step=3');
  assert.match(await page.textContent('.position'), /Step 3 of 11: reads k/);
  await page.click('[aria-label="One step on"]');
  await page.waitForFunction(() => document.querySelector('.position').textContent.startsWith('Step 4'));
  await page.waitForFunction(() => location.hash.includes('step=4'));
  await page.click('.steps .play');
  await page.waitForFunction(() => document.querySelector('.position').textContent.startsWith('Step 6'));
  await page.click('.steps .play');
  assert.deepEqual(troubles, []);
  await close();
});

test('a slider is dragged: attention and error follow', async () => {
  const { page, troubles, close } = await opened();
  const error = page.locator('.errors output').first();
  await page.waitForFunction(() => document.querySelector('.errors output').textContent === '1.4 %');
  const box = await page.locator('input[type=range]').first().boundingBox();
  await page.mouse.move(box.x + box.width * 0.95, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.3, box.y + box.height / 2, { steps: 12 });
  await page.mouse.up();
  await page.waitForFunction(() => Number.parseFloat(document.querySelector('.errors output').textContent) > 30);
  await page.waitForFunction(() => /decay=0\.[23]/.test(location.hash));
  await page.getByRole('button', { name: 'As trained' }).click();
  await page.waitForFunction(() => document.querySelector('.errors output').textContent === '1.4 %');
  assert.equal(await error.textContent(), '1.4 %');
  assert.deepEqual(troubles, []);
  await close();
});

test('a character pointed at shows which later steps look back at it', async () => {
  const { page, close } = await opened();
  await page.hover('.character >> nth=0');
  await page.waitForSelector('.arc.back');
  assert.ok((await page.locator('.arc.back').count()) > 1);
  await page.mouse.move(0, 0);
  await page.waitForFunction(() => !document.querySelector('.arc.back'));
  await close();
});
