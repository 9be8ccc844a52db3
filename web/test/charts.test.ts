import assert from 'node:assert/strict';
import { test } from 'node:test';
import { barsChart } from '../src/charts/bars';
import { curveChart, lowestAt } from '../src/charts/curve';
import { levelChart, stepAt, stepPath } from '../src/charts/level';
import { matrixChart } from '../src/charts/matrix';
import { countInversions, crossings, orderChart } from '../src/charts/order';
import { axisFor, linearAxis, logAxis, placesOf, roundStep } from '../src/charts/scales';
import { shareColumns, sharesChart } from '../src/charts/shares';
import { cellText, columnOf, numberColumns, referenceFor, referenceOf, shownColumns } from '../src/charts/table';
import { treeChart } from '../src/charts/tree';
import { labelPlace, standsOf, turnsChart, type Turn } from '../src/charts/turns';
import { layOutPair, waitBins, waitFigures, waitLengths } from '../src/charts/waitLengths';
import { cellsWritten, thin, tasksOf, valueChart, writesRead, type ValueChart } from '../src/charts/value';
import { TraceDecoder } from '../src/trace/decode';
import { EVENT } from '../src/trace/kinds.gen';
import { advance, newModel } from '../src/trace/model';
import { STATE } from '../src/trace/states';
import type { Column } from '../src/api/types';
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

const valueOf = (log: TraceLog): ValueChart => valueChart(log, cellsWritten(log)[0] ?? 0);

const CELL: TestEntry = { kind: 3, name: 'share' };
const cell = (t: number, task: number, kind: number, value = 0): TestEvent => ({ t, task, kind, value, object: 0 });

test('an update is lost when another task wrote between read and write', () => {
  const chart = valueOf(logOf(2, [CELL], [
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
  assert.deepEqual(valueOf(logOf(2, [CELL], [
    cell(1, 0, EVENT.CELL_READ), cell(2, 0, EVENT.CELL_WROTE, 1),
    cell(3, 1, EVENT.CELL_READ), cell(4, 1, EVENT.CELL_WROTE, 2),
    cell(5, 0, EVENT.CELL_ADDED, 3), cell(6, 1, EVENT.CELL_ADDED, 4),
  ])).lost, []);
});

test('which writes another task read in time', () => {
  const chart = valueOf(logOf(2, [CELL], [
    cell(1, 0, EVENT.CELL_WROTE, 0), cell(2, 1, EVENT.CELL_READ, 0),
    cell(3, 0, EVENT.CELL_WROTE, 1), cell(4, 0, EVENT.CELL_READ, 1),
    cell(5, 0, EVENT.CELL_WROTE, 2), cell(6, 1, EVENT.CELL_READ, 2), cell(7, 1, EVENT.CELL_READ, 2),
  ]));
  assert.equal(writesRead(chart), 2);
});

test('a read before a gap proves nothing', () => {
  const chart = valueOf(logOf(2, [CELL], [
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

test('cells by how often they were written; an array’s elements do not disturb each other', () => {
  const two: readonly TestEntry[] = [CELL, { kind: 3, name: 'list' }];
  const log = logOf(2, two, [
    cell(1, 0, EVENT.CELL_WROTE, 5),
    { t: 2, task: 0, kind: EVENT.CELL_READ, object: 1, aux: 0 },
    { t: 3, task: 1, kind: EVENT.CELL_UPDATED, object: 1, aux: 1, value: 7 },
    { t: 4, task: 0, kind: EVENT.CELL_UPDATED, object: 1, aux: 0, value: 8 },
    { t: 5, task: 0, kind: EVENT.CELL_READ, object: 1, aux: 1 },
    { t: 6, task: 1, kind: EVENT.CELL_UPDATED, object: 1, aux: 1, value: 9 },
    { t: 7, task: 0, kind: EVENT.CELL_UPDATED, object: 1, aux: 1, value: 8 },
  ]);
  assert.deepEqual(cellsWritten(log), [1, 0]);
  const chart = valueChart(log, 1);
  assert.deepEqual(chart.writes.map((w) => w.value), [7, 8, 9, 8]);
  assert.deepEqual(tasksOf(chart.writes), [1, 0]);
  assert.deepEqual(chart.reads.map((r) => r.t), [2, 5]);
  assert.deepEqual(chart.lost, [{ read: 4, overwritten: 5, write: 6 }]);
});

test('messages of pipes and queues are turns', () => {
  const turns = turnsChart(logOf(2, [{ kind: 4, name: 'pipe' }], [
    { t: 1, task: 0, kind: EVENT.PIPE_SENT, object: 0, value: 42 },
    { t: 2, task: 1, kind: EVENT.PIPE_RECEIVED, object: 0, value: 42, cause: 0 },
    { t: 3, task: 1, kind: EVENT.PIPE_EOF, object: 0 },
  ]));
  assert.deepEqual(turns.map(({ kind, from, to, value }) => [kind, from, to, value]),
    [['message', 0, 1, 42], ['eof', 1, 1, 0]]);
});

test('the level of what was made for so many: from the start, with its capacity', () => {
  const made = (object: number, value: number): TestEvent => ({ t: 0, task: 0, kind: EVENT.CAPACITY, object, value });
  const strips = levelChart(logOf(1, [{ kind: 5, name: 'queue' }, { kind: 10, name: 'stalls' },
    { kind: 10, name: 'signal' }, { kind: 12, name: 'never met' }], [
    made(0, 4), made(1, 3), made(2, 0), made(3, 2),
    level(1, EVENT.QUEUE_PUT, 1),
    level(2, EVENT.SEMAPHORE_ACQUIRED, 2, 1),
    level(3, EVENT.SEMAPHORE_RELEASED, 1, 2),
  ]));
  assert.deepEqual(strips.map(({ object, capacity, lowest, highest, steps }) =>
    [object, capacity, lowest, highest, steps.map((s) => [s.t, s.level])]), [
    [0, 4, 0, 1, [[0, 0], [1, 1]]],
    [1, 3, 2, 3, [[0, 3], [2, 2]]],
    [2, null, 0, 1, [[0, 0], [3, 1]]],
  ]);
  const far = levelChart(logOf(1, [{ kind: 5, name: 'queue' }], [made(0, 4096), level(1, EVENT.QUEUE_PUT, 1)]));
  assert.equal(far[0].capacity, null);
});

test('who takes turns stands side by side, up to five', () => {
  const turn = (from: number, to: number): Turn => ({ kind: 'send', from, to, value: 0, event: 0 });
  assert.deepEqual([...standsOf([turn(3, 1), turn(1, 4)]) ?? []], [[3, 0], [1, 0.5], [4, 1]]);
  assert.equal(standsOf([0, 1, 2, 3, 4].map((i) => turn(i, i + 1))), null);
  assert.deepEqual(labelPlace(1, 0.5), { left: 0.5, width: 0.5, align: 'center' });
  assert.deepEqual([0, 0.5, 1].map((at) => labelPlace(at, at)), [
    { left: 0, width: 0.5, align: 'start' }, { left: 0.25, width: 0.5, align: 'center' },
    { left: 0.5, width: 0.5, align: 'end' },
  ]);
});

const level = (t: number, kind: number, aux: number, object = 0): TestEvent => ({ t, task: 0, kind, object, aux });

test('the level of a queue, and of a barrier that opens once for all', () => {
  const strips = levelChart(logOf(1, [{ kind: 5, name: 'queue' }, { kind: 12, name: 'barrier' }], [
    level(1, EVENT.QUEUE_PUT, 1),
    level(2, EVENT.BARRIER_WAIT, 1, 1),
    level(3, EVENT.QUEUE_PUT, 2),
    level(4, EVENT.BARRIER_WAIT, 2, 1),
    level(5, EVENT.BARRIER_PASSED, 0, 1),
    level(6, EVENT.BARRIER_PASSED, 0, 1),
    level(7, EVENT.QUEUE_GOT, 1),
    level(8, EVENT.LOCK_WAIT, 9),
  ]));
  assert.deepEqual(strips.map(({ object, highest, steps }) => [object, highest, steps.map((s) => [s.t, s.level])]), [
    [0, 2, [[1, 1], [3, 2], [7, 1]]],
    [1, 2, [[2, 1], [4, 2], [5, 0]]],
  ]);
  assert.equal(stepAt(strips[0], 0), null);
  assert.equal(stepAt(strips[0], 3)?.level, 2);
  assert.equal(stepAt(strips[0], 99)?.level, 1);
});

test('the line of a level keeps the extremes of each pixel, however many steps there are', () => {
  const step = (t: number, l: number) => ({ t, level: l, event: 0 });
  const path = (steps: readonly ReturnType<typeof step>[]) => stepPath(steps, (t) => t, (l) => 10 - l, 9);
  assert.equal(path([]), '');
  assert.equal(path([step(1, 2), step(5, 3)]), 'M1 8H5V7H9');
  assert.equal(path([step(1, 2), step(1.1, 5), step(1.2, 0), step(5, 3)]), 'M1 10V5V10H5V7H9');
  const many = Array.from({ length: 10000 }, (_, i) => step(i / 2000, i % 7));
  assert.ok(path(many).length < 200);
});

test('the tree: who made whom, and how each ended', () => {
  const decoder = new TraceDecoder();
  decoder.push(encodeChunk({
    tasks: [{ kind: 1, name: 'main' }, { kind: 1, name: 'a', parent: 0 }, { kind: 2, name: 'b', parent: 1 },
      { kind: 1, name: 'c', parent: 0 }],
    events: [
      { t: 0, task: 0, kind: EVENT.TASK_STARTED },
      { t: 1, task: 1, kind: EVENT.TASK_STARTED },
      { t: 9, task: 1, kind: EVENT.TASK_ENDED, value: -9 },
    ],
  }));
  const [main, ...rest] = treeChart(decoder.log);
  assert.equal(rest.length, 0);
  assert.deepEqual([main.task, main.code, main.from, main.to], [0, null, 0, null]);
  assert.deepEqual(main.children.map((node) => [node.task, node.code, node.children.map((n) => n.task)]),
    [[1, -9, [2]], [3, null, []]]);
});

test('shares add up to the time a task was there', () => {
  const log = logOf(2, [], [
    { t: 0, task: 0, kind: EVENT.TASK_STARTED },
    { t: 10, task: 0, kind: EVENT.TASK_CREATED, value: 1 },
    { t: 20, task: 1, kind: EVENT.TASK_STARTED },
    { t: 30, task: 1, kind: EVENT.SLEEP_BEGAN },
    { t: 90, task: 1, kind: EVENT.SLEEP_ENDED },
    { t: 100, task: 1, kind: EVENT.TASK_ENDED },
    { t: 110, task: 0, kind: EVENT.TASK_ENDED },
  ]);
  const model = newModel(log);
  advance(model);
  const [main, child] = sharesChart(model);
  assert.deepEqual(main.shares, [{ state: STATE.RUNNING, time: 110 }]);
  assert.deepEqual(child.shares, [
    { state: STATE.RUNNING, time: 20 }, { state: STATE.READY, time: 10 }, { state: STATE.ASLEEP, time: 60 },
  ]);
  assert.equal(child.time, 90);
  const columns = shareColumns(child, 180, 180);
  assert.deepEqual([STATE.RUNNING, STATE.READY, STATE.ASLEEP, STATE.NONE]
    .map((state) => columns.filter((s) => s === state).length), [20, 10, 60, 90]);
});

test('the matrix: equal numbers are a group', () => {
  const matrix = matrixChart([['a', 1, 2, 3], ['b', 1, 4], ['c', 3, 3]]);
  assert.deepEqual(matrix.rows.map((row) => row.cells.map((c) => c.group)), [[0, -1, 1], [0, -1], [1, 1]]);
  assert.deepEqual([matrix.width, matrix.cells, matrix.different, matrix.differentRows], [3, 7, 4, 3]);
  assert.equal(matrixChart([['a', 1, 2], ['b', 1, 2], ['c', 2, 1]]).differentRows, 2);
});

const column = (name: string, unit = ''): Column => ({ name, unit, title: { en: name, zh: name }, repeats: false });
const COLUMNS = [column('what'), column('time', 'ns'), column('speedup', '×'), column('longer', 'ns')];
const REFERENCE = { name: 'peer', params: { bytes: 8 }, rows: { a: { time: 100 } } };

test('the table: columns, units, a peer’s figures', () => {
  assert.equal(columnOf(COLUMNS, 9), undefined);
  assert.equal(columnOf([{ ...column('n'), repeats: true }], 9)?.name, 'n');
  assert.equal(cellText(null, 'ns', 'en'), '–');
  assert.equal(cellText('text', 'ns', 'en'), 'text');
  assert.equal(cellText(1500, 'ns', 'en'), '1.5 µs');
  assert.equal(cellText(243_000, '1/s', 'en'), '243,000/s');
  assert.equal(cellText(1.852, '×', 'en'), '1.85 ×');
  assert.equal(cellText(1234567, '', 'en'), '1,234,567');
  assert.deepEqual(numberColumns(COLUMNS, [['a', null, 'x'], ['b', 3, null]]), [1]);
  assert.deepEqual(shownColumns(COLUMNS, [['a', null, 'x'], ['b', 3, null]], REFERENCE)
    .map(({ cell, peer, numeric }) => [cell, peer, numeric]),
  [[0, false, false], [1, false, true], [1, true, true], [2, false, false]]);
  assert.equal(shownColumns(COLUMNS, [['b', 3]], REFERENCE).length, 2);
  assert.equal(referenceFor(REFERENCE, ['a', 1], COLUMNS[1]), 100);
  assert.equal(referenceFor(REFERENCE, ['b', 1], COLUMNS[1]), null);
  assert.equal(referenceFor(null, ['a', 1], COLUMNS[1]), null);
  assert.equal(referenceOf(REFERENCE, { bytes: 8, peers: 2 }), REFERENCE);
  assert.equal(referenceOf(REFERENCE, { bytes: 9, peers: 2 }), null);
});

test('bars: the first number of each row, with the peer’s', () => {
  const chart = barsChart(COLUMNS, [['a', 5, 1], ['b', null, 2], ['c', 7]], REFERENCE);
  assert.deepEqual(chart?.bars, [
    { name: 'a', value: 5, reference: 100 }, { name: 'c', value: 7, reference: null },
  ]);
  assert.equal(barsChart(COLUMNS, [['a', 'text']], null), null);
});

test('the curve: lines of one unit over a rising x', () => {
  const curve = curveChart(COLUMNS, [[4, 40, 1, 44], [1, 10, 2, 11], [2, null, 3, 22]],
    { ...REFERENCE, rows: { 2: { time: 7 }, 9: { time: 8 } } });
  assert.deepEqual(curve?.xs, [1, 2, 4]);
  assert.deepEqual(curve?.lines.map((line) => [line.column.name, line.points.map((p) => [p.x, p.y])]), [
    ['time', [[1, 10], [4, 40]]], ['longer', [[1, 11], [2, 22], [4, 44]]],
  ]);
  assert.deepEqual(curve?.peer?.points, [{ x: 2, y: 7 }]);
  assert.equal(curveChart(COLUMNS, [['text', 1]], null), null);
  assert.deepEqual([1, 2, 4].map((x) => curve && lowestAt(curve, x)?.line.column.name), ['time', 'longer', 'time']);
});

test('rulers: round steps, nothing outside, logarithmic when the spread is great', () => {
  assert.deepEqual([0.9, 1.1, 23, 480].map((span) => roundStep(span, 5)), [0.2, 0.5, 5, 100]);
  for (const values of [[0.3, 7], [5], [0], [-3, 12], [1e9, 3e9], [0.001, 0.002]]) {
    const axis = linearAxis(values, 5);
    for (const v of values) assert.ok(axis.at(v) >= 0 && axis.at(v) <= 1, `${values}`);
    assert.equal(axis.at(axis.ticks[0]), 0);
    assert.ok(axis.ticks.length <= 12, `${values}: ${axis.ticks}`);
  }
  assert.equal(axisFor([1, 20], 5).log, false);
  assert.equal(axisFor([0, 2000], 5).log, false);
  assert.equal(axisFor([1, 2000], 5).log, true);
  const axis = logAxis([3, 4000]);
  assert.deepEqual(axis.ticks, [1, 10, 100, 1000, 10000]);
  assert.equal(axis.at(1), 0);
  assert.equal(axis.at(10000), 1);
});

test('x is spaced as it grows', () => {
  const linear = placesOf([1, 2, 3, 5]);
  assert.deepEqual([1, 2, 5].map(linear), [0, 0.25, 1]);
  const doubling = placesOf([1, 2, 4, 8, 16]);
  assert.deepEqual([1, 2, 4, 8, 16].map(doubling), [0, 0.25, 0.5, 0.75, 1]);
  assert.equal(placesOf([7])(7), 0.5);
});

/** A run of one task that waits these times, a nanosecond between each two. */
function waiting(lengths: readonly number[], rest = 0): Float64Array {
  const events: TestEvent[] = [{ t: 0, task: 0, kind: EVENT.TASK_STARTED }];
  let t = 0;
  for (const length of lengths) {
    events.push({ t: t += 1, task: 0, kind: EVENT.LOCK_WAIT, object: 0 });
    events.push({ t: t += length, task: 0, kind: EVENT.LOCK_ACQUIRED, object: 0 });
  }
  if (rest > 0) events.push({ t: t += 1, task: 0, kind: EVENT.LOCK_WAIT, object: 0 }, { t: t + rest, task: 1, kind: EVENT.TASK_STARTED });
  const model = newModel(logOf(2, [{ kind: 2, name: 'lock' }], events));
  advance(model);
  return waitLengths(model);
}

test('every wait counts once, by its length; one that never ended up to the end', () => {
  assert.deepEqual([...waiting([700, 3, 50])], [3, 50, 700]);
  assert.deepEqual([...waiting([700], 90)], [90, 700]);
  assert.deepEqual(waitFigures(waiting([700, 3, 50, 51])), { count: 4, median: 50, longest: 700, total: 804 });
  assert.equal(waitFigures(waiting([])), null);
});

test('both runs are counted in the same bins, none left out', () => {
  const roll = (seed: number, n: number): number[] => Array.from({ length: n }, (_, i) => {
    const x = Math.sin(seed * 1000 + i) * 10000;
    return 1 + Math.floor(10 ** ((x - Math.floor(x)) * 6));
  });
  for (let seed = 1; seed <= 20; seed++) {
    const sides = [roll(seed, seed * 7), roll(seed + 50, 40 - seed)];
    const bins = waitBins(waiting(sides[0]), waiting(sides[1]));
    sides.forEach((lengths, side) => bins.forEach(({ from, to, counts }) =>
      assert.equal(counts[side], lengths.filter((length) => from <= length && length < to).length, `${seed} ${side} ${from}`)));
    assert.equal(bins.reduce((sum, bin) => sum + bin.counts[0] + bin.counts[1], 0), sides.flat().length);
    bins.forEach((bin, i) => assert.ok(i === 0 || bins[i - 1].to === bin.from, 'one beside the other'));
    assert.ok(bins[0].counts.some(Boolean) && bins[bins.length - 1].counts.some(Boolean), 'no empty ones outside');
    assert.ok(bins.every(({ from, to }) => /^[125]0*$/.test(String(from)) && to / from <= 2.5));
  }
  assert.deepEqual(waitBins(waiting([]), waiting([5])), [{ from: 5, to: 10, counts: [0, 1] }], 'an edge is the next one’s');
  assert.deepEqual(waitBins(waiting([]), waiting([])), []);
  assert.deepEqual(waitBins(Float64Array.of(1e17), new Float64Array()).map((bin) => bin.counts), [[1, 0]], 'beyond the last edge');
});

test('columns of two sides have one scale; what came at all is seen', () => {
  const bins = waitBins(waiting([...Array.from({ length: 1000 }, () => 3), 70]), waiting([3, 4, 70]));
  const columns = layOutPair(bins, 500, 80);
  assert.deepEqual(columns.map((column) => column.heights), [[80, 2], [0, 0], [0, 0], [0, 0], [2, 2]]);
  columns.forEach((column, i) => assert.ok(i === 0 || column.x >= columns[i - 1].x + columns[i - 1].width));
  assert.ok(columns[4].x + columns[4].width <= 500);
});
