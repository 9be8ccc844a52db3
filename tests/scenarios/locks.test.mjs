import { test } from 'node:test';
import assert from 'node:assert/strict';
import { check, family, one, runs } from './family.mjs';

family('locks', {
  anomalies: [
    ['race-counter', {}, 'lost-updates', 20],
    ['race-counter', { granularity: 'bytecode-gil-old' }, 'lost-updates', 20],
  ],
  extremes: [
    ['race-counter', { threads: 3, n: 1 }],
    ['race-counter', { threads: 8, n: 10000000, limit_ms: 20000 }],
    ['race-counter', { threads: 7, n: 1001, window_ns: 10000, variant: 'lock' }],
    ['race-counter', { threads: 8, n: 100000, granularity: 'bytecode-gil-old', variant: 'lock' }],
  ],
  more() {
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
