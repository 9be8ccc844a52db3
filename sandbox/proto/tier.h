/*
 * How strong the sandbox is. A tier is what the machine lets the spawner set up:
 *
 *   full           namespaces of the run's own; the end of its init is the end of all its processes
 *   reduced, root  no namespaces: an empty root by chroot, a user of its own for each run
 *   reduced, user  nor those: only where Landlock keeps a run's signals inside, and never for root
 *
 * In a reduced tier the run's init is ended by a signal it can catch, and ends the others itself.
 */
#ifndef PROTO_TIER_H
#define PROTO_TIER_H

#include <stdbool.h>

enum tier { TIER_FULL, TIER_REDUCED_ROOT, TIER_REDUCED_USER, TIER_COUNT };

/* "full" or "reduced", as the API tells it. */
const char *tier_text(enum tier tier);

/* "full", "reduced-root" or "reduced-user"; tier_parse() returns TIER_COUNT for anything else. */
const char *tier_name(enum tier tier);
enum tier tier_parse(const char *name);

/* Sets of tiers, as bits. */
#define TIER_BIT(tier) (1u << (tier))
#define TIERS_ALL      (TIER_BIT(TIER_COUNT) - 1)

/* "auto", "full", "reduced" or a tier's name; 0 for anything else. */
unsigned tiers_parse(const char *text);
#define TIERS_CHOICES "auto, full, reduced, reduced-root or reduced-user"

/* The signal on which the init of a run ends all of it. */
int tier_end_signal(enum tier tier);

/* Whether the kernel counts the processes of each run by itself. */
bool tier_counts_tasks(enum tier tier);

#endif
