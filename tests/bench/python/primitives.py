"""CPython's side of `make bench`: the same work as tests/bench/prim_bench.c does.

    python3 primitives.py NAME      prints nanoseconds for one operation
"""
import asyncio
import multiprocessing as mp
import queue
import sys
import threading
import time


def timed(operations, work):
    began = time.perf_counter_ns()
    work()
    return (time.perf_counter_ns() - began) / operations


def in_threads(*bodies):
    threads = [threading.Thread(target=body) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def identity(x):
    return x


def pool_map(n=1000):
    with mp.Pool(4) as pool:
        pool.map(identity, range(4))
        return timed(n, lambda: pool.map(identity, range(n)))


def queue_threads(n=100_000):
    q = queue.Queue(64)

    def put():
        for i in range(n):
            q.put(i)

    def get():
        for _ in range(n):
            q.get()

    return timed(n, lambda: in_threads(put, get))


def put_all(q, n):
    for i in range(n):
        q.put(i)


def queue_processes(n=100_000):
    q = mp.Queue(64)
    producer = mp.Process(target=put_all, args=(q, n))

    def work():
        producer.start()
        for _ in range(n):
            q.get()
        producer.join()

    return timed(n, work)


def echo(conn, n):
    for _ in range(n):
        conn.send(conn.recv())


def pipe_round_trip(n=50_000):
    ours, theirs = mp.Pipe()
    peer = mp.Process(target=echo, args=(theirs, n))
    peer.start()

    def work():
        for i in range(n):
            ours.send(i)
            ours.recv()

    ns = timed(n, work)
    peer.join()
    return ns


def lock(n=1_000_000):
    one = threading.Lock()

    def work():
        for _ in range(n):
            one.acquire()
            one.release()

    return timed(n, work)


def lock_contended(n=1_000_000):
    one = threading.Lock()

    def work():
        for _ in range(n // 2):
            one.acquire()
            one.release()

    return timed(n, lambda: in_threads(work, work))


def condition(n=50_000):
    cond, turn = threading.Condition(), [0]

    def player(me):
        def play():
            for _ in range(n):
                with cond:
                    while turn[0] != me:
                        cond.wait()
                    turn[0] = 1 - me
                    cond.notify()
        return play

    return timed(n, lambda: in_threads(player(0), player(1)))


def barrier(n=10_000):
    meeting = threading.Barrier(4)

    def party():
        for _ in range(n):
            meeting.wait()

    return timed(n, lambda: in_threads(*[party] * 4))


def generator(n=1_000_000):
    def body():
        while True:
            yield

    g = body()
    next(g)

    def work():
        for i in range(n):
            g.send(i)

    return timed(n, work)


def loop(n=200_000):
    async def switcher():
        for _ in range(n // 2):
            await asyncio.sleep(0)

    async def main():
        await asyncio.gather(switcher(), switcher())

    return timed(n, lambda: asyncio.run(main()))


if __name__ == '__main__':
    print(globals()[sys.argv[1].replace('-', '_')]())
