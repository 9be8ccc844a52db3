import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forgetFrom, largestWithin, newSteps, pushStep, stepAt } from '../src/trace/steps';
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

test('steps that were forgotten leave nothing behind', () => {
  const next = numbers(3);
  for (const [count, kept] of [[40, 9], [300, 0], [300, 16], [700, 250], [5000, 17], [5000, 4099]]) {
    const [steps, fresh] = [newSteps(), newSteps()];
    for (let i = 0; i < count; i++) pushStep(steps, i * 10, 1000 + i);
    forgetFrom(steps, kept * 10 - 3);
    assert.equal(steps.count, kept);
    for (let i = 0; i < kept; i++) pushStep(fresh, i * 10, 1000 + i);
    for (let i = kept; i < count; i++) for (const one of [steps, fresh]) pushStep(one, i * 10, i % 5);
    assert.equal(steps.count, fresh.count);
    for (let k = 0; k < 200; k++) {
      const from = k % 2 === 0 ? 0 : Math.floor(next() * count * 10);
      const to = from + 1 + Math.floor(next() * count * 10);
      assert.equal(largestWithin(steps, from, to), largestWithin(fresh, from, to), `${count}, ${kept}: [${from}, ${to})`);
    }
  }
});

test('a step that is taken back is none', () => {
  const steps = newSteps();
  for (const [t, value] of [[5, 1], [9, 2], [9, 1], [12, 1], [14, 3]]) pushStep(steps, t, value);
  assert.deepEqual([...steps.t.slice(0, steps.count)], [5, 14]);
});
