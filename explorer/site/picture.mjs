// Draws docs/explorer.png and docs/explorer-dark.png, the home page's picture: a part of the view Retrieval.

import { browser, opened } from '../browser/page.mjs';

for (const [colorScheme, name] of [
  ['light', 'explorer'],
  ['dark', 'explorer-dark'],
]) {
  const options = { viewport: { width: 640, height: 1600 }, deviceScaleFactor: 1.5, colorScheme };
  const { page, close } = await opened('', options);
  await page.waitForFunction(() =>
    [...document.querySelectorAll('.errors output')].every(({ textContent }) => textContent !== '…'),
  );
  await page.locator('.split').screenshot({ path: `../docs/${name}.png` });
  await close();
}
await browser.close();
