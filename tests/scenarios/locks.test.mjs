import { test } from 'node:test';
import assert from 'node:assert/strict';
import { check, family, one, runs } from './family.mjs';

const busy = { produce_ms: 0, consume_ms: 0 };

family('locks', {
  quick: {
    'lock-granularity': { n: 20000 },
    'event-lost-signal': { period_ms: 50 },
  },
  anomalies: [
    ['lock-print-lines', { gap_us: 10 }, 'broken', 5],
    ['lock-handoff', {}, 'unfair', 10],
    ['lock-handoff', { misuse: 'release-unlocked' }, 'refused', 1],
    ['lock-handoff', { misuse: 'acquire-twice' }, 'not-acquired', 1],
    ['rlock-nested', { lock: 'lock' }, 'waits-for-itself', 1],
    ['rlock-nested', { release_missing: 1 }, 'never-released', 1],
    ['deadlock-two-locks', {}, 'deadlock', 1],
    ['deadlock-two-locks', { rendezvous: false, gap_us: 1000 }, 'deadlock', 20],
    ['semaphore-stalls', {}, 'one-too-many', 1],
    ['semaphore-signal', { initial: 1 }, 'ahead', 1],
    ['condition-bounded-buffer', { ...busy, consumers: 3, items: 300 }, 'woken-too-late', 10],
    ['condition-bounded-buffer',
      { ...busy, guard: 'while', producers: 8, consumers: 8, capacity: 1, items: 1000 },
      'wrong-one-woken', 10],
    ['condition-abc-order', { coordination: 'condition-notify' }, 'stalled', 5],
    ['condition-abc-order', { coordination: 'none' }, 'unordered', 10],
    ['event-lost-signal', { period_ms: 10 }, 'missed', 10],
    ['event-lost-signal', { hold_us: 500, period_ms: 10 }, 'wrong-values', 10],
    ['barrier-rendezvous', { missing: true }, 'broken', 1],
    ['with-vs-manual', { style: 'bare' }, 'left-locked', 1],
    ['race-counter', {}, 'lost-updates', 20],
    ['race-counter', { granularity: 'bytecode-gil-old' }, 'lost-updates', 20],
  ],
  extremes: [
    ['lock-granularity', { threads: 8, n: 1000, mode: 'chunk', chunk: 1000000, lock: 'spin' }],
    ['lock-granularity', { threads: 1, n: 10000000 }],
    ['lock-print-lines', { workers: 32, writes_per_line: 8, gap_us: 1000 }],
    ['lock-print-lines', { workers: 32, writes_per_line: 8, lock: true, unit: 'thread' }],
    ['lock-handoff', { waiters: 32, rounds: 100, lock: 'ticket', hold_us: 0 }],
    ['lock-handoff', { waiters: 32, rounds: 100, lock: 'spin', hold_us: 0 }],
    ['lock-handoff', { waiters: 1, rounds: 1, hold_us: 10000 }],
    ['rlock-nested', { depth: 16, n: 10000, threads: 8 }],
    ['rlock-nested', { depth: 1, lock: 'lock', n: 1 }],
    ['deadlock-two-locks', { threads: 8, order: 'same', rounds: 1000 }],
    ['deadlock-two-locks', { threads: 8, resolve: 'timeout-retry' }],
    ['deadlock-two-locks', { threads: 8, primitive: 'manager-lock' }],
    ['semaphore-stalls', { users: 64, permits: 16, stay_ms_max: 10 }],
    ['semaphore-stalls', { users: 1, permits: 16, stay_ms_max: 0, unit: 'thread' }],
    ['semaphore-signal', { rounds: 100, delay_ms: 0, initial: 3 }],
    ['condition-bounded-buffer',
      { ...busy, capacity: 1, producers: 8, consumers: 8, items: 1000, wake: 'notify-all' }],
    ['condition-abc-order', { threads: 26, rounds: 1000, coordination: 'semaphores' }],
    ['condition-abc-order', { threads: 2, rounds: 1 }],
    ['event-lost-signal', { variant: 'two-events', rounds: 100, period_ms: 1 }],
    ['barrier-rendezvous', { parties: 16, free: 16, rounds: 2000, skew_ms: 0 }],
    ['barrier-rendezvous', { parties: 16, free: 0, missing: true, unit: 'process' }],
    ['with-vs-manual', { threads: 16, raise_inside: false, style: 'bare' }],
    ['race-counter', { threads: 3, n: 1 }],
    ['race-counter', { threads: 8, n: 10000000 }],
    ['race-counter', { threads: 7, n: 1001, window_ns: 10000, variant: 'lock' }],
    ['race-counter', { threads: 8, n: 100000, granularity: 'bytecode-gil-old', variant: 'lock' }],
  ],
  more() {
    test('a deadlock names every lock of the ring and who holds it', async () => {
      for (const primitive of ['lock', 'semaphore', 'manager-lock']) {
        const { waits_for } = await one('deadlock-two-locks', { primitive, threads: 3 });
        const ring = waits_for.filter(({ object }) => object.startsWith('lock '));
        assert.deepEqual(ring, [
          { task: 'thread 1', object: 'lock B', holder: 'thread 2' },
          { task: 'thread 2', object: 'lock C', holder: 'thread 3' },
          { task: 'thread 3', object: 'lock A', holder: 'thread 1' }]);
      }
    });

    test('a thread that waits for itself is named as the holder', async () => {
      const { waits_for } = await one('rlock-nested', { lock: 'lock' });
      assert.ok(waits_for.some((w) => w.object === 'lock' && w.task === w.holder));
    });

    test('A, B and C come in order, ten times', async () => {
      for (const coordination of ['condition-notify-all', 'semaphores'])
        assert.equal((await one('condition-abc-order', { coordination })).output, `${'ABC'.repeat(10)}\n`);
    });

    test('what is glued together in the output is what is called broken', async () => {
      for (const run of await runs('lock-print-lines', { gap_us: 10 }, 10)) {
        const whole = run.output.split('\n').filter((line) => /^hello world \d+$/.test(line)).length;
        assert.ok(whole >= run.metrics.whole_lines, run.output); // a newline may be another's
        assert.equal(run.output.match(/hello world/g).length, 10);
      }
      const { output } = await one('lock-print-lines', { lock: true });
      assert.equal(output.trim().split('\n').sort().join(), [...Array(10).keys()].map((i) => `hello world ${i}`).join());
    });

    test('the outcome of a protected counter is count=0, always', async () => {
      for (const variant of ['lock', 'atomic'])
        for (const threads of [2, 3, 8])
          for (const run of await runs('race-counter', { variant, threads, n: 20001 }, 5))
            assert.equal(run.outcome.text, 'count=0');
    });

    test('a counter is never further from 0 than what was added', async () => {
      const bounds = async (threads, n) =>
        check(await one('race-counter', { threads, n }), 'within-bounds').expected;
      assert.equal(await bounds(2, 10), '-10 to 10');
      assert.equal(await bounds(3, 5), '-7 to 7');
      assert.equal(await bounds(8, 1), '-4 to 4');
    });
  },
});
