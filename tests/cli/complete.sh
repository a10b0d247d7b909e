#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What the completion scripts offer. Bash is asked as readline would ask it;
# zsh and fish, where they are installed, at least read theirs.
set -eu

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

fail() {
    echo "not ok: $*" >&2
    exit 1
}

for shell in bash zsh fish; do
    "$HOLDFAST" completion "$shell" >"$tmp/$shell"
done
"$HOLDFAST" completion >"$tmp/out" 2>"$tmp/err" && fail "no shell named: good"
grep -q 'bash, zsh or fish' "$tmp/err" || fail "no shell named: $(cat "$tmp/err")"

# offers WANTED WORD...: with the cursor behind the last of the words. The
# lists are compared after sorting.
offers() {
    wanted=$1
    shift
    got=$(bash -c '
        . "$1"
        shift
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        compopt() { :; }
        _holdfast
        printf "%s\n" "${COMPREPLY[@]}" | sort | tr "\n" " "
    ' bash "$tmp/bash" "$@")
    [ "$got" = "$wanted" ] || fail "$* offers '$got', not '$wanted'"
}

cd "$SRC"
offers "record " holdfast rec
offers "completion " holdfast com
offers "bash fish zsh " holdfast completion ""
offers "diff explain lint list make parse publish unpublish " holdfast record ""
offers "make " holdfast record m
offers "head show verify " holdfast ca audit ""
offers "verify " holdfast ca audit v
offers "--entry= " holdfast ca audit verify --en
offers "--account-url= " holdfast record make --account-u
offers "--wildcard " holdfast record make --wil
# The words after '=' come as readline cuts them.
offers "octodns " holdfast record make --format = oct
offers "csv dnscontrol json nsupdate octodns terraform text value zone " \
    holdfast record make --format =
offers "always auto never " holdfast record lint --color ""
offers "LICENSE " holdfast record parse --file = LICEN
offers "LICENSE " holdfast record diff LICEN
offers "--json " holdfast ca-table --js

# Every option of the help is offered, with '=' when it takes a value.
for command in "record make" "record lint" "record explain" ca-table \
    "ca audit show"; do
    # shellcheck disable=SC2086 # a command may be two words
    "$HOLDFAST" $command --help |
        sed -n 's/^  \(-., \)\{0,1\}\(--[a-z-]*=\{0,1\}\).*/\2/p' |
        sort | tr '\n' ' ' >"$tmp/options"
    # shellcheck disable=SC2086
    offers "$(cat "$tmp/options")" holdfast $command --
done

if command -v zsh >/dev/null; then
    zsh -n "$tmp/zsh" || fail "zsh cannot read its script"
fi
if command -v fish >/dev/null; then
    fish -n "$tmp/fish" || fail "fish cannot read its script"
fi
echo "ok: completion"
