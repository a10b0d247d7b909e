#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The configuration file as a person meets it: which file is heeded, all that
# can be wrong with one, and that the command line says more than the file.
#
# REQ CLI-40.
set -eu

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
umask 022

fail() {
    echo "not ok: $*" >&2
    exit 1
}

# run STATUS ARGUMENT...: what is said is in out and err.
run() {
    want=$1
    shift
    got=0
    "$HOLDFAST" "$@" >out 2>err || got=$?
    [ "$got" -eq "$want" ] || fail "$*: status $got: $(cat out err)"
}

says() { # PATTERN
    cat out err | grep -q -e "$1" || fail "not said: $1; but $(cat out err)"
}

says_not() {
    ! cat out err | grep -q -e "$1" || fail "said: $(cat out err)"
}

# The objects in out are `rows`, and this must be true of them.
rows() { # EXPRESSION
    python3 -c 'import json, sys
rows = [json.loads(line) for line in open("out")]
sys.exit(not eval("(" + sys.argv[1] + ")"))' "$1" || fail "not so: $1; but $(cat out)"
}

# ---- check: everything that is wrong, and where ----

printf 'key "k" { algorithm hmac-sha256; secret "c2VjcmV0"; };\n' >open.key
chmod 644 open.key
echo secret >open.pass
cat >bad.conf <<END
state-dir = relative
nonsense = 1
resolver = {}
zone { publisher = x }
zone a.example { publisher = nobody
    wibble = 3
    account = ghost
}
zone A.example { server = 192.0.2.1 hook = "exec:/nope" }
zone a.example { ttl = soon }
account default { ca = "lettuce" key-type = p999 agree-tos = maybe }
account "a/b" { passphrase-file = "$tmp/open.pass" plaintext = yes }
publisher knot { server = "not an address" tsig-file = "$tmp/open.key" }
publisher two { tsig-file = "$tmp/none.key" }
certificate www { names = {"a b", "x.example"} account = default }
certificate underscore_only { }
certificate none { names = {} }
ca mine { directory = "htp:/x" }
frob x { a = 1 }
publisher late { print = yes timeout = "1m" }
ca m2 { issuer = "CA.example" staging = zip
END
run 1 config check bad.conf
cat >want <<'END'
bad.conf:1: relative: a path is wanted
bad.conf:2: nonsense: no such key outside of sections
bad.conf:3: resolver: takes one value
bad.conf:4: zone: a section wants a title
bad.conf:4: x: no section describes this publisher
bad.conf:5: nobody: no section describes this publisher
bad.conf:6: wibble: no such key
bad.conf:7: ghost: no section describes this account
bad.conf:9: A.example: server, hook, print and publisher exclude
bad.conf:9: exec:/nope: there is no such program
bad.conf:10: a.example: there is a section of this kind and title already
bad.conf:10: soon: a whole number is wanted here
bad.conf:11: p999: none of the values that are taken here: p256 p384
bad.conf:11: maybe: yes or no is wanted here
bad.conf:11: lettuce: no CA of this name
bad.conf:12: a/b: no name for an account
bad.conf:12: a/b: one place only for the passphrase
bad.conf:12: TMP/open.pass: others on this machine may read
bad.conf:13: not an address: not an IP address
bad.conf:13: TMP/open.key: everybody can read or write
bad.conf:14: two: which way into DNS
bad.conf:14: two: only updates are signed
bad.conf:14: TMP/none.key: there is no such file
bad.conf:15: a b: RFC 5890
bad.conf:16: underscore_only: without names the title is the name
bad.conf:17: none: a certificate has 1 to 100 names
bad.conf:18: mine: "issuers" must list
bad.conf:18: htp:/x: RFC 3986
bad.conf:19: frob: no such kind of section
bad.conf:20: 1m: a whole number is wanted here
bad.conf:21: m2: this section is not closed
bad.conf:21: m2: "issuers" must list
bad.conf:21: zip: no CA of this name
END
sed "s|$tmp|TMP|g" out >told
[ "$(wc -l <told)" -eq "$(wc -l <want)" ] ||
    fail "it tells $(wc -l <told) things: $(cat told)"
while read -r line; do
    grep -q -F -e "$line" told || fail "not told: $line; but $(cat told)"
done <want
run 1 config check bad.conf --json
rows 'len(rows) == 33 and rows[5]["line"] == 5 and
    rows[5]["subject"] == "nobody" and rows[0]["file"] == "bad.conf" and
    "p384" in rows[12]["choices"]'
echo "ok - check tells all that is wrong"

# Commands refuse it with what is wrong by itself, but for those that heed none.
run 1 cert list --config bad.conf
says 'cert list: bad.conf:2: nonsense: no such key'
says_not nobody
echo 'ca.example; accounturi=https://ca.example/1' >record
run 0 record parse --file record --config bad.conf
run 0 record parse --file record --config /nowhere
echo "ok - a bad file is refused"

# ---- which file ----

run 1 cert list --config /nowhere/holdfast.conf
says '/nowhere/holdfast.conf'
run 1 config check /nowhere/holdfast.conf
echo "state-dir = $tmp/state" >some.conf
run 0 cert list --config some.conf
for mode in 666 664 646; do
    chmod $mode some.conf
    run 1 cert list --config some.conf
    says 'may change it'
done
chmod 600 some.conf
run 0 config show --config some.conf
says "$tmp/state"
run 0 config show --config none --state-dir "$tmp/other"
says 'no configuration file'
says "$tmp/other"
run 0 config show --config some.conf --state-dir "$tmp/other"
says "in $tmp/other"
run 1 config show --config "$tmp"
says 'not a plain file'
# That of a user, who is not root.
chmod 755 "$tmp"
if [ "$(id -u)" -eq 0 ] && setpriv --reuid=65534 --regid=65534 --clear-groups \
    test -x "$HOLDFAST" -a -x "$tmp"; then
    mkdir -p config/holdfast
    echo "state-dir = $tmp/users" >config/holdfast/holdfast.conf
    chown -R 65534:65534 config
    setpriv --reuid=65534 --regid=65534 --clear-groups \
        env XDG_CONFIG_HOME="$tmp/config" "$HOLDFAST" config show >out 2>err ||
        fail "a user's own: $(cat err)"
    says "in $tmp/users"
    run 0 config show --config "$tmp/some.conf"
    got=0
    chown 65533 config/holdfast/holdfast.conf
    setpriv --reuid=65534 --regid=65534 --clear-groups \
        env XDG_CONFIG_HOME="$tmp/config" "$HOLDFAST" config show >out 2>err ||
        got=$?
    [ $got -eq 1 ] || fail "somebody else's file: status $got"
    says 'belongs to somebody else'
fi
echo "ok - which file is heeded"

# ---- the example, and what is shown ----

run 0 config check "$SRC/dist/holdfast.conf"
says 'nothing is wrong'
cp "$SRC/dist/holdfast.conf" shown.conf
chmod 644 shown.conf
run 0 config show --config shown.conf
cp out again.conf
run 0 config check again.conf
run 0 config show --config again.conf
sed 1d out >second
sed 1d again.conf | diff - second >difference ||
    fail "shown, it is another: $(cat difference)"
run 0 config show --json --config shown.conf
rows '[r["keys"] for r in rows if r["title"] == "www"] == [
    {"names": ["www.example.com", "example.com"], "account": ["default"],
     "key-type": "p384"}]'
rows 'rows[-1]["section"] == "certificate" and
    rows[-1]["keys"]["reuse-key"] is False'
# The page has it, word for word.
sed -n '/^# EXAMPLE/,/^With it/{/^```$/,/^```$/{/^```$/d;p;};}' \
    "$SRC/man/holdfast.conf.5.scd" | diff - "$SRC/dist/holdfast.conf" \
    >difference || fail "the page has another: $(cat difference)"
echo "ok - the examples"

# ---- the command line, the section, what is built in ----

cat >zones.conf <<'END'
zone a.example { draft = "01" ttl = 60 wildcard = yes account = ghost }
zone www.a.example { draft = "01" ttl = 61 }
zone www.b.example { draft = "01" ttl = 62 }
zone b.example { wildcard = yes ttl = 60 draft = "01" account = ghost }
zone c.example { publisher = nobody }
zone d.example { draft = "01" }
zone e.example { draft = "01" ttl = 60 }
account default { ca = "letsencrypt" timeout = 3601 agree-tos = yes }
END
one='--config zones.conf --force --issuer ca.example --account-url
    https://ca.example/1'
make() {
    # shellcheck disable=SC2086 # options are words
    run 0 record make $one "$@"
}
make x.a.example
says '^_validation-persist.x.a.example. 60 .*policy=wildcard'
make x.a.example --ttl 30
says ' 30 IN'
make x.www.a.example
says '^_validation-persist.x.www.a.example. 61 '
says_not wildcard
make www.b.example
says ' 62 IN'
make other.example --draft 01
says ' 3600 IN'
make a.example b.example
says 'persist.b.example. 60 '
make '*.a.example' --zone a.example www.a.example
says 'persist.www.a.example. 60 '
# shellcheck disable=SC2086
run 64 record make $one a.example www.a.example
says 'www.a.example: the configuration file says something else'
# shellcheck disable=SC2086
run 64 record make $one d.example e.example
# shellcheck disable=SC2086
run 64 record make $one d.example other.example
run 1 record make --config zones.conf --force x.a.example
says 'ghost'
run 64 record publish --config zones.conf c.example
says 'nobody: no such publisher in the configuration file'
run 64 record publish --config zones.conf --publisher gone d.example
says 'gone: no such publisher'
run 0 record list --config zones.conf --state-dir "$tmp/state" a.example \
    www.a.example
# Whoever says how does not want the file's way.
# shellcheck disable=SC2086
run 64 record publish $one --draft 01 --server what c.example
says 'what: not an IP address'
# What an account's section says counts where the account is used, and where it
# means the same: a CA is not that of any record, the wait for it not for DNS.
run 64 record make --config zones.conf --draft 01 --force other.example \
    --account-url https://ca.example/1
says 'a record names its CA'
# shellcheck disable=SC2086
run 1 record publish $one --draft 01 --dry-run --server 127.0.0.1@1 \
    --state-dir "$tmp/state" other.example
echo "ok - the command line says more than the file"

# ---- CAs ----

cat >cas.conf <<'END'
ca corp { directory = "https://ca.corp.example/dir" issuer = {"ca.corp.example"}
    draft = "02" parents = yes staging = letsencrypt-staging }
ca letsencrypt { draft = "02" }
END
run 0 ca-table --config cas.conf --json
rows 'rows[0]["name"] == "corp" and rows[0]["draft"] == "02" and
    rows[0]["parents"] is True and rows[0]["reuses"] is None and
    rows[0]["staging"] == "letsencrypt-staging"'
rows '[(r["draft"], r["issuers"], r["title"]) for r in rows
    if r["name"] == "letsencrypt"][0] ==
    ("02", ["letsencrypt.org"], "Let'\''s Encrypt")'
echo 'ca bad { issuer = "UPPER.example" }' >badca.conf
run 1 ca-table --config badca.conf
says 'badca.conf:1: bad: "issuers" must list'
run 64 account create --staging --ca zerossl --state-dir state --config none
says 'zerossl: no service of this CA for tests'
run 64 account create --staging --ca corp --ca-file /dev/null \
    --directory https://x.example/ --config none
run 64 account create --staging --directory https://x.example/ --config none
says 'finds the service for tests'
echo 'account far { signer = "/nowhere/socket" }' >signer.conf
run 1 account create --account far --state-dir "$tmp/state" --config signer.conf
says '/nowhere/socket'
run 64 account create --state-dir "$tmp/state" --config signer.conf
says 'give either --ca'
echo "ok - CAs, and their twins for tests"

# ---- certificates ----

run 64 cert issue --config none
says 'for which names'
run 64 cert issue --config some.conf
says 'describe certificates in the configuration file'
run 64 cert issue --config "$SRC/dist/holdfast.conf" --name x
says '\-\-name'
echo 'certificate www { names = "no name" }' >cert.conf
run 64 cert issue --config cert.conf
says 'no name: RFC 5890'
run 64 cert issue www --config cert.conf
says 'no name: RFC 5890'
echo "ok - certificates"
