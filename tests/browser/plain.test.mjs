// A run's page in a browser that runs no scripts: facts, output and checks are there, in both languages.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run, started } from './help.mjs';

let server;
let browser;
started((aServer, aBrowser) => { [server, browser] = [aServer, aBrowser]; });

async function plain(path, language) {
  const context = await browser.context.browser().newContext({ javaScriptEnabled: false, locale: language });
  const page = await context.newPage();
  await page.goto(server.url + path);
  return { page, text: await page.evaluate(() => document.body.innerText), close: () => context.close() };
}

test('what a run came to can be read', async () => {
  const { id, outcome, output } = await run(server.url, 'race-counter', { variant: 'lock', n: 100 });
  const { page, text, close } = await plain(`/r/${id}`, 'en-GB');
  for (const part of ['Two threads, one counter', 'Ran to its end', outcome.text, 'As it should be', '✓', output.trim(), 'variant', 'What it teaches'])
    assert.ok(text.includes(part), part);
  assert.match(await page.title(), /^Two threads, one counter – /);
  await close();
});

test('in Chinese for whom it is', async () => {
  const { id } = await run(server.url, 'deadlock-two-locks');
  const { text, close } = await plain(`/r/${id}`, 'zh-CN');
  for (const part of ['死锁', '谁在等谁', 'lock A', '要点']) assert.ok(text.includes(part), part);
  assert.match(text, /^main → thread 1$/m, 'it waits for the end of a task, which nobody else holds');
  await close();
});

test('what there is stands at the top', async () => {
  const { id } = await run(server.url, 'race-counter', { variant: 'lock', n: 100 });
  for (const [path, first] of [[`/r/${id}`, 'h1'], ['/', 'noscript p']]) {
    const { page, close } = await plain(path, 'en-GB');
    const { x, y } = await page.locator(first).boundingBox();
    assert.ok(x >= 16 && y < 200, `${path}: ${x}, ${y}`);
    await close();
  }
});

test('no page complained', () => {
  assert.deepEqual(browser.complaints, []);
});
