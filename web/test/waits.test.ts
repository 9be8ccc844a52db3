import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { standings } from '../src/charts/now';
import { endGraph, fitted, layOutGraph, momentGraph, waitsOf, type WaitGraph } from '../src/charts/waitGraph';
import { TraceDecoder } from '../src/trace/decode';
import { EVENT } from '../src/trace/kinds.gen';
import { advance, newModel, type Model } from '../src/trace/model';
import { everWaited, waitsAt } from '../src/trace/waits';
import { traceOf, type TestEntry, type TestEvent } from './encode';

function modelFrom(bytes: Uint8Array): Model {
  const decoder = new TraceDecoder();
  decoder.push(bytes);
  const model = newModel(decoder.log);
  advance(model);
  return model;
}

const modelOf = (tasks: number, objects: readonly TestEntry[], events: readonly TestEvent[]): Model =>
  modelFrom(traceOf(tasks, objects, events));
const graphAt = (model: Model, t: number): WaitGraph => momentGraph(model, waitsAt(model, t));

test('the golden trace: who waits for what, who holds what', () => {
  const model = modelFrom(readFileSync(join(process.cwd(), '../tests/golden/trace.bin')));
  assert.deepEqual(waitsAt(model, 3050), { waiting: [], holding: [{ task: 1, object: 1 }] });
  assert.deepEqual(waitsAt(model, 5000), {
    waiting: [{ task: 0, object: 1, forTask: null, holders: [1] }],
    holding: [{ task: 1, object: 1 }],
  });
  assert.deepEqual(waitsAt(model, 9100).holding, []);
  assert.deepEqual(waitsAt(model, 9300), { waiting: [], holding: [{ task: 0, object: 1 }] });
  assert.deepEqual(waitsOf(graphAt(model, 5000)), [{ task: 'main', object: 'lock', holder: '加法线程 1' }]);
});

const LOCKS: readonly TestEntry[] = [{ kind: 2, name: 'lock A' }, { kind: 2, name: 'lock B' }];
const DEADLOCK: readonly TestEvent[] = [
  { t: 0, task: 0, kind: EVENT.TASK_STARTED },
  { t: 1, task: 0, kind: EVENT.TASK_CREATED, value: 1 },
  { t: 2, task: 0, kind: EVENT.TASK_CREATED, value: 2 },
  { t: 3, task: 0, kind: EVENT.JOIN_WAIT, value: 1 },
  { t: 4, task: 1, kind: EVENT.TASK_STARTED },
  { t: 5, task: 2, kind: EVENT.TASK_STARTED },
  { t: 6, task: 1, kind: EVENT.LOCK_ACQUIRED, object: 0 },
  { t: 7, task: 2, kind: EVENT.LOCK_ACQUIRED, object: 1 },
  { t: 8, task: 1, kind: EVENT.LOCK_WAIT, object: 1 },
  { t: 9, task: 2, kind: EVENT.LOCK_WAIT, object: 0 },
];

test('two locks in opposite order: the circle, and main beside it', () => {
  const model = modelOf(3, LOCKS, DEADLOCK);
  const before = graphAt(model, 8);
  assert.equal(before.edges.some((edge) => edge.circular), false);
  const graph = graphAt(model, 9);
  assert.deepEqual(graph.edges.filter((edge) => edge.circular).map((edge) => `${edge.from} ${edge.to}`).sort(),
    ['o0 t1', 'o1 t2', 't1 o1', 't2 o0']);
  const waits = [
    { task: 'main', object: 't1', holder: 't1' },
    { task: 't1', object: 'lock B', holder: 't2' },
    { task: 't2', object: 'lock A', holder: 't1' },
  ];
  assert.deepEqual(waitsOf(graph), waits);
  const end = endGraph(model, waits, waitsAt(model, 9).holding);
  assert.deepEqual(waitsOf(end), waits, 'and the server says the same');
  assert.deepEqual([end.tasks, end.objects].flat().map((node) => node.name), ['main', 't1', 't2', 'lock B', 'lock A']);
  assert.deepEqual(end.edges.length, graph.edges.length);
});

test('a pipe that its reader keeps open waits for itself', () => {
  const model = modelOf(1, [{ kind: 4, name: 'p1' }], [
    { t: 0, task: 0, kind: EVENT.TASK_STARTED },
    { t: 1, task: 0, kind: EVENT.PIPE_OPENED, object: 0, value: 1 },
    { t: 2, task: 0, kind: EVENT.PIPE_OPENED, object: 0, value: 2 },
    { t: 3, task: 0, kind: EVENT.PIPE_WAIT, object: 0 },
  ]);
  const graph = graphAt(model, 4);
  assert.deepEqual(waitsOf(graph), [{ task: 'main', object: 'p1', holder: 'main' }]);
  assert.ok(graph.edges.every((edge) => edge.circular));
  const { edges } = layOutGraph(graph, 286);
  assert.notEqual(edges[0].path.split('L')[0], edges[1].path.split('L')[1], 'the two lines lie apart');
});

test('room in a pipe is waited for with those who read; an object nobody has is waited for all the same', () => {
  const model = modelOf(2, [{ kind: 4, name: 'p1' }, { kind: 9, name: 'go' }], [
    { t: 0, task: 0, kind: EVENT.TASK_STARTED },
    { t: 1, task: 0, kind: EVENT.PIPE_OPENED, object: 0, value: 2 },
    { t: 2, task: 1, kind: EVENT.TASK_STARTED },
    { t: 3, task: 1, kind: EVENT.PIPE_OPENED, object: 0, value: 1 },
    { t: 4, task: 0, kind: EVENT.PIPE_FULL, object: 0 },
    { t: 5, task: 1, kind: EVENT.EVENT_WAIT, object: 1 },
  ]);
  assert.deepEqual(waitsOf(graphAt(model, 6)),
    [{ task: 'main', object: 'p1', holder: 't1' }, { task: 't1', object: 'go', holder: '' }]);
  assert.ok(everWaited(model));
  assert.ok(!everWaited(modelOf(1, [], [{ t: 0, task: 0, kind: EVENT.TASK_STARTED }])));
});

test('a graph has a place for every name, within its width', () => {
  const graph = graphAt(modelOf(3, LOCKS, DEADLOCK), 9);
  for (const width of [200, 286, 600]) {
    const layout = layOutGraph(graph, width);
    assert.equal(layout.tasks.length + layout.objects.length, 5);
    for (const node of [...layout.tasks, ...layout.objects]) {
      assert.ok(node.x >= 0 && node.x + layout.box.width <= width, `${node.name} at ${node.x}`);
      assert.ok(node.y >= 0 && node.y + layout.box.height <= layout.height);
    }
    assert.ok(layout.edges.every((edge) => /^M[\d.-]+ [\d.]+[LC]/.test(edge.path)));
    const gap = layout.objects[0].x - layout.tasks[0].x - layout.box.width;
    assert.ok(gap > 30, `${gap} between the columns`);
  }
});

test('names are cut to their box', () => {
  assert.equal(fitted('worker 1', 10), 'worker 1');
  assert.equal(fitted('a rather long name', 8), 'a rathe…');
  assert.equal(fitted('加法线程 1', 6), '加法…');
});

test('how things stand: levels, permits and values', () => {
  const model = modelOf(1, [{ kind: 5, name: 'q' }, { kind: 10, name: 'stalls' }, { kind: 3, name: 'share' }], [
    { t: 0, task: 0, kind: EVENT.CAPACITY, object: 0, value: 2 },
    { t: 1, task: 0, kind: EVENT.CAPACITY, object: 1, value: 3 },
    { t: 2, task: 0, kind: EVENT.QUEUE_PUT, object: 0, value: 9, aux: 1 },
    { t: 3, task: 0, kind: EVENT.CELL_WROTE, object: 2, value: 7 },
  ]);
  assert.deepEqual(standings(model.log), [
    { object: 0, value: 1, capacity: 2 }, { object: 1, value: 3, capacity: 3 }, { object: 2, value: 7, capacity: null },
  ]);
});
