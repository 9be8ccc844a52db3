#!/bin/bash
# Runs files of tests with node. One in which something failed is run again by itself until it passes,
# TRIES times in all (1); what passed only then is named at the end, and what it said stands above. What
# a sanitizer has a word to say of is not run again. What hangs is ended after half an hour.
# Usage: make/node-test.sh FILES_AT_ONCE FILE ...
set -u -o pipefail
at_once=$1
shift
at=$(mktemp -d) && trap 'rm -rf "$at"' EXIT
unsteady=()

# Not through a pipe to tee: what it writes to may be non-blocking, since a node had it before.
run() { # files
    timeout --foreground --kill-after=10 1800 node --test --test-concurrency="$at_once" \
        --test-reporter=spec --test-reporter-destination=stdout \
        --test-reporter=./make/failed-files.mjs --test-reporter-destination="$at/failed" "$@"
}

run "$@" && exit
[ -s "$at/failed" ] || exit 1
grep -qx '!' "$at/failed" && exit 1
mapfile -t again <"$at/failed"
for ((try = 2; try <= ${TRIES:-1}; try++)); do
    for i in "${!again[@]}"; do
        echo "== once more: ${again[i]#"$PWD/"}"
        run "${again[i]}" && unsteady+=("${again[i]}") && unset "again[i]"
    done
done
[ ${#unsteady[@]} = 0 ] || echo "unsteady, passed when run again: ${unsteady[*]#"$PWD/"}"
[ ${#again[@]} = 0 ]
