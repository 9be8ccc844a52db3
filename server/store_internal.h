/* What store.c (writing) and store_read.c (reading) share. */
#ifndef SERVER_STORE_INTERNAL_H
#define SERVER_STORE_INTERNAL_H

#include <sqlite3.h>

/* 0 or -errno for a result code of SQLite. */
int store_code(int sqlite);

#endif
