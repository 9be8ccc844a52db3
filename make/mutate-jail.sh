#!/bin/sh
# Takes one layer of the jail away at a time, in the tier INTERLEAVE_TIER, and looks whether the
# test of the layers misses it. Prints a line for each; fails when one was not missed.
# Usage: make/each-tier.sh RUNNER make/mutate-jail.sh DIRECTORY-OF-TESTS
set -u

tests=$1
unnoticed=0
# With all of them it passes, else what it misses would be no news.
said=$(INTERLEAVE_WITHOUT= "$tests/layers_test" 2>&1) || { echo "$said" >&2; exit 1; }
layers=$("$tests/interleave-runner-hostile" run nothing --isolation "$INTERLEAVE_TIER" --json 2>/dev/null |
    sed 's/.*"layers":\[\([^]]*\)\].*/\1/; s/[",]/ /g')
[ -n "$layers" ] || exit 1
for layer in $layers; do
    if said=$(INTERLEAVE_WITHOUT=$layer "$tests/layers_test" 2>&1); then
        verdict="NOT NOTICED"
        unnoticed=$((unnoticed + 1))
    else
        verdict=$(echo "$said" | sed -n 's/^ERROR: //p' | head -n 1)
    fi
    printf '%-14s %-20s %s\n' "$INTERLEAVE_TIER" "$layer" "$verdict"
done
exit $unnoticed
