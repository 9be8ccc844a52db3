// Every page in every theme, language and width: nothing wider than the window; no axe violation in four
// of the eight looks, in which each two of these three come together, or in all with INTERLEAVE_AXE=all.
// The pictures are left in build/shots to be looked at.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { everyPage, show } from './every.mjs';
import { axeSource, root, startPeople, startServer } from './help.mjs';

const shots = join(root, 'build/shots');
let server;
let browser;
let pages;
before(async () => {
  mkdirSync(shots, { recursive: true });
  server = await startServer();
  browser = await startPeople(2);
  pages = await everyPage(server.url);
});
after(async () => {
  await browser?.stop();
  assert.equal(await server?.stop(), 0, 'the server ends cleanly');
});

async function violations(page) {
  await page.evaluate(axeSource);
  const result = await page.evaluate(() => globalThis.axe.run(document));
  return result.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`);
}

const isAxed = ({ theme, language, width }) => process.env.INTERLEAVE_AXE === 'all'
  || [theme === 'dark', language === 'zh-CN', width === 390].filter(Boolean).length % 2 === 0;

async function look(person, { theme, language, width }) {
  const axed = isAxed({ theme, language, width });
  const page = await person.newPage({ width, theme, language });
  for (const [name, entry] of Object.entries(pages)) {
    await show(page, server.url, entry);
    await page.screenshot({ path: join(shots, `${name}-${theme}-${language}-${width}.png`), fullPage: true });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(wide <= 0, `${name} is ${wide} pixels wider than the window`);
    if (axed) assert.deepEqual(await violations(page), [], name);
  }
  await page.close();
}

describe('every page, two looks at a time', { concurrency: 2 }, () => {
  for (const theme of ['light', 'dark']) {
    for (const language of ['en', 'zh-CN']) {
      for (const width of [1280, 390]) {
        test(`${theme} ${language} ${width}`, async () => {
          const person = browser.people.pop();
          await look(person, { theme, language, width }).finally(() => browser.people.push(person));
        });
      }
    }
  }
});

test('no page complained', () => {
  assert.deepEqual(browser.complaints, []);
});
