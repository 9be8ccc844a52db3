// One row of the timeline: slices in columns, each ending where the next begins, and every 16
// slices the time spent in each state so far, so that any span can be summed without a walk.
import { grown, upperBound } from './log';

const BLOCK = 16;
const FIRST_CAPACITY = 32;

export interface Lane {
  readonly states: number;
  count: number;
  start: Float64Array;
  state: Uint8Array;
  /** What the state is about: an object or a task, as the model says; 0xffff nothing. */
  ref: Uint16Array;
  /** The event that began the slice. */
  event: Uint32Array;
  /** sums[b * states + s]: time in state s within the first b * 16 slices. */
  sums: Float64Array;
}

export function newLane(states: number): Lane {
  return {
    states,
    count: 0,
    start: new Float64Array(FIRST_CAPACITY),
    state: new Uint8Array(FIRST_CAPACITY),
    ref: new Uint16Array(FIRST_CAPACITY),
    event: new Uint32Array(FIRST_CAPACITY),
    sums: new Float64Array((FIRST_CAPACITY / BLOCK + 1) * states),
  };
}

function grow(lane: Lane): void {
  const needed = lane.count + 1;
  if (needed <= lane.start.length) return;
  lane.start = grown(lane.start, needed, Float64Array);
  lane.state = grown(lane.state, needed, Uint8Array);
  lane.ref = grown(lane.ref, needed, Uint16Array);
  lane.event = grown(lane.event, needed, Uint32Array);
  lane.sums = grown(lane.sums, (lane.start.length / BLOCK + 1) * lane.states, Float64Array);
}

/** Closes the block that ends where slice `count` begins. */
function sumBlock(lane: Lane): void {
  const { states, sums } = lane;
  const block = lane.count / BLOCK;
  const to = block * states;
  for (let s = 0; s < states; s++) sums[to + s] = sums[to - states + s];
  for (let i = lane.count - BLOCK; i < lane.count; i++) {
    sums[to + lane.state[i]] += lane.start[i + 1] - lane.start[i];
  }
}

/** Begins a slice at t (never before the last one); a slice of no length is replaced. */
export function pushSlice(lane: Lane, t: number, state: number, ref: number, event: number): void {
  const last = lane.count - 1;
  if (last >= 0) {
    if (lane.state[last] === state && lane.ref[last] === ref) return;
    if (t <= lane.start[last]) return replaceSlice(lane, last, state, ref, event);
  }
  grow(lane);
  const i = lane.count;
  lane.start[i] = t;
  lane.state[i] = state;
  lane.ref[i] = ref;
  lane.event[i] = event;
  if (i > 0 && i % BLOCK === 0) sumBlock(lane);
  lane.count++;
}

/** Says anew what the last slice is. */
export function replaceSlice(
  lane: Lane,
  last: number,
  state: number,
  ref: number,
  event: number,
): void {
  lane.state[last] = state;
  lane.ref[last] = ref;
  lane.event[last] = event;
}

/** The slice that contains t, or -1 before the first. */
export function sliceAt(lane: Lane, t: number): number {
  return upperBound(lane.start, lane.count, t) - 1;
}

/** Where slice i ends; the last one is open until `until`. */
export function sliceEnd(lane: Lane, i: number, until: number): number {
  return i + 1 < lane.count ? lane.start[i + 1] : Math.max(until, lane.start[i]);
}

/** Adds to `into` the time per state of whole slices [0, i), times `sign`. */
function addPrefix(lane: Lane, i: number, sign: number, into: Float64Array): void {
  const { states, sums } = lane;
  const block = i >> 4;
  for (let s = 0; s < states; s++) into[s] += sign * sums[block * states + s];
  for (let k = block * BLOCK; k < i; k++) {
    into[lane.state[k]] += sign * (lane.start[k + 1] - lane.start[k]);
  }
}

const SCAN_MOST = 24;

/** Adds to `into` the time per state of slices [from, to), all of them closed. */
export function addSlices(lane: Lane, from: number, to: number, into: Float64Array): void {
  if (to - from > SCAN_MOST) {
    addPrefix(lane, to, 1, into);
    addPrefix(lane, from, -1, into);
    return;
  }
  for (let k = from; k < to; k++) into[lane.state[k]] += lane.start[k + 1] - lane.start[k];
}
