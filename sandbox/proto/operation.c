#include "sandbox/proto/operation.h"

const char *operation_text(unsigned operation)
{
    static const char *const texts[] = {
#define X(name, text) [SEAM_##name] = text,
        OPERATIONS(X)
#undef X
    };
    return operation < OPERATION_COUNT ? texts[operation] : "";
}
