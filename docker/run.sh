#!/bin/sh
# Starts the container, with no right it can do without. Why each flag: README.md beside this file.
# Usage: docker/run.sh [option of interleave serve …]
# Environment: IMAGE, NAME, VOLUME, PUBLISH=ADDRESS:PORT, APPARMOR, CPUS, DOCKER
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
    --pids-limit 256 \
    --memory 512m --memory-swap 512m \
    --cpus "${CPUS:-1.5}" \
    --ulimit nofile=8192:8192 \
    --log-opt max-size=10m --log-opt max-file=3 \
    --stop-timeout 30 \
    --restart unless-stopped \
    --env INTERLEAVE_WORKERS=2 \
    --env INTERLEAVE_ADMIN_TOKEN \
    "${IMAGE:-interleave}" serve "$@"
