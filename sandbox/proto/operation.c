#include "sandbox/proto/operation.h"

const char *operation_text(unsigned operation)
{
    static const char *const texts[OPERATION_COUNT] = {
        "acquire", "release", "read",  "write", "update", "send", "receive", "close",
        "join",    "signal",  "await", "print", "sleep",  "spin", "start",   "choose"};
    return operation < OPERATION_COUNT ? texts[operation] : "";
}
