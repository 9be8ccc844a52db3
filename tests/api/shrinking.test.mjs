import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Server, events } from './server.mjs';

let server;
before(async () => (server = await Server.start({ args: ['--workers', '1', '--experiment-workers', '1'] })));
after(() => server.stop());

const counter = { scenario: 'race-counter', params: { threads: 2, n: 200 } };
const locks = { scenario: 'deadlock-two-locks' };
/* One that takes longer than anybody waits. */
const large = { scenario: 'race-counter', params: { threads: 4, n: 100 } };

const under = (setup, schedule) => server.run({ ...setup, schedule });
const post = (body, query = '') =>
  server.api(`/experiments${query}`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ kind: 'shrink', ...body }),
  });
const shrink = async (body, query = '?wait=30') => {
  const answer = await post(body, query);
  assert.equal(answer.status, 201, await answer.clone().text());
  return answer.json();
};
const refused = async (body) => {
  const answer = await post(body);
  assert.equal(answer.status, 422, JSON.stringify(body));
  return (await answer.json()).errors;
};
const read = (id, query = '') => server.json(`/experiments/${id}${query}`);

/* The first run under a random schedule that ends so. */
async function first(setup, ended) {
  for (let seed = 0; seed < 100; seed++) {
    const run = await under(setup, { mode: 'random', seed, timing: 'ignored' });
    if (run.ended === ended) return run;
  }
  throw new Error(`none of 100 ended as ${ended}`);
}

/* The outcome's token leads where it says, with as many preemptions as it says. */
async function expectWitness(setup, outcome) {
  const run = await under(setup, { mode: 'replay', token: outcome.token });
  assert.deepEqual([run.ended, run.outcome.text, run.outcome.class, run.schedule.preemptions],
    [outcome.ended, outcome.text, outcome.class, outcome.preemptions]);
}

test('hundreds of preemptions come down to the two that matter', async () => {
  const run = await under(counter, { mode: 'random', seed: 7 });
  assert.ok(run.schedule.preemptions > 200, `${run.schedule.preemptions}`);
  const { token } = run.schedule;
  const done = await shrink({ ...counter, token });
  assert.deepEqual([done.kind, done.status, done.ended, done.complete], ['shrink', 'done', 'completed', true]);
  assert.deepEqual([done.token, done.timing, done.count, done.max_preemptions, done.max_schedules, done.max_seconds],
    [token, 'virtual', null, null, 1000000, 20]);
  assert.equal(done.given_preemptions, run.schedule.preemptions);
  assert.ok(done.schedules > 1 && done.steps > run.schedule.steps && done.wall_ns > 0);
  assert.deepEqual([done.blocked, done.cut, done.others], [0, 0, 0]);
  assert.equal(done.outcomes.length, 1);
  const [outcome] = done.outcomes;
  assert.deepEqual([outcome.text, outcome.class, outcome.ended], [run.outcome.text, run.outcome.class, run.ended]);
  assert.deepEqual([outcome.preemptions, outcome.count, outcome.share, outcome.run], [2, 1, null, null]);
  await expectWitness(counter, outcome);
  assert.deepEqual(await read(done.id), done, 'the stored one is the same');
});

test('one that has been shrunk gets no smaller', async () => {
  const run = await under({ ...counter, params: { threads: 2, n: 3 } }, { mode: 'random', seed: 3 });
  const setup = { ...counter, params: { threads: 2, n: 3 } };
  const once = await shrink({ ...setup, token: run.schedule.token });
  const twice = await shrink({ ...setup, token: once.outcomes[0].token });
  assert.equal(twice.given_preemptions, once.outcomes[0].preemptions);
  assert.deepEqual(twice.outcomes, once.outcomes);
});

test('a deadlock shrinks, and stays one', async () => {
  const setup = { ...locks, params: { rendezvous: false } };
  const run = await first(setup, 'deadlock');
  const done = await shrink({ ...setup, token: run.schedule.token });
  assert.deepEqual([done.complete, done.timing, done.outcomes[0].ended], [true, 'ignored', 'deadlock']);
  assert.equal(done.outcomes[0].preemptions, 1, 'each task is stopped between its two locks, one of them by itself');
  await expectWitness(setup, done.outcomes[0]);
});

test('a prefix is run to its end first', async () => {
  const setup = { ...counter, params: { threads: 2, n: 3 } };
  const { token, steps } = (await under(setup, { mode: 'random', seed: 3 })).schedule;
  for (const given of [`${token}~${steps - 4}`, (await under(setup, { mode: 'replay', token: `${token}~5` })).schedule.token]) {
    const done = await shrink({ ...setup, token: given });
    assert.deepEqual([done.ended, done.complete], ['completed', true]);
    await expectWitness(setup, done.outcomes[0]);
  }
});

test('a token that cannot be followed leads nowhere', async () => {
  const { token } = (await under(locks, { mode: 'random', seed: 3, timing: 'ignored' })).schedule;
  /* Made of a rule without deviations, with one behind it: the ninth of those that can go on. */
  const bytes = Buffer.from(token, 'base64url');
  const done = await shrink({ ...locks, token: Buffer.concat([bytes, Buffer.from([0, 9])]).toString('base64url') });
  assert.deepEqual([done.status, done.ended, done.complete, done.outcomes, done.given_preemptions],
    ['done', 'replay-failed', false, [], null]);
});

test('it ends at its bounds, with what it has', async () => {
  const { token } = (await under(large, { mode: 'random', seed: 7 })).schedule;
  const few = await shrink({ ...large, token, max_schedules: 300 });
  assert.deepEqual([few.ended, few.complete], ['schedule-limit', false]);
  assert.ok(few.schedules <= 300 && few.outcomes[0].preemptions <= few.given_preemptions);
  const short = await shrink({ ...large, token, max_seconds: 1 });
  assert.deepEqual([short.ended, short.complete], ['time-limit', false]);
  assert.ok(short.outcomes[0].preemptions <= short.given_preemptions);
  for (const { outcomes: [outcome] } of [few, short]) await expectWitness(large, outcome);
});

test('its progress is told, and one that is cancelled keeps what it has', async () => {
  const { token } = (await under(large, { mode: 'random', seed: 8 })).schedule;
  const made = await shrink({ ...large, token, max_seconds: 60 }, '');
  const following = server.api(`/experiments/${made.id}/events`).then(events);
  for (let now = made; now.outcomes.length === 0; now = await read(made.id)) {
    assert.notEqual(now.status, 'done', JSON.stringify(now));
    await new Promise((r) => setTimeout(r, 20));
  }
  const ended = await (await server.api(`/experiments/${made.id}`, { method: 'DELETE' })).json();
  assert.deepEqual([ended.status, ended.ended, ended.complete], ['done', 'cancelled', false]);
  const list = await following;
  assert.ok(list.length >= 2);
  assert.deepEqual(list.at(-1).data, ended);
  const found = list.map((e) => e.data.outcomes[0]?.preemptions).filter((n) => n !== undefined);
  assert.ok(found.every((n, i) => i === 0 || n <= found[i - 1]), found.join());
  const { experiments } = await server.json('/experiments?mine=true&scenario=race-counter&limit=1');
  assert.deepEqual(experiments, [ended]);
  assert.equal((await server.api(`/experiments/${made.id}`, { method: 'DELETE' })).status, 204);
});

test('a token is checked at once', async () => {
  const { token } = (await under(counter, { mode: 'random', seed: 7 })).schedule;
  const cases = [
    [{ ...counter }, 'missing', /must be the token/],
    [{ ...counter, token: null }, 'missing', /must be the token/],
    [{ ...counter, token: 7 }, 'not-a-token', /must be the token/],
    [{ ...counter, token: 'a b' }, 'not-a-token', /must be the token/],
    [{ ...counter, token: 'zzzz' }, 'not-a-token', /is not a token/],
    [{ ...counter, token: 'x'.repeat(2001) }, 'too-long', /at most 2000/],
    [{ ...counter, params: { threads: 2, n: 201 }, token }, 'token-of-other-parameters', /other parameters/],
    [{ ...locks, token }, 'token-of-another-scenario', /another scenario/],
  ];
  for (const [body, code, detail] of cases) {
    const errors = await refused(body);
    assert.deepEqual(errors.map((e) => [e.pointer, e.code]), [['/token', code]], JSON.stringify(body));
    assert.match(errors[0].detail, detail);
  }
  const others = await refused({ ...counter, token, count: 3, max_preemptions: 2, timing: 'virtual', max_seconds: 0 });
  assert.deepEqual(others.map((e) => e.pointer).sort(), ['/count', '/max_preemptions', '/max_seconds', '/timing']);
  assert.deepEqual((await refused({ ...counter, kind: 'explore', token })).map((e) => e.pointer), ['/token']);
});
