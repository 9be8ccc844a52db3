// A server that isolates runs less than fully says so on its pages, in both languages.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { axeSource, none, run, started, startServer } from './help.mjs';

let server;
let browser;
let id;
started(async (aServer, aBrowser) => {
  [server, browser] = [aServer, aBrowser];
  ({ id } = await run(server.url, 'generator-send'));
}, '--isolation', 'reduced');

const WARNING = { en: /^This server isolates runs less than fully/, 'zh-CN': /^本服务器未能完全隔离/ };
const FACT = { en: 'Reduced isolation', 'zh-CN': '部分隔离' };

async function opened(path, language, at = server) {
  const page = await browser.newPage({ language });
  await page.goto(at.url + path);
  await page.locator('main h1').first().waitFor();
  return page;
}

for (const language of ['en', 'zh-CN'])
  test(`every page warns, in ${language}`, async () => {
    for (const path of ['/', '/s/race-counter', '/help', `/r/${id}`]) {
      const page = await opened(path, language);
      assert.match(await page.locator('.reduced').innerText(), WARNING[language], path);
      if (path.startsWith('/r/')) assert.ok((await page.locator('main').innerText()).includes(FACT[language]));
      await page.close();
    }
  });

test('the warning can be read by everybody', async () => {
  for (const width of [390, 1280]) {
    const page = await browser.newPage({ width, theme: 'dark' });
    await page.goto(server.url);
    await page.locator('.reduced').waitFor();
    await page.evaluate(axeSource);
    const found = await page.evaluate(() => globalThis.axe.run('.reduced'));
    assert.deepEqual(found.violations.map((v) => v.id), []);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    await page.close();
  }
});

test('a server that isolates them fully does not warn', async () => {
  const full = await startServer('--isolation', 'full');
  const page = await opened('/', 'en', full);
  await none(page.locator('.reduced'));
  await page.close();
  assert.equal(await full.stop(), 0);
});

test('no page complained', () => {
  assert.deepEqual(browser.complaints, []);
});
