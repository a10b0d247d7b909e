#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The manual says what the program does: every option of a command's help
# stands on its page or in holdfast(1), every command in holdfast(1), and the
# recipe for the hashed value gives the value. REQ RECORD-15. Help fits a
# terminal of 80 columns, and families of commands have a help of their own.
set -eu

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
man=$SRC/man

fail() {
    echo "not ok: $*" >&2
    exit 1
}

# The page of command $1: that of its first word. Small commands are explained
# in holdfast(1) itself.
page_of() {
    case $1 in
    ca-table) echo "$man/holdfast.1.scd" ;;
    *) echo "$man/holdfast-${1%% *}.1.scd" ;;
    esac
}

# $1 is a help text that fits.
fits() {
    awk 'length > 80 { print; bad = 1 } END { exit bad }' "$1" ||
        fail "wider than 80 columns: $1"
}

"$HOLDFAST" --help >"$tmp/help"
fits "$tmp/help"
sed -n 's/^  \([a-z][a-z-]*\( [a-z-]*\)\{0,2\}\)  .*/\1/p' "$tmp/help" \
    >"$tmp/commands"
grep -qx 'account serve-signer' "$tmp/commands" || fail "a command is not seen"
[ "$(wc -l <"$tmp/commands")" -ge 6 ] || fail "the help lists no commands"
while read -r command; do
    grep -q "^\*$command\*" "$man/holdfast.1.scd" ||
        fail "holdfast(1) does not list $command"
    [ -e "$(page_of "$command")" ] || fail "there is no page for $command"
    # shellcheck disable=SC2086 # a command may be of several words
    "$HOLDFAST" $command --help >"$tmp/help"
    fits "$tmp/help"
    sed -n 's/^  \(-., \)\{0,1\}\(--[a-z0-9-]*\).*/\2/p' "$tmp/help" \
        >"$tmp/options"
    while read -r option; do
        grep -q -e "\*$option\*" "$(page_of "$command")" "$man/holdfast.1.scd" ||
            fail "the manual of $command does not explain $option"
    done <"$tmp/options"
done <"$tmp/commands"

# The first words of some commands; and what they do not begin.
status=0
"$HOLDFAST" ca cert >"$tmp/help" || status=$?
[ $status -eq 64 ] || fail "'ca cert' ends with $status"
grep -q '^  ca cert revoke  ' "$tmp/help" || fail "'ca cert' does not say more"
grep -q 'ca audit' "$tmp/help" && fail "'ca cert' says too much"
"$HOLDFAST" account --help | grep -q '^  account create  ' ||
    fail "'account --help' does not say more"
"$HOLDFAST" ca cert eat 2>"$tmp/err" && fail "'ca cert eat' is good"
grep -q "Try 'holdfast ca cert --help'" "$tmp/err" || fail "$(cat "$tmp/err")"

"$HOLDFAST" account show x 2>"$tmp/err" && fail "'account show x' is good"
grep -q ': x: it takes no operands$' "$tmp/err" || fail "$(cat "$tmp/err")"
# shellcheck disable=SC2046 # 101 words
"$HOLDFAST" cert issue $(seq 101) 2>"$tmp/err" && fail '101 names are good'
grep -q ': 101: one operand too many; at most 100$' "$tmp/err" ||
    fail "$(cat "$tmp/err")"

# A word that an option does not take: those that it does.
"$HOLDFAST" ca serve --preset x 2>"$tmp/err" && fail "--preset x is good"
grep -q ': x: --preset takes one of compat, strict, letsencrypt$' "$tmp/err" ||
    fail "$(cat "$tmp/err")"

# The recipe, as a reader would type it.
sed -n '/^\$ printf/,/tr -d =$/{s/^\$ //;s/\\\\/\\/g;p;}' \
    "$man/holdfast-record.7.scd" >"$tmp/recipe"
thumbprint=NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs
export thumbprint
got=$(sh "$tmp/recipe")
want=$("$HOLDFAST" record make --issuer=ca.example --format=value \
    --prefix=https://ca.example/h/ --thumbprint="$thumbprint" \
    --account-url=https://ca.example/acct/123 example.com)
[ "ca.example; accounturi=https://ca.example/h/sha-256/$got" = "$want" ] ||
    fail "the recipe gives '$got', the program '$want'"
echo "ok: the manual"
