#include "sandbox/prim/knobs.h"

#include "sandbox/sched/seam.h"
#include "sandbox/proto/scenario.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static struct param_value value_of(const char *name, enum param_type type)
{
    const struct param *param = scenario_param(seam_self.run->scenario, name);
    const char *text_value = job_get(&seam_self.run->job, name);
    struct param_value value;
    assert(param && param->type == type && text_value);
    int r = param_parse(param, text_value, &value, NULL);
    assert(r == 0);
    (void)r;
    return value;
}

int64_t integer(const char *name)
{
    return value_of(name, PARAM_INTEGER).integer;
}

double number(const char *name)
{
    return value_of(name, PARAM_NUMBER).number;
}

bool boolean(const char *name)
{
    return value_of(name, PARAM_BOOLEAN).boolean;
}

unsigned integers(const char *name, int64_t *ret, unsigned most)
{
    struct param_value value = value_of(name, PARAM_INTEGER_LIST);
    unsigned n = value.list.count < most ? value.list.count : most;
    memcpy(ret, value.list.items, n * sizeof *ret);
    return n;
}

bool is(const char *name, const char *choice)
{
    const char *value = job_get(&seam_self.run->job, name);
    assert(value);
    return strcmp(value, choice) == 0;
}

/* splitmix64 (Steele, Lea, Flood 2014): a bijection with good diffusion. */
static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

double drawn(uint64_t stream, uint64_t index)
{
    uint64_t bits = mix(mix(mix(seam_self.run->seed) ^ stream) ^ index);
    return (double)(bits >> 11) * 0x1p-53;
}

int64_t jittered(int64_t mean, double spread, uint64_t index)
{
    return (int64_t)((double)mean * (1 + spread * (2 * drawn(0, index) - 1)));
}

const char *text(const char *format, ...)
{
    char line[512];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    return strcpy(run_alloc(seam_self.run, strlen(line) + 1), line);
}
