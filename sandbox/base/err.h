/*
 * An error a person will read.
 *
 * Fallible functions return 0 or a negative errno. Where the reason reaches a person, a
 * `struct err *` comes last; the layer that knows the reason sets it, every layer above adds its
 * context in front with err_wrap(). NULL is accepted everywhere and means "the code is enough".
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

struct err {
    int code;       /* positive errno, 0 when nothing went wrong */
    char text[384]; /* one line, no trailing newline */
};

/* Records code and text; returns -code. */
int err_set(struct err *e, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* As err_set, with ": " and strerror(code) appended. */
int err_errno(struct err *e, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts context and ": " in front of the text; returns -code. */
int err_wrap(struct err *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* `make analyse` looks at one file at a time, and takes from here that none of them returns 0. */
#ifdef __clang_analyzer__
#define err_set(...)   (err_set(__VA_ARGS__), -1)
#define err_errno(...) (err_errno(__VA_ARGS__), -1)
#define err_wrap(...)  (err_wrap(__VA_ARGS__), -1)
#endif

#endif
