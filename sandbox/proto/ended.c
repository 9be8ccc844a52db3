#include "sandbox/proto/ended.h"

const char *ended_text(unsigned ended)
{
    static const char *const texts[] = {
#define X(name, text) [ENDED_##name] = text,
        ENDED_KINDS(X)
#undef X
    };
    return ended < ENDED_COUNT ? texts[ended] : "";
}

const char *outcome_class_text(unsigned class)
{
    static const char *const texts[CLASS_COUNT] = {"", "acceptable", "interesting", "forbidden"};
    return class < CLASS_COUNT ? texts[class] : "";
}
