/* Whatever a client may send: requests, halves of them, several at once, no HTTP at all. */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/server.h"

#include <string.h>

/* The last byte says where it is cut in two. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    _cleanup_buf_ struct buf answer = BUF_INIT(SERVER_ANSWER_MOST);
    server_exchange(bytes, n, n > 0 ? bytes[n - 1] * n / 256 : 0, &answer);
    server_check_answer(&answer, !memmem(bytes, n, "HEAD", 4));
    return 0;
}
