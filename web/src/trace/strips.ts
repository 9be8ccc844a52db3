// What is shown of an object over time: how many wait for it, and how full it is.
import { levelAfter } from './levels';
import { EVENT } from './kinds.gen';
import { NOTHING } from './log';
import { TASK_REF, type Model } from './model';
import { timeOrder } from './sort';
import { waits, type State } from './states';
import { newSteps, pushStep, type Steps } from './steps';

export interface Strip {
  readonly object: number;
  /** How many tasks wait for it. */
  readonly waiting: Steps;
  /** Items in a queue, permits left …; without steps where nothing tells. */
  readonly level: Steps;
  /** A queue's maxsize and the like; 0 when it has none. */
  capacity: number;
}

function stripOf(strips: Map<number, Strip>, object: number): Strip {
  let strip = strips.get(object);
  if (strip === undefined) {
    strip = { object, waiting: newSteps(), level: newSteps(), capacity: 0 };
    strips.set(object, strip);
  }
  return strip;
}

interface Change {
  readonly t: number;
  readonly object: number;
  readonly by: 1 | -1;
}

/** When a task begins and ends to wait for an object. */
function changes(model: Model): Change[] {
  const list: Change[] = [];
  for (const lane of model.lanes) {
    let before = NOTHING;
    for (let i = 0; i < lane.count; i++) {
      const ref = lane.ref[i];
      const object = waits(lane.state[i] as State) && !(ref & TASK_REF) ? ref : NOTHING;
      if (object === before) continue;
      if (before !== NOTHING) list.push({ t: lane.start[i], object: before, by: -1 });
      if (object !== NOTHING) list.push({ t: lane.start[i], object, by: 1 });
      before = object;
    }
  }
  return list.sort((a, b) => a.t - b.t || a.by - b.by);
}

/** The strips of all objects that a task waited for or that have a level. */
export function stripsOf(model: Model): Map<number, Strip> {
  const { log } = model;
  const strips = new Map<number, Strip>();
  const order = timeOrder(log);
  for (let k = 0; k < order.length; k++) {
    const i = order[k];
    const level = levelAfter(log, i);
    if (level === null) continue;
    const strip = stripOf(strips, log.object[i]);
    pushStep(strip.level, log.t[i], level);
    if (log.kind[i] === EVENT.CAPACITY) strip.capacity = Math.max(0, log.value[i]);
  }
  const waiting = new Map<number, number>();
  for (const { t, object, by } of changes(model)) {
    const now = (waiting.get(object) ?? 0) + by;
    waiting.set(object, now);
    pushStep(stripOf(strips, object).waiting, t, now);
  }
  return strips;
}
