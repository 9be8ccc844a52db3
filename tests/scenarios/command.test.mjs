// The runner as a program of its own: what it says for people, what it refuses, how it ends.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { runner, scenarios } from './family.mjs';

const hostile = path.join(path.dirname(runner), 'tests/interleave-runner-hostile');
const FINE = 0, BAD_RUN = 1, USAGE = 2, NO_SANDBOX = 3;

function call(program, args, env = {}) {
  return new Promise((resolve) => {
    execFile(program, args, { maxBuffer: 1 << 26, env: { ...process.env, ...env } }, (error, stdout, stderr) =>
      resolve({ code: error ? error.code : 0, stdout, stderr }));
  });
}
const say = (...args) => call(runner, args);
const few = ['race-counter', 'n=2', 'limit_ms=20000'];

test('it lists its scenarios and tells what one does, for people and for programs', async () => {
  const list = await say('list');
  assert.equal(list.code, FINE);
  const lines = list.stdout.trimEnd().split('\n');
  assert.deepEqual(lines.map((line) => line.split(/\s+/)[0]), scenarios.map(({ id }) => id));
  for (const scenario of scenarios) {
    const { code, stdout } = await say('describe', scenario.id);
    assert.equal(code, FINE);
    assert.ok(stdout.startsWith(`${scenario.id}: ${scenario.title.en}\n`), stdout);
    for (const { name, type, choices, minimum } of scenario.params) {
      const line = stdout.split('\n').find((text) => text.startsWith(`  ${name} `));
      assert.ok(line, `${scenario.id} ${name}`);
      for (const { value } of choices ?? []) assert.ok(line.includes(value), line);
      if (type === 'integer') assert.match(line, new RegExp(`, ${minimum} to `));
    }
  }
  const one = await say('describe', 'race-counter', '--json');
  assert.deepEqual(JSON.parse(one.stdout), scenarios.find(({ id }) => id === 'race-counter'));
});

test('what it is called with in a wrong way is named, with its bounds', async () => {
  for (const [args, said] of [
    [[], /^interleave-runner: runs concurrency/],
    [['walk'], /no command is called walk/],
    [['list', 'all'], /runner list \[--json\]/],
    [['describe'], /runner describe ID/],
    [['describe', 'race-counter', '--xml'], /runner describe ID/],
    [['describe', 'no-such'], /no scenario is called no-such/],
    [['run'], /which scenario\?/],
    [['run', '--json'], /which scenario\?/],
    [['run', 'no-such'], /no such scenario/],
    [['run', ...few, 'threads'], /threads: must be name=value/],
    [['run', ...few, 'threads=9'], /params\/threads: must be 2 to 8, was "?9/],
    [['run', ...few, 'colour=red'], /params\/colour: race-counter has no such parameter/],
    [['run', ...few, '--repeat', '0'], /--repeat: must be 1 to 1000000, was 0/],
    [['run', ...few, '--repeat', '1000001'], /--repeat: must be 1 to 1000000, was 1000001/],
    [['run', ...few, '--repeat', '-1'], /--repeat: must be 1 to 1000000, was -1/],
    [['run', ...few, '--repeat', '2x'], /--repeat: must be 1 to 1000000, was 2x/],
    [['run', ...few, '--repeat'], /bad option; see --help/],
    [['run', ...few, '--schedule', 'often'], /--schedule: must be free, random:SEED, .*, was often/],
    [['run', ...few, '--schedule', 'replay:x'], /schedule\/token: is not a token/],
    [['run', ...few, '--timing', 'real'], /--timing: must be virtual or ignored, was real/],
    [['run', ...few, '--max-executions', '0'], /--max-executions: must be 1 to 100000000, was 0/],
    [['run', ...few, '--max-seconds', '301'], /--max-seconds: must be 1 to 300, was 301/],
    [['run', ...few, '--isolation', 'most'], /--isolation: must be auto, full, reduced.*, was most/],
    [['run', ...few, '--trace', '/nowhere/trace'], /--trace: \/nowhere\/trace: No such file/],
    [['spawn'], /^$/],
    [['spawn', '--tier', 'none'], /^$/],
  ]) {
    const { code, stdout, stderr } = await say(...args);
    assert.deepEqual([code, stdout], [USAGE, ''], args.join(' '));
    assert.match(stderr, said, args.join(' '));
  }
  assert.match((await say('--help')).stdout, /Exit code of run: 0 fine;/);
  assert.match((await say('--version')).stdout, /^interleave-runner \d/);
  const inherited = await call(runner, ['run', ...few], { INTERLEAVE_ISOLATION: 'most' });
  assert.deepEqual([inherited.code, inherited.stdout], [USAGE, '']);
});

test('a run that is fine prints what it prints, and says how it ended', async () => {
  const { code, stdout, stderr } = await say('run', ...few, 'variant=lock');
  assert.deepEqual([code, stdout], [FINE, 'share = 0\n']);
  assert.match(stderr, /^ended: completed\noutcome: count=0 \(acceptable\)$/m);
  assert.match(stderr, /^check \S+: held \(expected .+, was .+\)$/m);
  assert.match(stderr, /^3 tasks, \d+ events \(0 dropped\), [\d.]+ ms; started after [\d.]+ ms, all gone after/m);
});

test('a deadlock names who waits for whom, and its schedule can be replayed', async () => {
  const way = ['run', 'deadlock-two-locks', 'limit_ms=20000', '--schedule'];
  const first = await say(...way, 'pct:1:3');
  assert.equal(first.code, BAD_RUN);
  assert.match(first.stderr, /^ended: deadlock\noutcome: deadlock \(interesting\)$/m);
  assert.match(first.stderr, /^thread 1 waits for lock B, held by thread 2$/m);
  assert.match(first.stderr, /^thread 2 waits for lock A, held by thread 1$/m);
  const [, steps, token] = /^(\d+) steps, \d+ preemptions, token (\S+)$/m.exec(first.stderr);
  const again = await say(...way, `replay:${token}`);
  assert.match(again.stderr, new RegExp(`^${steps} steps, \\d+ preemptions, token ${token}$`, 'm'));
  const other = await say('run', ...few, '--schedule', `replay:${token}`);
  assert.equal(other.code, USAGE);
  assert.match(other.stderr, /schedule\/token: is a token for another scenario/);
});

test('a crash and an exit code are told', async () => {
  const crash = await call(hostile, ['run', 'segfault']);
  assert.equal(crash.code, BAD_RUN);
  assert.match(crash.stderr, /^ended: crashed \(signal 11, Segmentation fault\)$/m);
  const exit = await call(hostile, ['run', 'exit-3']);
  assert.equal(exit.code, BAD_RUN);
  assert.match(exit.stderr, /^ended: \S+ \(exit code 3\)$/m);
});

test('outcomes of many runs are counted, and add up', async () => {
  const count = 12;
  const { code, stdout } = await say('run', ...few, '--repeat', String(count), '--schedule', 'random:3');
  assert.equal(code, FINE);
  const rows = [...stdout.matchAll(/^ *(\d+) +([\d.]+) % +completed +(count=-?\d+) +(\w+)$/gm)];
  assert.deepEqual([rows.length, Number(rows[0]?.[1]), rows[0]?.[2]], [1, count, '100.0']);
  const lines = (await say('run', ...few, '--repeat', '3', '--json')).stdout.trimEnd().split('\n');
  assert.deepEqual(lines.map((line) => JSON.parse(line).ended), Array(3).fill('completed'));
});

test('what an exploration found is a table, with a token for each', async () => {
  const all = await say('run', ...few, '--schedule', 'explore', '--max-seconds', '300');
  const counts = [...all.stdout.matchAll(/^ *(\d+) +completed +count=-?\d+ .*\(\d+ preemptions: (\S+)\)$/gm)];
  const [, executions] = /^ *(\d+) +executions, .* steps: complete$/m.exec(all.stdout);
  assert.equal(all.code, FINE);
  assert.equal(counts.reduce((sum, [, n]) => sum + Number(n), 0), Number(executions));
  for (const [, , token] of counts)
    assert.equal((await say('run', ...few, '--schedule', `replay:${token}`)).code, FINE, token);
  const cut = await say('run', ...few, '--schedule', 'explore', '--max-executions', '2');
  assert.match(cut.stdout, /^ *2 +executions, .*: not complete$/m);
});

test('what cannot be written is a failure', async () => {
  const trace = path.join(tmpdir(), `interleave-command-${process.pid}`);
  assert.equal((await say('run', ...few, '--trace', trace)).code, FINE);
  assert.equal(readFileSync(trace).subarray(0, 3).toString(), 'ILC');
  rmSync(trace);
  if (!existsSync('/dev/full')) return;
  const lost = await say('run', ...few, '--trace', '/dev/full');
  assert.equal(lost.code, BAD_RUN);
  assert.match(lost.stderr, /the trace could not be written/);
  const full = openSync('/dev/full', 'w');
  for (const [args, said] of [
    [['run', ...few, '--json'], /the result could not be written/],
    [['describe', 'race-counter', '--json'], /^/],
  ]) {
    const { status, stderr } = spawnSync(runner, args, { stdio: ['ignore', full, 'pipe'], encoding: 'utf8' });
    assert.equal(status, BAD_RUN, args.join(' '));
    assert.match(stderr, said);
  }
  closeSync(full);
});

test('a weaker sandbox is said, and one that cannot be is no run', async () => {
  const weaker = await call(runner, ['run', ...few, '--isolation', 'reduced']);
  assert.equal(weaker.code, FINE);
  assert.match(weaker.stderr, /^the sandbox is reduced: it was asked for$/m);
  const [tier, why] = process.getuid() === 0 ?
    ['reduced-user', /which root is not/] : ['reduced-root', /reduced-root: /];
  const none = await call(runner, ['run', ...few, '--isolation', tier]);
  assert.deepEqual([none.code, none.stdout], [NO_SANDBOX, '']);
  assert.match(none.stderr, /no sandbox can be set up/);
  assert.match(none.stderr, why);
});
