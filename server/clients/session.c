#include "server/clients/session.h"

#include "server/clients/client.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const char cookie_name[] = "interleave_session";

const char *session_of(const struct request *request)
{
    const struct client *client = client_of(request);
    const char *session = request_cookie(request, cookie_name);
    if ((client && client->stranger) || !session || strlen(session) != SESSION_SIZE - 1)
        return NULL;
    for (const char *p = session; *p; p++)
        if (!isalnum((unsigned char)*p))
            return NULL;
    return session;
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
             cookie_name, out, client_of(request)->secure ? "; Secure" : "");
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
