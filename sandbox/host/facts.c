#include "sandbox/host/facts.h"

#include "sandbox/host/processes.h"

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* A sanitizer reserves terabytes of address space. */
#ifdef __SANITIZE_ADDRESS__
#define ADDRESS_SPACE(limits) UINT64_MAX
#else
#define ADDRESS_SPACE(limits) ((limits).memory_bytes)
#endif

#define STATUS_TEXT 8192u
#define LINK_TEXT   64u

/* Of a process's stat. */
enum { NAME_FIELD = 2, POLICY_FIELD = 41 };

static enum fact fact(bool holds)
{
    return holds ? FACT_TRUE : FACT_FALSE;
}

/* The first number of a line of a process's status; -1 when there is none. */
static int64_t status_number(pid_t pid, const char *label, int base)
{
    char path[64], text[STATUS_TEXT], line[32];
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    snprintf(line, sizeof line, "\n%s:", label);
    const char *at = proc_text(path, text, sizeof text) ? strstr(text, line) : NULL;
    return at ? strtoll(at + strlen(line), NULL, base) : -1;
}

/* ---- namespaces ---- */

/* Returns false when it is not shown. */
static bool namespace_of(pid_t pid, const char *kind, char ret[LINK_TEXT])
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/ns/%s", (int)pid, kind);
    ssize_t n = readlink(path, ret, LINK_TEXT - 1);
    ret[n > 0 ? n : 0] = '\0';
    return n > 0;
}

static enum fact differ(pid_t a, pid_t b, const char *kind)
{
    char ours[LINK_TEXT], theirs[LINK_TEXT];
    if (!namespace_of(a, kind, ours) || !namespace_of(b, kind, theirs))
        return FACT_UNSEEN;
    return fact(strcmp(ours, theirs) != 0);
}

/* Beyond the spawner's: processes are counted in it, for each run by itself. */
static enum fact has_run_user_namespace(const struct subject *subject)
{
    return differ((pid_t)status_number(subject->init, "PPid", 10), subject->main, "user");
}

/* ---- files, users, rights ---- */

static enum fact has_empty_root(const struct subject *subject)
{
    char path[64];
    unsigned entries = 0;
    snprintf(path, sizeof path, "/proc/%d/root/", (int)subject->main);
    DIR *root = opendir(path);
    if (!root)
        return errno == ENOENT ? FACT_TRUE : FACT_UNSEEN;
    for (struct dirent *entry; (entry = readdir(root));)
        entries += entry->d_name[0] != '.';
    closedir(root);
    return fact(entries == 0);
}

static enum fact has_own_user(const struct subject *subject)
{
    return fact(status_number(subject->main, "Uid", 10) != status_number(subject->init, "Uid", 10));
}

static enum fact has_no_capability_to_gain(const struct subject *subject)
{
    return fact(status_number(subject->main, "CapBnd", 16) == 0);
}

static enum fact has_no_capability(const struct subject *subject)
{
    return fact(status_number(subject->main, "CapPrm", 16) == 0 &&
                status_number(subject->main, "CapEff", 16) == 0);
}

static enum fact has_no_new_privileges(const struct subject *subject)
{
    return fact(status_number(subject->main, "NoNewPrivs", 10) == 1);
}

/* Beside what the caller has itself, as everybody does in a container. */
static enum fact has_filter(const struct subject *subject)
{
    return fact(status_number(subject->main, "Seccomp_filters", 10) >
                status_number(getpid(), "Seccomp_filters", 10));
}

static enum fact has_own_session(const struct subject *subject)
{
    const pid_t session = getsid(subject->main);
    return session < 0 ? FACT_UNSEEN : fact(session == subject->init);
}

/* ---- limits ---- */

/* From /proc: not every filter around a server lets it ask the scheduler about others. */
static enum fact is_idle(const struct subject *subject)
{
    char path[64], text[STATUS_TEXT];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)subject->main);
    const char *at = proc_text(path, text, sizeof text) ? strrchr(text, ')') : NULL;
    for (int field = NAME_FIELD; at && field < POLICY_FIELD; field++)
        at = (at = strchr(at, ' ')) ? at + 1 : NULL;
    return at ? fact(atoi(at) == SCHED_IDLE) : FACT_UNSEEN;
}

/* A hard limit as the process's table of them has it, behind the soft one, which is no higher. */
static uint64_t limit_in(const char *table, const char *label)
{
    const char *at = strstr(table, label);
    if (!at)
        return UINT64_MAX;
    at += strlen(label);
    at += strspn(at, " ");
    at += strcspn(at, " ");
    at += strspn(at, " ");
    return *at == 'u' ? UINT64_MAX : strtoull(at, NULL, 10);
}

static enum fact has_limits(const struct subject *subject)
{
    const struct {
        const char *label;
        uint64_t most;
    } expected[] = {{"\nMax file size", 0},
                    {"\nMax locked memory", 0},
                    {"\nMax msgqueue size", 0},
                    {"\nMax open files", 64},
                    {"\nMax pending signals", 256},
                    {"\nMax cpu time", subject->limits.cpu_seconds + 1},
                    {"\nMax stack size", 8 << 20},
                    {"\nMax processes", UINT32_MAX},
                    {"\nMax address space", ADDRESS_SPACE(subject->limits)}};
    char path[64], table[STATUS_TEXT];
    snprintf(path, sizeof path, "/proc/%d/limits", (int)subject->main);
    if (!proc_text(path, table, sizeof table))
        return FACT_UNSEEN;
    if (limit_in(table, "\nMax core file size") != 1) /* no more, and no less: see jail.c */
        return FACT_FALSE;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        if (limit_in(table, expected[i].label) > expected[i].most)
            return FACT_FALSE;
    return FACT_TRUE;
}

static const struct {
    const char *layer;
    enum fact (*see)(const struct subject *subject);
    const char *own; /* without see: the kind of namespace that is another than ours */
} facts[] = {
    {"user-namespace", NULL, "user"},
    {"run-user-namespace", has_run_user_namespace, NULL},
    {"mount-namespace", NULL, "mnt"},
    {"empty-root", has_empty_root, NULL},
    {"network-namespace", NULL, "net"},
    {"ipc-namespace", NULL, "ipc"},
    {"uts-namespace", NULL, "uts"},
    {"cgroup-namespace", NULL, "cgroup"},
    {"capability-bounds", has_no_capability_to_gain, NULL},
    {"pid-namespace", NULL, "pid"},
    {"own-session", has_own_session, NULL},
    {"resource-limits", has_limits, NULL},
    {"idle-priority", is_idle, NULL},
    {"run-user", has_own_user, NULL},
    {"no-capabilities", has_no_capability, NULL},
    {"no-new-privileges", has_no_new_privileges, NULL},
    {"seccomp", has_filter, NULL},
};

enum fact fact_of(const char *layer, const struct subject *subject)
{
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
        if (strcmp(facts[i].layer, layer) == 0)
            return facts[i].see ? facts[i].see(subject)
                                : differ(getpid(), subject->main, facts[i].own);
    return FACT_UNSEEN;
}
