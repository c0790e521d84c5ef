#!/bin/sh
# Runs a command that takes a while: says what is done and about how long, and every 15 s that it goes on.
# What the command prints is shown only if it fails. Usage: step.sh WHAT HOW_LONG COMMAND...
set -u
what=$1 how_long=$2
shift 2
every=${STEP_SECONDS:-15}

log=$(mktemp)
beat=
trap 'rm -f "$log"; [ -z "$beat" ] || kill "$beat" 2>/dev/null' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

echo "$what; this takes $how_long ..."
(
    waited=0
    # The sleep holds none of our files: it may outlive us by a moment.
    while sleep "$every" </dev/null >/dev/null 2>&1; do
        waited=$((waited + every))
        echo "  still at it after $waited seconds ..."
    done
) &
beat=$!
"$@" >"$log" 2>&1
code=$?
[ "$code" -eq 0 ] || cat "$log" >&2
exit "$code"
