import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TraceDecoder } from '../src/trace/decode';
import { EVENT } from '../src/trace/kinds.gen';
import { sliceEnd } from '../src/trace/lane';
import { NOTHING } from '../src/trace/log';
import { TASK_REF, advance, finish, holdersAt, newModel, type Model } from '../src/trace/model';
import { STATE, type State } from '../src/trace/states';
import { encodeChunk, traceOf, type TestEntry, type TestEvent } from './encode';

function modelOf(tasks: number, objects: readonly TestEntry[], events: readonly TestEvent[]): Model {
  const decoder = new TraceDecoder();
  decoder.push(traceOf(tasks, objects, events));
  const model = newModel(decoder.log);
  advance(model);
  return model;
}

const slices = (model: Model, task: number): [number, State][] => {
  const lane = model.lanes[task];
  return Array.from({ length: lane.count }, (_, i) => [lane.start[i], lane.state[i] as State]);
};

const LOCK: TestEntry = { kind: 2, name: 'counter' };
const CONTENDED: readonly TestEvent[] = [
  { t: 0, task: 0, kind: EVENT.TASK_STARTED },
  { t: 10, task: 0, kind: EVENT.TASK_CREATED, value: 1 },
  { t: 12, task: 0, kind: EVENT.LOCK_ACQUIRED, object: 0 },
  { t: 20, task: 1, kind: EVENT.TASK_STARTED, cause: 1 },
  { t: 30, task: 1, kind: EVENT.LOCK_WAIT, object: 0 },
  { t: 40, task: 0, kind: EVENT.LOCK_RELEASED, object: 0 },
  { t: 45, task: 1, kind: EVENT.LOCK_ACQUIRED, object: 0, cause: 5 },
  { t: 46, task: 0, kind: EVENT.JOIN_WAIT, value: 1 },
  { t: 50, task: 1, kind: EVENT.SLEEP_BEGAN },
  { t: 60, task: 1, kind: EVENT.SLEEP_ENDED },
  { t: 70, task: 1, kind: EVENT.LOCK_RELEASED, object: 0 },
  { t: 80, task: 1, kind: EVENT.TASK_ENDED },
  { t: 85, task: 0, kind: EVENT.JOIN_DONE, value: 1, cause: 11 },
  { t: 90, task: 0, kind: EVENT.TASK_ENDED },
];

test('lanes of a contended lock', () => {
  const model = modelOf(2, [LOCK], CONTENDED);
  assert.deepEqual(slices(model, 0), [
    [0, STATE.RUNNING], [12, STATE.HOLDING], [40, STATE.RUNNING], [46, STATE.WAITING],
    [85, STATE.RUNNING], [90, STATE.DONE],
  ]);
  assert.deepEqual(slices(model, 1), [
    [10, STATE.READY], [20, STATE.RUNNING], [30, STATE.WAITING], [45, STATE.HOLDING],
    [50, STATE.ASLEEP_HOLDING], [60, STATE.HOLDING], [70, STATE.RUNNING], [80, STATE.DONE],
  ]);
  assert.deepEqual([...model.arrows.subarray(0, model.arrowCount)], [3, 6, 12]);
});

test('a waiting slice says what for, and who held it', () => {
  const model = modelOf(2, [LOCK], CONTENDED);
  assert.equal(model.lanes[1].ref[2], 0);
  assert.deepEqual(holdersAt(model, 0, 35, false), [0]);
  assert.deepEqual(holdersAt(model, 0, 42, false), []);
  assert.deepEqual(holdersAt(model, 0, 55, false), [1]);
  assert.equal(model.lanes[0].ref[3], TASK_REF | 1);
  assert.deepEqual(holdersAt(model, TASK_REF | 1, 50, false), [1]);
});

test('under a schedule one task runs at a time; the others that could are ready', () => {
  const decoder = new TraceDecoder();
  const tasks = [{ kind: 2, name: 'main' }, { kind: 2, name: 't1', parent: 0 }];
  decoder.push(encodeChunk({ tasks, objects: [LOCK], events: [
    { t: 0, task: 0, kind: EVENT.TASK_STARTED },
    { t: 10, task: 0, kind: EVENT.TASK_CREATED, value: 1 },
    { t: 11, task: 1, kind: EVENT.TASK_STARTED, cause: 1 },
    { t: 20, task: 0, kind: EVENT.LOCK_ACQUIRED, object: 0 },
    { t: 25, task: 1, kind: EVENT.LOCK_WAIT, object: 0 },
    { t: 40, task: 0, kind: EVENT.LOCK_RELEASED, object: 0 },
    { t: 60, task: 0, kind: EVENT.NOTE },
  ] }));
  // Chunks may bring later what happened before.
  decoder.push(encodeChunk({ first: 7, last: true, events: [
    { t: 50, task: 1, kind: EVENT.LOCK_ACQUIRED, object: 0, cause: 5 },
    { t: 70, task: 1, kind: EVENT.LOCK_RELEASED, object: 0 },
  ] }));
  const model = newModel(decoder.log);
  model.alone = true;
  advance(model);
  assert.deepEqual(slices(model, 0), [
    [0, STATE.RUNNING], [11, STATE.READY], [20, STATE.HOLDING], [40, STATE.RUNNING], [50, STATE.READY],
    [60, STATE.RUNNING], [70, STATE.READY],
  ]);
  // It holds the lock at 50, is passed over at 60 and goes on at 70.
  assert.deepEqual(slices(model, 1), [
    [10, STATE.READY], [11, STATE.RUNNING], [20, STATE.READY], [25, STATE.WAITING], [50, STATE.HOLDING],
    [60, STATE.READY_HOLDING], [70, STATE.RUNNING],
  ]);
});

test('a gap is drawn as not recorded and forgets the lock', () => {
  const model = modelOf(1, [LOCK], [
    { t: 0, task: 0, kind: EVENT.TASK_STARTED },
    { t: 5, task: 0, kind: EVENT.LOCK_ACQUIRED, object: 0 },
    { t: 9, task: 0, kind: EVENT.CELL_READ },
    { t: 50, task: 0, kind: EVENT.GAP, value: 100 },
    { t: 60, task: 0, kind: EVENT.LOCK_RELEASED, object: 0 },
  ]);
  assert.deepEqual(slices(model, 0), [
    [0, STATE.RUNNING], [5, STATE.HOLDING], [9, STATE.UNRECORDED], [50, STATE.RUNNING],
  ]);
  assert.deepEqual(holdersAt(model, 0, 30, false), []);
});

test('a gap that begins where a state began takes its place', () => {
  const model = modelOf(1, [LOCK], [
    { t: 0, task: 0, kind: EVENT.TASK_STARTED },
    { t: 5, task: 0, kind: EVENT.LOCK_WAIT, object: 0 },
    { t: 50, task: 0, kind: EVENT.GAP, value: 3 },
  ]);
  assert.deepEqual(slices(model, 0), [
    [0, STATE.RUNNING], [5, STATE.UNRECORDED], [50, STATE.RUNNING],
  ]);
});

test('a coroutine and its caller take turns', () => {
  const model = modelOf(2, [{ kind: 7, name: 'consumer' }], [
    { t: 0, task: 0, kind: EVENT.TASK_STARTED },
    { t: 1, task: 0, kind: EVENT.TASK_CREATED, value: 1 },
    { t: 2, task: 0, kind: EVENT.COROUTINE_SENT, object: 0, value: 7 },
    { t: 3, task: 1, kind: EVENT.COROUTINE_RESUMED, object: 0, value: 7, cause: 2 },
    { t: 5, task: 1, kind: EVENT.COROUTINE_YIELDED, object: 0, value: 8 },
    { t: 6, task: 0, kind: EVENT.COROUTINE_GOT, object: 0, value: 8, cause: 4 },
    { t: 9, task: 0, kind: EVENT.TASK_ENDED },
  ]);
  assert.deepEqual(slices(model, 0), [
    [0, STATE.RUNNING], [2, STATE.WAITING], [6, STATE.RUNNING], [9, STATE.DONE],
  ]);
  assert.deepEqual(slices(model, 1), [[1, STATE.READY], [3, STATE.RUNNING], [5, STATE.READY]]);
  assert.deepEqual(holdersAt(model, 0, 4, false), [1]);
});

test('who keeps a pipe from its end', () => {
  const model = modelOf(2, [{ kind: 4, name: 'p1' }], [
    { t: 0, task: 0, kind: EVENT.PIPE_OPENED, object: 0, value: 1 },
    { t: 1, task: 0, kind: EVENT.PIPE_OPENED, object: 0, value: 2 },
    { t: 2, task: 1, kind: EVENT.PIPE_OPENED, object: 0, value: 2 },
    { t: 3, task: 1, kind: EVENT.PIPE_CLOSED, object: 0, value: 2 },
    { t: 4, task: 0, kind: EVENT.PIPE_WAIT, object: 0 },
  ]);
  assert.deepEqual(holdersAt(model, 0, 2, false), [0, 1]);
  assert.deepEqual(holdersAt(model, 0, 5, false), [0]);
  assert.deepEqual(holdersAt(model, 0, 5, true), [0]);
});

test('items are bars, failures are marked', () => {
  const model = modelOf(1, [], [
    { t: 0, task: 0, kind: EVENT.TASK_STARTED },
    { t: 1, task: 0, kind: EVENT.ITEM_STARTED, value: 4 },
    { t: 2, task: 0, kind: EVENT.ITEM_FINISHED, value: 4 },
    { t: 3, task: 0, kind: EVENT.ITEM_STARTED, value: 5 },
    { t: 4, task: 0, kind: EVENT.ITEM_FAILED, value: 5 },
  ]);
  assert.deepEqual(model.items[0].map((bar) => [bar.index, bar.start, bar.end, bar.failed]),
    [[4, 1, 2, false], [5, 3, 4, true]]);
  assert.deepEqual(model.marks.map((mark) => [mark.kind, mark.t]), [['failed', 4]]);
});

test('who still waits when it ended badly is marked', () => {
  const events: readonly TestEvent[] = [
    { t: 0, task: 0, kind: EVENT.TASK_STARTED },
    { t: 7, task: 0, kind: EVENT.LOCK_WAIT, object: 0 },
  ];
  const model = modelOf(1, [LOCK], events);
  finish(model, 1000, true);
  assert.deepEqual(model.marks.map((mark) => [mark.kind, mark.t, mark.task]), [['stuck', 1000, 0]]);
  assert.equal(sliceEnd(model.lanes[0], 1, model.until), 1000);
  const well = modelOf(1, [LOCK], events);
  finish(well, 1000, false);
  assert.equal(well.marks.length, 0);
});

test('every kind of event says what its task does next', () => {
  const during = (kind: number, object = NOTHING): State => {
    const model = modelOf(1, [{ kind: 10, name: 'stalls' }], [
      { t: 0, task: 0, kind: EVENT.TASK_STARTED },
      { t: 5, task: 0, kind, object, value: 0 },
      { t: 9, task: 0, kind: EVENT.NOTE },
    ]);
    return slices(model, 0).filter(([t]) => t <= 5).at(-1)![1];
  };
  assert.equal(during(EVENT.SEMAPHORE_WAIT, 0), STATE.WAITING);
  assert.equal(during(EVENT.BARRIER_WAIT, 0), STATE.WAITING);
  assert.equal(during(EVENT.QUEUE_JOIN, 0), STATE.WAITING);
  assert.equal(during(EVENT.LOOP_POLL, 0), STATE.IO);
  assert.equal(during(EVENT.SLEEP_BEGAN), STATE.ASLEEP);
  assert.equal(during(EVENT.COROUTINE_YIELDED, 0), STATE.READY);
  assert.equal(during(EVENT.SIGNAL_SENT), STATE.RUNNING);
  assert.equal(during(EVENT.JOIN_WAIT), STATE.WAITING);
});

test('permits of a semaphore: who has one, whoever gives it back', () => {
  const model = modelOf(3, [{ kind: 10, name: 'stalls' }], [
    { t: 0, task: 0, kind: EVENT.TASK_STARTED },
    { t: 5, task: 0, kind: EVENT.SEMAPHORE_ACQUIRED, object: 0 },
    { t: 6, task: 1, kind: EVENT.SEMAPHORE_ACQUIRED, object: 0 },
    { t: 7, task: 2, kind: EVENT.SEMAPHORE_RELEASED, object: 0 },
    { t: 8, task: 0, kind: EVENT.SEMAPHORE_RELEASED, object: 0 },
  ]);
  assert.deepEqual(holdersAt(model, 0, 4, false), []);
  assert.deepEqual(holdersAt(model, 0, 6, false), [0, 1]);
  assert.deepEqual(holdersAt(model, 0, 7, false), [0, 1]);
  assert.deepEqual(holdersAt(model, 0, 9, false), [1]);
});

test('a call that raised is marked', () => {
  const model = modelOf(1, [], [
    { t: 0, task: 0, kind: EVENT.TASK_STARTED },
    { t: 5, task: 0, kind: EVENT.REFUSED, value: 1 },
  ]);
  assert.deepEqual(model.marks.map(({ kind, t }) => [kind, t]), [['raised', 5]]);
});
