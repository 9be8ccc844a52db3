// Every page there is, each with what makes it: for those who look at all of them.
import assert from 'node:assert/strict';
import { drawn, run } from './help.mjs';

async function make(url, path, body) {
  const response = await fetch(`${url}/api/v1${path}`, {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body),
  });
  assert.equal(response.status, 201, await response.clone().text());
  return response.json();
}

const races = { scenario: 'race-counter', params: { n: 2, threads: 3 } };
const deadlock = { scenario: 'deadlock-two-locks', params: { threads: 3 } };

/** Runs and experiments to look at, by name. */
async function makeAll(url) {
  const ids = {};
  for (const scenario of ['pool-map-order', 'pool-callback-progress', 'race-counter', 'generator-send',
    'semaphore-stalls', 'crash-isolation', 'condition-abc-order', 'fork-random-repeat', 'parallel-speedup',
    'ipc-compare', 'copy-or-share']) {
    ids[scenario] = (await run(url, scenario)).id;
  }
  ids.messages = (await run(url, 'pipe-duplex', { messages: 3, sender_delay_ms: 30 })).id;
  ids.eof = (await run(url, 'pipe-pipeline-eof', { drop_close: 'main-p1-write', limit_ms: 300 })).id;
  const controlled = await make(url, '/runs?wait=20', { ...deadlock, schedule: { mode: 'random', seed: 42 } });
  ids.controlled = controlled.id;
  const { token } = controlled.schedule;
  ids.stopped = (await make(url, '/runs?wait=20', { ...deadlock, schedule: { mode: 'replay', token: `${token}~4` } })).id;
  ids.raced = (await make(url, '/runs?wait=20', { ...races, schedule: { mode: 'pct', seed: 7 } })).id;
  ids.explored = (await make(url, '/experiments', { ...races, kind: 'explore', max_preemptions: 2 })).id;
  await make(url, '/experiments', { ...races, kind: 'repeat', count: 50, beside: ids.explored });
  ids.deadlocks = (await make(url, '/experiments', { ...deadlock, kind: 'explore' })).id;
  const long = await make(url, '/runs?wait=20', { ...races, params: { n: 30 }, schedule: { mode: 'random', seed: 7 } });
  ids.shrunk = (await make(url, '/experiments?wait=30', { ...races, params: { n: 30 }, kind: 'shrink', token: long.schedule.token })).id;
  ids.timeout = (await run(url, 'queue-consumer-shutdown', { items: 1000, period_ms: 1000, limit_ms: 500 })).id;
  ids.repeated = (await make(url, '/experiments?wait=30', { ...races, kind: 'repeat', count: 50 })).id;
  ids.lock = (await run(url, 'race-counter', { variant: 'lock', n: 300, threads: 4 })).id;
  return ids;
}

/** The pages of a server by name, after making what they show. */
export async function everyPage(url) {
  const ids = await makeAll(url);
  return {
    gallery: { path: '/', ready: '.card' },
    scenario: { path: '/s/race-counter', ready: '.code-keyword' },
    'scenario-wrong': { path: '/s/pool-map-order?workers=99', ready: '.field-error' },
    schedule: { path: '/s/deadlock-two-locks?schedule=pct:7:3&timing=ignored', ready: '#schedule-depth' },
    replay: { path: '/s/race-counter?schedule=replay:', ready: '#schedule-token-error' },
    'only-free': { path: '/s/orphan-on-signal?schedule=random:1', ready: '#schedule-mode .field-error' },
    controlled: { path: `/r/${ids.controlled}`, ready: '.wait-graph', select: true },
    stopped: { path: `/r/${ids.stopped}?of=${ids.controlled}`, ready: '.choice-button' },
    raced: { path: `/r/${ids.raced}`, ready: '.ran-under' },
    explored: { path: `/x/${ids.explored}`, ready: '.found-row' },
    repeated: { path: `/x/${ids.repeated}`, ready: '.found-row' },
    shrunk: { path: `/x/${ids.shrunk}`, ready: '.ways' },
    deadlocks: { path: `/x/${ids.deadlocks}`, ready: '.found-row' },
    pool: { path: `/r/${ids['pool-map-order']}`, ready: '.chart' },
    callback: { path: `/r/${ids['pool-callback-progress']}`, ready: '.chart' },
    race: { path: `/r/${ids['race-counter']}`, ready: '.verdict' },
    lock: { path: `/r/${ids.lock}`, ready: '.verdict', select: true },
    eof: { path: `/r/${ids.eof}`, ready: '.waits', select: true },
    turns: { path: `/r/${ids['generator-send']}`, ready: '.turn' },
    messages: { path: `/r/${ids.messages}`, ready: '.turn' },
    level: { path: `/r/${ids['semaphore-stalls']}`, ready: '.level-line' },
    timeout: { path: `/r/${ids.timeout}`, ready: '.waits' },
    tree: { path: `/r/${ids['crash-isolation']}`, ready: '.tree' },
    shares: { path: `/r/${ids['condition-abc-order']}`, ready: '.share-bar' },
    matrix: { path: `/r/${ids['fork-random-repeat']}`, ready: '.matrix' },
    curve: { path: `/r/${ids['parallel-speedup']}`, ready: '.curve' },
    bars: { path: `/r/${ids['ipc-compare']}`, ready: '.bar' },
    figures: { path: `/r/${ids['copy-or-share']}`, ready: '.figures' },
    revealed: { path: '/s/race-counter', ready: '.guess', click: '.guess .small-button' },
    compare: { path: `/c/${ids.lock}/${ids['race-counter']}`, ready: '.pair', click: '.pair-table summary' },
    menu: { path: `/r/${ids['pool-map-order']}`, ready: '.chart', click: '.actions .menu summary' },
    share: { path: `/r/${ids['pool-map-order']}`, ready: '.chart', click: '.toolbar .menu summary' },
    marked: { path: `/r/${ids['pool-map-order']}#v=0~4000000&s=o1@900000&p=t2,o1&m=900000&i=1`, ready: '.pinned-names .lane-name' },
    ordered: { path: `/r/${ids['pool-map-order']}#c=order&f=process`, ready: '[aria-expanded="false"]' },
    events: { path: `/r/${ids['pool-map-order']}`, ready: '.chart', click: 'text=/^(Table|表格)$/' },
    help: { path: '/help', ready: '.guide-states' },
    history: { path: '/history', ready: 'h1' },
    ran: { path: '/history', ready: '.history-line', mine: [races, deadlock, { ...deadlock, schedule: { mode: 'pct', seed: 7 } }] },
    tour: { path: '/', ready: '.card', click: '.hero button' },
    embed: { path: `/embed/r/${ids.lock}`, ready: '.verdict' },
    missing: { path: '/r/nothing', ready: 'h1' },
    'missing-scenario': { path: '/s/race-conter', ready: 'main li' },
    nowhere: { path: '/no/such/page', ready: 'main li' },
    'embed-missing': { path: '/embed/r/nothing', ready: '.embed p' },
  };
}

/** Opens a page of the list and waits until all of it is there. */
export async function show(page, url, { path, ready, mine, select, click }) {
  for (const data of mine ?? []) await page.request.post(`${url}/api/v1/runs?wait=20`, { data });
  await page.goto(url + path);
  // Another fragment alone leaves the page as it is.
  if (path.includes('#')) await page.reload();
  await page.locator(ready).first().waitFor();
  if (path === '/') {
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
}
