import assert from 'node:assert/strict';
import { test } from 'node:test';
import { largestWithin, newSteps, pushStep, stepAt } from '../src/trace/steps';
import { numbers } from './random';

test('the largest within any span is what a walk finds', () => {
  const next = numbers(7);
  for (const count of [0, 1, 2, 15, 16, 17, 256, 300, 5000]) {
    const steps = newSteps();
    const all: [number, number][] = [];
    let t = 0;
    for (let i = 0; i < count; i++) {
      t += Math.floor(next() * 5);
      const value = Math.floor(next() * 50);
      pushStep(steps, t, value);
      if (all.length > 0 && all[all.length - 1][0] === t) all.pop();
      all.push([t, value]);
    }
    for (let k = 0; k < 300; k++) {
      const from = Math.floor(next() * (t + 10)) - 5;
      const to = from + 1 + Math.floor(next() * (k % 3 === 0 ? 10 : t + 5));
      let [before, most] = [0, -Infinity];
      for (const [at, value] of all) {
        if (at <= from) before = value;
        else if (at < to) most = Math.max(most, value);
      }
      assert.equal(largestWithin(steps, from, to), Math.max(before, most), `${count}: [${from}, ${to})`);
    }
  }
});

test('steps of the same time become one, equal ones none', () => {
  const steps = newSteps();
  pushStep(steps, 5, 1);
  pushStep(steps, 5, 2);
  pushStep(steps, 9, 2);
  pushStep(steps, 12, 0);
  assert.deepEqual([...steps.t.slice(0, steps.count)], [5, 12]);
  assert.deepEqual([...steps.value.slice(0, steps.count)], [2, 0]);
  assert.deepEqual([stepAt(steps, 4), stepAt(steps, 5), stepAt(steps, 11), stepAt(steps, 12)], [-1, 0, 0, 1]);
});
