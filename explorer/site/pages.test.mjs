// Every page of the built site, on a laptop and on a phone in the dark: no console error, no request to elsewhere,
// nothing wider than the screen, no figure that is a white box in the dark. The theme that is chosen stays.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { join, normalize } from 'node:path';
import { after, test } from 'node:test';
import { browser } from '../browser/chromium.mjs';

const SITE = '../site';
const TYPES = {
  css: 'text/css',
  js: 'text/javascript',
  svg: 'image/svg+xml',
  xml: 'text/xml',
  json: 'application/json',
};

/** The file at an address; undefined if there is none. */
function found(address) {
  const path = join(SITE, normalize(decodeURIComponent(address)));
  return [path, join(path, 'index.html')].find((one) => existsSync(one) && statSync(one).isFile());
}

const server = createServer(({ url }, response) => {
  const path = found(new URL(url, 'http://x').pathname);
  if (!path) return response.writeHead(404).end();
  return response.writeHead(200, { 'Content-Type': TYPES[path.split('.').pop()] ?? '' }).end(readFileSync(path));
}).listen(0, '127.0.0.1');
await new Promise((ready) => server.on('listening', ready));
const home = `http://127.0.0.1:${server.address().port}/`;

after(async () => {
  await browser.close();
  server.close();
});

/** The pages' addresses, and that of the explorer. */
function addresses() {
  const pages = readdirSync(SITE, { recursive: true }).filter((path) => /(^|\/)index\.html$/.test(path));
  return [...pages.map((path) => path.replace('index.html', '')), 'explore.html'];
}

async function opened(options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const troubles = [];
  page.on('console', (message) => message.type() === 'error' && troubles.push(message.text()));
  page.on('pageerror', (error) => troubles.push(String(error)));
  page.on('requestfailed', (request) => troubles.push(`failed: ${request.url()}`));
  page.on('response', (response) => response.ok() || troubles.push(`${response.status()}: ${response.url()}`));
  page.on('request', (request) => {
    if (!request.url().startsWith(home) && !/^(blob|data):/.test(request.url())) troubles.push(request.url());
  });
  return { context, page, troubles };
}

/** Fails if the page is wider than the screen and stays so: the menu moves out of it for a moment. */
async function fits(page, width, address) {
  const wide = () => page.evaluate(() => document.documentElement.scrollWidth);
  for (let n = 0; n < 20 && (await wide()) > width; n++) await page.waitForTimeout(100);
  assert.ok((await wide()) <= width, `/${address}: ${await wide()} pixels wide on a screen of ${width}`);
}

/** How bright the darkest pixel in the upper left corner of the first figure is on the screen, from 0 to 255. */
async function corner(page) {
  const figure = page.locator('article img:visible').first();
  if (!(await figure.count())) return null;
  await figure.scrollIntoViewIfNeeded();
  const { x, y } = await figure.boundingBox();
  const shot = await page.screenshot({ clip: { x: x + 4, y: y + 4, width: 4, height: 4 } });
  return await page.evaluate(async (png) => {
    const picture = new Image();
    picture.src = `data:image/png;base64,${png}`;
    await picture.decode();
    const context = new OffscreenCanvas(4, 4).getContext('2d');
    context.drawImage(picture, 0, 0);
    const { data } = context.getImageData(0, 0, 4, 4);
    return Math.min(...Array.from({ length: 16 }, (_, i) => Math.max(...data.slice(4 * i, 4 * i + 3))));
  }, shot.toString('base64'));
}

/** What a page says, and where it leads. */
const content = (page) =>
  page.evaluate(() => ({
    text: (document.querySelector('.md-content__inner') ?? document.body).innerText,
    links: [...document.querySelectorAll('a[href]')].map(({ href }) => href),
  }));

const LAPTOP = { width: 1280, colorScheme: 'light' };
const PHONE = { width: 360, colorScheme: 'dark' };

test('every page, on a laptop and on a phone in the dark', async () => {
  const all = addresses();
  assert.ok(all.length > 40, `${all.length} pages`);
  let figures = 0;
  const { context, page, troubles } = await opened({ viewport: { width: 1280, height: 800 }, colorScheme: 'light' });
  for (const [i, address] of all.entries()) {
    const screens = i % 2 ? [PHONE, LAPTOP] : [LAPTOP, PHONE]; // to lay out each page twice and no oftener
    for (const { width, colorScheme } of screens) {
      await page.setViewportSize({ width, height: 800 });
      await page.emulateMedia({ colorScheme });
      if (width === screens[0].width) await page.goto(home + address);
      await fits(page, width, address);
      if (colorScheme === 'light') continue;
      const brightness = await corner(page);
      figures += brightness !== null;
      assert.ok(brightness < 64, `/${address}: a figure is as bright as ${brightness} of 255 in the dark`);
    }
    assert.deepEqual(troubles, [], `/${address}`);
    const { text, links } = await content(page);
    assert.ok(text.length > 300, `/${address} says no more than ${text}`);
    const broken = links.filter((link) => link.startsWith(home) && !found(new URL(link).pathname));
    assert.deepEqual(broken, [], `links of /${address}`);
  }
  assert.ok(figures > 15, `${figures} pages with figures`);
  await context.close();
});

test('the theme that is chosen stays, whatever the system says', async () => {
  const { context, page, troubles } = await opened({ viewport: { width: 1280, height: 800 }, colorScheme: 'light' });
  const becomes = (scheme) => page.waitForSelector(`body[data-md-color-scheme=${scheme}]`);
  const toggle = () => page.locator('[data-md-component=palette] label:visible').click();
  await page.goto(home);
  await becomes('default');
  await page.emulateMedia({ colorScheme: 'dark' });
  await becomes('slate'); // as the system has it
  await toggle();
  await becomes('default'); // light
  await toggle();
  await becomes('slate'); // dark
  await page.emulateMedia({ colorScheme: 'light' });
  await page.goto(`${home}book/`);
  await becomes('slate');
  assert.deepEqual(troubles, []);
  await context.close();
});

test('the home page says all in one screen', async () => {
  const { context, page } = await opened({ viewport: { width: 1280, height: 800 } });
  await page.goto(home);
  for (const what of ['.home img:visible', '.home .md-button', '.home pre']) {
    const { y, height } = await page.locator(what).last().boundingBox();
    assert.ok(y + height <= 800, `${what} ends at ${y + height}`);
  }
  assert.equal(await page.locator('.home a[href="explore.html"]').count(), 2);
  await context.close();
});
