import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fillColumns } from '../src/timeline/columns';
import { ColumnCache } from '../src/timeline/raster';
import { roomAfter, type View } from '../src/timeline/scale';
import { newLane, pushSlice, sliceEnd, type Lane } from '../src/trace/lane';
import { numbers } from './random';

const STATES = 13;

function randomLane(seed: number, slices: number): { lane: Lane; until: number } {
  const next = numbers(seed);
  const lane = newLane(STATES);
  let t = Math.floor(next() * 500);
  for (let i = 0; i < slices; i++) {
    pushSlice(lane, t, 1 + Math.floor(next() * (STATES - 1)), i, i);
    t += 1 + Math.floor(next() ** 4 * 3000);
  }
  return { lane, until: t };
}

/** Every slice against every column, one by one. */
function bruteForce(lane: Lane, scale: number, until: number, c: number): number {
  const [a, b] = [c * scale, (c + 1) * scale];
  const weights = new Array<number>(STATES).fill(0);
  let known = 0;
  for (let i = 0; i < lane.count; i++) {
    const time = Math.min(b, sliceEnd(lane, i, until), until) - Math.max(a, lane.start[i]);
    if (time <= 0) continue;
    weights[lane.state[i]] += time;
    known += time;
  }
  const best = weights.indexOf(Math.max(...weights));
  return best === 0 || scale - known > weights[best] ? 0 : best;
}

for (const [seed, slices, scale] of [
  [1, 0, 10], [2, 1, 10], [3, 40, 7], [4, 500, 64], [5, 3000, 1024], [6, 3000, 4096],
  [7, 20000, 32768], [8, 3000, 1],
] as const) {
  test(`columns are exact: ${slices} slices, ${scale} ns a column`, () => {
    const { lane, until } = randomLane(seed, slices);
    const count = Math.min(600, Math.ceil(until / scale) + 10);
    const out = new Uint8Array(count);
    fillColumns(lane, scale, until, -5, count - 5, out, 0);
    for (let c = 0; c < count; c++) {
      assert.equal(out[c], bruteForce(lane, scale, until, c - 5), `column ${c - 5}`);
    }
  });
}

test('a part of the columns is the same as that part of all', () => {
  const { lane, until } = randomLane(11, 4000);
  const all = new Uint8Array(400);
  fillColumns(lane, 2000, until, 0, 400, all, 0);
  const some = new Uint8Array(400);
  fillColumns(lane, 2000, until, 120, 180, some, 120);
  assert.deepEqual(some.subarray(120, 180), all.subarray(120, 180));
});

test('the columns of a lane that goes on, kept while the view moves, are those of the whole', () => {
  const next = numbers(21);
  const below = (most: number): number => Math.floor(next() * most);
  const [cache, lane] = [new ColumnCache(), newLane(STATES)];
  let view: View = { first: -3, scale: 500, width: 200 };
  let [t, version] = [0, 0];
  for (let round = 0; round < 3000; round++) {
    for (let more = below(9); more > 0; more--) {
      pushSlice(lane, t, 1 + below(STATES - 1), below(3), 0);
      // Two states that begin at once are one slice, which is another one then.
      t += below(5) === 0 ? 0 : Math.floor(next() ** 4 * 3000);
    }
    version++;
    if (below(3) === 0) view = { ...view, first: view.first + below(60) - 20 };
    if (below(50) === 0) view = { ...view, scale: 1 + below(2000), first: below(400) - 100 };
    if (below(4) === 0) view = { ...view, first: Math.floor(t / view.scale) - below(view.width + 20) };
    const until = t + below(2) * below(4000);
    const anew = new Uint8Array(view.width);
    fillColumns(lane, view.scale, until, view.first, view.first + view.width, anew, 0);
    assert.deepEqual(cache.columns(lane, view, until, version), anew, `round ${round}`);
    t = until;
  }
});

test('an end that goes on is given a little room, the same for a while', () => {
  const ends = Array.from({ length: 4000 }, (_, i) => 1000 + i);
  for (const end of ends) assert.ok(roomAfter(end) >= end && roomAfter(end) <= 1.07 * end, String(end));
  assert.ok(new Set(ends.map(roomAfter)).size < 40);
  assert.ok(Number.isFinite(roomAfter(0)));
});
