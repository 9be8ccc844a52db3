/* Landlock without a library: a rule set that allows nothing it knows how to refuse. */
#ifndef SANDBOX_LANDLOCK_H
#define SANDBOX_LANDLOCK_H

/* The kernel's version of it, 0 where there is none. */
int landlock_abi(void);

/* Signals are kept inside from this version on. */
#define LANDLOCK_SIGNALS 6

/*
 * Nothing but signals: the caller and its descendants reach nobody else with one. Needs
 * no_new_privs. Returns 0 or -errno.
 */
int landlock_restrict_signals(void);

/*
 * No file, no TCP port, no signal or abstract socket beyond the caller and its children, as far as
 * version `abi` knows them. Needs no_new_privs. Returns 0 or -errno.
 */
int landlock_restrict(int abi);

#endif
