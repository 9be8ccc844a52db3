// The journey of a schedule: chosen, explored, witnessed, stepped through, beside what free runs show.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawn, none, started } from './help.mjs';

const SETUP = '/s/deadlock-two-locks?rendezvous=false';
let server;
let browser;
started((aServer, aBrowser) => { [server, browser] = [aServer, aBrowser]; });

async function opened(path, options) {
  const page = await browser.newPage(options);
  await page.goto(server.url + path);
  return page;
}

async function post(path, body) {
  const response = await fetch(`${server.url}/api/v1${path}`, {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body),
  });
  assert.equal(response.status, 201, await response.clone().text());
  return response.json();
}

const get = async (path) => (await fetch(`${server.url}/api/v1${path}`)).json();
const idOf = (page) => new URL(page.url()).pathname.split('/')[2];
const runOf = (page) => get(`/runs/${idOf(page)}?wait=20`);

/** A run under a schedule, done. */
const controlled = (params, schedule) =>
  post('/runs?wait=20', { scenario: 'deadlock-two-locks', params: { rendezvous: false, ...params }, schedule });

const place = (page, text) => page.locator('.step-place span').getByText(text, { exact: true });

async function firstWitness(ended, params = {}) {
  const made = await post('/experiments', {
    scenario: 'deadlock-two-locks', params: { rendezvous: false, ...params }, kind: 'explore',
  });
  const done = await get(`/experiments/${made.id}?wait=30`);
  return done.outcomes.find((outcome) => outcome.ended === ended).token;
}

test('a seed is chosen, run, and run again exactly', async () => {
  const page = await opened(SETUP);
  await page.getByRole('radio', { name: /^Random One task/ }).check();
  await page.getByRole('textbox', { name: 'Seed of the schedule' }).fill('42');
  await page.waitForURL(/schedule=random:42$/);
  const setup = page.url();
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await page.waitForURL(/\/r\//);
  await page.getByText('Random, seed 42').waitFor();
  const first = await runOf(page);
  await page.getByRole('button', { name: 'Run again exactly' }).click();
  await page.waitForURL((url) => url.pathname.startsWith('/r/') && !url.pathname.endsWith(first.id));
  await page.locator('.ran-under').waitFor();
  const again = await runOf(page);
  assert.equal(again.schedule.mode, 'replay');
  assert.deepEqual([again.ended, again.outcome?.text, again.schedule.steps, again.metrics.events],
    [first.ended, first.outcome?.text, first.schedule.steps, first.metrics.events]);
  await page.goto(setup);
  assert.equal(await page.getByRole('radio', { name: /^Random One task/ }).isChecked(), true);
  assert.equal(await page.getByRole('textbox', { name: 'Seed of the schedule' }).inputValue(), '42');
  await page.close();
});

test('what is wrong with a schedule is said at its field', async () => {
  const page = await opened(`${SETUP}&schedule=pct:7:99`);
  await page.locator('.field-error', { hasText: 'Must be 1 to 16.' }).waitFor();
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  assert.equal(await page.getByRole('textbox', { name: 'Depth' }).evaluate((field) => field === document.activeElement), true);
  await page.goto(`${server.url}${SETUP}&schedule=replay:nonsense`);
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await page.locator('#schedule-token-error').waitFor();
  assert.match(page.url(), /\/s\//);
  await none(page.getByRole('group', { name: 'Sleeps and time-outs' }), 'the token says it');
  await page.getByRole('radio', { name: /^Random One task/ }).check();
  await page.getByRole('group', { name: 'Sleeps and time-outs' }).waitFor();
  await page.close();
});

test('what only the server finds wrong with a schedule is said in the reader’s language', async () => {
  const { schedule: { token } } = await controlled({}, { mode: 'random', seed: 42 });
  const page = await opened(`${SETUP}&schedule=pct:7:3`);
  await page.route('**/api/v1/runs', async (route) => {
    const body = JSON.parse(route.request().postData());
    body.schedule.depth = 99;
    await route.continue({ postData: JSON.stringify(body) });
  });
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await page.locator('#schedule-depth-error', { hasText: 'Must be 1 to 16.' }).waitFor();
  await page.getByRole('button', { name: '中文' }).click();
  await page.locator('#schedule-depth-error', { hasText: '必须在 1 到 16 之间。' }).waitFor();
  await page.goto(`${server.url}/s/race-counter?schedule=replay:${token}`);
  await page.unroute('**/api/v1/runs');
  await page.getByRole('button', { name: '运行', exact: true }).click();
  await page.locator('#schedule-token-error', { hasText: '这个令牌属于另一个程序。' }).waitFor();

  await page.goto(`${server.url}/s/executor-futures`);
  await page.route('**/api/v1/runs', async (route) => {
    const body = JSON.parse(route.request().postData());
    body.params.durations_ms = Array(65).fill(1);
    await route.continue({ postData: JSON.stringify(body) });
  });
  await page.getByRole('button', { name: '运行', exact: true }).click();
  await page.locator('#field-durations_ms-error', { hasText: '最多输入 64 个数。' }).waitFor();
  await page.close();
});

test('why a token cannot be followed is said in the reader’s language', async () => {
  const setup = { scenario: 'race-counter', params: { threads: 2, n: 3 } };
  const { schedule: { token, steps } } = await post('/runs?wait=20', { ...setup, schedule: { mode: 'random', seed: 42 } });
  const { id } = await post('/runs?wait=20', { ...setup, schedule: { mode: 'replay', token: `${token}~${steps + 100}` } });
  const page = await opened(`/r/${id}`, { language: 'zh-CN' });
  const verdict = page.locator('.verdict', { hasText: `无法按令牌所记的顺序走下去：程序走完 ${steps} 步操作就结束了` });
  await verdict.waitFor();
  assert.doesNotMatch(await verdict.textContent(), /[a-z]{3}/i);
  await page.getByRole('button', { name: 'English' }).click();
  await page.locator('.verdict', { hasText: `here: the program ended after ${steps} operations, before the token did.` }).waitFor();
  await page.close();
});

test('one has only so many experiments at a time', async () => {
  const page = await opened(SETUP);
  const made = await page.evaluate(async () => {
    const headers = { 'Content-Type': 'application/json' };
    const body = JSON.stringify({
      scenario: 'queue-consumer-shutdown', params: { items: 1000, period_ms: 1000, limit_ms: 9000 }, kind: 'repeat', count: 5,
    });
    const ids = [];
    for (let i = 0; i < 8; i++) {
      const answer = await fetch('/api/v1/experiments', { method: 'POST', headers, body });
      ids.push((await answer.json()).id);
    }
    return ids;
  });
  await page.getByRole('button', { name: 'Explore every schedule' }).click();
  await page.getByText('You have as much under way as one visitor may').waitFor();
  await page.getByRole('button', { name: '中文' }).click();
  await page.getByText('你进行中的运行或实验已达每位访客的上限').waitFor();
  await page.evaluate((ids) => Promise.all(ids.map((id) => fetch(`/api/v1/experiments/${id}`, { method: 'DELETE' }))), made);
  await page.goto(`${server.url}/x/${made[0]}`);
  await page.getByText('没有找到任何结果。').waitFor();
  await page.close();
});

test('every schedule, a witness of the deadlock, its circle of waiting', async () => {
  const page = await opened(SETUP);
  await page.getByRole('button', { name: 'Explore every schedule' }).click();
  await page.waitForURL(/\/x\//);
  await page.getByText(/^Every schedule was covered: \d+ executions\./).waitFor();
  assert.equal(await page.locator('.found-row').count(), 2);
  const made = await get(`/experiments/${idOf(page)}`);
  assert.deepEqual(made.outcomes.map((outcome) => outcome.ended).sort(), ['completed', 'deadlock']);
  await page.getByRole('button', { name: 'Show one: Deadlock' }).click();
  await page.waitForURL(/\/r\//);
  await page.locator('.badge', { hasText: 'Deadlock' }).waitFor();
  const run = await runOf(page);
  await page.locator('.verdict', { hasText: run.explanation.en }).waitFor();
  await page.locator('.wait-graph').waitFor();
  const said = await page.locator('.waits li').allTextContents();
  for (const wait of run.waits_for) {
    assert.ok(said.some((line) => line.includes(wait.task) && line.includes(wait.object)), said.join());
  }
  assert.equal(await page.locator('.graph-edge.circular').count(), 4);
  await page.getByRole('button', { name: '中文' }).click();
  await page.locator('.verdict', { hasText: run.explanation.zh }).waitFor();
  await page.close();
});

test('the graph at a moment before the deadlock has no circle yet', async () => {
  const made = await controlled({}, { mode: 'replay', token: await firstWitness('deadlock'), timing: 'ignored' });
  const page = await opened(`/r/${made.id}`);
  await page.locator('.graph-edge.circular').first().waitFor();
  await page.getByRole('button', { name: 'Table' }).click();
  await page.locator('.table-row', { hasText: 'lock.acquired' }).first().getByRole('button').click();
  await page.locator('.waits .panel-head', { hasText: 'at ' }).waitFor();
  await none(page.locator('.graph-edge.circular'));
  assert.ok(await page.locator('.graph-edge.held').count() >= 1);
  await page.close();
});

test('stepping: back, forward, a choice, the keys, and the address is where one is', async () => {
  const made = await controlled({}, { mode: 'random', seed: 42 });
  const { steps } = made.schedule;
  const page = await opened(`/r/${made.id}`);
  const at = (k, of = steps) => place(page, `Operation ${k} of ${of}`).waitFor();
  await at(steps);
  await page.getByRole('button', { name: 'Back' }).click();
  await at(steps - 1);
  assert.equal(new URL(page.url()).searchParams.get('of'), made.id);
  assert.ok(await page.locator('.choice-button').count() >= 1);
  const before = await runOf(page);
  assert.deepEqual([before.ended, before.schedule.steps], ['stopped', steps - 1]);

  const stepper = page.getByRole('group', { name: 'Step by step' });
  await stepper.focus();
  await page.keyboard.press('ArrowLeft');
  await at(steps - 2);
  await page.keyboard.press('ArrowRight');
  await at(steps - 1);
  await page.keyboard.press('ArrowRight');
  await at(steps);
  assert.equal(idOf(page), made.id, 'at its end one is back in the run');
  await page.keyboard.press('Home');
  await at(0);
  await page.reload();
  await at(0);

  // From the start the first choice, again and again, comes to an end.
  await stepper.focus();
  for (let k = 1; await page.locator('.choice-button').count() > 0; k++) {
    assert.ok(k < 200, 'it ends');
    await page.keyboard.press('1');
    await page.locator('.step-place span').getByText(new RegExp(`^Operation ${k} of ${k}( so far)?$`)).waitFor();
  }
  assert.match(await page.locator('.run-head .badge').textContent(), /Ran to its end|Deadlock/);
  await page.goBack();
  assert.equal(idOf(page), made.id, 'the way back skips the positions');
  await page.close();
});

test('a witness is stepped through backwards, and so is what was chosen by hand', async () => {
  const made = await controlled({}, { mode: 'replay', token: await firstWitness('deadlock'), timing: 'ignored' });
  const page = await opened(`/r/${made.id}`);
  const at = (k, of) => page.locator('.step-place span').getByText(new RegExp(`^Operation ${k} of ${of}( so far)?$`)).waitFor();
  for (let k = made.schedule.steps - 1; k >= 0; k--) {
    await page.getByRole('button', { name: 'Back' }).click();
    await at(k, made.schedule.steps);
    await page.locator('.choice-button').first().waitFor();
  }
  await page.locator('.choice-button').last().click();
  await at(1, 1);
  await page.locator('.choice-button').last().click();
  await at(2, 2);
  await page.getByRole('button', { name: 'Back' }).click();
  await at(1, 2);
  await page.locator('.choice-button').first().waitFor();
  await page.close();
});

test('what one has pinned and folded stays while one steps', async () => {
  const page = await opened(SETUP);
  await page.getByRole('radio', { name: /^Random One task/ }).check();
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await page.getByRole('button', { name: 'Back' }).waitFor();
  await page.locator('.lane-name', { hasText: 'thread 2' }).first().hover();
  await page.getByRole('button', { name: 'Keep thread 2 on top' }).click();
  await page.getByRole('button', { name: /^Objects/ }).click();
  const before = new URL(page.url()).pathname;
  await page.getByRole('button', { name: 'Back' }).click();
  await page.waitForFunction((path) => location.pathname !== path, before);
  await page.waitForTimeout(500);
  assert.match(await page.locator('.pinned-names').textContent(), /thread 2/);
  assert.match(page.url(), /p=t2&f=object/);
  await page.close();
});

test('where the tasks stand in the program, at a choice and at a deadlock', async () => {
  const made = await controlled({ threads: 3 }, { mode: 'replay', token: await firstWitness('deadlock', { threads: 3 }), timing: 'ignored' });
  assert.equal(made.ended, 'deadlock');
  const page = await opened(`/r/${made.id}`);
  const text = (await (await fetch(`${server.url}/api/v1/scenarios/deadlock-two-locks/source`)).text()).split('\n');
  const expectPlaces = async () => {
    const { positions } = await runOf(page);
    for (const { task, line, enabled } of positions.filter((position) => position.line !== null)) {
      const row = page.locator(`.place-row[data-line="${line}"]`);
      assert.equal((await row.locator('.place-text').textContent()).trim(), text[line - 1].trim());
      await row.locator('.place-mark', { hasText: `${task} ${enabled ? 'can go on' : 'waits'}` }).waitFor();
    }
    return positions;
  };
  const stuck = (await expectPlaces()).find((position) => position.operation === 'acquire');
  await page.locator('.waits .wait-line', { hasText: `At line ${stuck.line}: lock_acquire_for(…)` }).first().waitFor();
  await none(page.locator('.choice-button'));

  await page.getByRole('button', { name: 'Back' }).click();
  const choice = page.locator('.choice-button').first();
  await choice.waitFor();
  const next = (await expectPlaces()).find((position) => position.enabled);
  await choice.hover();
  await page.locator(`.place-row.lit[data-line="${next.line}"]`).waitFor();
  await page.mouse.move(0, 0);
  await page.locator('.place-row.lit').waitFor({ state: 'detached' });
  await choice.focus();
  await page.locator(`.place-row.lit[data-line="${next.line}"]`).waitFor();
  await page.keyboard.press('Tab');
  const then = await page.evaluate(() => document.activeElement.querySelector('.at-line')?.textContent ?? '');
  const lit = () => page.locator('.place-row.lit').evaluateAll((rows) => rows.map((row) => `line ${row.dataset.line}`));
  await page.waitForFunction((wanted) => (document.querySelector('.place-row.lit')?.dataset.line ?? '') === wanted,
    then.replace('line ', ''));
  assert.deepEqual(await lit(), then === '' ? [] : [then]);
  await page.close();
});

test('the program scrolls by its keys, the run stays', async () => {
  const made = await controlled({ threads: 3 }, { mode: 'random', seed: 42 });
  const page = await opened(`/r/${made.id}`);
  await page.getByRole('button', { name: 'To start' }).click();
  await place(page, `Operation 0 of ${made.schedule.steps}`).waitFor();
  const code = page.locator('.places-code');
  await code.evaluate((frame) => { frame.style.maxHeight = '60px'; });
  await code.focus();
  await page.keyboard.press('End');
  const atEnd = () => {
    const { scrollTop, clientHeight, scrollHeight } = document.querySelector('.places-code');
    return scrollTop > 0 && scrollTop + clientHeight > scrollHeight - 2;
  };
  await page.waitForFunction(atEnd);
  await page.getByRole('button', { name: '中文' }).click();
  await page.getByRole('heading', { name: '各自停在哪一行' }).waitFor();
  await drawn(page);
  assert.ok(await page.evaluate(atEnd), 'it stays where the reader has brought it');
  await page.getByRole('button', { name: 'English' }).click();
  await code.focus();
  await page.keyboard.press('Home');
  await page.waitForFunction(() => document.querySelector('.places-code').scrollTop === 0);
  assert.equal((await runOf(page)).schedule.steps, 0);
  await page.close();
});

test('the way back has the run once, however often one came to its end', async () => {
  const made = await controlled({}, { mode: 'random', seed: 42 });
  const { steps } = made.schedule;
  const page = await opened('/');
  await page.goto(`${server.url}/r/${made.id}`);
  for (let round = 0; round < 2; round++) {
    await page.getByRole('button', { name: 'Back' }).click();
    await place(page, `Operation ${steps - 1} of ${steps}`).waitFor();
    await page.evaluate((y) => scrollTo(0, y), 40 * (round + 1));
    await page.getByRole('button', { name: 'To end' }).click();
    await place(page, `Operation ${steps} of ${steps}`).waitFor();
    assert.deepEqual([idOf(page), await page.evaluate(() => scrollY)], [made.id, 40 * (round + 1)]);
  }
  await page.goBack();
  assert.equal(new URL(page.url()).pathname, '/');
  await page.close();
});

/** Holds what is posted back until the answer is called; tells how often it was. */
async function held(page, path) {
  let posts = 0;
  let answer;
  const answered = new Promise((resolve) => { answer = resolve; });
  await page.route(`**/api/v1/${path}`, async (route) => {
    if (route.request().method() === 'POST') {
      posts++;
      await answered;
    }
    await route.continue();
  });
  return { answer, posts: () => posts };
}

test('an answer that comes late does not take the reader back', async () => {
  const made = await controlled({}, { mode: 'random', seed: 42 });
  for (const name of ['To start', 'Run again exactly']) {
    const page = await opened(`/r/${made.id}`);
    const runs = await held(page, 'runs**');
    const answered = page.waitForResponse((response) => response.request().method() === 'POST');
    await page.getByRole('button', { name }).click();
    await page.locator('.crumbs').getByRole('link').click();
    await page.getByRole('searchbox').waitFor();
    runs.answer();
    await (await answered).finished();
    await page.evaluate(() => new Promise((resolve) => { setTimeout(resolve); }));
    assert.equal(new URL(page.url()).pathname, '/');
    await page.close();
  }
});

test('two clicks start one run', async () => {
  const made = await controlled({}, { mode: 'random', seed: 42 });
  const page = await opened(`/r/${made.id}`);
  const runs = await held(page, 'runs**');
  await page.getByRole('button', { name: 'Run with another seed' }).dblclick();
  runs.answer();
  await page.waitForURL((url) => !url.pathname.endsWith(made.id));
  assert.equal(runs.posts(), 1);
  await page.close();
});

test('the latest runs are there after many steps', async () => {
  const page = await opened('/s/race-counter');
  const id = await page.evaluate(async () => {
    const start = async (schedule) => (await fetch('/api/v1/runs?wait=20', {
      method: 'POST', headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ scenario: 'race-counter', params: { n: 2 }, schedule }),
    })).json();
    const run = await start({ mode: 'random', seed: 1 });
    for (let i = 0; i < 41; i++) await start({ mode: 'replay', token: `${run.schedule.token}~1` });
    return run.id;
  });
  await page.reload();
  await page.locator(`.mine a[href="/r/${id}"]`).waitFor();
  await none(page.locator('.mine').getByText('Stopped on the way'));
  await page.close();
});

test('what ran into its limit is not said to wait for ever', async () => {
  const made = await post('/runs?wait=20', {
    scenario: 'queue-consumer-shutdown', params: { items: 1000, period_ms: 1000, limit_ms: 500 },
  });
  assert.equal(made.ended, 'timeout');
  assert.ok(made.waits_for.some((wait) => wait.holder === null || wait.holder === ''), JSON.stringify(made.waits_for));
  const page = await opened(`/r/${made.id}`);
  const said = page.locator('.waits li').first();
  await said.waitFor();
  assert.doesNotMatch(await page.locator('.waits').textContent(), /nobody can let it go on/);
  await page.close();
});

test('a long way is made short, and the short one opens', async () => {
  const made = await post('/runs?wait=20', {
    scenario: 'race-counter', params: { n: 20 }, schedule: { mode: 'random', seed: 7 },
  });
  const given = made.schedule.preemptions;
  assert.ok(given > 10, `${given}`);
  const page = await opened(`/r/${made.id}`);
  await page.getByRole('button', { name: 'Find the shortest way there' }).click();
  await page.waitForURL(/\/x\//);
  await page.getByText(new RegExp(`^\\d preemptions? instead of ${given}, and no way there has fewer\\.`)).waitFor();
  await none(page.locator('.histogram, .found'));
  await page.getByRole('button', { name: 'Open the short one' }).click();
  await page.waitForURL(/\/r\//);
  await page.locator('.ran-under').waitFor();
  const short = await runOf(page);
  assert.deepEqual([short.ended, short.outcome.text], [made.ended, made.outcome.text]);
  assert.ok(short.schedule.preemptions < given);
  await page.goto(`${server.url}/s/race-counter`);
  await page.locator('.mine', { hasText: 'The shortest way there' }).waitFor();
  await page.close();
});

test('the help has the keys of the steps', async () => {
  const page = await opened(SETUP);
  await page.getByRole('button', { name: 'Run', exact: true }).waitFor();
  await page.keyboard.press('?');
  await page.getByRole('dialog').getByText('choose which task goes on').waitFor();
  await page.close();
});

test('on a phone the steps and the timeline come first', async () => {
  const made = await controlled({}, { mode: 'random', seed: 42 });
  const page = await opened(`/r/${made.id}`, { width: 390 });
  const top = async (what) => (await page.locator(what).boundingBox()).y;
  await page.locator('.verdict').waitFor();
  assert.ok(await top('.stepper') < await top('.timeline') && await top('.timeline') < await top('.verdict'));
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.locator('.verdict + .ran-under + .stepper').waitFor();
  await page.close();
});

test('step from an event', async () => {
  const made = await controlled({}, { mode: 'random', seed: 7 });
  const page = await opened(`/r/${made.id}`);
  await page.getByRole('button', { name: 'Table' }).click();
  await page.locator('.table-row', { hasText: 'lock.acquired' }).first().getByRole('button').click();
  await page.getByRole('button', { name: 'Step from here' }).click();
  await page.waitForURL(/\?of=/);
  await page.locator('.choice-button').first().waitFor();
  const here = await runOf(page);
  const trace = await get(`/runs/${here.id}/trace?format=json`);
  const kinds = trace.events.map((event) => event.kind);
  assert.equal(kinds.filter((kind) => kind === 'lock.acquired').length, 1, kinds.join());
  await page.close();
});

test('a data race is named, and both accesses are found in the timeline', async () => {
  const made = await post('/runs?wait=20', {
    scenario: 'race-counter', params: { n: 2 }, schedule: { mode: 'random', seed: 3 },
  });
  const page = await opened(`/r/${made.id}`);
  const race = page.locator('.races li').first();
  await race.waitFor();
  assert.match(await race.textContent(), /^(adder|subtractor) 1 (reads|writes) and (adder|subtractor) 1 (reads|writes) share/);
  await race.getByRole('button').nth(1).click();
  const { second } = made.races[0];
  const said = await page.locator('.details').textContent();
  assert.ok(said.includes(second.task) && said.includes('share'), said);
  assert.match(said, second.operation === 'write' ? /cell\.wrote/ : /cell\.read/);
  await page.close();
});

test('the setup of a position is the position', async () => {
  const made = await controlled({}, { mode: 'round-robin' });
  const page = await opened(`/r/${made.id}`);
  await page.getByRole('button', { name: 'To start' }).click();
  await page.getByRole('button', { name: 'Forward' }).click();
  await place(page, `Operation 1 of ${made.schedule.steps}`).waitFor();
  await page.getByRole('link', { name: 'Change and run' }).click();
  await page.waitForURL(/schedule=replay:/);
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await page.waitForURL(/\/r\//);
  await place(page, 'Operation 1 of 1 so far').waitFor();
  await page.close();
});

test('what is possible beside what was seen here', async () => {
  const page = await opened(SETUP);
  await page.getByRole('button', { name: 'Explore every schedule' }).click();
  await page.waitForURL(/\/x\//);
  await page.getByText(/^Every schedule was covered/).waitFor();
  const link = page.url();
  await page.getByRole('button', { name: 'Also repeat 200 times on this machine' }).click();
  await page.getByText(/^200 free runs on this machine\./).waitFor();
  assert.equal(page.url(), link);
  await page.locator('th', { hasText: 'Seen here' }).waitFor();
  const { beside } = await get(`/experiments/${idOf(page)}`);
  const seen = (await get(`/experiments/${beside}`)).outcomes.map((outcome) => outcome.ended);
  await page.getByText(seen.length === 2 ? 'Every possible outcome was also seen in 200 free runs here.'
    : 'Possible, but never seen in 200 free runs here: Deadlock.', { exact: true }).waitFor();
  await page.reload();
  await page.locator('th', { hasText: 'Seen here' }).waitFor();
  await page.close();
});

test('what an exploration with a bound leaves open', async () => {
  const setup = { scenario: 'race-counter', params: { n: 1 } };
  const explored = await post('/experiments?wait=20', { ...setup, kind: 'explore', max_preemptions: 0 });
  assert.deepEqual([explored.complete, explored.outcomes.length], [true, 1]);
  await post('/experiments?wait=20', { ...setup, kind: 'repeat', count: 20, beside: explored.id });
  const page = await opened(`/x/${explored.id}`);
  await page.getByText(/^Every outcome found so far was also seen in 20 free runs here\./).waitFor();
  await page.close();
});

test('a way that was not proven to be the shortest is not said to be', async () => {
  const setup = { scenario: 'race-counter', params: { n: 20 } };
  const made = await post('/runs?wait=20', { ...setup, schedule: { mode: 'random', seed: 7 } });
  const { token } = made.schedule;
  const shrunk = async (bound, complete) => {
    const experiment = await post('/experiments?wait=30', { ...setup, kind: 'shrink', token, ...bound });
    assert.equal(experiment.complete, complete);
    const page = await opened(`/x/${experiment.id}`);
    await page.getByRole('button', { name: 'Open the long one' }).waitFor();
    const found = { text: await page.locator('.shrunk > p').last().textContent() };
    found.short = await page.getByRole('button', { name: 'Open the short one' }).count();
    await page.close();
    return found;
  };
  const [none, some, all] = [await shrunk({ max_schedules: 1 }, false), await shrunk({ max_schedules: 40 }, false), await shrunk({}, true)];
  assert.deepEqual([none.short, some.short, all.short], [0, 1, 1]);
  assert.doesNotMatch(none.text, /Both/);
  assert.equal(some.text, 'Both end the same.');
  assert.match(all.text, /^Both end the same\. What the short one still has/);
});

test('an experiment that is lost from sight is taken up again, and a late Cancel deletes nothing', async () => {
  const page = await opened(SETUP);
  await page.route('**/api/v1/experiments/*/events', (route) => route.fulfill({ status: 404 }));
  for (const button of ['Cancel', 'Try again']) {
    await page.goto(server.url + SETUP);
    await page.getByRole('button', { name: 'Repeat 100 times' }).click();
    await page.waitForURL(/\/x\//);
    await page.getByText('The server does not answer.').waitFor();
    const id = idOf(page);
    assert.equal((await get(`/experiments/${id}?wait=30`)).status, 'done');
    await page.getByText('Going on', { exact: true }).waitFor();
    await page.getByRole('button', { name: button }).click();
    await page.getByText(/^100 free runs on this machine\./).waitFor();
    await none(page.getByRole('alert'));
    assert.equal((await get(`/experiments/${id}`)).status, 'done');
  }
  await page.close();
});

test('many free runs: live, a stored witness, and its exploration beside it', async () => {
  const page = await opened(SETUP);
  await page.getByRole('button', { name: 'Repeat 100 times' }).click();
  await page.waitForURL(/\/x\//);
  await page.getByText(/^100 free runs on this machine\./).waitFor();
  await page.getByRole('link', { name: /^Show one: done=/ }).click();
  await page.waitForURL(/\/r\//);
  assert.equal((await runOf(page)).schedule.mode, 'free');
  await page.goBack();
  await page.getByRole('button', { name: 'Also explore every schedule' }).click();
  await page.locator('th', { hasText: 'Possible' }).waitFor();
  await page.goto(server.url + SETUP);
  await page.getByRole('heading', { name: 'Your latest experiments' }).waitFor();
  await page.close();
});

test('an exploration is cancelled, with what it found, and deleted', async () => {
  const page = await opened(`${SETUP}&threads=6&rounds=3`);
  await page.getByText('Bounds', { exact: true }).click();
  await page.getByLabel('Explore for at most').selectOption('60');
  await page.getByRole('button', { name: 'Explore every schedule' }).click();
  await page.waitForURL(/\/x\//);
  await page.locator('.found-row').first().waitFor();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByText(/^Cancelled after [\d,]+ executions\./).waitFor();
  assert.ok(await page.locator('.found-row').count() >= 1);
  const link = page.url();
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('button', { name: 'Delete it' }).click();
  await page.waitForURL(/\/s\/deadlock-two-locks$/);
  await page.goto(link);
  await page.getByText('There is no experiment with this link.').waitFor();
  await page.close();
});

test('somebody else can look at an experiment, not end it', async () => {
  const made = await post('/experiments', {
    scenario: 'deadlock-two-locks', params: { rendezvous: false, limit_ms: 500 }, kind: 'repeat', count: 20,
  });
  const page = await opened(`/x/${made.id}`);
  await page.getByText(/free runs on this machine|runs so far/).waitFor();
  await none(page.getByRole('button', { name: /Cancel|Delete/ }));
  await page.close();
});

test('no page complained', () => {
  assert.deepEqual(browser.complaints, []);
});
