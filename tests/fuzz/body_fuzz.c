/*
 * JSON that asks for something: any body, in a request that is otherwise as it should be. The first
 * byte says for what.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/server.h"

enum { REQUEST_MOST = 1 << 20 };

static const struct {
    const char *method, *path;
    unsigned bad; /* a status that no body may lead to */
} asked[] = {
    {"POST", "/api/v1/runs", 404},
    {"POST", "/api/v1/experiments", 404},
    {"POST", "/api/v1/workshops", 404},
    {"PUT", "/api/v1/workshops/" SERVER_WORKSHOP, 403},
    {"PUT", "/api/v1/runs/ABCDEFGHIJKLMNOPQRST01", 404},
    {"PUT", "/api/v1/experiments/" SERVER_EXPERIMENT, 404},
};
enum { ASKED = sizeof asked / sizeof asked[0] };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    _cleanup_buf_ struct buf request = BUF_INIT(REQUEST_MOST),
                             answer = BUF_INIT(SERVER_ANSWER_MOST);
    unsigned which = n > 0 ? bytes[0] % ASKED : 0;
    size_t body = n > 0 ? n - 1 : 0;
    buf_printf(&request,
               "%s %s HTTP/1.1\r\nHost: a.example\r\nContent-Type: application/json\r\n"
               "Cookie: interleave_session=" SERVER_SESSION "\r\n"
               "Authorization: Bearer " SERVER_KEY "\r\nContent-Length: %zu\r\n\r\n",
               asked[which].method, asked[which].path, body);
    buf_add(&request, bytes + 1, body);
    if (buf_error(&request))
        return -1;
    server_exchange(request.data, request.len, 0, &answer);
    unsigned status = server_check_answer(&answer, true);
    check(status >= 200 && status != asked[which].bad && status != 501);
    return 0;
}
