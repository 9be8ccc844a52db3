import { test } from 'node:test';
import assert from 'node:assert/strict';
import { family, one } from './family.mjs';

family('threads', {
  quick: {},
  anomalies: [
    ['thread-lifecycle', { call: 'run' }, 'in-the-caller', 2],
    ['thread-lifecycle', { call: 'start-twice' }, 'refused', 2],
    ['thread-lifecycle', { call: 'run-twice' }, 'refused', 2],
    ['thread-lifecycle', { call: 'run-twice', style: 'subclass' }, 'in-the-caller', 2],
  ],
  extremes: [
    ['thread-lifecycle', { threads: 16, prints: 50, block: 'io' }],
    ['thread-lifecycle', { threads: 16, prints: 50, block: 'none', cores: 8 }],
    ['thread-lifecycle', { threads: 1, prints: 1, block: 'lock' }],
  ],
  more() {
    test('run() prints from main, start() from the threads', async () => {
      const names = async (call) => {
        const { output } = await one('thread-lifecycle', { call, block: 'none', prints: 3 });
        return [...new Set([...output.matchAll(/^(.+): line/gm)].map((match) => match[1]))].sort();
      };
      assert.deepEqual(await names('start'), ['Thread-1', 'Thread-2']);
      assert.deepEqual(await names('run'), ['main']);
    });

    test('a thread is alive inside and not afterwards', async () => {
      for (const row of (await one('thread-lifecycle', {})).table) {
        assert.deepEqual(row.slice(3, 5), ['True', 'False']);
      }
    });
  },
});
