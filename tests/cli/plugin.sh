#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The parts of the program that are files of their own (src/os/plugin.h): they
# are found beside it, also by a copy; but not when somebody else may have put
# them there.
set -eu

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM
failed=0

cp "$HOLDFAST" "$tmp/holdfast"
chmod 755 "$tmp/holdfast"

# expect WHAT PATTERN: of libunbound, which one of them is linked to.
expect() {
    line=$("$tmp/holdfast" --version | grep '^libunbound')
    if echo "$line" | grep -q "$2"; then
        echo "ok - $1"
    else
        echo "not ok - $1: $line"
        failed=1
    fi
    rm -f "$tmp/holdfast-resolver"
}

put() {
    cp "$BUILD/holdfast-resolver" "$tmp/holdfast-resolver"
    chmod "$1" "$tmp/holdfast-resolver"
}

expect 'nothing there' missing
"$tmp/holdfast" check a.example --state-dir "$tmp" >"$tmp/out" 2>&1 || true
if grep -q 'part of holdfast is missing.*install it again' "$tmp/out"; then
    echo 'ok - and that is said'
else
    echo "not ok - what is said: $(cat "$tmp/out")"
    failed=1
fi
put 755
expect 'beside the program' 'libunbound [0-9]'
put 757
expect 'anybody may write it' missing
put 775
expect 'more people may write it than the program' missing
chmod 775 "$tmp/holdfast"
put 775
expect 'the same people may write both' 'libunbound [0-9]'
ln -s "$BUILD/holdfast-resolver" "$tmp/holdfast-resolver"
expect 'a link' missing
if [ "$(id -u)" = 0 ]; then
    chown nobody "$tmp/holdfast"
    put 755
    expect 'of root, beside the program of another' 'libunbound [0-9]'
    put 755
    chown daemon "$tmp/holdfast-resolver"
    expect 'of somebody else' missing
fi
exit $failed
