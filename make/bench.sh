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
