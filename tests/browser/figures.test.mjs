// A peer's figures stand beside the run's own: in bars, in a curve, in the table, for the same parameters only.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { none, run, started } from './help.mjs';

const folder = mkdtempSync(join(tmpdir(), 'interleave-figures-'));
const file = join(folder, 'figures.json');
writeFileSync(file, JSON.stringify({
  name: 'Peer 1.0, elsewhere',
  params: { 'lock-granularity': { chunk: 1000 } },
  scenarios: {
    'lock-granularity': { 'per-iteration': { per_iteration: 250 }, once: { per_iteration: 1000 } },
    'parallel-speedup': { 1: { speedup: 1 }, 2: { speedup: 1.5 } },
  },
}));

let server;
let browser;
started((aServer, aBrowser) => { [server, browser] = [aServer, aBrowser]; }, '--reference', file);
after(() => {
  rmSync(folder, { recursive: true });
});

async function opened(scenario, params) {
  const { id, table } = await run(server.url, scenario, params);
  const page = await browser.newPage();
  await page.goto(`${server.url}/r/${id}`);
  await page.locator('.figures').waitFor();
  return { page, table };
}

test('in bars and in the table', async () => {
  const { page, table } = await opened('lock-granularity', { n: 20000 });
  assert.equal(await page.locator('.bar:not(.peer)').count(), table.length);
  assert.equal(await page.locator('.bar.peer').count(), 2);
  assert.match(await page.locator('th.peer-figure').textContent(), /^Peer 1\.0,/);
  const cells = await page.locator('td.peer-figure').allTextContents();
  assert.deepEqual(cells.map((cell) => cell.replace(/ \(.* ×\)$/, '')), ['250 ns', '', '1 µs']);
  await page.close();
});

test('not beside a run with other parameters', async () => {
  const { page } = await opened('lock-granularity', { n: 20000, chunk: 500 });
  await none(page.locator('.peer, .peer-figure'));
  await page.close();
});

test('as a line of a curve', async () => {
  const { page, table } = await opened('parallel-speedup');
  assert.equal(await page.locator('svg.chart .curve.peer path').count(), 1 + 2);
  assert.equal(await page.locator('svg.chart .curve circle').count(), table.length);
  assert.match(await page.locator('.curve-key').textContent(), /Peer 1\.0$/);
  await page.close();
});

test('no page complained', () => {
  assert.deepEqual(browser.complaints, []);
});
