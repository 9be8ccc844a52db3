#include "sandbox/prim/words.h"

#include "sandbox/prim/knobs.h"
#include "sandbox/sched/seam.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void grow(struct words *words, size_t capacity)
{
    char *grown = seam_private(capacity);
    if (!grown)
        seam_fail(ENOMEM, "words");
    memcpy(grown, words_text(words), words->length + 1);
    seam_private_free(words->text);
    words->text = grown;
    words->capacity = capacity;
}

void words_add(struct words *words, const char *format, ...)
{
    char word[128];
    va_list args;
    va_start(args, format);
    vsnprintf(word, sizeof word, format, args);
    va_end(args);
    size_t needed = words->length + strlen(word) + 2;
    if (needed > words->capacity)
        grow(words, needed * 2);
    words->length +=
        (size_t)sprintf(words->text + words->length, "%s%s", words->length ? " " : "", word);
}

const char *words_text(const struct words *words)
{
    return words->text ? words->text : "";
}

const char *words_short(const struct words *words, size_t most)
{
    const char *all = words_text(words);
    if (words->length <= most)
        return text("%s", all);
    size_t n = most;
    while (n > 0 && all[n] != ' ')
        n--;
    return text("%.*s …", (int)n, all);
}

const char *words_list(const struct words *words, size_t most)
{
    struct words list = {0};
    const char *word = words_text(words);
    for (size_t n; *word; word += n + (word[n] == ' ')) {
        n = strcspn(word, " ");
        words_add(&list, "%.*s%s", (int)n, word, word[n] == ' ' ? "," : "");
    }
    return text("[%s]", words_short(&list, most));
}
