/* The life of threads and processes: how they begin, end, and who learns of it. */
#include "tests/unit/rig.h"

#include <errno.h>
#include <signal.h>

/* In the run's memory: what the tasks of a test tell it. */
struct told {
    struct event *go;
    struct task *task, *thread;
    _Atomic int number, other;
    struct conn *reader, *writer;
};

static struct told *begin(struct rig *rig)
{
    rig_begin(rig);
    struct told *told = run_alloc(seam_self.run, sizeof *told);
    told->go = event_new("go");
    return told;
}

static void finish(struct rig *rig)
{
    task_finish();
    for (uint32_t t = 1; t < rig->shared->tasks; t++) /* the dead are not shown alive */
        assert_true(rig->shared->task[t].state == TASK_STATE_ENDED ||
                    rig->shared->task[t].state == TASK_STATE_NONE);
    rig_end(rig);
    rig_release(rig);
}

static void wait_for_go(void *argument)
{
    struct told *told = argument;
    event_wait(told->go);
    told->number = task_pid(task_self());
}

static void sleep_long(void *argument)
{
    (void)argument;
    sleep_us(60000000);
}

static void life_of(enum task_kind kind)
{
    struct rig rig;
    struct told *told = begin(&rig);
    struct task *task = task_new(kind, "Process-1", wait_for_go, told);
    int code;
    assert_string_equal(task_name(task), "Process-1");
    assert_int_equal(task_pid(task), 0);
    assert_false(task_alive(task));
    assert_false(task_exit_code(task, &code));
    assert_int_equal(task_join(task), TASK_NO_CODE); /* can only join a started process */
    assert_int_equal(task_begin(task), 0);
    assert_int_equal(task_begin(task), -EALREADY);
    assert_int_equal(task_set_daemon(task, true), -EBUSY);
    assert_int_not_equal(task_pid(task), 0);
    assert_true(task_alive(task));
    assert_false(task_join_for(task, 1000));
    assert_false(task_join_for(task, 0));
    assert_true(task_alive(task));
    event_set(told->go);
    assert_int_equal(task_join(task), 0);
    assert_int_equal(task_join(task), 0); /* as often as one likes */
    assert_false(task_alive(task));
    assert_true(task_exit_code(task, &code) && code == 0);
    assert_int_equal(told->number, task_pid(task));
    rig_end(&rig);
    assert_int_equal(count(&rig, EVENT_REFUSED), 3);
    assert_int_equal(count(&rig, EVENT_TIMED_OUT), 2);
    rig_release(&rig);
}

void test_life_of_a_process(void **state)
{
    (void)state;
    life_of(TASK_PROCESS);
}

void test_life_of_a_thread(void **state)
{
    (void)state;
    life_of(TASK_THREAD);
}

static void leave(void *argument)
{
    task_exit(*(int *)argument);
}

void test_exit_codes(void **state)
{
    (void)state;
    struct rig rig;
    int codes[] = {0, 3, -SIGINT};
    begin(&rig);
    for (int i = 0; i < 3; i++)
        assert_int_equal(task_join(process_start("p", leave, &codes[i])), codes[i]);
    assert_int_equal(task_join(thread_start("t", leave, &codes[1])), 3);
    finish(&rig);
}

void test_terminate_and_kill(void **state)
{
    (void)state;
    struct rig rig;
    begin(&rig);
    struct task *first = process_start("first", sleep_long, NULL);
    struct task *second = process_start("second", sleep_long, NULL);
    int code;
    assert_int_equal(task_terminate(first), 0);
    assert_int_equal(task_kill(second), 0);
    assert_int_equal(task_join(first), -SIGTERM);
    assert_true(task_join_for(second, FOREVER));
    assert_true(task_exit_code(second, &code) && code == -SIGKILL);
    assert_int_equal(task_kill(second), -ESRCH);
    task_finish();
    rig_end(&rig);
    assert_int_equal(count(&rig, EVENT_TASK_ENDED), 3);
    rig_release(&rig);
}

static void start_daemon(void *argument)
{
    struct told *told = argument;
    struct task *task = task_new(TASK_PROCESS, "daemon", sleep_long, NULL);
    assert_int_equal(task_set_daemon(task, true), 0);
    assert_int_equal(task_begin(task), 0);
    told->task = task;
    struct task *thread = task_new(TASK_THREAD, "daemon thread", sleep_long, NULL);
    assert_int_equal(task_set_daemon(thread, true), 0);
    assert_int_equal(task_begin(thread), 0);
    told->thread = thread;
}

/* The daemons of a process end with it; the trace says so of the threads, too. */
void test_daemons_end_with_their_process(void **state)
{
    (void)state;
    struct rig rig;
    struct told *told = begin(&rig);
    int code;
    assert_int_equal(task_join(process_start("owner", start_daemon, told)), 0);
    assert_false(task_alive(told->task));
    assert_false(task_alive(told->thread));
    assert_true(task_exit_code(told->task, &code) && code == -SIGTERM);
    finish(&rig);
}

static void pass_on(void *argument)
{
    struct told *told = argument;
    sleep_us(5000);
    told->number++;
}

static void start_plain(void *argument)
{
    process_start("child", pass_on, argument);
    thread_start("thread", pass_on, argument);
}

void test_plain_children_are_joined_at_the_end(void **state)
{
    (void)state;
    struct rig rig;
    struct told *told = begin(&rig);
    assert_int_equal(task_join(process_start("owner", start_plain, told)), 0);
    assert_int_equal(told->number, 2);
    start_plain(told);
    task_finish();
    assert_int_equal(told->number, 4);
    finish(&rig);
}

static void start_child(void *argument)
{
    struct told *told = argument;
    told->task = task_new(TASK_PROCESS, "child", sleep_long, NULL);
    told->number = task_begin(told->task);
    struct task *thread = task_new(TASK_THREAD, "thread", pass_on, told);
    told->other = task_daemon(thread);
}

void test_a_daemonic_process_has_no_children(void **state)
{
    (void)state;
    struct rig rig;
    struct told *told = begin(&rig);
    struct task *daemon = task_new(TASK_PROCESS, "daemon", start_child, told);
    task_set_daemon(daemon, true);
    assert_int_equal(task_begin(daemon), 0);
    assert_int_equal(task_join(daemon), 0);
    assert_int_equal(told->number, -EPERM);
    assert_false(told->other); /* its main thread is no daemon thread */
    finish(&rig);
}

static void note_inherited(void *argument)
{
    struct told *told = argument;
    told->number = task_daemon(task_new(TASK_THREAD, "inner", pass_on, told));
}

void test_a_daemon_threads_thread_is_a_daemon(void **state)
{
    (void)state;
    struct rig rig;
    struct told *told = begin(&rig);
    struct task *outer = task_new(TASK_THREAD, "outer", note_inherited, told);
    task_set_daemon(outer, true);
    task_begin(outer);
    task_join(outer);
    assert_true(told->number);
    finish(&rig);
}

static void become_parent(void *argument)
{
    struct told *told = argument;
    told->task = process_start("orphan", sleep_long, NULL);
    thread_start("thread", sleep_long, NULL);
    event_set(told->go);
    sleep_long(NULL);
}

/* Its parent is killed and cannot say so of itself, of its thread, nor of its child. */
void test_an_orphan_can_be_watched(void **state)
{
    (void)state;
    struct rig rig;
    struct told *told = begin(&rig);
    struct task *parent = process_start("parent", become_parent, told);
    event_wait(told->go);
    task_kill(parent);
    assert_int_equal(task_join(parent), -SIGKILL);
    assert_true(task_alive(told->task));
    assert_false(task_join_for(told->task, 0)); /* can only join a child process */
    assert_false(task_watch(told->task, 1000));
    assert_int_equal(task_kill(told->task), 0);
    assert_true(task_watch(told->task, FOREVER));
    int code;
    assert_true(task_exit_code(told->task, &code) && code == -SIGKILL);
    finish(&rig);
}

/* ---- signals ---- */

static void count_interrupts(void *argument)
{
    struct told *told = argument;
    signal_handle(SIGINT, keyboard_interrupt);
    event_set(told->go);
    while (told->number < 3) {
        sleep_us(60000000);
        told->number += interrupted();
        event_set(told->go);
    }
    assert_false(interrupted());
}

void test_a_handler_ends_a_sleep(void **state)
{
    (void)state;
    struct rig rig;
    struct told *told = begin(&rig);
    struct task *task = process_start("p", count_interrupts, told);
    for (int i = 0; i < 3; i++) {
        event_wait(told->go);
        event_clear(told->go);
        assert_int_equal(task_signal(task, SIGINT), 0);
    }
    assert_int_equal(task_join(task), 0);
    rig_end(&rig);
    assert_caused(&rig, EVENT_SIGNAL_HANDLED, EVENT_SIGNAL_SENT);
    assert_int_equal(count(&rig, EVENT_SIGNAL_HANDLED), 3);
    rig_release(&rig);
}

static void join_until_interrupted(void *argument)
{
    struct told *told = argument;
    signal_handle(SIGINT, keyboard_interrupt);
    signal_lead_group();
    told->task = process_start("child", sleep_long, NULL);
    event_set(told->go);
    told->number = task_join(told->task);
    if (interrupted())
        task_exit(-SIGINT);
}

/* As in Python: the first Ctrl+C ends the join, and the end of the process joins once more. */
void test_the_second_interrupt_leaves_an_orphan(void **state)
{
    (void)state;
    struct rig rig;
    struct told *told = begin(&rig);
    struct task *task = process_start("p", join_until_interrupted, told);
    event_wait(told->go);
    task_signal(task, SIGINT);
    assert_false(task_join_for(task, 20000));
    assert_int_equal(told->number, TASK_NO_CODE);
    task_signal(task, SIGINT);
    assert_int_equal(task_join(task), -SIGINT);
    assert_true(task_alive(told->task));
    task_kill(told->task);
    assert_true(task_watch(told->task, FOREVER));
    finish(&rig);
}

static void join_after_an_interrupt(void *argument)
{
    struct told *told = argument;
    signal_handle(SIGINT, keyboard_interrupt);
    told->task = process_start("child", sleep_long, NULL);
    (void)kill(getpid(), SIGINT); /* kept until it waits */
    told->number = task_join(told->task);
    told->other = interrupted();
    task_kill(told->task);
}

/* One that comes before join() ends it just as one that comes meanwhile. */
void test_an_interrupt_before_join_ends_it(void **state)
{
    (void)state;
    struct rig rig;
    struct told *told = begin(&rig);
    struct task *task = process_start("p", join_after_an_interrupt, told);
    assert_true(task_join_for(task, 5000000));
    assert_int_equal(told->number, TASK_NO_CODE);
    assert_true(told->other);
    finish(&rig);
}

static void lead(void *argument)
{
    struct told *told = argument;
    signal_lead_group();
    told->task = process_start("member", sleep_long, NULL);
    event_set(told->go);
    sleep_long(NULL);
}

void test_a_group_gets_the_signal(void **state)
{
    (void)state;
    struct rig rig;
    struct told *told = begin(&rig);
    signal(SIGINT, SIG_DFL); /* whoever started us may ignore it */
    struct task *leader = process_start("leader", lead, told);
    event_wait(told->go);
    assert_int_equal(signal_group(leader, SIGINT), 0);
    assert_int_equal(task_join(leader), -SIGINT);
    assert_true(task_watch(told->task, FOREVER));
    finish(&rig);
}

static void die_with_parent(void *argument)
{
    struct told *told = argument;
    signal_on_parent_death(SIGTERM);
    event_set(told->go);
    sleep_long(NULL);
}

static void have_loyal_child(void *argument)
{
    struct told *told = argument;
    told->task = task_new(TASK_PROCESS, "loyal", die_with_parent, told); /* it tells of itself */
    task_begin(told->task);
    sleep_long(NULL);
}

void test_a_child_dies_with_its_parent(void **state)
{
    (void)state;
    struct rig rig;
    struct told *told = begin(&rig);
    struct task *parent = process_start("parent", have_loyal_child, told);
    event_wait(told->go);
    task_kill(parent);
    assert_int_equal(task_join(parent), -SIGKILL);
    assert_true(task_watch(told->task, FOREVER));
    finish(&rig);
}

/* ---- start servers ---- */

static int module_number = 1;
static struct start_server **of_module; /* what an unguarded module would start again from */

static void module(void)
{
    module_number += 10;
}

static void tell_number(void *argument)
{
    struct told *told = argument;
    told->number = module_number;
    told->other = is_main_module();
}

static void tell_and_sleep(void *argument)
{
    ((struct told *)argument)->number = -1;
    sleep_long(argument);
}

void test_a_start_server_makes_pristine_processes(void **state)
{
    (void)state;
    struct rig rig;
    struct told *told = begin(&rig);
    struct start_server *server = start_server_new(module);
    module_number = 5;
    struct task *spawned = task_new_from(server, "spawned", tell_number, told);
    assert_int_equal(task_begin(spawned), 0);
    assert_int_equal(task_join(spawned), 0);
    assert_int_equal(told->number, 11); /* the parent's 5 is not there */
    assert_false(told->other);
    assert_int_equal(task_join(process_start("forked", tell_number, told)), 0);
    assert_int_equal(told->number, 5);
    assert_true(told->other && is_main_module());
    struct task *victim = task_new_from(server, "victim", tell_and_sleep, told);
    task_begin(victim);
    while (*(volatile __typeof__(told->number) *)&told->number != -1)
        assert_false(task_join_for(victim, 1000));
    task_kill(victim);
    assert_int_equal(task_join(victim), -SIGKILL);
    struct task *leaver = task_new_from(server, "leaver", leave, told); /* number is 5 */
    told->go = NULL;
    *(int *)told = 7;
    task_begin(leaver);
    assert_int_equal(task_join(leaver), 7);
    module_number = 1;
    rig_end(&rig);
    assert_int_equal(count(&rig, EVENT_IMPORTED), 3);
    rig_release(&rig);
}

static void unguarded(void)
{
    struct task *again = task_new_from(*of_module, "again", sleep_long, NULL);
    task_exit(task_begin(again) == -EINPROGRESS ? 1 : 2);
}

void test_no_process_is_started_while_bootstrapping(void **state)
{
    (void)state;
    struct rig rig;
    struct told *told = begin(&rig);
    of_module = run_alloc(seam_self.run, sizeof *of_module);
    struct start_server *server = *of_module = start_server_new(unguarded);
    struct task *task = task_new_from(server, "p", tell_number, told);
    assert_int_equal(task_begin(task), 0);
    assert_int_equal(task_join(task), 1);
    finish(&rig);
}

static void count_cores(void *argument)
{
    *(int64_t *)argument = cores_available();
}

static void narrow_down(void *argument)
{
    struct told *told = argument;
    cores_use(1);
    task_join(process_start("child", count_cores, &told->number));
}

void test_what_a_task_starts_stays_on_its_cores(void **state)
{
    (void)state;
    struct rig rig;
    struct told *told = begin(&rig);
    int before = cores_available();
    assert_true(before >= 1);
    task_join(process_start("child", count_cores, &told->number));
    assert_int_equal(told->number, before);
    struct task *task = process_start("narrow", narrow_down, told);
    task_join(task);
    assert_int_equal(told->number, 1);
    assert_int_equal(cores_available(), before);
    finish(&rig);
}
