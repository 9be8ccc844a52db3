import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Server, events, quick, slow } from './server.mjs';

let server;
before(
  async () =>
    (server = await Server.start({
      args: ['--workers', '1', '--experiment-workers', '1'],
      env: { INTERLEAVE_ADMIN_TOKEN: 'a-token-for-the-tests' },
    })),
);
after(() => server.stop());

/* Ends in another order nearly every time; a few milliseconds a run. */
const varied = { scenario: 'pool-callback-progress', params: { tasks: 3 }, kind: 'repeat' };
/* Every run takes about so long and ends alike. */
const steady = (ms, count) => ({ ...slow(ms), kind: 'repeat', count });

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
const remove = (id, options = {}, to = server) => to.api(`/experiments/${id}`, { method: 'DELETE', ...options });
const pointers = (problem) => problem.errors.map((e) => e.pointer).sort();
const sum = (list) => list.reduce((a, b) => a + b, 0);

/* Reads it until `reached` says so. */
async function until(id, reached, to = server) {
  for (;;) {
    const now = await read(id, '', to);
    if (reached(now)) return now;
    assert.notEqual(now.status, 'done', JSON.stringify(now));
    await new Promise((r) => setTimeout(r, 10));
  }
}

/* A client of its own; resolves to its cookie. */
async function stranger(to = server) {
  const answer = await to.api('/runs', {
    method: 'POST', cookie: '', headers: { 'content-type': 'application/json' }, body: JSON.stringify(quick),
  });
  return answer.headers.get('set-cookie').split(';')[0];
}

test('a repetition counts how its runs ended and keeps the first of each way', async () => {
  const answer = await post({ ...varied, count: 40 }, '?wait=20');
  assert.equal(answer.status, 201);
  const done = await answer.json();
  assert.equal(answer.headers.get('location'), done.links.self);
  assert.equal(done.links.page, `/x/${done.id}`);
  assert.deepEqual([done.status, done.ended, done.kind, done.count], ['done', 'completed', 'repeat', 40]);
  assert.deepEqual(done.progress, { done: 40, total: 40 });
  assert.equal(done.schedules, 40);
  assert.equal(done.complete, false);
  assert.ok(done.wall_ns > 0);
  for (const name of ['max_preemptions', 'max_schedules', 'max_seconds', 'timing', 'blocked', 'cut', 'steps', 'beside'])
    assert.equal(done[name], null, name);
  assert.ok('seed' in done.params && done.params.tasks === 3, 'defaults are filled in');
  assert.ok(done.outcomes.length > 1);
  assert.equal(sum(done.outcomes.map((o) => o.count)), 40);
  assert.ok(Math.abs(sum(done.outcomes.map((o) => o.share)) - 1) < 1e-9);
  assert.deepEqual(done.outcomes.map((o) => o.count), done.outcomes.map((o) => o.count).sort((a, b) => b - a));
  assert.equal(Math.min(...done.outcomes.map((o) => o.first)), 1);
  for (const o of done.outcomes) {
    const run = await server.json(`/runs/${o.run}`);
    assert.deepEqual([run.status, run.ended, run.outcome.text, run.outcome.class], ['done', o.ended, o.text, o.class]);
    assert.equal(run.mine, true);
    assert.ok(run.output.length > 0);
    assert.ok((await server.json(`/runs/${o.run}/trace?format=json`)).events.length > 0);
    assert.deepEqual([o.token, o.preemptions], [null, null]);
  }
  assert.deepEqual(await read(done.id), done);
});

test('a run that ends badly is an outcome, too', async () => {
  const done = await start(steady(200, 2), '?wait=20');
  assert.equal(done.outcomes.length, 1);
  const [o] = done.outcomes;
  assert.equal(o.ended, 'timeout');
  assert.equal(o.text, 'timeout');
  assert.equal(o.count, 2);
  assert.equal((await server.json(`/runs/${o.run}`)).ended, 'timeout');
});

test('every wrong field is reported', async () => {
  const base = { ...varied, count: 5 };
  const explore = { scenario: 'race-counter', kind: 'explore' };
  const cases = [
    [[], ['']],
    [{}, ['/scenario']],
    [{ scenario: 'none', kind: 'repeat' }, ['/scenario']],
    [{ ...base, kind: undefined }, ['/kind']],
    [{ ...base, kind: 'often' }, ['/kind']],
    [{ ...base, count: 0 }, ['/count']],
    [{ ...base, count: 1001 }, ['/count']],
    [{ ...base, count: 'many' }, ['/count']],
    [{ ...base, params: { tasks: 1e6 }, extra: 1 }, ['/extra', '/params/tasks']],
    [{ ...base, schedule: { mode: 'random' } }, ['/schedule']],
    [{ ...base, max_seconds: 5, timing: 'virtual', max_preemptions: 1 }, ['/max_preemptions', '/max_seconds', '/timing']],
    [{ ...base, beside: 'none' }, ['/beside']],
    [{ ...base, beside: 7 }, ['/beside']],
    [{ ...explore, max_preemptions: 17, max_schedules: 0, max_seconds: 301, timing: 'fast', count: 3 },
      ['/count', '/max_preemptions', '/max_schedules', '/max_seconds', '/timing']],
  ];
  for (const [body, expected] of cases) {
    const answer = await post(body);
    assert.equal(answer.status, 422, JSON.stringify(body));
    assert.deepEqual(pointers(await answer.json()).filter((p) => p !== '/kind' || body.kind !== 'explore'), expected,
      JSON.stringify(body));
  }
  const text = await post({ ...explore, max_seconds: 301 });
  assert.equal((await text.json()).errors.find((e) => e.pointer === '/max_seconds').detail, 'must be 1 to 300, was 301');
  assert.equal((await post(base, '?wait=31')).status, 422);
  const plain = await server.api('/experiments', { method: 'POST', headers: { 'content-type': 'text/plain' }, body: '{}' });
  assert.equal(plain.status, 415);
});

test('a scenario that cannot be explored says so', async () => {
  const { scenarios } = await server.json('/scenarios');
  const { id } = scenarios.find((s) => !s.explorable);
  const answer = await post({ scenario: id, kind: 'explore' });
  assert.equal(answer.status, 422);
  assert.deepEqual(pointers(await answer.json()), ['/kind']);
});

test('events tell the progress, the end, and go on where a client was', async () => {
  const made = await start({ ...varied, count: 300 });
  const list = await events(await server.api(`/experiments/${made.id}/events`));
  assert.ok(list.length > 2);
  assert.ok(list.slice(0, -1).every((e) => e.event === 'progress'));
  assert.ok(list.every((e) => e.id === e.data.progress.done));
  assert.ok(list.every((e, i) => i === 0 || e.id >= list[i - 1].id));
  const done = list.at(-1);
  assert.equal(done.event, 'done');
  assert.equal(done.data.status, 'done');
  assert.deepEqual(await read(made.id), done.data);
  const again = await events(await server.api(`/experiments/${made.id}/events`), 'never');
  assert.deepEqual(again, [done]);
});

test('Last-Event-ID keeps quiet until there is more', async () => {
  const made = await start(steady(400, 3));
  const first = await events(await server.api(`/experiments/${made.id}/events`), 'progress');
  const seen = await until(made.id, (e) => e.progress.done === 1 && e.outcomes[0].run !== null);
  const rest = await events(
    await server.api(`/experiments/${made.id}/events`, { headers: { 'last-event-id': '1' } }));
  assert.equal(first[0].event, 'progress');
  assert.equal(seen.progress.done, 1);
  assert.ok(rest[0].id > 1, JSON.stringify(rest.map((e) => e.id)));
  assert.equal(rest.at(-1).event, 'done');
});

test('there are at most about five events a second', async () => {
  const made = await start({ ...varied, count: 1000 });
  const began = Date.now();
  const list = await events(await server.api(`/experiments/${made.id}/events`));
  const seconds = (Date.now() - began) / 1000;
  assert.ok(list.length <= 5 * seconds + 3, `${list.length} in ${seconds} s`);
  assert.equal(list.at(-1).data.progress.done, 1000);
  assert.ok(list.at(-1).data.outcomes.length <= 256);
});

test('one that goes on is ended and kept, one that is done is deleted', async () => {
  const made = await start(steady(300, 1000));
  await until(made.id, (e) => e.progress.done >= 1);
  assert.equal((await remove(made.id, { cookie: '' })).status, 403);
  const answer = await remove(made.id);
  assert.equal(answer.status, 200);
  const ended = await answer.json();
  assert.deepEqual([ended.status, ended.ended], ['done', 'cancelled']);
  assert.ok(ended.progress.done >= 1 && ended.progress.done < 1000);
  assert.equal(sum(ended.outcomes.map((o) => o.count)), ended.progress.done);
  assert.ok(ended.outcomes.every((o) => o.ended === 'timeout'), 'the run that was ended with it does not count');
  assert.deepEqual(await read(made.id), ended);
  assert.equal((await remove(made.id, { cookie: '' })).status, 403);
  assert.equal((await remove(made.id)).status, 204);
  assert.equal((await server.api(`/experiments/${made.id}`)).status, 404);
  assert.equal((await server.api(`/experiments/${made.id}/events`)).status, 404);
  assert.equal((await remove(made.id)).status, 404);
  assert.equal((await server.json(`/runs/${ended.outcomes[0].run}`)).ended, 'timeout', 'its runs stay');
});

test('one that is meant only while it goes on is not deleted', async () => {
  const made = await start(steady(300, 1000));
  await until(made.id, (e) => e.progress.done >= 1);
  const live = (id, options) => server.api(`/experiments/${id}?only=live`, { method: 'DELETE', ...options });
  assert.equal((await server.api(`/experiments/${made.id}?only=dead`, { method: 'DELETE' })).status, 422);
  const answer = await live(made.id);
  assert.equal(answer.status, 200);
  const ended = await answer.json();
  assert.deepEqual([ended.status, ended.ended], ['done', 'cancelled']);
  const again = await live(made.id);
  assert.equal(again.status, 200);
  assert.deepEqual(await again.json(), ended);
  assert.deepEqual(await read(made.id), ended);
  assert.equal((await live(made.id, { cookie: '' })).status, 403);
  assert.equal((await remove(made.id)).status, 204);
});

test('the admin may end one, too', async () => {
  const made = await start(steady(300, 1000));
  const admin = { cookie: '', headers: { authorization: 'Bearer a-token-for-the-tests' } };
  assert.equal((await (await remove(made.id, admin)).json()).ended, 'cancelled');
  assert.equal((await remove(made.id, admin)).status, 204);
});

test('those that wait know their place and can be ended before they began', async () => {
  const first = await start(steady(300, 1000));
  await until(first.id, (e) => e.status === 'running');
  const waiting = [await start(steady(301, 5)), await start(steady(302, 5))];
  assert.deepEqual(waiting.map((e) => [e.status, e.queue_position]), [['queued', 1], ['queued', 2]]);
  const ended = await (await remove(waiting[0].id)).json();
  assert.deepEqual([ended.status, ended.ended, ended.started_at], ['done', 'cancelled', null]);
  assert.deepEqual(ended.progress, { done: 0, total: 5 });
  assert.equal((await read(waiting[1].id)).queue_position, 1);
  for (const e of [first, waiting[1]]) await remove(e.id);
});

test('two experiments of one setup are linked both ways', async () => {
  const one = await start({ ...varied, count: 3 }, '?wait=20');
  const two = await start({ ...varied, count: 4, beside: one.id }, '?wait=20');
  assert.equal(two.beside, one.id);
  assert.equal((await read(one.id)).beside, two.id);
  const live = await start(steady(300, 1000));
  const third = await start({ ...steady(300, 1), beside: live.id });
  assert.equal((await read(live.id)).beside, third.id);
  const other = await post({ ...varied, params: { tasks: 4 }, beside: one.id });
  assert.deepEqual(pointers(await other.json()), ['/beside']);
  await remove(live.id);
  await remove(third.id);
  assert.equal((await remove(two.id)).status, 204);
  assert.equal((await read(one.id)).beside, null);
});

test('a stranger changes nothing that is linked already', async () => {
  const one = await start({ ...varied, count: 3 }, '?wait=20');
  const done = await start({ ...varied, count: 4, beside: one.id }, '?wait=20');
  const live = await start(steady(300, 1000));
  const queued = await start({ ...steady(300, 1), beside: live.id });
  const cookie = await stranger();
  for (const [theirs, mine, beside] of [[{ ...varied, count: 2 }, one, done], [steady(300, 2), live, queued]]) {
    const other = await start({ ...theirs, beside: mine.id }, '', { cookie });
    assert.equal(other.beside, mine.id);
    assert.equal((await read(mine.id)).beside, beside.id);
    await remove(other.id, { cookie });
  }
  const again = await start({ ...varied, count: 5, beside: one.id });
  assert.equal((await read(one.id)).beside, again.id, 'its own client may');
  for (const e of [live, queued, again]) await remove(e.id);
  const alone = await start({ ...varied, count: 2 }, '?wait=20');
  const first = await start({ ...varied, count: 3, beside: alone.id }, '?wait=20', { cookie });
  assert.equal((await read(alone.id)).beside, first.id, 'it had none');
});

test('one that is ended just when a step begins is over', async (t) => {
  const other = await Server.start({ args: ['--experiment-workers', '4'] });
  t.after(() => other.stop());
  const round = async () => {
    const answer = await post({ ...quick, kind: 'repeat', count: 1000 }, '', { cookie: '' }, other);
    const cookie = answer.headers.get('set-cookie').split(';')[0];
    const { id } = await answer.json();
    const ended = await (await remove(id, { cookie }, other)).json();
    assert.deepEqual([ended.status, ended.ended], ['done', 'cancelled']);
    assert.deepEqual(await other.json(`/experiments/${id}`, { cookie }), ended);
  };
  for (let i = 0; i < 100; i++) await Promise.all([round(), round(), round()]);
});

test('lists are newest first, paged, and filtered by scenario and owner', async () => {
  const cookie = await stranger();
  const made = [];
  for (let i = 1; i <= 5; i++)
    made.unshift((await start({ ...quick, kind: 'repeat', count: i }, '?wait=20', { headers: { cookie, 'content-type': 'application/json' }, cookie })).id);
  const seen = [];
  let cursor = '';
  do {
    const page = await server.json(`/experiments?scenario=${quick.scenario}&mine=true&limit=2${cursor}`, { cookie });
    assert.ok(page.experiments.length <= 2);
    assert.ok(page.experiments.every((e) => e.mine && e.scenario === quick.scenario && e.status === 'done'));
    seen.push(...page.experiments.map((e) => e.id));
    cursor = page.next_cursor && `&cursor=${page.next_cursor}`;
  } while (cursor);
  assert.deepEqual(seen, made);
  assert.ok(!(await server.json('/experiments?mine=true&limit=100')).experiments.some((e) => made.includes(e.id)));
  assert.ok((await server.json('/experiments?limit=100')).experiments.some((e) => made.includes(e.id)));
  const running = await start(steady(300, 1000));
  const [newest] = (await server.json('/experiments?limit=1')).experiments;
  assert.deepEqual([newest.id, newest.ended], [running.id, null]);
  await remove(running.id);
  for (const query of ['limit=0', 'limit=101', 'cursor=x', 'mine=perhaps'])
    assert.equal((await server.api(`/experiments?${query}`)).status, 422, query);
});

test('other methods and unknown ones are refused', async () => {
  assert.equal((await server.api('/experiments/none')).status, 404);
  const post = await server.api('/experiments/none', { method: 'POST', body: 'x' });
  assert.equal(post.status, 405);
  assert.equal(post.headers.get('allow'), 'GET, HEAD, PUT, DELETE');
});

test('a single run does not wait for experiments', async () => {
  const made = await start(steady(5000, 2));
  await until(made.id, (e) => e.status === 'running');
  const begun = Date.now();
  assert.equal((await server.run(quick)).ended, 'completed');
  assert.ok(Date.now() - begun < 2500, 'it did not wait for the step to end');
  assert.equal((await read(made.id)).progress.done, 0);
  await remove(made.id);
});

test('no step begins while a single run waits', async (t) => {
  const other = await Server.start({ args: ['--workers', '1', '--experiment-workers', '1'] });
  t.after(() => other.stop());
  const runs = [];
  for (let i = 0; i < 3; i++) runs.push((await (await other.post(slow(400))).json()).id);
  const made = await start({ ...varied, count: 5 }, '', {}, other);
  assert.equal((await read(made.id, '?wait=0.3', other)).status, 'queued');
  const last = await other.json(`/runs/${runs[2]}?wait=20`);
  const done = await read(made.id, '?wait=20', other);
  assert.ok(done.started_at >= last.started_at, `${done.started_at} after ${last.started_at}`);
});

test('clients take turns', async () => {
  const one = await start(steady(300, 1000)), two = await start(steady(300, 1000));
  await until(one.id, (e) => e.progress.done >= 3);
  const cookie = await stranger();
  const theirs = await start(steady(300, 4), '', { cookie });
  const then = (await read(one.id)).progress.done;
  const done = await server.json(`/experiments/${theirs.id}?wait=20`);
  assert.equal(done.ended, 'completed', 'it is done while the others go on');
  const now = await read(one.id);
  assert.equal(now.status, 'running');
  assert.ok(now.progress.done - then <= 6, `${now.progress.done - then} steps between its four`);
  assert.equal((await read(two.id)).status, 'queued', 'the second of the same client waits for the first');
  for (const e of [one, two]) await remove(e.id);
});

test('there are only so many, of one client and of all', async (t) => {
  const other = await Server.start({ args: ['--workers', '1', '--experiments', '10'] });
  t.after(() => other.stop());
  const limits = await other.json('/limits');
  assert.equal(limits.experiments, 10);
  await other.run(quick); /* whose answer makes it a client of its own */
  const key = { headers: { 'content-type': 'application/json', 'idempotency-key': 'at the limit' } };
  const first = await start(steady(9000, 5), '', key, other);
  for (let i = 1; i < limits.experiments_of_one; i++) await start(steady(9000, 5), '', {}, other);
  const again = await post(steady(9000, 5), '', key, other);
  assert.deepEqual([again.status, (await again.json()).id], [200, first.id], 'a repeated one takes no place');
  assert.equal((await post(steady(9000, 6), '', key, other)).status, 422);
  const ninth = await post(steady(9000, 5), '', {}, other);
  assert.equal(ninth.status, 429);
  assert.ok(Number(ninth.headers.get('retry-after')) > 0);
  const cookie = await stranger(other);
  for (let i = 0; i < 2; i++) await start(steady(9000, 5), '', { cookie }, other);
  const eleventh = await post(steady(9000, 5), '', { cookie }, other);
  assert.equal(eleventh.status, 503);
  assert.ok(Number(eleventh.headers.get('retry-after')) > 0);
});

test('what is done outlives the server; what went on is kept as far as it was', async (t) => {
  let other = await Server.start({ args: ['--workers', '1'] });
  t.after(() => other.stop());
  const { directory } = other;
  const done = await start({ ...varied, count: 20 }, '?wait=20', {}, other);
  const open = await start(steady(300, 1000), '', {}, other);
  const queued = await start(steady(300, 1000), '', {}, other);
  await until(open.id, (e) => e.progress.done >= 9, other); /* it is stored every two seconds */
  assert.equal(await other.end('SIGKILL'), 'SIGKILL');
  other = await Server.start({ directory, cookie: other.cookie });
  assert.deepEqual(await read(done.id, '', other), done);
  const lost = await read(open.id, '', other);
  assert.deepEqual([lost.status, lost.ended], ['done', 'internal-error']);
  assert.ok(lost.progress.done > 0 && lost.outcomes[0].count === lost.progress.done);
  assert.equal((await other.json(`/runs/${lost.outcomes[0].run}`)).ended, 'timeout');
  assert.deepEqual([(await read(queued.id, '', other)).ended, (await read(queued.id, '', other)).progress.done], ['internal-error', 0]);

  const ended = await start(steady(300, 1000), '', {}, other);
  const waiting = await start(steady(300, 1000), '', {}, other);
  await until(ended.id, (e) => e.progress.done >= 2, other);
  const following = events(await other.api(`/experiments/${ended.id}/events`));
  assert.equal(await other.end(), 0);
  assert.equal((await following).at(-1).data.ended, 'cancelled');
  other = await Server.start({ directory, cookie: other.cookie });
  const cancelled = await read(ended.id, '', other);
  assert.deepEqual([cancelled.status, cancelled.ended], ['done', 'cancelled']);
  assert.ok(cancelled.progress.done >= 2);
  assert.equal((await read(waiting.id, '', other)).ended, 'cancelled');
});

test('limits tell the bounds of experiments', async () => {
  const limits = await server.json('/limits');
  const bounds = {
    experiments: 64, experiments_of_one: 8, experiments_of_address: 48, experiment_workers: 1, repeat_count: 1000, explore_preemptions: 16,
    explore_schedules: 100000000, explore_seconds: 300, outcomes: 256, schedule_depth: 16, schedule_token_bytes: 2000,
  };
  for (const [name, bound] of Object.entries(bounds)) assert.equal(limits[name], bound, name);
  const metrics = await (await server.fetch('/metrics')).text();
  assert.match(metrics, /^interleave_experiments_running \d+$/m);
});

test('an idempotency key makes one experiment; with another body it is refused', async () => {
  const ask = (body, key, query = '', options = {}) => server.api(`/experiments${query}`, {
    method: 'POST', body: JSON.stringify(body), ...options,
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
  });
  const body = { ...quick, kind: 'repeat', count: 3 };
  const answers = await Promise.all([...Array(6)].map(() => ask(body, 'x-1', '?wait=20')));
  const made = await Promise.all(answers.map((answer) => answer.json()));
  assert.deepEqual(answers.map((a) => a.status).sort(), [200, 200, 200, 200, 200, 201]);
  assert.equal(new Set(made.map((e) => e.id)).size, 1);
  assert.ok(made.every((e) => e.status === 'done' && e.progress.done === 3));
  const again = await ask(body, 'x-1');
  assert.equal(again.status, 200);
  assert.deepEqual(await again.json(), await server.json(`/experiments/${made[0].id}`));
  for (const other of [{ ...body, count: 4 }, { ...body, params: { rounds: 2 } }, { ...body, beside: made[0].id }]) {
    const refused = await ask(other, 'x-1');
    assert.equal(refused.status, 422);
    assert.deepEqual((await refused.json()).errors.map((e) => e.pointer), ['/Idempotency-Key']);
  }
  const stranger = await ask(body, 'x-1', '', { cookie: '' });
  assert.equal(stranger.status, 201);
  assert.notEqual((await stranger.json()).id, made[0].id);
  assert.equal((await server.post(quick, '', { 'idempotency-key': 'x-1' })).status, 201, 'runs have keys of their own');
  assert.equal((await ask(body, 'k'.repeat(129))).status, 422);
  assert.equal((await server.api(`/experiments/${made[0].id}`, { method: 'DELETE' })).status, 204);
  const anew = await ask(body, 'x-1', '?wait=20');
  assert.equal(anew.status, 201, 'the key goes with the experiment');
  assert.notEqual((await anew.json()).id, made[0].id);
});

test('a repetition of the request finds the experiment that goes on, and waits for it', async () => {
  const ask = (query) => server.api(`/experiments${query}`, {
    method: 'POST', body: JSON.stringify({ ...slow(400), kind: 'repeat', count: 3 }),
    headers: { 'content-type': 'application/json', 'idempotency-key': 'x-2' },
  });
  const first = await (await ask('')).json();
  assert.notEqual(first.status, 'done');
  const again = await ask('?wait=20');
  assert.equal(again.status, 200);
  const done = await again.json();
  assert.deepEqual([done.id, done.status, done.progress.done], [first.id, 'done', 3]);
});
