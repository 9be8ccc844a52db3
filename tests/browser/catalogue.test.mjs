// Every scenario of the catalogue in the browser: its page opens, and a run as it stands draws the
// chart its descriptor names.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { run, started } from './help.mjs';

let server;
let browser;
let scenarios;
started(async (aServer, aBrowser) => {
  [server, browser] = [aServer, aBrowser];
  const ids = (await (await fetch(`${server.url}/api/v1/scenarios`)).json()).scenarios.map(({ id }) => id);
  scenarios = await Promise.all(ids.map(async (id) => (await fetch(`${server.url}/api/v1/scenarios/${id}`)).json()));
});

/** What each kind of chart is drawn with. */
const DRAWN = {
  order: '.order-line', value: 'svg.chart circle', turns: '.turn', level: '.level-line', tree: '.tree-task',
  shares: '.share-bar', matrix: '.matrix td', curve: '.curve path', bars: '.bar',
};
/** As they stand these never end, and so bring no table back. */
const LIMITED = { 'queue-consumer-shutdown': 'level' };

describe('the catalogue', () => {
  for (const language of ['en', 'zh-CN']) {
    test(`every scenario's page, ${language}`, async () => {
      const page = await browser.newPage({ language });
      for (const { id, title } of scenarios) {
        await page.goto(`${server.url}/s/${id}`);
        await page.locator('.run-button').waitFor();
        assert.equal(await page.locator('h1').textContent(), language === 'en' ? title.en : title.zh, id);
        assert.ok(await page.locator('.guess label').count() > 0, id);
        await page.locator('.guess .small-button').click();
        assert.ok(await page.locator('.outcomes li').count() > 0, id);
      }
      await page.close();
    });
  }

  test('every scenario, run as it stands, draws its chart', async () => {
    const page = await browser.newPage();
    for (const { id, chart, columns } of scenarios) {
      const { id: runId, table, ended } = await run(server.url, id);
      await page.goto(`${server.url}/r/${runId}`);
      await page.locator('.verdict').waitFor();
      if (chart !== 'none' && (DRAWN[chart] !== undefined) && (ended === 'completed' || LIMITED[id] === chart)) {
        await page.locator(DRAWN[chart]).first().waitFor({ state: 'attached', timeout: 5000 })
          .catch(() => assert.fail(`${id}: no ${chart} is drawn`));
      }
      if (table.length === 0) continue;
      assert.ok(columns.length > 0, id);
      await page.locator('table').first().waitFor({ timeout: 5000 })
        .catch(() => assert.fail(`${id}: its table is not shown`));
    }
    await page.close();
  });

  test('no page complained', () => {
    assert.deepEqual(browser.complaints, []);
  });
});
