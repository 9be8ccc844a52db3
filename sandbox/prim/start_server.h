/*
 * Start methods other than fork: spawn and forkserver. A start server is a process forked before
 * anything has happened; what it forks later is therefore a pristine process, not a copy of the
 * moment. It stands for the exec of a new interpreter, which a sandboxed program may not do: the
 * new process runs the program's top level again, knows nothing its parent did to its variables,
 * and inherits no pipe. Its start costs two hand-overs and a fork.
 *
 *     static void module(void) { … }                  the program's top level
 *
 *     struct start_server *spawn = start_server_new(module);
 *     struct task *child = task_new_from(spawn, "Process-1", fn, argument);
 *     task_begin(child);
 *
 * `argument` crosses to another process: it is the run's memory (run_alloc, text()), or NULL.
 */
#ifndef PRIM_START_SERVER_H
#define PRIM_START_SERVER_H

#include <stdbool.h>

struct image;
struct start_server;
struct task;

/* The first line of a run function. */
struct start_server *start_server_new(void (*module)(void));

/*
 * Without the check of bootstrapping a process may start another while it runs its top level, and
 * that one another. For showing why there is a check.
 */
void start_server_unprotected(struct start_server *server);

/* __name__ == "__main__": false in what a start server has made, and in what that forks. */
bool is_main_module(void);

/* For task.c: has the task made, and waits until it has a process id. */
void start_server_ask(struct start_server *server, struct task *task);

/* For task.c: whether the calling process may not start another by this server yet. */
bool start_server_refuses(const struct start_server *server);

/* For task.c, under control: the memory a new process begins with. */
const struct image *start_server_memory(const struct start_server *server);

/* For task.c, in the new process: runs its top level. */
void start_server_import(const struct start_server *server);

#endif
