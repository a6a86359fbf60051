// Every view at three widths, light and dark: rules of WCAG, level AA, by axe; nothing wider than the screen.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { browser, opened } from './page.mjs';

after(() => browser.close());

const AXE = readFileSync('node_modules/axe-core/axe.min.js', 'utf8');
const LEVELS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const VIEWS = ['retrieval', 'memories', 'neurons', 'reach'];

for (const view of VIEWS) {
  for (const width of [360, 768, 1280]) {
    for (const colorScheme of ['light', 'dark']) {
      test(`${view} at ${width} pixels, ${colorScheme}`, async () => {
        const options = { viewport: { width, height: 800 }, colorScheme, bypassCSP: true };
        const { page, troubles, close } = await opened(`#view=${view}`, options);
        await page.waitForTimeout(600);
        await page.addScriptTag({ content: AXE });
        const { violations } = await page.evaluate((levels) => axe.run({ runOnly: levels }), LEVELS);
        const found = violations.map(
          ({ id, nodes }) => `${id}: ${nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`)}`,
        );
        assert.deepEqual(found, []);
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
        assert.deepEqual(troubles, []);
        await close();
      });
    }
  }
}
