/*
 * An item on its way through a program: for the ordering chart. A pool notes its own; a pipeline
 * says with these where its items are.
 */
#ifndef PRIM_ITEM_H
#define PRIM_ITEM_H

#include <stdint.h>

void item_submitted(int64_t index);
void item_started(int64_t index);
void item_finished(int64_t index);
void item_delivered(int64_t index);

#endif
