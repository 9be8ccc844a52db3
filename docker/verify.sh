#!/bin/bash
# Starts the image as an operator would, uses it, stops it, starts it again, and cleans up.
# Usage: docker/verify.sh [--compose] [IMAGE]      (the image is built before; default: interleave)
# Environment: DOCKER_HOST, DOCKER, COMPOSE ("docker compose"), PUBLISH=ADDRESS:PORT
# Needs bash, curl and jq. Ends with 1 at the first thing that is not as it should be.
set -euo pipefail
cd "$(dirname "$0")"

way=run
[ "${1:-}" = --compose ] && { way=compose; shift; }
image=${1:-interleave}
docker=${DOCKER:-docker}
compose=${COMPOSE:-$docker compose}
publish=${PUBLISH:-127.0.0.1:18080}
name=interleave-verify-$$
base=http://$publish
work=$(mktemp -d)

say() { printf '%s\n' "$*"; }
fail() { say "FAILED: $*" >&2; exit 1; }

run_start() { DOCKER=$docker IMAGE=$image NAME=$name VOLUME=$name PUBLISH=$publish ./run.sh; }
run_remove() { "$docker" rm --force --volumes "$name"; }
run_forget() { "$docker" volume rm "$name"; }

in_compose() { INTERLEAVE_IMAGE=$image INTERLEAVE_PUBLISH=$publish $compose -p "$name" "$@"; }
compose_start() { in_compose up --detach --no-build && in_compose ps -q; }
compose_remove() { in_compose down; }
compose_forget() { in_compose down --volumes; }

clean_up() {
    local code=$?
    [ $code -eq 0 ] || "$docker" logs "${container:-$name}" >&2 || true
    { "${way}_remove" || true; "${way}_forget" || true; } >/dev/null 2>&1
    rm -rf "$work"
}
trap clean_up EXIT

# Sets container; returns once the engine calls it healthy.
start() {
    local since events watcher good=0
    since=$(date +%s)
    container=$("${way}_start" | tail -n 1)
    exec {events}< <(exec timeout 90 "$docker" events --since "$since" --filter "container=$container" \
        --filter event=health_status --filter event=die --format '{{.Status}}')
    watcher=$!
    [ "$(head -n 1 <&"$events")" = "health_status: healthy" ] && good=1
    kill "$watcher" 2>/dev/null || true
    exec {events}<&-
    [ $good = 1 ] || fail "the container did not become healthy"
}

# Prints the exit code: 0 when the server ended by itself in time.
stop() {
    "$docker" stop "$container" >/dev/null
    "$docker" inspect --format '{{.State.ExitCode}}' "$container"
}

get() { curl --fail --silent --show-error --max-time 40 "$base$1"; }
post_run() { # body, seconds to wait for its end
    curl --fail-with-body --silent --show-error --max-time 40 --header 'Content-Type: application/json' \
        --data "$1" "$base/api/v1/runs?wait=$2"
}
holds() { # what, JSON, condition
    jq -e "$3" >/dev/null <<<"$2" || fail "$1: not $3: $2"
}

check_confinement() {
    local inside
    inside=$("$docker" exec "$container" cat /proc/self/status)
    for line in 'Uid:.10001.10001.10001.10001' 'CapEff:.0*' 'CapBnd:.0*' 'NoNewPrivs:.1' 'Seccomp:.2'; do
        grep -q -x "$line" <<<"$inside" || fail "the container's processes are not as $line says"
    done
    ! "$docker" exec --user 0 "$container" touch /opt/interleave/x 2>/dev/null || fail "the root is writable"
    "$docker" inspect --format '{{json .HostConfig}}' "$container" | jq -e '
        (.Memory > 0) and (.MemorySwap == .Memory) and (.PidsLimit > 0) and (.NanoCpus > 0)' >/dev/null ||
        fail "memory, swap, processes or processors are not limited"
    say "ok  no capability, no new privileges, filtered, read-only, limited, user 10001"
}

check_page() {
    local page headers="$work/headers"
    page=$(curl --fail --silent --dump-header "$headers" "$base/")
    grep -qi '^content-type: text/html' "$headers" || fail "/ is no page"
    grep -qi '^content-security-policy:' "$headers" || fail "/ has no Content-Security-Policy"
    local asset assets
    assets=$(grep -o '/assets/[^"]*' <<<"$page") || fail "the page loads nothing"
    for asset in $assets; do
        [ "$(get "$asset" | wc -c)" -gt 0 ] || fail "$asset is empty"
    done
    say "ok  the page and what it loads: $(wc -w <<<"$assets") files"
}

check_scenario() { # id
    local run trace
    run=$(post_run "{\"scenario\":\"$1\"}" 30)
    holds "$1" "$run" '.status == "done" and .ended == "completed" and .isolation.tier == "full"'
    holds "$1" "$run" '.checks | length > 0 and all(.held)'
    trace=$(get "$(jq -r .links.trace <<<"$run")?format=json")
    holds "trace of $1" "$(jq -c '{tasks: (.tasks|length), events: (.events|length)}' <<<"$trace")" \
        ".tasks > 0 and .events == $(jq .metrics.events <<<"$run")"
    say "ok  $1: $(jq -r '"\(.outcome.text), \(.metrics.events) events, tier \(.isolation.tier)"' <<<"$run")"
    jq -r .id <<<"$run" >>"$work/runs"
}

check_scenarios() {
    local id ids
    ids=$(get /api/v1/scenarios | jq -r '.scenarios[].id')
    [ "$(wc -w <<<"$ids")" -ge 5 ] || fail "fewer than five scenarios: $ids"
    for id in $ids; do check_scenario "$id"; done
}

# What a run is, and the bytes of its trace.
remember() {
    local id
    while read -r id; do
        get "/api/v1/runs/$id" | jq -S .
        get "/api/v1/runs/$id/trace" | sha256sum
    done <"$work/runs"
}

# The server is told to end while a run that takes ten seconds is on.
check_stop() {
    local body='{"scenario":"pipe-pipeline-eof","params":{"drop_close":"main-p2-write","limit_ms":10000}}'
    slow=$(post_run "$body" 1)
    holds "the slow run" "$slow" '.status == "running"'
    local code
    code=$(stop)
    [ "$code" = 0 ] || fail "SIGTERM: exit code $code"
    say "ok  SIGTERM in the middle of a run: exit code 0"
}

check_memory_of_runs() {
    remember >"$work/after"
    diff "$work/before" "$work/after" >&2 || fail "runs are not what they were before the restart"
    slow=$(get "$(jq -r .links.self <<<"$slow")")
    holds "the slow run after the restart" "$slow" '.status == "done" and .ended != null'
    say "ok  after a restart: $(wc -l <"$work/runs") runs and traces as before; the cut one: $(jq -r .ended <<<"$slow")"
}

start
say "ok  healthy ($way, $image)"
get /readyz | grep -q "\"tier\":\"full\"" || fail "/readyz does not say tier full"
check_confinement
check_page
check_scenarios
remember >"$work/before"
check_stop
"${way}_remove" >/dev/null 2>&1
start
check_memory_of_runs
code=$(stop)
[ "$code" = 0 ] || fail "SIGTERM with nothing to do: exit code $code"
say "verified"
