#!/bin/sh
# Runs units and scenarios under memcheck, and says which. Usage: make/valgrind.sh BUILD_FOLDER
set -eu
build=$1
watched="valgrind --quiet --error-exitcode=99 --exit-on-first-error=yes"
leaks="--leak-check=full --errors-for-leak-kinds=definite"

for unit in address buf chunk params rate reader report shares token turns; do
    echo "== $unit"
    $watched $leaks "$build/tests/${unit}_test" >/dev/null
done
# What a scenario allocates goes with its process. Only threads and coroutines: this valgrind has no
# pidfd_open(), which tasks that are processes need, and loses track of nested fibers.
while read -r scenario params; do
    echo "== $scenario $params"
    $watched "$build/tests/unsealed" $scenario $params
done <<'END'
race-counter threads=2 n=20
lock-granularity
condition-bounded-buffer
queue-fifo-blocking items=4 consumer_us=0 kind=thread
thread-lifecycle
generator-send rounds=1
cooperative-vs-preemptive burst_ms=1 hog_ms=10
END
