/* A schedule as a token and as the words of a link and a command line: any text. */
#include "tests/fuzz/fuzz.h"

#include "sandbox/base/cleanup.h"
#include "sandbox/proto/token.h"

#include <string.h>

static bool same(const struct token *a, const struct token *b)
{
    if (a->rule != b->rule || a->ignores_time != b->ignores_time || a->seed != b->seed ||
        a->ends_are_steps != b->ends_are_steps || a->depth != b->depth || a->stop != b->stop ||
        a->checked != b->checked || a->check != b->check || a->scenario != b->scenario ||
        a->params != b->params || a->count != b->count)
        return false;
    for (unsigned i = 0; i < a->count; i++)
        if (a->deviation[i].step != b->deviation[i].step ||
            a->deviation[i].index != b->deviation[i].index)
            return false;
    return true;
}

static void read_token(const char *text)
{
    struct err err = {0};
    char written[SCHEDULE_TOKEN_MAX];
    static struct token token[2]; /* large */
    if (token_read(token, text, &err) < 0) {
        check(err.code > 0 && err.text[0]);
        return;
    }
    check(token->count <= TOKEN_DEVIATIONS_MAX && token->depth <= SCHEDULE_DEPTH_MAX);
    for (unsigned i = 1; i < token->count; i++)
        check(token->deviation[i].step > token->deviation[i - 1].step);
    if (!token->checked)
        token->check = 0; /* nothing that is written */
    if (token_write(token, written) < 0)
        return;
    check(token_read(token + 1, written, NULL) == 0 && same(token, token + 1));
}

static void read_words(const char *text)
{
    struct err err = {0};
    struct schedule s = SCHEDULE_DEFAULT;
    if (schedule_parse(&s, text, &err) < 0) {
        check(err.code > 0 && err.text[0]);
        return;
    }
    check(s.mode < SCHEDULE_MODE_COUNT && s.seed <= SCHEDULE_SEED_MAX);
    check(s.depth >= 1 && s.depth <= SCHEDULE_DEPTH_MAX);
    check(s.max_preemptions <= SCHEDULE_PREEMPTIONS_MAX && strlen(s.token) < sizeof s.token);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    _cleanup_free_ char *text = malloc(n + 1);
    memcpy(text, bytes, n);
    text[n] = '\0';
    read_token(text);
    read_words(text);
    return 0;
}
