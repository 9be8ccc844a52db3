/* Programs whose tasks all wait: some for ever, and some that only look like it. */
#define HOSTILE_FIRST 6000
#include "tests/sandbox/hostile/hostile.h"

#include "sandbox/prim/manager_private.h"
#include "sandbox/sched/seam.h"

#include <linux/futex.h>
#include <signal.h>
#include <sys/syscall.h>

#define LONG_US 700000 /* more than it takes to call a run a deadlock, several times over */

/* What the tasks of a program share. */
struct program {
    struct lock *a, *b;
    struct barrier *barrier;
    struct condition *condition;
    struct event *event, *ready;
    struct queue *queue;
    struct semaphore *ping, *pong;
    struct managed *managed[2];
    struct conn *reader, *writer;
    struct site *site;
    struct executor *executor;
    _Atomic uint32_t word;
};

static struct program *program_new(void)
{
    struct program *p = shared_new(sizeof *p);
    p->a = lock_new("A");
    p->b = lock_new("B");
    p->barrier = barrier_new("barrier", 2);
    p->condition = condition_new("condition", NULL);
    p->event = event_new("event");
    p->ready = event_new("ready");
    p->queue = queue_new("queue", 1, sizeof(int64_t));
    p->ping = semaphore_new("ping", 0);
    p->pong = semaphore_new("pong", 0);
    say("before");
    return p;
}

/* Starts the task and joins it. */
static void join_one(enum task_kind kind, task_fn *body, void *argument)
{
    task_join(task_start(kind, "other", body, argument));
}

/* Joins a task that sets the event while this one waits for it. */
static void join_setter(task_fn *body)
{
    struct program *p = program_new();
    struct task *task = thread_start("setter", body, p);
    event_wait(p->event);
    task_join(task);
    say("after");
}

/* ---- deadlocks ---- */

static void b_then_a(void *argument)
{
    struct program *p = argument;
    lock_acquire(p->b);
    barrier_wait(p->barrier);
    lock_acquire(p->a);
}

static void two_locks(void)
{
    struct program *p = program_new();
    thread_start("other", b_then_a, p);
    lock_acquire(p->a);
    barrier_wait(p->barrier);
    lock_acquire(p->b);
}
HOSTILE(two_locks, "two-locks", two_locks);

static void take_item(void *argument)
{
    int64_t item;
    queue_get(((struct program *)argument)->queue, &item);
}

static void empty_queue(void)
{
    join_one(TASK_THREAD, take_item, program_new());
}
HOSTILE(empty_queue, "empty-queue", empty_queue);

static void daemon_and_main(void)
{
    struct program *p = program_new();
    struct task *daemon = task_new(TASK_THREAD, "daemon", take_item, p);
    task_set_daemon(daemon, true);
    task_begin(daemon);
    event_wait(p->event);
}
HOSTILE(daemon_and_main, "daemon-and-main", daemon_and_main);

/* Keeps the write end that fork gave it, so the end of file never comes. */
static void read_to_end(void *argument)
{
    int64_t number;
    while (conn_recv_number(((struct program *)argument)->reader, &number) > 0)
        ;
}

static void kept_end(void)
{
    struct program *p = program_new();
    pipe_new("pipe", false, &p->reader, &p->writer);
    struct task *reader = process_start("reader", read_to_end, p);
    conn_close(p->writer);
    task_join(reader);
}
HOSTILE(kept_end, "kept-end", kept_end);

static void fill(void *argument)
{
    for (int64_t i = 0;; i++)
        conn_send_number(((struct program *)argument)->writer, i);
}

static void full_pipe(void)
{
    struct program *p = program_new();
    pipe_new("pipe", false, &p->reader, &p->writer);
    join_one(TASK_PROCESS, fill, p);
}
HOSTILE(full_pipe, "full-pipe", full_pipe);

static void few_at_barrier(void)
{
    barrier_wait(program_new()->barrier);
}
HOSTILE(few_at_barrier, "few-at-barrier", few_at_barrier);

static void await_notify(void *argument)
{
    struct program *p = argument;
    condition_acquire(p->condition);
    condition_wait(p->condition);
}

static void never_notified(void)
{
    join_one(TASK_PROCESS, await_notify, program_new());
}
HOSTILE(never_notified, "never-notified", never_notified);

static void take_managed(void *argument)
{
    struct program *p = argument;
    managed_acquire(p->managed[1], FOREVER);
    barrier_wait(p->barrier);
    managed_acquire(p->managed[0], FOREVER);
}

static void managed_locks(void)
{
    struct program *p = program_new();
    struct manager *manager = manager_new();
    p->managed[0] = manager_lock(manager, "A");
    p->managed[1] = manager_lock(manager, "B");
    process_start("other", take_managed, p);
    managed_acquire(p->managed[0], FOREVER);
    barrier_wait(p->barrier);
    managed_acquire(p->managed[1], FOREVER);
}
HOSTILE(managed_locks, "managed-locks", managed_locks);

static void hold_and_wait(void *argument)
{
    struct program *p = argument;
    lock_acquire(p->a);
    event_set(p->ready);
    event_wait(p->event);
}

/* Nobody waits for the process that was killed, so its slot still says what it waited for. */
static void lock_of_the_dead(void)
{
    struct program *p = program_new();
    struct task *task = process_start("holder", hold_and_wait, p);
    event_wait(p->ready);
    task_kill(task);
    lock_acquire(p->a);
}
HOSTILE(lock_of_the_dead, "lock-of-the-dead", lock_of_the_dead);

static void hold_and_sleep(void *argument)
{
    struct program *p = argument;
    lock_acquire(p->a);
    event_set(p->ready);
    sleep_us(20000000);
}

/* As above, but the slot of the dead says that it runs. */
static void lock_of_the_sleeper(void)
{
    struct program *p = program_new();
    struct task *task = process_start("holder", hold_and_sleep, p);
    event_wait(p->ready);
    task_kill(task);
    lock_acquire(p->a);
}
HOSTILE(lock_of_the_sleeper, "lock-of-the-sleeper", lock_of_the_sleeper);

static void wait_in_generator(struct generator *self, void *argument)
{
    (void)self;
    event_wait(((struct program *)argument)->event);
}

static void stuck_generator(void)
{
    struct yielded value;
    generator_next(generator_new("generator", wait_in_generator, program_new()), &value);
}
HOSTILE(stuck_generator, "stuck-generator", stuck_generator);

static int64_t await_answer(void *argument)
{
    return loop_readable(site_fd(((struct program *)argument)->site), LOOP_LEVEL);
}

static void stuck_loop(void)
{
    struct program *p = program_new();
    int64_t result;
    p->site = site_new("site");
    loop_run("hub", await_answer, p, &result);
}
HOSTILE(stuck_loop, "stuck-loop", stuck_loop);

static struct program *of_module;

static void module(void)
{
}

static void await_event(void *argument)
{
    (void)argument;
    event_wait(of_module->event);
}

static void spawned(void)
{
    of_module = program_new();
    struct start_server *server = start_server_new(module);
    struct task *task = task_new_from(server, "spawned", await_event, NULL);
    task_begin(task);
    task_join(task);
}
HOSTILE(spawned, "spawned", spawned);

static struct executor *nested_executor;

static int64_t inner_call(struct call *call)
{
    return call->x;
}

/* Waits for a call that the only worker, itself, would have to do. */
static int64_t outer_call(struct call *call)
{
    int64_t result = 0;
    future_result(executor_submit(nested_executor, inner_call, call->x), FOREVER, &result);
    return result;
}

static void nested_submit(void)
{
    int64_t result;
    say("before");
    nested_executor = executor_new(TASK_THREAD, 1);
    future_result(executor_submit(nested_executor, outer_call, 1), FOREVER, &result);
}
HOSTILE(nested_submit, "nested-submit", nested_submit);

static size_t choose_first(void *state, const struct device_request *const *waiting, size_t count)
{
    (void)state, (void)waiting, (void)count;
    return 0;
}

static double serve_slowly(void *state, const struct device_request *request, double now_us)
{
    (void)state, (void)request;
    return now_us + LONG_US;
}

static const struct device_model slow_device = {
    .channels = 1, .queue_depth = 1, .choose = choose_first, .serve = serve_slowly};

static void idle_device(void)
{
    struct program *p = program_new();
    device_new("disk", &slow_device, 1);
    event_wait(p->event);
}
HOSTILE(idle_device, "idle-device", idle_device);

/* ---- they go on ---- */

static void sleep_and_set(void *argument)
{
    sleep_us(LONG_US);
    event_set(((struct program *)argument)->event);
}

static void sleeper(void)
{
    join_setter(sleep_and_set);
}
HOSTILE(sleeper, "sleeper", sleeper);

static void compute_and_set(void *argument)
{
    spin_ns(LONG_US * INT64_C(1000));
    event_set(((struct program *)argument)->event);
}

static void silent_work(void)
{
    join_setter(compute_and_set);
}
HOSTILE(silent_work, "silent-work", silent_work);

/* Each way to wait with a deadline, one after the other, and nobody who would end it. */
static void wait_in_every_way(void *argument)
{
    struct program *p = argument;
    const int64_t us = 250000;
    int64_t item = 0;
    event_wait_for(p->ready, us);
    lock_acquire_for(p->a, us);
    semaphore_acquire_for(p->ping, us);
    queue_get_for(p->queue, &item, us);
    queue_put(p->queue, &item, item);
    queue_put_for(p->queue, &item, item, us);
    queue_join_for(p->queue, us);
    barrier_wait_for(p->barrier, us);
    condition_acquire(p->condition);
    condition_wait_for(p->condition, us);
    condition_release(p->condition);
    conn_poll(p->reader, us);
    managed_acquire(p->managed[0], us);
    site_call(p->site, 1, us);
    device_io(device_new("disk", &slow_device, (double)us / LONG_US),
              &(struct device_request){.position = 1});
    event_set(p->event);
}

static void deadlines(void)
{
    struct program *p = program_new();
    pipe_new("pipe", false, &p->reader, &p->writer);
    p->managed[0] = manager_lock(manager_new(), "M");
    managed_acquire(p->managed[0], FOREVER);
    p->site = site_new("site");
    lock_acquire(p->a);
    thread_start("patient", wait_in_every_way, p);
    event_wait(p->event);
    say("after");
    _exit(0); /* past the device, which nobody stops */
}
HOSTILE(deadlines, "deadlines", deadlines);

static void await_and_say(void *argument)
{
    event_wait(((struct program *)argument)->event);
    say("after");
}

static void patient_main(void)
{
    struct program *p = program_new();
    struct task *thread = thread_start("thread", await_and_say, p);
    struct task *process = process_start("process", await_and_say, p);
    task_join_for(thread, LONG_US);
    task_join_for(process, LONG_US);
    event_set(p->event);
}
HOSTILE(patient_main, "patient-main", patient_main);

static int64_t sleep_in_loop(void *argument)
{
    int r = loop_sleep(LONG_US);
    event_set(((struct program *)argument)->event);
    return r;
}

static void loop_and_set(void *argument)
{
    int64_t result;
    loop_run("hub", sleep_in_loop, argument, &result);
}

static void loop_timer(void)
{
    join_setter(loop_and_set);
}
HOSTILE(loop_timer, "loop-timer", loop_timer);

static void sleep_in_generator(struct generator *self, void *argument)
{
    (void)self;
    sleep_and_set(argument);
}

static void generate_and_set(void *argument)
{
    struct yielded value;
    generator_next(generator_new("generator", sleep_in_generator, argument), &value);
}

static void sleeping_generator(void)
{
    join_setter(generate_and_set);
}
HOSTILE(sleeping_generator, "sleeping-generator", sleeping_generator);

/* A wait that no primitive knows of. */
static void raw_wait_and_set(void *argument)
{
    struct program *p = argument;
    const struct timespec time = {.tv_nsec = LONG_US * 1000};
    syscall(SYS_futex, &p->word, FUTEX_WAIT, 0, &time, NULL, 0);
    event_set(p->event);
}

static void raw_wait(void)
{
    join_setter(raw_wait_and_set);
}
HOSTILE(raw_wait, "raw-wait", raw_wait);

/* A process that is no task. */
static void unknown_process(void)
{
    struct program *p = program_new();
    if (fork() == 0) {
        usleep(LONG_US);
        event_set(p->event);
        _exit(0);
    }
    event_wait(p->event);
    say("after");
}
HOSTILE(unknown_process, "unknown-process", unknown_process);

/* Who waits for the manager finds out by looking that it is gone. */
static void dead_manager(void)
{
    program_new();
    struct manager *manager = manager_new();
    struct managed *lock = manager_lock(manager, "lock");
    kill(manager->pid, SIGSTOP);
    if (fork() == 0) {
        usleep(50000);
        kill(manager->pid, SIGKILL);
        _exit(0);
    }
    managed_acquire(lock, FOREVER);
    say("after");
}
HOSTILE(dead_manager, "dead-manager", dead_manager);

static void play_back(void *argument)
{
    struct program *p = argument;
    for (int i = 0; i < 60; i++) {
        semaphore_acquire(p->ping);
        sleep_us(i % 40 * 1000); /* around a tick's length */
        semaphore_release(p->pong);
    }
}

static void slow_ping_pong(void)
{
    struct program *p = program_new();
    struct task *task = process_start("pong", play_back, p);
    for (int i = 0; i < 60; i++) {
        semaphore_release(p->ping);
        semaphore_acquire(p->pong);
    }
    task_join(task);
    say("after");
}
HOSTILE(slow_ping_pong, "slow-ping-pong", slow_ping_pong);

/* ---- they do not, but nobody can know ---- */

static void raw_wait_for_ever(void)
{
    struct program *p = program_new();
    syscall(SYS_futex, &p->word, FUTEX_WAIT, 0, NULL, NULL, 0);
}
HOSTILE(raw_wait_for_ever, "raw-wait-for-ever", raw_wait_for_ever);

static void nothing_to_do(int signo)
{
    (void)signo;
}

static void has_handler(void)
{
    struct program *p = program_new();
    signal_handle(SIGTERM, nothing_to_do);
    event_wait(p->event);
}
HOSTILE(has_handler, "has-handler", has_handler);

static void spin_lock(void)
{
    program_new();
    struct lock *lock = lock_new_of(LOCK_SPIN, "lock");
    lock_acquire(lock);
    lock_acquire(lock);
}
HOSTILE(spin_lock, "spin-lock", spin_lock);
