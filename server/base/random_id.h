/* Ids that nobody can guess. */
#ifndef BASE_RANDOM_ID_H
#define BASE_RANDOM_ID_H

enum { RANDOM_ID_SIZE = 23 }; /* with the NUL */

/* 128 random bits and more as 22 characters of A-Za-z0-9. Returns 0 or -errno. */
int random_id(char out[static RANDOM_ID_SIZE]);

#endif
