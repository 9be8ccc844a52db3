// Scenarios under a schedule: that it repeats, that every mode comes to a declared end, and that what
// is explored is the truth about real threads and processes.
import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { judge, roomy, runner, SANITIZED, scenarios } from './family.mjs';
import { TABLE } from './controlled.table.mjs';

const REPLAYS = SANITIZED ? 20 : 1000;
const RACE_SEEDS = 10;

/** Sanitizers leave less room: fewer runs, and what they have no memory to explore is passed over. */
const freeRuns = (setup) => (SANITIZED ? Math.min(20, setup.free) : setup.free);

const MODES = ['random:1', 'random:2', 'pct:1:3', 'round-robin'];

const controlled = scenarios.filter((s) => s.schedules.includes('random'));

/** What the runner says, line by line; a run that ends badly is a result. */
function run(id, params, options) {
  const settings = Object.entries(roomy(id, params)).map(([name, value]) => `${name}=${value}`);
  return new Promise((resolve, reject) => {
    execFile(runner, ['run', id, ...settings, '--json', ...options], { maxBuffer: 1 << 28 }, (_, stdout, stderr) => {
      const lines = stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line));
      if (lines.length > 0) resolve(lines);
      else reject(new Error(`${id} ${settings.join(' ')} ${options.join(' ')}: ${stderr}`));
    });
  });
}

const nameOf = (scenario, rule) => scenario.outcomes[rule]?.name ?? 'undeclared';
const byText = (outcome) => (outcome.ended === 'completed' ? outcome.text : '');
const keyOf = (outcome) => `${outcome.ended}: ${byText(outcome)}`;

function explore(id, setup, bound = '') {
  const options = ['--schedule', `explore${bound}`, '--timing', setup.timing, '--max-seconds', String(setup.seconds)];
  return run(id, setup.with, options).then(([{ explored }]) => explored);
}

/** Exit code and what is printed. */
const command = (...args) => new Promise((resolve) => {
  execFile(runner, args, { maxBuffer: 1 << 28 }, (error, stdout) => resolve({ code: error?.code ?? 0, stdout }));
});

describe('a search on the command line', () => {
  const ways = ['--timing', 'ignored'];
  test('is judged by its table', async () => {
    const opposite = await command('run', 'deadlock-two-locks', '--schedule', 'explore', ...ways);
    assert.match(opposite.stdout, /deadlock/);
    assert.equal(opposite.code, 1, 'one outcome is a deadlock');
    const lock = await command('run', 'race-counter', 'n=2', 'variant=lock', '--schedule', 'explore', ...ways);
    assert.match(lock.stdout, /: complete/);
    assert.equal(lock.code, 0);
    const few = await command('run', 'race-counter', '--schedule', 'explore', ...ways);
    assert.match(few.stdout, / 32 cut/);
    assert.equal(few.code, 1, 'nothing was found');
  });
  test('does not tell its last execution for the result', async () => {
    const said = JSON.parse((await command('run', 'race-counter', 'n=2', '--schedule', 'explore', '--json', ...ways)).stdout);
    assert.ok(said.explored.outcomes.length > 1);
    assert.deepEqual([said.outcome, said.checks, said.table], [null, [], []]);
  });
  test('and every other schedule are in the help', async () => {
    const { stdout } = await command('--help');
    for (const word of ['free', 'random:', 'pct:', 'round-robin', 'replay:', 'explore', 'shrink:', '--timing', '--max-executions', '--max-seconds'])
      assert.ok(stdout.includes(word), word);
  });
});

/* ---- replay ---- */

/** A run of that mode, then its token again and again: all traces are one, and so are the outputs. */
async function replays(id, params, mode, count) {
  const folder = mkdtempSync(join(tmpdir(), 'interleave-'));
  const [first, again] = ['first', 'again'].map((name) => join(folder, name));
  try {
    const [original] = await run(id, params, ['--schedule', mode, '--trace', first]);
    assert.ok(original.schedule.token, `${id}, ${mode}: ${original.ended}: ${original.output}`);
    const options = ['--schedule', `replay:${original.schedule.token}`, '--repeat', String(count), '--trace', again];
    const said = ({ output, outcome, ended, table, checks }) => JSON.stringify({ output, outcome, ended, table, checks });
    for (const repeated of await run(id, params, options)) assert.equal(said(repeated), said(original));
    const [trace, traces] = [readFileSync(first), readFileSync(again)];
    assert.equal(traces.length, trace.length * count, `${id}, ${mode}: length of the traces`);
    for (let i = 0; i < count; i++)
      assert.ok(traces.subarray(i * trace.length, (i + 1) * trace.length).equals(trace), `${id}, ${mode}: trace ${i} differs`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('a token repeats its run', { concurrency: 2 }, () => {
  for (const { id } of controlled) {
    const params = TABLE[id]?.[0].with;
    test(`${id}: ${REPLAYS} times`, () => replays(id, params, 'random:7', REPLAYS));
    for (const mode of ['pct:7:3', 'round-robin'])
      test(`${id}: ${mode}`, () => replays(id, params, mode, 10));
  }
});

/* ---- every mode ---- */

describe('every mode comes to a declared end', { concurrency: 2 }, () => {
  for (const scenario of controlled)
    test(scenario.id, async () => {
      for (const mode of MODES)
        for (const timing of ['virtual', 'ignored'])
          for (const result of await run(scenario.id, {}, ['--schedule', mode, '--timing', timing]))
            judge(scenario, result);
    });
});

/* ---- the truth ---- */

const title = (id, setup) => `${id} ${JSON.stringify(setup.with)}`;

const setups = controlled.flatMap((scenario) => (TABLE[scenario.id] ?? []).map((setup) => [scenario, setup]));

describe('what is explored is all there is', { concurrency: 2 }, () => {
  test('every scenario has its setups', () => {
    assert.deepEqual(Object.keys(TABLE).sort(), controlled.map((s) => s.id).sort());
  });

  for (const [scenario, setup] of setups)
    test(title(scenario.id, setup), async () => {
      const explored = await explore(scenario.id, setup);
      if (SANITIZED && !explored.complete) return;
      const found = new Set(explored.outcomes.map(({ rule }) => nameOf(scenario, rule)));
      assert.deepEqual([...found].sort(), setup.finds);
      assert.equal(explored.complete, !setup.incomplete);
      const possible = new Set(explored.outcomes.map(keyOf));
      const free = await run(scenario.id, setup.with, ['--repeat', String(freeRuns(setup))]);
      assert.equal(free.length, freeRuns(setup));
      for (const { outcome, ended } of free)
        assert.ok(possible.has(keyOf({ ...outcome, ended })), `${ended} ${outcome?.text} is not among ${[...possible].join(', ')}`);
    });
});

/* ---- data races ---- */

describe('data races are where they are expected', { concurrency: 2 }, () => {
  for (const [scenario, setup] of setups)
    test(title(scenario.id, setup), async () => {
      const met = new Set();
      for (let seed = 1; seed <= RACE_SEEDS; seed++) {
        const options = ['--schedule', `random:${seed}`, '--timing', setup.timing];
        const [result] = await run(scenario.id, setup.with, options);
        judge(scenario, result);
        for (const { object, first, second } of result.races ?? []) {
          met.add(object);
          assert.notEqual(first.task_id, second.task_id);
          assert.ok([first, second].some(({ operation }) => operation !== 'read'));
        }
      }
      assert.deepEqual([...met].sort(), setup.races);
    });
});
