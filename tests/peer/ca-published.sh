#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Lists of revoked certificates where clients look for them: the doctor of our
# own CA fetches them from its web server, and from one of another kind, which
# has old ones, others' and none; what a list knows and the tables have
# forgotten is seen, and mended.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/peer/verdict.sh
. "$here/verdict.sh"
# shellcheck source=tests/peer/knot_zone.sh
. "$here/knot_zone.sh"
# shellcheck source=tests/peer/house.sh
. "$here/house.sh"
# shellcheck source=tests/peer/streams.sh
. "$here/streams.sh"
# shellcheck source=tests/peer/client.sh
. "$here/client.sh"
needs knotd knsupdate jq curl sqlite3 python3 openssl
python3 -c 'import cryptography' 2>/dev/null ||
    skip 'python3-cryptography is missing'
ttl=3600
web=$tmp/web

doctor() { # WHAT STATUS PATTERN [OPTION...]
    what=$1 want=$2 pattern=$3
    shift 3
    expect "$what" "$want" "$pattern" ca doctor --ca-bundle "$tmp/web.pem" "$@"
}

copy_lists() { # FOLDER
    mkdir -p "$1/crl"
    for shard in 0 1 2 3 4 5 6 7; do
        curl -s --fail --cacert "$house/ca/root.pem" \
            -o "$1/crl/$shard.crl" \
            "https://localhost:$house_port/crl/$shard.crl" || return 1
    done
}

put_lists() { # FOLDER
    rm -rf "$web/crl"
    cp -a "$1/crl" "$web/crl"
}

shard_of() { # SERIAL
    echo $((0x$(echo "$1" | tail -c 9) % 8))
}

change() { # SQL
    sqlite3 "$house/ca/ledger/ca.db" "PRAGMA foreign_keys = OFF; $1"
}

# ---- at the CA ----

house_open
store=''
state=$house
house_found --plaintext
serve
await copy_lists "$tmp/first" # there are some
expect 'before anything was issued' 0 'no certificate says yet' ca doctor
enter 1 www mail
issue mail
issue www
expect 'its own web server' 0 'published: the lists at the URLs' ca doctor
copy_lists "$tmp/old"
revoke
revoked=$serial
await is_listed "$revoked"
expect 'one is revoked' 0 'published: the lists at the URLs' ca doctor \
    --now +2m
copy_lists "$tmp/new"
expect 'offline' 0 'all is well' ca doctor --offline
said 'published' && not_ok 'nothing is fetched then'
house_close
expect 'nobody serves' 0 'note published: .* it cannot be fetched' ca doctor
said 'all is well' || not_ok 'which is nothing wrong'

# ---- at another web server ----

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 7 \
    -subj /CN=localhost -addext subjectAltName=DNS:localhost \
    -addext keyUsage=critical,digitalSignature,keyCertSign \
    -keyout "$tmp/web.key" -out "$tmp/web.pem" 2>"$tmp/err"
mkdir "$web"
put_lists "$tmp/new"
python3 "$here/web_files.py" "$house_port" "$web" "$tmp/web.pem" \
    "$tmp/web.key" >"$tmp/web.log" 2>&1 &
pids="$pids $!"
await listens "$house_port"
at=$(shard_of "$revoked")
url="crl/$at.crl"

doctor 'copies elsewhere' 0 'published: the lists at the URLs'
expect 'of a web server that nobody trusts' 0 'note published: ' ca doctor
put_lists "$tmp/old"
doctor 'old copies' 2 "published: .*/$url: it is an old one"
doctor 'which lack a certificate' 2 \
    "1 revoked certificates are not on it, such as $revoked" --now +2m
put_lists "$tmp/new"
doctor 'copies that have ended' 2 "$url: it has ended" --now +30d
python3 - "$web/$url" <<'PYTHON'
import sys
octets = bytearray(open(sys.argv[1], "rb").read())
octets[-1] ^= 1
open(sys.argv[1], "wb").write(octets)
PYTHON
doctor 'signed by somebody else' 2 "$url: it is not signed by the issuing CA"
cp "$tmp/new/crl/$(((at + 1) % 8)).crl" "$web/$url"
doctor 'another list' 2 "$url: what is there is the list of another URL"
echo 'It works!' >"$web/$url"
doctor 'no list' 2 "$url: .* no list of revoked certificates"
head -c 20000000 /dev/zero >"$web/$url"
doctor 'too long' 0 "note published: .*$url: it cannot be fetched: "
rm "$web/$url"
doctor 'missing' 0 "$url: it cannot be fetched: HTTP status 404"
put_lists "$tmp/new"

# ---- what the tables have forgotten ----

rm "$house"/ca/evidence/?.crl # which know it, too
change "UPDATE certificate SET revoked_at = NULL, reason = NULL
    WHERE serial = '$revoked'"
doctor 'a revocation is forgotten' 2 \
    "1 certificates on it are good in the database.* such as $revoked"
doctor 'it is revoked again, as the log has it' 0 "mended log: .*$revoked" \
    --repair
doctor 'and known' 0 'published: the lists at the URLs' --now +2m
change "DELETE FROM certificate WHERE serial = '$revoked'"
doctor 'a certificate is forgotten' 2 \
    "1 serial numbers on it are in no table, such as $revoked"
doctor 'it is put back, and revoked' 0 'all is well' --repair
expect 'for the same reason' 0 'revoked' ca cert show "$revoked"
doctor 'then all is well' 0 'published: the lists at the URLs' --now +2m
exit $failed
