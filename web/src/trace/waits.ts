// Who waits for what and who holds what, at a moment of a run. Pure: from the model alone.
import { EVENT, OBJECT } from './kinds.gen';
import { sliceAt } from './lane';
import { NOTHING } from './log';
import { TASK_REF, holdersAt, type Model } from './model';
import { waits, type State } from './states';

export interface Waiting {
  readonly task: number;
  /** What it waits for: an object or a task. Both are null when the trace does not say. */
  readonly object: number | null;
  readonly forTask: number | null;
  /** Who could let it go on. For another task's end that is the task itself. */
  readonly holders: readonly number[];
}

export interface Holding {
  readonly task: number;
  readonly object: number;
}

export interface WaitsNow {
  readonly waiting: readonly Waiting[];
  /** Locks and permits that tasks have, waited for or not. */
  readonly holding: readonly Holding[];
}

/** Waits for room in a pipe end with whoever reads from it. */
const FOR_ROOM: ReadonlySet<number> = new Set([EVENT.PIPE_FULL]);

function waitingAt(model: Model, task: number, t: number): Waiting | null {
  const lane = model.lanes[task];
  const i = sliceAt(lane, t);
  if (i < 0 || !waits(lane.state[i] as State)) return null;
  const ref = lane.ref[i];
  if (ref === NOTHING) return { task, object: null, forTask: null, holders: [] };
  const holders = holdersAt(model, ref, t, FOR_ROOM.has(model.log.kind[lane.event[i]]));
  return ref & TASK_REF
    ? { task, object: null, forTask: ref & ~TASK_REF, holders }
    : { task, object: ref, forTask: null, holders };
}

/** The interpreter's lock changes hands at every turn: whoever runs has it, which is seen anyway. */
const SHOWN_HELD: ReadonlySet<number> = new Set([OBJECT.LOCK, OBJECT.SEMAPHORE]);

export function waitsAt(model: Model, t: number): WaitsNow {
  const waiting = model.lanes.map((_, task) => waitingAt(model, task, t))
    .filter((found): found is Waiting => found !== null);
  const held = [...model.owners.keys(), ...model.permits.keys()]
    .filter((object) => SHOWN_HELD.has(model.log.objects[object]?.kind ?? 0))
    .sort((a, b) => a - b);
  const holding = held.flatMap((object) =>
    holdersAt(model, object, t, false).map((task) => ({ task, object })));
  return { waiting, holding };
}

/** Whether anybody ever waited or held something. */
export const everWaited = (model: Model): boolean => model.owners.size > 0 || model.permits.size > 0
  || model.lanes.some((lane) => {
    for (let i = 0; i < lane.count; i++) if (waits(lane.state[i] as State)) return true;
    return false;
  });
