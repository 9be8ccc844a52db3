"""CPython's figures for the rows of the scenarios' tables: the same work, on this machine.

    python3 figures.py FILE      measures, prints, writes FILE for `interleave serve --reference`
    python3 figures.py --keys    prints as JSON what it can write, and measures nothing

A group of figures belongs to a scenario, holds for the parameters it names, and returns
{row: {column: number}}. A figure is the median of a few rounds, fewer if they take long.
"""
import json
import multiprocessing
import os
import platform
import queue
import signal
import statistics
import sys
import threading
import time
from multiprocessing import shared_memory
from multiprocessing.pool import ThreadPool

LIMIT_S = 85     # the whole; a measurement that hangs ends it, and nothing is written
ROUNDS = 5
ROUNDS_S = 1.5   # no further round after this

fork = multiprocessing.get_context('fork')
spawn = multiprocessing.get_context('spawn')
clock = time.perf_counter_ns

groups = []


def figures(scenario, rows, columns, **params):
    """Declares what a function measures, so that it can be told without measuring."""
    def register(measure):
        groups.append((scenario, rows, columns, params, measure))
        return measure
    return register


def median(work, rounds=ROUNDS):
    """The median of what work() returns."""
    seen, began = [], time.monotonic()
    while len(seen) < rounds and (not seen or time.monotonic() - began < ROUNDS_S):
        seen.append(work())
    return statistics.median(seen)


def timed(work):
    began = clock()
    work()
    return clock() - began


def run_all(kind, target, arguments):
    """Starts a thread or process for each tuple of arguments, and joins them."""
    tasks = [kind(target=target, args=a, daemon=True) for a in arguments]
    for task in tasks:
        task.start()
    for task in tasks:
        task.join()


def busy(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


# ---- one interpreter lock -------------------------------------------------------------------

STEPS = 1_000_000


def lcg(steps, x=1):
    for _ in range(steps):
        x = (x * 1103515245 + 12345) & 0x7fffffff


@figures('gil-cpu-threads', [f'{unit} {n}' for unit in ('threads-gil', 'processes') for n in (1, 2, 4)],
         ['speedup', 'time'], steps=4_000_000, io_fraction=0)
def gil_cpu_threads():
    rows = {}
    for unit, kind in (('threads-gil', threading.Thread), ('processes', fork.Process)):
        for n in (1, 2, 4):
            ns = median(lambda: timed(lambda: run_all(kind, lcg, [(STEPS // n,)] * n)))
            alone = ns if n == 1 else alone
            rows[f'{unit} {n}'] = {'speedup': alone / ns, 'time': ns}
    return rows


# ---- start, join, and what comes with it ----------------------------------------------------

UNITS = 10
WORKLOADS = ['start-join', 'shared-dict', 'barrier', 'pool-squares']


def nothing():
    pass


def start_join(context, kind):
    run_all(kind, nothing, [()] * UNITS)


def write(d, i):
    d[i] = 2 * i


def shared_dict(context, kind):
    if kind is threading.Thread:
        d = {}
        run_all(kind, write, [(d, i) for i in range(UNITS)])
        return
    with context.Manager() as manager:
        d = manager.dict()
        run_all(kind, write, [(d, i) for i in range(UNITS)])


def meet(barrier):
    barrier.wait()


def barrier(context, kind):
    one = (threading if kind is threading.Thread else context).Barrier(UNITS)
    run_all(kind, meet, [(one,)] * UNITS)


def square(x):
    return x * x


def pool_squares(context, kind):
    pool = (ThreadPool if kind is threading.Thread else context.Pool)(4)
    pool.map(square, range(UNITS))
    pool.close()
    pool.join()


def coroutine():
    return
    yield


def coroutines(context, kind):
    for _ in range(UNITS):
        next(coroutine(), None)


def repeated(work, times, seconds=1.0):
    work()
    seen, began = [], time.monotonic()
    while len(seen) < times and (not seen or time.monotonic() - began < seconds):
        seen.append(timed(work) / UNITS)
    return {'mean': statistics.mean(seen), 'least': min(seen), 'most': max(seen)}


@figures('thread-vs-process-cost',
         [f'{w} {what}' for w in WORKLOADS for what in ('thread', 'process')]
         + [f'{w} process, spawn' for w in WORKLOADS[:3]] + ['start-join coroutine'],
         ['mean', 'least', 'most', 'ratio'], units=UNITS)
def thread_vs_process_cost():
    rows = {}
    for name, work in zip(WORKLOADS, (start_join, shared_dict, barrier, pool_squares)):
        kinds = [('thread', fork, threading.Thread), ('process', fork, fork.Process),
                 ('process, spawn', spawn, spawn.Process)]
        for what, context, kind in kinds[:2] if name == 'pool-squares' else kinds:
            rows[f'{name} {what}'] = repeated(lambda: work(context, kind), 100)
    rows['start-join coroutine'] = repeated(lambda: coroutines(None, None), 100)
    for row, figure in rows.items():
        figure['ratio'] = figure['mean'] / rows[row.split()[0] + ' thread']['mean']
    return rows


# ---- messages -------------------------------------------------------------------------------

MESSAGES = 5000


def echo_conn(n, receiving, sending):
    for _ in range(n):
        sending.send(receiving.recv())


def echo_queue(n, requests, answers):
    for _ in range(n):
        answers.put(requests.get())


def echo_memory(n, name, full, empty):
    memory = shared_memory.SharedMemory(name)
    for _ in range(n):
        full.acquire()
        memory.buf[8:16] = memory.buf[0:8]
        empty.release()
    memory.close()


def echo_signal(n, other):
    for _ in range(n):
        signal.sigwait([signal.SIGUSR1])
        os.kill(other, signal.SIGUSR1)


def round_trips(target, arguments, once, n=MESSAGES):
    peer = fork.Process(target=target, args=(n, *arguments), daemon=True)
    peer.start()
    once(0, peer)
    began = clock()
    for i in range(1, n):
        once(i, peer)
    took = clock() - began
    peer.join()
    return took / (n - 1)


def by_pipe():
    theirs, mine = fork.Pipe(False)
    answers, answering = fork.Pipe(False)

    def once(i, peer):
        mine.send(i)
        answers.recv()
    return round_trips(echo_conn, (theirs, answering), once)


def by_socket():
    mine, theirs = fork.Pipe()

    def once(i, peer):
        mine.send(i)
        mine.recv()
    return round_trips(echo_conn, (theirs, theirs), once)


def by_queues(make, n=MESSAGES):
    requests, answers = make(), make()

    def once(i, peer):
        requests.put(i)
        answers.get()
    return round_trips(echo_queue, (requests, answers), once, n)


def by_memory():
    memory = shared_memory.SharedMemory(create=True, size=16)
    full, empty = fork.Semaphore(0), fork.Semaphore(0)

    def once(i, peer):
        memory.buf[0:8] = i.to_bytes(8, 'little')
        full.release()
        empty.acquire()
    ns = round_trips(echo_memory, (memory.name, full, empty), once)
    memory.close()
    memory.unlink()
    return ns


def by_signal():
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])

    def once(i, peer):
        os.kill(peer.pid, signal.SIGUSR1)
        signal.sigwait([signal.SIGUSR1])
    ns = round_trips(echo_signal, (os.getpid(),), once)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return ns


@figures('ipc-compare', ['pipe', 'queue', 'manager', 'shm+sem', 'unix-socket', 'signal'], ['each'],
         pattern='round-trip', bytes=8, peers=2)
def ipc_compare():
    with fork.Manager() as manager:
        by_manager = median(lambda: by_queues(manager.Queue, 1000))
    figure = {'pipe': median(by_pipe), 'queue': median(lambda: by_queues(fork.Queue)),
              'manager': by_manager, 'shm+sem': median(by_memory),
              'unix-socket': median(by_socket), 'signal': median(by_signal)}
    return {row: {'each': ns} for row, ns in figure.items()}


# ---- turns ----------------------------------------------------------------------------------

TURNS = 2000


def turns_by_semaphore(semaphores, me, n):
    for _ in range(n):
        semaphores[me].acquire()
        semaphores[1 - me].release()


def turns_by_event(events, me, n):
    for _ in range(n):
        events[me].wait()
        events[me].clear()
        events[1 - me].set()


def turns_by_pipe(pipes, me, n):
    for _ in range(n):
        pipes[me][0].recv()
        pipes[1 - me][1].send(me)


def turns_by_condition(place, me, n):
    turn, conditions = place
    for _ in range(n):
        with conditions[me]:
            while turn[0] != me:
                conditions[me].wait()
            turn[0] = 1 - me
            conditions[1 - me].notify()


def by_conditions(module, turn):
    lock = module.Lock()
    turn[0] = -1
    conditions = [module.Condition(lock) for _ in range(2)]

    def first():
        with lock:
            turn[0] = 0
            conditions[0].notify()
    return turns_by_condition, (turn, conditions), first


def by_semaphores(module, turn):
    semaphores = [module.Semaphore(0) for _ in range(2)]
    return turns_by_semaphore, semaphores, semaphores[0].release


def by_events(module, turn):
    events = [module.Event() for _ in range(2)]
    return turns_by_event, events, events[0].set


def by_pipes(module, turn):
    pipes = [fork.Pipe(False) for _ in range(2)]
    return turns_by_pipe, pipes, lambda: pipes[0][1].send(0)


def turn_ns(prepare, module, kind, turn):
    target, place, first = prepare(module, turn)
    tasks = [kind(target=target, args=(place, me, TURNS // 2), daemon=True) for me in range(2)]
    for task in tasks:
        task.start()
    began = clock()
    first()
    for task in tasks:
        task.join()
    return (clock() - began) / TURNS


def turn_by_turn():
    while True:
        yield


def coroutine_turn_ns(n=200_000):
    ring = [turn_by_turn(), turn_by_turn()]
    began = clock()
    for i in range(n):
        next(ring[i % 2])
    return (clock() - began) / n


HAND_OVERS = {'condition': by_conditions, 'semaphore': by_semaphores, 'event': by_events,
              'pipe': by_pipes}


@figures('switch-cost', ['coroutine yield'] + [f'{unit} {by}' for unit in ('thread', 'process')
                                               for by in HAND_OVERS],
         ['switch'], tasks=2, work_us=0, same_core=False)
def switch_cost():
    rows = {'coroutine yield': {'switch': median(coroutine_turn_ns)}}
    for by, prepare in HAND_OVERS.items():
        for unit, module, kind, turn in (
                ('thread', threading, threading.Thread, [-1]),
                ('process', fork, fork.Process, fork.RawArray('i', 1))):
            rows[f'{unit} {by}'] = {'switch': median(lambda: turn_ns(prepare, module, kind, turn))}
    return rows


# ---- the shapes of programs -----------------------------------------------------------------

SIZES = (1, 2, 3, 4, 6, 8)
WORK_S, SERIAL, TASKS = 0.08, 0.1, 64


def one_task(_):
    busy(WORK_S * (1 - SERIAL) / TASKS)


def speedup(workers):
    with fork.Pool(workers) as pool:
        pool.map(nothing_of, range(workers), 1)
        return WORK_S * 1e9 / timed(lambda: (busy(WORK_S * SERIAL), pool.map(one_task, range(TASKS))))


def nothing_of(_):
    pass


@figures('parallel-speedup', [str(n) for n in SIZES], ['speedup', 'efficiency'],
         mode='measured', serial_fraction=SERIAL, comm_us=0, tasks=TASKS)
def parallel_speedup():
    rows = {}
    for n in SIZES:
        gain = median(lambda: speedup(n))
        rows[str(n)] = {'speedup': gain, 'efficiency': 100 * gain / n}
    return rows


BATCHES, BATCH_S, DEPTH = 40, 0.005, 2


def load_all(ready):
    for batch in range(BATCHES):
        time.sleep(BATCH_S)
        ready.put(batch)


def prefetch():
    ready, waited, began = queue.Queue(DEPTH), 0, clock()
    threading.Thread(target=load_all, args=(ready,), daemon=True).start()
    for _ in range(BATCHES):
        waited += timed(ready.get)
        busy(BATCH_S)
    return clock() - began, waited


@figures('data-prefetch', ['waiting', 'whole'], ['time'], batches=BATCHES, load_ms=5, train_ms=5,
         depth=DEPTH, loaders=1, jitter=0, time_scale=1)
def data_prefetch():
    whole, waited = sorted(prefetch() for _ in range(3))[1]
    return {'waiting': {'time': waited}, 'whole': {'time': whole}}


TICK_NS, JOB_S = 20_000_000, 0.3


def mainloop():
    """A window whose first click runs the job in its loop; the second finds the button disabled."""
    began = last = clock()
    gaps, answers, after = [], [], 0
    while after < 5:
        time.sleep(TICK_NS / 1e9)
        now = clock()
        gaps.append(now - last)
        last = now
        click = began + 2 * TICK_NS * (len(answers) + 1)
        if len(answers) < 2 and now >= click:
            answers.append(clock() - click)
            if len(answers) == 1:
                time.sleep(JOB_S)
        after += len(answers) == 2
    return gaps, answers


@figures('ui-responsiveness', ['mean gap', 'longest gap', 'first click', 'second click'], ['time'],
         job='io', place='ui-loop', job_ms=300, tick_ms=20, disable_button=True, time_scale=1)
def ui_responsiveness():
    gaps, answers = mainloop()
    return {'mean gap': {'time': statistics.mean(gaps)}, 'longest gap': {'time': max(gaps)},
            'first click': {'time': answers[0]}, 'second click': {'time': answers[1]}}


LOCKED_STEPS, LOCK_CHUNK = 200_000, 1000


class Adder:
    def __init__(self):
        self.share, self.lock = 0, threading.Lock()

    def per_iteration(self, amount):
        for _ in range(LOCKED_STEPS):
            with self.lock:
                self.share += amount

    def chunk(self, amount):
        for _ in range(LOCKED_STEPS // LOCK_CHUNK):
            with self.lock:
                for _ in range(LOCK_CHUNK):
                    self.share += amount

    def once(self, amount):
        with self.lock:
            for _ in range(LOCKED_STEPS):
                self.share += amount


def locked_ns(method):
    adder = Adder()
    took = timed(lambda: run_all(threading.Thread, getattr(adder, method), [(1,), (-1,)]))
    assert adder.share == 0
    return took / (2 * LOCKED_STEPS)


@figures('lock-granularity', ['per-iteration', 'chunk', 'once'], ['per_iteration'],
         n=1_000_000, chunk=LOCK_CHUNK, threads=2, lock='mutex')
def lock_granularity():
    return {mode: {'per_iteration': median(lambda: locked_ns(mode.replace('-', '_')))}
            for mode in ('per-iteration', 'chunk', 'once')}


# ---- the program ----------------------------------------------------------------------------

def measure_group(scenario, rows, columns, measure):
    measured = measure()
    assert set(measured) == set(rows) and all(set(f) == set(columns) for f in measured.values())
    for row in rows:
        measured[row] = {c: float(f'{measured[row][c]:.4g}') for c in columns}
        print(f'{scenario:24} {row:26} '
              + '  '.join(f'{c} {v:,.10g}' for c, v in measured[row].items()), flush=True)
    return measured


def give_up(signo, frame):
    for child in multiprocessing.active_children():
        child.kill()
    print(f'not done after {LIMIT_S} s: nothing is written', file=sys.stderr, flush=True)
    os._exit(1)


def measure_all(path):
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(LIMIT_S)
    began = time.monotonic()
    name = f'CPython {platform.python_version()}, this machine'
    print(f'{name}; times in nanoseconds')
    answer = {'name': name, 'scenarios': {}, 'params': {}}
    for scenario, rows, columns, params, measure in groups:
        answer['scenarios'][scenario] = measure_group(scenario, rows, columns, measure)
        answer['params'][scenario] = params
    with open(path + '.new', 'w', encoding='utf-8') as file:
        json.dump(answer, file, indent=1)
    os.replace(path + '.new', path)
    print(f'{path}, in {time.monotonic() - began:.0f} s')


def print_keys():
    print(json.dumps({scenario: {'rows': rows, 'columns': columns, 'params': params}
                      for scenario, rows, columns, params, _ in groups}, indent=1))


if __name__ == '__main__':
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    if sys.argv[1] == '--keys':
        print_keys()
    else:
        measure_all(sys.argv[1])
