/* Parameter values between JSON and the text that sandbox/proto/params.h checks. */
#ifndef SETUPS_VALUES_H
#define SETUPS_VALUES_H

#include "sandbox/proto/params.h"
#include "server/base/json.h"

/*
 * The text of a JSON value for a parameter; out holds PARAM_TEXT_MAX bytes. Only the JSON type is
 * checked here: -EINVAL with "must be an integer" and the like. Bounds are param_parse's.
 */
int value_text(const struct param *param, const struct doc *value, char *out, struct err *err);

/* The code of what value_text() or param_parse() refused; a number out of range has its own. */
const char *value_code(const struct param *param, const struct err *err);

#endif
