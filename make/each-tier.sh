#!/bin/sh
# Runs a command in every tier of the sandbox that this machine can have, with the tier in
# INTERLEAVE_TIER; as root once more as an ordinary user, for whom there is no tier of root's.
# Usage: make/each-tier.sh RUNNER COMMAND [ARGUMENT …]
# RUNNER is the tests' own: a tier is there if "nothing" runs in it. One that is not there although
# the machine has what it takes is a failure. What is run kills all it can reach: it is in a process
# namespace of its own, where that can be had.
set -u

runner=$1
shift
command=$*
tried=0

contained="unshare --pid --fork --mount-proc --kill-child"
$contained true 2>/dev/null || contained="unshare --user --map-current-user ${contained#unshare }"
$contained true 2>/dev/null || contained=env

# Whether it is the machine that lacks something, by other programs than the runner where there are.
machine_lacks() { # tier, what the runner said, then what it takes to run a command as that
    said=$2
    case $1 in
    full)
        shift 2
        ! $contained "$@" unshare --user --map-root-user --mount --net --ipc --uts --cgroup --pid --fork \
            mount -t tmpfs none /tmp 2>/dev/null
        ;;
    *) case $said in *": needs "*) true ;; *) false ;; esac ;;
    esac
}

each() { # who, then what it takes to run a command as that
    who=$1
    shift
    for tier in full reduced-root reduced-user; do
        why=$($contained "$@" "$runner" run nothing --isolation $tier 2>&1 >/dev/null)
        if [ $? -eq 3 ]; then
            echo "== as $who, $tier: $why"
            machine_lacks $tier "$why" "$@" && continue
            echo "the machine has what it takes" >&2
            exit 1
        fi
        echo "== as $who, $tier: $command"
        INTERLEAVE_TIER=$tier $contained "$@" $command || exit 1
        tried=$((tried + 1))
    done
}

ordinary="setpriv --reuid 65533 --regid 65533 --clear-groups"
each "$(id -un)" env
if [ "$(id -u)" -eq 0 ]; then
    if $ordinary test -x "$runner"; then
        each "an ordinary user" $ordinary
    else
        echo "== an ordinary user cannot reach $runner"
    fi
fi
[ $tried -gt 0 ]
