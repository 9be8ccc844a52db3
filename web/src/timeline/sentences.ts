// What a task was doing or how an object was at a moment, in a sentence of the reader’s language.
import type { App } from '../store/app';
import type { MessageKey } from '../messages';
import type { RunStore, Selection } from '../store/run';
import { changesOf, periodOf } from '../trace/changes';
import { EVENT, OBJECT } from '../trace/kinds.gen';
import { sliceAt, sliceEnd } from '../trace/lane';
import { NONE, NOTHING } from '../trace/log';
import { OWNER_UNRECORDED, TASK_REF, holdersAt, type Model } from '../trace/model';
import { STATE, bareState, holds, type State } from '../trace/states';
import { stepAt } from '../trace/steps';
import type { Strip } from '../trace/strips';
import { waitsAt } from '../trace/waits';

export interface Moment {
  readonly task: number;
  readonly state: State;
  readonly sentence: string;
  readonly from: number;
  readonly to: number;
  /** The event that began the state. */
  readonly event: number;
}

const taskName = (model: Model, id: number): string => model.log.tasks[id]?.name ?? `#${id}`;
const objectName = (model: Model, id: number): string =>
  (id === NOTHING ? '' : model.log.objects[id]?.name ?? `#${id}`);

export function names(app: App, model: Model, tasks: readonly number[]): string {
  return new Intl.ListFormat(app.language.value, { type: 'conjunction' })
    .format(tasks.map((task) => taskName(model, task)));
}

/** What one waits for, by the event with which the wait began. */
const WAITS_FOR: Readonly<Record<number, MessageKey>> = {
  [EVENT.BUSY]: 'says.busy',
  [EVENT.QUEUE_WAIT]: 'says.queueEmpty',
  [EVENT.QUEUE_FULL]: 'says.queueFull',
  [EVENT.QUEUE_JOIN]: 'says.queueJoin',
  [EVENT.EVENT_WAIT]: 'says.eventWait',
  [EVENT.CONDITION_WAIT]: 'says.condition',
  [EVENT.BARRIER_WAIT]: 'says.barrier',
  [EVENT.CALL_SENT]: 'says.call',
  [EVENT.LOOP_POLL]: 'says.poll',
  [EVENT.IO_WAIT]: 'says.device',
  [EVENT.PIPE_FULL]: 'says.ioFull',
};

/** Waits for what a task has: its sentence with a holder, and without. */
const HELD: Readonly<Record<number, readonly [MessageKey, MessageKey]>> = {
  [OBJECT.LOCK]: ['says.waitingHeld', 'says.waitingFree'],
  [OBJECT.GIL]: ['says.waitingHeld', 'says.waitingFree'],
  [OBJECT.SEMAPHORE]: ['says.permitHeld', 'says.permit'],
  [OBJECT.PIPE]: ['says.ioHeld', 'says.io'],
};

function waitingSentence(
  app: App, model: Model, task: number, ref: number, t: number, event: number,
): string {
  const kind = model.log.objects[ref]?.kind;
  const holders = holdersAt(model, ref, t, false)
    .filter((id) => kind !== OBJECT.PIPE || id !== task);
  const holder = names(app, model, holders);
  if (ref & TASK_REF && ref !== NOTHING) return app.t('says.joining', { holder });
  const object = objectName(model, ref);
  const results = kind === OBJECT.POOL || kind === OBJECT.FUTURE;
  const known = results ? 'says.results' : WAITS_FOR[model.log.kind[event]];
  if (known !== undefined) return app.t(known, { object });
  if (kind === OBJECT.COROUTINE) return app.t('says.coroutine', { holder: holder || object });
  const [held, free] = HELD[kind ?? 0] ?? ['says.waiting', 'says.waiting'];
  return app.t(holders.length > 0 ? held : free, { object, holder });
}

function bareSentence(app: App, model: Model, task: number, i: number, t: number): string {
  const lane = model.lanes[task];
  const event = lane.event[i];
  switch (bareState(lane.state[i] as State)) {
    case STATE.RUNNING: return app.t('says.running');
    case STATE.READY: {
      const yielded = model.log.kind[event] === EVENT.COROUTINE_YIELDED;
      return app.t(yielded ? 'says.yielded' : 'says.ready');
    }
    case STATE.WAITING:
    case STATE.IO: return waitingSentence(app, model, task, lane.ref[i], t, event);
    case STATE.HOLDING: return app.t('says.holding', { object: objectName(model, lane.ref[i]) });
    case STATE.DONE: return app.t('says.done');
    case STATE.ERROR: return app.t('says.error');
    case STATE.ASLEEP: return app.t('says.asleep');
    case STATE.UNRECORDED: return app.t('says.unrecorded', { count: model.log.value[event] });
    default: return app.t('says.none');
  }
}

/** The state a selection lies in, or null before the task was there. */
export function momentOf(app: App, model: Model, selection: Selection): Moment | null {
  const lane = model.lanes[selection.task];
  const i = lane === undefined ? -1 : sliceAt(lane, selection.t);
  if (i < 0) return null;
  const state = lane.state[i] as State;
  const sentence = bareSentence(app, model, selection.task, i, selection.t);
  const also = holds(state) && state !== STATE.HOLDING ? app.space() + app.t('says.alsoHolds') : '';
  return {
    task: selection.task,
    state,
    sentence: sentence + also,
    from: lane.start[i],
    to: sliceEnd(lane, i, model.until),
    event: lane.event[i],
  };
}

/** Who has a lock at t. */
function ownerSentence(app: App, model: Model, lock: number, t: number): string {
  const lane = model.owners.get(lock);
  const i = lane === undefined ? -1 : sliceAt(lane, t);
  if (lane === undefined || i < 0) return app.t('says.lockFree');
  if (lane.state[i] === OWNER_UNRECORDED) return app.t('says.lockUnrecorded');
  return lane.ref[i] === NOTHING
    ? app.t('says.lockFree')
    : app.t('says.lockHeld', { holder: taskName(model, lane.ref[i]) });
}

const LEVELS: Readonly<Record<number, MessageKey>> = {
  [OBJECT.QUEUE]: 'says.level.queue',
  [OBJECT.SEMAPHORE]: 'says.level.semaphore',
  [OBJECT.BARRIER]: 'says.level.barrier',
  [OBJECT.MEMORY]: 'says.level.memory',
};

/** How full it is at t, if anything tells. */
function levelSentence(app: App, model: Model, strip: Strip | undefined, object: number, t: number): string {
  const i = strip === undefined ? -1 : stepAt(strip.level, t);
  const kind = model.log.objects[object]?.kind ?? 0;
  if (strip === undefined || i < 0 || LEVELS[kind] === undefined) return '';
  const room = kind === OBJECT.QUEUE && strip.capacity > 0;
  return app.t(room ? 'says.level.room' : LEVELS[kind], { level: strip.level.value[i], capacity: strip.capacity });
}

/** How things are with an object at t: who has it, how full it is, who waits for it. */
function objectSentence(app: App, model: Model, strip: Strip | undefined, object: number, t: number): string {
  const waiting = waitsAt(model, t).waiting.filter((one) => one.object === object).map((one) => one.task);
  const holders = model.permits.has(object) ? holdersAt(model, object, t, false) : [];
  return [
    model.owners.has(object) ? ownerSentence(app, model, object, t) : '',
    levelSentence(app, model, strip, object, t),
    holders.length > 0 ? app.t('says.permitsOf', { holders: names(app, model, holders) }) : '',
    waiting.length > 0 ? app.t('says.waitedFor', { tasks: names(app, model, waiting) }) : app.t('says.nobodyWaits'),
  ].filter((part) => part !== '').join(app.space());
}

/** What there is to say of a selection. */
export interface Told {
  /** Of the task or the object. */
  readonly name: string;
  readonly sentence: string;
  readonly from: number;
  readonly to: number;
}

/** What a selection is of, in words; null before its task was there. */
export function told(app: App, { model, strips }: Pick<RunStore, 'model' | 'strips'>, selection: Selection): Told | null {
  const { object, t } = selection;
  if (object === undefined) {
    const moment = momentOf(app, model, selection);
    return moment === null ? null : { ...moment, name: taskName(model, moment.task) };
  }
  const strip = strips().get(object);
  const [from, to] = periodOf(changesOf(model.owners.get(object), strip), t, model.until);
  return { name: objectName(model, object), sentence: objectSentence(app, model, strip, object, t), from, to };
}

/** An event's value as the reader knows it. */
export function valueText(app: App, model: Model, event: number): string {
  const value = model.log.value[event];
  return value === NONE ? 'None' : new Intl.NumberFormat(app.language.value).format(value);
}

export { objectName, taskName };
