// Which state each pixel column of a lane shows: the one that took most of its time, exactly.
import { addSlices, sliceAt, sliceEnd, type Lane } from '../trace/lane';
import { upperBound } from '../trace/log';

const SCAN_MOST = 10;

/** The slice that contains t, looking forward from slice i: first one by one, then in growing steps. */
function forward(lane: Lane, i: number, t: number): number {
  for (let scanned = 0; i + 1 < lane.count && lane.start[i + 1] <= t; scanned++) {
    if (scanned === SCAN_MOST) return gallop(lane, i, t);
    i++;
  }
  return i;
}

function gallop({ start, count }: Lane, i: number, t: number): number {
  let step = SCAN_MOST;
  while (i + step < count && start[i + step] <= t) {
    i += step;
    step *= 2;
  }
  return upperBound(start, Math.min(count, i + step), t, i) - 1;
}

/** Adds the time per state within [a, b) to `into`; slice i contains a (or is -1 before all). Returns that of b. */
function addSpan(
  lane: Lane,
  i: number,
  a: number,
  b: number,
  until: number,
  into: Float64Array,
): number {
  const stop = Math.min(b, until);
  if (stop <= a) return i;
  const j = forward(lane, i, stop);
  if (j < 0) return j;
  if (j === i) {
    into[lane.state[i]] += stop - a;
    return j;
  }
  if (i >= 0) into[lane.state[i]] += lane.start[i + 1] - a;
  addSlices(lane, i + 1, j, into);
  into[lane.state[j]] += stop - lane.start[j];
  return j;
}

/** The state with most time; none (0) only if that is more than any state's. */
function dominant(weights: Float64Array, width: number): number {
  let best = 0;
  let known = weights[0];
  for (let s = 1; s < weights.length; s++) {
    known += weights[s];
    if (best === 0 ? weights[s] > 0 : weights[s] > weights[best]) best = s;
  }
  const none = width - known + weights[0];
  return best === 0 || none > weights[best] ? 0 : best;
}

/**
 * Writes the states of columns [from, to) to out, beginning at out[at]. Column c is the time
 * [c * scale, (c + 1) * scale); nothing is known after `until`.
 */
export function fillColumns(
  lane: Lane,
  scale: number,
  until: number,
  from: number,
  to: number,
  out: Uint8Array,
  at: number,
): void {
  const weights = new Float64Array(lane.states);
  let i = sliceAt(lane, from * scale);
  for (let c = from; c < to;) {
    const a = c * scale;
    i = forward(lane, i, a);
    const run = wholeColumns(lane, i, scale, until, c, to);
    if (run.length > 0) {
      out.fill(run.state, at + c - from, at + c - from + run.length);
      c += run.length;
      continue;
    }
    weights.fill(0);
    i = addSpan(lane, i, a, (c + 1) * scale, until, weights);
    out[at + c - from] = dominant(weights, scale);
    c++;
  }
}

interface Whole {
  readonly state: number;
  readonly length: number;
}

/** How many columns from c on lie wholly in slice i, before the first slice, or after the end. */
function wholeColumns(
  lane: Lane,
  i: number,
  scale: number,
  until: number,
  c: number,
  to: number,
): Whole {
  if (lane.count === 0 || c * scale >= until) return { state: 0, length: to - c };
  const end = i < 0 ? lane.start[0] : sliceEnd(lane, i, until);
  const state = i < 0 ? 0 : lane.state[i];
  return { state, length: Math.max(0, Math.min(to, Math.floor(end / scale)) - c) };
}
