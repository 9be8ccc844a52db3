// What the reader sets: the place in the address, the way back, the search, time by order.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PLAIN, layOut } from '../src/timeline/layout';
import { itemWay, levelsIn, wayPoints } from '../src/timeline/marks';
import { chosenLanes } from '../src/timeline/minimap';
import { stepAny } from '../src/timeline/moves';
import { NOWHERE, readPlace, selectionAt, writePlace, type Place } from '../src/timeline/place';
import { search } from '../src/timeline/search';
import { spanView, viewEnd, viewStart } from '../src/timeline/scale';
import { Trail } from '../src/timeline/trail';
import { TraceDecoder } from '../src/trace/decode';
import { EVENT } from '../src/trace/kinds.gen';
import { advance, newModel, type Model } from '../src/trace/model';
import { STEP, inOrder, orderedTime, realTime, stateEvent } from '../src/trace/order';
import { timeOrder } from '../src/trace/sort';
import { newSteps, pushStep } from '../src/trace/steps';
import { stripsOf } from '../src/trace/strips';
import { encodeChunk, type TestEvent } from './encode';

/** Task 0 makes 1 and 2, which want the same lock; the chunks' order is not that of time. */
const EVENTS: readonly TestEvent[] = [
  { t: 0, task: 0, kind: EVENT.TASK_STARTED },
  { t: 100, task: 0, kind: EVENT.TASK_CREATED, value: 1 },
  { t: 110, task: 0, kind: EVENT.TASK_CREATED, value: 2 },
  { t: 5000, task: 2, kind: EVENT.TASK_STARTED },
  { t: 6000, task: 2, kind: EVENT.LOCK_WAIT, object: 0 },
  { t: 150, task: 1, kind: EVENT.TASK_STARTED, cause: 1 },
  { t: 200, task: 1, kind: EVENT.LOCK_ACQUIRED, object: 0 },
  { t: 1_000_000, task: 1, kind: EVENT.LOCK_RELEASED, object: 0 },
  { t: 1_000_010, task: 2, kind: EVENT.LOCK_ACQUIRED, object: 0, cause: 7 },
];

/** Where the second chunk begins. */
const CUT = 5;

function modelOf(events: readonly TestEvent[] = EVENTS): Model {
  const decoder = new TraceDecoder();
  const tasks = ['main', 't1', 't2'].map((name) => ({ kind: 2, name }));
  const objects = [{ kind: 2, name: 'counter' }];
  decoder.push(encodeChunk({ tasks, objects, events: events.slice(0, CUT) }));
  decoder.push(encodeChunk({ first: Math.min(CUT, events.length), firstTask: 3, firstObject: 1, events: events.slice(CUT), last: true }));
  const model = newModel(decoder.log);
  advance(model);
  return model;
}

test('a place comes back from its address as it was', () => {
  const places: Place[] = [
    NOWHERE,
    { ...NOWHERE, span: [-12.5, 1e9] },
    { ...NOWHERE, at: { kind: 'task', id: 3, t: 120, event: true } },
    { ...NOWHERE, at: { kind: 'object', id: 12, t: 5, event: false } },
    { span: [0, 0.5], at: { kind: 'object', id: 0, t: 0, event: true }, pins: ['t3', 'o0'], folded: ['object'], marks: [5, 90], item: -3, ordered: true },
  ];
  for (const place of places) assert.deepEqual(readPlace(writePlace(place)), place);
  assert.equal(writePlace(NOWHERE), '');
});

test('two runs share an address: each side reads its own, and writing leaves the other’s', () => {
  const first: Place = { ...NOWHERE, span: [0, 500], at: { kind: 'task', id: 1, t: 7, event: true }, pins: ['o2'], ordered: true };
  const second: Place = { ...NOWHERE, at: { kind: 'object', id: 3, t: 90, event: false }, folded: ['thread'], marks: [4, 8], item: 5 };
  const both = writePlace(second, 'second', writePlace(first));
  assert.equal(both, '#v=0~500&s=1@7e&p=o2&c=order&s2=o3@90&f2=thread&m2=4,8&i2=5');
  assert.deepEqual([readPlace(both), readPlace(both, 'second')], [first, second]);
  assert.equal(writePlace(first, 'first', writePlace(second, 'second')), both, 'whoever is first to write');
  assert.deepEqual(readPlace(writePlace(NOWHERE, 'first', both), 'second'), second);
  assert.equal(writePlace(NOWHERE, 'second', writePlace(NOWHERE, 'first', both)), '');
  assert.equal(writePlace({ ...second, span: [1, 2], ordered: true }, 'second'), writePlace(second, 'second'), 'the view is the first’s to say');
});

test('what an address says badly is as if it did not', () => {
  for (const bad of ['#v=5~5', '#v=9~1', '#v=a~b', '#v=1e9~2e9', '#s=2', '#s=@4', '#s=2@-4', '#s=x2@4', '#s=oo2@4', '#s=o@4', '#p=x1,t,', '#m=-1,a', '#f=<b>', '#c=x', '#i=x', '#%%%'])
    assert.deepEqual(readPlace(bad), NOWHERE, bad);
  assert.deepEqual(readPlace('#p=t1,x,t1,o2').pins, ['t1', 'o2']);
  assert.deepEqual(readPlace('#m=90,5').marks, [5, 90]);
  const many = Array.from({ length: 500 }, (_, i) => `t${i}`).join(',');
  assert.equal(readPlace(`#p=${many}`).pins.length, 64);
});

test('the selection of a place is the event of that time, and nothing where there is no such task or object', () => {
  const model = modelOf();
  assert.deepEqual(selectionAt(model, { kind: 'task', id: 1, t: 200, event: true }), { task: 1, t: 200, event: 6 });
  assert.deepEqual(selectionAt(model, { kind: 'task', id: 1, t: 201, event: true }), { task: 1, t: 201, event: -1 });
  assert.equal(selectionAt(model, { kind: 'task', id: 7, t: 0, event: false }), null);
  assert.equal(selectionAt(model, null), null);
  assert.deepEqual(selectionAt(model, { kind: 'object', id: 0, t: 6000, event: true }), { task: 2, t: 6000, event: 4, object: 0 });
  assert.deepEqual(selectionAt(model, { kind: 'object', id: 0, t: 6001, event: true }), { task: 2, t: 6001, event: -1, object: 0 });
  assert.equal(selectionAt(model, { kind: 'object', id: 1, t: 0, event: false }), null);
});

test('a span fills the view to the column', () => {
  const view = spanView([1000, 51_000], 500);
  assert.deepEqual([viewStart(view), viewEnd(view)], [1000, 51_000]);
});

test('moves are taken back one by one, those of a moment together, and done again', () => {
  const trail = new Trail<string>();
  assert.equal(trail.back('a'), null);
  trail.leave('a', 0);
  trail.leave('a1', 100);
  trail.leave('a2', 300);
  trail.leave('b', 2000);
  assert.equal(trail.back('c'), 'b');
  assert.equal(trail.back('b'), 'a');
  assert.equal(trail.back('a'), null);
  assert.equal(trail.forth('a'), 'b');
  assert.equal(trail.forth('b'), 'c');
  assert.equal(trail.forth('c'), null);
  trail.back('c');
  trail.leave('b', 9000);
  assert.equal(trail.forth('d'), null, 'a new move ends the way forward');
});

test('a search finds events by task, object, kind and value; every word must be there', () => {
  const { log } = modelOf();
  const kinds = (query: string): readonly number[] => search(log, query);
  assert.deepEqual(kinds('counter'), [6, 4, 7, 8]);
  assert.deepEqual(kinds(`${log.tasks[2].name} COUNTER`), [4, 8]);
  assert.deepEqual(kinds('acquired'), [6, 8]);
  assert.deepEqual(kinds('created 2'), [2]);
  assert.deepEqual(kinds('=2'), [2]);
  assert.deepEqual(kinds('nothing-of-the-kind'), []);
  assert.deepEqual(kinds('  '), []);
});

test('the next event of any task follows the order of time', () => {
  const model = modelOf();
  const order = timeOrder(model.log);
  const seen: number[] = [];
  let at = { task: 0, t: -1, event: -1 };
  for (let i = 0; i < 12; i++) {
    at = stepAny(model, order, at, 1);
    seen.push(at.event);
  }
  assert.deepEqual(seen, [0, 1, 2, 5, 6, 3, 4, 7, 8, 8, 8, 8]);
  assert.equal(stepAny(model, order, at, -1).event, 7);
  assert.equal(stepAny(model, order, { task: 1, t: 155, event: -1 }, 1).event, 6, 'from between two events');
  assert.equal(stepAny(model, order, { task: 1, t: 155, event: -1 }, -1).event, 5);
});

test('by order each event takes one step, and every moment has its place in both', () => {
  const model = modelOf();
  const ordered = inOrder(model);
  const places = ordered.order.reduce<number[]>((list, event, k) => { list[event] = k; return list; }, []);
  assert.deepEqual(Array.from(ordered.model.log.t.slice(0, 9)), places.map((k) => k * STEP));
  assert.equal(ordered.model.until, 9 * STEP);
  assert.equal(ordered.model.lanes[2].count, model.lanes[2].count);
  assert.deepEqual([-1, 0, 105, 200, 2e6].map((t) => orderedTime(ordered, t) / STEP), [0, 0, 2, 4, 9]);
  assert.deepEqual([0, 2.5, 4, 99].map((k) => realTime(ordered, k * STEP)), [0, 110, 200, 1_000_010]);
  assert.equal(stateEvent(model, 2, 7000), 4);
  assert.equal(stateEvent(model, 2, 50), -1);
});

test('an item is followed through all lanes in the order of time', () => {
  const way: TestEvent[] = [
    { t: 10, task: 0, kind: EVENT.ITEM_SUBMITTED, value: 7 },
    { t: 15, task: 0, kind: EVENT.ITEM_SUBMITTED, value: 8 },
    { t: 30, task: 1, kind: EVENT.ITEM_STARTED, value: 7, cause: 0 },
    { t: 60, task: 0, kind: EVENT.QUEUE_GOT, object: 0, value: 7 },
    { t: 70, task: 0, kind: EVENT.ITEM_DELIVERED, value: 7 },
    { t: 50, task: 1, kind: EVENT.ITEM_FINISHED, value: 7 },
  ];
  const model = modelOf(way);
  assert.deepEqual(itemWay(model, 7), [0, 2, 5, 4]);
  const layout = layOut(model, PLAIN);
  const points = wayPoints(model, layout, { first: 0, scale: 10, width: 100 }, 7);
  assert.deepEqual(points.map(({ x }) => x), [1, 3, 5, 7]);
  const row = layout.rows.find((one) => one.kind === 'task' && one.id === 1);
  assert.ok(row !== undefined && points[1].y > row.y && points[1].y < row.y + row.height);
  assert.deepEqual(itemWay(model, 99), []);
});

test('strips tell how many wait for an object, and how full it is', () => {
  const queue: TestEvent[] = [
    { t: 1, task: 0, kind: EVENT.CAPACITY, object: 0, value: 2 },
    { t: 10, task: 0, kind: EVENT.QUEUE_PUT, object: 0, aux: 1 },
    { t: 20, task: 0, kind: EVENT.QUEUE_PUT, object: 0, aux: 2 },
    { t: 30, task: 1, kind: EVENT.QUEUE_GOT, object: 0, aux: 1 },
  ];
  const [full, waiting] = [stripsOf(modelOf(queue)).get(0), stripsOf(modelOf()).get(0)];
  assert.ok(full !== undefined && waiting !== undefined);
  assert.equal(full.capacity, 2);
  assert.deepEqual(Array.from(full.level.value.slice(0, full.level.count)), [0, 1, 2, 1]);
  assert.equal(full.waiting.count, 0);
  const { t, value, count } = waiting.waiting;
  assert.deepEqual([...t.slice(0, count)], [6000, 1_000_010]);
  assert.deepEqual([...value.slice(0, count)], [1, 0]);
});

test('a column shows the largest level within it', () => {
  const steps = newSteps();
  for (let i = 0; i < 2000; i++) pushStep(steps, i * 10, i % 7);
  const until = 20_000;
  for (const view of [{ first: 0, scale: 3, width: 500 }, { first: 100, scale: 25, width: 300 }, { first: -20, scale: 400, width: 90 }]) {
    const shown = new Array<number>(view.width).fill(0);
    for (const { x, width, value } of levelsIn(steps, view, until)) shown.fill(value, x, x + width);
    for (let x = 0; x < view.width; x++) {
      const [from, to] = [(view.first + x) * view.scale, (view.first + x + 1) * view.scale];
      if (from < 0 || from >= until) continue;
      let most = 0;
      for (let i = 0; i < 2000; i++) if (i * 10 < to && (i + 1) * 10 > from) most = Math.max(most, i % 7);
      assert.equal(shown[x], most, `column ${x} at ${view.scale}`);
    }
  }
});

test('of many lanes the minimap shows some of everywhere', () => {
  assert.deepEqual(chosenLanes(3, 32), [0, 1, 2]);
  const some = chosenLanes(100, 4);
  assert.deepEqual(some, [0, 25, 50, 75]);
});
