// A number over time: it holds from one step to the next. Every 16 steps keep their largest, and 16
// of those theirs, so that the largest within any span is found without a walk.
import { grown, upperBound } from './log';

const BITS = 4;
const BLOCK = 1 << BITS;
const FIRST_CAPACITY = 32;

export interface Steps {
  count: number;
  t: Float64Array;
  value: Int32Array;
  /** most[k][b]: the largest of steps [b * 16^(k + 1), (b + 1) * 16^(k + 1)) so far. */
  readonly most: Int32Array[];
}

export function newSteps(): Steps {
  return {
    count: 0,
    t: new Float64Array(FIRST_CAPACITY),
    value: new Int32Array(FIRST_CAPACITY),
    most: [],
  };
}

/** Keeps the largest of the blocks that step i, the last one, is in. */
function noteMost(steps: Steps, i: number): void {
  for (let k = 0; k === 0 || i >> (BITS * k) > 0; k++) {
    const block = i >> (BITS * (k + 1));
    const below = k === 0 ? steps.value : steps.most[k - 1];
    const column = grown(steps.most[k] ?? new Int32Array(FIRST_CAPACITY), block + 1, Int32Array);
    column[block] = below[block << BITS];
    for (let at = (block << BITS) + 1; at <= i >> (BITS * k); at++) {
      column[block] = Math.max(column[block], below[at]);
    }
    steps.most[k] = column;
  }
}

/** The same when step i is new: it can only make the blocks it is in larger, or begin them. */
function noteNew(steps: Steps, i: number): void {
  const value = steps.value[i];
  for (let k = 0; k === 0 || i >> (BITS * k) > 0; k++) {
    const block = i >> (BITS * (k + 1));
    const column = steps.most[k];
    if (column === undefined || block >= column.length) return noteMost(steps, i);
    const begins = block << (BITS * (k + 1)) === i;
    column[block] = begins ? value : Math.max(column[block], value);
  }
}

/** Keeps the first `count` steps, and no column that they do not need. */
function cut(steps: Steps, count: number): void {
  if (count === steps.count) return;
  steps.count = count;
  while (steps.most.length > 1 && count <= BLOCK ** (steps.most.length - 1)) steps.most.pop();
  if (count > 0) noteMost(steps, count - 1);
}

/** Forgets the steps at t and after it, from the last one backwards. */
export function forgetFrom(steps: Steps, t: number): void {
  let { count } = steps;
  while (count > 0 && steps.t[count - 1] >= t) count--;
  cut(steps, count);
}

/**
 * The value from t on, never before the last step's time. Steps of the same time become one, and one
 * that changes nothing is none.
 */
export function pushStep(steps: Steps, t: number, value: number): void {
  const last = steps.count - 1;
  if (last >= 0 && steps.value[last] === value) return;
  if (last >= 0 && t <= steps.t[last]) return replaceLast(steps, last, value);
  const i = last + 1;
  steps.t = grown(steps.t, i + 1, Float64Array);
  steps.value = grown(steps.value, i + 1, Int32Array);
  steps.t[i] = t;
  steps.value[i] = value;
  steps.count = i + 1;
  noteNew(steps, i);
}

function replaceLast(steps: Steps, last: number, value: number): void {
  if (last > 0 && steps.value[last - 1] === value) return cut(steps, last);
  steps.value[last] = value;
  noteMost(steps, last);
}

/** The step that holds at t, or -1 before the first. */
export function stepAt(steps: Steps, t: number): number {
  return upperBound(steps.t, steps.count, t) - 1;
}

/** The largest of steps [i, j). */
function largestOf(steps: Steps, i: number, j: number): number {
  let largest = -Infinity;
  for (let at = i; at < j;) {
    let k = 0;
    while (at % (BLOCK << (BITS * k)) === 0 && at + (BLOCK << (BITS * k)) <= j) k++;
    largest = Math.max(largest, k === 0 ? steps.value[at] : steps.most[k - 1][at >> (BITS * k)]);
    at += 1 << (BITS * k);
  }
  return largest;
}

/** The largest value there ever was; 0 without steps. */
export function largest(steps: Steps): number {
  return steps.count === 0 ? 0 : largestOf(steps, 0, steps.count);
}

/** The largest value that holds at any time within [from, to); 0 before the first step. */
export function largestWithin(steps: Steps, from: number, to: number): number {
  const i = stepAt(steps, from);
  const j = stepAt(steps, to);
  const end = j >= 0 && steps.t[j] === to && j > i ? j : j + 1;
  return Math.max(i < 0 ? 0 : -Infinity, largestOf(steps, Math.max(0, i), end));
}
