import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Server, quick } from './server.mjs';

let server;
before(async () => (server = await Server.start({ args: ['--workers', '2'] })));
after(() => server.stop());

const counter = { scenario: 'race-counter', params: { threads: 2, n: 3 } };
const locks = { scenario: 'deadlock-two-locks' };
const under = (schedule, setup = counter) => server.run({ ...setup, schedule });
const refused = async (schedule, setup = counter) => {
  const answer = await server.post({ ...setup, schedule });
  assert.equal(answer.status, 422, JSON.stringify(schedule));
  return (await answer.json()).errors;
};

test('the same seed makes the same run', async () => {
  const one = await under({ mode: 'random', seed: 42 });
  assert.equal(one.ended, 'completed');
  const { token, steps, preemptions, ...rest } = one.schedule;
  assert.deepEqual(rest, { mode: 'random', seed: 42, depth: null, timing: 'virtual', problem: null });
  assert.match(token, /^[\w~-]+$/);
  assert.ok(steps > 0 && preemptions >= 0);
  const two = await under({ mode: 'random', seed: 42 });
  assert.deepEqual([two.outcome, two.schedule, two.output], [one.outcome, one.schedule, one.output]);
  assert.deepEqual(await server.json(`/runs/${one.id}`), one, 'the stored run is the same');
});

test('a seed is drawn when none is given, and then the run tells it', async () => {
  const seeds = new Set();
  for (const seed of [undefined, null, undefined])
    seeds.add((await under({ mode: 'random', seed })).schedule.seed);
  assert.equal(seeds.size, 3);
  assert.ok([...seeds].every((s) => Number.isSafeInteger(s) && s >= 0));
  const [seed] = seeds;
  assert.equal((await under({ mode: 'random', seed })).schedule.seed, seed);
});

test('with an idempotency key the same request draws the same seed', async () => {
  const ask = () => server.post({ ...counter, schedule: { mode: 'pct' } }, '?wait=10', { 'idempotency-key': 'draws' });
  const first = await ask(), again = await ask();
  assert.deepEqual([first.status, again.status], [201, 200]);
  assert.deepEqual(await first.json(), await again.json());
});

test('every mode tells what it took', async () => {
  const pct = await under({ mode: 'pct', seed: 7 });
  assert.deepEqual([pct.schedule.seed, pct.schedule.depth], [7, 3]);
  assert.equal((await under({ mode: 'pct', seed: 7, depth: 16 })).schedule.depth, 16);
  const turns = await under({ mode: 'round-robin', timing: 'ignored', seed: null, token: null });
  assert.deepEqual([turns.schedule.seed, turns.schedule.timing], [null, 'ignored']);
  assert.deepEqual((await under({ mode: 'round-robin', timing: 'ignored' })).outcome, turns.outcome);
});

test('a token repeats the run, and no other', async () => {
  const one = await under({ mode: 'random', seed: 3, timing: 'ignored' });
  const { token } = one.schedule;
  const again = await under({ mode: 'replay', token });
  assert.deepEqual([again.ended, again.outcome, again.output], [one.ended, one.outcome, one.output]);
  assert.equal(again.schedule.timing, 'ignored', 'the token says so');
  assert.equal(again.schedule.steps, one.schedule.steps);
  const [params] = await refused({ mode: 'replay', token }, { ...counter, params: { threads: 2, n: 4 } });
  assert.deepEqual([params.pointer, params.code], ['/schedule/token', 'token-of-other-parameters']);
  assert.match(params.detail, /parameters/);
  const [scenario] = await refused({ mode: 'replay', token }, locks);
  assert.match(scenario.detail, /another scenario/);
});

test('stepping by hand is replay with one choice more each time', async () => {
  const { token } = (await under({ mode: 'round-robin' })).schedule;
  let run = await under({ mode: 'replay', token: `${token}~0` });
  for (let step = 0; run.ended === 'stopped'; step++) {
    assert.equal(run.schedule.steps, step);
    assert.ok(run.enabled.length > 0);
    for (const choice of run.enabled) {
      assert.ok(choice.task && Number.isInteger(choice.task_id) && choice.operation);
      assert.ok(choice.object === null || choice.object.length > 0);
    }
    assert.deepEqual(await server.json(`/runs/${run.id}`), run);
    run = await under({ mode: 'replay', token: run.enabled.at(-1).token });
    assert.ok(step < 100);
  }
  assert.equal(run.ended, 'completed');
  assert.ok(!('enabled' in run));
});

/*
 * Takes each step of a token by hand, as what could come next; resolves to the run at its end. Which
 * of the choices is the token's is seen from the token cut one step further.
 */
async function walk(setup, token) {
  let run = await under({ mode: 'replay', token: `${token}~0` }, setup);
  for (let step = 0; run.ended === 'stopped'; step++) {
    assert.ok(step < 200);
    assert.equal(run.schedule.steps, step);
    const next = await under({ mode: 'replay', token: `${token}~${step + 1}` }, setup);
    const choices = [];
    for (const choice of run.enabled)
      choices.push(await under({ mode: 'replay', token: choice.token }, setup));
    const same = choices.filter((c) => c.schedule.token === next.schedule.token);
    assert.equal(same.length, 1, `step ${step} of ${token}`);
    [run] = same;
  }
  return run;
}

test('every step of an explored witness is among what could come next, and leads to its outcome', async () => {
  const explorations = [
    { scenario: 'race-counter', params: { threads: 2, n: 1 } },
    { scenario: 'deadlock-two-locks', params: { rendezvous: false } },
  ];
  for (const setup of explorations) {
    const { outcomes } = await server.json('/experiments?wait=20', {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ ...setup, kind: 'explore' }),
    });
    assert.ok(outcomes.length > 1);
    for (const outcome of outcomes) {
      const end = await walk(setup, outcome.token);
      assert.deepEqual([end.ended, end.outcome.text, end.schedule.preemptions], [outcome.ended, outcome.text, outcome.preemptions]);
    }
  }
});

test('a random run can be left at any step, and gone on with by hand', async () => {
  const setup = { scenario: 'race-counter', params: { threads: 2, n: 2 } };
  const one = await under({ mode: 'random', seed: 5, timing: 'ignored' }, setup);
  const end = await walk(setup, one.schedule.token);
  assert.deepEqual([end.outcome, end.output], [one.outcome, one.output]);
  const back = await under({ mode: 'replay', token: `${end.schedule.token}~4` }, setup);
  assert.deepEqual([back.ended, back.schedule.steps], ['stopped', 4]);
  const further = await under({ mode: 'replay', token: `${back.schedule.token}~7` }, setup);
  const straight = await under({ mode: 'replay', token: `${one.schedule.token}~7` }, setup);
  assert.deepEqual([further.schedule.steps, further.enabled], [7, straight.enabled]);
});

/* A token with other bytes behind it, or with one of its bytes another. */
const longer = (token, ...bytes) => Buffer.concat([Buffer.from(token, 'base64url'), Buffer.from(bytes)]).toString('base64url');
function changed(token, at, value) {
  const bytes = Buffer.from(token, 'base64url');
  bytes[at] = value(bytes[at]);
  return bytes.toString('base64url');
}

test('a token that asks for what is not possible is followed as far as it goes', async () => {
  const { token, steps } = (await under({ mode: 'random', seed: 5 })).schedule;
  const failed = async (forged, problem, reason) => {
    const run = await under({ mode: 'replay', token: forged });
    assert.equal(run.ended, 'replay-failed', JSON.stringify(run));
    assert.match(run.schedule.problem, problem);
    assert.deepEqual(run.schedule.reason, reason);
    assert.equal(run.schedule.token, forged);
    assert.ok(!('enabled' in run));
    assert.deepEqual(await server.json(`/runs/${run.id}`), run);
    return run;
  };
  const ninth = await failed(longer(token, 3, 8), /^step 4: choice 9 of the token is not possible, there are 2$/,
    { code: 'no-such-choice', step: 4, choice: 9, choices: 2 });
  assert.equal(ninth.schedule.steps, 3);
  assert.ok(steps < 100);
  await failed(longer(token, 100, 0), new RegExp(`^the program ended after ${steps} steps, before the token did$`),
    { code: 'ended-earlier', step: steps });
  await failed(`${token}~100`, /before the token did/, { code: 'ended-earlier', step: steps });
  await failed(changed(token, Buffer.from(token, 'base64url').length - 1, (b) => b ^ 1), /another version of this program/,
    { code: 'other-operations' });
});

test('a token for something else says for what it is not', async () => {
  const { token } = (await under({ mode: 'random', seed: 5 })).schedule;
  const cases = [
    [token, locks, 'token-of-another-scenario', /is a token for another scenario/],
    [token, { ...counter, params: { threads: 3, n: 3 } }, 'token-of-other-parameters', /is a token for other parameters/],
    [changed(token, 0, (b) => b ^ 0x30), counter, 'token-of-another-version', /is a token of another version/],
    [changed(token, 1, (b) => b ^ 1), counter, 'token-of-another-scenario', /is a token for another scenario/],
    [token.slice(0, -3), counter, 'not-a-token', /is not a (whole )?token/],
    [`${token}=`, counter, 'not-a-token', /must be the token of a schedule/],
    [`${token.slice(0, -1)}+`, counter, 'not-a-token', /must be the token of a schedule/],
    [`${token} `, counter, 'not-a-token', /must be the token of a schedule/],
    [`${token}~`, counter, 'not-a-number-of-steps', /must end in a number of steps after ~/],
    [`${token}~x`, counter, 'not-a-number-of-steps', /must end in a number of steps after ~/],
    [`${token}~1~2`, counter, 'not-a-number-of-steps', /must end in a number of steps after ~/],
    [token.padEnd(2001, 'A'), counter, 'too-long', /must be at most 2000 characters/],
  ];
  for (const [forged, setup, code, detail] of cases) {
    const errors = await refused({ mode: 'replay', token: forged }, setup);
    assert.deepEqual(errors.map((e) => [e.pointer, e.code]), [['/schedule/token', code]], forged);
    assert.match(errors[0].detail, detail, forged);
  }
});

test('a deadlock is explained', async () => {
  let run;
  for (let seed = 0; seed < 50 && run?.ended !== 'deadlock'; seed++)
    run = await under({ mode: 'random', seed, timing: 'ignored' }, locks);
  assert.equal(run.ended, 'deadlock');
  assert.match(run.explanation.en, /waits for lock .*, which .* holds; .* nobody can go on\./);
  assert.match(run.explanation.zh, /谁也无法继续/);
});

test('what a mode does not take is refused', async () => {
  const cases = [
    [{ mode: 'free', seed: 1 }, 'seed', 'unknown'],
    [{ mode: 'random', depth: 3 }, 'depth', 'unknown'],
    [{ mode: 'random', token: 'x' }, 'token', 'unknown'],
    [{ mode: 'random', steps: 3 }, 'steps', 'unknown'],
    [{ mode: 'round-robin', seed: 3 }, 'seed', 'unknown'],
    [{ mode: 'replay', token: 'x', seed: 3 }, 'seed', 'unknown'],
    [{ mode: 'random', speed: 3 }, 'speed', 'unknown'],
    [{ mode: 'random', seed: -1 }, 'seed', 'out-of-range'],
    [{ mode: 'random', seed: 2 ** 53 }, 'seed', 'out-of-range'],
    [{ mode: 'random', seed: '1' }, 'seed', 'not-an-integer'],
    [{ mode: 'random', seed: 1.5 }, 'seed', 'not-an-integer'],
    [{ mode: 'pct', depth: 0 }, 'depth', 'out-of-range'],
    [{ mode: 'pct', depth: 17 }, 'depth', 'out-of-range'],
    [{ mode: 'pct', timing: 'real' }, 'timing', 'not-a-choice'],
    [{ mode: 'replay' }, 'token', 'missing'],
    [{ mode: 'replay', token: null }, 'token', 'missing'],
    [{ mode: 'replay', token: 7 }, 'token', 'not-a-token'],
    [{ mode: 'replay', token: '' }, 'token', 'not-a-token'],
    [{ mode: 'replay', token: 'a b' }, 'token', 'not-a-token'],
    [{ mode: 'replay', token: 'zzzz' }, 'token', 'not-a-token'],
    [{ mode: 'replay', token: 'x'.repeat(2001) }, 'token', 'too-long'],
    [{ mode: 'explore' }, 'mode', 'not-a-choice'],
  ];
  for (const [schedule, name, code] of cases) {
    const errors = await refused(schedule);
    const error = errors.find((e) => e.pointer === `/schedule/${name}`);
    assert.equal(error?.code, code, JSON.stringify([schedule, errors]));
  }
  const [seed] = await refused({ mode: 'random', seed: -1 });
  assert.deepEqual(seed, {
    pointer: '/schedule/seed', code: 'out-of-range', detail: 'must be 0 to 9007199254740991, was -1',
    minimum: 0, maximum: Number.MAX_SAFE_INTEGER,
  });
  const free = (await server.json('/scenarios')).scenarios.find((s) => s.schedules.length === 1);
  if (free) {
    const [mode] = await refused({ mode: 'random' }, { scenario: free.id });
    assert.deepEqual([mode.pointer, mode.detail], ['/schedule/mode', 'must be one of: free']);
  }
});

test('a free run can be asked for as it tells of itself', async () => {
  const { schedule } = await server.run(quick);
  assert.deepEqual((await server.run({ ...quick, schedule })).schedule, schedule);
});
