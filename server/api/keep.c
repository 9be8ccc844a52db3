#include "server/api/keep.h"

#include "server/clients/session.h"
#include "server/setups/setup.h"

#include <inttypes.h>
#include <stdio.h>

void keep_reply_full(const struct app *app, struct request *request)
{
    char detail[160];
    snprintf(detail, sizeof detail,
             "what is kept here may take %" PRIu64
             " bytes, three in four of --disk-limit, and no more fits in",
             config_kept_bytes(app->config));
    problem_reply(request, 507, detail);
}

bool keep_read(struct app *app, struct request *request, bool mine, bool *ret)
{
    static const char *const known[] = {"kept", NULL};
    struct setup setup = {0};
    struct doc *body = setup_body(&setup, request);
    if (!body)
        return false;
    setup_check_members(&setup, body, known);
    if (doc_is_object(body) && !doc_bool(doc_member(body, "kept"), ret))
        field_error(&setup.errors, "not-a-boolean", "must be true or false", "/kept");
    doc_free(body);
    if (setup.errors.count > 0)
        problem_reply_fields(request, &setup.errors);
    else if (!*ret && !mine && !session_has_token(request, app->config->admin_token))
        problem_reply(request, 403, "only its owner may let it go");
    else
        return true;
    return false;
}
