#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# `holdfast record` and `holdfast ca-table`: every shape, form and sentence
# against tests/cli/golden/NAME. With GOLDEN_UPDATE=1 the files are written
# anew; read the difference before you keep it.
#
# REQ CLI-03, CLI-05, CLI-07, CLI-08, CLI-09, CLI-10, CLI-12, CLI-13, CLI-14,
# CLI-15, CLI-19, CLI-24, CLI-28, CLI-43, MON-01, MON-04, MON-07, MON-12, MON-20,
# SCOPE-12.
set -eu

golden=$SRC/tests/cli/golden
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0
cd "$tmp"

fail() {
    echo "not ok: $*" >&2
    exit 1
}

# case_of NAME STATUS ARGUMENT...: what comes out, and then what is said on
# standard error, is what the file NAME holds.
case_of() {
    name=$1
    status=$2
    shift 2
    got_status=0
    "$HOLDFAST" "$@" --now=1790000000 >out 2>err || got_status=$?
    [ "$got_status" -eq "$status" ] ||
        fail "$name: status $got_status, not $status: $(cat err)"
    { cat out && sed 's/^/! /' err; } >got
    if [ -n "${GOLDEN_UPDATE-}" ]; then
        cp got "$golden/$name"
    fi
    diff -u "$golden/$name" got >difference ||
        fail "$name: $(cat difference)"
    passed=$((passed + 1))
}

thumbprint=NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs
url=https://ca.example/acct/123
prefix=https://ca.example/account-hash/

cat >hashed.jwk <<'END'
{"crv":"Ed25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
END
cat >private.jwk <<'END'
{"crv":"Ed25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
"d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}
END

# ---- record make: the records of the drafts ----

raw() {
    name=$1
    status=$2
    shift 2
    case_of "$name" "$status" record make --issuer=authority.example \
        --draft=01 --account-url="$url" "$@"
}

hashed() {
    name=$1
    status=$2
    shift 2
    case_of "$name" "$status" record make --issuer=authority.example \
        --prefix="$prefix" --account-url="$url" "$@"
}

raw make-01 0 example.com
raw make-01-until 0 --until=1800000000 --ttl=300 EXAMPLE.com. www.example.co.uk
raw make-until-date 0 --until=2027-01-15 example.com
raw make-until-days 0 --until=+90d example.com
raw make-wildcard 0 '*.example.com'
raw make-merged 0 example.com b.example.com '*.example.com' EXAMPLE.COM
raw make-idn 0 bücher.example.com
hashed make-02 0 --thumbprint="$thumbprint" example.com
hashed make-02-key 0 --key=hashed.jwk example.com
hashed make-02-star 0 --thumbprint="$thumbprint" --star example.com b.org
hashed make-02-sha-512 0 --thumbprint="$thumbprint" --hash-alg=sha-512 b.org
hashed make-both 0 --thumbprint="$thumbprint" --both example.com
case_of make-table 0 record make --ca=letsencrypt \
    --account-url=https://acme-v02.api.letsencrypt.org/acme/acct/9 example.com
raw make-forced 0 --force --until=1 host.internal

# ---- record make: every shape, with all that needs quoting ----

long=https://ca.example/$(printf '%0260d' 1)
odd="https://ca.example/a\"b'c\\d\${e}%{f}"
for shape in zone json csv nsupdate terraform octodns dnscontrol value text; do
    case_of "make-shape-$shape" 0 record make --issuer=authority.example \
        --prefix="$prefix" --thumbprint="$thumbprint" --both --caa \
        --account-url="$odd" --format="$shape" --until=1800000000 \
        '*.example.com' a-b.example.org www.example.com
    case_of "make-long-$shape" 0 record make --issuer=authority.example \
        --draft=01 --account-url="$long" --format="$shape" example.com
done
raw make-zone 0 --zone=sub.example.com --format=octodns a.sub.example.com
raw make-json 0 --json example.com
raw make-empty-csv 1 --format=csv com

# ---- record make: what can never validate ----

raw make-refused 1 com b_d.com host.corp x.onion 1.0.0.127.in-addr.arpa \
    '*.co.uk' "$(printf 'a%.0s' $(seq 60)).$(printf 'b%.0s' $(seq 60)).$(
        printf 'c%.0s' $(seq 60)).$(printf 'd%.0s' $(seq 50)).com" \
    "$(printf 'bad\033[31mname').com" _validation-persist.example.com \
    192.0.2.1 2001:db8::1 \
    good.example.com
raw make-strict 1 --strict com example.com
raw make-not-in-zone 1 --zone=example.org example.com
raw make-past 64 --until=1789999999 example.com
raw make-bad-time 64 --until=tomorrow example.com
raw make-star-01 64 --star example.com
raw make-no-names 64
raw make-bad-ttl 64 --ttl=-1 example.com
raw make-bad-zone 64 --zone=a..b example.com
raw make-bad-format 64 --format=xml example.com
raw make-bad-thumbprint 64 --thumbprint=abc example.com
raw make-missing-key 1 --key=nowhere.pem example.com
raw make-private-key 1 --key=private.jwk example.com
raw make-issuers 64 --issuer=b.example example.com
hashed make-no-thumbprint 64 example.com
hashed make-bad-alg 64 --thumbprint="$thumbprint" --hash-alg=md5 example.com
case_of make-no-ca 64 record make --account-url="$url" example.com
case_of make-no-account 64 record make --issuer=a.example --draft=01 b.com
case_of make-no-draft 64 record make --issuer=a.example \
    --account-url="$url" b.com
case_of make-no-prefix 64 record make --issuer=a.example --draft=02 \
    --account-url="$url" b.com
case_of make-bad-prefix 64 record make --issuer=a.example \
    --prefix='https://ca.example/a?b' --account-url="$url" b.com
case_of make-bad-issuer 64 record make --issuer=https://a.example \
    --account-url="$url" b.com
case_of make-bad-url 64 record make --issuer=a.example --draft=01 \
    --account-url='https://ca.example/1; policy=wildcard' b.com
case_of make-unknown-ca 64 record make --ca=nobody --account-url="$url" b.com
case_of make-wrong-url 64 record make --ca=letsencrypt --account-url="$url" \
    b.com
case_of make-wrong-number 64 record make --ca=letsencrypt b.com \
    --account-url=https://acme-v02.api.letsencrypt.org/acme/acct/12x
case_of make-wrong-draft 64 record make --ca=pebble --draft=02 \
    --prefix="$prefix" --thumbprint="$thumbprint" --account-url="$url" b.com
case_of make-wrong-prefix 64 record make --ca=pebble --prefix="$prefix" \
    --thumbprint="$thumbprint" --account-url="$url" b.com
case_of make-changing 0 record make --ca=pebble --prefix="$prefix" --both \
    --thumbprint="$thumbprint" --account-url="$url" b.com
case_of make-wrong-issuer 64 record make --ca=pebble --issuer=ca.example \
    --account-url="$url" b.com
case_of make-no-offer 64 record make --ca=sectigo --account-url="$url" b.com
case_of make-parents 0 record make --ca=pebble --wildcard \
    --account-url="$url" example.com

# ---- record make: names from a file ----

cat >names.txt <<'END'
# names of the shop
shop.example.com

	*.shop.example.com
nonsense name
END
printf 'last.example.com' >>names.txt
raw make-file 1 --file=names.txt first.example.com
raw make-stdin 0 --file=- <<'END'
a.example.com
b.example.com
END
raw make-no-file 1 --file=nowhere.txt

# ---- parse, lint, explain ----

cat >records.txt <<'END'
; a zone file
$TTL 300
example.com. 3600 IN SOA ns1 hostmaster 1 2 3 4 5
spf.example.com. IN TXT "v=spf1 -all"
_validation-persist.example.com. 3600 IN TXT "ca.example; accounturi=https://ca.example/acct/123"
_validation-persist.split.example.com. TXT "ca.example; account" "uri=https://ca.example/acct/123" ; comment
_Validation-Persist.Cut.example.com. TXT ca.example; accounturi=https://ca.example/acct/123
"ca.example; accounturi=https://ca.example/account-hash/sha-256/5SQm7n6tPh2-PlLbCKGnViTXX5z19SCN4cPGQHSk-kw; policy=wildcard; persistUntil=1800000000; x-y=z"
{"owner":"_validation-persist.json.example.com.","records":[{"value":"ca.example; accounturi=https://ca.example/acct/123; persistUntil=1780000000","strings":["..."]},{"value":"a.b; c=\u00e4"}]}
ca.example; accounturi https://ca.example/acct/123
ca.example; accounturi=a; accountURI=b
ca.example; policy=wildcard
ca.example; accounturi=
ca.example; accounturi=a; persistUntil=12x
"\""
CA.example;accountURI=https://ca.example/acct/123 ; persistuntil=1800000000000; policy=all; p=1; p=2
"ca.example; accounturi=https://ca.example/\255\000\027[31m"
END
for command in parse lint explain; do
    case_of "$command" 2 record "$command" --file=records.txt
    case_of "$command-json" 2 record "$command" --json --file=records.txt
done
case_of parse-operand 0 record parse \
    'ca.example; accounturi=https://ca.example/acct/123' '' ';'
case_of parse-stdin 0 record parse <<'END'
ca.example; accounturi=https://ca.example/acct/123
END
case_of parse-broken 1 record parse '"ca.example' '"\256"' '{"value"' \
    '{"value":1}' '{"value":"\u0100"}' '{"owner":"a b","value":"c"}' \
    'a..b IN TXT "c"'
case_of parse-prefix 0 record parse --prefix="$prefix" \
    "ca.example; accounturi=${prefix}sha-256/5SQm7n6tPh2-PlLbCKGnViTXX5z19SCN4cPGQHSk-kw" \
    'ca.example; accounturi=https://b.example/sha-256/5SQm7n6tPh2-PlLbCKGnViTXX5z19SCN4cPGQHSk-kw'
# REQ DIR-09: broken below the prefix is not an account's own URL.
case_of parse-broken-hash 2 record parse --prefix="$prefix" \
    "ca.example; accounturi=${prefix}sha-256/short"
case_of parse-no-file 1 record parse --file=nowhere.txt
case_of lint-good 0 record lint --color=always \
    'ca.example; accounturi=https://ca.example/acct/123; persistUntil=1800000000'
case_of lint-soon 2 record lint --soon=200d \
    'ca.example; accounturi=https://ca.example/acct/123; persistUntil=1800000000'
case_of lint-soon-days 2 record lint --soon=200 \
    'ca.example; accounturi=https://ca.example/acct/123; persistUntil=1800000000'
case_of lint-colour 2 record lint --color=always 'Ca.example; accounturi=a b'
case_of lint-02 2 record lint --prefix="$prefix" \
    'ca.example; accounturi=https://ca.example/acct/123' \
    "ca.example; accounturi=${prefix}sha-256/short"
case_of lint-bad-soon 64 record lint --soon=never 'a.b'
case_of explain-broken-hash 2 record explain --prefix="$prefix" \
    "ca.example; accounturi=${prefix}sha-256/short"
case_of explain-name 0 record explain --name=example.com \
    'letsencrypt.org; accounturi=https://acme-v02.api.letsencrypt.org/acme/acct/9; policy=wildcard; persistUntil=1790100000'
# REQ REUSE-10, ACCT-11, RECORD-31: what removal and a new key change.
case_of explain-hashed 0 record explain --name='*.example.com' \
    "ca.example; accounturi=${prefix}sha-256/5SQm7n6tPh2-PlLbCKGnViTXX5z19SCN4cPGQHSk-kw; persistUntil=1790100000"
case_of explain-no-name 0 record explain 'ca.example; accounturi=a'
case_of explain-bad-name 64 record explain --name=a..b 'ca.example'

# A long record is shown around the octet that breaks it (REQ ERR-08).
{ printf 'ca.example; accounturi=' && head -c 60000 /dev/zero | tr '\0' a &&
    printf '\001\002 and more'; } >broken.txt
case_of parse-long 2 record parse --file=broken.txt
[ "$(wc -c <got)" -lt 1000 ] || fail "parse-long: all of it is shown"

# ---- diff ----

cat >old.txt <<'END'
_validation-persist.example.com. 300 IN TXT "ca.example; accounturi=https://ca.example/1"
_validation-persist.b.com. 300 IN TXT "ca.example; accounturi=https://ca.example/1; persistUntil=1893456000"
_validation-persist.c.com. 300 IN TXT "ca.example; accounturi=https://ca.example/1"
_validation-persist.d.com. 300 IN TXT "ca.example; accounturi=1; policy=wildcard; persistUntil=1893456000"
_validation-persist.e.com. 300 IN TXT "ca.example; accounturi=1; policy=wildcard"
END
cat >new.txt <<'END'
_validation-persist.e.com. 60 IN TXT "ca.example; accounturi=1; persistUntil=1893456000"
_validation-persist.d.com. 300 IN TXT "ca.example; accounturi=1; policy=wildcard; persistUntil=1893456001"
_validation-persist.b.com. 300 IN TXT "ca.example;accounturi=https://ca.example/1" "; persistUntil=1893456000"
_validation-persist.example.com. 300 IN TXT "ca.example; accounturi=https://ca.example/1; policy=wildcard"
_validation-persist.example.com. 300 IN TXT "evil.example; accounturi=https://evil.example/1"
_validation-persist.example.com. 300 IN TXT "nonsense of somebody"
END
case_of diff 2 record diff old.txt new.txt
case_of diff-json 2 record diff --json old.txt new.txt
case_of diff-back 2 record diff new.txt old.txt
case_of diff-colour 2 record diff --color=always old.txt new.txt
case_of diff-same 0 record diff old.txt old.txt
head -n 3 old.txt | tail -n 2 >less.txt
case_of diff-less 0 record diff old.txt less.txt
case_of diff-no-file 1 record diff old.txt nowhere.txt
case_of diff-one-operand 64 record diff old.txt

# What `make` writes, `diff` reads: the same records in two shapes.
for shape in zone json; do
    "$HOLDFAST" record make --issuer=ca.example --draft=01 --format="$shape" \
        --account-url="$url" a.com '*.b.com' c.co.uk >"shape.$shape"
done
case_of diff-shapes 0 record diff shape.zone shape.json

# ---- the table of CAs ----

"$HOLDFAST" ca-table --json >table.jsonl
python3 - "$SRC/data/cas.json" table.jsonl <<'END' || fail "ca-table --json"
import json, sys
with open(sys.argv[1]) as source:
    want = json.load(source)["cas"]
with open(sys.argv[2]) as lines:
    got = [json.loads(line) for line in lines]
sys.exit(got != want)
END
cat >cas.json <<'END'
{"format": 1, "cas": [
 {"name": "mine", "title": "My CA", "issuers": ["ca.internal.example"],
  "draft": "02", "prefix": "https://ca.internal.example/h/",
  "accountUrl": "https://ca.internal.example/acct/<number>",
  "parents": true, "directory": "https://ca.internal.example/dir"}]}
END
case_of ca-file 0 record make --ca-file=cas.json --ca=MINE \
    --thumbprint="$thumbprint" \
    --account-url=https://ca.internal.example/acct/7 example.com
"$HOLDFAST" ca-table --ca-file=cas.json | sed '/^$/q' >first
grep -q 'mine  My CA: a CA of one' first || fail "ca-table --ca-file"
number=0
while read -r broken; do
    number=$((number + 1))
    echo "$broken" >broken.json
    case_of "ca-file-broken-$number" 1 ca-table --ca-file=broken.json
done <<'END'
{"format": 1, "cas": [
[]
{"format": 2, "cas": []}
{"format": 1, "cas": []}
{"format": 1, "cas": [{"issuers": ["a.example"]}]}
{"format": 1, "cas": [{"name": "a", "issuers": []}]}
{"format": 1, "cas": [{"name": "a", "issuers": ["A.example"]}]}
{"format": 1, "cas": [{"name": "a", "issuers": ["a.example"], "draft": "03"}]}
{"format": 1, "cas": [{"name": "a", "issuers": ["a.example"], "prefix": "x"}]}
{"format": 1, "cas": [{"name": "a", "issuers": ["a.example"], "parents": 1}]}
{"format": 1, "cas": [{"name": "a", "issuers": ["a.example"], "state": "x"}]}
END
case_of ca-file-missing 1 ca-table --ca-file=nowhere.json

# ---- shapes as their own readers see them ----

for file in "$golden"/make-shape-json "$golden"/make-long-json; do
    sed '/^! /d' "$file" | python3 -c '
import json, sys
for line in sys.stdin:
    add = json.loads(line)
    for record in add["records"]:
        assert "".join(record["strings"]) == record["value"]
        assert all(len(text) <= 255 for text in record["strings"])
' || fail "$file is not what it should be"
done
sed '/^! /d' "$golden/make-shape-csv" | python3 -c '
import csv, sys
rows = list(csv.DictReader(sys.stdin))
assert len(rows) == 9, rows
assert all(row["value"].startswith("authority.example; ") for row in rows)
' || fail "make-shape-csv is no CSV"
if python3 -c 'import yaml' 2>/dev/null; then
    sed '/^! /d' "$golden/make-shape-octodns" | python3 -c '
import sys, yaml
zones = list(yaml.safe_load_all(sys.stdin))
assert len(zones) == 2, zones
for zone in zones:
    for name, record in zone.items():
        assert record["type"] in ("TXT", "CAA") and record["ttl"] == 3600
        for value in record["values"]:
            assert record["type"] == "CAA" or ";" not in value.replace("\\;", "")
' || fail "make-shape-octodns is no YAML for octoDNS"
fi
if command -v node >/dev/null; then
    sed '/^! /d' "$golden/make-shape-dnscontrol" | node -e '
let zones = [], END = {}, TTL = n => n;
let TXT = (...a) => a, CAA = TXT, D_EXTEND = (...a) => zones.push(a);
eval(require("fs").readFileSync(0, "utf8"));
if (zones.length !== 2 || zones[0].length !== 8) process.exit(1);
' || fail "make-shape-dnscontrol is no JavaScript for DNSControl"
fi
if command -v terraform >/dev/null; then
    sed '/^! /d' "$golden/make-shape-terraform" |
        TF_CLI_CONFIG_FILE=/dev/null terraform fmt - >formatted ||
        fail "make-shape-terraform is no HCL"
fi

# ---- a hundred thousand names ----

seq 100000 | sed 's/.*/host&.dept.example.com/' >many.txt
"$HOLDFAST" record make --issuer=authority.example --prefix="$prefix" \
    --thumbprint="$thumbprint" --account-url="$url" --file=many.txt >many.zone
[ "$(wc -l <many.zone)" -eq 100000 ] || fail "100,000 names: lines are missing"
[ "$(cut -d'"' -f2 many.zone | sort -u | wc -l)" -eq 100000 ] ||
    fail "100,000 names: values are not different"
"$HOLDFAST" record lint --file=many.zone >lint.txt 2>&1 ||
    fail "100,000 records of ours have findings"

# A full disk is an error, and is said.
if [ -w /dev/full ]; then
    got_status=0
    "$HOLDFAST" record make --issuer=a.example --draft=01 --account-url="$url" \
        b.com >/dev/full 2>err || got_status=$?
    [ "$got_status" -eq 1 ] || fail "a full disk: status $got_status"
    grep -q 'No space left' err || fail "a full disk: $(cat err)"
fi
echo "ok: $passed cases"
