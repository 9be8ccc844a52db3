#!/bin/sh
# Prints the figures of `make bench`. Usage: make/bench.sh BUILD_FOLDER
# Peers that are not installed are left out and named.
set -eu
build=$1

echo "== launching: an isolated run against posix_spawn and bwrap (p50)"
"$build/bench/launch_bench"
echo
echo "== tracing: cost of an event, slowdown of a lock/unlock loop (medians)"
"$build/bench/trace_bench"
echo
echo "== primitives: against CPython, and against bare pthreads, pipes and switches (medians)"
INTERLEAVE_BUILD=$build node tests/bench/prim_bench.mjs
echo
echo "== serving: a run over HTTP, a JSON answer against nginx"
INTERLEAVE_BUILD=$build node tests/bench/http_bench.mjs
echo
echo "== schedules: controlled executions against bare switches, searches naive and reduced"
"$build/bench/sched_bench"
echo
echo "== witnesses: how soon exploring meets what is not acceptable, and how soon free runs do"
INTERLEAVE_BUILD=$build node tests/bench/witness_bench.mjs
echo
echo "== fairness: a single run beside somebody's experiment, against the run alone"
INTERLEAVE_BUILD=$build node tests/bench/fairness_bench.mjs
echo
echo "== a class: 60 participants beside a batch, 200 browsers on a board"
INTERLEAVE_BUILD=$build node tests/bench/class_bench.mjs
