// The same run with the order of its events as its time: each takes one step after the one before,
// however long that was.
import { advance, finish, newModel, type Model } from './model';
import { sliceAt } from './lane';
import { ranks, timeOrder } from './sort';

/** Of one event in a model by order. */
export const STEP = 1000;

export interface Ordered {
  readonly model: Model;
  /** Events of the log by time, and their times. */
  readonly order: Uint32Array;
  readonly times: Float64Array;
}

export function inOrder(from: Model): Ordered {
  const order = timeOrder(from.log);
  const t = Float64Array.from(ranks(order), (rank) => rank * STEP);
  const model = newModel({ ...from.log, t });
  model.alone = from.alone;
  advance(model);
  finish(model, order.length * STEP, from.marks.some((mark) => mark.kind === 'stuck'));
  return { model, order, times: Float64Array.from(order, (event) => from.log.t[event]) };
}

/** The number of the first event that is not before t, as a time of the model by order. */
export function orderedTime({ times }: Ordered, t: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (times[middle] < t) low = middle + 1;
    else high = middle;
  }
  return low * STEP;
}

/** When the event happened that holds at a time of the model by order. */
export function realTime({ times }: Ordered, at: number): number {
  const i = Math.min(Math.max(0, Math.floor(at / STEP)), times.length - 1);
  return times[i] ?? 0;
}

/** The event with which a task came into the state it is in at t, or -1 before the first. */
export function stateEvent(model: Model, task: number, t: number): number {
  const lane = model.lanes[task];
  const i = lane === undefined ? -1 : sliceAt(lane, t);
  return i < 0 ? -1 : lane.event[i];
}
