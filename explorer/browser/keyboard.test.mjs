// The page by keyboard alone: every view is reached, every control is operated, focus is always seen.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { browser, opened } from './page.mjs';

after(() => browser.close());

/** Presses Tab until the element that has the focus fits. */
async function tabTo(page, fits, most = 60) {
  for (let n = 0; n < most; n++) {
    await page.keyboard.press('Tab');
    if (await page.evaluate(fits)) return;
  }
  assert.fail(`not reached by Tab: ${fits}`);
}

test('from the top to a string of one’s own, its steps, and λ', async () => {
  const { page, troubles, close } = await opened();
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to the view');
  await tabTo(page, () => document.activeElement.id === 'string');
  await page.keyboard.press('Control+A');
  await page.keyboard.type('a1b2c3d4??b');
  await tabTo(page, () => document.activeElement.classList.contains('character'));
  await page.keyboard.press('ArrowLeft');
  await page.waitForFunction(() => document.querySelector('.position').textContent === 'Step 10 of 11: reads ?');
  await page.keyboard.press('Home');
  await page.waitForFunction(() => document.querySelector('.position').textContent === 'Step 1 of 11: reads a');
  await page.keyboard.press('End');
  await page.keyboard.press('Shift+Home');
  await page.waitForSelector('.character.pointed');
  await tabTo(page, () => document.activeElement.type === 'range');
  for (let n = 0; n < 10; n++) await page.keyboard.press('ArrowLeft');
  await page.waitForFunction(() => location.hash.includes('decay=0.85'));
  const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
  assert.equal(outline, 'solid');
  assert.deepEqual(troubles, []);
  await close();
});

test('another view; a pattern is drawn and stored', async () => {
  const { page, troubles, close } = await opened();
  await tabTo(page, () => document.activeElement.textContent === 'Memories');
  await page.keyboard.press('Enter');
  await tabTo(page, () => document.activeElement.matches('canvas.grid'));
  for (const key of ['Space', 'ArrowDown', 'Space', 'ArrowRight', 'Space']) await page.keyboard.press(key);
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Shift+Tab');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Store the query');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.querySelectorAll('.stored').length === 5);
  assert.deepEqual(troubles, []);
  await close();
});

test('a trajectory is started where the cross is', async () => {
  const { page, troubles, close } = await opened('#view=neurons');
  await tabTo(page, () => document.activeElement.matches('canvas.plane'));
  for (const key of ['ArrowRight', 'ArrowUp', 'ArrowUp', 'Enter']) await page.keyboard.press(key);
  await page.waitForFunction(() => decodeURIComponent(location.hash).endsWith('0.20,0.40'));
  await page.keyboard.press('Delete');
  await page.waitForFunction(() => location.hash.includes('starts=none'));
  assert.deepEqual(troubles, []);
  await close();
});
