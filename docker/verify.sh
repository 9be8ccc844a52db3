#!/bin/bash
# Starts the image as an operator would, uses it, stops it, starts it again, and cleans up.
# Usage: docker/verify.sh [--compose] [IMAGE]      (the image is built before; default: interleave)
# Environment: DOCKER_HOST, DOCKER, COMPOSE ("docker compose"), PUBLISH=ADDRESS:PORT, APPARMOR, CPUS
# Needs bash, curl, jq and sqlite3. Ends with 1 at the first thing that is not as it should be.
set -euo pipefail
cd "$(dirname "$0")"

way=run
[ "${1:-}" = --compose ] && { way=compose; shift; }
image=${1:-interleave}
docker=${DOCKER:-docker}
compose=${COMPOSE:-$docker compose}
publish=${PUBLISH:-127.0.0.1:18080}
name=interleave-verify-$$
program=/opt/interleave/interleave
data=/var/lib/interleave
work=$(mktemp -d)
unset "${!INTERLEAVE_@}" OPTIONS

say() { printf '%s\n' "$*"; }
fail() { say "FAILED: $*" >&2; exit 1; }

# ---- containers: `run` or `compose` is the server, `other` a second one with a volume of its own ----

run_start() { DOCKER=$docker IMAGE=$image NAME=$name VOLUME=$name PUBLISH=$publish ./run.sh; }
run_remove() { "$docker" rm --force --volumes "$name"; }
run_forget() { "$docker" volume rm "$name"; }

in_compose() {
    INTERLEAVE_IMAGE=$image INTERLEAVE_PUBLISH=$publish INTERLEAVE_APPARMOR=${APPARMOR:-} INTERLEAVE_CPUS=${CPUS:-} \
        $compose -p "$name" "$@"
}
compose_start() { in_compose up --detach --no-build && in_compose ps -q; }
compose_remove() { in_compose down; }
compose_forget() { in_compose down --volumes; }

other_start() { DOCKER=$docker IMAGE=$image NAME=$name-other VOLUME=$name-other PUBLISH=127.0.0.1:0 ./run.sh; }
other_remove() { "$docker" rm --force --volumes "$name-other"; }
other_forget() { "$docker" volume rm "$name-other"; }

clean_up() {
    local code=$? one
    [ $code -eq 0 ] || "$docker" logs --tail 10 "${container:-$name}" >&2 || true
    for one in "$way" other; do
        { "${one}_remove" || true; "${one}_forget" || true; } >/dev/null 2>&1
    done
    rm -rf "$work"
}
trap clean_up EXIT

# Sets container and base; returns once the engine calls it healthy.
start() { # run, compose or other
    local since events watcher good=0
    since=$(date +%s)
    container=$("$1_start" | tail -n 1)
    exec {events}< <(exec timeout 90 "$docker" events --since "$since" --filter "container=$container" \
        --filter event=health_status --filter event=die --format '{{.Status}}')
    watcher=$!
    [ "$(head -n 1 <&"$events")" = "health_status: healthy" ] && good=1
    kill "$watcher" 2>/dev/null || true
    exec {events}<&-
    [ $good = 1 ] || fail "the container did not become healthy"
    base=http://$("$docker" port "$container" 8080/tcp | head -n 1)
    seconds=$(($(date +%s) - since))
    check_confinement
}

stop() {
    local code
    "$docker" stop "$container" >/dev/null
    code=$("$docker" inspect --format '{{.State.ExitCode}}' "$container")
    [ "$code" = 0 ] || fail "SIGTERM: exit code $code"
}

# Ends this container and starts one on the same volume.
start_anew() { # run, compose or other
    stop
    "$1_remove" >/dev/null 2>&1
    start "$1"
}

inside() { "$docker" exec "$container" "$@"; }
pipe_inside() { "$docker" exec --interactive "$container" "$@"; }

check_confinement() {
    local status line
    status=$(inside cat /proc/self/status)
    for line in 'Uid:.10001.10001.10001.10001' 'CapEff:.0*' 'CapBnd:.0*' 'NoNewPrivs:.1' 'Seccomp:.2'; do
        grep -q -x "$line" <<<"$status" || fail "the container's processes are not as $line says"
    done
    ! "$docker" exec --user 0 "$container" touch /opt/interleave/x 2>/dev/null || fail "the root is writable"
    "$docker" inspect --format '{{json .HostConfig}}' "$container" | jq -e '
        (.Memory > 0) and (.MemorySwap == .Memory) and (.PidsLimit > 0) and (.NanoCpus > 0)' >/dev/null ||
        fail "memory, swap, processes or processors are not limited"
    get /readyz | grep -q '"tier":"full"' || fail "/readyz does not say tier full"
}

# What a run may do by its own filter, the container has to allow.
check_profile() {
    local missing
    missing=$(grep -v '^#' ../sandbox/filter.c | grep -oP '\bALLOW(_IF)?\(\K\w+' | sort -u |
        comm -23 - <(jq -r '.syscalls[] | select(.action == "SCMP_ACT_ALLOW").names[]' seccomp.json | sort -u))
    [ -z "$missing" ] || fail "seccomp.json lacks" $missing
}

# ---- requests ----

get() { curl --fail --silent --show-error --max-time 40 "$base$1"; }
post() { # what, body
    curl --fail-with-body --silent --show-error --max-time 40 --header 'Content-Type: application/json' \
        --data "$2" "$base/api/v1/$1"
}
holds() { # what, JSON, condition
    jq -e "$3" >/dev/null <<<"$2" || fail "$1: not $3: $2"
}

check_page() { # path
    local page headers="$work/headers"
    page=$(curl --fail --silent --dump-header "$headers" "$base$1")
    grep -qi '^content-type: text/html' "$headers" || fail "$1 is no page"
    grep -qi '^content-security-policy:' "$headers" || fail "$1 has no Content-Security-Policy"
    local asset assets
    assets=$(grep -o '/assets/[^"]*' <<<"$page") || fail "the page loads nothing"
    for asset in $assets; do
        [ "$(get "$asset" | wc -c)" -gt 0 ] || fail "$asset is empty"
    done
    say "ok  the page $1 and what it loads: $(wc -w <<<"$assets") files"
}

# ---- with the engine's own profile ----

# No sandbox is complete there: the server says why and ends, or, if any will do, says what it has.
check_stock_profile() {
    local ready
    ! "$docker" run --rm --network none --env INTERLEAVE_REQUIRE_ISOLATION=full "$image" >"$work/said" 2>&1 ||
        fail "with the engine's profile it starts although a full sandbox is required"
    grep -q 'full: user-namespace: .*: Operation not permitted' "$work/said" || fail "no clear reason: $(<"$work/said")"
    container=$("$docker" run --detach --name "$name-other" --publish 127.0.0.1:0:8080 "$image")
    base=http://$("$docker" port "$container" 8080/tcp | head -n 1)
    ready=$(curl --fail --silent --retry 30 --retry-delay 1 --retry-all-errors "$base/readyz") || fail "it does not start"
    holds /readyz "$ready" '.isolation.tier == "reduced" and (.isolation.layers | index("run-domain")) and
        (.not_full_because | startswith("full: user-namespace: "))'
    stop
    other_remove >/dev/null
    say "ok  the engine's own profile: refused where full is required, else reduced, as /readyz says"
}

# ---- runs and experiments ----

# A run that was made here: it is done, confined, and not what must not happen. Its id goes to work/runs.
check_run() { # JSON
    local what trace
    what=$(jq -r .scenario <<<"$1")
    holds "$what" "$1" '.status == "done" and .isolation.tier == "full" and (.checks | all(.held))'
    holds "$what" "$1" '.outcome.class | IN("acceptable", "interesting")'
    trace=$(get "$(jq -r .links.trace <<<"$1")?format=json")
    holds "trace of $what" "$(jq -c '{tasks: (.tasks|length), events: (.events|length)}' <<<"$trace")" \
        ".tasks > 0 and .events == $(jq .metrics.events <<<"$1")"
    jq -r .id <<<"$1" >>"$work/runs"
}

check_scenarios() {
    local id ids run
    ids=$(get /api/v1/scenarios | jq -r '.scenarios[].id')
    [ "$(wc -w <<<"$ids")" -ge 5 ] || fail "fewer than five scenarios: $ids"
    for id in $ids; do
        run=$(post "runs?wait=30" "{\"scenario\":\"$id\"}")
        check_run "$run"
        say "ok  $id: $(jq -r '"\(.outcome.text), \(.metrics.events) events"' <<<"$run")"
    done
}

check_experiment() {
    local found
    found=$(post "experiments?wait=30" \
        '{"kind":"explore","scenario":"race-counter","params":{"threads":2,"n":2},"max_preemptions":2}')
    holds "exploring" "$found" '.status == "done" and .complete and (.outcomes | length > 1)'
    say "ok  every order of race-counter: $(jq -r '[.outcomes[].text] | join(", ")' <<<"$found")"
}

# ---- a workshop ----

join() { # workshop, step, name
    post "runs?wait=30" "$(jq -n --arg id "$1" --argjson step "$2" --arg name "$3" '{workshop: $ARGS.named}')"
}

# Sets workshop.
check_workshop() {
    local board lines
    workshop=$(post workshops '{"title":"星期一 Monday","steps":[
        {"scenario":"race-counter","schedule":{"mode":"random"}},{"scenario":"generator-send"}]}' | jq -r .id)
    for seat in '0 Ann' '1 Ann' '0 李雷'; do
        check_run "$(join "$workshop" "${seat%% *}" "${seat#* }")"
    done
    board=$(get "/api/v1/workshops/$workshop/board")
    holds "the board" "$board" '[.participants[] | "\(.name) \(.step)"] | sort == ["Ann 1", "李雷 0"]'
    holds "the board" "$board" '[.steps[] | .done] == [2, 1] and all(.steps[].outcomes[]; .class != "forbidden")'
    lines=$(get "/api/v1/workshops/$workshop/board?format=csv" | tr -d '\r')
    [ "$(head -n 1 <<<"$lines")" = step,name,at,ended,outcome,class,run ] || fail "the head of the CSV: $lines"
    [ "$(grep -c -E '^[12],"(Ann|李雷)",.*,"[0-9A-Za-z]{22}"$' <<<"$lines")" = 3 ] || fail "not three runs: $lines"
    check_page "/w/$workshop"
    say "ok  a workshop, its board and its CSV: $(jq -c '[.participants[].name]' <<<"$board")"
}

# ---- pictures ----

# Leaves work/NAME.LANGUAGE.png of the first run.
draw() { # name
    local language head id
    id=$(head -n 1 "$work/runs")
    for language in en zh-CN; do
        get "/r/$id/picture.png?lang=$language" >"$work/$1.$language.png"
        head=$(head -c 24 "$work/$1.$language.png" | od -An -v -tx1 | tr -d ' \n')
        # The signature of PNG, and of its head the length, the name, 1200 and 630.
        [ "$head" = 89504e470d0a1a0a0000000d49484452000004b000000276 ] || fail "no PNG of 1200 x 630: $head"
    done
}
same() { cmp --silent "$work/$1.png" "$work/$2.png"; }

# Everything the server can write about a scenario, in both languages, is in fonts of the image.
check_fonts() {
    local chinese others missing
    get /api/v1/scenarios | jq '[.. | strings] | add | explode | unique | map(select(. > 32))' >"$work/letters"
    chinese=$(printf '%x ' $(jq '.[] | select(. >= 19968 and . <= 40959)' "$work/letters"))
    others=$(printf '%x ' $(jq '.[] | select(. < 19968 or . > 40959)' "$work/letters"))
    [ "$(wc -w <<<"$chinese")" -gt 500 ] || fail "hardly any Chinese: $chinese"
    [ -n "$(inside fc-list ":charset=$chinese")" ] || fail "no font has all the Chinese characters"
    missing=$(inside sh -c 'for c; do [ -n "$(fc-list ":charset=$c")" ] || echo "$c"; done' sh $others)
    [ -z "$missing" ] || fail "no font has" $missing
    say "ok  fonts: $(wc -w <<<"$chinese") Chinese characters in one, $(wc -w <<<"$others") others in all"
}

# A configuration in which the fonts that are so are not there.
without_fonts() { # name and value of a property
    printf '<fontconfig><include>/etc/fonts/fonts.conf</include><selectfont><rejectfont><pattern>%s</pattern>%s' \
        "<patelt name=$1</patelt>" '</rejectfont></selectfont></fontconfig>'
}

# A picture is what it was on the first server until a font goes that it was drawn with: so its letters are
# letters and not the boxes that stand for those no font has, and Chinese ones are in the Chinese picture only.
check_letters() {
    draw whole
    same whole.en first.en && same whole.zh-CN first.zh-CN || fail "pictures are not what they were on the first server"
    ! same whole.en whole.zh-CN || fail "the picture is the same in both languages"
    without_fonts '"charset"><charset><int>0x4e00</int></charset>' | pipe_inside sh -c "cat >$data/latin.conf"
    without_fonts '"family"><string>Inter</string>' | pipe_inside sh -c "cat >$data/plain.conf"
    OPTIONS="--env FONTCONFIG_FILE=$data/latin.conf" start_anew other
    draw latin
    OPTIONS="--env FONTCONFIG_FILE=$data/plain.conf" start_anew other
    draw plain
    ! same whole.zh-CN latin.zh-CN || fail "the Chinese picture is the same without a Chinese font"
    same whole.en latin.en || fail "the English picture is another one without the Chinese font"
    ! same whole.en plain.en || fail "the English picture is the same without Inter"
    say "ok  pictures: the Chinese one needs the Chinese font, the English one does not; both are PNG"
}

# ---- what stays ----

# Of each run a line: what it is but for whether it is kept, and the bytes of its trace.
remember() { # list of ids
    local id
    while read -r id; do
        get "/api/v1/runs/$id" | jq -S -j 'del(.kept) | tojson'
        get "/api/v1/runs/$id/trace" | sha256sum
    done <"$1"
}

# The server is told to end while a run that takes ten seconds is on.
check_stop() {
    local body='{"scenario":"queue-consumer-shutdown","params":{"items":1000,"period_ms":1000,"limit_ms":10000}}'
    slow=$(post "runs?wait=1" "$body")
    holds "the slow run" "$slow" '.status == "running"'
    start_anew "$way"
    say "ok  SIGTERM in the middle of a run: exit code 0"
}

check_memory_of_runs() {
    remember "$work/runs" >"$work/after"
    diff "$work/before" "$work/after" >&2 || fail "runs are not what they were before the restart"
    slow=$(get "$(jq -r .links.self <<<"$slow")")
    holds "the slow run after the restart" "$slow" '.status == "done" and .ended == "cancelled"'
    say "ok  after a restart: $(wc -l <"$work/runs") runs and traces as before; the cut one: $(jq -r .ended <<<"$slow")"
}

# Every setting that run.sh and compose.yaml hand on arrives.
choose_settings() {
    export INTERLEAVE_WORKERS=3 INTERLEAVE_EXPERIMENT_WORKERS=2 INTERLEAVE_QUEUE=4095 INTERLEAVE_CLIENT_QUEUE=63
    export INTERLEAVE_CLIENT_LIMIT=601/31 INTERLEAVE_ADDRESS_LIMIT=6001/32 INTERLEAVE_READ_LIMIT=60001/33
    export INTERLEAVE_RETENTION=86401 INTERLEAVE_WORKSHOP_RETENTION=86402 INTERLEAVE_DISK_LIMIT=3G
    export INTERLEAVE_TRUSTED_PROXY=0.0.0.0/0,::/0 INTERLEAVE_CORS_ORIGINS=https://school.example
    export INTERLEAVE_ADMIN_TOKEN=verify-verify-verify INTERLEAVE_LOG_LEVEL=debug INTERLEAVE_LOG_FORMAT=json
}
check_settings() {
    local id
    holds "limits" "$(get /api/v1/limits)" '
        [.workers, .experiment_workers, .queue, .queue_of_one] == [3, 2, 4095, 63] and
        [.client_posts, .client_posts_seconds] == [601, 31] and [.address_posts, .address_posts_seconds] == [6001, 32] and
        [.address_reads, .address_reads_seconds] == [60001, 33] and
        [.retention_seconds, .workshop_retention_seconds, .disk_bytes] == [86401, 86402, 3221225472]'
    curl --fail --silent --header 'X-Forwarded-Proto: https' --header 'X-Forwarded-Host: play.example' \
        "$base/s/race-counter" | grep -q 'content="https://play.example/s/race-counter' || fail "the proxy is not believed"
    curl --fail --silent --output /dev/null --dump-header - --header 'Origin: https://school.example' \
        "$base/api/v1/limits" | grep -qi '^access-control-allow-origin: https://school.example' || fail "no CORS"
    id=$(post "runs?wait=30" '{"scenario":"generator-send"}' | jq -r .id)
    curl --fail --silent --request DELETE --header 'Authorization: Bearer verify-verify-verify' \
        "$base/api/v1/runs/$id" || fail "the administrator may not delete a run"
    "$docker" logs "$container" 2>&1 | grep '^{' | tail -n 1 | jq -e .level >/dev/null || fail "the log is not JSON"
    say "ok  settings: limits, rates, retention, proxy, CORS, administrator, log"
}

# ---- other volumes ----

# From the first server, while it runs, into a second one.
check_transfer() {
    draw first
    get "/api/v1/workshops/$workshop/board" | jq -S 'del(.version)' >"$work/board"
    inside $program export --output - >"$work/all.ilv" 2>"$work/said" || fail "export: $(<"$work/said")"
    stop
    start other
    pipe_inside $program import - <"$work/all.ilv" >"$work/keys" 2>"$work/said" || fail "import: $(<"$work/said")"
    grep -q "$workshop" "$work/keys" || fail "the import tells no instructor's key: $(<"$work/keys")"
    remember "$work/runs" >"$work/after"
    diff "$work/before" "$work/after" >&2 || fail "runs are not what they were on the first server"
    get "/api/v1/workshops/$workshop/board" | jq -S 'del(.version)' | diff "$work/board" - >&2 ||
        fail "the board is not what it was on the first server"
    say "ok  export and import into another volume: $(wc -l <"$work/runs") runs, $(wc -c <"$work/all.ilv") bytes"
}

# What nobody keeps goes; what was imported is kept.
check_retention() {
    local id
    INTERLEAVE_RETENTION=1 start_anew other
    id=$(post "runs?wait=30" '{"scenario":"generator-send"}' | jq -r .id)
    for _ in $(seq 60); do
        curl --fail --silent --output /dev/null "$base/api/v1/runs/$id" || break
        sleep 0.5
    done
    [ "$(curl --silent --output /dev/null --write-out '%{http_code}' "$base/api/v1/runs/$id")" = 404 ] ||
        fail "a run that nobody keeps stays"
    remember "$work/runs" | diff "$work/before" - >&2 || fail "runs that are kept went, or are others"
    say "ok  a run that nobody keeps goes after its time, those that are kept stay"
}

# The second server's runs as the first version of the program would have stored them.
make_old_database() {
    "$docker" cp "$container:$data/interleave.db" - | tar -xO >"$work/now.db"
    sqlite3 "$work/old.db" <../server/store/schema.sql
    sqlite3 "$work/old.db" "
        ATTACH '$work/now.db' AS now;
        INSERT INTO runs SELECT id, pub, session, scenario, job, params, done, ended, created_ms, started_ms,
            finished_ms, output_bytes, result FROM now.runs
            WHERE json_extract(schedule, '\$.mode') = 'free' AND id NOT IN (SELECT run_id FROM now.workshop_runs);
        INSERT INTO run_output SELECT * FROM now.run_output WHERE run_id IN (SELECT id FROM runs);
        INSERT INTO run_trace SELECT * FROM now.run_trace WHERE run_id IN (SELECT id FROM runs);
        PRAGMA user_version = 1;"
    sqlite3 "$work/old.db" 'SELECT pub FROM runs ORDER BY id' | grep -F -x -f "$work/runs" >"$work/old" ||
        fail "no run for an old database"
}

check_upgrade() {
    stop
    make_old_database
    other_remove >/dev/null 2>&1
    "$docker" run --rm --interactive --network none --volume "$name-other:$data" --entrypoint sh "$image" -c \
        "rm -f $data/*; umask 077; cat >$data/interleave.db" <"$work/old.db"
    start other
    remember "$work/old" | diff <(grep -F -f "$work/old" "$work/before") - >&2 || fail "runs of the old database are others now"
    check_workshop
    say "ok  a database of the first version is brought up to date: $(wc -l <"$work/old") runs as they were"
}

check_profile
check_stock_profile
start "$way"
say "ok  healthy after $seconds s ($way, $image)"
say "ok  no capability, no new privileges, filtered, read-only, limited, user 10001, tier full"
check_page /
check_scenarios
check_experiment
check_workshop
check_fonts
remember "$work/runs" >"$work/before"
choose_settings
check_stop
check_memory_of_runs
check_settings
unset "${!INTERLEAVE_@}"
check_transfer
check_letters
check_retention
check_upgrade
stop
say "verified"
