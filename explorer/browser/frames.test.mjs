// While a slider is dragged, frames come as fast as the screen shows them; an address of nonsense does no harm.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { address, browser, opened } from './page.mjs';

after(() => browser.close());

// 60 frames a second are 17 ms; another 17 are left for machines that do other things meanwhile.
const LONGEST_MEDIAN = 34;

/** Times between frames while the first slider moves with each of them. */
async function intervals(selector) {
  const input = document.querySelector(selector);
  const [low, high] = [Number(input.min), Number(input.max)];
  const times = [];
  let before = await new Promise(requestAnimationFrame);
  for (let n = 0; n < 90; n++) {
    input.value = String(low + (high - low) * (0.5 + 0.45 * Math.sin(n / 15)));
    input.dispatchEvent(new Event('input', { bubbles: true }));
    const now = await new Promise(requestAnimationFrame);
    times.push(now - before);
    before = now;
  }
  return times;
}

const SLIDERS = { retrieval: '', memories: '.recall ', neurons: '.pairs ', reach: '' };

for (const [view, place] of Object.entries(SLIDERS)) {
  test(`${view}: frames while a slider is dragged`, async () => {
    const { page, troubles, close } = await opened(`#view=${view}`);
    await page.waitForTimeout(3000);
    const times = await page.evaluate(intervals, `${place}input[type=range]`);
    const median = times.sort((a, b) => a - b)[45];
    assert.ok(median < LONGEST_MEDIAN, `${median} ms`);
    assert.deepEqual(troubles, []);
    await close();
  });
}

test('a browser that starts no worker computes on the page', async () => {
  for (const broken of ['throw', 'fail']) {
    const context = await browser.newContext();
    await context.addInitScript((how) => {
      window.Worker = class {
        constructor() {
          if (how === 'throw') throw new Error('no workers');
          setTimeout(() => this.onerror(new Event('error')), 50);
        }
        postMessage() {}
        terminate() {}
      };
    }, broken);
    const page = await context.newPage();
    await page.goto(address);
    await page.waitForFunction(() => document.querySelector('.errors output')?.textContent === '1.4 %');
    await context.close();
  }
});

const NONSENSE = [
  '#view=nothing&string=<script>&step=99&decay=7&inner=1.5&norm=x',
  '#view=memories&patterns=zz,ring,0123&asked=5&share=-1&memory=none&seed=1e99',
  '#view=neurons&net=x&w11=NaN&starts=1e9,2;a,b;1&symmetric=7',
  '#view=reach&pairs=1000&forget=abc&reach-decay=-3',
  '#%E0%A4%A',
];

test('an address of nonsense shows what is usual', async () => {
  for (const nonsense of NONSENSE) {
    const { page, troubles, close } = await opened(nonsense);
    await page.waitForTimeout(300);
    assert.equal(await page.locator('main section:not([hidden])').count(), 1, nonsense);
    assert.deepEqual(troubles, [], nonsense);
    await close();
  }
});
