#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# `holdfast check` against the small Internet of tree.sh: verdicts and exit
# statuses, findings, other times, the subject's account, and what happens
# when DNS does not answer, a signal comes, or the command line is wrong.
set -eu

here=$(dirname "$0")
# shellcheck source=tests/peer/verdict.sh
. "$here/verdict.sh"

sh "$here/tree.sh" start "$tmp/tree"
# shellcheck disable=SC1091 # made by tree.sh
. "$tmp/tree/env"

CA='--issuer ca.example --account-url https://ca.example/acct/123'
KEY=NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs

run() {
    status=0
    # shellcheck disable=SC2086 # options are words
    "$HOLDFAST" check "$@" $TREE_OPTIONS >"$tmp/out" 2>"$tmp/err" || status=$?
}

# expect WHAT STATUS FILTER ARGUMENTS: the filter says true of the JSON.
expect() {
    what=$1
    want=$2
    filter=$3
    shift 3
    run --json "$@"
    if [ "$status" = "$want" ] && [ -s "$tmp/out" ] &&
        jq -e "$filter" "$tmp/out" >/dev/null; then
        ok "$what"
    else
        echo "status $status, wanted $want; $filter" >>"$tmp/err"
        not_ok "$what"
    fi
}

# says WHAT STATUS PATTERN ARGUMENTS: the text or the error has the pattern.
says() {
    what=$1
    want=$2
    pattern=$3
    shift 3
    run "$@"
    if [ "$status" = "$want" ] && cat "$tmp/out" "$tmp/err" | grep -q -- "$pattern"; then
        ok "$what"
    else
        echo "status $status, wanted $want; $pattern" >>"$tmp/err"
        not_ok "$what"
    fi
}

finding() { # of name $2 the word $1, or with `no` in front, not
    word=${1#no }
    has="(.findings | map(.word) | contains([\"$word\"]))"
    [ "$word" = "$1" ] || has="($has | not)"
    run --json "$2"
    if [ -s "$tmp/out" ] && jq -e "$has" "$tmp/out" >/dev/null; then
        ok "$3: $2: $1"
    else
        not_ok "$3: $2: $1"
    fi
}

# ---- verdicts ----
v() { printf '.verdict.reason == "%s"' "$1"; }

expect 'REQ VAL-01: would validate' 0 "$(v ok)" good.example
expect 'REQ SCOPE-04: no wildcard without policy' 2 "$(v policy-required)" '*.www.good.example'
expect 'REQ SCOPE-03: wildcard' 0 "$(v ok) and .wildcard" '*.good.example'
expect 'REQ SCOPE-06: a parent serves' 0 "$(v ok) and .verdict.adn == \"good.example\" and (.looked_at | length) == 2" \
    '*.www.good.example' --ancestors
expect 'REQ SCOPE-06: not without being told' 2 "$(v no-record) and (.looked_at | length) == 1" x.good.example
expect 'REQ ERR-04: no record' 2 "$(v no-record) and .verdict.outcome == \"unauthorized\"" none.good.example
expect 'REQ VAL-30: bogus is not used' 1 "$(v dnssec-bogus) and .verdict.outcome == \"dns\" and .looked_at[0].records == []" bogus.example
expect 'REQ ERR-01: syntax, with the octet' 2 '.looked_at[0].records[0] | .reason == "syntax" and .at == 59 and (.law | test("RFC 8659"))' broken.good.example
expect 'REQ REUSE-08: expired' 2 "$(v expired)" expired.good.example
expect 'expired, but not then' 0 "$(v ok)" expired.good.example --now 1500000000
expect 'before 1970' 0 "$(v ok)" good.example --now=-86400
expect 'after 2038 and the end' 2 "$(v expired)" good.example --now 4000000001
expect 'REQ SCOPE-08: a public suffix' 2 '.would_issue == "refused"' example
expect 'REQ SCOPE-10: an internal name' 2 '.would_issue == "refused"' printer.internal
says 'REQ VAL-03: an address' 1 '3.2.2.5' 192.0.2.1
expect 'REQ RECORD-21: upper case and a last dot' 0 '.name == "good.example"' GOOD.Example.

# ---- the subject ----
# shellcheck disable=SC2086 # options are words
{
    expect 'REQ VAL-12: our record among others' 0 "$(v ok) and .looked_at[0].records[1].reason == \"other-issuer\"" two.good.example $CA
    expect 'REQ VAL-08: none of ours' 2 "$(v no-matching-issuer)" other.good.example $CA
    expect 'REQ VAL-10: another account' 2 "$(v account-mismatch)" good.example \
        --issuer ca.example --account-url https://ca.example/acct/124
    expect 'REQ CLI-28: what to publish instead' 2 '.verdict.write | test("accounturi=https://ca.example/acct/124")' none.good.example \
        --issuer ca.example --account-url https://ca.example/acct/124
    expect 'REQ CLI-12: policy=wildcard where it is needed' 2 '.looked_at[0].records[0].write | test("^_validation-persist.www.good.example. IN TXT .*policy=wildcard")' \
        '*.www.good.example' $CA
    expect 'REQ VAL-22: hashed, the star' 0 "$(v ok) and .looked_at[0].records[0].form == \"hashed\"" hashed.good.example \
        $CA --prefix https://ca.example/h/ --thumbprint "$KEY"
    expect 'REQ VAL-25: hashed, another key' 2 "$(v account-mismatch)" hashed.good.example \
        $CA --prefix https://ca.example/h/ --thumbprint "x${KEY#?}"
    says 'REQ RECORD-20: long values, canonical line' 2 'write: _validation-persist' none.good.example $CA
}

# ---- CAA ----
expect 'REQ VAL-50: found by climbing' 0 '.caa.at == "good.example" and .caa.reason == "ok"' www.good.example
expect 'REQ VAL-50: another CA' 2 '.would_issue == "caa" and .verdict.reason == "ok" and .caa.reason == "no-matching-issuer"' caa-other.good.example
expect 'REQ VAL-50: through an alias' 2 '.caa.at == "caa-alias.good.example" and .caa.reason == "no-matching-issuer"' caa-alias.good.example
expect 'REQ VAL-51: another method' 2 '.caa.reason == "method"' caa-method.good.example
expect 'REQ VAL-50: critical and unknown' 2 '.caa.reason == "critical-unknown"' caa-critical.good.example
expect 'REQ VAL-50: the record that CAA allows counts' 0 '.verdict.record == 1 and .caa.reason == "ok" and (.looked_at[0].records | map(.caa)) == ["no-matching-issuer", "ok"]' caa-two.good.example
expect 'REQ MON-18: nobody restricts' 0 '.findings | map(.word) | contains(["caa-open"])' nsec3.example
expect 'REQ VAL-53: an error is no permission' 1 '.caa.reason == "dns-failure"' bogus.example --no-authoritative
expect 'REQ VAL-53: a good record does not make up for it' 1 '.verdict.reason == "ok" and .would_issue == "unknown"' caa-fails.alias.example

# ---- findings ----
finding dnssec-bogus expired.example 'REQ MON-17'
finding unsigned unsigned.example 'REQ MON-17'
finding 'no unsigned' good.example 'REQ MON-17'
finding alias one.alias.example 'REQ MON-08'
finding alias www.tree.alias.example 'REQ MON-08'
finding alias-dangling dangling.alias.example 'REQ MON-08'
finding 'no alias' good.example 'REQ MON-08'
finding wildcard-synthesis a.txt.wild.example 'REQ VAL-58'
finding wildcard-synthesis x.cname.wild.example 'REQ VAL-58'
finding wildcard-synthesis x.any.unsigned.example 'REQ MON-15'
finding 'no wildcard-synthesis' unsigned.example 'REQ MON-15'
finding 'no wildcard-synthesis' own.unsigned.example 'REQ MON-15'
finding 'no wildcard-synthesis' good.example 'REQ MON-15'
finding tombstone stop.txt.wild.example 'REQ MON-15'
finding 'no tombstone' a.tomb.wild.example 'REQ MON-15'
finding servers-disagree split.example 'REQ MON-16'
finding servers-disagree gone.split.example 'REQ MON-16'
finding 'no servers-disagree' same.split.example 'REQ MON-16'
expect 'REQ VAL-36: every server is named' 0 \
    '.looked_at[0].authority | .zone == "split.example" and (.servers | map(.agrees)) == [true, false]' split.example
expect 'REQ RECORD-01: and over TCP, where they are many' 0 \
    '.looked_at[0] | (.records | length == 40) and (.authority.servers | map(.agrees)) == [true, true]' large.split.example
if [ -n "$TREE_IPV6" ]; then
    finding servers-disagree six.example 'REQ MON-16, IPv6'
    finding servers-disagree gone.six.example 'REQ MON-16, IPv6'
    finding 'no servers-disagree' same.six.example 'REQ MON-16, IPv6'
    expect 'REQ VAL-36: the server with an AAAA record is asked' 0 \
        '.looked_at[0].authority.servers | map(.address == "::1@'"$TREE_PORT"'" and .agrees == false) == [false, true]' six.example
    expect 'REQ RECORD-01: and over TCP, IPv6' 0 \
        '.looked_at[0] | (.records | length == 40) and (.authority.servers | map(.agrees)) == [true, true]' large.six.example
fi
expect 'REQ VAL-33: both ends of an alias are asked' 0 \
    '.looked_at[0] | .authority.zone == "alias.example" and .target_authority.zone == "unsigned.example"' two.alias.example
expect 'REQ VAL-33: an alias to the top of a zone' 2 \
    '.looked_at[0] | .authority.zone == "alias.example" and .target_authority.zone == "nsec3.example"' apex.alias.example
expect 'REQ MON-07: milliseconds' 0 '.looked_at[0].records[0].lint | contains(["until-milliseconds"])' millis.good.example

# ---- hostile data ----
expect 'REQ RECORD-01: 62 kB at one label' 0 '.looked_at[0].records | length == 63' large.big.example
expect 'REQ VAL-02: a thousand records' 0 '.looked_at[0].records | length == 1000' many.unsigned.example
expect 'REQ RECORD-01: odd splits' 0 "$(v ok)" split.big.example
expect 'REQ VAL-06: noise beside a good record' 0 "$(v ok)" octets.big.example
long=$(printf 'aaaaaaaaaaaaaaaaaaa.%.0s' 1 2 3 4 5 6 7 8 9 10)aaaaaaaaa.big.example
expect 'REQ VAL-03: a long name' 0 "$(v ok)" "$long"
expect 'REQ VAL-03: too long with its label' 2 '.would_issue == "refused"' "aaaaaaaaaaaaaaaaaaaaaaa.$long"
run octets.big.example large.big.example
if LC_ALL=C grep -q '[^ -~]' "$tmp/out"; then
    not_ok 'REQ ERR-08: everything is escaped'
else
    ok 'REQ ERR-08: everything is escaped'
fi
says 'REQ ERR-08: the caret stands below the octet' 2 '^  *^$' broken.good.example

# ---- files and words ----
printf '# names\n\ngood.example \r\n\tunsigned.example\n' >"$tmp/names"
expect 'names from a file' 0 'true' --file "$tmp/names"
[ "$(wc -l <"$tmp/out")" = 2 ] && ok 'one object a line' || not_ok 'one object a line'
expect 'an error outweighs a no' 1 'true' bogus.example none.good.example
says 'no such file' 1 'none-such' --file "$tmp/none-such"
says 'no name' 64 'no name given'
says 'not a name' 1 'a..b' a..b

usage() { # WHAT STATUS PATTERN ARGUMENTS, without the tree's options
    TREE_OPTIONS='' says "$@"
}
usage 'AD bit over a network' 64 'RFC 6840' good.example --resolver 192.0.2.53
usage 'a stub that is none' 64 'ZONE=ADDRESS' good.example --stub nonsense
usage 'a stub without an address' 64 'ZONE=ADDRESS' good.example --stub example=x
usage 'trust anchor that is not there' 1 'trust anchor' good.example --trust-anchor "$tmp/none-such"
echo 'this is no key' >"$tmp/bad"
usage 'trust anchor that is none' 64 'libunbound refuses' good.example --trust-anchor "$tmp/bad"
usage 'root hints that are not there' 1 'root hints' good.example --root-hints "$tmp/none-such"
usage 'suffix list that is not there' 1 'none-such' good.example --suffix-list "$tmp/none-such"
usage 'REQ VAL-32: nothing switches validation off' 64 'no-dnssec' good.example --no-dnssec

if [ -c /dev/full ]; then
    status=0
    # shellcheck disable=SC2086 # options are words
    "$HOLDFAST" check good.example $TREE_OPTIONS >/dev/full 2>"$tmp/err" || status=$?
    : >"$tmp/out"
    [ "$status" = 1 ] && ok 'disk full' || not_ok 'disk full'
fi

# ---- silence ----
python3 -c 'import socket, sys, time
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
u.bind(("127.0.0.1", 0))
open(sys.argv[1], "w").write(str(u.getsockname()[1]))
time.sleep(600)' "$tmp/hole" &
pids="$pids $!"
await test -s "$tmp/hole"
hole=127.0.0.1@$(cat "$tmp/hole")

# Without the deadline it would take longer than any machine does.
began=$(date +%s)
usage 'no network' 1 'not even the root answers' good.example \
    --suffix-list "$TREE_SUFFIXES" --forward "$hole" --resolver-timeout 120 \
    --deadline 1
took=$(($(date +%s) - began))
check "the deadline holds ($took s)" [ "$took" -lt 100 ]
usage 'nothing listens' 1 'not even the root answers' good.example \
    --suffix-list "$TREE_SUFFIXES" --resolver 127.0.0.1@1

# The worker while it waits: no new privileges, a filter, nothing to inherit.
"$HOLDFAST" check good.example --suffix-list "$TREE_SUFFIXES" --forward "$hole" \
    --resolver-timeout 30 >"$tmp/out" 2>"$tmp/err" &
parent=$!
pids="$pids $parent"
is_walled() {
    worker=$(pgrep -P "$parent") &&
        grep -q '^Seccomp:.*2' "/proc/$worker/status" 2>/dev/null
}
await is_walled
check 'the worker is walled in' grep -q '^NoNewPrivs:.*1' "/proc/$worker/status"
if [ -r "/proc/$worker/environ" ]; then
    [ "$(wc -c <"/proc/$worker/environ")" = 0 ] && ok 'no environment' || not_ok 'environment'
    open=$(find "/proc/$worker/fd" -type l -lname '/*' ! -lname /dev/null | wc -l)
    [ "$open" = 0 ] && ok 'no open file' || not_ok "$open open files"
fi
kill -INT "$parent"
status=0
wait "$parent" || status=$?
[ "$status" = 130 ] && ok 'SIGINT ends it' || not_ok "SIGINT: $status"
is_gone() {
    ! runs "$worker"
}
await is_gone
ok 'and its worker'

says 'without the wall, when told' 0 'would validate' good.example --sandbox off

if [ "$failed" = 0 ] && [ -z "$TREE_IPV6" ]; then
    echo "skipped: no ::1 here, so nothing was tried over IPv6"
    exit 77
fi
exit "$failed"
