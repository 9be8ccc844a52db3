import { test } from 'node:test';
import assert from 'node:assert/strict';
import { family, one } from './family.mjs';

family('coroutines', {
  anomalies: [
    ['generator-send', { close_at: 1 }, 'stop-iteration', 1],
    ['generator-send', { prime: 'missing' }, 'type-error', 1],
  ],
  extremes: [
    ['generator-send', { rounds: 0, close_at: 0, prime: 'missing' }],
    ['generator-send', { rounds: 1, close_at: 0, prime: 'missing' }],
    ['generator-send', { rounds: 1000, close_at: 999 }],
  ],
  more() {
    test('the transcript of generator-send has the nine lines of the notes', async () => {
      const lines = [1, 2, 3].flatMap((n) => [
        `[PRODUCER] Producing ${n}...`, `[CONSUMER] Consuming ${n}...`,
        '[PRODUCER] Consumer return: 200 OK']);
      assert.equal((await one('generator-send', { rounds: 3 })).output, `${lines.join('\n')}\n`);
    });
  },
});
