// What every scenario is held to, run through the real sandbox. A family's test file names what is
// particular to it; this file does what is the same for all.
import { after, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';

/** What INTERLEAVE_ISOLATION asks for; the tests are for every tier. */
const tier = /^reduced/.test(process.env.INTERLEAVE_ISOLATION ?? '') ? 'reduced' : 'full';

export const runner = process.env.INTERLEAVE_RUNNER ?? 'build/interleave-runner';
export const scenarios = JSON.parse(
  execFileSync(runner, ['list', '--json'], { maxBuffer: 1 << 28 }));

/** How many times each setup is run. */
const AS_IT_STANDS = 5;
const EACH_CHOICE = 20;

/** Times of the variants' runs are shortened; what a scenario says must hold at any scale. */
const QUICK = { time_scale: 0.2 };

/** Sanitizers make programs slower and processes larger than the limits of a run are meant for. */
export const SANITIZED = /-asan\//.test(runner);

const limitOf = (id) => scenarios.find((s) => s.id === id).params.find(({ name }) => name === 'limit_ms');

/** A busy machine can keep a run waiting: only a test about the limit has another than the longest. */
export const roomy = (id, params) => ({ limit_ms: limitOf(id).maximum, ...params });

/** Runs a setup `count` times; a run that ends badly is a result, not an error. */
export function runs(id, params, count) {
  const settings = Object.entries(roomy(id, params)).map(([name, value]) => `${name}=${value}`);
  const args = ['run', id, ...settings, '--repeat', String(count), '--json'];
  return new Promise((resolve, reject) => {
    execFile(runner, args, { encoding: 'utf8', maxBuffer: 1 << 28 }, (_, stdout, stderr) => {
      const results = stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line));
      if (results.length === count) resolve(results);
      else reject(new Error(`${id}: ${results.length} of ${count} runs: ${stderr}`));
    });
  });
}

export const one = async (id, params) => (await runs(id, params, 1))[0];

export const check = (run, name) => run.checks.find((c) => c.name === name);

/** How often each outcome of each scenario was seen, over everything the file ran. */
const seen = new Map();

function count(scenario, rule) {
  const key = `${scenario.id}\t${rule.name ?? rule.ended}\t${rule.class}`;
  seen.set(key, (seen.get(key) ?? 0) + 1);
}

/**
 * It ended in a declared way, its outcome is declared and not forbidden, every check held, nothing
 * was dropped or malformed.
 */
export function judge(scenario, run) {
  if (SANITIZED && run.ended === 'memory-limit') return;
  const where = `${scenario.id} ${JSON.stringify(run.params)}: ${JSON.stringify(
    { ended: run.ended, exit: run.exit, outcome: run.outcome, checks: run.checks, output: run.output.slice(-400) })}`;
  assert.ok(run.outcome, where);
  const rule = scenario.outcomes[run.outcome.rule];
  assert.ok(rule, `undeclared outcome: ${where}`);
  assert.equal(rule.ended, run.ended, where);
  assert.notEqual(run.outcome.class, 'forbidden', where);
  assert.equal(run.outcome.class, rule.class, where);
  if (rule.pattern !== null) {
    const shape = rule.pattern.split('*').map((part) => part.replace(/[^\w]/g, '\\$&')).join('.*');
    assert.match(run.outcome.text, new RegExp(`^${shape}$`, 's'), where);
  }
  for (const { name, held } of run.checks) {
    assert.ok(held, `${name}: ${where}`);
    assert.ok(scenario.checks.some((c) => c.name === name), where);
  }
  assert.equal(run.metrics.events_dropped, 0, where);
  assert.equal(run.metrics.events_malformed, 0, where);
  assert.equal(run.isolation.tier, tier, where);
  count(scenario, rule);
}

/** One setup for every value of every choice, the other parameters at their defaults. */
function variants(scenario) {
  return scenario.params
    .filter((param) => param.type === 'choice' || param.type === 'boolean')
    .flatMap((param) => (param.choices?.map((c) => c.value) ?? [false, true])
      .map((value) => ({ [param.name]: value })));
}

function asItStands(scenario) {
  test(`${scenario.id}: as it stands`, async () => {
    const all = await runs(scenario.id, {}, AS_IT_STANDS);
    for (const run of all) judge(scenario, run);
    const least_ms = Math.min(...all.map(({ metrics }) => metrics.wall_ns)) / 1e6;
    assert.ok(least_ms < Math.min(3000, limitOf(scenario.id).default), `${scenario.id} takes ${least_ms} ms`);
  });
}

function eachChoice(scenario, quick) {
  for (const variant of variants(scenario)) {
    const [[name, value]] = Object.entries(variant);
    test(`${scenario.id}: ${name}=${value}, ${EACH_CHOICE} runs`, async () => {
      for (const run of await runs(scenario.id, { ...QUICK, ...quick, ...variant }, EACH_CHOICE))
        judge(scenario, run);
    });
  }
}

function texts(scenario) {
  test(`${scenario.id}: texts in both languages`, () => {
    const { params, outcomes, checks, columns } = scenario;
    const said = [scenario.title, scenario.summary, scenario.lesson,
      ...params.flatMap((p) => [p.title, p.help, ...(p.choices ?? []).map((c) => c.title)]),
      ...outcomes.map((o) => o.meaning), ...[...checks, ...columns].map((c) => c.title)];
    for (const text of said) {
      assert.ok(text.en && text.zh, `${scenario.id}: ${JSON.stringify(text)}`);
      assert.doesNotMatch(text.en, /[\u4e00-\u9fff]/, text.en);
    }
    assert.match(scenario.lesson.en, /^[^.]*(\.\d[^.]*|\.\w[^.]*)*\.$/, `one sentence: ${scenario.lesson.en}`);
    assert.match(scenario.summary.zh, /[\u4e00-\u9fff]/);
    assert.ok(scenario.python.length > 0 && scenario.concepts.length > 0);
  });
}

function anomaly([id, params, name, within]) {
  test(`${id} ${JSON.stringify(params)} shows ${name} within ${within} runs`, async () => {
    const scenario = scenarios.find((s) => s.id === id);
    const ruled = (await runs(id, params, within)).map((run) => {
      judge(scenario, run);
      return scenario.outcomes[run.outcome.rule].name;
    });
    assert.ok(ruled.includes(name), `saw ${ruled}`);
  });
}

function coverage() {
  const rows = [...seen].sort().map(([key, times]) => `${key}\t${times}`.split('\t'));
  const wide = [0, 1, 2].map((i) => Math.max(...rows.map((r) => r[i].length)));
  for (const row of rows)
    console.log(`# ${row.slice(0, 3).map((cell, i) => cell.padEnd(wide[i])).join('  ')}  ${row[3]}`);
}

/**
 * The tests of a family. `quick`: by scenario, parameters that keep the variants short.
 * `anomalies`: [id, params, outcome's name, within how many runs] for every interesting outcome.
 * `extremes`: [id, params], setups at the ends of the parameters. `more`: further tests.
 */
export function family(name, { quick = {}, anomalies = [], extremes = [], more = () => {} }) {
  const mine = scenarios.filter((s) => s.family === name);
  describe(name, { concurrency: 4 }, () => {
    for (const scenario of mine) {
      texts(scenario);
      asItStands(scenario);
      eachChoice(scenario, quick[scenario.id]);
    }
    anomalies.forEach(anomaly);
    for (const [id, params] of extremes)
      test(`${id} ${JSON.stringify(params)}: an extreme`, async () => {
        judge(scenarios.find((s) => s.id === id), await one(id, params));
      });
    test(`${name}: every interesting outcome is among those looked for`, () => {
      for (const { id, outcomes } of mine)
        for (const { name: outcome, class: kind, ended } of outcomes)
          if (kind === 'interesting')
            assert.ok(anomalies.some(([a, , b]) => a === id && b === outcome), `${id}: ${outcome ?? ended}`);
    });
    more();
    after(coverage);
  });
}
