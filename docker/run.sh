#!/bin/sh
# Starts the container, with no right it can do without. Why each flag: README.md beside this file.
# Usage: docker/run.sh [option of interleave serve …]
# Environment: IMAGE, NAME, VOLUME, PUBLISH=ADDRESS:PORT, APPARMOR, CPUS, MEMORY, PIDS, DOCKER, the
# server's settings below, and OPTIONS: what else `docker run` shall get, such as "--network front".
set -eu
here=$(cd "$(dirname "$0")" && pwd)

exec "${DOCKER:-docker}" run --detach \
    --name "${NAME:-interleave}" \
    --publish "${PUBLISH:-127.0.0.1:8080}:8080" \
    --volume "${VOLUME:-interleave-data}:/var/lib/interleave" \
    --read-only \
    --tmpfs /tmp:rw,nosuid,nodev,noexec,size=64m \
    --cap-drop ALL \
    --security-opt no-new-privileges \
    --security-opt "seccomp=$here/seccomp.json" \
    --security-opt "apparmor=${APPARMOR:-unconfined}" \
    --pids-limit "${PIDS:-384}" \
    --memory "${MEMORY:-512m}" --memory-swap "${MEMORY:-512m}" \
    --cpus "${CPUS:-1.5}" \
    --ulimit nofile=8192:8192 \
    --log-opt max-size=10m --log-opt max-file=3 \
    --stop-timeout 30 \
    --restart unless-stopped \
    --env "INTERLEAVE_WORKERS=${INTERLEAVE_WORKERS:-2}" \
    --env "INTERLEAVE_EXPERIMENT_WORKERS=${INTERLEAVE_EXPERIMENT_WORKERS:-1}" \
    --env "INTERLEAVE_REQUIRE_ISOLATION=${INTERLEAVE_REQUIRE_ISOLATION:-full}" \
    --env INTERLEAVE_QUEUE \
    --env INTERLEAVE_CLIENT_QUEUE \
    --env INTERLEAVE_CLIENT_LIMIT \
    --env INTERLEAVE_ADDRESS_LIMIT \
    --env INTERLEAVE_READ_LIMIT \
    --env INTERLEAVE_RETENTION \
    --env INTERLEAVE_WORKSHOP_RETENTION \
    --env INTERLEAVE_DISK_LIMIT \
    --env INTERLEAVE_TRUSTED_PROXY \
    --env INTERLEAVE_CORS_ORIGINS \
    --env INTERLEAVE_ADMIN_TOKEN \
    --env INTERLEAVE_LOG_LEVEL \
    --env INTERLEAVE_LOG_FORMAT \
    ${OPTIONS:-} \
    "${IMAGE:-interleave}" serve "$@"
