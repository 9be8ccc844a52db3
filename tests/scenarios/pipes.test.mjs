import { test } from 'node:test';
import assert from 'node:assert/strict';
import { family, one } from './family.mjs';

const blocking = ['main-p1-write', 'main-p2-write', 'child2-p1-write'];
const everyDrop = ['none', ...blocking, 'child2-p2-write'];

family('pipes', {
  quick: { 'pipe-pipeline-eof': { limit_ms: 200 } },
  anomalies: blocking.map((drop_close) =>
    ['pipe-pipeline-eof', { drop_close, limit_ms: 200 }, 'blocked', 1]),
  extremes: [0, 1000].flatMap((items) => [1, 6].flatMap((stages) => everyDrop.map(
    (drop_close) => ['pipe-pipeline-eof', { items, stages, drop_close, limit_ms: 500 }]))),
  more() {
    test('a blocked pipeline says who waits for whom', async () => {
      const waits = (drop_close) => one('pipe-pipeline-eof', { drop_close, limit_ms: 200 });
      const main1 = await waits('main-p1-write');
      assert.equal(main1.ended, 'timeout');
      assert.deepEqual(main1.waits_for, [
        { task: 'main', object: 'p2', holder: 'square' },
        { task: 'square', object: 'p1', holder: 'main' }]);
      assert.match(main1.output, /^0\n1\n4\n9\n16\n25\n36\n49\n64\n81\n$/);
      const child = await waits('child2-p1-write');
      assert.ok(child.waits_for.some((w) => w.task === 'square' && w.holder === 'square'));
    });

    test('a pipeline that only needs more time is not said to be blocked', async () => {
      const slow = { stages: 1, items: 1000, item_us: 100000, limit_ms: 200 };
      for (const drop_close of ['main-p2-write', 'child2-p1-write']) {
        const run = await one('pipe-pipeline-eof', { ...slow, drop_close });
        assert.equal(run.ended, 'timeout');
        assert.equal(run.outcome, null);
      }
    });
  },
});
