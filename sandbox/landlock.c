#include "sandbox/landlock.h"

#include "sandbox/base/cleanup.h"

#include <errno.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel's structure and bits, version 7: Debian 12's header ends at version 2. */
struct ruleset {
    uint64_t files;
    uint64_t network; /* from version 4 */
    uint64_t scoped;  /* from version 6 */
};

#define FILES_V1    ((UINT64_C(1) << 13) - 1)
#define REFER       (UINT64_C(1) << 13) /* version 2 */
#define TRUNCATE    (UINT64_C(1) << 14) /* version 3 */
#define IOCTL_DEV   (UINT64_C(1) << 15) /* version 5 */
#define TCP         UINT64_C(3)         /* bind and connect */
#define SCOPES      UINT64_C(3)         /* abstract sockets and signals */
#define SIGNALS     UINT64_C(2)
#define GET_VERSION 1u

int landlock_abi(void)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, GET_VERSION);
    return version > 0 ? (int)version : 0;
}

static int restrict_self(const struct ruleset *rules)
{
    _cleanup_close_ int fd = (int)syscall(SYS_landlock_create_ruleset, rules, sizeof *rules, 0);
    if (fd < 0 || syscall(SYS_landlock_restrict_self, fd, 0) < 0)
        return -errno;
    return 0;
}

int landlock_restrict_signals(void)
{
    const struct ruleset rules = {.scoped = SIGNALS};
    return restrict_self(&rules);
}

int landlock_restrict(int abi)
{
    const struct ruleset rules = {
        .files = FILES_V1 | (abi >= 2 ? REFER : 0) | (abi >= 3 ? TRUNCATE : 0) |
                 (abi >= 5 ? IOCTL_DEV : 0),
        .network = abi >= 4 ? TCP : 0,
        .scoped = abi >= LANDLOCK_SIGNALS ? SCOPES : 0,
    };
    return restrict_self(&rules);
}
