#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The service and the timer as they are installed, started by a systemd that is
# booted for them (systemd-nspawn, nothing but /usr): behind all its walls a
# certificate is renewed and deployed, the passphrase of the account is a
# credential, and "nothing was due" is no failure.
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
        --bind-ro="$tmp/bin:/usr/local/bin" --bind-ro=/etc/hosts "$@"
}

umask 022
mkdir "$tmp/box" "$state" "$tmp/units" "$tmp/etc" "$tmp/bin"
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

# ---- the units, a hook, and what the test changes of them ----

cp "$HOLDFAST" "$BUILD"/holdfast-*.so "$tmp/bin/"
sed 's,^ExecStart=[^ ]*/holdfast,ExecStart=/usr/local/bin/holdfast,' \
    "$BUILD/dist/holdfast-renew.service" >"$tmp/units/holdfast-renew.service"
cp "$SRC/dist/holdfast-renew.timer" "$tmp/units"
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
mkdir -p "$tmp/etc/hooks/deploy"
cat >"$tmp/etc/hooks/deploy/note" <<'END'
#!/bin/sh
echo "deployed $RENEWED_DOMAINS" >/var/lib/holdfast/note
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
# What is due: nothing; then, by a drop-in of its own, everything.
cat >"$tmp/etc/script" <<'END'
systemctl start holdfast-renew.service
mkdir -p /run/systemd/system/holdfast-renew.service.d
printf '[Service]\nEnvironment=HF_MORE=--force\n' \
    >/run/systemd/system/holdfast-renew.service.d/zz-force.conf
systemctl daemon-reload
systemctl start holdfast-renew.service
systemctl start holdfast-renew.timer
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

sed -n '1p; $p' "$tmp/box/said" >"$tmp/results" 2>&1 || true
holds "$tmp/results" 'result success 2
result success 0' 'nothing due is a success, and so is a renewal, behind the walls'
grep -q '^a.example: issued, until' "$tmp/box/said" || not_ok 'what it said'
holds "$state/note" 'deployed a.example' 'its deploy hook, behind them, too'
[ -e "$state/archive/a.example/cert2.pem" ] || not_ok 'no new certificate'
holds "$tmp/box/timer" active 'the timer'
level=$(sed -n 's/.*exposure level for.*: \([0-9.]*\) .*/\1/p' \
    "$tmp/box/security")
echo "${level:-10}" | awk '{ exit $1 > 2.5 }' &&
    ok "exposure $level of 10" || not_ok "exposure ${level:-unknown}"
exit $failed
