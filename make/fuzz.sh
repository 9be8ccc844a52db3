#!/bin/bash
# Runs fuzzers, each for a while, and prints a table. Usage: make/fuzz.sh BUILD SECONDS [NAME ...]
# Ends with 1 when something was found; what it was is in tests/fuzz/found/NAME.
set -u
build=$1 seconds=$2
shift 2
all=$(ls tests/fuzz/*_fuzz.c | sed 's|.*/||; s|_fuzz.c$||')
bad=0

# The number behind a word, as it was said last.
said() { # log, word
    grep -ao "$2:* *[0-9][0-9]*" "$1" | tail -n 1 | grep -o '[0-9]*$'
}

row() { # name, executions, processor seconds, edges, all of them, files, findings
    printf '%-12s %12s %12s %7s %7s %7s %9s\n' "$@"
}

TIMEFORMAT='%U %S' # of `time`: processor seconds in the program, and in the kernel for it

sum() { # seconds as `time` says them
    awk '{ printf "%.0f", $1 + $2 }' <<<"$1"
}

run_c() { # name
    local name=$1 log=$build/fuzz/$1.log own=$build/corpus/$1 found=tests/fuzz/found/$1
    local dictionary= took
    mkdir -p "$own" "$found"
    [ -f "tests/fuzz/$name.dict" ] && dictionary=-dict=tests/fuzz/$name.dict
    took=$({ time "$build/fuzz/$name" -fork=0 -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=20 \
        -max_len=8192 -print_final_stats=1 -artifact_prefix="$found/" $dictionary \
        "$own" "tests/fuzz/corpus/$name" >"$log" 2>&1; } 2>&1) || { bad=1 && tail -n 40 "$log" >&2; }
    row "$name" "$(said "$log" stat::number_of_executed_units)" "$(sum "$took")" "$(said "$log" cov)" \
        "$(grep -ao '[0-9]* inline 8-bit' "$log" | head -n 1 | cut -d' ' -f1)" \
        "$(ls "$own" | wc -l)" "$(ls "$found" | wc -l)"
    rmdir --ignore-fail-on-non-empty "$found"
}

run_pages() {
    local log=$build/fuzz/decode.log found=tests/fuzz/found/trace took
    mkdir -p "$found"
    took=$({ time DECODE=build/tests/decode node tests/fuzz/web/fuzz.mjs build/fuzz/decode.cjs \
        "$seconds" "$found" tests/fuzz/corpus/trace "$build/corpus/trace" >"$log" 2>&1; } 2>&1) ||
        { bad=1 && tail -n 40 "$log" >&2; }
    row decode "$(said "$log" Done)" "$(sum "$took")" - - - "$(ls "$found" | wc -l)"
    rmdir --ignore-fail-on-non-empty "$found"
}

row fuzzer executions "processor s" edges of files findings
for name in ${*:-$all decode}; do
    if [ "$name" = decode ]; then run_pages; else run_c "$name"; fi
done
rmdir --ignore-fail-on-non-empty tests/fuzz/found
exit $bad
