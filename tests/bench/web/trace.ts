// A trace to measure with, without end: tasks that run, wait for locks with owners and for queues,
// sleep, transfer, yield and take items, each wake-up with its cause; as chunks like the runner's.
import { EVENT, OBJECT, TASK } from '../../../web/src/trace/kinds.gen';
import { encodeChunk, type TestEntry, type TestEvent } from '../../../web/test/encode';

/** Mean nanoseconds from one event to the next, of all tasks together: 50,000 events a second. */
const APART_NS = 20_000;
/** Tasks that share a lock and a queue. */
const CIRCLE = 4;
const QUEUE_MOST = 8;

interface Lock {
  readonly object: number;
  owner: number;
  readonly waiters: number[];
  /** The event that let it go. */
  released: number;
}

interface Queue {
  readonly object: number;
  readonly puts: number[];
  readonly waiters: number[];
}

type Detail = Omit<TestEvent, 't' | 'task' | 'kind'>;

/** Yields nanoseconds until the task goes on; Infinity: until another one wakes it. */
type Life = Generator<number, void, void>;

/** A repeatable stream of numbers in [0, 1). */
function numbers(seed: number): () => number {
  let x = seed >>> 0;
  return () => {
    x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
    return x / 2 ** 32;
  };
}

/** Tasks by the time they go on at, the earliest first. */
class Agenda {
  private readonly entries: { t: number; task: number }[] = [];

  add(t: number, task: number): void {
    const { entries } = this;
    let i = entries.length;
    entries.push({ t, task });
    for (let up = (i - 1) >> 1; i > 0 && entries[up].t > t; i = up, up = (i - 1) >> 1) entries[i] = entries[up];
    entries[i] = { t, task };
  }

  take(): { t: number; task: number } {
    const { entries } = this;
    const first = entries[0];
    const last = entries.pop();
    if (last === undefined) throw new Error('no task can go on');
    let i = 0;
    for (let next = 1; next < entries.length; next = 2 * i + 1) {
      if (next + 1 < entries.length && entries[next + 1].t < entries[next].t) next++;
      if (entries[next].t >= last.t) break;
      entries[i] = entries[next];
      i = next;
    }
    if (entries.length > 0) entries[i] = last;
    return first;
  }
}

class World {
  now = 0;
  made = 0;
  readonly random = numbers(42);
  readonly agenda = new Agenda();
  events: TestEvent[] = [];

  constructor(private readonly mean: number) {}

  tell(task: number, kind: number, detail: Detail = {}): number {
    this.now++;
    this.events.push({ t: Math.round(this.now), task, kind, ...detail });
    return this.made++;
  }

  some(share = 1): number {
    return this.mean * share * (0.1 + 2 * this.random() ** 2.3);
  }

  wake(task: number): void {
    this.agenda.add(this.now + this.some(0.05), task);
  }
}

function* holdLock(world: World, me: number, lock: Lock): Life {
  if (lock.owner >= 0) {
    world.tell(me, EVENT.LOCK_WAIT, { object: lock.object });
    lock.waiters.push(me);
    yield Infinity;
  }
  lock.owner = me;
  world.tell(me, EVENT.LOCK_ACQUIRED, { object: lock.object, cause: lock.released });
  yield world.some(0.8);
  lock.released = world.tell(me, EVENT.LOCK_RELEASED, { object: lock.object });
  lock.owner = lock.waiters.shift() ?? -1;
  if (lock.owner >= 0) world.wake(lock.owner);
  yield world.some();
}

function* put(world: World, me: number, queue: Queue): Life {
  if (queue.puts.length >= QUEUE_MOST) return yield* sleep(world, me);
  queue.puts.push(world.tell(me, EVENT.QUEUE_PUT, { object: queue.object, aux: queue.puts.length + 1 }));
  const waiter = queue.waiters.shift();
  if (waiter !== undefined) world.wake(waiter);
  yield world.some();
}

function* get(world: World, me: number, queue: Queue): Life {
  if (queue.puts.length === 0) {
    world.tell(me, EVENT.QUEUE_WAIT, { object: queue.object });
    queue.waiters.push(me);
    yield Infinity;
  }
  const cause = queue.puts.shift();
  // Somebody else was faster.
  if (cause === undefined) return yield* sleep(world, me);
  world.tell(me, EVENT.QUEUE_GOT, { object: queue.object, aux: queue.puts.length, cause });
  yield world.some();
}

function* sleep(world: World, me: number): Life {
  world.tell(me, EVENT.SLEEP_BEGAN);
  yield world.some(2);
  world.tell(me, EVENT.SLEEP_ENDED);
  yield world.some();
}

function* transfer(world: World, me: number, object: number): Life {
  world.tell(me, EVENT.IO_WAIT, { object });
  yield world.some(1.5);
  world.tell(me, EVENT.IO_DONE, { object });
  yield world.some();
}

function* giveWay(world: World, me: number, object: number): Life {
  world.tell(me, EVENT.COROUTINE_YIELDED, { object });
  yield world.some(0.7);
  world.tell(me, EVENT.COROUTINE_RESUMED, { object });
  yield world.some();
}

function* item(world: World, me: number, lock: Lock): Life {
  const value = world.made;
  world.tell(me, EVENT.ITEM_STARTED, { value });
  yield* holdLock(world, me, lock);
  world.tell(me, EVENT.ITEM_FINISHED, { value });
  yield world.some();
}

interface Things {
  readonly entries: TestEntry[];
  readonly locks: Lock[];
  readonly queues: Queue[];
  readonly device: number;
  readonly coroutine: number;
}

/** A lock and a queue that such a trace has, by their ids. */
export function pinned(lanes: number): { lock: number; queue: number } {
  const { locks, queues } = things(lanes);
  return { lock: locks[0].object, queue: queues[0].object };
}

function things(lanes: number): Things {
  const circles = Math.ceil(lanes / CIRCLE);
  const entries: TestEntry[] = [{ kind: OBJECT.DEVICE, name: 'disk' }, { kind: OBJECT.COROUTINE, name: 'coroutine' }];
  const add = (kind: number, name: string): number => entries.push({ kind, name }) - 1;
  const locks = Array.from({ length: circles }, (_, i) => (
    { object: add(OBJECT.LOCK, `lock-${i}`), owner: -1, waiters: [], released: -1 }));
  const queues = Array.from({ length: circles }, (_, i) => (
    { object: add(OBJECT.QUEUE, `queue-${i}`), puts: [], waiters: [] }));
  return { entries, locks, queues, device: 0, coroutine: 1 };
}

function* life(world: World, me: number, shared: Things): Life {
  const circle = Math.floor(me / CIRCLE);
  const [lock, queue] = [shared.locks[circle], shared.queues[circle]];
  for (;;) {
    const choice = world.random();
    if (choice < 0.4) yield* holdLock(world, me, lock);
    else if (choice < 0.6) yield* (me % 2 === 0 ? put : get)(world, me, queue);
    else if (choice < 0.7) yield* sleep(world, me);
    else if (choice < 0.8) yield* transfer(world, me, shared.device);
    else if (choice < 0.9 || me % CIRCLE !== 3) yield* giveWay(world, me, shared.coroutine);
    else yield* item(world, me, lock);
  }
}

function* first(world: World, me: number, created: number, shared: Things): Life {
  world.tell(me, EVENT.TASK_STARTED, { cause: created });
  yield world.some();
  yield* life(world, me, shared);
}

/** Chunks of so many events each, without end. */
export function* chunks(lanes: number, size: number): Generator<Uint8Array, never, void> {
  const world = new World(APART_NS * lanes);
  const shared = things(lanes);
  const tasks = Array.from({ length: lanes }, (_, i) => (
    { kind: TASK.THREAD, name: i === 0 ? 'main' : `worker-${i}`, ...(i > 0 ? { parent: 0 } : {}) }));
  const lives = tasks.map((_, me) => {
    const created = me === 0 ? -1 : world.tell(0, EVENT.TASK_CREATED, { value: me });
    world.agenda.add(world.now + world.some(0.2), me);
    return first(world, me, created, shared);
  });
  for (let sent = 0, tables = true; ; tables = false) {
    while (world.events.length < size) goOn(world, lives);
    yield encodeChunk({ events: world.events, first: sent, ...(tables ? { tasks, objects: shared.entries } : {}) });
    sent += world.events.length;
    world.events = [];
  }
}

/** The task whose turn is next lives until it pauses. */
function goOn(world: World, lives: readonly Life[]): void {
  const { t, task } = world.agenda.take();
  world.now = Math.max(world.now, t);
  const { value, done } = lives[task].next();
  if (done !== true && value !== Infinity) world.agenda.add(world.now + value, task);
}
