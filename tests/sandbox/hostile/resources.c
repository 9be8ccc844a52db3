/* Programs that want everything: memory, descriptors, output. */
#define HOSTILE_FIRST 3000
#include "tests/sandbox/hostile/hostile.h"

#include "sandbox/proto/output.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define MEBIBYTE ((size_t)1 << 20)

/* Allocates and touches; the compiler may not leave it out because nobody reads it. */
static bool hoard(size_t bytes)
{
    char *block = malloc(bytes);
    if (block)
        memset(block, 1, bytes);
    __asm__ volatile("" : : "r"(block) : "memory");
    return block != NULL;
}

/* Touches what it gets, then says how much that was. */
static void malloc_bomb(void)
{
    int mebibytes = 0;
    while (mebibytes < 4096 && hoard(MEBIBYTE))
        mebibytes++;
    say("mebibytes %d", mebibytes);
}
HOSTILE(malloc_bomb, "malloc-bomb", malloc_bomb);

/* Each process stays within its own limit; all together do not, also where a sanitizer has more. */
static void fork_hoard(void)
{
    say("before");
    for (int i = 0; i < 40; i++) {
        if (fork() == 0) {
            hoard(64 * MEBIBYTE);
            pause();
        }
    }
    pause();
}
HOSTILE(fork_hoard, "fork-hoard", fork_hoard);

/* Its first thread ends and another goes on: by the process's number nothing of it is to be seen.
 */
static void go_on_hidden(void *(*body)(void *))
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, body, NULL) != 0)
        abort();
    syscall(SYS_exit, 0);
}

static void *hoard_and_stay(void *argument)
{
    hoard(64 * MEBIBYTE);
    for (;;)
        pause();
    return argument;
}

static void hidden_hoard(void)
{
    say("before");
    for (int i = 0; i < 30; i++)
        if (fork() == 0)
            go_on_hidden(hoard_and_stay);
    pause();
}
HOSTILE(hidden_hoard, "hidden-hoard", hidden_hoard);

/* Memory that all processes share is nobody's own. */
static void shared_bomb(void)
{
    int mebibytes = 0;
    for (int i = 0; i < 4096; i++) {
        void *block =
            mmap(NULL, MEBIBYTE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (block == MAP_FAILED)
            break;
        memset(block, 1, MEBIBYTE);
        mebibytes++;
    }
    say("shared %d", mebibytes);
}
HOSTILE(shared_bomb, "shared-bomb", shared_bomb);

/* Fills what the kernel keeps of it until somebody reads. */
static void fill_up(int fd)
{
    static const char bytes[4096];
    fcntl(fd, F_SETFL, O_NONBLOCK);
    while (write(fd, bytes, sizeof bytes) > 0)
        ;
}

static void fill_all(int (*make)(int ends[2]))
{
    int ends[2];
    while (make(ends) == 0) {
        fill_up(ends[0]);
        fill_up(ends[1]);
    }
    for (;;)
        pause();
}

/* Of as many processes as there may be each makes as many as it can. */
static void fill_in_forks(int (*make)(int ends[2]))
{
    say("before");
    for (int i = 0; i < 78; i++)
        if (fork() == 0)
            break;
    fill_all(make);
}

static int make_sockets(int ends[2])
{
    return socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
}

static void socket_buffers(void)
{
    fill_in_forks(make_sockets);
}
HOSTILE(socket_buffers, "socket-buffers", socket_buffers);

static void *fill_sockets(void *argument)
{
    fill_all(make_sockets);
    return argument;
}

/* Two tasks each. */
static void hidden_sockets(void)
{
    say("before");
    for (int i = 0; i < 38; i++)
        if (fork() == 0)
            go_on_hidden(fill_sockets);
    pause();
}
HOSTILE(hidden_sockets, "hidden-sockets", hidden_sockets);

/* As many descriptors as there may be, and none of them a socket. */
static void many_files(void)
{
    for (int i = 0; i < 78; i++)
        if (fork() == 0)
            break;
    while (dup(STDOUT_FILENO) >= 0)
        ;
    say("before");
    for (;;)
        pause();
}
HOSTILE(many_files, "many-files", many_files);

static void pipe_buffers(void)
{
    fill_in_forks(pipe);
}
HOSTILE(pipe_buffers, "pipe-buffers", pipe_buffers);

static void count_timers(void)
{
    int fd, highest = 0;
    while ((fd = timerfd_create(CLOCK_MONOTONIC, 0)) >= 0)
        highest = fd;
    say("highest %d", highest);
}
HOSTILE(count_timers, "count-timers", count_timers);

/* Everywhere a file may be made where there is no sandbox. */
static void fill_disk(void)
{
    static const char *const places[] = {"/",        "/tmp", "/dev/shm",
                                         "/var/tmp", ".",    "/proc/self/cwd"};
    int files = 0;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        char path[64];
        snprintf(path, sizeof path, "%s/full", places[i]);
        files += open(path, O_WRONLY | O_CREAT, 0600) >= 0;
        files += creat(path, 0600) >= 0;
        files += open(places[i], O_WRONLY | O_TMPFILE, 0600) >= 0;
    }
    say("files %d", files);
}
HOSTILE(fill_disk, "fill-disk", fill_disk);

static void count_descriptors(void)
{
    int fd, highest = 0;
    while ((fd = dup(STDOUT_FILENO)) >= 0)
        highest = fd;
    say("highest %d", highest);
}
HOSTILE(count_descriptors, "count-descriptors", count_descriptors);

static void count_signals(void)
{
    int count = 0;
    sigset_t real_time;
    sigemptyset(&real_time);
    sigaddset(&real_time, SIGRTMIN);
    sigprocmask(SIG_BLOCK, &real_time, NULL);
    while (count < 100000 && sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = count}) == 0)
        count++;
    say("signals %d", count);
}
HOSTILE(count_signals, "count-signals", count_signals);

static void grow_pipe(void)
{
    int ends[2];
    if (pipe(ends) < 0)
        abort();
    fcntl(ends[1], F_SETPIPE_SZ, 1 << 20);
}
HOSTILE(grow_pipe, "grow-pipe", grow_pipe);

static void flood(void)
{
    char text[4096];
    memset(text, 'x', sizeof text);
    for (;;)
        if (write(STDOUT_FILENO, text, sizeof text) < 0)
            abort();
}
HOSTILE(flood, "flood", flood);

/* Frames without a byte of text: no limit on text would ever meet them. */
static void flood_of_nothing(void)
{
    const struct output_frame frame = {.magic = OUTPUT_FRAME_MAGIC};
    for (;;)
        if (write(STDOUT_FILENO, &frame, sizeof frame) < 0)
            abort();
}
HOSTILE(flood_of_nothing, "flood-of-nothing", flood_of_nothing);

/* No frame, half a frame, a frame that lies about its length and task, frames run together. */
static void raw_output(void)
{
    struct output_frame frame = {.magic = OUTPUT_FRAME_MAGIC, .length = 60000, .task = 7};
    say("plain text");
    (void)!write(STDOUT_FILENO, &frame, 7);
    (void)!write(STDOUT_FILENO, &frame, sizeof frame);
    frame = (struct output_frame){
        .magic = OUTPUT_FRAME_MAGIC, .length = 0, .task = 60000, .t_ns = UINT64_MAX};
    (void)!write(STDOUT_FILENO, &frame, sizeof frame);
    (void)!write(STDERR_FILENO, "\xff\xfe\x00\x1b[2J", 7);
    fcntl(STDOUT_FILENO, F_SETFL, 0);
    for (int i = 0; i < 3; i++)
        (void)!write(STDOUT_FILENO, &frame, sizeof frame);
    say("the end");
}
HOSTILE(raw_output, "raw-output", raw_output);
