/* Programs that end by themselves, well or badly. */
#define HOSTILE_FIRST 1000
#include "tests/sandbox/hostile/hostile.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static void nothing(void)
{
}
HOSTILE(nothing, "nothing", nothing);

static void segfault(void)
{
    volatile char *page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    say("before");
    *page = 1;
}
HOSTILE(segfault, "segfault", segfault);

static void leave(void)
{
    say("before");
    exit(3);
}
HOSTILE(leave, "exit-3", leave);

static void abort_run(void)
{
    abort();
}
HOSTILE(abort_run, "abort", abort_run);

static void *leave_thread(void *argument)
{
    pthread_exit(argument);
}

/* Needs libgcc_s, which nothing can load any more. */
static void thread_exit(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, leave_thread, NULL) != 0)
        abort();
    pthread_join(thread, NULL);
    say("joined");
}
HOSTILE(thread_exit, "thread-exit", thread_exit);

static void close_everything(void)
{
    say("before");
    for (int fd = 0; fd < 4096; fd++)
        close(fd);
}
HOSTILE(close_everything, "close-everything", close_everything);
