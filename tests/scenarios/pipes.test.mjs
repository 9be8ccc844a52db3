import { test } from 'node:test';
import assert from 'node:assert/strict';
import { check, family, one, runs } from './family.mjs';

const blocking = ['main-p1-write', 'main-p2-write', 'child2-p1-write'];
const everyDrop = ['none', ...blocking, 'child2-p2-write'];

family('pipes', {
  quick: {
    'pipe-duplex': { messages: 4, sender_delay_ms: 50, poll_ms: 20 },
    'pipe-shared-end': { messages: 20 },
    'queue-fifo-blocking': { consumer_us: 5000 },
    'queue-consumer-shutdown': { period_ms: 20, stop: 'sentinel' },
    'producer-consumer': { items: 20 },
  },
  anomalies: [
    ...blocking.map((drop_close) => ['pipe-pipeline-eof', { drop_close }, 'blocked', 1]),
    ['pipe-duplex', { recv: 'poll', sender_delay_ms: 50, poll_ms: 20 }, 'worked-meanwhile', 5],
    ['pipe-duplex', { duplex: false, sender_delay_ms: 1 }, 'read-only', 2],
    ['pipe-shared-end', {}, 'broken', 5],
    ['queue-fifo-blocking', { timeout_ms: 0 }, 'gave-up', 3],
    ['queue-fifo-blocking', { timeout_ms: 10, kind: 'manager', consumer_us: 0, producer_us: 30000 }, 'gave-up', 3],
    ['queue-consumer-shutdown', { period_ms: 1 }, 'never-ends', 2],
    ['queue-consumer-shutdown', { kind: 'process', period_ms: 1 }, 'never-ends', 2],
    ['queue-consumer-shutdown', { stop: 'empty-test', period_ms: 20 }, 'items-lost', 3],
    ['queue-consumer-shutdown', { stop: 'empty-test', period_ms: 20, kind: 'process' }, 'items-lost', 3],
  ],
  extremes: [
    ...[0, 1000].flatMap((items) => [1, 6].flatMap((stages) => everyDrop.map(
      (drop_close) => ['pipe-pipeline-eof', { items, stages, drop_close }]))),
    ['pipe-duplex', { messages: 1000, sender_delay_ms: 0, parties: 'two-children', recv: 'poll', poll_ms: 1 }],
    ['pipe-duplex', { messages: 1000, duplex: false, sender_delay_ms: 0 }],
    ['pipe-shared-end', { writers: 8, msg_bytes: 1000000, messages: 10, lock: true }],
    ['pipe-shared-end', { writers: 8, msg_bytes: 16, messages: 1000 }],
    ['pipe-shared-end', { writers: 1, msg_bytes: 1000000, messages: 50 }],
    ['queue-fifo-blocking', { maxsize: 0, items: 1000, consumer_us: 0 }],
    ['queue-fifo-blocking', { maxsize: 64, items: 1000, consumer_us: 0, kind: 'manager' }],
    ['queue-fifo-blocking', { maxsize: 1, items: 1000, consumer_us: 0, timeout_ms: 0 }],
    ['queue-consumer-shutdown', { consumers: 16, items: 1000, period_ms: 0, stop: 'task-done-join' }],
    ['queue-consumer-shutdown', { consumers: 16, items: 1000, period_ms: 0, stop: 'empty-test', kind: 'process' }],
    ['queue-consumer-shutdown', { consumers: 1, items: 1, period_ms: 0, stop: 'sentinel' }],
    ['producer-consumer', { producers: 16, consumers: 16, items: 300, produce_us: 0, consume_us: 0, unit: 'process' }],
    ['producer-consumer', { producers: 1, consumers: 16, capacity: 0, items: 10000, produce_us: 0, consume_us: 0 }],
  ],
  more() {
    test('a blocked pipeline says who waits for whom', async () => {
      const waits = (drop_close) => one('pipe-pipeline-eof', { drop_close });
      const main1 = await waits('main-p1-write');
      assert.equal(main1.ended, 'deadlock');
      assert.deepEqual(main1.waits_for, [
        { task: 'main', object: 'p2', holder: 'square' },
        { task: 'square', object: 'p1', holder: 'main' }]);
      assert.match(main1.output, /^0\n1\n4\n9\n16\n25\n36\n49\n64\n81\n$/);
      const child = await waits('child2-p1-write');
      assert.ok(child.waits_for.some((w) => w.task === 'square' && w.holder === 'square'));
    });

    test('messages within PIPE_BUF are never mixed, nor is anything under a lock', async () => {
      for (const run of await runs('pipe-shared-end', { msg_bytes: 4084, writers: 4 }, 10)) {
        assert.equal(run.outcome.text, 'intact=1200 of 1200');
      }
      assert.equal((await one('pipe-shared-end', { lock: true, messages: 50 })).outcome.text, 'intact=100 of 100');
    });

    test('a large message is torn where one of two messages comes in between', async () => {
      const broken = (await runs('pipe-shared-end', {}, 10)).flatMap(({ table }) => table)
        .filter(([name]) => String(name).includes('✗'));
      assert.ok(broken.some(([, ...cells]) => new Set(cells.join('')).size > 1), JSON.stringify(broken));
    });

    test('two polls of 500 ms time out while the answer takes 1200 ms', async () => {
      for (const time_scale of [1, 0.5]) {
        const run = await one('pipe-duplex', { recv: 'poll', time_scale });
        assert.equal(run.outcome.text, '1 exchanged');
        assert.match(run.output, /received 1042/);
        assert.equal(run.metrics.poll_timeouts, 2);
      }
    });

    test('who is refused by a one-way pipe goes on, and so does the other', async () => {
      const run = await one('pipe-duplex', { duplex: false, messages: 1000, sender_delay_ms: 0 });
      assert.equal(run.ended, 'completed');
      assert.match(run.output, /^OSError: connection is read-only\n$/);
    });

    test('a queue never holds more than its maxsize, and nobody gives up without a time-out', async () => {
      const run = await one('queue-fifo-blocking', { maxsize: 1, items: 4 });
      assert.match(run.output, /at most 1 in the queue/);
      assert.equal(run.outcome.text, 'got=4 Full=0');
    });

    test('consumers nobody tells wait at the queue', async () => {
      const { waits_for: waits } = await one('queue-consumer-shutdown', { period_ms: 1 });
      assert.deepEqual(waits.filter(({ object }) => object === 'queue').map(({ task }) => task),
        ['consumer 1', 'consumer 2', 'consumer 3']);
    });

    test('the slow side is busy, the other one waits for it', async () => {
      const busy = async (params) => {
        const { table } = await one('producer-consumer', { producers: 1, consumers: 1, items: 40, ...params });
        return table.map((row) => row[1]);
      };
      const [quick, slow] = await busy({ produce_us: 500, consume_us: 5000 });
      assert.ok(slow > quick, `${quick} ${slow}`);
      const [slowMaker, user] = await busy({ produce_us: 5000, consume_us: 500 });
      assert.ok(slowMaker > user, `${slowMaker} ${user}`);
      assert.ok(check(await one('producer-consumer', {}), 'in-order-per-producer').held);
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
