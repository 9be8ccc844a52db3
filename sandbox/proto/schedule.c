#include "sandbox/proto/schedule.h"

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
