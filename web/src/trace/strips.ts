// What is shown of an object over time: how many wait for it, and how full it is. Strips grow with the
// model: only what is new is taken in. Where it happened before what is known, the strips go back to
// that time and go on from there.
import { levelAfter } from './levels';
import { EVENT } from './kinds.gen';
import type { Lane } from './lane';
import { NOTHING, type TraceLog } from './log';
import { TASK_REF, type Model } from './model';
import { timeOrder } from './sort';
import { waits, type State } from './states';
import { forgetFrom, newSteps, pushStep, type Steps } from './steps';

export interface Strip {
  readonly object: number;
  /** How many tasks wait for it. */
  readonly waiting: Steps;
  /** Items in a queue, permits left …; without steps where nothing tells. */
  readonly level: Steps;
  /** A queue's maxsize and the like; 0 when it has none. */
  capacity: number;
}

/** The first `count` events, none of which was later than `latest`. */
interface Taken {
  readonly count: number;
  readonly latest: number;
}

/** The slices of a lane that are taken in, and the object that the last of them waits for. */
interface Followed {
  readonly count: number;
  readonly object: number;
}

export interface Strips {
  /** Of all objects that a task waited for or that have a level. */
  readonly byObject: Map<number, Strip>;
  /** Whenever events were taken in, how far. */
  readonly taken: Taken[];
  /** By task. */
  readonly followed: Followed[];
}

export const newStrips = (): Strips => ({ byObject: new Map(), taken: [], followed: [] });

/** The strips of a model as it is. */
export function stripsOf(model: Model): Map<number, Strip> {
  const strips = newStrips();
  growStrips(strips, model);
  return strips.byObject;
}

/** Takes in what the model has more since the last call. */
export function growStrips(strips: Strips, model: Model): void {
  growLevels(strips, model.log);
  growWaiting(strips, model);
}

function stripOf({ byObject }: Strips, object: number): Strip {
  let strip = byObject.get(object);
  if (strip === undefined) {
    strip = { object, waiting: newSteps(), level: newSteps(), capacity: 0 };
    byObject.set(object, strip);
  }
  return strip;
}

function growLevels(strips: Strips, log: TraceLog): void {
  const { taken, byObject } = strips;
  const known = taken[taken.length - 1] ?? { count: 0, latest: -Infinity };
  if (log.count === known.count) return;
  let [first, latest] = [Infinity, known.latest];
  for (let i = known.count; i < log.count; i++) {
    first = Math.min(first, log.t[i]);
    latest = Math.max(latest, log.t[i]);
  }
  if (first <= known.latest) for (const { level } of byObject.values()) forgetFrom(level, first);
  for (const i of timeOrder(log, surelyBefore(taken, first))) if (log.t[i] >= first) takeLevel(strips, log, i);
  taken.push({ count: log.count, latest });
}

/** How many events, from the first on, all happened before t. */
function surelyBefore(taken: readonly Taken[], t: number): number {
  let k = taken.length - 1;
  while (k >= 0 && taken[k].latest >= t) k--;
  return k < 0 ? 0 : taken[k].count;
}

function takeLevel(strips: Strips, log: TraceLog, i: number): void {
  const level = levelAfter(log, i);
  if (level === null) return;
  const strip = stripOf(strips, log.object[i]);
  pushStep(strip.level, log.t[i], level);
  if (log.kind[i] === EVENT.CAPACITY) strip.capacity = Math.max(0, log.value[i]);
}

/** The object that slice i waits for. */
function objectOf(lane: Lane, i: number): number {
  if (i < 0 || !waits(lane.state[i] as State) || lane.ref[i] & TASK_REF) return NOTHING;
  return lane.ref[i];
}

/** When a lane first says something new: the last slice known may be another one now. */
function newFrom(lane: Lane, { count, object }: Followed): number {
  const i = objectOf(lane, count - 1) === object ? count : count - 1;
  return i < lane.count ? lane.start[i] : Infinity;
}

const NOT_FOLLOWED: Followed = { count: 0, object: NOTHING };

function growWaiting(strips: Strips, { lanes }: Model): void {
  const { byObject, followed } = strips;
  const first = lanes.reduce((t, lane, task) => Math.min(t, newFrom(lane, followed[task] ?? NOT_FOLLOWED)), Infinity);
  if (first === Infinity) return;
  for (const { waiting } of byObject.values()) forgetFrom(waiting, first);
  for (const { t, object, by } of changes(lanes, first)) {
    const { waiting } = stripOf(strips, object);
    pushStep(waiting, t, (waiting.count === 0 ? 0 : waiting.value[waiting.count - 1]) + by);
  }
  lanes.forEach((lane, task) => {
    followed[task] = { count: lane.count, object: objectOf(lane, lane.count - 1) };
  });
}

interface Change {
  readonly t: number;
  readonly object: number;
  readonly by: 1 | -1;
}

/** When a task begins and ends to wait for an object, from a time on. */
function changes(lanes: readonly Lane[], from: number): Change[] {
  const list: Change[] = [];
  for (const lane of lanes) {
    let i = lane.count;
    while (i > 0 && lane.start[i - 1] >= from) i--;
    for (let before = objectOf(lane, i - 1); i < lane.count; i++) {
      const object = objectOf(lane, i);
      if (object === before) continue;
      if (before !== NOTHING) list.push({ t: lane.start[i], object: before, by: -1 });
      if (object !== NOTHING) list.push({ t: lane.start[i], object, by: 1 });
      before = object;
    }
  }
  return list.sort((a, b) => a.t - b.t || a.by - b.by);
}
