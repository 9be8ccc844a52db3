#!/bin/bash
# Runs files of tests with node. One in which something failed is run again by itself until it passes,
# TRIES times in all (1); what passed only then is named at the end, and what it said stands above.
# Usage: make/node-test.sh FILES_AT_ONCE FILE ...
set -u
at_once=$1
shift
failed=$(mktemp) && trap 'rm -f "$failed"' EXIT
unsteady=()

run() { # files
    node --test --test-concurrency="$at_once" --test-reporter=spec --test-reporter-destination=stdout \
        --test-reporter=./make/failed-files.mjs --test-reporter-destination="$failed" "$@"
}

run "$@" && exit
[ -s "$failed" ] || exit 1
mapfile -t again <"$failed"
for ((try = 2; try <= ${TRIES:-1}; try++)); do
    for i in "${!again[@]}"; do
        echo "== once more: ${again[i]#"$PWD/"}"
        run "${again[i]}" && unsteady+=("${again[i]}") && unset "again[i]"
    done
done
[ ${#unsteady[@]} = 0 ] || echo "unsteady, passed when run again: ${unsteady[*]#"$PWD/"}"
[ ${#again[@]} = 0 ]
