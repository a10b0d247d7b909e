#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A copy of our own CA's database is put back: what is newer than the copy is
# told, and kept as far as the log of evidence knows it; nothing is overwritten;
# and whatever the disk or the process does meanwhile, there is a whole database
# or none (faults.c).
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/peer/verdict.sh
. "$here/verdict.sh"
# shellcheck source=tests/peer/hit.sh
. "$here/hit.sh"
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

restore() { # WHAT STATUS PATTERN [OPTION...]
    what=$1 want=$2 pattern=$3
    shift 3
    expect "$what" "$want" "$pattern" ca restore "$tmp/copy.db" "$@"
}

# ---- a copy, and what comes after it ----

house_open
store=''
state=$house
house_found --plaintext
serve
enter 1 www mail
issue www
revoke
await is_listed "$serial"
expect 'a copy' 0 'copied_to' ca backup "$tmp/copy.db"
issue mail
kept=$serial
issue www
revoke
await is_listed "$serial"
restore 'a CA that serves is left alone' 75 'this CA serves'
gone=$serial
house_close
restore 'a database is not overwritten' 1 'it is not overwritten: move'
mv "$house/ca/ledger" "$tmp/lost"
cp -a "$house" "$tmp/usual"

# ---- it is put back ----

restore 'it is put back' 0 'restored what was known on'
said '2 certificates, of which the log' || not_ok 'what was issued since then'
said '1 revocations, which the log or the lists beside it have' ||
    not_ok 'a revocation that both have'
said 'at least' && not_ok 'none is lost'
check 'what is newer was issued' [ "$(sqlite3 "$house/ca/ledger/ca.db" \
    'SELECT count(*) FROM certificate')" = 3 ]
check 'nobody else may read it' [ \
    "$(stat -c %a "$house/ca/ledger" "$house/ca/ledger/ca.db" | tr '\n' ' ')" \
    = '700 600 ' ]
check 'and nothing else is there' [ "$(ls "$house/ca/ledger")" = ca.db ]
expect 'it is revoked as it was' 0 'revoked .*reason 0' \
    ca cert show "$gone"
expect 'what is newer is good' 0 "serial $kept" ca cert show "$kept"
said 'revoked' && not_ok 'nobody revoked it'
expect 'its doctor is content' 0 'all is well' ca doctor
serve
await is_listed "$serial"
ok 'the list has it again'
say 1 get "${directory%/directory}/cert/$kept" >"$tmp/out"
jq -r .body "$tmp/out" >"$tmp/kept.pem"
check 'its account gets what is newer' openssl verify -CAfile \
    "$house/ca/root.pem" -untrusted "$tmp/kept.pem" "$tmp/kept.pem"
certificate=${directory%/directory}/cert/$kept
revoke
await is_listed "$kept"
ok 'and may revoke it'
enter 1 mail
issue mail
expect 'it serves, and all is well' 0 'all is well' ca doctor
house_close

# ---- what cannot be put back ----

sick() {
    rm -rf "$tmp/sick"
    cp -a "$tmp/usual" "$tmp/sick"
    state=$tmp/sick
}

is_as_it_was() {
    [ "$(ls "$tmp/usual/ca")" = "$(ls "$state/ca")" ]
}

sick
rm "$state"/ca/evidence/?.crl
restore 'without the lists' 0 '1 revocations, which the log'
said 'at least' && not_ok 'none is lost, by the log'
expect 'and its doctor is content' 0 'all is well' ca doctor
sick
python3 - "$state"/ca/evidence/?.crl <<'PYTHON'
import sys
for path in sys.argv[1:]:
    octets = bytearray(open(path, "rb").read())
    octets[-1] ^= 1
    open(path, "wb").write(octets)
PYTHON
restore 'lists that were changed' 1 'evidence: .*is not signed by the issuing CA'
check 'nothing is put back then' is_as_it_was
sick
"$HOLDFAST" ca init --state-dir "$tmp/other" --name Other --plaintext \
    >"$tmp/out"
cp "$tmp/other/ca/issuer.pem" "$state/ca/issuer.pem"
restore 'the copy of another CA' 1 "a copy of another CA's database"
check 'nothing is put back' is_as_it_was
sick
sed -i '3s/"at":1/"at":2/' "$state"/ca/evidence/*.log
restore 'a log that was changed' 1 'the hash of this entry'
check 'nothing is put back then' is_as_it_was
sick
printf 'nothing of SQLite, page after page' |
    dd of="$tmp/copy.db" bs=4096 seek=4 conv=notrunc 2>"$tmp/dd"
restore 'a damaged copy' 1 'damaged'
check 'nothing is put back of it' is_as_it_was
state=$tmp/empty
restore 'no CA at all' 1 'first put its folder back'
restore 'PostgreSQL' 64 'use pg_restore' --store postgresql://x/y
sick
cp "$tmp/lost/ca.db" "$tmp/copy.db"
rm -r "$state/ca/evidence"
restore 'without a log' 0 'there is no log of evidence here'

# ---- the disk and the process fail ----

torn() { # KIND AT
    hit "$1" "$2" "$HOLDFAST" ca restore "$tmp/copy.db" --state-dir "$state"
    was_hit || return 0
    what="$1 $2, $(grep '^fault' "$tmp/err")"
    was_killed "$1" "$what" || [ $status = 0 ] ||
        grep -q -e "$(wanted_of "$1")" -e 'disk is full' \
            -e 'cannot be read or written' "$tmp/err" ||
        not_ok "$what: nothing is said of it"
    if [ ! -e "$state/ca/ledger" ]; then
        hit none 0 "$HOLDFAST" ca restore "$tmp/copy.db" --state-dir "$state"
        [ $status = 0 ] || not_ok "$what: restore again"
    fi
    [ "$(sqlite3 "$state/ca/ledger/ca.db" 'PRAGMA integrity_check;
        SELECT count(*) FROM certificate' | tr '\n' ' ')" = 'ok 3 ' ] ||
        not_ok "$what: what is there is not whole"
    rm -r "$state/ca/ledger"
    return 1
}

every_call() { # KIND
    tmp=$tmp/$1
    mkdir "$tmp"
    cp "$tmp/../usual.db" "$tmp/copy.db"
    cp -a "$tmp/../usual" "$tmp/sick"
    state=$tmp/sick
    n=1
    until torn "$1" $n || [ $n = 80 ]; do
        n=$((n + 1))
    done
    [ $n -gt 6 ] || not_ok "$1: only $((n - 1)) calls were hit"
    [ $n -lt 80 ] || not_ok "$1: it never gets through"
    echo "$1: $((n - 1)) calls"
    exit $failed
}

sqlite3 "$tmp/lost/ca.db" "VACUUM INTO '$tmp/usual.db'"
sqlite3 "$tmp/usual.db" "PRAGMA foreign_keys = OFF; DELETE FROM certificate
    WHERE serial = '$kept'"
side_by_side every_call eio enospc kill tear
exit $failed
