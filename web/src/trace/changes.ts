// How things are with an object over time: who has it, how full it is, how many wait for it. From
// one change to the next it stays the same.
import type { Lane } from './lane';
import { upperBound, type TraceLog } from './log';
import type { Strip } from './strips';

/** Rising times at which one of the three changes. */
interface Times {
  readonly times: Float64Array;
  readonly count: number;
}

export type Changes = readonly Times[];

/** What changes of an object, from the lane of its owners and its strip, as far as there are any. */
export function changesOf(owners: Lane | undefined, strip: Strip | null | undefined): Changes {
  return [
    ...(owners === undefined ? [] : [{ times: owners.start, count: owners.count }]),
    ...(strip === null || strip === undefined ? [] : [strip.level, strip.waiting].map(({ t, count }) => ({ times: t, count }))),
  ];
}

/** Since when it is as it is at t; -Infinity before the first change. */
function sinceAt(changes: Changes, t: number): number {
  return Math.max(-Infinity, ...changes.map(({ times, count }) => times[upperBound(times, count, t) - 1] ?? -Infinity));
}

/** When it changes next after t; Infinity if never. */
export function nextAfter(changes: Changes, t: number): number {
  return Math.min(Infinity, ...changes.map(({ times, count }) => {
    const i = upperBound(times, count, t);
    return i < count ? times[i] : Infinity;
  }));
}

/** From when to when it is as it is at t, within 0 and `until`. */
export const periodOf = (changes: Changes, t: number, until: number): readonly [number, number] =>
  [Math.max(0, sinceAt(changes, t)), Math.min(until, nextAfter(changes, t))];

/** When the period before the one of t began, or this one if it is the first. */
export function periodBefore(changes: Changes, t: number): number {
  const since = sinceAt(changes, t);
  const before = Math.max(-Infinity, ...changes.map(({ times, count }) => {
    const i = upperBound(times, count, since) - 1;
    return times[times[i] === since ? i - 1 : i] ?? -Infinity;
  }));
  return before === -Infinity ? since : before;
}

/** The object's event after or before a moment, which may be one of its events; -1 when there is none. */
export function eventBesideAbout(log: TraceLog, object: number, { t, event }: { readonly t: number; readonly event: number }, by: 1 | -1): number {
  const isBefore = (i: number, k: number): boolean => log.t[i] < log.t[k] || (log.t[i] === log.t[k] && i < k);
  const isPast = (i: number): boolean => (event >= 0
    ? (by > 0 ? isBefore(event, i) : isBefore(i, event))
    : (by > 0 ? log.t[i] > t : log.t[i] <= t));
  let best = -1;
  for (let i = 0; i < log.count; i++) {
    if (log.object[i] !== object || !isPast(i)) continue;
    if (best < 0 || (by > 0 ? isBefore(i, best) : isBefore(best, i))) best = i;
  }
  return best;
}

/** The last event about an object at or before t, or -1. */
export const eventAbout = (log: TraceLog, object: number, t: number): number =>
  eventBesideAbout(log, object, { t, event: -1 }, -1);
