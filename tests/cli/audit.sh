#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# `holdfast audit` on files: findings, exit statuses, places of what cannot be
# read, hostile text in each of the five shapes, and output that is whole or
# absent. REQ SCOPE-09, MON-07, MON-20, ERR-08, RECORD-01.
set -eu

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM
cd "$tmp"
failed=0

not_ok() {
    echo "not ok - $1"
    sed 's/^/    /' out err | cut -c1-200 | head -20
    failed=1
}

# want STATUS PATTERN TEXT ARGUMENT...
want() {
    status=$1 pattern=$2 text=$3 got=0
    shift 3
    "$HOLDFAST" audit --now=1789000000 "$@" >out 2>err || got=$?
    [ "$pattern" != '^done$' ] || echo 'done' >>out
    if [ "$got" -eq "$status" ] && cat out err | grep -Eq -e "$pattern"; then
        echo "ok - $text"
    else
        not_ok "$text (status $got)"
    fi
}

has() { # PATTERN: in the last output
    grep -Eq -e "$1" out || not_ok "it says $1"
}

has_not() {
    if grep -Eq -e "$1" out; then
        not_ok "it does not say $1"
    fi
}

cat >zone <<'EOF'
$ORIGIN example.
$TTL 300
@ SOA ns admin 1 3600 600 86400 60
@ NS ns
_validation-persist TXT "ca.example; accounturi=https://ca.example/acct/1; persistUntil=1900000000"
_validation-persist.www TXT ("ca.example; accounturi=https://ca.exa"
   "mple/acct/1; policy=wildcard")
_validation-persist.al CNAME x.other.
*.wild CNAME target.other.
*.spf TXT "v=spf1 -all"
*.star TXT "ca.example; accounturi=https://ca.example/acct/1"
_validation-persist.a.cut TXT "ca.example; accounturi=https://ca.example/acct/1"
cut NS ns.cut
dn DNAME elsewhere.
_validation-persist.a.dn TXT "ca.example; accounturi=https://ca.example/acct/1"
_validation-persist.tomb TXT "; accounturi=https://ca.example/acct/1"
_validation-persist.near TXT "ca.example; accounturi=https://ca.example/acct/1"
mid A 192.0.2.1
_validation-persist.near TXT "ca.example; accounturi=https://ca.example/acct/2"
_validation-persist.twice TXT "ca.example; accounturi=https://ca.example/acct/1"
_validation-persist.late.del TXT "ca.example; accounturi=https://ca.example/acct/1"
_validation-persist.twice TXT "ca.example; accounturi=https://ca.example/acct/2"
del NS ns.del
_ip-validation-persist.1.2.0.192.in-addr.arpa. TXT "ca.example; accounturi=https://ca.example/acct/1"
_validation-persist.both CNAME x.other.
_validation-persist.both TXT "x"
EOF

want 2 '"name":"www.example"' "findings end in status 2" --json zone
[ "$(grep -c '"name"' out)" -eq 15 ] || not_ok "15 results"
has '"name":"www.example".*"reach":\{"draft":"subtree","br":"subtree"\}'
has '"name":"example".*"reach":\{"draft":"exact","br":"subtree"\}'
has '"name":"al.example".*"findings":\["alias"\],"target":"x.other"'
has '"name":"wild.example".*"wildcard-synthesis"'
has '"name":"star.example".*"wildcard-synthesis".*"accounturi":'
has_not '"name":"spf.example"'
has '"name":"a.cut.example".*"delegation"'
has '"name":"del.example","owner":"del.example".*"delegation"'
has '"name":"near.example".*acct/1.*acct/2'
has '"name":"a.dn.example".*"dname"'
has '"name":"tomb.example".*"tombstone"'
has '"name":"twice.example".*"split-rrset"'
has '"name":"1.2.0.192.in-addr.arpa","owner":"_ip-validation-persist'
has '"name":"both.example".*"cname-and-other-data"'
has '"line":6,?'
has '^\{"summary":.*\{"is":"ca.example","count":11\}'

head -n 5 zone >clean
want 0 '1  found' "a clean zone ends in status 0" clean
want 2 'other-issuer|no-matching-issuer' "another CA says no" \
    --issuer other.example --draft 01 --account-url https://o.example/1 clean
want 0 'verdict: valid' "its own CA says yes" --issuer ca.example \
    --draft 01 --account-url https://ca.example/acct/1 clean
want 2 'expires-soon' "soon is what one says" --soon 2000d clean

{
    cat clean
    echo '_validation-persist.x IN TXTT "y"'
    echo '_validation-persist.y IN TXT "open'
    echo '$GENERATE 2-1 a$ A 192.0.2.$'
} >broken
lines=$(wc -l <clean)
want 1 "^holdfast audit: broken:$((lines + 1)):26: " \
    "what cannot be read has a place" broken
grep -q "broken:$((lines + 2)):35: a quoted string" err || not_ok "the string"
grep -q "broken:$((lines + 3)):11: .GENERATE" err || not_ok "the directive"
has '1  found'
yes 'x IN BLA' | head -n 50 >many
want 1 'and 30 more places' "twenty places, then a count" --origin a. many
want 1 'no/such: .*No such file' "a missing file" no/such zone
want 64 'operand' "no file"
want 64 '.' "a bad format" --format pdf zone
want 1 'neither .ORIGIN nor --origin' "no origin" - <<'EOF'
_validation-persist TXT "x"
EOF
want 2 '"name":"o"' "standard input and --origin" --origin o. --json - <<'EOF'
_validation-persist TXT "x"
EOF

# A name in two places: the second result says so, and each its own verdict.
cat >places <<'EOF'
_validation-persist.t 60 TXT "other.example; accounturi=https://o.example/1"
_validation-persist.u 60 TXT "ca.example; accounturi=https://ca.example/acct/1"
_validation-persist.t 60 TXT "ca.example; accounturi=https://ca.example/acct/1"
EOF
want 2 '^t.a,.*split-rrset,ok,' "the second place" --origin a. \
    --issuer ca.example --draft 01 --account-url https://ca.example/acct/1 \
    --format csv places
has '^t.a,.*,,no-matching-issuer,'
[ "$(grep -c split-rrset out)" -eq 1 ] || not_ok "the first is no second"

# CAA may stand behind the record; the nearest counts.
cat >caa <<'EOF'
@ 60 SOA a b 1 1 1 1 1
_validation-persist 60 TXT "ca.example; accounturi=https://ca.example/acct/1"
_validation-persist.x 60 TXT "ca.example; accounturi=https://ca.example/acct/1"
@ 60 CAA 0 issue "ca.example"
x 60 CAA 0 issue "other.example"
y 60 CAA 0 issue
EOF
want 0 '2  found' "CAA is not looked at" --origin a. caa
want 1 '^holdfast audit: caa:6:17: RFC 8659' "broken CAA" --origin a. --caa caa
head -n 5 caa >caa-good
want 2 'caa-forbids' "CAA forbids" --origin a. --caa caa-good
want 2 '^x.a,.*caa-forbids' "one name" --origin a. --caa --format csv caa-good
[ "$(grep -c caa-forbids out)" -eq 1 ] || not_ok "the apex allows it"
want 1 'reads a file twice' "CAA of standard input" --caa - <caa-good
want 64 'only for files' "CAA of a transfer" --axfr 127.0.0.1 --caa a

# Text of strangers: markup, escape sequences, formulas, quotation marks.
cat >hostile <<'EOF'
$ORIGIN example.
_validation-persist.a TXT "=1+1; accounturi=<script>alert(1)</script>"
_validation-persist.b TXT "ca.example; accounturi=\027[31m|`x`\"\,"
_validation-persist.c TXT "ca.example; accounturi==cmd|' /C calc'!A0"
_validation-persist.<b>\000\255 TXT "ca.example; accounturi=a"
EOF
for shape in text json csv markdown html; do
    want 2 . "hostile text as $shape" --format "$shape" hostile
    if LC_ALL=C grep -q '[^[:print:][:space:]]' out; then
        not_ok "$shape: unprintable octets"
    fi
    case $shape in
    html) has_not '<script|<b>' ;;
    markdown) has_not '[^\\]<|[^\\]`' ;;
    csv) has_not '(^|,|")[=+@]' ;;
    json) python3 -c 'import json, sys
for line in open("out"):
    json.loads(line)' || not_ok "valid JSON" ;;
    esac
done
want 2 '<html' "HTML begins" --format html zone
has '</html>'
has_not '<script|https?://[^ ]*\.(js|css)|src='
want 2 '^name,owner,status' "CSV has a header" --format csv zone
want 2 '^section,is,count' "counts as CSV" --format csv --summary zone
want 2 '^# holdfast audit' "Markdown begins" --format markdown zone

# An output file is whole or absent.
echo old >report
want 2 '^done$' "a report in a file" --output report zone
grep -q www.example report || not_ok "the report is in the file"
[ -z "$(find . -maxdepth 1 -name '.?*')" ] || not_ok "nothing is left behind"
echo old >report
want 1 'No such file' "a missing zone leaves the old report" \
    --output report missing
[ "$(cat report)" = old ] || not_ok "the old report"
want 1 'no/report' "no such directory" --output no/report zone
if [ -c /dev/full ]; then
    got=0
    "$HOLDFAST" audit zone >/dev/full 2>err || got=$?
    if [ "$got" -eq 1 ] && grep -q 'No space left' err; then
        echo "ok - a full disk is said"
    else
        not_ok "a full disk is said"
    fi
fi
exit "$failed"
