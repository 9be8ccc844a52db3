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
  const races = { scenario: 'race-counter', params: { n: 2, threads: 3 } };
  const deadlock = { scenario: 'deadlock-two-locks', params: { threads: 3 } };
  const controlled = await make('/runs?wait=20', { ...deadlock, schedule: { mode: 'random', seed: 42 } });
  ids.controlled = controlled.id;
  const { token } = controlled.schedule;
  ids.stopped = (await make('/runs?wait=20', { ...deadlock, schedule: { mode: 'replay', token: `${token}~4` } })).id;
  ids.raced = (await make('/runs?wait=20', { ...races, schedule: { mode: 'pct', seed: 7 } })).id;
  ids.explored = (await make('/experiments', { ...races, kind: 'explore', max_preemptions: 2 })).id;
  await make('/experiments', { ...races, kind: 'repeat', count: 50, beside: ids.explored });
  ids.deadlocks = (await make('/experiments', { ...deadlock, kind: 'explore' })).id;
  const long = await make('/runs?wait=20', { ...races, params: { n: 30 }, schedule: { mode: 'random', seed: 7 } });
  ids.shrunk = (await make('/experiments?wait=30', { ...races, params: { n: 30 }, kind: 'shrink', token: long.schedule.token })).id;
  ids.lock = (await run(server.url, 'race-counter', { variant: 'lock', n: 300, threads: 4 })).id;
});
after(async () => {
  await browser?.stop();
  await server?.stop();
});

async function make(path, body) {
  const response = await fetch(`${server.url}/api/v1${path}`, {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body),
  });
  assert.equal(response.status, 201, await response.clone().text());
  return response.json();
}

const pages = {
  gallery: { path: () => '/', ready: '.card' },
  scenario: { path: () => '/s/race-counter', ready: '.code-keyword' },
  'scenario-wrong': { path: () => '/s/pool-map-order?workers=99', ready: '.field-error' },
  schedule: { path: () => '/s/deadlock-two-locks?schedule=pct:7:3&timing=ignored', ready: '#schedule-depth' },
  replay: { path: () => '/s/race-counter?schedule=replay:', ready: '#schedule-token-error' },
  'only-free': { path: () => '/s/orphan-on-signal?schedule=random:1', ready: '#schedule-mode .field-error' },
  controlled: { path: () => `/r/${ids.controlled}`, ready: '.wait-graph', select: true },
  stopped: { path: () => `/r/${ids.stopped}?of=${ids.controlled}`, ready: '.choice-button' },
  raced: { path: () => `/r/${ids.raced}`, ready: '.ran-under' },
  explored: { path: () => `/x/${ids.explored}`, ready: '.found-row' },
  shrunk: { path: () => `/x/${ids.shrunk}`, ready: '.ways' },
  deadlocks: { path: () => `/x/${ids.deadlocks}`, ready: '.found-row' },
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
  revealed: { path: () => '/s/race-counter', ready: '.guess', click: '.guess .small-button' },
  compare: { path: () => `/c/${ids.lock}/${ids['race-counter']}`, ready: '.pair', click: '.pair-table summary' },
  menu: { path: () => `/r/${ids['pool-map-order']}`, ready: '.chart', click: '.actions .menu summary' },
  marked: { path: () => `/r/${ids['pool-map-order']}#v=0~4000000&s=o1@900000&p=t2,o1&m=900000&i=1`, ready: '.pinned-names .lane-name' },
  ordered: { path: () => `/r/${ids['pool-map-order']}#c=order&f=process`, ready: '[aria-expanded="false"]' },
  events: { path: () => `/r/${ids['pool-map-order']}`, ready: '.chart', click: 'text=/^(Table|表格)$/' },
  help: { path: () => '/help', ready: '.guide-states' },
  history: { path: () => '/history', ready: 'h1' },
  tour: { path: () => '/', ready: '.card', click: '.hero button' },
  embed: { path: () => `/embed/r/${ids.lock}`, ready: '.verdict' },
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
        for (const [name, { path, ready, select, click }] of Object.entries(pages)) {
          await page.goto(server.url + path());
          await page.locator(ready).first().waitFor();
          if (name === 'gallery') {
            await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
            await page.waitForLoadState('networkidle');
            await page.evaluate(() => scrollTo(0, 0));
          }
          if (click) await page.locator(click).first().click();
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
