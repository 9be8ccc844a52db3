#include "sandbox/proto/token.h"

#include "sandbox/proto/job.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define VERSION    1u
#define HEAD_BYTES 5u
#define BYTES_MAX  ((SCHEDULE_TOKEN_MAX - 1) / 4 * 3)

enum { FLAG_IGNORES_TIME = 1, FLAG_STOPS = 2, FLAG_CHECKED = 1 << 6, FLAG_ENDS = 1 << 7 };

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

struct bytes {
    unsigned char data[BYTES_MAX];
    size_t used, at;
    bool bad; /* too many when written, too few when read */
};

/* ---- hashes (FNV-1a, folded) ---- */

static uint32_t hash_text(uint32_t hash, const char *text)
{
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 16777619u;
    return (hash ^ 0xffu) * 16777619u; /* texts do not run into each other */
}

static uint16_t folded(uint32_t hash)
{
    return (uint16_t)(hash ^ hash >> 16);
}

/* In whatever order the parameters stand. limit_ms changes nothing under control. */
static uint16_t hash_params(const struct job *job)
{
    uint32_t sum = 0;
    for (unsigned i = 0; i < job->param_count; i++)
        if (strcmp(job->params[i].name, "limit_ms") != 0)
            sum += hash_text(hash_text(2166136261u, job->params[i].name), job->params[i].value);
    return folded(sum);
}

void token_identify(struct token *token, const struct job *job)
{
    token->scenario = folded(hash_text(2166136261u, job->scenario));
    token->params = hash_params(job);
}

/* ---- bytes ---- */

static void put_byte(struct bytes *b, unsigned byte)
{
    if (b->used == BYTES_MAX)
        b->bad = true;
    else
        b->data[b->used++] = (unsigned char)byte;
}

static void put_16(struct bytes *b, unsigned number)
{
    put_byte(b, number & 0xff);
    put_byte(b, number >> 8 & 0xff);
}

static void put_varint(struct bytes *b, uint64_t number)
{
    for (; number >= 0x80; number >>= 7)
        put_byte(b, (unsigned)(number & 0x7f) | 0x80);
    put_byte(b, (unsigned)number);
}

static unsigned take_byte(struct bytes *b)
{
    if (b->at < b->used)
        return b->data[b->at++];
    b->bad = true;
    return 0;
}

static uint16_t take_16(struct bytes *b)
{
    unsigned low = take_byte(b);
    return (uint16_t)(low | take_byte(b) << 8);
}

static uint64_t take_varint(struct bytes *b)
{
    uint64_t number = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        unsigned byte = take_byte(b);
        number |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return number;
    }
    b->bad = true;
    return 0;
}

/* ---- the text ---- */

static int encode(const struct bytes *b, char *ret)
{
    size_t length = (b->used * 4 + 2) / 3;
    if (b->bad || length >= SCHEDULE_TOKEN_MAX)
        return -EOVERFLOW;
    for (size_t i = 0; i < length; i++) {
        size_t bit = i * 6, byte = bit / 8;
        unsigned pair = (unsigned)b->data[byte] << 8;
        pair |= byte + 1 < b->used ? b->data[byte + 1] : 0;
        ret[i] = digits[pair >> (10 - bit % 8) & 63];
    }
    ret[length] = '\0';
    return 0;
}

/* One text for the same bytes, and no other. */
static int decode(struct bytes *b, const char *text, size_t length)
{
    unsigned held = 0, bits = 0;
    for (size_t i = 0; i < length; i++) {
        const char *digit = text[i] ? strchr(digits, text[i]) : NULL;
        if (!digit)
            return -EINVAL;
        held = (held << 6 | (unsigned)(digit - digits)) & 0xffff;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            put_byte(b, held >> bits & 0xff);
        }
    }
    bool is_whole = bits < 6 && (held & ((1u << bits) - 1)) == 0;
    return b->bad || !is_whole ? -EINVAL : 0;
}

int token_write(const struct token *token, char *ret)
{
    struct bytes b = {.used = 0};
    bool stops = token->stop != TOKEN_NO_STOP;
    put_byte(&b, VERSION << 4 | (token->checked ? FLAG_CHECKED : 0u) | (unsigned)token->rule << 2 |
                     (token->ignores_time ? FLAG_IGNORES_TIME : 0u) | (stops ? FLAG_STOPS : 0u) |
                     (token->ends_are_steps ? FLAG_ENDS : 0u));
    put_16(&b, token->scenario);
    put_16(&b, token->params);
    if (token->rule == TOKEN_RANDOM || token->rule == TOKEN_PCT)
        put_varint(&b, token->seed);
    if (token->rule == TOKEN_PCT)
        put_varint(&b, token->depth);
    if (stops)
        put_varint(&b, token->stop);
    if (token->checked)
        put_16(&b, token->check);
    uint64_t before = 0;
    for (unsigned i = 0; i < token->count; i++) {
        put_varint(&b, token->deviation[i].step - before);
        put_varint(&b, token->deviation[i].index);
        before = token->deviation[i].step;
    }
    return encode(&b, ret);
}

static int take_deviations(struct token *token, struct bytes *b)
{
    uint64_t step = 0;
    while (b->at < b->used && !b->bad) {
        uint64_t gap = take_varint(b), index = take_varint(b);
        if (token->count == TOKEN_DEVIATIONS_MAX || index > UINT16_MAX ||
            (token->count > 0 && gap == 0) || __builtin_add_overflow(step, gap, &step))
            return -EINVAL;
        token->deviation[token->count++] =
            (struct deviation){.step = step, .index = (unsigned)index};
    }
    return b->bad ? -EINVAL : 0;
}

static int take_stop(struct token *token, const char *text, struct err *err)
{
    char *end;
    errno = 0;
    unsigned long long stop = strtoull(text, &end, 10);
    if (*end || !(text[0] >= '0' && text[0] <= '9') || errno)
        return err_set(err, ERANGE, "must end in a number of steps after ~");
    if (stop != token->stop)
        token->checked = false; /* it was over other steps */
    token->stop = stop;
    while (token->count > 0 && token->deviation[token->count - 1].step >= stop)
        token->count--;
    return 0;
}

int token_read(struct token *ret, const char *text, struct err *err)
{
    struct bytes b = {.used = 0};
    size_t length = strcspn(text, "~");
    unsigned head;
    if (decode(&b, text, length) < 0 || b.used < HEAD_BYTES)
        return err_set(err, EINVAL, "is not a token");
    head = take_byte(&b);
    if ((head >> 4 & 3) != VERSION)
        return err_set(err, EPROTO, "is a token of another version");
    *ret = (struct token){.rule = (enum token_rule)(head >> 2 & 3),
                          .ignores_time = head & FLAG_IGNORES_TIME,
                          .ends_are_steps = head & FLAG_ENDS,
                          .checked = head & FLAG_CHECKED,
                          .stop = TOKEN_NO_STOP};
    ret->scenario = take_16(&b);
    ret->params = take_16(&b);
    if (ret->rule == TOKEN_RANDOM || ret->rule == TOKEN_PCT)
        ret->seed = take_varint(&b);
    uint64_t depth = ret->rule == TOKEN_PCT ? take_varint(&b) : 1;
    if (head & FLAG_STOPS)
        ret->stop = take_varint(&b);
    if (ret->checked)
        ret->check = take_16(&b);
    if (take_deviations(ret, &b) < 0 || depth < 1 || depth > SCHEDULE_DEPTH_MAX)
        return err_set(err, EINVAL, "is not a whole token");
    ret->depth = ret->rule == TOKEN_PCT ? (unsigned)depth : 0;
    return text[length] == '~' ? take_stop(ret, text + length + 1, err) : 0;
}

int token_check(const char *text, const struct job *job, struct err *err)
{
    struct token *token = malloc(2 * sizeof *token); /* the second has the hashes of the job */
    int r = token ? token_read(token, text, err) : err_errno(err, ENOMEM, "reading a token");
    if (r == 0) {
        token_identify(token + 1, job);
        if (token[0].scenario != token[1].scenario)
            r = err_set(err, EXDEV, "is a token for another scenario");
        else if (token[0].params != token[1].params)
            r = err_set(err, ESTALE, "is a token for other parameters");
    }
    free(token);
    return r;
}
