/* A list of words that grows while a program runs, for outcomes and checks: "0 2 1 3". */
#ifndef PRIM_WORDS_H
#define PRIM_WORDS_H

#include <stddef.h>

/* In the memory of one process. Zero-initialise. */
struct words {
    char *text; /* NULL while empty */
    size_t length, capacity;
};

/* Appends a word, with a blank in front of all but the first. */
void words_add(struct words *words, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The words, "" while empty. */
const char *words_text(const struct words *words);

/* The words as Python prints a list of them, "[0, 2, 1, 3]", cut as words_short() does. */
const char *words_list(const struct words *words, size_t most);

/*
 * The words as far as they fit into `most` bytes (at most 500) with " …" behind; in the run's
 * memory.
 */
const char *words_short(const struct words *words, size_t most);

#endif
