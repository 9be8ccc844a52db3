/*
 * How it works. With VARIANT=coverage every program counts the lines it comes through. Processes of
 * a run are sealed and end by _exit() or are killed, so they can write down nothing. The counts lie
 * on pages of their own (make/counts.ld); before main() these become memory that a program shares
 * with all it forks, and a keeper is forked, which has nothing to do with any sandbox: it waits for
 * the end of the program, whatever that is, and writes the counts.
 *
 * The end of the first process of a namespace is that of all processes in it, keepers too. So a
 * program that is one (make/each-tier.sh) has no keeper: it ends after all others, and writes its
 * counts itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char counts_start[], counts_end[]; /* of make/counts.ld */

void __gcov_dump(void);
void __wrap___gcov_exit(void);

/* Of a namespace that the program was started in. */
static bool is_first;

/* Users take turns to add to the same files. */
static void write_counts(void)
{
    umask(0);
    __gcov_dump();
}

/* What every program would call at its end for each of its files, and every process that exits. */
void __wrap___gcov_exit(void)
{
    if (!is_first || getpid() != 1)
        return;
    is_first = false;
    while (wait(NULL) > 0 || errno == EINTR)
        ;
    write_counts();
}

static _Noreturn void keep(int program, int lock)
{
    struct pollfd wanted = {.fd = dup2(program, 0), .events = POLLIN};
    dup2(lock, 1); /* `make coverage` waits until nobody holds it */
    close_range(2, ~0u, 0);
    setsid();
    while (poll(&wanted, 1, -1) != 1)
        ;
    write_counts();
    _exit(0);
}

/* A grandchild: no program has a child it does not know. After gcc's own, which have 100. */
__attribute__((constructor(101))) static void share_counts(void)
{
    size_t bytes = (size_t)(counts_end - counts_start);
    int program = (int)syscall(SYS_pidfd_open, getpid(), 0);
    int lock = open(COUNTS_LOCK, O_RDONLY | O_CREAT | O_CLOEXEC, 0666);
    if (program < 0 || lock < 0 || flock(lock, LOCK_SH) < 0 ||
        mmap(counts_start, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED,
             -1, 0) == MAP_FAILED)
        abort();
    is_first = getpid() == 1;
    pid_t child = is_first ? -1 : _Fork();
    if (child == 0 && _Fork() == 0)
        keep(program, lock);
    if (child == 0)
        _exit(0);
    if (child > 0)
        waitpid(child, NULL, 0);
    close(program);
    close(lock);
}
