/*
 * The words that the server itself shows on pages and pictures, in both languages; those of the
 * pages' scripts are in web/src/messages. Constant; any thread.
 */
#ifndef PICTURES_WORDS_H
#define PICTURES_WORDS_H

#include "server/base/json.h"

enum language { ENGLISH, CHINESE, LANGUAGES };

/* As HTML and Accept-Language say it: "en", "zh-CN". */
const char *language_tag(enum language language);

/* A word by its name; without the part before a colon when there is none. */
const char *word(enum language language, const char *name);

/* That of "kind:name"; name when there is none. */
const char *worded(enum language language, const char *kind, const char *name);

/* Of a text in both languages, {"en", "zh"}; "" when it has none. */
const char *said(enum language language, const struct doc *text);

/* A member's text, or "". */
const char *member_text(const struct doc *object, const char *name);

#endif
