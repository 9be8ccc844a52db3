import { test } from 'node:test';
import assert from 'node:assert/strict';
import { check, family, one, runs } from './family.mjs';

const lines = (run) => run.output.trim().split('\n');

family('memory', {
  quick: {
    'value-array': { n: 3000 },
    'manager-lost-update': { tasks: 20 },
  },
  anomalies: [
    ['value-array', { n: 50, window_us: 100 }, 'lost-updates', 5],
    ['value-array', { variant: 'local-name' }, 'silent-error', 2],
    ['manager-lost-update', { window_us: 2000 }, 'lost-updates', 5],
    ['manager-lost-update', { tasks: 200 }, 'lost-updates', 10],
    ['shared-vs-isolated', { model: 'process-private' }, 'private', 2],
    ['shared-vs-isolated', { model: 'manager', messages_per_task: 20 }, 'another-order', 30],
    ['shared-vs-isolated', { model: 'message-passing', messages_per_task: 20 }, 'another-order', 30],
    ['copy-or-share', {}, 'copy-at-same-address', 2],
    ['copy-or-share', { route: 'fork-argument' }, 'copy-at-same-address', 2],
    ['shared-array-view', { view: 'float64' }, 'read-as-floats', 2],
    ['shared-array-view', { backing: 'mp-array' }, 'read-as-integers', 2],
    ['shared-array-view', { view: 'float32' }, 'reshape-refused', 2],
    ['shared-array-view', { assign: 'rebind' }, 'never-arrived', 2],
    ['shm-lifecycle', { crash_before_unlink: true }, 'leaked-by-crash', 2],
    ['shm-lifecycle', { unlink: 'never' }, 'leaked', 2],
    ['shm-lifecycle', { unlink: 'early' }, 'name-gone', 2],
    ['shm-lifecycle', { unlink: 'twice' }, 'unlinked-twice', 2],
    ['shm-lifecycle', { create_twice: true }, 'name-taken', 2],
    ['shm-sync-strategy', { strategy: 'none' }, 'corrupted', 5],
  ],
  extremes: [
    ['value-array', { workers: 8, n: 1, type: 'i', variant: 'get-lock' }],
    ['value-array', { op: 'negate-array', array_len: 64 }],
    ['value-array', { op: 'set-pi', array_len: 1, type: 'i' }],
    ['value-array', { n: 1000000, variant: 'get-lock' }],
    ['manager-lost-update', { workers: 16, tasks: 10000 }],
    ['manager-lost-update', { workers: 1, tasks: 1, op: 'append', variant: 'locked' }],
    ['shared-vs-isolated', { units: 32, messages_per_task: 100, model: 'message-passing' }],
    ['shared-vs-isolated', { units: 32, messages_per_task: 100, model: 'manager', placement: 'same-core' }],
    ['shared-vs-isolated', { units: 1, messages_per_task: 0, model: 'process-private' }],
    ['copy-or-share', { route: 'shared-mmap', bytes: 16777216 }],
    ['copy-or-share', { route: 'pipe', bytes: 16777216 }],
    ['copy-or-share', { route: 'fork-global', bytes: 64, child_writes: false }],
    ['shared-array-view', { rows: 64, cols: 64 }],
    ['shared-array-view', { rows: 1, cols: 1, backing: 'mp-array', view: 'float64', writer: 'parent' }],
    ['shm-lifecycle', { size: 16777216, readers: 8, unlink: 'early', create_twice: true }],
    ['shm-lifecycle', { size: 1, crash_before_unlink: true, unlink: 'early' }],
    ['shm-sync-strategy', { strategy: 'slot-queue', slots: 32, rounds: 1000, produce_us: 0, consume_us: 0 }],
    ['shm-sync-strategy', { strategy: 'barrier', rounds: 1, jitter: 1 }],
  ],
  more() {
    test('one write copies one page, however large the data', async () => {
      for (const bytes of [4096, 16777216]) {
        const run = await one('copy-or-share', { bytes });
        assert.ok(run.metrics.pages_copied >= 1 && run.metrics.pages_copied <= 2, `${run.metrics.pages_copied}`);
      }
      assert.equal((await one('copy-or-share', { child_writes: false })).metrics.pages_copied, 0);
    });

    test('the examples of Value and Array print what Python prints', async () => {
      assert.deepEqual(lines(await one('value-array', { op: 'set-pi' })),
        ['3.14', '[5, 1, 2, 3, 4, 5, 6, 7, 8, 9]']);
      assert.deepEqual(lines(await one('value-array', { op: 'negate-array' })),
        ['3.141593', '[0, -1, -2, -3, -4, -5, -6, -7, -8, -9]']);
    });

    test('1 + 2 + 3 + 4 + 5 is 15 under the lock', async () => {
      for (const run of await runs('manager-lost-update', { variant: 'locked', window_us: 500 }, 10)) {
        assert.equal(run.outcome.text, 'count=15');
      }
    });

    test('the parent prints [100 2 3] after the child’s write, and reads Hello', async () => {
      assert.equal(lines(await one('shared-array-view', {})).at(-1), 'parent: [100 2 3]');
      assert.equal(lines(await one('shm-lifecycle', {}))[0], "reader: b'Hello' 1234");
    });

    test('checks about a guard are made where there is one', async () => {
      const names = async (id, params) => (await one(id, params)).checks.map((c) => c.name);
      const guards = [
        ['value-array', { n: 100 }, { n: 100, variant: 'get-lock' }, 'lock-loses-nothing'],
        ['manager-lost-update', {}, { variant: 'locked' }, 'lock-loses-nothing'],
        ['shm-sync-strategy', { strategy: 'none', rounds: 3 }, { rounds: 3 }, 'each-block-once'],
      ];
      for (const [id, broken, fixed, name] of guards) {
        assert.ok(!(await names(id, broken)).includes(name), `${id}: ${name}`);
        assert.ok((await names(id, fixed)).includes(name), `${id}: ${name}`);
      }
    });

    test('the name goes with unlink(), the bytes with the last handle', async () => {
      const stages = async (params) => (await one('shm-lifecycle', { readers: 2, ...params })).table;
      assert.deepEqual(await stages({}), [
        ['create=True', 'True', 1, 10], ['SharedMemory(name)', 'True', 3, 10], ['join()', 'True', 1, 10],
        ['close()', 'True', 0, 10], ['unlink()', 'False', 0, 0], ['exit', 'False', 0, 0]]);
      assert.deepEqual((await stages({ unlink: 'early' })).slice(2), [
        ['unlink()', 'False', 3, 10], ['join()', 'False', 1, 10], ['close()', 'False', 0, 0],
        ['exit', 'False', 0, 0]]);
      assert.deepEqual((await stages({ crash_before_unlink: true })).at(-1), ['SIGKILL', 'True', 0, 10]);
    });

    test('each worker sees its own key only, or everybody’s', async () => {
      const seen = async (model) => (await one('shared-vs-isolated', { model })).table.map((row) => row[1]);
      assert.deepEqual(await seen('process-private'), [...Array(10).fill(1), 0]);
      assert.equal((await seen('threads-shared')).at(-1), 10);
      const manager = await one('shared-vs-isolated', { model: 'manager', messages_per_task: 20 });
      assert.equal(check(manager, 'parent-sees').actual, '10');
      assert.equal(Math.max(...manager.table.map((row) => row[1])), 10, 'the news is no key of d');
    });
  },
});
