#include "server/http/listen.h"

#include "sandbox/base/cleanup.h"

#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { BACKLOG = 4096 };

static void free_addresses(struct addrinfo **list)
{
    if (*list)
        freeaddrinfo(*list);
}

/* Splits "host:port" or "[host]:port" and looks it up. */
static int resolve(const char *text, struct addrinfo **ret, struct err *err)
{
    char host[256];
    const char *colon = strrchr(text, ':');
    size_t n = colon ? (size_t)(colon - text) : 0;
    if (!colon || n >= sizeof host || colon[1] == '\0')
        return err_set(err, EINVAL, "\"%s\" must be ADDRESS:PORT", text);
    bool bracketed = n >= 2 && text[0] == '[' && text[n - 1] == ']';
    snprintf(host, sizeof host, "%.*s", bracketed ? (int)n - 2 : (int)n, text + bracketed);

    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    int r = getaddrinfo(n ? host : NULL, colon + 1, &hints, ret);
    if (r != 0)
        return err_set(err, EINVAL, "\"%s\" is not an address and port: %s", text, gai_strerror(r));
    return 0;
}

static int open_one(const struct sockaddr *address, socklen_t length, bool shared)
{
    const int on = 1;
    _cleanup_close_ int fd =
        socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
        (shared && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) < 0) ||
        bind(fd, address, length) < 0 || listen(fd, BACKLOG) < 0)
        return -errno;
    return steal_fd(&fd);
}

static int open_all(struct sockaddr_storage *address, socklen_t length, int *fds, unsigned n)
{
    /* A socket that does not share the port finds out whether somebody else listens there. */
    int probe = open_one((struct sockaddr *)address, length, false);
    if (probe < 0)
        return probe;
    socklen_t size = sizeof *address;
    int r = getsockname(probe, (struct sockaddr *)address, &size) < 0 ? -errno : 0;
    close(probe);
    for (unsigned i = 0; r == 0 && i < n; i++) {
        fds[i] = open_one((struct sockaddr *)address, size, true);
        r = fds[i] < 0 ? fds[i] : 0;
    }
    return r;
}

static void describe(const struct sockaddr_storage *address, char *out)
{
    char host[256], port[16];
    getnameinfo((const struct sockaddr *)address, sizeof *address, host, sizeof host, port,
                sizeof port, NI_NUMERICHOST | NI_NUMERICSERV);
    const char *form = address->ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s";
    snprintf(out, LISTEN_TEXT_MAX, form, host, port);
}

int listen_open(const char *text, int *fds, unsigned n, char *address, struct err *err)
{
    _cleanup_(free_addresses) struct addrinfo *list = NULL;
    int r = resolve(text, &list, err);
    if (r < 0)
        return r;
    struct sockaddr_storage used = {0};
    memcpy(&used, list->ai_addr, list->ai_addrlen);
    for (unsigned i = 0; i < n; i++)
        fds[i] = -1;
    r = open_all(&used, list->ai_addrlen, fds, n);
    if (r == 0) {
        describe(&used, address);
        return 0;
    }
    for (unsigned i = 0; i < n; i++)
        close_fd(&fds[i]);
    return err_errno(err, -r, "cannot listen on %s", text);
}

int listen_connect(const char *text, struct err *err)
{
    _cleanup_(free_addresses) struct addrinfo *list = NULL;
    int r = resolve(text, &list, err);
    if (r < 0)
        return r;
    _cleanup_close_ int fd = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval patience = {.tv_sec = 3};
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) < 0 ||
        connect(fd, list->ai_addr, list->ai_addrlen) < 0)
        return err_errno(err, errno, "cannot connect to %s", text);
    return steal_fd(&fd);
}
