#include "sandbox/proto/tier.h"

#include <signal.h>
#include <string.h>

static const struct {
    const char *name, *text;
    int end_signal;
    bool counts_tasks;
} tiers[TIER_COUNT] = {
    [TIER_FULL] = {"full", "full", SIGKILL, true},
    [TIER_REDUCED_ROOT] = {"reduced-root", "reduced", SIGTERM, true},
    [TIER_REDUCED_USER] = {"reduced-user", "reduced", SIGTERM, false},
};

const char *tier_text(enum tier tier)
{
    return tiers[tier].text;
}

const char *tier_name(enum tier tier)
{
    return tiers[tier].name;
}

enum tier tier_parse(const char *name)
{
    enum tier tier = 0;
    while (tier < TIER_COUNT && strcmp(tiers[tier].name, name) != 0)
        tier++;
    return tier;
}

unsigned tiers_parse(const char *text)
{
    enum tier tier = tier_parse(text);
    if (tier < TIER_COUNT)
        return TIER_BIT(tier);
    if (strcmp(text, "auto") == 0)
        return TIERS_ALL;
    return strcmp(text, "reduced") == 0 ? TIERS_ALL & ~TIER_BIT(TIER_FULL) : 0;
}

int tier_end_signal(enum tier tier)
{
    return tiers[tier].end_signal;
}

bool tier_counts_tasks(enum tier tier)
{
    return tiers[tier].counts_tasks;
}
