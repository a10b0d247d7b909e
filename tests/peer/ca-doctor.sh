#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Our own CA falls ill in every way that its doctor knows, on SQLite and on
# PostgreSQL. What a crash leaves between signing and storing is made for real:
# the store refuses the certificate, and all processes are killed then.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# A small disk is mounted for ourselves alone.
if [ -z "${CA_DOCTOR_MOUNTS-}" ] && unshare -m mount --bind / / 2>/dev/null
then
    CA_DOCTOR_MOUNTS=1 exec unshare -m sh "$here/ca-doctor.sh"
fi
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
# shellcheck source=tests/peer/pg.sh
. "$here/pg.sh"
needs knotd knsupdate jq curl sqlite3 python3 openssl
python3 -c 'import cryptography' 2>/dev/null ||
    skip 'python3-cryptography is missing'
database='' small=''

at_end() {
    [ -z "$database" ] || pg_kill "$tmp/$database"
    [ -z "$small" ] || umount -l "$small"
}

ttl=3600

# ---- words ----

change() { # SQL: in the store that there is
    if [ -n "$pg_port" ]; then
        pg_sql "$pg_port" "$1"
    else
        sqlite3 "$house/ca/ledger/ca.db" "$1"
    fi
}

doctor() { # WHAT STATUS PATTERN [OPTION...]
    what=$1 want=$2 pattern=$3
    shift 3
    # shellcheck disable=SC2086 # options
    expect "$what" "$want" "$pattern" ca doctor $store "$@"
}

serial_of() { # FILTER: of what a doctor said in JSON
    jq -r "select(.part == \"log\" and $1) | .subject" "$tmp/out"
}

# ---- a certificate that nobody got ----

refuse_certificates() {
    if [ -n "$pg_port" ]; then
        change 'ALTER TABLE certificate ADD CONSTRAINT never CHECK (false)
            NOT VALID'
    else
        change "CREATE TRIGGER never BEFORE INSERT ON certificate
            BEGIN SELECT RAISE(ABORT, 'never'); END"
    fi
}

take_certificates() {
    if [ -n "$pg_port" ]; then
        change 'ALTER TABLE certificate DROP CONSTRAINT never'
    else
        change 'DROP TRIGGER never'
    fi
}

logged_more_than() { # COUNT
    [ "$(cat "$house"/ca/evidence/*.log | grep -c '"kind":"issue"')" -gt "$1" ]
}

# It is signed, and the CA dies before it has stored it.
orphan() { # NAME
    prove "$1"
    refuse_certificates
    signed=$(cat "$house"/ca/evidence/*.log | grep -c '"kind":"issue"')
    say 1 finalize "$order" >"$tmp/finalize" 2>&1 &
    client=$!
    pids="$pids $client"
    await logged_more_than "$signed"
    strike
    take_certificates
    end $client
    wait $client 2>/dev/null || true
}

# It is the last one.
forget_certificate() {
    last=$(ls "$house"/ca/evidence/*.log | tail -n 1)
    tail -n 1 "$last" | grep -q '"kind":"certificate"' || not_ok 'it is not last'
    sed -i '$d' "$last"
    rm -f "$house/ca/evidence/head" # if it was as far already
}

has_it() { # SERIAL
    say 1 get "${directory%/directory}/cert/$1" >"$tmp/out" &&
        jq -r .body "$tmp/out" | openssl x509 -noout -serial |
        grep -qi "=$1\$" || not_ok "nobody gets $1"
}

# Where what the CA had looked at was too old by the time that it was back, it
# wants the order finalized once more.
has_ended_well() { # ORDER
    say 1 get "$1" >"$tmp/out" 2>/dev/null || return 1
    if jq -e '.body.status == "ready"' "$tmp/out" >/dev/null; then
        say 1 finalize "$1" >"$tmp/out" 2>/dev/null || return 1
    fi
    jq -e '.body.status == "valid"' "$tmp/out" >/dev/null
}

crashes() { # ENGINE
    serve
    enter 1 www mail
    issue www
    doctor "$1: a CA that serves" 0 'all is well'
    issue mail
    house_close
    doctor "$1: one that does not" 0 'all is well'

    # The order waits for it.
    serve
    orphan www
    doctor "$1: an orphan is found" 2 'its order waits for it' --json
    serial=$(serial_of '.finding == "wrong"')
    check "$1: its serial number is told" [ -n "$serial" ]
    doctor "$1: its order gets it" 0 "$serial: .* has it.*all is well" --repair
    doctor "$1: and it is no orphan any more" 0 'all is well' --repair
    check "$1: it is there whole" [ "$(rows "SELECT count(*) FROM certificate
        WHERE serial = '$serial' AND length(der) > 400")" = 1 ]
    serve
    await has_ended_well "$order"
    check "$1: its order has no other one" [ "$(rows "SELECT count(*) FROM
        certificate WHERE order_id = ${order##*/}")" = 1 ]
    has_it "$serial"
    ok "$1: its account gets it"
    certificate=${directory%/directory}/cert/$serial
    revoke
    await is_listed "$serial"
    ok "$1: and may revoke it"

    # And so it does when the CA starts.
    orphan www
    before=$(wc -l <"$tmp/ca.log")
    serve
    tail -n "+$((before + 1))" "$tmp/ca.log" >"$tmp/out"
    check "$1: a CA that starts finds an orphan" \
        grep -q '"event":"found".*"fate":"awaited"' "$tmp/out"
    await has_ended_well "$order"
    check "$1: which its order has" [ "$(rows "SELECT count(*) FROM
        certificate WHERE order_id = ${order##*/}")" = 1 ]

    # The crash comes before anything could be handed out.
    orphan www
    forget_certificate
    doctor "$1: nobody got it" 2 'nobody got it: a crash' --json
    serial=$(serial_of '.finding == "wrong"')
    doctor "$1: it is put into the tables" 0 "$serial: .* revoked .*all is well" \
        --repair
    # shellcheck disable=SC2086
    expect "$1: it is listed, revoked" 0 'revoked .*reason 4' \
        ca cert show "$serial" $store
    serve
    await is_listed "$serial"
    ok "$1: the list of revoked certificates has it"
    await has_ended_well "$order"
    check "$1: its order has another one" [ "$(rows "SELECT count(*) FROM
        certificate WHERE revoked_at IS NULL AND order_id = ${order##*/}")" = 1 ]
    doctor "$1: then all is well" 0 'all is well'
    house_close
}

# ---- everything else, on copies ----

sick() {
    rm -rf "$tmp/sick"
    cp -a "$house" "$tmp/sick"
    state=$tmp/sick
}

files() {
    sick
    chmod 644 "$state/ca/issuer.key"
    chmod 755 "$state/ca/evidence"
    doctor 'a key that others may read' 2 \
        'issuer.key: others may read it (mode 0644)'
    chmod 2755 "$state/ca"
    doctor 'and it is mended' 0 'mended files: ca/issuer.key' --repair
    said 'files: ca: its mode was 2755, and is 0700 now' ||
        not_ok 'and so is the folder'
    check 'their modes' [ "$(stat -c %a "$state/ca" "$state/ca/issuer.key" |
        tr '\n' ' ')" = '700 600 ' ]
    chmod 666 "$state/ca/root.pem"
    doctor 'a root that others may change' 2 'root.pem: others may change it'
    rm "$state/ca/issuer.key"
    ln -s /dev/null "$state/ca/issuer.key"
    doctor 'a key that is a link' 2 'issuer.key: it is another kind of file'
    rm "$state/ca/issuer.key"
    doctor 'a key that is missing' 2 'issuer.key: No such file'
    rm -r "$state/ca"
    doctor 'no CA at all' 1 'there is no CA here'
    sick
    rm "$state/ca/root.key"
    doctor 'a root key that is elsewhere' 0 'all is well'
    if [ -n "${CA_DOCTOR_MOUNTS-}" ]; then
        mkdir "$tmp/small"
        mount -t tmpfs -o size=32m,mode=700 tmpfs "$tmp/small"
        small=$tmp/small
        cp -a "$house/ca" "$small/ca"
        state=$small
        doctor 'a small disk' 2 'WRONG disk: .* make room'
    else
        echo 'nothing of a small disk: nothing can be mounted here'
    fi
}

keys() {
    "$HOLDFAST" ca init --state-dir "$tmp/other" --name Other --plaintext \
        >"$tmp/out"
    sick
    cp "$tmp/other/ca/issuer.key" "$state/ca/issuer.key"
    doctor 'the key of another' 2 'issuer.key: the certificate is another key'
    cp "$tmp/other/ca/issuer.pem" "$state/ca/issuer.pem"
    doctor 'an issuing CA of another root' 2 'not signed by the root'
    said 'of another CA than' ||
        not_ok 'and the log says so'
    cp "$tmp/other/ca/root.pem" "$tmp/other/ca/root.key" "$state/ca"
    doctor 'lists of another' 2 'crl/0.crl: it is not signed by the issuing CA'
    sick
    echo nothing >"$state/ca/issuer.pem"
    doctor 'a certificate that is none' 2 'WRONG certificates: issuer.pem'
    sick
    doctor 'the issuing CA ends soon' 2 'soon nothing can be issued' \
        --now +1760d
    doctor 'the issuing CA has ended' 2 'issuer.pem: it ended on' --now +5000d
    said 'it has ended: clients' || not_ok 'and so have lists'
    doctor 'the clock is behind' 2 'clock: something happened later than now' \
        --now -1d
    said 'clock: the last entry of the log is later' ||
        not_ok 'and the log says so, too'
    echo secret >"$tmp/secret"
    echo wrong >"$tmp/wrong"
    "$HOLDFAST" ca init --state-dir "$tmp/sealed" --name Sealed \
        --passphrase-file "$tmp/secret" >"$tmp/out"
    state=$tmp/sealed
    run ca doctor
    judge 'an encrypted key' 0 'issuer.key: whether it is the certificate'
    doctor 'with its passphrase' 0 "issuer.key: it is the certificate's" \
        --passphrase-file "$tmp/secret"
    doctor 'with another' 2 'WRONG keys: issuer.key' \
        --passphrase-file "$tmp/wrong"
    doctor 'a URL that cannot be' 2 'serve. will not start with it' \
        --url http://ca.example
    state=$tmp/sick
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
        -days 2 -subj /CN=x -keyout "$tmp/web.key" -out "$tmp/web.pem" \
        2>"$tmp/err"
    doctor 'the web server is near its end' 2 'WRONG web server' \
        --tls-certificate "$tmp/web.pem"
}

# Beside the real house, whatever guards the tables.
damage() { # WHAT PATTERN SQL
    sick
    sqlite3 "$state/ca/ledger/ca.db" "PRAGMA foreign_keys = OFF; $3"
    doctor "$1" 2 "$2"
}

tables() {
    damage 'other dates' 'the dates are others' \
        'UPDATE certificate SET not_after_at = not_after_at + 1'
    damage 'another certificate' 'is not what was signed' \
        "UPDATE certificate SET der = (SELECT der FROM certificate
         WHERE length(der) > 0 ORDER BY serial LIMIT 1) WHERE length(der) > 0"
    damage 'another shard' 'the shard of its CRL is another' \
        'UPDATE certificate SET shard = (shard + 1) % 8'
    damage 'another hash' 'has no evidence for it' \
        "UPDATE certificate SET entry_hash = zeroblob(32)"
    damage 'a certificate is gone' 'somebody may use it' \
        "DELETE FROM certificate WHERE serial IN (SELECT serial FROM orders)"
    said 'orders are valid, and their certificate is missing' ||
        not_ok 'and its order is there'
    doctor 'it is put back, good' 0 'is there now, and good' --repair
    damage 'an account is gone' 'orders are of an account that is missing' \
        'DELETE FROM account'
    said 'certificates are of an account that is missing' ||
        not_ok 'and its certificates are there'
    said 'authorizations are of an account that is missing' ||
        not_ok 'and its authorizations are there'
    damage 'orders are gone' 'certificates are of an order that is missing' \
        'DELETE FROM orders'
    damage 'a job that does not end' \
        '1 orders have been processing for ten minutes' \
        "UPDATE orders SET status = 'processing', busy_at = 1000000000
         WHERE id = (SELECT min(id) FROM orders)"
    damage 'a check that does not end' \
        'authorizations have been processing for ten minutes' \
        "UPDATE authz SET status = 'processing', busy_at = 1000000000"
    damage 'a list is missing' 'some shards have no list' \
        'DELETE FROM crl WHERE shard = 3'
    damage 'a list of another time' 'crl/2.crl: its octets are not the list' \
        'UPDATE crl SET next_update_at = next_update_at + 1 WHERE shard = 2'
    damage 'a list of another shard may be, an altered one not' \
        'crl/2.crl: it is not signed' \
        "UPDATE crl SET der = CAST(substr(der, 1, length(der) - 1) || x'00' AS
         BLOB) WHERE shard = 2"
    sick
    printf 'nothing of SQLite, page after page' |
        dd of="$state/ca/ledger/ca.db" bs=4096 seek=3 conv=notrunc 2>"$tmp/dd"
    rm -f "$state"/ca/ledger/ca.db-*
    doctor 'a damaged page' 2 'WRONG database'
    head -c 50000 /dev/urandom >"$state/ca/ledger/ca.db"
    doctor 'no database at all' 2 'WRONG database'
    rm "$state/ca/ledger/ca.db"
    doctor 'a database that is lost' 2 'there is none, and the log'
}

# An entry that is like all others, made by somebody who knows how.
forge() { # LINE
    python3 - "$state"/ca/evidence/*.log "$1" <<'END'
import hashlib, json, re, sys
*files, which = sys.argv[1:]
lines = open(files[-1]).read().splitlines()
last = json.loads(lines[-1])
body = [re.search(r'"body":(.*),"previous"', line).group(1)
        for line in lines if '"order":"https' in line][0]
if which == "owner":
    body = re.sub(r'"serial":"[^"]*"', '"serial":"42"', re.sub(
        r'"order":"[^"]*"', '"order":"https://ca.example/order/7"', body))
elif which == "odd":
    body = '{"new":1}'
text = (f'{{"evidence":{last["evidence"] + 1},"at":{last["at"]},'
        f'"kind":"issue","body":{body},"previous":"{last["hash"]}"')
digest = hashlib.sha256(text.encode()).hexdigest()
open(files[-1], "a").write(f'{text},"hash":"{digest}"}}\n')
END
}

evidence() {
    log=00000000000000000001.log
    sick
    sed -i '3s/"at":1/"at":2/' "$state/ca/evidence/$log"
    doctor 'a changed entry' 2 "$log, line 3: the hash of this entry"
    sick
    sed -i '$d' "$state/ca/evidence/$log"
    grep -n '"order":"https' "$state/ca/evidence/$log" | tail -n 1 |
        cut -d : -f 1 >"$tmp/line"
    sed -i "$(cat "$tmp/line"),\$d" "$state/ca/evidence/$log"
    doctor 'the end is cut off' 2 'this log has no evidence for it'
    said 'its end is missing: it had' || not_ok 'which its head tells, too'
    sick
    sed -i '3{y/0123456789abcdef/123456789abcdef0/}' "$state/ca/evidence/head"
    doctor 'another head' 2 'it was written anew: entry'
    echo nothing >"$state/ca/evidence/head"
    doctor 'a head that is none' 2 'the head of the log of evidence cannot be'
    sick
    forge twin
    doctor 'a serial number twice' 2 'two entries of the log have this serial'
    doctor 'which nobody can mend' 2 'two entries of the log have this' --repair
    sick
    forge odd
    doctor 'an entry of another kind' 2 'it cannot be read'
    sick
    forge owner
    doctor 'an order that is not there' 2 'the tables are an older copy'
    doctor 'it is kept all the same' 0 'good until it is revoked' --repair
    rm -r "$state/ca/evidence"
    doctor 'no log at all' 2 'WRONG log'
}

# The issuing CA again, with the same key, for fewer names.
narrow() { # NAME...
    python3 -W ignore - "$house/ca" "$@" <<'END'
import sys
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

folder, *names = sys.argv[1:]
with open(f"{folder}/root.key", "rb") as file:
    key = serialization.load_pem_private_key(file.read(), None)
with open(f"{folder}/issuer.pem", "rb") as file:
    old = x509.load_pem_x509_certificate(file.read())
new = (x509.CertificateBuilder(old.issuer, old.subject, old.public_key(),
                               x509.random_serial_number())
       .not_valid_before(old.not_valid_before)
       .not_valid_after(old.not_valid_after))
for extension in old.extensions:
    if not isinstance(extension.value, x509.NameConstraints):
        new = new.add_extension(extension.value, extension.critical)
names = [x509.DNSName(name) for name in names]
new = new.add_extension(x509.NameConstraints(names, None), True)
with open(f"{folder}/issuer.pem", "wb") as file:
    file.write(new.sign(key, hashes.SHA384())
               .public_bytes(serialization.Encoding.PEM))
END
}

was_told() { # FILTER: of what the CA said last
    jq -e "$1" "$tmp/out" >/dev/null
}

# What the CA may no longer certify it refuses: at newOrder, and when it was
# ordered before. What it has certified already, clients refuse.
names() {
    house=$tmp/narrow
    house_found --plaintext
    state=$house
    serve
    enter 1 www other
    issue other
    other=$serial
    doctor 'all names are permitted' 0 'permits all that'
    prove other
    house_close
    narrow www.shop.example localhost
    serve
    say 1 finalize "$order" >"$tmp/out"
    check 'an order from before' was_told '.body.status == "invalid" and
        (.body.error.type | endswith(":rejectedIdentifier")) and
        (.body.error.detail | contains("does not permit all of these")) and
        .body.error.subproblems[0].identifier.value == "other.shop.example"'
    say 1 order other.shop.example >"$tmp/out"
    check 'a new one' was_told '.code == 403 and
        (.body.type | endswith(":rejectedIdentifier")) and
        (.body.subproblems[0].detail |
            contains("nothing but www.shop.example, localhost"))'
    issue www
    doctor 'a name that is not permitted any more' 2 \
        'clients refuse this name, .*: other.shop.example'
    run ca cert revoke "$other"
    doctor 'it is revoked; the log began with another' 2 'permits all that'
    house_close
    narrow www.shop.example
    expect 'its own web server is not permitted' 1 \
        'does not permit all of these names' ca serve --internal-names \
        --url "https://localhost:$house_port" --issuer-name ca.example
}

# ---- all of it ----

house_open
store='' pg_port=''
state=$house
house_found --plaintext
expect 'a CA that has not served yet' 0 'database: .*: there is none yet' ca doctor
crashes SQLite
files
keys
tables
evidence
names

if ! pg_find; then
    echo "nothing of PostgreSQL: it is missing"
    exit $failed
fi
# Programs of another user go into it.
chmod 711 "$tmp"
# shellcheck disable=SC2046 # a number
set -- $(python3 "$here/ports.py" free 1)
umask 022 # what they read there
pg_make "$tmp/one"
echo "synchronous_standby_names = ''" >>"$tmp/one/postgresql.conf"
pg_run "$tmp/one" "$1"
umask 077
database=one
pg_port=$1
url="postgresql://holdfast@127.0.0.1:$1/holdfast?sslmode=disable"
store="--store $url"
house=$tmp/pg-house
state=$house
house_found --plaintext
serve
doctor 'PostgreSQL may lose what it says' 2 'database: fsync is off'
house_close
change 'ALTER SYSTEM SET fsync = on'
change 'SELECT pg_reload_conf()' >"$tmp/out"
crashes PostgreSQL
change "DELETE FROM crl WHERE shard = 3"
doctor 'PostgreSQL: a list is missing' 2 'some shards have no list'
change "UPDATE certificate SET shard = (shard + 1) % 8"
doctor 'PostgreSQL: another shard' 2 'the shard of its CRL is another'
change "UPDATE certificate SET shard = (shard + 7) % 8"
change "UPDATE keeper SET until_at = 4000000000"
change "INSERT INTO keeper (name, id, since_at, until_at)
    VALUES ('x', 1, 1, 4000000000)"
change "UPDATE lease SET expires_at = 1"
doctor 'PostgreSQL: nobody does the chores' 2 'nobody has made lists'
pg_kill "$tmp/one"
database=
doctor 'PostgreSQL is away' 2 'WRONG database: postgresql://127.0.0.1'
exit $failed
