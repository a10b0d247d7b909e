#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# An account whose key is in a TPM (swtpm): made there, with and without a
# passphrase, changed, used for a certificate; and what a TPM can refuse.
# REQ CLI-17, CLI-23, CLI-39.
set -eu

for need in "$BUILD/holdfast-tpm2.so" /usr/bin/swtpm /usr/bin/tpm2_getcap; do
    [ -e "$need" ] || {
        echo "skipped: $need is missing"
        exit 77
    }
done
here=$(cd "$(dirname "$0")" && pwd)
tmp=$(mktemp -d)
state=$tmp/state
failed=0
said=0
# shellcheck disable=SC1091 # beside this one
. "$here/hardware.sh"
tpm=
trap 'tpm_stop; hardware_stop; rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM
umask 077

tpm_stop() {
    [ -z "$tpm" ] || kill "$tpm" 2>/dev/null || true
    [ -z "$tpm" ] || wait "$tpm" || true
    tpm=
}

# The TPM whose memory is the folder $1, at the socket that the account knows.
tpm_start() { # FOLDER
    tpm_stop
    mkdir -p "$tmp/$1"
    rm -f "$tmp/tpm" "$tmp/tpm.ctrl"
    swtpm socket --tpm2 --tpmstate "dir=$tmp/$1" \
        --server "type=tcp,port=$port" --ctrl "type=tcp,port=$((port + 1))" \
        --flags not-need-init,startup-clear >"$tmp/swtpm.log" 2>&1 &
    tpm=$!
    tries=100
    until tpm2 getcap properties-fixed || [ $((tries -= 1)) = 0 ]; do
        sleep 0.05
    done
}

tpm2() { # TOOL ARGUMENT...
    tool=$1
    shift
    "tpm2_$tool" -T "swtpm:host=127.0.0.1,port=$port" "$@" \
        >"$tmp/log" 2>&1
}

# Nothing of ours may stay in the TPM, which has room for three keys.
is_empty() {
    for what in handles-transient handles-loaded-session; do
        tpm2 getcap $what || not_ok "getcap $what"
        [ ! -s "$tmp/log" ] || not_ok "left in the TPM: $what"
    done
}

# Two ports in a row.
port=$(python3 -c 'import socket
while True:
    with socket.socket() as a, socket.socket() as b:
        a.bind(("127.0.0.1", 0))
        port = a.getsockname()[1]
        try:
            b.bind(("127.0.0.1", port + 1))
        except (OSError, OverflowError):
            continue
        print(port)
        break')
tcti="swtpm:host=127.0.0.1,port=$port"
hardware_start
pass=48151623
echo "$pass" >"$tmp/pass"
echo 'something else' >"$tmp/bad"

# ---- making ----

create early --key tpm2: --tcti "$tcti" --token-allow network
expect 1 'no TPM can be reached' 'create, no TPM'
tpm_start one
create early --key tpm2: --tcti "$tcti"
expect 1 '--token-allow network' 'create, a TPM in the network, not allowed'
create early --key tpm2: --tcti "$tcti" --key-type p384
expect 64 'are of type p256' 'create, a kind that it does not make'
create early --key tpm2:0x81000001
expect 64 "write 'tpm2:'" 'create, a handle'
create early --key tpm2: --plaintext
expect 64 'in no file' 'create, plain'
seq 100 | tr -d '\n' >"$tmp/long"
create early --key tpm2: --tcti "$tcti" --token-allow network \
    --passphrase-file "$tmp/long"
expect 1 'at most 32 octets' 'create, a long passphrase'
[ ! -e "$state/accounts/early/account.json" ] || not_ok 'there is an account'

create open --key tpm2: --tcti "$tcti" --token-allow network
expect 0 'created account' 'create'
TPM2TOOLS_TCTI=$tcti
export TPM2TOOLS_TCTI
create locked --key tpm2: --token-allow network --passphrase-file "$tmp/pass"
expect 0 'created account' 'create, with a passphrase'
create third --key tpm2: --token-allow network --passphrase-file "$tmp/pass"
expect 0 'created account' 'and another'
holds_no_secret "$pass"
[ "$(stat -c %a "$state"/accounts/open/key-*.pem)" = 600 ] ||
    not_ok 'the mode of the key file'
account show --account open
expect 0 "key in TPM    $tcti" 'show'
account list
expect 0 '  tpm2' 'list'
for name in open locked open locked; do
    account check --account $name
    expect 0 'valid' "check, $name"
done
is_empty
account export --account open lego "$tmp/lego" --contact a@example.com
expect 1 'does not let it out' 'export'

# The file is what other programs of TPMs read: OpenSSL's provider finds our
# key in it.
said=0
TPM2OPENSSL_TCTI=$tcti openssl pkey -provider tpm2 -provider default \
    -in "$(ls "$state"/accounts/open/key-*.pem)" -pubout -outform DER \
    -out "$tmp/public.der" >"$tmp/out" 2>"$tmp/err" || said=$?
python3 - "$tmp/public.der" >"$tmp/out" 2>>"$tmp/err" <<'END' || said=$?
import base64, hashlib, sys
def text(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()
point = open(sys.argv[1], "rb").read()[-64:]
jwk = '{"crv":"P-256","kty":"EC","x":"%s","y":"%s"}' % (
    text(point[:32]), text(point[32:]))
print(text(hashlib.sha256(jwk.encode()).digest()))
END
expect 0 "$(member open thumbprint)" "OpenSSL's provider reads it"
is_empty

# ---- what it is good for ----

publish locked
issues 'a certificate by the key in the TPM' issue www.shop.example \
    --account locked --name first
serve locked
account create --account fleet --signer "$tmp/signer"
expect 0 "account $(member locked url)" 'the account of a signer'
account check --account fleet
expect 0 'valid' 'signed for by the TPM'
# What it holds is one of three.
kill "$signer"
wait "$signer" || true
signer=

# ---- changing it ----

account rollover --account locked
expect 0 'the key was changed' 'rollover, in the same TPM'
account check --account locked
expect 0 'valid' 'and check, with the same passphrase'
account rollover --account locked --passphrase-file "$tmp/bad"
expect 1 'the passphrase of the key in the TPM is wrong' 'a wrong passphrase'
account rollover --account locked --key file --next-plaintext
expect 0 'the key was changed' 'rollover to a file'
account rollover --account locked --key tpm2: \
    --next-passphrase-file "$tmp/pass"
expect 0 'the key was changed' 'and back'
account check --account locked
expect 0 'valid' 'and check'
[ "$(key_files locked)" = 1 ] || not_ok 'key files are left over'
is_empty

# ---- behind the wall ----

# A TPM at a descriptor needs no hole; swtpm's own way connects anew for each
# command.
cp "$BUILD/tests/peer/token_probe" "$BUILD/holdfast-tpm2.so" "$tmp"
climb() { # TCTI WANTED HOLE...
    export TPM2TOOLS_TCTI="$1"
    wanted=$2
    shift 2
    said=$("$tmp/token_probe" climb "$(cat "$state"/accounts/open/key-*.pem)" \
        '' "$@" 2>/dev/null)
    [ "$said" = "$wanted" ] || not_ok "behind the wall: '$said', not '$wanted'"
}
climb "$tcti" refused
climb "$tcti" 'network end' network
climb "cmd:tpm2_send -T $tcti" 'end'
export TPM2TOOLS_TCTI="$tcti"

# ---- a TPM that refuses ----

tpm2 dictionarylockout --setup-parameters --max-tries=4 --recovery-time=1000 ||
    not_ok 'dictionarylockout'
for n in 1 2 3; do
    account check --account locked --passphrase-file "$tmp/bad"
    expect 1 'the passphrase of the key in the TPM is wrong' "wrong, $n"
done
account check --account locked
expect 1 'the TPM is locked' 'and then it is locked'
account check --account open
expect 0 'valid' 'which is nothing to a key without a passphrase'
tpm2 dictionarylockout --clear-lockout || not_ok 'clear-lockout'
account check --account locked
expect 0 'valid' 'until its owner helps'
tpm2 changeauth -c owner owned || not_ok 'changeauth'
account check --account locked
expect 1 'the owner of this TPM has set a password' 'the owner has a password'
tpm2 changeauth -c owner -p owned || not_ok 'changeauth'

pem=$(ls "$state"/accounts/open/key-*.pem)
cp "$pem" "$tmp/pem"
cp "$state"/accounts/third/key-*.pem "$pem"
account check --account open --passphrase-file "$tmp/pass"
expect 1 'another key now' 'the file of another key'
head -3 "$tmp/pem" >"$pem"
account check --account open
expect 1 'restore it from a backup' 'half a file'
cp "$tmp/pem" "$pem"

tpm_start two
account check --account open
expect 1 'belongs to another TPM' 'another TPM'
tpm_start one
account check --account open
expect 0 'valid' 'the right one'
tpm2 clear || not_ok 'clear'
account check --account open
expect 1 'this one was cleared since' 'a TPM that was cleared'
tpm_stop
account check --account open
expect 1 'no TPM can be reached' 'no TPM'
exit $failed
