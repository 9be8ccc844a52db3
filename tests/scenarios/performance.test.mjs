import { test } from 'node:test';
import assert from 'node:assert/strict';
import { family, one, runs } from './family.mjs';

family('performance', {
  quick: {
    'switch-cost': { switches: 5000 },
    'ipc-compare': { messages: 300 },
    'thread-vs-process-cost': { repeat: 5 },
    'cpu-vs-io-bound': { tasks: 10 },
  },
  anomalies: [
    ['ipc-compare', { mechanisms: 'signal', messages: 50 }, 'coalesced', 1],
    ['switch-cost', { unit: 'thread', work_us: 1, switches: 2000 }, 'mostly-switching', 10],
    ['parallel-speedup', { comm_us: 500 }, 'loss', 10],
    ['disk-io-queue-depth', { device: 'hdd-model', pattern: 'sequential-1m' }, 'loss', 1],
    ['ui-responsiveness', {}, 'frozen', 1],
    ['ui-responsiveness', { disable_button: false, place: 'thread' }, 'started-twice', 1],
    ['data-prefetch', { load_ms: 100, batches: 8 }, 'starved', 3],
    ['divide-and-conquer', { slicing: 'notes-bug' }, 'wrong', 1],
    ['divide-and-conquer', { slicing: 'remainder-lost', n: 1000003 }, 'wrong', 1],
  ],
  extremes: [
    ['cpu-vs-io-bound', { tasks: 200, task_ms: 1, workers: 32, tool: 'coroutines' }],
    ['cpu-vs-io-bound', { tasks: 200, task_ms: 1, workers: 32, tool: 'processes', mix: 0 }],
    ['cpu-vs-io-bound', { tasks: 1, task_ms: 200, workers: 1, mix: 1 }],
    ['switch-cost', { tasks: 500, switches: 1000 }],
    ['switch-cost', { unit: 'process', mechanism: 'pipe', tasks: 500, switches: 5000000 }],
    ['switch-cost', { unit: 'thread', mechanism: 'condition', work_us: 1000, tasks: 32, same_core: true }],
    ['thread-vs-process-cost', { repeat: 10000, units: 1 }],
    ['thread-vs-process-cost', { repeat: 1, units: 64, workload: 'barrier', method: 'spawn' }],
    ['thread-vs-process-cost', { repeat: 10000, units: 64, workload: 'pool-squares' }],
    ['ipc-compare', { mechanisms: 'all', peers: 8, messages: 100000 }],
    ['ipc-compare', { mechanisms: 'all', bytes: 16777216, messages: 10, pattern: 'bulk' }],
    ['ipc-compare', { mechanisms: 'all', bytes: 1, messages: 10 }],
    ['gil-cpu-threads', { workers: 16, steps: 100000, switch: 'every-100-ops', io_fraction: 0.95 }],
    ['gil-cpu-threads', { unit: 'processes', workers: 16, steps: 100000000 }],
    ['disk-io-queue-depth', { threads: 64, queue_depth: 256, requests: 100000 }],
    ['disk-io-queue-depth', { device: 'hdd-model', threads: 64, queue_depth: 1, requests: 100 }],
    ['ui-responsiveness', { job: 'cpu', place: 'thread', job_ms: 10000, time_scale: 0.1 }],
    ['ui-responsiveness', { job: 'cpu', place: 'process', job_ms: 10, tick_ms: 100, disable_button: false }],
    ['data-prefetch', { batches: 1000, load_ms: 0, train_ms: 0, depth: 32, loaders: 16 }],
    ['data-prefetch', { batches: 1, load_ms: 200, train_ms: 200, depth: 1, loaders: 16, jitter: 1 }],
    ['divide-and-conquer', { n: 1000, workers: 16 }],
    ['divide-and-conquer', { n: 1000, workers: 16, slicing: 'remainder-lost' }],
    ['divide-and-conquer', { n: 1000000000, workers: 1 }],
    ['parallel-speedup', { workers_max: 64, tasks: 1, serial_fraction: 1 }],
    ['parallel-speedup', { workers_max: 64, tasks: 2000, time_scale: 0.2 }],
    ['parallel-speedup', { mode: 'simulated', workers_max: 64, cores: 64, tasks: 2000, comm_us: 10000 }],
  ],
  more() {
    test('gil-cpu-threads: the old rule offers the lock again and again, the new one never', async () => {
      const setup = (rule) => runs('gil-cpu-threads', { switch: rule, steps: 2000000 }, 5);
      for (const run of await setup('every-100-ops'))
        assert.ok(run.metrics.offers >= Math.max(166000, run.metrics.hand_overs));
      for (const run of await setup('interval-5ms')) assert.equal(run.metrics.offers, 0);
    });

    test('a coroutine switches in less time than a thread or a process', async () => {
      const { table } = await one('switch-cost', { switches: 20000 });
      const [coroutine, ...others] = table.map((row) => row[1]);
      assert.equal(others.length, 8);
      for (const other of others) assert.ok(coroutine < other, `${coroutine} ${other}`);
    });

    test('ipc-compare: shared memory is copied least, what is too long is cut and said so', async () => {
      const { table } = await one('ipc-compare', { mechanisms: 'all', bytes: 100000, messages: 10 });
      assert.deepEqual(table.map(([name, , , bytes, copies]) => [name, bytes, copies]), [
        ['pipe', 100000, 2], ['queue', 65536, 2], ['manager', 4096, 4], ['shm+sem', 100000, 0],
        ['unix-socket', 100000, 2], ['signal', 0, 0],
      ]);
    });

    test('waiting is hidden by threads and coroutines, computing is not', async () => {
      const gain = async (tool, mix) => (await one('cpu-vs-io-bound', { tool, mix, tasks: 16 })).metrics.speedup_percent;
      for (const tool of ['threads-gil', 'coroutines']) {
        assert.ok(await gain(tool, 1) > 300, tool);
        assert.ok(await gain(tool, 0) < 130, tool);
      }
    });

    test('a process costs more to start than a thread', async () => {
      const { table } = await one('thread-vs-process-cost', {});
      assert.ok(table[1][1] > table[0][1], `${table[1][1]} ${table[0][1]}`);
    });

    test('disk-io-queue-depth has the four shapes of the textbook', async () => {
      const gain = async (device, pattern) => {
        const { table } = await one('disk-io-queue-depth', { device, pattern, requests: 1000 });
        return table.find(([threads]) => threads === 8)[1] / table[0][1];
      };
      assert.ok(await gain('ssd-model', 'random-4k') > 4, 'a chip overlaps');
      const once = await gain('ssd-model', 'sequential-1m');
      assert.ok(once >= 1 && once < 1.2, 'a full bus does not');
      const elevator = await gain('hdd-model', 'random-4k');
      assert.ok(elevator > 1.2 && elevator < 4, 'a head is sent a better way');
      assert.ok(await gain('hdd-model', 'sequential-1m') <= 1, 'and no further than the next track');
    });

    test('divide-and-conquer as in the notes visits three quarters of the numbers', async () => {
      const run = await one('divide-and-conquer', { slicing: 'notes-bug', n: 2000000, workers: 4 });
      assert.deepEqual(run.table.map(([, , start, stop]) => [start, stop]),
        [[500000, 500000], [0, 500001], [0, 500002], [0, 500003]]);
      assert.equal(run.metrics.visited, 1500006);
    });

    test('parallel-speedup on the simulated machine is the arithmetic of Amdahl', async () => {
      const run = await one('parallel-speedup', { mode: 'simulated', cores: 64, serial_fraction: 0.25 });
      for (const [workers, speedup, amdahl, gustafson] of run.table) {
        if (64 % workers === 0) assert.ok(Math.abs(speedup - amdahl) < 0.002, `${workers}: ${speedup}`);
        assert.ok(Math.abs(amdahl - 1 / (0.25 + 0.75 / workers)) < 0.001);
        assert.ok(Math.abs(gustafson - (0.25 + 0.75 * workers)) < 0.001);
      }
    });
  },
});
