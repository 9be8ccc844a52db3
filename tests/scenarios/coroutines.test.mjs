import { test } from 'node:test';
import assert from 'node:assert/strict';
import { family, one } from './family.mjs';

family('coroutines', {
  quick: {
    'cooperative-vs-preemptive': { hog_ms: 100, burst_ms: 5 },
    'async-io-overlap': { latencies_ms: [60, 20, 40], blocker: 0 },
    'epoll-coroutine-scheduler': { latency_ms: 5 },
  },
  anomalies: [
    ['yield-from-to-await', { mistake: 'forgot-await' }, 'never-awaited', 1],
    ['yield-from-to-await', { mistake: 'await-outside-async' }, 'syntax-error', 1],
    ['yield-from-to-await', { style: 'asyncio-coroutine' }, 'removed', 1],
    ['cooperative-vs-preemptive', { hog_ms: 60, burst_ms: 5 }, 'starved', 2],
    ['async-io-overlap', { style: 'async-with-blocking-call', blocker: 1, time_scale: 0.1 }, 'loop-blocked', 2],
    ['epoll-coroutine-scheduler', { hook: 'miss-one', time_scale: 0.2 }, 'loop-stopped', 2],
    ['epoll-coroutine-scheduler', { trigger: 'edge', time_scale: 0.2 }, 'never-resumed', 5],
    ['generator-send', { close_at: 1 }, 'stop-iteration', 1],
    ['generator-send', { prime: 'missing' }, 'type-error', 1],
  ],
  extremes: [
    ['yield-from-to-await', { depth: 32, rounds: 100, style: 'yield-send' }],
    ['yield-from-to-await', { depth: 1, rounds: 1 }],
    ['cooperative-vs-preemptive', { tasks: 16, burst_ms: 1, hog_ms: 10, scheduler: 'preemptive', slice_ms: 1 }],
    ['cooperative-vs-preemptive', { tasks: 16, burst_ms: 20, hog: false }],
    ['async-io-overlap', { latencies_ms: Array.from({ length: 64 }, (_, i) => 20 + i), cpu_us: 100 }],
    ['async-io-overlap', { latencies_ms: Array.from({ length: 64 }, (_, i) => 20 + i), style: 'threads' }],
    ['async-io-overlap', { latencies_ms: [1], style: 'async-with-blocking-call', blocker: 63 }],
    ['epoll-coroutine-scheduler', { coroutines: 24, ops: 100, latency_ms: 1, jitter: 1 }],
    ['epoll-coroutine-scheduler', { coroutines: 1, ops: 1, hook: 'miss-one' }],
    ['generator-send', { rounds: 0, close_at: 0, prime: 'missing' }],
    ['generator-send', { rounds: 1, close_at: 0, prime: 'missing' }],
    ['generator-send', { rounds: 1000, close_at: 999 }],
  ],
  more() {
    test('every notation says the same', async () => {
      const said = async (style) => (await one('yield-from-to-await', { style, depth: 4, rounds: 5 })).output;
      const first = await said('yield-send');
      assert.match(first, /caller: sent 5, got 15\n.*StopIteration, value 15/s);
      for (const style of ['yield-from', 'async-await', 'types-coroutine']) assert.equal(await said(style), first);
    });

    test('a keyword lets values straight through, by hand every frame takes part', async () => {
      const events = async (style, rounds) =>
        (await one('yield-from-to-await', { style, depth: 6, rounds })).metrics.events;
      const ofTenRounds = async (style) => await events(style, 15) - await events(style, 5);
      const straight = await ofTenRounds('yield-from');
      for (const style of ['async-await', 'types-coroutine']) assert.equal(await ofTenRounds(style), straight);
      // sent, resumed, yielded, got: by hand for each of the five frames in between, too
      assert.equal(await ofTenRounds('yield-send') - straight, 10 * 5 * 4);
    });

    test('async asks all sites at once, sync one after the other', async () => {
      const total = async (style) => (await one('async-io-overlap', { style, time_scale: 0.5 })).metrics.total_ns / 1e6;
      assert.ok(await total('sync') >= 299);
      for (const style of ['async', 'threads']) {
        const ms = await total(style);
        assert.ok(ms >= 149 && ms < 299, `${style}: ${ms}`);
      }
    });

    test('who blocks the loop holds up those that are due meanwhile, and nobody else', async () => {
      const late = async (latencies_ms, blocker) => (await one('async-io-overlap',
        { style: 'async-with-blocking-call', latencies_ms, blocker, time_scale: 0.5 })).metrics.late;
      assert.equal(await late([300, 100, 200], -1), 0);
      assert.equal(await late([300, 100, 200], 0), 2); // the others have not been asked yet
      assert.equal(await late([300, 100, 200], 2), 1); // 100 is due meanwhile
      assert.equal(await late([300, 300, 20], 2), 0);  // nobody is
    });

    test('who waits for ever waits at the event loop', async () => {
      const run = await one('epoll-coroutine-scheduler', { trigger: 'edge', coroutines: 2, latency_ms: 5 });
      assert.equal(run.ended, 'deadlock');
      assert.ok(run.waits_for.some(({ task, object }) => /^coroutine/.test(task) && object === 'event loop'));
    });

    test('a hog keeps the others waiting only if nobody can stop it', async () => {
      const longest = async (scheduler) => (await one('cooperative-vs-preemptive',
        { scheduler, hog_ms: 400, burst_ms: 5 })).metrics.longest_wait_ns / 1e6;
      assert.ok(await longest('cooperative') >= 399);
      assert.ok(await longest('preemptive') < 399);
    });

    test('the transcript of generator-send has the nine lines of the notes', async () => {
      const lines = [1, 2, 3].flatMap((n) => [
        `[PRODUCER] Producing ${n}...`, `[CONSUMER] Consuming ${n}...`,
        '[PRODUCER] Consumer return: 200 OK']);
      assert.equal((await one('generator-send', { rounds: 3 })).output, `${lines.join('\n')}\n`);
    });
  },
});
