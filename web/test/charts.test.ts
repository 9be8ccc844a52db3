import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countInversions, crossings, orderChart } from '../src/charts/order';
import { turnsChart } from '../src/charts/turns';
import { thin, valueChart } from '../src/charts/value';
import { TraceDecoder } from '../src/trace/decode';
import { EVENT } from '../src/trace/kinds.gen';
import { NONE, type TraceLog } from '../src/trace/log';
import { encodeChunk, traceOf, type TestEntry, type TestEvent } from './encode';

function logOf(tasks: number, objects: readonly TestEntry[], events: readonly TestEvent[]): TraceLog {
  const decoder = new TraceDecoder();
  decoder.push(traceOf(tasks, objects, events));
  return decoder.log;
}

test('inversions are the pairs in falling order', () => {
  assert.equal(countInversions([]), 0);
  assert.equal(countInversions([0, 1, 2]), 0);
  assert.equal(countInversions([3, 2, 1, 0]), 6);
  const list = Array.from({ length: 200 }, (_, i) => (i * 7919) % 211);
  let slow = 0;
  for (let i = 0; i < list.length; i++) for (let j = i + 1; j < list.length; j++) if (list[i] > list[j]) slow++;
  assert.equal(countInversions(list), slow);
});

test('crossings ignore what came to only one stage', () => {
  assert.equal(crossings([2, 0, 1], [2, 0, 1]), 0);
  assert.equal(crossings([0, 1, 2, 9], [2, 1, 0, 8]), 3);
});

test('the order chart: stages, items, failures', () => {
  const chart = orderChart(logOf(1, [], [
    { t: 1, task: 0, kind: EVENT.ITEM_SUBMITTED, value: 0 },
    { t: 2, task: 0, kind: EVENT.ITEM_SUBMITTED, value: 1 },
    { t: 3, task: 0, kind: EVENT.ITEM_STARTED, value: 0 },
    { t: 4, task: 0, kind: EVENT.ITEM_STARTED, value: 1 },
    { t: 5, task: 0, kind: EVENT.ITEM_FAILED, value: 1 },
    { t: 6, task: 0, kind: EVENT.ITEM_FINISHED, value: 0 },
  ]));
  assert.deepEqual(chart.stages.map((s) => [s.stage, [...s.items], s.inversions]), [
    ['submitted', [0, 1], 0], ['started', [0, 1], 0], ['finished', [1, 0], 1],
  ]);
  assert.deepEqual([...chart.failed], [1]);
});

test('the order chart sorts what chunks brought out of order', () => {
  const decoder = new TraceDecoder();
  decoder.push(encodeChunk({
    tasks: [{ kind: 1, name: 'a' }, { kind: 1, name: 'b', parent: 0 }],
    events: [{ t: 20, task: 0, kind: EVENT.ITEM_FINISHED, value: 0 }],
  }));
  decoder.push(encodeChunk({ first: 1, events: [{ t: 10, task: 1, kind: EVENT.ITEM_FINISHED, value: 1 }] }));
  assert.deepEqual([...orderChart(decoder.log).stages[0].items], [1, 0]);
});

const CELL: TestEntry = { kind: 3, name: 'share' };
const cell = (t: number, task: number, kind: number, value = 0): TestEvent => ({ t, task, kind, value, object: 0 });

test('an update is lost when another task wrote between read and write', () => {
  const chart = valueChart(logOf(2, [CELL], [
    cell(1, 0, EVENT.CELL_READ, 5),
    cell(2, 1, EVENT.CELL_READ, 5),
    cell(3, 1, EVENT.CELL_WROTE, 4),
    cell(4, 0, EVENT.CELL_WROTE, 6),
  ]));
  assert.deepEqual(chart.lost, [{ read: 0, overwritten: 2, write: 3 }]);
  assert.deepEqual(chart.writes.map((w) => w.value), [4, 6]);
  assert.equal(chart.gaps, false);
});

test('no update is lost when reads and writes do not overlap, or the addition is one step', () => {
  assert.deepEqual(valueChart(logOf(2, [CELL], [
    cell(1, 0, EVENT.CELL_READ), cell(2, 0, EVENT.CELL_WROTE, 1),
    cell(3, 1, EVENT.CELL_READ), cell(4, 1, EVENT.CELL_WROTE, 2),
    cell(5, 0, EVENT.CELL_ADDED, 3), cell(6, 1, EVENT.CELL_ADDED, 4),
  ])).lost, []);
});

test('a read before a gap proves nothing', () => {
  const chart = valueChart(logOf(2, [CELL], [
    cell(1, 0, EVENT.CELL_READ),
    cell(2, 1, EVENT.CELL_WROTE, 1),
    { t: 3, task: 0, kind: EVENT.GAP, value: 9 },
    cell(4, 0, EVENT.CELL_WROTE, 2),
  ]));
  assert.deepEqual(chart.lost, []);
  assert.equal(chart.gaps, true);
});

test('dots that would lie on each other are drawn once', () => {
  const writes = Array.from({ length: 1000 }, (_, i) => ({ t: i, value: i % 2, task: 0, event: i }));
  assert.equal(thin(writes, (t) => t / 100, (v) => v).length, 22);
});

test('turns of a coroutine: sends, yields, close and its end', () => {
  const co: TestEntry = { kind: 7, name: 'consumer' };
  const log = (() => {
    const decoder = new TraceDecoder();
    decoder.push(encodeChunk({
      wide: true,
      last: true,
      tasks: [{ kind: 1, name: 'main' }, { kind: 3, name: 'consumer', parent: 0 }],
      objects: [co],
      events: [
        { t: 1, task: 0, kind: EVENT.COROUTINE_SENT, object: 0, value: 3 },
        { t: 2, task: 1, kind: EVENT.COROUTINE_RESUMED, object: 0, value: 3, cause: 0 },
        { t: 3, task: 1, kind: EVENT.COROUTINE_YIELDED, object: 0, value: 200 },
        { t: 4, task: 0, kind: EVENT.COROUTINE_GOT, object: 0, value: 200, cause: 2 },
        { t: 5, task: 0, kind: EVENT.COROUTINE_CLOSED, object: 0 },
        { t: 6, task: 1, kind: EVENT.COROUTINE_RESUMED, object: 0, value: NONE, cause: 4 },
        { t: 7, task: 1, kind: EVENT.TASK_ENDED },
        { t: 8, task: 0, kind: EVENT.COROUTINE_GOT, object: 0, value: NONE, cause: 6 },
        { t: 9, task: 0, kind: EVENT.COROUTINE_REFUSED, object: 0, value: 2 },
      ],
    }));
    return decoder.log;
  })();
  assert.deepEqual(turnsChart(log).map((t) => [t.kind, t.from, t.to, t.event]), [
    ['send', 0, 1, 1], ['yield', 1, 0, 3], ['close', 0, 1, 4], ['end', 1, 0, 7], ['refused', 0, 1, 8],
  ]);
});
