/* Programs that make processes and threads, hide them, or attack those of others. */
#define HOSTILE_FIRST 2000
#include "tests/sandbox/hostile/hostile.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void fork_bomb(void)
{
    say("before");
    for (;;)
        fork();
}
HOSTILE(fork_bomb, "fork-bomb", fork_bomb);

/* Says how many it had, once there was time to look at them. */
static void say_count(const char *what, int count)
{
    usleep(500000);
    say("%s %d", what, count);
}

/* Says how many children it could have at once. */
static void count_forks(void)
{
    int count = 0;
    pid_t pid;
    while (count < 1000 && (pid = fork()) > 0)
        count++;
    if (pid == 0)
        for (;;)
            pause();
    say_count("forks", count);
}
HOSTILE(count_forks, "count-forks", count_forks);

static void *wait_forever(void *argument)
{
    for (;;)
        pause();
    return argument;
}

static void count_threads(void)
{
    int count = 0;
    pthread_t thread;
    while (count < 1000 && pthread_create(&thread, NULL, wait_forever, NULL) == 0)
        count++;
    say_count("threads", count);
}
HOSTILE(count_threads, "count-threads", count_threads);

static void zombies(void)
{
    int count = 0;
    pid_t pid;
    while ((pid = fork()) > 0)
        count++;
    if (pid == 0)
        _exit(0);
    say_count("zombies", count);
}
HOSTILE(zombies, "zombies", zombies);

/*
 * A thousand orphans, far more than there may be at once: it ends only if init reaps them. A fork
 * that finds no room yet is tried again.
 */
static void orphans(void)
{
    int made = 0, status;
    while (made < 1000) {
        pid_t pid = fork();
        if (pid == 0)
            _exit(fork() < 0);
        if (pid > 0 && waitpid(pid, &status, 0) == pid && status == 0)
            made++;
    }
    say("orphans %d", made);
}
HOSTILE(orphans, "orphans", orphans);

/* Says whether a process whose parent is gone becomes a child of the run's init. */
static void adopted(void)
{
    int status, ends[2];
    char answer = 0;
    pid_t init = getppid();
    if (pipe(ends) < 0)
        abort();
    pid_t parent = fork();
    if (parent == 0) {
        parent = getpid();
        if (fork() > 0)
            _exit(0);
        while (getppid() == parent)
            sched_yield();
        answer = getppid() == init ? 'y' : 'n';
        (void)!write(ends[1], &answer, 1);
        _exit(0);
    }
    waitpid(parent, &status, 0);
    (void)!read(ends[0], &answer, 1);
    say("adopted %c", answer);
}
HOSTILE(adopted, "adopted", adopted);

static void daemonise(void)
{
    if (fork() == 0) {
        setsid();
        signal(SIGTERM, SIG_IGN);
        signal(SIGHUP, SIG_IGN);
        if (fork() == 0)
            raise(SIGSTOP);
        for (;;)
            pause();
    }
    say("daemonised");
}
HOSTILE(daemonise, "daemonise", daemonise);

static void kill_all(void)
{
    for (int i = 0; i < 4; i++)
        if (fork() == 0)
            for (;;)
                pause();
    say("kill(-1) %d", kill(-1, SIGKILL) < 0 ? errno : 0);
}
HOSTILE(kill_all, "kill-all", kill_all);

/* Whom these reach is not a matter of who is in sight. */
static void kill_group(void)
{
    say("before");
    kill(0, SIGKILL);
}
HOSTILE(kill_group, "kill-group", kill_group);

static void stop_group(void)
{
    say("before");
    kill(0, SIGSTOP);
}
HOSTILE(stop_group, "stop-group", stop_group);

static void kill_init(void)
{
    say("kill(1) %d", kill(1, SIGKILL) < 0 ? errno : 0);
    say("kill(ppid) %d", kill(getppid(), SIGSTOP) < 0 ? errno : 0);
    int found = 0;
    for (pid_t pid = 3; pid < 32768; pid++)
        found += pid != getpid() && kill(pid, 0) == 0;
    say("others %d", found);
}
HOSTILE(kill_init, "kill-init", kill_init);

static void stop_self(void)
{
    say("before");
    raise(SIGSTOP);
}
HOSTILE(stop_self, "stop-self", stop_self);

static void spin(void)
{
    say("before");
    for (volatile unsigned i = 0;; i++)
        ;
}
HOSTILE(spin, "spin", spin);

static void spin_in_forks(void)
{
    for (int i = 0; i < 7; i++)
        if (fork() == 0)
            break;
    spin();
}
HOSTILE(spin_in_forks, "spin-in-forks", spin_in_forks);

static void *spin_thread(void *argument)
{
    for (volatile unsigned i = 0;; i++)
        ;
    return argument;
}

static void spin_in_threads(void)
{
    pthread_t thread;
    for (int i = 0; i < 7; i++)
        if (pthread_create(&thread, NULL, spin_thread, NULL) != 0)
            abort();
    spin();
}
HOSTILE(spin_in_threads, "spin-in-threads", spin_in_threads);

static void sleep_long(void)
{
    say("before");
    sleep(1000000000);
}
HOSTILE(sleep_long, "sleep-long", sleep_long);

static void daemonise_and_wait(void)
{
    daemonise();
    sleep_long();
}
HOSTILE(daemonise_and_wait, "daemonise-and-wait", daemonise_and_wait);
