/* UTF-8 at trust boundaries: what a sandboxed task wrote is checked here before anyone shows it. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stddef.h>

/* Bytes of the well-formed character at text (1 to 4, shortest form, no surrogates), or 0. */
size_t utf8_width(const char *text, size_t n);

/*
 * Copies text (at most n bytes, ends early at a NUL) into out of `size` bytes, always terminated.
 * Bad bytes and control characters become '?', a character is never cut in two.
 */
void utf8_clean(char *out, size_t size, const char *text, size_t n);

#endif
