// Where the keys lead: from a moment of a task to the next state, event, cause, effect or lane.
import type { Selection } from '../store/run';
import { eventAbout, eventBesideAbout, nextAfter, periodBefore, type Changes } from '../trace/changes';
import { sliceAt } from '../trace/lane';
import type { Model } from '../trace/model';
import { stateEvent } from '../trace/order';

/** The slice `by` places on in the same lane, or the nearest there is. */
export function stepSlice(model: Model, from: Selection, by: number): Selection {
  const lane = model.lanes[from.task];
  const i = Math.min(Math.max(sliceAt(lane, from.t) + by, 0), lane.count - 1);
  return { task: from.task, t: i < 0 ? from.t : lane.start[i], event: -1 };
}

/** A moment of an object: of the task that was last at it, or will be first. */
export function momentAbout(model: Model, object: number, t: number): Selection {
  const last = eventAbout(model.log, object, t);
  const event = last >= 0 ? last : eventBesideAbout(model.log, object, { t, event: -1 }, 1);
  return { task: event < 0 ? 0 : model.log.task[event], t, event: -1, object };
}

/** The object's next or previous change, or the nearest there is. */
export function stepChange(model: Model, changes: Changes, object: number, t: number, by: 1 | -1): Selection {
  const next = by > 0 ? nextAfter(changes, t) : periodBefore(changes, t);
  return momentAbout(model, object, Number.isFinite(next) ? next : t);
}

/** The same time in another lane. */
export function stepLane(model: Model, from: Selection, task: number): Selection {
  const lane = model.lanes[task];
  const t = lane.count > 0 ? Math.max(from.t, lane.start[0]) : from.t;
  return { task, t, event: -1 };
}

const eventAt = (model: Model, event: number): Selection => ({
  task: model.log.task[event], t: model.log.t[event], event,
});

/** The object's or the task's next or previous event; within one task they lie in order of time. */
export function stepEvent(model: Model, from: Selection, by: 1 | -1): Selection {
  const { log } = model;
  if (from.object !== undefined) {
    const event = eventBesideAbout(log, from.object, from, by);
    return event < 0 ? from : { ...eventAt(model, event), object: from.object };
  }
  let best = -1;
  for (let i = 0; i < log.count; i++) {
    if (log.task[i] !== from.task) continue;
    const after = from.event >= 0 ? i - from.event : log.t[i] - from.t;
    if (after * by <= 0) continue;
    if (best < 0 || (by > 0 ? i < best : i > best)) best = i;
    if (by > 0) break;
  }
  return best < 0 ? from : eventAt(model, best);
}

/** The next or previous event of any task, in the order of time. */
export function stepAny(model: Model, order: Uint32Array, from: Selection, by: 1 | -1): Selection {
  if (order.length === 0) return from;
  const at = placeOf(model, order, from) + (from.event >= 0 || by < 0 ? by : 0);
  return eventAt(model, order[Math.min(Math.max(at, 0), order.length - 1)]);
}

/** The place of the selected event, or of the first that is not before the selected time. */
function placeOf({ log }: Model, order: Uint32Array, { t, event }: Selection): number {
  let [low, high] = [0, order.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (log.t[order[middle]] < t) low = middle + 1;
    else high = middle;
  }
  for (let k = low; event >= 0 && k < order.length && log.t[order[k]] === t; k++) {
    if (order[k] === event) return k;
  }
  return low;
}

/** The event of the selection: the one picked, the one that began the state, the last about the object; or -1. */
export function eventOf(model: Model, from: Selection): number {
  if (from.event >= 0) return from.event;
  if (from.object !== undefined) return eventAbout(model.log, from.object, from.t);
  return stateEvent(model, from.task, from.t);
}

/** The event that made the selected one possible. */
export function toCause(model: Model, from: Selection): Selection {
  const event = eventOf(model, from);
  const cause = event < 0 ? -1 : model.log.cause[event];
  return cause < 0 ? from : eventAt(model, cause);
}

/** The first event that an event made possible, or -1. */
export function effectOf(model: Model, event: number): number {
  for (let i = event + 1; event >= 0 && i < model.log.count; i++) {
    if (model.log.cause[i] === event) return i;
  }
  return -1;
}

export function toEffect(model: Model, from: Selection): Selection {
  const effect = effectOf(model, eventOf(model, from));
  return effect < 0 ? from : eventAt(model, effect);
}

export const selectEvent = eventAt;
