#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The service and the timer as they are installed, started by a systemd that is
# booted for them (systemd-nspawn, nothing but /usr): behind all its walls a
# certificate is renewed and deployed, the passphrase of the account is a
# credential, and "nothing was due" is no failure. With the drop-in that the unit
# names, http-01 works there as well: by a web root, and at port 80.
#
# And a CA and a perspective as services: who waits for the start finds them
# answering, a reload that is not taken fails, and a CA that is frozen is started
# again.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/peer/verdict.sh
. "$here/verdict.sh"
needs systemd-nspawn
[ "$(id -u)" = 0 ] || skip 'only root can boot a systemd'

# in_box ARGUMENT...: more arguments of nspawn, and what to run in the box.
in_box() {
    timeout 300 systemd-nspawn --quiet --register=no --keep-unit \
        --system-call-filter="landlock_create_ruleset landlock_add_rule landlock_restrict_self" \
        --volatile=yes --directory=/ --bind="$tmp/box:/mnt" \
        --bind="$state:/var/lib/holdfast" \
        --bind-ro="$tmp/units:/etc/systemd/system" \
        --bind-ro="$tmp/etc:/etc/holdfast" \
        --bind="$tmp/www:/srv" \
        --bind-ro="$tmp/bin:/usr/local/bin" --bind-ro=/etc/hosts "$@"
}

umask 022
mkdir "$tmp/box" "$state" "$tmp/units" "$tmp/etc" "$tmp/bin" "$tmp/www"
chmod 700 "$state"
in_box --as-pid2 true >"$tmp/out" 2>"$tmp/err" </dev/null ||
    skip "no box can be made here: $(tail -n 1 "$tmp/err")"

# ---- an account with a passphrase, and a certificate ----

PEBBLE_VA_ALWAYS_VALID=1 sh "$here/pebble.sh" start "$tmp/pebble"
# shellcheck disable=SC1091 # made by pebble.sh
. "$tmp/pebble/env"
cp "$PEBBLE_CA" "$tmp/etc/ca.pem"
echo 'a passphrase' >"$tmp/etc/passphrase"
chmod 600 "$tmp/etc/passphrase"
export CREDENTIALS_DIRECTORY="$tmp/etc"
expect 'an account' 0 'created account' account create --agree-tos \
    --directory "$PEBBLE_DIRECTORY" --passphrase-credential passphrase \
    --ca-bundle "$PEBBLE_CA"
expect 'a certificate' 0 'issued' cert issue a.example --no-check \
    --ca-bundle "$PEBBLE_CA"

for name in web port; do
    expect "another, $name" 0 'issued' cert issue $name.example --no-check \
        --ca-bundle "$PEBBLE_CA"
done
# From then on by http-01; a port that only root may have, and nobody has.
port=$(python3 -c '
import socket
for port in range(1023, 0, -1):
    try:
        socket.create_server(("", port)).close()
    except OSError:
        continue
    print(port)
    break')
cat >"$tmp/etc/holdfast.conf" <<END
certificate web.example {
    method = {"http-01"}
    webroot = "/srv"
}
certificate port.example {
    method = {"http-01"}
    http-port = $port
}
END

# A perspective, whose unit wants nothing but this section.
eye_port=$(python3 "$here/ports.py" free 1)
cat >>"$tmp/etc/holdfast.conf" <<END
perspective default {
    code = "oslo"
    region = "RIPE NCC"
    plain = yes
    listen = {"127.0.0.1@$eye_port"}
}
END

# A CA, whose configuration the script in the box changes.
expect 'a CA' 0 'made a CA' ca init --name Test --plaintext
ca_port=$(python3 "$here/ports.py" free 1)
{
    cat "$tmp/etc/holdfast.conf"
    cat <<END
authority default {
    url = "https://localhost:$ca_port"
    listen = {"127.0.0.1@$ca_port"}
    issuer-name = {"ca.example"}
    internal-names = true
}
END
} >"$tmp/etc/ca.conf"
echo "$eye_port" >"$tmp/etc/eye-port"
echo "https://localhost:$ca_port/directory" >"$tmp/etc/directory"
sed 's/issuer-name/no-such-key/' "$tmp/etc/ca.conf" >"$tmp/etc/wrong.conf"

# ---- the units, a hook, and what the test changes of them ----

find "$BUILD" -maxdepth 1 -name 'holdfast*' -type f -exec cp {} "$tmp/bin/" \;
sed 's,^ExecStart=[^ ]*/holdfast,ExecStart=/usr/local/bin/holdfast,' \
    "$BUILD/dist/holdfast-renew.service" >"$tmp/units/holdfast-renew.service"
cp "$SRC/dist/holdfast-renew.timer" "$tmp/units"
sed 's,=[^ ]*/holdfast ,=/usr/local/bin/holdfast ,' \
    "$BUILD/dist/holdfast-ca.service" >"$tmp/units/holdfast-ca.service"
sed 's,=[^ ]*/holdfast ,=/usr/local/bin/holdfast ,' \
    "$BUILD/dist/holdfast-perspective.service" \
    >"$tmp/units/holdfast-perspective.service"
sed "s/443/$ca_port/; s/0\.0\.0\.0/127.0.0.1/; /\[::\]/d" \
    "$SRC/dist/holdfast-ca.socket" >"$tmp/etc/holdfast-ca.socket"
mkdir "$tmp/units/holdfast-ca.service.d"
cat >"$tmp/units/holdfast-ca.service.d/test.conf" <<'END'
[Service]
ExecStart=
ExecStart=/usr/local/bin/holdfast ca serve --config /tmp/ca.conf
# The file changes, and is where it can.
PrivateTmp=no
WatchdogSec=20
ExecStopPost=/bin/echo result ${SERVICE_RESULT}
StandardOutput=append:/mnt/ca-said
StandardError=append:/mnt/ca-said
END
mkdir "$tmp/units/holdfast-renew.service.d"
cat >"$tmp/units/holdfast-renew.service.d/test.conf" <<'END'
[Service]
LoadCredential=passphrase:/etc/holdfast/passphrase
Environment=HF_MORE=
ExecStart=
ExecStart=/usr/local/bin/holdfast cert renew --no-check --ca-bundle /etc/holdfast/ca.pem $HF_MORE
ExecStopPost=/bin/echo result ${SERVICE_RESULT} ${EXIT_STATUS}
StandardOutput=append:/mnt/said
StandardError=append:/mnt/said
END
# A process behind these walls cannot look for its own leaks (make dev).
mkdir "$tmp/units/service.d"
cat >"$tmp/units/service.d/leaks.conf" <<'END'
[Service]
Environment=ASAN_OPTIONS=detect_leaks=0
END
mkdir -p "$tmp/etc/hooks/deploy"
cat >"$tmp/etc/hooks/deploy/note" <<'END'
#!/bin/sh
echo "deployed $RENEWED_DOMAINS" >>/var/lib/holdfast/note
(echo x >/usr/local/bin/x) 2>/dev/null && echo 'climbed' >>/var/lib/holdfast/note
[ -z "$CREDENTIALS_DIRECTORY" ] || echo 'has our secrets' >>/var/lib/holdfast/note
exit 0
END
chmod 755 "$tmp/etc/hooks/deploy/note"
# It asks whoever boots for the first time.
ln -s /dev/null "$tmp/units/systemd-firstboot.service"
cat >"$tmp/units/test.target" <<'END'
[Unit]
Requires=basic.target
Wants=test.service
AllowIsolate=yes
END
cat >"$tmp/units/test.service" <<'END'
[Unit]
After=basic.target
[Service]
Type=oneshot
ExecStart=/bin/sh /etc/holdfast/script
END
# What is due: nothing; then, by a drop-in of its own, everything; and at last
# with the drop-in for http-01.
cat >"$tmp/etc/script" <<'END'
systemctl start holdfast-renew.service
mkdir -p /run/systemd/system/holdfast-renew.service.d
printf '[Service]\nEnvironment=HF_MORE=--force\n' \
    >/run/systemd/system/holdfast-renew.service.d/zz-force.conf
systemctl daemon-reload
systemctl start holdfast-renew.service
printf '[Service]\nReadWritePaths=/srv\nAmbientCapabilities=CAP_NET_BIND_SERVICE
CapabilityBoundingSet=CAP_NET_BIND_SERVICE\n' \
    >/run/systemd/system/holdfast-renew.service.d/http.conf
systemctl daemon-reload
systemctl start holdfast-renew.service
systemctl start holdfast-renew.timer
{
    cp /etc/holdfast/ca.conf /tmp/ca.conf
    # No sign of life is missed.
    for n in 1 2 3; do
        systemctl restart holdfast-ca && /usr/local/bin/holdfast ca status \
            --state-dir /var/lib/holdfast >/mnt/ca-status
        echo "started $? $(systemctl show -P StatusText holdfast-ca)"
    done
    cp /etc/holdfast/wrong.conf /tmp/ca.conf
    systemctl reload holdfast-ca
    echo "reloaded $? $(systemctl show -P StatusText holdfast-ca)"
    cp /etc/holdfast/ca.conf /tmp/ca.conf
    systemctl reload holdfast-ca
    echo "reloaded $? $(systemctl show -P StatusText holdfast-ca)"
    frozen=$(systemctl show -P MainPID holdfast-ca)
    kill -STOP "$frozen"
    until [ "$(systemctl show -P MainPID holdfast-ca)" != "$frozen" ] &&
        systemctl is-active --quiet holdfast-ca; do
        sleep 1
    done
    systemctl stop holdfast-ca
    echo "stopped $?"
    # Nobody serves; then it is started again and again, while somebody asks.
    cp /etc/holdfast/holdfast-ca.socket /run/systemd/system
    systemctl daemon-reload
    systemctl start holdfast-ca.socket
    for n in 1 2 3 4 5; do
        [ $n = 1 ] || systemctl restart holdfast-ca &
        curl -sS --max-time 60 --cacert /var/lib/holdfast/ca/root.pem \
            "$(cat /etc/holdfast/directory)" | grep -c newNonce
        wait
    done
    systemctl stop holdfast-ca.socket holdfast-ca
    echo "stopped $?"
    sed -i "s/ListenStream=.*/ListenStream=127.0.0.1:$(cat /etc/holdfast/eye-port)/" \
        /run/systemd/system/holdfast-ca.socket
    systemctl daemon-reload
    systemctl start holdfast-ca.socket holdfast-ca
    echo "started $?"
    systemctl stop holdfast-ca.socket holdfast-ca
} >/mnt/ca 2>&1
{
    systemctl start holdfast-perspective
    echo "started $? $(systemctl show -P StatusText holdfast-perspective)"
    curl -sS "http://127.0.0.1:$(cat /etc/holdfast/eye-port)/configz"
    echo
    systemctl stop holdfast-perspective
    echo "stopped $? $(systemctl show -P Result holdfast-perspective)"
} >/mnt/perspective 2>&1
systemctl is-active holdfast-renew.timer >/mnt/timer
systemd-analyze security --no-pager holdfast-renew.service >/mnt/security
systemctl --no-block exit 0
END

in_box --console=pipe --boot -- --unit=test.target >"$tmp/out" 2>"$tmp/err" </dev/null ||
    not_ok 'the box does not come down'

cp "$tmp/box/said" "$tmp/out" || not_ok 'it has said nothing'

holds() { # FILE TEXT WHAT
    [ "$(cat "$1" 2>&1)" = "$2" ] && ok "$3" ||
        not_ok "$3: $(cat "$1" 2>&1), wanted $2"
}

grep '^result' "$tmp/box/said" >"$tmp/results" 2>&1 || true
holds "$tmp/results" 'result success 2
result exit-code 1
result success 0' 'nothing due is a success, and so is a renewal, behind the walls'
sort -u "$state/note" >"$tmp/notes" 2>&1 || true
holds "$tmp/notes" 'deployed a.example
deployed port.example
deployed web.example' 'its deploy hook, behind them, too'
[ -e "$state/archive/a.example/cert3.pem" ] || not_ok 'no new certificate'
grep -q 'web.example: .*cannot be made.*Read-only file system' "$tmp/box/said" &&
    grep -q 'http-01: we may not listen at this port' "$tmp/box/said" &&
    ok 'http-01 wants a drop-in' || not_ok 'http-01 without a drop-in'
for name in web port; do
    [ -e "$state/archive/$name.example/cert2.pem" ] &&
        [ ! -e "$state/archive/$name.example/cert3.pem" ] &&
        ok "http-01 with it, $name" || not_ok "http-01 with it, $name"
done
holds "$tmp/box/timer" active 'the timer'
level=$(sed -n 's/.*exposure level for.*: \([0-9.]*\) .*/\1/p' \
    "$tmp/box/security")
echo "${level:-10}" | awk '{ exit $1 > 2.5 }' &&
    ok "exposure $level of 10" || not_ok "exposure ${level:-unknown}"

grep '^started\|^stopped' "$tmp/box/perspective" >"$tmp/eye" 2>&1 || true
holds "$tmp/eye" "started 0 answering at port $eye_port
stopped 0 success" 'a perspective is started and stopped'
grep -q oslo "$tmp/box/perspective" && ok 'it answers' ||
    not_ok "the perspective: $(cat "$tmp/box/perspective")"

serving="serving https://localhost:$ca_port"
grep '^started\|^reloaded\|^stopped\|^[0-9]*$' "$tmp/box/ca" >"$tmp/ca" 2>&1 ||
    true
holds "$tmp/ca" "started 0 $serving
started 0 $serving
started 0 $serving
reloaded 1 $serving; its new configuration was not taken
reloaded 0 $serving
stopped 0
1
1
1
1
1
stopped 0
started 1" 'a CA is started, reloaded, thawed, stopped, and waited for'
grep -q 'has a socket for us that is none of these' "$tmp/box/ca-said" &&
    ok 'a socket in vain' || not_ok 'a socket in vain'
grep -q '^result watchdog$' "$tmp/box/ca-said" && ok 'its watchdog did it' ||
    not_ok "no watchdog: $(tail -n 5 "$tmp/box/ca-said")"
exit $failed
