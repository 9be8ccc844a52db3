import { test } from 'node:test';
import assert from 'node:assert/strict';
import { check, family, one, runs } from './family.mjs';

const lines = (run) => run.output.trim().split('\n');

family('processes', {
  quick: {
    'process-lifecycle': { child_ms: 300, act_after_ms: 60 },
  },
  anomalies: [
    ['process-start-join', { jitter_ms: 50 }, 'out-of-order', 20],
    ['process-lifecycle', { action: 'join-timeout', time_scale: 0.2 }, 'still-alive', 3],
    ['daemon-vs-join', {}, 'child-cut', 3],
    ['daemon-vs-join', { kind: 'thread' }, 'child-cut', 3],
    ['daemon-vs-join', { set_daemon: 'inherit' }, 'refused', 3],
    ['event-gated-workers', {}, 'only-first', 3],
    ['event-gated-workers', { busy_ms: 150, time_scale: 0.2 }, 'coalesced', 3],
    ['event-gated-workers', { busy_ms: 250, clear: 'right-after-wait', select: 'all', time_scale: 0.2 }, 'coalesced', 3],
    ['fork-vs-spawn', { helper_thread_holds_lock: true }, 'copied-lock', 2],
    ['spawn-main-guard', {}, 'stopped', 2],
    ['spawn-main-guard', { protect: false }, 'self-copying', 2],
    ['orphan-on-signal', {}, 'main-waits', 3],
    ['orphan-on-signal', { shape: 'pool-finally-join' }, 'main-hangs', 3],
    ['orphan-on-signal', { signal: 'sigint-twice' }, 'orphans', 3],
    ['orphan-on-signal', { signal: 'sigkill', shape: 'pool-handler' }, 'orphans', 3],
    ['fork-random-repeat', {}, 'repeated', 3],
    ['crash-isolation', {}, 'all-down', 3],
  ],
  extremes: [
    ['process-start-join', { n: 16, repeat: 50, work_ms: 0, style: 'subclass', join_order: 'reverse' }],
    ['process-start-join', { n: 1, jitter_ms: 200, work_ms: 0 }],
    ['process-lifecycle', { child_ms: 10, act_after_ms: 10, action: 'terminate', time_scale: 0.01 }],
    ['process-lifecycle', { child_ms: 10, act_after_ms: 5000, action: 'kill', time_scale: 0.1 }],
    ['daemon-vs-join', { child_ms: 50, main_ms: 500, kind: 'thread' }],
    ['daemon-vs-join', { child_ms: 50, main_ms: 50, time_scale: 0.01 }],
    ['event-gated-workers', { workers: 16, rounds: 50, period_ms: 5, busy_ms: 10, select: 'all', clear: 'counter' }],
    ['event-gated-workers', { workers: 16, rounds: 50, period_ms: 5, k: 16, select: 'random-k' }],
    ['event-gated-workers', { workers: 1, rounds: 1, busy_ms: 1000, period_ms: 1000 }],
    ['fork-vs-spawn', { ballast_mib: 64, set_method_twice: true }],
    ['fork-vs-spawn', { method: 'spawn', ballast_mib: 64, helper_thread_holds_lock: true }],
    ['spawn-main-guard', { protect: false, max_depth: 5 }],
    ['spawn-main-guard', { protect: false, max_depth: 1 }],
    ['spawn-main-guard', { max_depth: 1 }],
    ['orphan-on-signal', { children: 8, signal: 'sigkill' }],
    ['orphan-on-signal', { children: 8, signal: 'sigterm', pdeathsig: true }],
    ['orphan-on-signal', { children: 8, shape: 'pool-finally-join', target: 'group', time_scale: 0.01 }],
    ['fork-random-repeat', { children: 16, draws: 20, parent_draws: 10, generator: 'os-entropy' }],
    ['fork-random-repeat', { children: 2, draws: 1, parent_draws: 0 }],
    ['crash-isolation', { units: 16, victim: 15, at_ms: 0, unit: 'process' }],
    ['crash-isolation', { units: 2, victim: 15, at_ms: 0, fault: 'abort' }],
  ],
  more() {
    test('“End” is the last line, after every child', async () => {
      for (const run of await runs('process-start-join', { n: 8, repeat: 3, work_ms: 2 }, 20)) {
        assert.equal(lines(run).length, 8 * 3 + 1);
        assert.equal(lines(run).at(-1), 'End');
      }
    });

    test('after terminate() the exit code is -15, and a pid is there after start() only', async () => {
      const run = await one('process-lifecycle', { time_scale: 0.2 });
      assert.equal(run.outcome.text, 'exitcode=-15');
      assert.match(lines(run)[0], /pid None, is_alive False, exitcode None/);
      assert.match(lines(run).at(-1), /is_alive False, exitcode -15/);
      const twice = await one('process-lifecycle', { start_twice: true, time_scale: 0.2 });
      assert.ok(check(twice, 'second-start-refused').held);
      assert.match(twice.output, /cannot start a process twice/);
    });

    test('an activation a busy worker cannot see is lost, and a semaphore loses none', async () => {
      const served = async (params) => (await one('event-gated-workers', params)).outcome.text;
      assert.match(await served({ busy_ms: 150 }), /^sent=5 served=[1-4] active=1 of 5$/);
      assert.equal(await served({ busy_ms: 150, clear: 'counter' }), 'sent=5 served=5 active=1 of 5');
      assert.equal(await served({ select: 'all', clear: 'counter' }), 'sent=25 served=25 active=5 of 5');
      assert.equal(await served({ select: 'random-k', k: 2, rounds: 4, clear: 'counter' }).then((t) => t.split(' ')[0]), 'sent=8');
    });

    test('as it stands: five wait, and only the first ever goes on', async () => {
      const run = await one('event-gated-workers', {});
      const printed = lines(run);
      const served = Number(run.outcome.text.match(/served=(\d+)/)[1]);
      assert.equal(printed.filter((line) => line === 'worker 0: after').length, served);
      for (const i of [1, 2, 3, 4])
        assert.deepEqual(printed.filter((line) => line.startsWith(`worker ${i}`)), [`worker ${i}: before`]);
      assert.equal(printed.at(-1), 'End');
    });

    test('a forked child sees the changed global, a spawned one does not', async () => {
      assert.equal((await one('fork-vs-spawn', {})).outcome.text, 'child sees 2, parent has 2');
      const spawned = await one('fork-vs-spawn', { method: 'spawn' });
      assert.equal(spawned.outcome.text, 'child sees 1, parent has 2');
      assert.deepEqual(spawned.table[1].slice(1, 5), [1, 1, 'closed', 'free']); // imported, by itself
      assert.match(spawned.output, /parent: got hello/);
    });

    test('the copied lock is waited for by the child, and held by nobody', async () => {
      const { waits_for: waits } = await one('fork-vs-spawn', { helper_thread_holds_lock: true });
      const child = waits.find(({ object }) => object === 'module.lock');
      assert.equal(child.task, 'Process-1');
      assert.ok(!child.holder);
    });

    test('without the guard a spawned child says nothing and exits with 1', async () => {
      const run = await one('spawn-main-guard', {});
      assert.equal(run.outcome.text, 'codes=[1, 1] processes=2');
      assert.doesNotMatch(run.output, /hello/);
    });

    // What CPython 3.11 does, measured: shape, signal, target → is main there, children left, orphans.
    const SURVIVORS = [
      ['plain', 'sigint', 'main-only', 'main=alive left=2 orphans=0'],
      ['plain', 'sigint', 'group', 'main=-2 left=0 orphans=0'],
      ['plain', 'sigint-twice', 'main-only', 'main=-2 left=2 orphans=2'],
      ['plain', 'sigterm', 'main-only', 'main=-15 left=2 orphans=2'],
      ['plain', 'sigkill', 'main-only', 'main=-9 left=2 orphans=2'],
      ['daemon', 'sigint', 'main-only', 'main=-2 left=0 orphans=0'],
      ['pool', 'sigint', 'main-only', 'main=-2 left=0 orphans=0'],
      ['pool-finally-join', 'sigint', 'main-only', 'main=alive left=2 orphans=0'],
      ['pool-finally-join', 'sigint-twice', 'main-only', 'main=-2 left=0 orphans=0'],
      ['pool-finally-join', 'sigint', 'group', 'main=alive left=2 orphans=0'],
      ['pool-handler', 'sigint', 'main-only', 'main=0 left=0 orphans=0'],
      ['pool-handler', 'sigint', 'group', 'main=0 left=0 orphans=0'],
      ['pool-handler', 'sigterm', 'main-only', 'main=-15 left=2 orphans=2'],
    ];
    for (const [shape, signal, target, expected] of SURVIVORS) {
      test(`${shape}, ${signal} to ${target}: who survives`, async () => {
        for (const time_scale of [1, 0.01])
          for (const run of await runs('orphan-on-signal', { shape, signal, target, time_scale }, 5))
            assert.equal(run.outcome.text, expected);
      });
    }

    test('a crash in a thread ends the program by that signal, in a process it does not', async () => {
      const text = async (params) => (await one('crash-isolation', { at_ms: 20, ...params })).outcome.text;
      assert.equal(await text({ fault: 'segv' }), 'main=-11 finished=0 of 4');
      assert.equal(await text({ fault: 'abort' }), 'main=-6 finished=0 of 4');
      assert.equal(await text({ fault: 'exit1' }), 'main=1 finished=0 of 4');
      assert.equal(await text({ fault: 'exception' }), 'main=0 finished=3 of 4');
      assert.equal(await text({ unit: 'process' }), 'main=0 finished=3 of 4');
    });
  },
});
