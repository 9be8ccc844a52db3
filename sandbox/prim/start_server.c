/*
 * How it works.
 *
 *     main ──fork──> server ──fork on request──> pristine process
 *       └── socket: the task to make ──> server: its process id, later its exit status
 *
 * The server is a copy of the process as it was when the run began, has no lane, and is the real
 * parent of what it makes: it waits for them and puts their status into the task, where the one
 * that asked finds it. Both ends of the socket stay open in all of them, so that a process that was
 * made this way can ask as well; the server ends with the process that made it.
 *
 * Under control there is no server, but a copy of the memory as it was then.
 */
#include "sandbox/prim/start_server.h"

#include "sandbox/prim/task_private.h"
#include "sandbox/sched/control.h"
#include "sandbox/sched/seam.h"

#include <errno.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILDREN_MAX 128u

struct start_server {
    int asking, serving; /* ends of the socket */
    void (*module)(void);
    bool unprotected;
    const struct image *memory; /* under control */
};

/* In the server's memory. */
struct children {
    struct task *task[CHILDREN_MAX];
    unsigned count;
};

static void on_child(int signo)
{
    (void)signo;
}

static void take_dead(struct children *children)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        for (unsigned i = 0; i < children->count; i++)
            if ((pid_t)children->task[i]->pid == pid) {
                task_set_status(children->task[i], status);
                children->task[i] = children->task[--children->count];
                break;
            }
}

_Noreturn static void become(struct task *task, const sigset_t *mask)
{
    struct process pristine = {.imported = true};
    signal(SIGCHLD, SIG_DFL);
    sigprocmask(SIG_SETMASK, mask, NULL);
    seam_self = (struct seam_self){.run = task->run};
    task_live(task, &pristine);
}

static void make(struct children *children, struct task *task, const sigset_t *mask)
{
    pid_t pid = children->count < CHILDREN_MAX ? fork() : -1;
    if (pid == 0)
        become(task, mask);
    if (pid < 0)
        run_stop(task->run, TRACE_STOP_TASK_LIMIT);
    children->task[children->count++] = task;
    atomic_store(&task->pid, (uint32_t)pid);
    sync_wake(&task->pid);
}

_Noreturn static void serve(const struct start_server *server)
{
    const struct sigaction noticed = {.sa_handler = on_child};
    struct children children = {0};
    struct pollfd wanted = {.fd = server->serving, .events = POLLIN};
    struct task *task;
    sigset_t child, before;
    seam_self.lane = NULL;
    trace_server_add(seam_self.run->shared, (uint32_t)getpid());
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, &before);
    sigaction(SIGCHLD, &noticed, NULL);
    for (;;) {
        if (ppoll(&wanted, 1, NULL, &before) < 0)
            take_dead(&children);
        else if (read(server->serving, &task, sizeof task) == sizeof task)
            make(&children, task, &before);
        else
            _exit(0);
    }
}

struct start_server *start_server_new(void (*module)(void))
{
    struct start_server *server = run_alloc(seam_self.run, sizeof *server);
    int ends[2];
    server->module = module;
    if (seam_self.control) {
        server->memory = control_keep_memory();
        return server;
    }
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        seam_fail(errno, "a start server");
    server->asking = ends[0];
    server->serving = ends[1];
    pid_t pid = fork();
    if (pid < 0)
        seam_fail(errno, "a start server");
    if (pid == 0)
        serve(server);
    return server;
}

const struct image *start_server_memory(const struct start_server *server)
{
    return server->memory;
}

void start_server_unprotected(struct start_server *server)
{
    server->unprotected = true;
}

bool is_main_module(void)
{
    return !seam_self.process->imported;
}

void start_server_ask(struct start_server *server, struct task *task)
{
    while (write(server->asking, &task, sizeof task) < 0)
        if (errno != EINTR)
            seam_fail(errno, "cannot start a process");
    sync_wait_while(&task->pid, 0, UINT64_MAX);
}

bool start_server_refuses(const struct start_server *server)
{
    return seam_self.process->bootstrapping && !server->unprotected;
}

void start_server_import(const struct start_server *server)
{
    seam_record(EVENT_IMPORTED, TRACE_NO_OBJECT, 0, 0);
    seam_self.process->bootstrapping = true;
    server->module();
    seam_self.process->bootstrapping = false;
}
