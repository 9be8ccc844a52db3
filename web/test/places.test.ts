import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { runShape } from '../src/api/shape';
import { placesAt } from '../src/pages/Program';
import type { App } from '../src/store/app';
import { byLine, callOn, excerptsOf, type Place } from '../src/store/places';
import { TraceDecoder } from '../src/trace/decode';
import { EVENT } from '../src/trace/kinds.gen';
import { advance, newModel } from '../src/trace/model';
import { linesAt } from '../src/trace/places';
import { tokenLines, tokens } from '../src/ui/highlight';
import { traceOf } from './encode';

const SOURCE = `#include "scenarios/scenario.h"

/* One of
   two. */
static void one(void)
{
    a();
    b();
}

static void long_one(void *argument)
{
${Array.from({ length: 20 }, (_, i) => `    step(${i});`).join('\n')}
}
`.split('\n');

const shown = (places: number[], lines = SOURCE): number[][] => excerptsOf(lines, places).map(({ from, to }) => [from, to]);

test('what is around a place: its function, never its neighbours, and its first line', () => {
  assert.deepEqual(shown([7]), [[5, 9]]);
  assert.deepEqual(shown([25]), [[11, 11], [21, 29]]);
  assert.deepEqual(shown([32]), [[11, 11], [28, 33]]);
  assert.deepEqual(shown([16]), [[11, 20]]);
});

test('places near each other are one excerpt, in the order of the source', () => {
  assert.deepEqual(shown([26, 7, 25, 7]), [[5, 11], [21, 30]]);
  assert.deepEqual(shown([7, 14]), [[5, 18]], 'one line between them is shown');
  assert.deepEqual(shown([]), []);
  assert.deepEqual(shown([0, 99]), [], 'lines that the source does not have');
});

test('a real program, at every line', () => {
  const lines = readFileSync('../scenarios/locks/deadlock_two_locks.c', 'utf8').split('\n');
  for (let place = 1; place <= lines.length; place++) {
    const found = excerptsOf(lines, [place]);
    assert.ok(found.some(({ from, to }) => from <= place && place <= to), `${place}`);
    assert.ok(found.reduce((sum, { from, to }) => sum + to - from + 1, 0) <= 11);
  }
});

test('who stands where', () => {
  const at = (task: string, line: number | null): Place => ({ task, taskId: 0, line, now: '', waits: true });
  const lines = byLine([at('a', 30), at('b', null), at('c', 30), at('d', 4)]);
  assert.deepEqual([...lines].map(([line, here]) => [line, here.map(({ task }) => task).join()]), [[30, 'a,c'], [4, 'd']]);
});

test('the positions of a run', () => {
  const run = runShape({
    id: 'r', scenario: 's', params: {}, status: 'done', positions: [
      { task: 'main', task_id: 0, operation: 'join', object: null, line: 115, enabled: false },
      { task: 'worker', task_id: 1, operation: 'receive', object: 'queue', line: null, enabled: true },
    ],
  });
  assert.deepEqual(run.positions.map(({ line, enabled }) => [line, enabled]), [[115, false], [null, true]]);
  assert.deepEqual(runShape({ id: 'r', scenario: 's', params: {}, status: 'done' }).positions, []);
});

test('the call on a line: the one that does the operation', () => {
  assert.equal(callOn('    bool taken = fork->lock ? lock_acquire_for(fork->lock, us)', 'acquire'), 'lock_acquire_for');
  assert.equal(callOn('cell_write(c, cell_read(c) + 1);', 'read'), 'cell_read');
  assert.equal(callOn('cell_write(c, cell_read(c) + 1);', 'write'), 'cell_write');
  assert.equal(callOn('if (barrier_wait(b)) /* print() */', 'await'), 'barrier_wait');
  assert.equal(callOn('helper("join(x)");', 'join'), null);
  assert.equal(callOn('yield(self, r, &n);', 'choose'), 'yield');
  assert.equal(callOn('} else {', 'join'), null);
});

test('tokens line by line are the same text', () => {
  const source = SOURCE.join('\n');
  const lines = tokenLines(source, 'c');
  assert.deepEqual(lines.map((line) => line.map((token) => token.text).join('')), SOURCE);
  assert.deepEqual(lines[3].map((token) => token.kind), ['comment']);
  assert.equal(tokens(source, 'c').map((token) => token.text).join(''), source);
});

test('where the tasks are at a moment', () => {
  const decoder = new TraceDecoder();
  decoder.push(traceOf(2, [{ kind: 2, name: 'lock' }], [
    { t: 0, task: 0, kind: EVENT.TASK_STARTED },
    { t: 10, task: 0, kind: EVENT.LOCK_ACQUIRED, object: 0, line: 30 },
    { t: 20, task: 1, kind: EVENT.TASK_STARTED },
    { t: 30, task: 1, kind: EVENT.LOCK_WAIT, object: 0, line: 31 },
    { t: 30, task: 0, kind: EVENT.LOCK_RELEASED, object: 0, line: 1023 },
    { t: 40, task: 0, kind: EVENT.NOTE },
    { t: 50, task: 1, kind: EVENT.TASK_ENDED, line: 31 },
  ]));
  const at = (t: number, event = -1): number[] => [...linesAt(decoder.log, { t, event })];
  assert.deepEqual(at(-1), [0, 0]);
  assert.deepEqual(at(10), [30, 0]);
  assert.deepEqual(at(29), [30, 0]);
  assert.deepEqual(at(30), [1023, 31]);
  assert.deepEqual(at(30, 3), [30, 31]);
  assert.deepEqual(at(45), [0, 31]);
  assert.deepEqual(at(50), [0, 0]);
});

test('a task whose events are not taken in yet stands nowhere', () => {
  const decoder = new TraceDecoder();
  decoder.push(traceOf(1, [{ kind: 2, name: 'lock' }], [
    { t: 0, task: 0, kind: EVENT.TASK_STARTED },
    { t: 10, task: 0, kind: EVENT.LOCK_ACQUIRED, object: 0, line: 30 },
  ]));
  const model = newModel(decoder.log);
  const app = { t: (key: string) => key } as App;
  const at = (): (number | null)[] => placesAt(app, model, { task: 0, t: 10, event: -1 }).map(({ line }) => line);
  assert.deepEqual(at(), []);
  advance(model);
  assert.deepEqual(at(), [30]);
});
