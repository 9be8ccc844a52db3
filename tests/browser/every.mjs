// Every page there is, each with what makes it: for those who look at all of them.
import assert from 'node:assert/strict';
import { run, settled } from './help.mjs';

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

/** A workshop in which three take part, one of them twice; and what their browsers keep of it. */
async function makeClass(url) {
  const title = 'Races and deadlocks · 竞争与死锁';
  const note = 'Run it three times.\n再运行三次，看看数字变不变。';
  const race = { scenario: 'race-counter', params: { n: 20 }, schedule: { mode: 'random' }, note };
  const made = await make(url, '/workshops', { title, steps: [race, { scenario: 'deadlock-two-locks' }] });
  const { id } = made;
  const take = (step, name) => make(url, '/runs?wait=20', { workshop: { id, step, name } });
  const run = (await take(0, 'Ann')).id;
  for (const [step, name] of [[1, 'Ann'], [0, '李雷'], [0, 'Bob'], [0, 'Bob'], [1, 'Bob']]) await take(step, name);
  const steps = [{ scenario: 'race-counter', query: 'n=20&schedule=random', note }, { scenario: 'deadlock-two-locks' }];
  return {
    id,
    run,
    instructor: { 'interleave.workshops': [{ id, title, key: made.instructor_key }] },
    participant: { 'interleave.workshops': [{ id, title, name: 'Ann' }] },
    draft: { 'interleave.workshop.draft': { title: 'Monday', steps } },
  };
}

/** The pages of a class. */
function classPages({ id, run, instructor, participant, draft }) {
  const board = `/w/${id}/board`;
  return {
    join: { path: '/w', ready: 'h1', keep: instructor },
    make: { path: '/w/new', ready: '.add-list li' },
    'make-wrong': { path: '/w/new', ready: '.add-list li', click: '.make .primary' },
    making: { path: '/w/new', ready: '.make-step .note', keep: draft, click: '.make-step-title' },
    edit: { path: `/w/${id}/edit`, ready: '.make-step .note', keep: instructor, click: '.make-step-title' },
    workshop: { path: `/w/${id}`, ready: '#participant' },
    step: { path: `/w/${id}?step=1`, ready: '.sentences', keep: participant },
    board: { path: board, ready: '.sentences .badge' },
    instructor: { path: board, ready: '.instructor', keep: instructor },
    projector: { path: board, ready: '.sentences .badge', click: '.actions [aria-pressed]' },
    invite: { path: board, ready: '.tile', click: 'text=/^(Show the link on a projector|投影链接)$/', then: '.qr' },
    code: { path: '/s/race-counter?n=7', ready: '.code-keyword', click: 'text=/^(QR code|二维码)$/', then: '.qr' },
    taken: { path: `/r/${run}`, ready: '.workshop-strip strong' },
  };
}

/** The pages of a server by name, after making what they show. */
export async function everyPage(url) {
  const ids = await makeAll(url);
  const inClass = classPages(await makeClass(url));
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
    ...inClass,
    embed: { path: `/embed/r/${ids.lock}`, ready: '.verdict' },
    missing: { path: '/r/nothing', ready: 'h1' },
    'missing-scenario': { path: '/s/race-conter', ready: 'main li' },
    nowhere: { path: '/no/such/page', ready: 'main li' },
    'embed-missing': { path: '/embed/r/nothing', ready: '.embed p' },
  };
}

/** The browser keeps these things of workshops, and nothing else of them. */
function store(page, values) {
  return page.evaluate((all) => {
    for (const key of ['interleave.workshops', 'interleave.workshop.draft']) localStorage.removeItem(key);
    for (const [key, value] of Object.entries(all)) localStorage.setItem(key, JSON.stringify(value));
  }, values);
}

/** Opens a page of the list and waits until all of it is there. */
export async function show(page, url, { path, ready, mine, keep, select, click, then }) {
  if (page.url().startsWith(url)) await store(page, keep ?? {});
  for (const data of mine ?? []) await page.request.post(`${url}/api/v1/runs?wait=20`, { data });
  await page.goto(url + path);
  // Another fragment alone leaves the page as it is.
  if (path.includes('#')) await page.reload();
  await page.locator(ready).first().waitFor();
  if (path === '/') {
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
    await settled(page);
    await page.evaluate(() => scrollTo(0, 0));
  }
  if (click) await page.locator(click).first().click();
  if (then) await page.locator(then).first().waitFor();
  if (select) {
    await page.locator('.lanes').focus();
    for (const key of ['ArrowRight', 'ArrowDown', 'ArrowRight']) await page.keyboard.press(key);
  }
  await settled(page);
}
