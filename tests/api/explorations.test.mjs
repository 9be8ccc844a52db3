import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Server, events, quick, slow } from './server.mjs';

let server;
before(async () => (server = await Server.start({ args: ['--workers', '1', '--experiment-workers', '1'] })));
after(() => server.stop());

/* Two threads, two increments each: 34 orders that differ in something. */
const small = { scenario: 'race-counter', params: { threads: 2, n: 2 }, kind: 'explore' };
/* More than anybody has time for. */
const large = { scenario: 'race-counter', params: { threads: 4, n: 50 }, kind: 'explore' };

const post = (body, query = '', options = {}, to = server) =>
  to.api(`/experiments${query}`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body), ...options,
  });
const start = async (body, query, options, to) => {
  const answer = await post(body, query, options, to);
  assert.equal(answer.status, 201, await answer.clone().text());
  return answer.json();
};
const read = (id, query = '', to = server) => to.json(`/experiments/${id}${query}`);
const sum = (list) => list.reduce((a, b) => a + b, 0);
async function until(id, reached, to = server) {
  for (;;) {
    const now = await read(id, '', to);
    if (reached(now)) return now;
    assert.notEqual(now.status, 'done', JSON.stringify(now));
    await new Promise((r) => setTimeout(r, 10));
  }
}

test('every schedule of a small program is covered, and each outcome has its witness', async () => {
  const done = await start(small, '?wait=20');
  assert.deepEqual([done.status, done.ended, done.complete, done.kind], ['done', 'completed', true, 'explore']);
  assert.deepEqual(done.progress, { done: 34, total: null });
  assert.equal(done.schedules, 34);
  assert.equal(done.cut, 0);
  assert.ok(done.blocked >= 0 && done.steps > 34 && done.wall_ns > 0);
  assert.deepEqual([done.count, done.max_preemptions, done.max_schedules, done.max_seconds, done.timing],
    [null, null, 1000000, 20, 'ignored']);
  assert.equal(sum(done.outcomes.map((o) => o.count)), 34);
  assert.equal(done.others, 0);
  assert.equal(Math.min(...done.outcomes.map((o) => o.first)), 1);
  assert.equal(Math.min(...done.outcomes.map((o) => o.preemptions)), 0);
  for (const o of done.outcomes) {
    assert.equal(o.run, null);
    const run = await server.run({ scenario: done.scenario, params: done.params, schedule: { mode: 'replay', token: o.token } });
    assert.deepEqual([run.ended, run.outcome.text, run.outcome.class], [o.ended, o.text, o.class]);
    assert.equal(run.schedule.preemptions, o.preemptions);
  }
  assert.deepEqual(await read(done.id), done);
});

test('executions that were cut are not among the others', async () => {
  const done = await start({ scenario: 'race-counter', kind: 'explore' }, '?wait=20');
  assert.deepEqual([done.status, done.complete], ['done', false]);
  assert.ok(done.cut > 0, 'a million increments are more than an execution may have');
  assert.equal(done.schedules, done.cut + sum(done.outcomes.map((o) => o.count)));
  assert.equal(done.others, 0);
});

test('what was seen is among what is possible', async () => {
  const possible = await start(small, '?wait=20');
  const seen = await start({ ...small, kind: 'repeat', count: 100, beside: possible.id }, '?wait=20');
  const texts = possible.outcomes.map((o) => `${o.ended} ${o.text}`);
  assert.ok(seen.outcomes.every((o) => texts.includes(`${o.ended} ${o.text}`)));
  assert.equal((await read(possible.id)).beside, seen.id);
});

test('a bound of preemptions says what was covered within it', async () => {
  const none = await start({ ...small, max_preemptions: 0 }, '?wait=20');
  assert.deepEqual([none.max_preemptions, none.complete, none.ended], [0, true, 'completed']);
  assert.ok(none.schedules < 34);
  assert.ok(none.outcomes.every((o) => o.preemptions === 0));
});

test('it ends at its bounds, with what it found', async () => {
  const many = await start({ ...large, max_schedules: 500 }, '?wait=20');
  assert.deepEqual([many.ended, many.complete, many.schedules], ['schedule-limit', false, 500]);
  assert.equal(sum(many.outcomes.map((o) => o.count)) + many.others, 500);
  const begun = Date.now();
  const long = await start({ ...large, max_seconds: 1 }, '?wait=20');
  assert.deepEqual([long.ended, long.complete], ['time-limit', false]);
  assert.ok(Date.now() - begun < 4000);
  assert.ok(long.schedules > 0 && long.outcomes.length > 0);
});

test('its progress is told while it goes on', async () => {
  const began = performance.now();
  const made = await start({ ...large, max_seconds: 2 });
  const list = await events(await server.api(`/experiments/${made.id}/events`));
  const seconds = (performance.now() - began) / 1000;
  const counts = list.map((e) => e.data.schedules);
  assert.ok(counts.filter((n) => n > 0).length >= 4, counts.join());
  assert.ok(counts.every((n, i) => i === 0 || n >= counts[i - 1]));
  assert.ok(list.length <= 5 * seconds + 3, `${list.length} events in ${seconds} s`);
  for (const { data } of list)
    assert.ok(data.outcomes.every((o) => o.count <= data.schedules && o.share <= 1));
  assert.equal(list.at(-1).data.ended, 'time-limit');
});

test('one that is cancelled keeps what it found', async () => {
  const made = await start({ ...large, max_seconds: 60 });
  await until(made.id, (e) => e.schedules > 0);
  const answer = await server.api(`/experiments/${made.id}`, { method: 'DELETE' });
  assert.equal(answer.status, 200);
  const ended = await answer.json();
  assert.deepEqual([ended.status, ended.ended, ended.complete], ['done', 'cancelled', false]);
  assert.ok(ended.schedules > 0 && ended.outcomes.length > 0);
  assert.deepEqual(await read(made.id), ended);
});

test('single runs go on beside it', async () => {
  const made = await start({ ...large, max_seconds: 60 });
  await until(made.id, (e) => e.status === 'running');
  assert.equal((await server.run(quick)).ended, 'completed');
  assert.equal((await read(made.id)).status, 'running');
  await server.api(`/experiments/${made.id}`, { method: 'DELETE' });
});

test('one that comes right after a run begins although nothing else happens', async () => {
  for (let i = 0; i < 10; i++) {
    await server.run(quick);
    const made = await start(small, '?wait=20');
    assert.equal(made.status, 'done');
  }
});

test('an exploration gives way to runs, and goes on all the same', async () => {
  const made = await start({ ...large, max_seconds: 60 });
  let far = (await until(made.id, (e) => e.schedules > 0)).schedules;
  const further = async (during) => {
    const { schedules } = await until(made.id, (e) => e.schedules > far);
    assert.ok(schedules > far, during);
    far = schedules;
  };
  const long = await (await server.post(slow(4000))).json();
  await further('beside a run that takes long');
  await further('beside a run that takes long');
  assert.equal((await server.json(`/runs/${long.id}`)).status, 'running');
  await server.api(`/runs/${long.id}`, { method: 'DELETE' });
  let enough = false;
  const runs = (async () => {
    for (let count = 0; count < 3 || !enough; count++) assert.equal((await server.run(quick)).ended, 'completed');
  })();
  await further('while one run follows the other');
  await further('while one run follows the other');
  enough = true;
  await runs;
  await server.api(`/experiments/${made.id}`, { method: 'DELETE' });
});

test('after a long step of one client the other has its time', async () => {
  const mine = [];
  for (let i = 0; i < 3; i++) mine.push(await start({ ...large, max_seconds: 1 }));
  await until(mine[0].id, (e) => e.status === 'running');
  const answer = await server.api('/runs', {
    method: 'POST', cookie: '', headers: { 'content-type': 'application/json' }, body: JSON.stringify(quick),
  });
  const cookie = answer.headers.get('set-cookie').split(';')[0];
  const theirs = await start({ ...slow(200), kind: 'repeat', count: 3 }, '', { cookie });
  const done = await read(theirs.id, '?wait=20');
  assert.equal(done.ended, 'completed');
  const second = await read(mine[1].id, '?wait=20');
  assert.ok(second.started_at >= done.finished_at, 'three runs take less than the second that was used');
  await read(mine[2].id, '?wait=20');
});

test('what an exploration had found when the server died is kept', async (t) => {
  let other = await Server.start({ args: ['--workers', '1'] });
  t.after(() => other.stop());
  const { directory } = other;
  const done = await start(small, '?wait=20', {}, other);
  const made = await start({ ...large, max_seconds: 60 }, '', {}, other);
  const begun = Date.now();
  const before = await until(made.id, (e) => e.schedules > 0 && Date.now() - begun > 2600, other);
  assert.equal(await other.end('SIGKILL'), 'SIGKILL');
  other = await Server.start({ directory, cookie: other.cookie });
  assert.deepEqual(await read(done.id, '', other), done);
  const lost = await read(made.id, '', other);
  assert.deepEqual([lost.status, lost.ended, lost.complete], ['done', 'internal-error', false]);
  assert.ok(lost.schedules > 0 && lost.schedules <= before.schedules * 2);
  assert.ok(lost.outcomes.length > 0 && lost.outcomes.every((o) => o.token));
});

test('when the spawner dies it ends, and the next one runs', async (t) => {
  const other = await Server.start({ args: ['--workers', '1'] });
  t.after(() => other.stop());
  const made = await start({ ...large, max_seconds: 60 }, '', {}, other);
  await until(made.id, (e) => e.schedules > 0, other);
  process.kill(await other.spawner(), 'SIGKILL');
  const ended = await read(made.id, '?wait=20', other);
  assert.equal(ended.ended, 'internal-error');
  assert.ok(ended.schedules > 0);
  assert.equal((await start(small, '?wait=20', {}, other)).complete, true);
});
