#include "server/clients/session.h"

#include "server/clients/client.h"

#include <stdio.h>
#include <string.h>

const char *session_of(const struct request *request)
{
    return client_of(request)->session;
}

bool session_owns(const char *session, const char *owner)
{
    return session && strcmp(session, owner) == 0;
}

int session_start(struct request *request, char out[static SESSION_SIZE])
{
    const char *session = session_of(request);
    if (session) {
        strcpy(out, session);
        return 0;
    }
    char cookie[160];
    int r = random_id(out);
    if (r < 0 || client_of(request)->stranger)
        return r;
    snprintf(cookie, sizeof cookie, "%s=%s; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax%s",
             CLIENT_COOKIE, out, client_of(request)->secure ? "; Secure" : "");
    request_reply_header(request, "Set-Cookie", cookie);
    return 0;
}

bool session_offer(struct request *request)
{
    char session[SESSION_SIZE];
    return !session_of(request) && session_start(request, session) == 0;
}

/* Takes as long for a wrong token as for the right one. */
static bool same(const char *a, const char *b)
{
    size_t n = strlen(a);
    unsigned char difference = n != strlen(b);
    for (size_t i = 0; i < n && !(difference && !b[i]); i++)
        difference |= (unsigned char)(a[i] ^ b[i]);
    return difference == 0;
}

bool session_has_token(const struct request *request, const char *token)
{
    const char *header = request_header(request, "Authorization");
    return token && header && strncasecmp(header, "Bearer ", 7) == 0 && same(token, header + 7);
}
