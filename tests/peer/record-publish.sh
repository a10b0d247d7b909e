#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What `record make` writes for name servers, given to name servers: scripts
# to nsupdate and knsupdate against Knot, zone lines to the checkers of Knot,
# NSD and BIND. What is served afterwards is what was meant, and what stood at
# the label before stands there still. REQ CLI-14, CLI-37, CLI-43, RECORD-20,
# RECORD-30.
set -eu

here=$(dirname "$0")
# shellcheck source=tests/peer/verdict.sh
. "$here/verdict.sh"
# shellcheck source=tests/peer/servers.sh
. "$here/servers.sh"
needs knotd knotc kdig nsupdate knsupdate nsd-checkzone named-checkzone
port=$(python3 "$here/ports.py" free)

fail() {
    echo "not ok: $*" >&2
    [ ! -s "$tmp/log" ] || tail -n 5 "$tmp/log" >&2
    exit 1
}

url=https://ca.example/acct/$(printf '%0260d' 1)
short='https://ca.example/a"b\c'

make_records() {
    "$HOLDFAST" record make --issuer=authority.example --draft=01 \
        --until=4000000000 "$@"
}

# ---- a server that takes updates ----

zone() {
    cat <<END
\$ORIGIN $1.
\$TTL 300
@ SOA ns1 hostmaster 1 3600 600 86400 300
@ NS ns1
ns1 A 127.0.0.1
_validation-persist TXT "other-ca.example; accounturi=https://other-ca.example/9"
END
}

for name in example.com example.org; do
    zone "$name" >"$tmp/$name.zone"
done
head_of_knot "$tmp" "127.0.0.1@$port" >"$tmp/knot.conf"
cat >>"$tmp/knot.conf" <<END
acl:
  - id: local
    address: 127.0.0.1
    action: [transfer, update]
template:
  - id: default
    storage: $tmp
    file: "%s.zone"
    acl: local
zone:
  - domain: example.com
  - domain: example.org
  - domain: example.net
END
run_knot "$tmp"
await serves 127.0.0.1 "$port" example.com example.org

ask() {
    kdig @127.0.0.1 -p "$port" +tcp +short +timeout=2 "$@"
}

# served NAME OPTION...: the label of NAME holds what `make` says, in the
# words of the server.
served() {
    name=$1
    shift
    ask "_validation-persist.$name" TXT >"$tmp/served"
    make_records "$@" --format=zone "$name" |
        sed 's/.* TXT //' >"$tmp/wanted"
    grep -qxF -f "$tmp/wanted" "$tmp/served" ||
        fail "$name: served $(cat "$tmp/served"), wanted $(cat "$tmp/wanted")"
}

for program in nsupdate knsupdate; do
    case $program in
    nsupdate) names='example.com www.example.com example.org' ;;
    knsupdate) names='k.example.com *.k2.example.com k.example.org' ;;
    esac
    # shellcheck disable=SC2086 # names are words
    { printf 'server 127.0.0.1 %s\n' "$port" &&
        make_records --account-url="$url" --format=nsupdate $names; } \
        >"$tmp/script"
    "$program" "$tmp/script" >"$tmp/said" 2>&1 ||
        fail "$program: $(cat "$tmp/said")"
    { printf 'server 127.0.0.1 %s\n' "$port" &&
        make_records --account-url="$short" --caa --format=nsupdate \
            "caa-$program.example.com" 2>/dev/null; } >"$tmp/script"
    "$program" "$tmp/script" >"$tmp/said" 2>&1 ||
        fail "$program: $(cat "$tmp/said")"
    served "caa-$program.example.com" --account-url="$short"
    ask "caa-$program.example.com" CAA |
        grep -q 'issue "authority.example; accounturi=' ||
        fail "$program: no CAA record"
done
for name in example.com www.example.com example.org k.example.com \
    k.example.org; do
    served "$name" --account-url="$url"
done
served k2.example.com --account-url="$url" --wildcard
ask _validation-persist.example.com TXT | grep -q '"other-ca.example;' ||
    fail "the record of another CA is gone"

# More names than fit one message.
{ printf 'server 127.0.0.1 %s\n' "$port" &&
    seq 250 | sed 's/.*/n&.example.com/' |
    make_records --account-url="$url" --format=nsupdate --file=-; } \
    >"$tmp/script"
[ "$(grep -c '^send$' "$tmp/script")" -eq 3 ] || fail "messages are not cut"
nsupdate "$tmp/script" >"$tmp/said" 2>&1 || fail "250 names: $(cat "$tmp/said")"
for n in 1 100 101 250; do
    served "n$n.example.com" --account-url="$url"
done

# ---- zone lines ----

{ zone example.net &&
    make_records --account-url="$short" --caa example.net '*.a.example.net' \
        2>/dev/null &&
    make_records --account-url="$url" b.example.net; } >"$tmp/example.net.zone"
knotc -c "$tmp/knot.conf" zone-check example.net >"$tmp/said" 2>&1 ||
    fail "knotc zone-check: $(cat "$tmp/said")"
nsd-checkzone example.net "$tmp/example.net.zone" >"$tmp/said" 2>&1 ||
    fail "nsd-checkzone: $(cat "$tmp/said")"
named-checkzone -D -o "$tmp/dumped" example.net "$tmp/example.net.zone" \
    >"$tmp/said" 2>&1 || fail "named-checkzone: $(cat "$tmp/said")"
# BIND wrote the zone anew; its lines read as the same records.
"$HOLDFAST" record diff "$tmp/example.net.zone" "$tmp/dumped" >"$tmp/said" ||
    fail "after named-checkzone: $(cat "$tmp/said")"
echo "ok: published and served"
