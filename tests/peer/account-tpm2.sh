#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# An account whose key is in a TPM (swtpm): made there, with and without a
# passphrase, changed, used for a certificate; and what a TPM can refuse.
# REQ CLI-17, CLI-23, CLI-39.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/peer/hardware.sh
. "$here/hardware.sh"
needs "$BUILD/holdfast-tpm2.so" swtpm tpm2_getcap
tpm=

# shellcheck disable=SC2086 # none or one
tpm_stop() {
    end $tpm
    tpm=
}

at_end() {
    tpm_stop
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
    await tpm2 getcap properties-fixed
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

port=$(python3 "$here/ports.py" pair)
tcti="swtpm:host=127.0.0.1,port=$port"
hardware_start
pass=48151623
echo "$pass" >"$tmp/pass"
echo 'something else' >"$tmp/bad"

# ---- making ----

create early --key tpm2: --tcti "$tcti" --token-allow network
judge 'create, no TPM' 1 'no TPM can be reached'
tpm_start one
create early --key tpm2: --tcti "$tcti"
judge 'create, a TPM in the network, not allowed' 1 '--token-allow network'
create early --key tpm2: --tcti "$tcti" --key-type p384
judge 'create, a kind that it does not make' 64 'are of type p256'
create early --key tpm2:0x81000001
judge 'create, a handle' 64 "write 'tpm2:'"
create early --key tpm2: --plaintext
judge 'create, plain' 64 'in no file'
seq 100 | tr -d '\n' >"$tmp/long"
create early --key tpm2: --tcti "$tcti" --token-allow network \
    --passphrase-file "$tmp/long"
judge 'create, a long passphrase' 1 'at most 32 octets'
[ ! -e "$state/accounts/early/account.json" ] || not_ok 'there is an account'

create open --key tpm2: --tcti "$tcti" --token-allow network
judge 'create' 0 'created account'
TPM2TOOLS_TCTI=$tcti
export TPM2TOOLS_TCTI
create locked --key tpm2: --token-allow network --passphrase-file "$tmp/pass"
judge 'create, with a passphrase' 0 'created account'
create third --key tpm2: --token-allow network --passphrase-file "$tmp/pass"
judge 'and another' 0 'created account'
holds_no_secret "$pass"
[ "$(stat -c %a "$state"/accounts/open/key-*.pem)" = 600 ] ||
    not_ok 'the mode of the key file'
account show --account open
judge 'show' 0 "key in TPM $tcti"
account list
judge 'list' 0 ' tpm2'
for name in open locked open locked; do
    account check --account $name
    judge "check, $name" 0 'valid'
done
is_empty
account export --account open lego "$tmp/lego" --contact a@example.com
judge 'export' 1 'does not let it out'

# The file is what other programs of TPMs read: OpenSSL's provider finds our
# key in it.
status=0
TPM2OPENSSL_TCTI=$tcti openssl pkey -provider tpm2 -provider default \
    -in "$(ls "$state"/accounts/open/key-*.pem)" -pubout -outform DER \
    -out "$tmp/public.der" >"$tmp/out" 2>"$tmp/err" || status=$?
python3 - "$tmp/public.der" >"$tmp/out" 2>>"$tmp/err" <<'END' || status=$?
import base64, hashlib, sys
def text(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()
point = open(sys.argv[1], "rb").read()[-64:]
jwk = '{"crv":"P-256","kty":"EC","x":"%s","y":"%s"}' % (
    text(point[:32]), text(point[32:]))
print(text(hashlib.sha256(jwk.encode()).digest()))
END
judge "OpenSSL's provider reads it" 0 "$(member open thumbprint)"
is_empty

# ---- what it is good for ----

publish locked
issues 'a certificate by the key in the TPM' issue www.shop.example \
    --account locked --name first
serve locked
account create --account fleet --signer "$tmp/signer"
judge 'the account of a signer' 0 "account $(member locked url)"
account check --account fleet
judge 'signed for by the TPM' 0 'valid'
# What it holds is one of three.
end "$signer"

# ---- changing it ----

account rollover --account locked
judge 'rollover, in the same TPM' 0 'the key was changed'
account check --account locked
judge 'and check, with the same passphrase' 0 'valid'
account rollover --account locked --passphrase-file "$tmp/bad"
judge 'a wrong passphrase' 1 'the passphrase of the key in the TPM is wrong'
account rollover --account locked --key file --next-plaintext
judge 'rollover to a file' 0 'the key was changed'
account rollover --account locked --key tpm2: \
    --next-passphrase-file "$tmp/pass"
judge 'and back' 0 'the key was changed'
account check --account locked
judge 'and check' 0 'valid'
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
    got=$("$tmp/token_probe" climb "$(cat "$state"/accounts/open/key-*.pem)" \
        '' "$@" 2>/dev/null)
    [ "$got" = "$wanted" ] || not_ok "behind the wall: '$got', not '$wanted'"
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
    judge "wrong, $n" 1 'the passphrase of the key in the TPM is wrong'
done
account check --account locked
judge 'and then it is locked' 1 'the TPM is locked'
account check --account open
judge 'which is nothing to a key without a passphrase' 0 'valid'
tpm2 dictionarylockout --clear-lockout || not_ok 'clear-lockout'
account check --account locked
judge 'until its owner helps' 0 'valid'
tpm2 changeauth -c owner owned || not_ok 'changeauth'
account check --account locked
judge 'the owner has a password' 1 'the owner of this TPM has set a password'
tpm2 changeauth -c owner -p owned || not_ok 'changeauth'

pem=$(ls "$state"/accounts/open/key-*.pem)
cp "$pem" "$tmp/pem"
cp "$state"/accounts/third/key-*.pem "$pem"
account check --account open --passphrase-file "$tmp/pass"
judge 'the file of another key' 1 'another key now'
head -3 "$tmp/pem" >"$pem"
account check --account open
judge 'half a file' 1 'restore it from a backup'
cp "$tmp/pem" "$pem"

tpm_start two
account check --account open
judge 'another TPM' 1 'belongs to another TPM'
tpm_start one
account check --account open
judge 'the right one' 0 'valid'
tpm2 clear || not_ok 'clear'
account check --account open
judge 'a TPM that was cleared' 1 'this one was cleared since'
tpm_stop
account check --account open
judge 'no TPM' 1 'no TPM can be reached'
exit $failed
