// Small setups of every scenario that a schedule can control: so small that all their schedules can be
// explored within seconds, and large enough to show what the scenario is about.
//
//   with        the parameters
//   finds       the names of all outcomes that exploring finds, no more and no less
//   races       the objects of data races that random schedules meet; none when not said
//   timing      of the exploration: 'ignored' (every sleep and time-out as long as it likes) unless said
//   incomplete  why it cannot be explored completely
//   seconds     how long to explore what is incomplete; the others have the most there is, for a busy machine
//   free        how many free runs it is compared with: fewer where each takes long, and where
//               exploring says that all of them are the same
//
// Where names of outcomes go by the clock (data-prefetch, ui-responsiveness), their texts do not: free
// runs are compared by text and end.
// A free run that ends as a deadlock takes its supervisor's proof, 120 ms.

const DEADLOCKS = { free: 20 };
const SLOW = { free: 100 };

/** Times so short that they order next to nothing. */
const brief = { time_scale: 0.01 };

const at = (params, finds, more = {}) => ({
  with: params, finds, races: [], timing: 'ignored', seconds: 300, free: finds.length > 1 ? 1000 : 300, ...more });

const rendezvous = { rendezvous: false };
const buffer = { produce_ms: 0, consume_ms: 0, items: 2, consumers: 2 };
const crowd = { ...buffer, items: 1, producers: 2, capacity: 1, guard: 'while' };
const signals = { ...brief, rounds: 2, period_ms: 1, consumer_start_delay_us: 0 };
const words = { rounds: 2, produce_us: 0, consume_us: 0 };
const shutdown = { consumers: 2, items: 2, period_ms: 0 };
const futures = { ...brief, workers: 2, durations_ms: '20,10' };
const life = { ...brief, child_ms: 10, act_after_ms: 10 };
const daemon = { ...brief, child_ms: 50 };
const gated = { ...brief, workers: 1, rounds: 2, period_ms: 5, select: 'all' };
const cut = { workers: 1, tasks: 2, task_ms: 1, finish_after_ms: 1 };
const block = Array.from({ length: 4 }, (_, i) => `slot 0 [${i}]`);

export const TABLE = {
  // processes
  'process-start-join': [
    at({ n: 3, work_ms: 0 }, ['in-order', 'out-of-order']),
    at({ n: 1, repeat: 2, work_ms: 0, style: 'subclass' }, ['in-order']),
  ],
  'process-lifecycle': [
    at(life, ['finished', 'terminated']),
    at({ ...life, action: 'kill' }, ['finished', 'killed']),
    at({ ...life, action: 'join-timeout' }, ['finished', 'still-alive']),
    at({ ...life, action: 'finish', start_twice: true }, ['finished']),
  ],
  'daemon-vs-join': [
    at(daemon, ['child-cut', 'child-first', 'main-first']),
    at({ ...daemon, kind: 'thread' }, ['child-cut', 'child-first', 'main-first']),
    at({ ...daemon, mode: 'plain' }, ['child-first', 'main-first']),
    at({ ...daemon, mode: 'join' }, ['child-first']),
    at({ ...daemon, set_daemon: 'inherit' }, ['refused']),
  ],
  'event-gated-workers': [
    at(gated, ['all-served', 'coalesced']),
    at({ ...gated, clear: 'right-after-wait' }, ['all-served', 'coalesced']),
    at({ ...gated, clear: 'counter' }, ['all-served']),
    at({ ...gated, workers: 2, rounds: 1, select: 'always-first' }, ['only-first']),
  ],
  'fork-random-repeat': [
    at({ children: 2 }, ['repeated']),
    at({ children: 2, generator: 'os-entropy' }, ['distinct']),
  ],

  // pools
  'pool-map-order': [at({ workers: 2, tasks: 3, service_us: 0 }, ['in-order', 'out-of-order'])],
  'pool-callback-progress': [at({ workers: 2, tasks: 2, service_us: 0 }, ['in-order', 'out-of-order'])],
  'pool-blocking-modes': [
    at({ workers: 2, tasks: 2, task_ms: 1 }, ['serial']),
    at({ workers: 2, tasks: 2, task_ms: 1, call: 'map' }, ['all-done-on-return', 'serial']),
    at({ workers: 2, tasks: 2, task_ms: 1, call: 'map_async' }, ['all-done-on-return', 'serial', 'went-on']),
  ],
  'pool-imap-streaming': [
    at({ workers: 2, durations_ms: '1,1' }, ['in-order']),
    at({ workers: 2, durations_ms: '1,1', call: 'imap_unordered' }, ['as-completed', 'in-order']),
  ],
  'pool-silent-error': [
    at({ tasks: 1 }, ['silent']),
    at({ tasks: 1, look: 'get' }, ['seen']),
    at({ tasks: 1, call: 'args-tuple' }, ['all-succeeded']),
  ],
  'pool-initializer': [
    at({ workers: 2, tasks: 2 }, ['set-once']),
    at({ workers: 2, tasks: 2, mode: 'object-method', calls_per_object: 1 }, ['copies']),
    at({ workers: 1, tasks: 2, finish: 'none' }, ['cut', 'set-once']),
  ],
  'pool-lifecycle': [
    at(cut, ['all-done']),
    at({ ...cut, finish: 'terminate' }, ['all-done', 'dropped']),
    at({ ...cut, finish: 'nothing' }, ['all-done', 'dropped']),
    at({ ...cut, finish: 'join-before-close' }, ['raised']),
  ],
  'pool-daemon-children': [
    at({}, ['refused']),
    at({ allow: true }, ['orphans'], SLOW),
    at({ pool: 'process-pool-executor' }, ['waited-for'], SLOW),
  ],
  'pool-shareable-objects': [
    at({ tasks: 2 }, ['refused']),
    at({ tasks: 2, object: 'mp-lock', how: 'process-argument' }, ['shared']),
    at({ tasks: 2, object: 'mp-array', how: 'initializer' }, ['shared']),
    at({ tasks: 2, object: 'manager-lock' }, ['shared']),
  ],
  'executor-futures': [
    at(futures, ['input-order']),
    at({ ...futures, api: 'as_completed-inside' }, ['completion-order', 'input-order']),
    at({ ...futures, api: 'as_completed-after' }, ['arbitrary']),
    at({ ...futures, api: 'wait-first', backend: 'threads' }, ['completion-order', 'input-order']),
  ],
  'queue-thread-pool': [
    at({ threads: 2, tasks: 2 }, ['another-order', 'complete']),
    at({ threads: 2, tasks: 2, stop: 'sentinel' }, ['another-order', 'complete']),
    at({ threads: 2, tasks: 2, join: 'missing' }, ['another-order', 'complete', 'too-early']),
  ],

  // pipes
  'pipe-duplex': [
    at({ sender_delay_ms: 0 }, ['exchanged']),
    at({ ...brief, recv: 'poll', poll_ms: 1, sender_delay_ms: 1 }, ['exchanged', 'worked-meanwhile']),
    at({ duplex: false, sender_delay_ms: 0 }, ['read-only']),
  ],
  'pipe-pipeline-eof': [
    at({ items: 1 }, ['end']),
    at({ items: 1, drop_close: 'main-p1-write' }, ['blocked'], DEADLOCKS),
    at({ items: 1, drop_close: 'child2-p1-write' }, ['blocked'], DEADLOCKS),
    at({ items: 1, drop_close: 'child1-p1-write' }, ['end']),
  ],
  'pipe-shared-end': [
    at({ messages: 1, msg_bytes: 40000 }, ['broken', 'intact']),
    at({ messages: 1, msg_bytes: 40000, lock: true }, ['intact']),
    at({ messages: 1, msg_bytes: 1000 }, ['intact']),
  ],
  'queue-fifo-blocking': [
    at({ items: 3, maxsize: 1, consumer_us: 0, kind: 'thread' }, ['waited']),
    at({ items: 2, maxsize: 1, consumer_us: 0, kind: 'manager' }, ['waited']),
    at({ ...brief, items: 2, maxsize: 1, consumer_us: 0, timeout_ms: 1 }, ['gave-up', 'waited']),
  ],
  'queue-consumer-shutdown': [
    at(shutdown, ['never-ends'], DEADLOCKS),
    at({ ...shutdown, stop: 'sentinel' }, ['all-handled']),
    at({ ...shutdown, stop: 'empty-test' }, ['all-handled', 'items-lost']),
    at({ ...shutdown, stop: 'task-done-join' }, ['all-handled']),
    at({ ...shutdown, stop: 'daemon', kind: 'process' }, ['all-handled']),
  ],
  'producer-consumer': [
    at({ producers: 1, consumers: 2, items: 2, capacity: 1, produce_us: 0, consume_us: 0 }, ['all-consumed']),
    at({ producers: 2, consumers: 1, items: 1, capacity: 1, produce_us: 0, consume_us: 0, unit: 'process' },
      ['all-consumed']),
  ],

  // memory
  'shared-vs-isolated': [
    at({ units: 3 }, ['another-order', 'complete']),
    at({ units: 2, model: 'process-private' }, ['private']),
    at({ units: 2, model: 'manager' }, ['another-order', 'complete']),
    at({ units: 2, model: 'message-passing' }, ['another-order', 'complete']),
  ],
  'manager-lost-update': [
    at({ workers: 2, tasks: 2 }, ['all-counted', 'lost-updates']),
    at({ workers: 2, tasks: 2, variant: 'locked' }, ['all-counted']),
    at({ workers: 2, tasks: 2, op: 'append' }, ['another-order', 'in-order']),
  ],
  'value-array': [
    at({ n: 1 }, ['all-counted', 'lost-updates']),
    at({ n: 1, variant: 'get-lock' }, ['all-counted']),
    at({ op: 'negate-array' }, ['as-written']),
  ],
  'shared-array-view': [
    at({}, ['seen']),
    at({ view: 'float64' }, ['read-as-floats']),
    at({ writer: 'parent' }, ['seen']),
    at({ assign: 'rebind' }, ['never-arrived']),
  ],
  'shm-lifecycle': [
    at({ readers: 2 }, ['released']),
    at({ unlink: 'early' }, ['name-gone']),
    at({ unlink: 'twice' }, ['unlinked-twice']),
    at({ crash_before_unlink: true }, ['leaked-by-crash']),
  ],
  'shm-sync-strategy': [
    at({ ...words, strategy: 'none' }, ['corrupted', 'whole'], { races: block }),
    at(words, ['whole']),
    at({ ...words, strategy: 'barrier' }, ['whole']),
    at({ ...words, strategy: 'slot-queue', slots: 2 }, ['whole']),
  ],

  // locks
  'race-counter': [
    at({ n: 2 }, ['exact', 'lost-updates'], { races: ['share'] }),
    at({ n: 2, variant: 'lock' }, ['exact']),
    at({ n: 2, variant: 'atomic' }, ['exact']),
    at({ threads: 3, n: 1 }, ['exact', 'lost-updates'], { races: ['share'] }),
  ],
  'lock-granularity': [at({ n: 1 }, ['right']), at({ n: 1, lock: 'semaphore' }, ['right'])],
  'lock-print-lines': [
    at({ workers: 3 }, ['broken', 'whole']),
    at({ workers: 3, lock: true }, ['whole']),
    at({ workers: 3, writes_per_line: 1 }, ['whole']),
  ],
  'lock-handoff': [
    at({ waiters: 2, rounds: 2, hold_us: 0 }, ['fair', 'unfair']),
    at({ waiters: 2, rounds: 2, hold_us: 0, lock: 'ticket' }, ['fair']),
    at({ misuse: 'release-unlocked' }, ['refused']),
  ],
  'rlock-nested': [
    at({ n: 2 }, ['done']),
    at({ n: 2, lock: 'lock' }, ['waits-for-itself'], DEADLOCKS),
    at({ n: 1, release_missing: 1 }, ['never-released'], DEADLOCKS),
  ],
  'deadlock-two-locks': [
    at(rendezvous, ['deadlock', 'done'], DEADLOCKS),
    at({ ...rendezvous, order: 'same', rounds: 2 }, ['done']),
    at({ ...rendezvous, threads: 3 }, ['deadlock', 'done'], DEADLOCKS),
    at({ ...rendezvous, threads: 3, order: 'same' }, ['done']),
    at({ ...rendezvous, primitive: 'manager-lock' }, ['deadlock', 'done'], DEADLOCKS),
    at({ ...rendezvous, resolve: 'timeout-retry' }, ['done'],
      { incomplete: 'who gives up may try again without end', seconds: 2 }),
  ],
  'semaphore-stalls': [
    at({ users: 3, stay_ms_max: 0 }, ['one-too-many']),
    at({ users: 3, stay_ms_max: 0, bounded: true }, ['refused']),
  ],
  'semaphore-signal': [
    at({ rounds: 2, delay_ms: 0 }, ['in-step']),
    at({ rounds: 2, delay_ms: 0, initial: 1 }, ['ahead', 'in-step'], { races: ['item'] }),
  ],
  'condition-bounded-buffer': [
    at(buffer, ['in-order', 'woken-too-late']),
    at({ ...buffer, guard: 'while' }, ['in-order']),
    at(crowd, ['in-order', 'wrong-one-woken'], DEADLOCKS),
    at({ ...crowd, wake: 'notify-all' }, ['in-order']),
  ],
  'condition-abc-order': [
    at({ rounds: 1 }, ['ordered']),
    at({ rounds: 2, coordination: 'semaphores' }, ['ordered']),
    at({ rounds: 1, coordination: 'condition-notify' }, ['ordered', 'stalled'], DEADLOCKS),
    at({ rounds: 1, coordination: 'none' }, ['ordered', 'unordered']),
  ],
  'event-lost-signal': [
    at(signals, ['each-once', 'missed', 'wrong-values'], { ...DEADLOCKS, races: ['value'] }),
    at({ ...signals, variant: 'level' }, ['each-once', 'missed', 'wrong-values'], { ...DEADLOCKS, races: ['value'] }),
    at({ ...signals, variant: 'two-events' }, ['each-once']),
  ],
  'barrier-rendezvous': [
    at({ free: 1, skew_ms: 0, rounds: 2 }, ['together']),
    at({ ...brief, free: 1, skew_ms: 0, missing: true }, ['broken'], SLOW),
  ],
  'with-vs-manual': [
    at({ threads: 3 }, ['released']),
    at({ threads: 3, style: 'bare' }, ['left-locked'], DEADLOCKS),
    at({ threads: 3, style: 'try-finally', primitive: 'semaphore' }, ['released']),
  ],

  // threads
  'thread-lifecycle': [
    at({ prints: 1, block: 'lock' }, ['in-threads']),
    at({ prints: 1, block: 'io' }, ['in-threads'], SLOW),
    at({ prints: 1, block: 'none', call: 'run' }, ['in-the-caller']),
  ],

  // coroutines
  'generator-send': [at({}, ['finished']), at({ close_at: 1 }, ['stop-iteration']), at({ prime: 'missing' }, ['type-error'])],
  'yield-from-to-await': [at({}, ['passed-through']), at({ mistake: 'forgot-await' }, ['never-awaited'])],
  'cooperative-vs-preemptive': [
    at({ ...brief, tasks: 2, hog_ms: 10, burst_ms: 1, slice_ms: 1 }, ['starved']),
    at({ ...brief, tasks: 2, hog_ms: 10, burst_ms: 1, slice_ms: 1, scheduler: 'preemptive' }, ['took-turns']),
  ],
  'async-io-overlap': [
    at({ ...brief, latencies_ms: '2,1' }, ['overlapped']),
    at({ ...brief, latencies_ms: '2,1', style: 'threads' }, ['overlapped']),
    at({ ...brief, latencies_ms: '2,1', style: 'sync' }, ['one-by-one']),
    at({ ...brief, latencies_ms: '2,1', style: 'async-with-blocking-call', blocker: 0 }, ['loop-blocked']),
  ],

  // performance
  'disk-io-queue-depth': [at({ ...brief, threads: 2, requests: 2 }, ['gain'], SLOW)],
  'data-prefetch': [
    at({ ...brief, batches: 2, load_ms: 1, train_ms: 1 }, ['starved']),
    at({ ...brief, batches: 2, load_ms: 1, train_ms: 1, depth: 0 }, ['serial']),
  ],
  'ui-responsiveness': [
    at({ ...brief, job_ms: 10, tick_ms: 5 }, ['frozen'], { timing: 'virtual' }),
    at({ ...brief, job_ms: 10, tick_ms: 5, place: 'thread' }, ['alive'], { timing: 'virtual' }),
    at({ ...brief, job_ms: 10, tick_ms: 5, place: 'thread', disable_button: false }, ['started-twice'],
      { timing: 'virtual' }),
  ],
};
