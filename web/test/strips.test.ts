import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TraceDecoder } from '../src/trace/decode';
import { EVENT, OBJECT } from '../src/trace/kinds.gen';
import { advance, newModel, type Model } from '../src/trace/model';
import { waits, type State } from '../src/trace/states';
import { largestWithin, type Steps } from '../src/trace/steps';
import { growStrips, newStrips, stripsOf, type Strip } from '../src/trace/strips';
import { encodeChunk, type TestEntry, type TestEvent } from './encode';
import { numbers } from './random';

const TASKS = 5;
const OBJECTS: readonly TestEntry[] = [
  { kind: OBJECT.QUEUE, name: 'queue' }, { kind: OBJECT.SEMAPHORE, name: 'permits' }, { kind: OBJECT.LOCK, name: 'lock' },
];
const KINDS = [
  EVENT.CELL_READ, EVENT.QUEUE_WAIT, EVENT.QUEUE_PUT, EVENT.QUEUE_GOT, EVENT.SEMAPHORE_WAIT, EVENT.SEMAPHORE_ACQUIRED,
  EVENT.SEMAPHORE_RELEASED, EVENT.LOCK_WAIT, EVENT.LOCK_ACQUIRED, EVENT.LOCK_RELEASED, EVENT.CAPACITY, EVENT.GAP,
  EVENT.SLEEP_BEGAN, EVENT.SLEEP_ENDED,
];

type Next = (most: number) => number;

/** Events in the order of each task's time, in chunks that overlap: now this task hands its own on, now that one. */
function overlapping(next: Next, events: number): TestEvent[][] {
  const kept: TestEvent[][] = Array.from({ length: TASKS }, () => []);
  const chunks: TestEvent[][] = [];
  const handOn = (which: (task: number) => boolean): void => {
    const chunk = kept.flatMap((list, task) => (which(task) ? list.splice(0) : [])).sort((a, b) => a.t - b.t);
    if (chunk.length > 0) chunks.push(chunk);
  };
  for (let i = 0, t = 0; i < events; i++) {
    t += next(4);
    const task = next(TASKS);
    kept[task].push({ t, task, kind: KINDS[next(KINDS.length)], object: next(OBJECTS.length), aux: next(9), value: next(6) });
    if (next(12) === 0) handOn((one) => one === task);
    if (next(40) === 0) handOn(() => true);
  }
  handOn(() => true);
  return chunks;
}

function bytesOf(chunks: readonly TestEvent[][]): Uint8Array {
  let first = 0;
  const tasks = Array.from({ length: TASKS }, (_, i) => ({ kind: 2, name: `t${i}` }));
  const parts = chunks.map((events, i) => {
    const bytes = encodeChunk({ events, first, ...(i === 0 ? { tasks, objects: OBJECTS } : {}), last: i === chunks.length - 1 });
    first += events.length;
    return [...bytes];
  });
  return Uint8Array.from(parts.flat());
}

const stepsOf = ({ count, t, value }: Steps): [number, number][] =>
  Array.from({ length: count }, (_, i) => [t[i], value[i]]);

const told = (strips: ReadonlyMap<number, Strip>): unknown[] => [...strips.values()]
  .map(({ object, waiting, level, capacity }) => ({ object, capacity, waiting: stepsOf(waiting), level: stepsOf(level) }))
  .filter(({ waiting, level }) => waiting.length + level.length > 0)
  .sort((a, b) => a.object - b.object);

/** The largest within spans, as a walk over the steps finds it. */
function checkLargest(steps: Steps, next: Next, until: number): void {
  const list = stepsOf(steps);
  for (let k = 0; k < 8; k++) {
    const from = next(until + 1);
    const to = from + 1 + next(k % 2 === 0 ? 20 : until + 1);
    const before = list.filter(([t]) => t <= from).map(([, value]) => value).pop() ?? 0;
    const within = list.filter(([t]) => t > from && t < to).map(([, value]) => value);
    assert.equal(largestWithin(steps, from, to), Math.max(before, ...within), `[${from}, ${to})`);
  }
}

/** How many tasks wait for the object at t, by their lanes. */
function waitersAt(model: Model, object: number, t: number): number {
  return model.lanes.filter((lane) => {
    let i = lane.count - 1;
    while (i >= 0 && lane.start[i] > t) i--;
    return i >= 0 && lane.ref[i] === object && waits(lane.state[i] as State);
  }).length;
}

test('strips that grow with the trace, in any pieces, are those of the whole', () => {
  const random = numbers(11);
  const next: Next = (most) => Math.floor(random() * most);
  let late = 0;
  for (let round = 0; round < 40; round++) {
    const bytes = bytesOf(overlapping(next, round < 4 ? 1 + round : 40 + next(900)));
    const decoder = new TraceDecoder();
    const model = newModel(decoder.log);
    const strips = newStrips();
    for (let at = 0; at < bytes.length;) {
      const size = 1 + next(round % 2 === 0 ? 300 : 6000);
      const known = decoder.log.count;
      const latest = model.lastT;
      decoder.push(bytes.subarray(at, at + size));
      at += size;
      if (decoder.log.t.subarray(known, decoder.log.count).some((t) => t < latest)) late++;
      advance(model);
      growStrips(strips, model);
      if (next(4) === 0) assert.deepEqual(told(strips.byObject), told(stripsOf(model)));
    }
    assert.deepEqual(told(strips.byObject), told(stripsOf(model)));
    for (const { object, waiting, level } of strips.byObject.values()) {
      checkLargest(waiting, next, model.until);
      checkLargest(level, next, model.until);
      for (let k = 0; k < 20; k++) {
        const t = next(model.until + 1);
        assert.equal(Math.max(0, largestWithin(waiting, t, t + 1)), waitersAt(model, object, t), `${object} at ${t}`);
      }
    }
  }
  assert.ok(late > 100, 'much of it came later than what was known');
});
