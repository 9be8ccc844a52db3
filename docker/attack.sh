#!/bin/sh
# Attacks the sandbox inside a container as Docker starts one by itself: its own seccomp profile, its
# own capabilities, root and an ordinary user. There the sandbox has its reduced tiers. One capability
# is added, for the tests: root sees with it what a run left behind.
# Usage: docker/attack.sh [option of docker run …]     Environment: DOCKER_HOST, DOCKER, BUILD (options of docker build)
set -eu
cd "$(dirname "$0")/.."
docker=${DOCKER:-docker}
"$docker" build ${BUILD:-} --file docker/Dockerfile --target attack --tag interleave-attack .
exec "$docker" run --rm --init --network none --pids-limit 2048 --cap-add SYS_PTRACE "$@" interleave-attack
