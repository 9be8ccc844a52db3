// Every page in every theme, language and width: no axe violation, nothing wider than the window.
// The pictures are left in build/shots to be looked at.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { axeSource, drawn, root, run, startBrowser, startServer } from './help.mjs';

const shots = join(root, 'build/shots');
let server;
let browser;
const ids = {};
before(async () => {
  mkdirSync(shots, { recursive: true });
  server = await startServer();
  browser = await startBrowser();
  for (const scenario of ['pool-map-order', 'pool-callback-progress', 'race-counter', 'generator-send',
    'semaphore-stalls', 'crash-isolation', 'condition-abc-order', 'fork-random-repeat', 'parallel-speedup',
    'ipc-compare', 'copy-or-share']) {
    ids[scenario] = (await run(server.url, scenario)).id;
  }
  ids.messages = (await run(server.url, 'pipe-duplex', { messages: 3, sender_delay_ms: 30 })).id;
  ids.eof = (await run(server.url, 'pipe-pipeline-eof', { drop_close: 'main-p1-write', limit_ms: 300 })).id;
  ids.lock = (await run(server.url, 'race-counter', { variant: 'lock', n: 300, threads: 4 })).id;
});
after(async () => {
  await browser?.stop();
  await server?.stop();
});

const pages = {
  gallery: { path: () => '/', ready: '.card' },
  scenario: { path: () => '/s/race-counter', ready: '.code-keyword' },
  'scenario-wrong': { path: () => '/s/pool-map-order?workers=99', ready: '.field-error' },
  pool: { path: () => `/r/${ids['pool-map-order']}`, ready: '.chart' },
  callback: { path: () => `/r/${ids['pool-callback-progress']}`, ready: '.chart' },
  race: { path: () => `/r/${ids['race-counter']}`, ready: '.verdict' },
  lock: { path: () => `/r/${ids.lock}`, ready: '.verdict', select: true },
  eof: { path: () => `/r/${ids.eof}`, ready: '.waits', select: true },
  turns: { path: () => `/r/${ids['generator-send']}`, ready: '.turn' },
  messages: { path: () => `/r/${ids.messages}`, ready: '.turn' },
  level: { path: () => `/r/${ids['semaphore-stalls']}`, ready: '.level-line' },
  tree: { path: () => `/r/${ids['crash-isolation']}`, ready: '.tree' },
  shares: { path: () => `/r/${ids['condition-abc-order']}`, ready: '.share-bar' },
  matrix: { path: () => `/r/${ids['fork-random-repeat']}`, ready: '.matrix' },
  curve: { path: () => `/r/${ids['parallel-speedup']}`, ready: '.curve' },
  bars: { path: () => `/r/${ids['ipc-compare']}`, ready: '.bar' },
  figures: { path: () => `/r/${ids['copy-or-share']}`, ready: '.figures' },
  missing: { path: () => '/r/nothing', ready: 'h1' },
};

async function violations(page) {
  await page.evaluate(axeSource);
  const result = await page.evaluate(() => globalThis.axe.run(document));
  return result.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`);
}

for (const theme of ['light', 'dark']) {
  for (const language of ['en', 'zh-CN']) {
    for (const width of [1280, 390]) {
      test(`${theme} ${language} ${width}`, async () => {
        const page = await browser.newPage({ width, theme, language });
        for (const [name, { path, ready, select }] of Object.entries(pages)) {
          await page.goto(server.url + path());
          await page.locator(ready).first().waitFor();
          if (name === 'gallery') {
            await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
            await page.waitForLoadState('networkidle');
            await page.evaluate(() => scrollTo(0, 0));
          }
          if (select) {
            await page.locator('.lanes').focus();
            for (const key of ['ArrowRight', 'ArrowDown', 'ArrowRight']) await page.keyboard.press(key);
          }
          await page.waitForLoadState('networkidle');
          await drawn(page);
          await page.screenshot({ path: join(shots, `${name}-${theme}-${language}-${width}.png`), fullPage: true });
          const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          assert.ok(wide <= 0, `${name} is ${wide} pixels wider than the window`);
          assert.deepEqual(await violations(page), [], name);
        }
        await page.close();
      });
    }
  }
}

test('no page complained', () => {
  assert.deepEqual(browser.complaints, []);
});
