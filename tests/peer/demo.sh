#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The demo tells its story to the end, in plain text where there is
# no terminal; it stops at the first answer that is not as told; and whatever
# ends it, no server and no file of it stays behind.
set -eu

here=$(dirname "$0")
# shellcheck source=tests/peer/await.sh
. "$here/await.sh"
TMPDIR=$(mktemp -d)
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT
trap 'exit 1' INT TERM
log=$TMPDIR/log

for program in knotd kdig knsupdate ldns-signzone unbound jq; do
    PATH=$PATH:/usr/sbin
    command -v "$program" >/dev/null || {
        echo "skipped: $program is missing"
        exit 77
    }
done

fail() {
    echo "not ok: $*" >&2
    tail -n 25 "$log" >&2
    exit 1
}

# Its directories lie below TMPDIR, and its servers name them.
nothing_left() {
    rm -f "$log.old"
    left=$(find "$TMPDIR" -mindepth 1 -maxdepth 1 -name 'tmp.*')
    [ -z "$left" ] || fail "$1: $left stays behind"
    if pgrep -f "$TMPDIR/tmp\\." >/dev/null; then
        fail "$1: $(pgrep -a -f "$TMPDIR/tmp\\.") still runs"
    fi
}

"$SRC/demo/run" "$HOLDFAST" >"$log" 2>&1 ||
    fail "the whole story: status $?"
grep -q '^[0-9]* answers, every one as told, in [0-9]* seconds\.$' "$log" ||
    fail "the whole story has no end"
if grep -q "$(printf '\033')" "$log"; then
    fail "escape sequences without a terminal"
fi
nothing_left "the whole story"

# A program that says yes to everything, and says nothing.
printf '#!/bin/sh\nexit 0\n' >"$TMPDIR/liar"
chmod +x "$TMPDIR/liar"
status=0
"$SRC/demo/run" "$TMPDIR/liar" >"$log" 2>&1 || status=$?
[ "$status" -eq 1 ] || fail "a liar: status $status"
grep -q '^Not as told in part 1' "$log" || fail "a liar is not named"
nothing_left "a liar"

# Interrupted in the middle.
: >"$log"
"$SRC/demo/run" "$HOLDFAST" >"$log" 2>&1 &
pid=$!
await grep -q '^1  ' "$log"
kill -TERM $pid
status=0
wait $pid || status=$?
[ "$status" -eq 143 ] || fail "interrupted: status $status"
nothing_left "interrupted"
echo "ok: the demo tells its story"
