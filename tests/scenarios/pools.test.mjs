import { test } from 'node:test';
import assert from 'node:assert/strict';
import { family, one, runs } from './family.mjs';

family('pools', {
  anomalies: [
    ['pool-map-order', {}, 'out-of-order', 20],
    ['pool-callback-progress', {}, 'out-of-order', 20],
  ],
  extremes: [
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
