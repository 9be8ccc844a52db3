#include "sandbox/proto/schedule.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *const texts[] = {
#define X(name, text) [SCHEDULE_##name] = text,
    SCHEDULE_MODES(X)
#undef X
};

const char *schedule_mode_text(enum schedule_mode mode)
{
    return mode < SCHEDULE_MODE_COUNT ? texts[mode] : "";
}

int schedule_mode_of(const char *text)
{
    for (int mode = 0; mode < SCHEDULE_MODE_COUNT; mode++)
        if (strcmp(text, texts[mode]) == 0)
            return mode;
    return -1;
}

/* A number up to `most` from *text on, which is moved behind it and behind a colon, if more comes.
 */
static int take_number(const char **text, uint64_t most, uint64_t *ret)
{
    char *end;
    errno = 0;
    unsigned long long number = strtoull(*text, &end, 10);
    if (**text < '0' || **text > '9' || errno || number > most ||
        (*end && (*end != ':' || !end[1])))
        return -EINVAL;
    *text = *end ? end + 1 : end;
    *ret = number;
    return 0;
}

static int take_seed(struct schedule *s, const char **rest)
{
    return **rest ? take_number(rest, SCHEDULE_SEED_MAX, &s->seed) : 0;
}

static int take_rest(struct schedule *s, const char *rest)
{
    uint64_t number = s->depth;
    int r = 0;
    switch (s->mode) {
    case SCHEDULE_PCT:
        r = take_seed(s, &rest);
        if (r == 0 && *rest)
            r = take_number(&rest, SCHEDULE_DEPTH_MAX, &number);
        s->depth = (unsigned)number;
        r = number == 0 ? -EINVAL : r;
        break;
    case SCHEDULE_RANDOM:
        r = take_seed(s, &rest);
        break;
    case SCHEDULE_REPLAY:
    case SCHEDULE_SHRINK:
        if (!*rest || strlen(rest) >= sizeof s->token)
            return -EINVAL;
        strcpy(s->token, rest);
        return 0;
    case SCHEDULE_EXPLORE:
        if (*rest && (r = take_number(&rest, SCHEDULE_PREEMPTIONS_MAX, &number)) == 0)
            s->max_preemptions = (int)number;
        break;
    case SCHEDULE_FREE:
    case SCHEDULE_ROUND_ROBIN:
    case SCHEDULE_MODE_COUNT:
        break;
    }
    return *rest ? -EINVAL : r;
}

int schedule_parse(struct schedule *schedule, const char *text, struct err *err)
{
    struct schedule s = *schedule;
    char word[16] = "";
    size_t length = strcspn(text, ":");
    if (length < sizeof word)
        memcpy(word, text, length);
    int mode = schedule_mode_of(word);
    if (mode < 0)
        return err_set(err, EINVAL,
                       "must be free, random:SEED, pct:SEED:DEPTH, round-robin, replay:TOKEN, "
                       "shrink:TOKEN or explore:PREEMPTIONS, was %.40s",
                       text);
    s.mode = (enum schedule_mode)mode;
    bool has_rest = text[length] && text[length + 1];
    if ((text[length] && !has_rest) || take_rest(&s, has_rest ? text + length + 1 : "") < 0)
        return err_set(err, EINVAL,
                       "%s: a seed is up to %" PRIu64 ", a depth 1 to %u, a bound of "
                       "preemptions up to %u, a token up to %u characters",
                       word, SCHEDULE_SEED_MAX, SCHEDULE_DEPTH_MAX, SCHEDULE_PREEMPTIONS_MAX,
                       SCHEDULE_TOKEN_MAX - 1);
    *schedule = s;
    return 0;
}
