#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Hooks around certificates of a CA that somebody else wrote: which are run, in
# which order, what they learn and what they do not, what happens when one
# fails, hangs or is not there, and that what is owed is made up for.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/peer/verdict.sh
. "$here/verdict.sh"
needs jq openssl strace
umask 022
PEBBLE_VA_ALWAYS_VALID=1 sh "$here/pebble.sh" start "$tmp/pebble"
# shellcheck disable=SC1091 # made by pebble.sh
. "$tmp/pebble/env"
hooks=$tmp/hooks
log=$tmp/hooks.log

cert() { # COMMAND ARGUMENT...
    : >"$log"
    case $1 in
    show) run cert "$@" ;;
    *) run cert "$@" --hook-dir "$hooks" --no-check --ca-bundle "$PEBBLE_CA" ;;
    esac
}

# The hooks that were run, in their order, one word each.
expect_run() { # WORDS WHAT
    [ "$(xargs <"$log")" = "$1" ] && ok "$2" ||
        not_ok "$2: ran '$(xargs <"$log")', wanted '$1'"
}

hook() { # STAGE/NAME: says its name to the log, and does what comes in
    mkdir -p "$hooks/${1%/*}"
    {
        echo '#!/bin/sh'
        echo "echo $1 >>$log"
        cat
    } >"$hooks/$1"
    chmod 755 "$hooks/$1"
}

serial_of() {
    openssl x509 -noout -serial -in "$state/live/$1/cert.pem"
}

expect 'an account' 0 'created account' account create --plaintext \
    --directory "$PEBBLE_DIRECTORY" --agree-tos --ca-bundle "$PEBBLE_CA"
mkdir "$hooks"

# ---- which, and in which order ----

for stage in pre deploy post; do
    hook $stage/20-second </dev/null
    hook $stage/10-first </dev/null
    hook $stage/Third </dev/null
    for name in 10-first~ 10-first.bak 10-first.dpkg-old 10-first.dpkg-dist \
        .hidden; do
        hook "$stage/$name" </dev/null
    done
    hook $stage/30-no-program </dev/null
    chmod 644 "$hooks/$stage/30-no-program"
    mkdir "$hooks/$stage/40-folder"
done

cert issue a.example --deploy-hook "echo deploy/command >>$log"
judge 'issue' 0 'a.example: issued'
expect_run 'pre/10-first pre/20-second pre/Third deploy/10-first deploy/20-second deploy/Third deploy/command post/10-first post/20-second post/Third' \
    'by name; no backups, no files without the bit; the command last'
cert issue b.example --pre-hook "echo pre/command >>$log" --post-hook \
    "echo post/command >>$log"
judge 'issue another' 0 'b.example: issued'
rm -r "$hooks"/*/[2T]* "$hooks"/*/30* "$hooks"/*/10-first[~.]*

cert renew
judge 'nothing is due' 2 ''
[ ! -s "$tmp/out" ] && [ ! -s "$tmp/err" ] || not_ok 'and something is said'
expect_run '' 'and no hook is run'
requests=$(grep -c -e ' -> calling handler' "$tmp/pebble/log")
cert renew
[ "$requests" = "$(grep -c -e ' -> calling handler' "$tmp/pebble/log")" ] &&
    jq -e '.renewAt > 0 and .askAriAt > 0' "$state/renewal/a.example.json" \
        >/dev/null && ok 'nor is the CA asked again before it wants that' ||
    not_ok 'the CA is asked again'
cert renew --force --dry-run
expect_run '' 'nor in a dry run'
cert renew --force
judge 'renew both' 0 'b.example: issued'
expect_run 'pre/10-first deploy/10-first deploy/command pre/command deploy/10-first post/10-first post/command' \
    'pre once, deploy for each, post once'
cert renew --force --no-hooks
judge 'renew without hooks' 0 'issued'
expect_run '' 'none is run'
cert renew
judge 'and none is owed' 2 ''
cert show a.example --json
jq -e '.deployHook and (.deployOwed | not) and .keyType == "p256" and
    .methods == ["dns-persist-01"] and .reusesKey == false' \
    "$tmp/out" >/dev/null ||
    not_ok 'cert show'

# ---- what they learn ----

hook deploy/10-first <<END
env | sort >$tmp/env
ls -l /proc/self/fd >$tmp/fds
head -n 1 "\$RENEWED_LINEAGE/privkey.pem" >$tmp/key
END
hook post/10-first <<END
env | sort >$tmp/post
END
export SECRET_TOKEN=secret HOLDFAST_X=secret CREDENTIALS_DIRECTORY=/secret
LANG=C.UTF-8 cert issue '*.c.example' c.example --name c --key-type p384
judge 'issue for a look at the environment' 0 'c: issued'
sed '/^PWD=/d; /^_=/d; /^SHLVL=/d; /^OLDPWD=/d' "$tmp/env" >"$tmp/got"
cat >"$tmp/want" <<END
HOLDFAST_ACCOUNT=default
HOLDFAST_CERT=c
HOLDFAST_HOOK=deploy
HOME=$HOME
LANG=C.UTF-8
LEGO_HOOK_CERT_DOMAINS=*.c.example,c.example
LEGO_HOOK_CERT_KEY_PATH=$state/live/c/privkey.pem
LEGO_HOOK_CERT_KEY_TYPE=EC384
LEGO_HOOK_CERT_NAME=c
LEGO_HOOK_CERT_PATH=$state/live/c/fullchain.pem
PATH=$PATH
RENEWED_DOMAINS=*.c.example c.example
RENEWED_LINEAGE=$state/live/c
END
if diff "$tmp/want" "$tmp/got" >"$tmp/out"; then
    ok 'the environment of a deploy hook, and no more than that'
else
    not_ok 'the environment of a deploy hook'
fi
# ls has its folder open, beside the three.
[ "$(grep -c ' -> ' "$tmp/fds")" = 4 ] && [ "$(grep -c 'pipe:' "$tmp/fds")" -ge 2 ] ||
    not_ok 'descriptors of a hook'
grep -q BEGIN "$tmp/key" || not_ok 'the hook could not read the new key'
grep -qx 'RENEWED_DOMAINS=\*.c.example c.example' "$tmp/post" &&
    grep -qx 'FAILED_DOMAINS=' "$tmp/post" && ok 'and of a post hook' ||
    not_ok 'the environment of a post hook'
cert issue blocked.example
judge 'a name that the CA does not want' 1 'forbidden'
grep -qx 'RENEWED_DOMAINS=' "$tmp/post" &&
    grep -qx 'FAILED_DOMAINS=blocked.example' "$tmp/post" &&
    ok 'what failed is told to post hooks' || not_ok 'FAILED_DOMAINS'
unset SECRET_TOKEN HOLDFAST_X CREDENTIALS_DIRECTORY

# ---- failures: said, counted, made up for ----

hook deploy/10-first <<'END'
for n in $(seq 30); do echo "line $n" >&2; done
printf 'an escape \033[2J\n' >&2
exit 3
END
before=$(serial_of a.example)
cert renew --force a.example
judge 'a hook fails' 1 'deploy/10-first: deploy hook: failed with status 3'
grep -q 'deploy hook: line 30$' "$tmp/err" &&
    ! grep -q 'line 5$' "$tmp/err" && ! grep -q "$(printf '\033')" "$tmp/err" &&
    ok 'its last lines are shown, escaped' || not_ok 'its last lines'
[ "$(serial_of a.example)" != "$before" ] &&
    ok 'and the certificate is installed' || not_ok 'not installed'
expect_run 'pre/10-first deploy/10-first deploy/command post/10-first' \
    'the others are run all the same'
before=$(serial_of a.example)
cert renew
judge 'nothing is due, but it is tried again' 1 'failed with status 3'
expect_run 'deploy/10-first deploy/command' 'deploy hooks alone, and of this certificate'
cert show a.example
judge 'show tells of it' 0 'still to be run'
hook deploy/10-first </dev/null
cert renew
judge 'made up for' 0 ''
expect_run 'deploy/10-first deploy/command' 'once more'
cert renew
judge 'and then nothing is owed' 2 ''
expect_run '' 'and nothing is run'
[ "$(serial_of a.example)" = "$before" ] || not_ok 'it was renewed for that'

hook deploy/10-first <<'END'
sleep 600 & sleep 600
END
cert renew --force a.example --hook-timeout 1
judge 'a hook hangs' 1 'did not end in time and was killed'
hook deploy/10-first <<'END'
kill -9 $$
END
cert renew
judge 'a hook is killed' 1 'was killed by signal 9'
printf '#!/nonexistent/sh\n' >"$hooks/deploy/10-first"
cert renew
judge 'a hook that cannot be executed' 1 'cannot be executed'
hook pre/10-first <<'END'
exit 1
END
hook deploy/10-first </dev/null
cert renew --force a.example
judge 'a pre hook fails' 1 'pre hook: failed with status 1'
expect_run 'deploy/10-first deploy/command pre/10-first deploy/10-first deploy/command post/10-first' \
    'what was owed first; and a pre hook does not keep the certificate away'
hook pre/10-first </dev/null

# ---- a crash ----

# Killed while the hook runs: the hook ends, too, and is owed.
hook deploy/10-first <<END
echo \$\$ >$tmp/hook.pid
while :; do sleep 0.05; done
END
"$HOLDFAST" cert renew --force a.example --state-dir "$state" --no-check \
    --hook-dir "$hooks" --ca-bundle "$PEBBLE_CA" >"$tmp/out" 2>"$tmp/err" &
pid=$!
await test -s "$tmp/hook.pid"
hook_pid=$(cat "$tmp/hook.pid")
pids=$hook_pid
kill -9 $pid
wait $pid || true
hook_ends() {
    ! runs "$hook_pid"
}
await hook_ends
pids=
ok 'the hook ends with us'
hook deploy/10-first </dev/null
cert renew
judge 'after the crash' 0 ''
expect_run 'deploy/10-first deploy/command' 'the hook is run for the certificate'

# ---- commands of a certificate ----

cert renew a.example --deploy-hook "echo deploy/other >>$log"
judge 'another command' 2 ''
cert renew --force a.example
expect_run 'pre/10-first deploy/10-first deploy/other post/10-first' \
    'is remembered'
cert renew a.example --deploy-hook ''
cert renew --force a.example
expect_run 'pre/10-first deploy/10-first post/10-first' 'or taken away'

# ---- who may change what we run ----

chmod 777 "$hooks/deploy"
cert renew --force a.example
judge 'a folder that others can write' 1 'can be changed by somebody else'
chmod 755 "$hooks/deploy"
chmod 775 "$hooks/deploy/10-first"
cert renew --force a.example
judge 'a hook that others can write' 1 'can be changed by somebody else'
chmod 755 "$hooks/deploy/10-first"
hooks=$tmp/nowhere
cert renew
judge 'a folder that is not there' 1 'no such folder of hooks'
hooks=$tmp/hooks

# ---- the wall: who speaks with the CA executes nothing of others ----

trace -f -qq -e trace=execve,connect -o "$tmp/trace" "$HOLDFAST" cert renew \
    --force a.example --state-dir "$state" --no-check --hook-dir "$hooks" \
    --ca-bundle "$PEBBLE_CA" >"$tmp/out" 2>"$tmp/err" || not_ok 'traced'
awk -v hooks="$hooks" '
    /connect\(.*AF_INET/ { speaks[$1] = 1 }
    /execve\("/ && index($0, hooks) { runs[$1] = 1; any = 1 }
    END { for (pid in runs) if (pid in speaks) exit 1; exit !any }
' "$tmp/trace" && ok 'the process that speaks runs no hook' ||
    not_ok 'the process that speaks runs hooks'
main_pid=$(head -n 1 "$tmp/trace" | cut -d' ' -f1)
[ "$(grep -c "^$main_pid .*execve(\"$hooks" "$tmp/trace")" = 0 ] &&
    ! grep -q "clone.*$main_pid.*$hooks" "$tmp/trace" ||
    not_ok 'the main process runs hooks'

# ---- exit statuses ----

exec 9>>"$state/certificates.lock"
flock -n 9
cert renew --force --wait 0
judge 'another process is at work' 75 'at work on the certificates'
exec 9>&-
exit $failed
