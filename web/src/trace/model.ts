// From events to what is drawn: a lane per task, a strip per lock, items, marks and cause arrows.
// Events are taken in as they come; within one task they are in order, which is all this needs.
import { EVENT, EVENT_THEN } from './kinds.gen';
import { newLane, pushSlice, sliceAt, type Lane } from './lane';
import { NOTHING, grown, type TraceLog } from './log';
import { STATE, STATE_COUNT, waits, whileHolding, type State } from './states';

/** Set in a slice's ref when it names a task, not an object. */
export const TASK_REF = 0x8000;

/** States of a lock's strip: free, one for each of the task colours, not recorded. */
export const OWNER_COLOURS = 8;
export const OWNER_UNRECORDED = OWNER_COLOURS + 1;
export const OWNER_STATES = OWNER_COLOURS + 2;

export interface ItemBar {
  readonly index: number;
  readonly start: number;
  /** Infinity while it is not finished. */
  end: number;
  failed: boolean;
  readonly event: number;
}

export type MarkKind = 'fault' | 'failed' | 'killed' | 'raised' | 'stuck';

export interface Mark {
  readonly kind: MarkKind;
  readonly t: number;
  readonly task: number;
  readonly event: number;
}

/** A task got a permit of a semaphore, or gave one back. */
export interface Permit {
  readonly t: number;
  readonly task: number;
  readonly taken: boolean;
}

export interface PipeEnd {
  readonly t: number;
  readonly task: number;
  readonly end: number;
  readonly opened: boolean;
}

interface TaskNow {
  base: State;
  ref: number;
  held: number[];
  lastT: number;
  started: boolean;
}

export interface Model {
  readonly log: TraceLog;
  /** By task id. */
  readonly lanes: Lane[];
  readonly items: ItemBar[][];
  /** By object id: who holds it. Only locks have one. */
  readonly owners: Map<number, Lane>;
  readonly pipes: Map<number, PipeEnd[]>;
  /** By object id of a semaphore. */
  readonly permits: Map<number, Permit[]>;
  /** By object id of a coroutine: the task that runs it. */
  readonly coroutines: Map<number, number>;
  readonly marks: Mark[];
  /** Events whose cause is another task's, as they came. */
  arrows: Uint32Array;
  arrowCount: number;
  /** When something last happened. */
  lastT: number;
  /** The time up to which is known what happened. */
  until: number;
  seen: number;
  readonly now: TaskNow[];
  /** One task runs at a time: all others that could are ready. */
  alone: boolean;
  /** Whose turn it is then, or -1. */
  turn: number;
}

/** An item's way is told by its bars and the order chart; the hand-over itself has an arrow. */
const ITEM_WAYS: ReadonlySet<number> = new Set([EVENT.ITEM_STARTED, EVENT.ITEM_DELIVERED]);

export function newModel(log: TraceLog): Model {
  return {
    log,
    lanes: [],
    items: [],
    owners: new Map(),
    pipes: new Map(),
    permits: new Map(),
    coroutines: new Map(),
    marks: [],
    arrows: new Uint32Array(64),
    arrowCount: 0,
    lastT: 0,
    until: 0,
    seen: 0,
    now: [],
    alone: false,
    turn: -1,
  };
}

/** Takes in the events that came since the last call. */
export function advance(model: Model): void {
  const { log } = model;
  while (model.lanes.length < log.tasks.length) {
    model.lanes.push(newLane(STATE_COUNT));
    model.items.push([]);
    model.now.push({ base: STATE.NONE, ref: NOTHING, held: [], lastT: 0, started: false });
  }
  if (model.alone) return advanceInTurn(model);
  for (; model.seen < log.count; model.seen++) take(model, model.seen);
}

/** Turns show only in the order of time: what came since the last call is sorted first. */
function advanceInTurn(model: Model): void {
  const { log, seen } = model;
  const order = Array.from({ length: log.count - seen }, (_, i) => seen + i)
    .sort((a, b) => log.t[a] - log.t[b] || a - b);
  for (const i of order) {
    passTurn(model, i);
    take(model, i);
  }
  model.seen = log.count;
}

/** Who begins to wait does not take the turn: it may be told so in another one's. */
function passTurn(model: Model, i: number): void {
  const { log } = model;
  const [task, then] = [log.task[i], EVENT_THEN[log.kind[i]]];
  if (then === 'WAITS' || then === 'TRANSFERS' || then === 'SLEEPS') return;
  const before = model.now[model.turn];
  if (model.turn !== task && before?.base === STATE.RUNNING) {
    before.base = STATE.READY;
    show(model, model.turn, before, log.t[i], i);
  }
  const now = model.now[task];
  if (model.turn !== task && now.started && now.base === STATE.READY) now.base = STATE.RUNNING;
  model.turn = task;
}

/** The run is over after `wall` ns; tasks that still wait then are marked when it ended badly. */
export function finish(model: Model, wall: number, badly: boolean): void {
  model.until = Math.max(model.until, wall);
  if (!badly) return;
  model.lanes.forEach((lane, task) => {
    const last = lane.count - 1;
    if (last < 0 || !waits(lane.state[last] as State)) return;
    model.marks.push({ kind: 'stuck', t: model.until, task, event: lane.event[last] });
  });
}

function take(model: Model, i: number): void {
  const { log } = model;
  const task = log.task[i];
  const now = model.now[task];
  model.lastT = Math.max(model.lastT, log.t[i]);
  model.until = Math.max(model.until, model.lastT);
  if (now.base === STATE.DONE) return;
  recordCause(model, i);
  recordObjects(model, i, now);
  const [base, ref] = nextState(log, i, now);
  if (now.started || base !== STATE.NONE) {
    now.base = base;
    now.ref = ref;
    show(model, task, now, log.t[i], i);
  }
  now.lastT = log.t[i];
}

function show(model: Model, task: number, now: TaskNow, t: number, event: number): void {
  const state = now.held.length > 0 ? whileHolding(now.base) : now.base;
  const ref = state === STATE.HOLDING ? now.held[now.held.length - 1] : now.ref;
  pushSlice(model.lanes[task], t, state, ref, event);
}

/** What the task is doing after event i, and what that is about. */
function nextState(log: TraceLog, i: number, now: TaskNow): readonly [State, number] {
  const object = log.object[i];
  switch (EVENT_THEN[log.kind[i]]) {
    case 'WAITS': return [STATE.WAITING, object === NOTHING ? TASK_REF | log.value[i] : object];
    case 'TRANSFERS': return [STATE.IO, object];
    case 'SLEEPS': return [STATE.ASLEEP, NOTHING];
    case 'YIELDS': return [STATE.READY, object];
    case 'ENDS': return [log.value[i] < 0 ? STATE.ERROR : STATE.DONE, NOTHING];
    case 'FAILS': return [STATE.ERROR, object];
    case 'KEEPS': return [now.base, now.ref];
    default:
      now.started = true;
      return [STATE.RUNNING, NOTHING];
  }
}

function recordCause(model: Model, i: number): void {
  const { log } = model;
  const cause = log.cause[i];
  if (cause < 0 || log.task[cause] === log.task[i] || ITEM_WAYS.has(log.kind[i])) return;
  model.arrows = grown(model.arrows, model.arrowCount + 1, Uint32Array);
  model.arrows[model.arrowCount++] = i;
}

function recordObjects(model: Model, i: number, now: TaskNow): void {
  const { log } = model;
  switch (log.kind[i]) {
    case EVENT.TASK_CREATED: return created(model, i);
    case EVENT.TASK_ENDED: return ended(model, i, now);
    case EVENT.GAP: return gap(model, i, now);
    case EVENT.LOCK_ACQUIRED: return acquired(model, i, now);
    case EVENT.LOCK_RELEASED: return released(model, i, now);
    case EVENT.PIPE_OPENED:
    case EVENT.PIPE_CLOSED: return pipeEnd(model, i);
    case EVENT.COROUTINE_RESUMED: return resumed(model, i);
    case EVENT.ITEM_STARTED: return itemStarted(model, i);
    case EVENT.ITEM_FINISHED:
    case EVENT.ITEM_FAILED: return itemFinished(model, i);
    case EVENT.SEMAPHORE_ACQUIRED:
    case EVENT.SEMAPHORE_RELEASED: return permit(model, i);
    case EVENT.REFUSED: return mark(model, i, 'raised');
    case EVENT.FAULT: return mark(model, i, 'fault');
    default:
  }
}

/** close() runs the coroutine once more: its caller waits, which only now is known. */
function resumed(model: Model, i: number): void {
  const { log } = model;
  const [cause, object] = [log.cause[i], log.object[i]];
  model.coroutines.set(object, log.task[i]);
  if (cause < 0 || log.kind[cause] !== EVENT.COROUTINE_CLOSED) return;
  const caller = log.task[cause];
  Object.assign(model.now[caller], { base: STATE.WAITING, ref: object });
  pushSlice(model.lanes[caller], log.t[cause], STATE.WAITING, object, cause);
}

function mark(model: Model, event: number, kind: MarkKind): void {
  model.marks.push({ kind, t: model.log.t[event], task: model.log.task[event], event });
}

function created(model: Model, i: number): void {
  const child = model.log.value[i];
  const lane = model.lanes[child];
  if (lane === undefined || lane.count > 0) return;
  model.now[child].base = STATE.READY;
  pushSlice(lane, model.log.t[i], STATE.READY, NOTHING, i);
}

function ended(model: Model, i: number, now: TaskNow): void {
  forgetHeld(model, model.log.t[i], i, now, 0);
  if (model.log.value[i] < 0) mark(model, i, 'killed');
}

/** What happened since the task's last event was left out: what was known before holds no more. */
function gap(model: Model, i: number, now: TaskNow): void {
  const lane = model.lanes[model.log.task[i]];
  forgetHeld(model, now.lastT, i, now, OWNER_UNRECORDED);
  if (lane.count > 0) pushSlice(lane, now.lastT, STATE.UNRECORDED, NOTHING, i);
}

function forgetHeld(model: Model, t: number, event: number, now: TaskNow, state: number): void {
  for (const lock of now.held) pushSlice(ownersOf(model, lock), t, state, NOTHING, event);
  now.held = [];
}

function ownersOf(model: Model, lock: number): Lane {
  let lane = model.owners.get(lock);
  if (lane === undefined) {
    lane = newLane(OWNER_STATES);
    pushSlice(lane, 0, 0, NOTHING, 0);
    model.owners.set(lock, lane);
  }
  return lane;
}

function acquired(model: Model, i: number, now: TaskNow): void {
  const { log } = model;
  const [task, lock] = [log.task[i], log.object[i]];
  now.held.push(lock);
  pushSlice(ownersOf(model, lock), log.t[i], 1 + (task % OWNER_COLOURS), task, i);
}

function released(model: Model, i: number, now: TaskNow): void {
  const { log } = model;
  const place = now.held.lastIndexOf(log.object[i]);
  if (place >= 0) now.held.splice(place, 1);
  if (now.held.includes(log.object[i])) return;
  const lane = ownersOf(model, log.object[i]);
  const last = lane.count - 1;
  if (lane.ref[last] === log.task[i]) pushSlice(lane, log.t[i], 0, NOTHING, i);
}

function pipeEnd(model: Model, i: number): void {
  const { log } = model;
  const list = model.pipes.get(log.object[i]) ?? [];
  model.pipes.set(log.object[i], list);
  const opened = log.kind[i] === EVENT.PIPE_OPENED;
  list.push({ t: log.t[i], task: log.task[i], end: log.value[i], opened });
}

function permit(model: Model, i: number): void {
  const { log } = model;
  const list = model.permits.get(log.object[i]) ?? [];
  model.permits.set(log.object[i], list);
  const taken = log.kind[i] === EVENT.SEMAPHORE_ACQUIRED;
  list.push({ t: log.t[i], task: log.task[i], taken });
}

function itemStarted(model: Model, i: number): void {
  const { log } = model;
  model.items[log.task[i]].push({
    index: log.value[i], start: log.t[i], end: Infinity, failed: false, event: i,
  });
}

function itemFinished(model: Model, i: number): void {
  const { log } = model;
  const bars = model.items[log.task[i]];
  const bar = bars[bars.length - 1];
  if (bar === undefined || bar.index !== log.value[i]) return;
  bar.end = log.t[i];
  if (log.kind[i] !== EVENT.ITEM_FAILED) return;
  bar.failed = true;
  mark(model, i, 'failed');
}

/** Tasks that could let a task go on that waits in `state` for `ref` at time t. */
export function holdersAt(model: Model, ref: number, t: number, forRoom: boolean): number[] {
  if (ref === NOTHING) return [];
  if (ref & TASK_REF) return [ref & ~TASK_REF];
  const coroutine = model.coroutines.get(ref);
  if (coroutine !== undefined) return [coroutine];
  const owners = model.owners.get(ref);
  if (owners !== undefined) {
    const i = sliceAt(owners, t);
    return i >= 0 && owners.ref[i] !== NOTHING ? [owners.ref[i]] : [];
  }
  const permits = model.permits.get(ref);
  if (permits !== undefined) return permitsAt(permits, t);
  return openEnds(model.pipes.get(ref) ?? [], t, forRoom ? 1 : 2);
}

/** Who has a permit at t. One who gives back what another took has none, and takes none away. */
function permitsAt(permits: readonly Permit[], t: number): number[] {
  const had = new Map<number, number>();
  for (const { t: at, task, taken } of permits) {
    if (at > t) continue;
    had.set(task, Math.max(0, (had.get(task) ?? 0) + (taken ? 1 : -1)));
  }
  return [...had].filter(([, count]) => count > 0).map(([task]) => task).sort((a, b) => a - b);
}

function openEnds(ends: readonly PipeEnd[], t: number, which: number): number[] {
  const open = new Set<number>();
  for (const end of ends) {
    if (end.end !== which || end.t > t) continue;
    if (end.opened) open.add(end.task);
    else open.delete(end.task);
  }
  return [...open].sort((a, b) => a - b);
}
