/*
 * Runs a scenario in this process, without a sandbox, for tools that cannot follow into one:
 *     unsealed SCENARIO [name=value …]
 * What it prints is thrown away. Exit code: the scenario's, or 2 for a wrong command line.
 */
#include "sandbox/execute.h"
#include "sandbox/trace/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static int read_job(struct job *job, int argc, char **argv, struct err *err)
{
    if (argc < 2)
        return err_set(err, EINVAL, "which scenario?");
    job_init(job, argv[1]);
    for (int i = 2; i < argc; i++) {
        char *equals = strchr(argv[i], '=');
        if (!equals)
            return err_set(err, EINVAL, "%s is no name=value", argv[i]);
        *equals = '\0';
        int r = job_set(job, argv[i], equals + 1, err);
        if (r < 0)
            return r;
    }
    return execute_resolve(job, err);
}

/* The end of a pipe of packets, and who empties it. */
static int open_output(pid_t *ret_reader)
{
    int ends[2];
    char packet[4096];
    if (pipe2(ends, O_CLOEXEC | O_DIRECT) < 0)
        return -1;
    *ret_reader = fork();
    if (*ret_reader == 0) {
        close(ends[1]);
        while (read(ends[0], packet, sizeof packet) > 0)
            ;
        _exit(0);
    }
    close(ends[0]);
    return ends[1];
}

int main(int argc, char **argv)
{
    struct job job;
    struct err err = {0};
    pid_t reader = -1;
    if (read_job(&job, argc, argv, &err) < 0) {
        fprintf(stderr, "unsealed: %s\n", err.text);
        return 2;
    }
    int output = open_output(&reader);
    struct trace_shared *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (output < 0 || shared == MAP_FAILED)
        return 2;
    trace_shared_init(shared);
    struct run *run = execute_prepare(shared, output);
    int code = run ? execute_job(run, &job) : 2;
    close(output);
    waitpid(reader, NULL, 0);
    return code;
}
