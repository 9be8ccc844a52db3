// Every scenario through the real sandbox: 50 times as it stands, and with every choice it offers.
// What must hold: it ends in a declared way, its outcome is declared and not forbidden, every check
// held, nothing was dropped or malformed. What is declared as interesting must really be seen.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';

const runner = process.env.INTERLEAVE_RUNNER ?? 'build/interleave-runner';
const scenarios = JSON.parse(execFileSync(runner, ['list', '--json'], { maxBuffer: 1 << 26 }));

/** Runs a setup `count` times; a run that ends badly is a result, not an error. */
function runs(id, params, count) {
  const settings = Object.entries(params).map(([name, value]) => `${name}=${value}`);
  const { stdout, stderr } = spawnSync(
    runner, ['run', id, ...settings, '--repeat', String(count), '--json'],
    { encoding: 'utf8', maxBuffer: 1 << 28 });
  const results = stdout.trim().split('\n').map((line) => JSON.parse(line));
  assert.equal(results.length, count, stderr);
  return results;
}

function judge(scenario, run) {
  const where = `${scenario.id} ${JSON.stringify(run.params)}: ${JSON.stringify(
    { ended: run.ended, outcome: run.outcome, checks: run.checks })}`;
  assert.ok(run.outcome, where);
  const rule = scenario.outcomes[run.outcome.rule];
  assert.ok(rule, `undeclared outcome: ${where}`);
  assert.equal(rule.ended, run.ended, where);
  assert.notEqual(run.outcome.class, 'forbidden', where);
  assert.equal(run.outcome.class, rule.class, where);
  if (rule.pattern !== null) {
    const shape = rule.pattern.split('*').map((part) => part.replace(/[^\w]/g, '\\$&')).join('.*');
    assert.match(run.outcome.text, new RegExp(`^${shape}$`), where);
  }
  for (const check of run.checks) {
    assert.ok(check.held, where);
    assert.ok(scenario.checks.some((c) => c.name === check.name), where);
  }
  assert.equal(run.metrics.events_dropped, 0, where);
  assert.equal(run.metrics.events_malformed, 0, where);
  assert.equal(run.isolation.tier, 'full', where);
}

/** One setup for every value of every choice, the other parameters at their defaults. */
function variants(scenario) {
  return scenario.params
    .filter((param) => param.type === 'choice')
    .flatMap((param) => param.choices.map((choice) => ({ [param.name]: choice.value })));
}

for (const scenario of scenarios) {
  test(`${scenario.id}: 50 runs as it stands`, () => {
    const results = runs(scenario.id, {}, 50);
    for (const run of results) {
      judge(scenario, run);
      assert.equal(run.ended, 'completed');
      assert.ok(run.metrics.wall_ns < 3e9, 'a run with default parameters takes under 3 s');
    }
  });

  for (const variant of variants(scenario)) {
    const [[name, value]] = Object.entries(variant);
    test(`${scenario.id}: ${name}=${value}, 5 runs`, () => {
      for (const run of runs(scenario.id, variant, 5)) judge(scenario, run);
    });
  }
}

/** The setups in which each interesting outcome is to be seen, and within how many runs. */
const anomalies = [
  ['race-counter', {}, 'lost-updates', 20],
  ['race-counter', { granularity: 'bytecode-gil-old' }, 'lost-updates', 20],
  ['pool-map-order', {}, 'out-of-order', 20],
  ['pool-callback-progress', {}, 'out-of-order', 20],
  ['pipe-pipeline-eof', { drop_close: 'main-p1-write', limit_ms: 200 }, 'blocked', 1],
  ['pipe-pipeline-eof', { drop_close: 'main-p2-write', limit_ms: 200 }, 'blocked', 1],
  ['pipe-pipeline-eof', { drop_close: 'child2-p1-write', limit_ms: 200 }, 'blocked', 1],
  ['generator-send', { close_at: 1 }, 'stop-iteration', 1],
  ['generator-send', { prime: 'missing' }, 'type-error', 1],
];

for (const [id, params, name, within] of anomalies) {
  test(`${id} ${JSON.stringify(params)} shows ${name} within ${within} runs`, () => {
    const { outcomes } = scenarios.find((s) => s.id === id);
    const seen = runs(id, params, within).map((run) => outcomes[run.outcome?.rule]?.name);
    assert.ok(seen.includes(name), `saw ${seen}`);
  });
}

test('every interesting outcome is among those looked for', () => {
  for (const { id, outcomes } of scenarios) {
    for (const { name, class: kind } of outcomes) {
      if (kind !== 'interesting') continue;
      assert.ok(anomalies.some(([a, , b]) => a === id && b === name), `${id}: ${name}`);
    }
  }
});

test('the outcome of a protected counter is count=0, always', () => {
  for (const variant of ['lock', 'atomic'])
    for (const threads of [2, 3, 8])
      for (const run of runs('race-counter', { variant, threads, n: 20001 }, 5))
        assert.equal(run.outcome.text, 'count=0');
});

test('the transcript of generator-send has the nine lines of the notes', () => {
  const [run] = runs('generator-send', { rounds: 3 }, 1);
  const lines = [1, 2, 3].flatMap((n) => [
    `[PRODUCER] Producing ${n}...`, `[CONSUMER] Consuming ${n}...`,
    '[PRODUCER] Consumer return: 200 OK']);
  assert.equal(run.output, `${lines.join('\n')}\n`);
});

test('a blocked pipeline says who waits for whom', () => {
  const waits = (drop_close) => runs('pipe-pipeline-eof', { drop_close, limit_ms: 200 }, 1)[0];
  const main1 = waits('main-p1-write');
  assert.equal(main1.ended, 'timeout');
  assert.deepEqual(main1.waits_for, [
    { task: 'main', object: 'p2', holder: 'square' },
    { task: 'square', object: 'p1', holder: 'main' }]);
  assert.match(main1.output, /^0\n1\n4\n9\n16\n25\n36\n49\n64\n81\n$/);
  const child = waits('child2-p1-write');
  assert.ok(child.waits_for.some((w) => w.task === 'square' && w.holder === 'square'));
});

test('a pipeline that only needs more time is not said to be blocked', () => {
  const slow = { stages: 1, items: 1000, item_us: 100000, limit_ms: 200 };
  for (const drop_close of ['main-p2-write', 'child2-p1-write']) {
    const [run] = runs('pipe-pipeline-eof', { ...slow, drop_close }, 1);
    assert.equal(run.ended, 'timeout');
    assert.equal(run.outcome, null);
  }
});

test('a counter is never further from 0 than what was added', () => {
  const bounds = (threads, n) => runs('race-counter', { threads, n }, 1)[0].checks
    .find((check) => check.name === 'within-bounds').expected;
  assert.equal(bounds(2, 10), '-10 to 10');
  assert.equal(bounds(3, 5), '-7 to 7');
  assert.equal(bounds(8, 1), '-4 to 4');
});

test('the list that map returns is printed as Python does', () => {
  const last = (params) => runs('pool-map-order', { service_us: 0, ...params }, 1)[0]
    .output.trim().split('\n').at(-1);
  assert.equal(last({ func: 'print', tasks: 3 }), '[None, None, None]');
  assert.equal(last({ func: 'add', tasks: 3 }), '[2, 3, 4]');
  assert.match(last({ func: 'square', tasks: 1000 }), /^\[0, 1, 4, .*\d, …\]$/);
});

/** Each scenario's parameters at their ends, and both limits of what goes through at once. */
const extremes = [
  ['race-counter', { threads: 3, n: 1 }],
  ['race-counter', { threads: 8, n: 10000000, limit_ms: 20000 }],
  ['race-counter', { threads: 7, n: 1001, window_ns: 10000, variant: 'lock' }],
  ['race-counter', { threads: 8, n: 100000, granularity: 'bytecode-gil-old', variant: 'lock' }],
  ['pool-map-order', { tasks: 1000, workers: 16, chunk: 100, service_us: 10 }],
  ['pool-map-order', { tasks: 1000, workers: 16, chunk: 1, service_us: 0, jitter: 0 }],
  ['pool-map-order', { tasks: 1, workers: 16, chunk: 100 }],
  ['pool-callback-progress', { tasks: 500, fail_every: 1, service_us: 0 }],
  ['pool-callback-progress', { tasks: 500, workers: 16, service_us: 0, report: 'progress-bar' }],
  ['pool-callback-progress', { tasks: 1, workers: 1, fail_every: 50 }],
  ['generator-send', { rounds: 0, close_at: 0, prime: 'missing' }],
  ['generator-send', { rounds: 1, close_at: 0, prime: 'missing' }],
  ['generator-send', { rounds: 1000, close_at: 999 }],
  ...[0, 1000].flatMap((items) => [1, 6].flatMap((stages) =>
    ['none', 'main-p1-write', 'main-p2-write', 'child2-p1-write', 'child2-p2-write'].map(
      (drop_close) => ['pipe-pipeline-eof', { items, stages, drop_close, limit_ms: 500 }]))),
];

for (const [id, params] of extremes) {
  test(`${id} ${JSON.stringify(params)}: an extreme`, () => {
    judge(scenarios.find((s) => s.id === id), runs(id, params, 1)[0]);
  });
}

test('inversions are what the finishing order says', () => {
  const close = { tasks: 40, service_us: 0, chunk: 1 };
  for (const run of [...runs('pool-map-order', {}, 10), ...runs('pool-map-order', close, 200)]) {
    const order = run.outcome.text.replace('order=', '').split(' ').map(Number);
    let inversions = 0;
    order.forEach((a, i) => order.slice(i + 1).forEach((b) => { inversions += a > b; }));
    assert.equal(run.metrics.inversions, inversions, run.outcome.text);
  }
});
