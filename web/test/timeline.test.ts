import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  PLAIN, layOut as layOutAs, rowAt, rowsWithin, sameLayout, scrolled, type Layout,
} from '../src/timeline/layout';
import { arrowOf, arrowsIn, itemsIn, labelsIn, pointsIn } from '../src/timeline/marks';
import { effectOf, stepEvent, stepLane, stepSlice, toCause } from '../src/timeline/moves';
import { clampView, fitView, panView, resizeView, ticks, toTime, toX, viewEnd, viewStart, zoomView } from '../src/timeline/scale';
import { TraceDecoder } from '../src/trace/decode';
import { EVENT } from '../src/trace/kinds.gen';
import { advance, newModel, type ItemBar, type Model } from '../src/trace/model';
import { STATE } from '../src/trace/states';
import { stripsOf } from '../src/trace/strips';
import { traceOf, type TestEvent } from './encode';

const EVENTS: readonly TestEvent[] = [
  { t: 0, task: 0, kind: EVENT.TASK_STARTED },
  { t: 100, task: 0, kind: EVENT.TASK_CREATED, value: 1 },
  { t: 150, task: 1, kind: EVENT.TASK_STARTED, cause: 1 },
  { t: 200, task: 1, kind: EVENT.LOCK_ACQUIRED, object: 0 },
  { t: 300, task: 0, kind: EVENT.LOCK_WAIT, object: 0 },
  { t: 600, task: 1, kind: EVENT.LOCK_RELEASED, object: 0 },
  { t: 610, task: 0, kind: EVENT.LOCK_ACQUIRED, object: 0, cause: 5 },
  { t: 1000, task: 0, kind: EVENT.TASK_ENDED },
];

function modelOf(events: readonly TestEvent[] = EVENTS): Model {
  const decoder = new TraceDecoder();
  decoder.push(traceOf(2, [{ kind: 2, name: 'counter' }], events));
  const model = newModel(decoder.log);
  advance(model);
  return model;
}

const layOut = (model: Model): Layout => layOutAs(model, PLAIN);

test('rows: tasks by kind, then objects, each group under its head, none over another', () => {
  const layout = layOut(modelOf());
  assert.deepEqual(layout.rows.map((row) => [row.kind, row.id]), [['task', 0], ['task', 1], ['object', 0]]);
  const all = [...layout.rows, ...layout.heads].sort((x, y) => x.y - y.y);
  all.forEach((part, i) => assert.equal(part.y, i === 0 ? 0 : all[i - 1].y + all[i - 1].height));
  assert.equal(layout.height, all[all.length - 1].y + all[all.length - 1].height);
  for (const row of layout.rows) assert.ok(row.barY >= row.y && row.barY + 16 <= row.y + row.height);
  assert.deepEqual(layout.heads.map(({ group, rows }) => [group, rows]), [['thread', 2], ['object', 1]]);
  assert.equal(rowAt(layout, layout.rows[1].y)?.id, 1);
  assert.equal(rowAt(layout, 9999)?.kind, 'object');
  assert.deepEqual(rowsWithin(layout, layout.rows[1].y + 1, layout.rows[1].y + 2).map((row) => row.id), [1]);
});

test('a group that is folded keeps its head only; what is pinned stays on top all the same', () => {
  const model = modelOf();
  const strips = stripsOf(model);
  const layout = layOutAs(model, { strips, pins: ['t1', 'o0', 't9'], folded: ['thread'] });
  assert.deepEqual(layout.rows.map((row) => [row.kind, row.id, row.pinned]), [['task', 1, true], ['object', 0, true]]);
  assert.equal(layout.pinned, layout.rows[0].height + layout.rows[1].height);
  assert.deepEqual(layout.heads.map((head) => head.folded), [true, false]);
  assert.equal(layout.height, layout.pinned + 2 * layout.heads[0].height);
});

test('a layout is the same until a row is new, moves, or shows something else', () => {
  const model = modelOf(EVENTS.slice(0, 4));
  const before = layOut(model);
  assert.ok(sameLayout(before, layOut(model)));
  assert.ok(!sameLayout(before, layOutAs(model, { ...PLAIN, pins: ['t1'] })));
  assert.ok(!sameLayout(before, layOutAs(model, { ...PLAIN, folded: ['thread'] })));
  const whole = modelOf();
  const plain = layOut(whole);
  assert.ok(!sameLayout(plain, layOutAs(whole, { ...PLAIN, strips: stripsOf(whole) })), 'a strip');
  assert.ok(!sameLayout(before, plain), 'another model');
});

test('scrolled, pinned rows stay in sight and hide what would lie under them', () => {
  const layout = layOutAs(modelOf(), { ...PLAIN, pins: ['o0'] });
  assert.equal(scrolled(layout, 0), layout);
  const after = scrolled(layout, 60);
  assert.deepEqual(after.rows.map((row) => [row.kind, row.id, row.y]),
    [['object', 0, 60], ['task', 1, layout.rows[2].y]]);
  assert.equal(after.rows[0].barY, layout.rows[0].barY + 60);
  assert.equal(rowAt(after, 61)?.kind, 'object');
});

test('a view keeps what is under the pointer while it zooms', () => {
  const view = fitView(0, 1e6, 1000);
  for (const [factor, x] of [[0.5, 200], [0.1, 900], [2, 10]] as const) {
    const zoomed = zoomView(view, factor, x, 1e6);
    assert.ok(Math.abs(toTime(zoomed, x) - toTime(view, x)) <= zoomed.scale, `${factor}`);
  }
  assert.ok(viewStart(view) <= 0 && viewEnd(view) >= 1e6);
  assert.equal(panView(view, 12.4).first, view.first + 12);
  assert.equal(Math.round(toX(view, toTime(view, 77))), 77);
});

test('a view cannot be lost: some of the run stays in sight', () => {
  const view = fitView(0, 1e6, 1000);
  for (const far of [-1e9, 1e9]) {
    const kept = clampView(panView(view, far), 1e6);
    assert.ok(viewEnd(kept) > 0 && viewStart(kept) < 1e6);
  }
  const narrow = resizeView(view, 300);
  assert.ok(Math.abs(viewEnd(narrow) - viewEnd(view)) <= 2 * narrow.scale);
});

test('ticks are round, apart, and within the view', () => {
  for (const end of [900, 12_345, 7e8, 3e10]) {
    const view = fitView(0, end, 1000);
    const { step, times } = ticks(view, 90);
    assert.ok(step / view.scale >= 90);
    assert.ok(times.length >= 2 && times.length <= 12, `${times.length}`);
    assert.match(String(Number(step.toPrecision(3))).replace(/0+$/, ''), /^0?\.?0*[125](e\+?\d+)?$/);
    assert.ok(times.every((t) => t >= 0 && t <= viewEnd(view)));
  }
});

test('arrows go from the cause to its effect', () => {
  const model = modelOf();
  const layout = layOut(model);
  const view = { first: 0, scale: 10, width: 100 };
  const { list, hidden } = arrowsIn(model, layout, view);
  assert.equal(hidden, 0);
  assert.deepEqual(list.map((a) => [a.x1, a.x2]), [[10, 15], [60, 61]]);
  assert.ok(list[0].y1 < list[0].y2 && list[1].y1 > list[1].y2);
  assert.deepEqual(arrowOf(model, layout, view, 6), list[1]);
  assert.equal(arrowOf(model, layout, view, 0), null);
});

test('too many arrows are counted, not drawn', () => {
  const events: TestEvent[] = [];
  for (let i = 0; i < 10_000; i++) {
    events.push({ t: i * 10, task: i % 2, kind: EVENT.LOCK_ACQUIRED, object: 0, ...(i > 0 ? { cause: i - 1 } : {}) });
  }
  const model = modelOf(events);
  const layout = layOut(model);
  assert.deepEqual(arrowsIn(model, layout, { first: 0, scale: 1000, width: 100 }), { list: [], hidden: 9999 });
  assert.ok(arrowsIn(model, layout, { first: 0, scale: 1, width: 100 }).list.length >= 9);
});

test('names stand on slices that are wide enough', () => {
  const model = modelOf();
  const row = layOut(model).rows[0];
  const states = new Uint8Array(100).fill(STATE.WAITING, 30, 61);
  const labels = labelsIn(model, row, { first: 0, scale: 10, width: 100 }, states, 20);
  assert.deepEqual(labels, [{ x: 30, width: 31, text: 'counter' }]);
  assert.deepEqual(labelsIn(model, row, { first: 0, scale: 10, width: 100 }, states, 40), []);
});

test('item bars in sight only, and none over another', () => {
  const bars: ItemBar[] = Array.from({ length: 1000 }, (_, i) => ({
    index: i, start: i * 10, end: i * 10 + 8, failed: false, event: 0,
  }));
  const far = itemsIn(bars, { first: 0, scale: 100, width: 50 }, 1e5);
  assert.ok(far.length <= 50 && far.length > 20);
  const near = itemsIn(bars, { first: 200, scale: 1, width: 100 }, 1e5);
  assert.deepEqual(near.map((p) => p.bar.index), [20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30]);
});

test('reads and writes know their room, and are left out where they would hide all else', () => {
  const cells = Array.from({ length: 40 }, (_, i): TestEvent => (
    { t: 1000 + i * 100, task: i % 2, kind: i % 4 < 2 ? EVENT.CELL_READ : EVENT.CELL_WROTE, object: 0, value: i }));
  const model = modelOf([...EVENTS, ...cells]);
  const layout = layOut(model);
  const points = pointsIn(model, layout, fitView(0, 5000, 1000));
  assert.equal(points.length, 40);
  assert.deepEqual([points[0].text, points[2].text, points[0].row.id], ['R 0', 'W 2', 0]);
  assert.equal(points[0].room, points[2].x - points[0].x);
  assert.equal(points[39].room, Infinity);
  assert.deepEqual(pointsIn(model, layout, fitView(0, 50_000, 1000)), []);
});

test('a task that is known and has done nothing yet is where it was selected', () => {
  const model = modelOf(EVENTS.slice(0, 1));
  const at = { task: 1, t: 50, event: -1 };
  assert.deepEqual([stepSlice(model, at, 1), stepLane(model, { ...at, task: 0 }, 1)], [at, at]);
});

test('keys lead from state to state, lane to lane, effect to cause', () => {
  const model = modelOf();
  const first = { task: 0, t: 0, event: -1 };
  const waiting = stepSlice(model, first, 1);
  assert.deepEqual(waiting, { task: 0, t: 300, event: -1 });
  assert.deepEqual(stepSlice(model, first, -1), first);
  assert.deepEqual(stepLane(model, waiting, 1), { task: 1, t: 300, event: -1 });
  assert.deepEqual(stepLane(model, first, 1).t, 100, 'not before the task was there');
  assert.equal(stepEvent(model, waiting, 1).event, 6);
  assert.equal(stepEvent(model, { task: 0, t: 610, event: 6 }, -1).event, 4);
  const got = stepSlice(model, waiting, 1);
  assert.deepEqual(toCause(model, got), { task: 1, t: 600, event: 5 });
  assert.equal(effectOf(model, 5), 6);
  assert.equal(effectOf(model, 7), -1);
});
