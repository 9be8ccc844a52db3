import { test } from 'node:test';
import assert from 'node:assert/strict';
import { check, family, one, runs } from './family.mjs';

family('pools', {
  quick: {
    'pool-blocking-modes': { task_ms: 30 },
    'pool-lifecycle': { tasks: 8 },
    'pool-silent-error': { tasks: 10 },
  },
  anomalies: [
    ['pool-blocking-modes', { task_ms: 5 }, 'serial', 2],
    ['pool-blocking-modes', { call: 'apply_async', collect: 'get-each', task_ms: 5 }, 'serial', 2],
    ['pool-imap-streaming', { call: 'imap_unordered', time_scale: 0.2 }, 'as-completed', 3],
    ['pool-silent-error', {}, 'silent', 2],
    ['pool-silent-error', { call: 'map-two' }, 'silent', 2],
    ['pool-silent-error', { call: 'starmap', bug_inside: 'unbound-num' }, 'silent', 2],
    ['pool-initializer', { finish: 'none', tasks: 100 }, 'cut', 10],
    ['pool-lifecycle', { finish: 'terminate', finish_after_ms: 20 }, 'dropped', 3],
    ['pool-lifecycle', { finish: 'nothing', finish_after_ms: 20 }, 'dropped', 3],
    ['pool-lifecycle', { finish: 'join-before-close' }, 'raised', 2],
    ['pool-lifecycle', { finish: 'submit-after-close' }, 'raised', 2],
    ['pool-daemon-children', {}, 'refused', 2],
    ['pool-daemon-children', { allow: true }, 'orphans', 3],
    ['pool-shareable-objects', {}, 'refused', 2],
    ['executor-futures', { api: 'as_completed-inside', time_scale: 0.2 }, 'completion-order', 3],
    ['executor-futures', { api: 'wait-first', time_scale: 0.2, backend: 'threads' }, 'completion-order', 3],
    ['executor-futures', { api: 'as_completed-after', time_scale: 0.1 }, 'arbitrary', 3],
    ['queue-thread-pool', { join: 'missing', work_us: 1000 }, 'too-early', 3],
    ['pool-map-order', {}, 'out-of-order', 20],
    ['pool-callback-progress', {}, 'out-of-order', 20],
  ],
  extremes: [
    ['pool-blocking-modes', { tasks: 64, workers: 16, task_ms: 1, call: 'apply_async', collect: 'poll-ready' }],
    ['pool-blocking-modes', { tasks: 64, workers: 1, task_ms: 1, call: 'starmap_async', collect: 'wait' }],
    ['pool-blocking-modes', { tasks: 1, workers: 16, call: 'map_async', input: 'slow-generator' }],
    ['pool-imap-streaming', { durations_ms: Array(64).fill(5), workers: 16, chunk: 32 }],
    ['pool-imap-streaming', { durations_ms: [1], workers: 1, call: 'imap_unordered' }],
    ['pool-silent-error', { tasks: 200, call: 'kwargs' }],
    ['pool-silent-error', { tasks: 1, look: 'successful' }],
    ['pool-initializer', { workers: 16, tasks: 200, init_value: -1000 }],
    ['pool-initializer', { mode: 'object-method', tasks: 200, calls_per_object: 10 }],
    ['pool-initializer', { mode: 'object-method', finish: 'none', workers: 1, tasks: 1 }],
    ['pool-lifecycle', { tasks: 200, workers: 16, task_ms: 0, finish: 'terminate', finish_after_ms: 0 }],
    ['pool-lifecycle', { tasks: 1, workers: 16, finish: 'nothing', finish_after_ms: 0, task_ms: 500 }],
    ['pool-daemon-children', { workers: 4, nested: 4, allow: true }],
    ['pool-daemon-children', { workers: 4, nested: 4, allow: true, time_scale: 0.01 }],
    ['pool-daemon-children', { workers: 4, nested: 4, pool: 'process-pool-executor' }],
    ['pool-daemon-children', { workers: 4, nested: 0 }],
    ['pool-shareable-objects', { workers: 8, tasks: 100, how: 'process-argument', object: 'mp-array' }],
    ['pool-shareable-objects', { workers: 8, tasks: 100, object: 'manager-lock' }],
    ['executor-futures', { durations_ms: Array(64).fill(10), workers: 16, api: 'as_completed-inside' }],
    ['executor-futures', { durations_ms: [1], workers: 1, api: 'as_completed-after' }],
    ['queue-thread-pool', { threads: 16, tasks: 1000, stop: 'sentinel' }],
    ['queue-thread-pool', { threads: 1, tasks: 1, join: 'missing' }],
    ['pool-map-order', { tasks: 1000, workers: 16, chunk: 100, service_us: 10 }],
    ['pool-map-order', { tasks: 1000, workers: 16, chunk: 1, service_us: 0, jitter: 0 }],
    ['pool-map-order', { tasks: 1, workers: 16, chunk: 100 }],
    ['pool-callback-progress', { tasks: 500, fail_every: 1, service_us: 0 }],
    ['pool-callback-progress', { tasks: 500, workers: 16, service_us: 0, report: 'progress-bar' }],
    ['pool-callback-progress', { tasks: 1, workers: 1, fail_every: 50 }],
  ],
  more() {
    test('the list that map returns is printed as Python does', async () => {
      const last = async (params) => (await one('pool-map-order', { service_us: 0, ...params }))
        .output.trim().split('\n').at(-1);
      assert.equal(await last({ func: 'print', tasks: 3 }), '[None, None, None]');
      assert.equal(await last({ func: 'add', tasks: 3 }), '[2, 3, 4]');
      assert.match(await last({ func: 'square', tasks: 1000 }), /^\[0, 1, 4, .*\d, …\]$/);
    });

    test('a global is set once in each worker, an object is a copy in each call', async () => {
      const run = await one('pool-initializer', {});
      assert.match(run.output, /sum: 1045/);
      assert.equal(run.output.match(/init\(100\)/g).length, 3);
      assert.deepEqual(run.table[0], ['parent', 0, 0, 0]);
      assert.deepEqual(run.table.slice(1).map(([, times, , value]) => [times, value]), Array(3).fill([1, 100]));
      assert.equal(run.table.reduce((sum, [, , calls]) => sum + calls, 0), 10);
      const { table } = await one('pool-initializer', { mode: 'object-method' });
      for (const [name, times, , value] of table)
        assert.deepEqual([times, value], [0, name === 'parent' ? 0 : 1]);
    });

    test('blocking is a matter of when main asks', async () => {
      const how = async (params) => (await one('pool-blocking-modes', { task_ms: 20, ...params })).outcome.text;
      assert.equal(await how({}), 'at-once=1 done-on-return=8');
      assert.equal(await how({ call: 'apply_async', collect: 'get-each' }), 'at-once=1 done-on-return=8');
      assert.match(await how({ call: 'map' }), /^at-once=[234] done-on-return=8$/);
      for (const call of ['apply_async', 'map_async', 'starmap_async'])
        assert.match(await how({ call }), /^at-once=[234] done-on-return=[0-7]$/);
    });

    test('imap hands nothing out before its slow first task is done', async () => {
      const arrivals = async (call) => (await one('pool-imap-streaming', { call, time_scale: 0.2 }))
        .table.map(([, , arrived]) => arrived / 1e6);
      for (const ms of await arrivals('imap')) assert.ok(ms >= 79, `${ms}`);
      const [first] = await arrivals('imap_unordered');
      assert.ok(first >= 19 && first < 79, `${first}`);
    });

    test('the error is silent or seen, and every task failed', async () => {
      const text = async (params) => (await one('pool-silent-error', params)).outcome.text;
      assert.equal(await text({}), 'succeeded=0 seen=False');
      assert.equal(await text({ look: 'get' }), 'succeeded=0 seen=True');
      assert.equal(await text({ look: 'error_callback' }), 'succeeded=0 seen=True');
      assert.equal(await text({ call: 'args-tuple' }), 'succeeded=100 seen=False');
      assert.match((await one('pool-silent-error', { look: 'get' })).output, /TypeError/);
      assert.equal((await one('pool-silent-error', {})).output, 'main: done\n');
    });

    test('a map has one result, and a chunk ends at its first error', async () => {
      const of = async (params) => {
        const { table, checks } = await one('pool-silent-error', { tasks: 100, ...params });
        return [...table.map(([, count]) => count), check({ checks }, 'errors-seen').actual];
      };
      assert.deepEqual(await of({ look: 'get' }), [0, 100, 0, 100, '100']);
      assert.deepEqual(await of({ look: 'get', call: 'map-two' }), [0, 15, 85, 1, '1']);
      assert.deepEqual(await of({ look: 'error_callback', call: 'map-two' }), [0, 15, 85, 1, '1']);
    });

    test('what a pool refuses is what Python refuses', async () => {
      const said = async (id, params) => (await one(id, params)).output;
      assert.match(await said('pool-lifecycle', { finish: 'join-before-close' }), /ValueError: Pool is still running/);
      assert.match(await said('pool-lifecycle', { finish: 'submit-after-close' }), /ValueError: Pool not running/);
      assert.match(await said('pool-daemon-children', {}), /daemonic processes are not allowed to have children/);
      assert.match(await said('pool-shareable-objects', {}), /through inheritance/);
    });

    test('what cannot be pickled is refused in the parent: no worker sees the task', async () => {
      const fates = async (params) => {
        const { table, metrics } = await one('pool-shareable-objects', params);
        return [table.map(([, fate]) => fate), metrics.items ?? 0];
      };
      for (const object of ['mp-queue', 'mp-array', 'mp-lock']) {
        assert.deepEqual(await fates({ object }), [Array(3).fill('refused'), 0]);
        assert.deepEqual(await fates({ object, how: 'initializer' }), [Array(3).fill('used'), 3]);
        assert.deepEqual(await fates({ object, how: 'process-argument' }), [Array(3).fill('used'), 0]);
      }
      for (const object of ['manager-queue', 'manager-lock'])
        assert.deepEqual(await fates({ object }), [Array(3).fill('used'), 3]);
    });

    test('terminate leaves orphans, shutdown waits', async () => {
      const children = async (params) => (await one('pool-daemon-children', { workers: 2, nested: 2, ...params })).table;
      const left = await children({ allow: true });
      for (const [, state, first, last] of left) {
        assert.equal(state, 'orphan');
        assert.notEqual(first, last);
      }
      assert.equal(new Set(left.map(([, , , last]) => last)).size, 1);
      for (const [, state, first, last] of await children({ pool: 'process-pool-executor' })) {
        assert.equal(state, 'ended');
        assert.equal(first, last);
      }
    });

    test('as_completed inside the block: the shortest first, the longest last', async () => {
      const { outcome } = await one('executor-futures', { api: 'as_completed-inside' });
      assert.match(outcome.text, /^order=4 2 .* 1$/);
      assert.ok(check(await one('executor-futures', {}), 'input-order').held);
    });

    test('inversions are what the finishing order says', async () => {
      const close = { tasks: 40, service_us: 0, chunk: 1 };
      const all = [...await runs('pool-map-order', {}, 10), ...await runs('pool-map-order', close, 200)];
      for (const run of all) {
        const order = run.outcome.text.replace('order=', '').split(' ').map(Number);
        let inversions = 0;
        order.forEach((a, i) => order.slice(i + 1).forEach((b) => { inversions += a > b; }));
        assert.equal(run.metrics.inversions, inversions, run.outcome.text);
      }
    });
  },
});
