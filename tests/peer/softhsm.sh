# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
#
# softhsm.sh -- SoftHSM's PKCS #11 tokens, to be sourced behind verdict.sh.
#
#   softhsm_is_there        it is, and holdfast speaks PKCS #11
#   softhsm_begin           there are no tokens yet, and they will be in
#                           $tmp/tokens
#   softhsm_token LABEL PIN one more
#
# $module is the path of its module.

module=/usr/lib/softhsm/libsofthsm2.so

softhsm_is_there() {
    [ -e "$module" ] && [ -e "$BUILD/holdfast-pkcs11.so" ]
}

softhsm_begin() {
    mkdir "$tmp/tokens"
    cat >"$tmp/softhsm2.conf" <<END
directories.tokendir = $tmp/tokens
objectstore.backend = file
log.level = ERROR
END
    export SOFTHSM2_CONF="$tmp/softhsm2.conf"
}

softhsm_token() {
    softhsm2-util --init-token --free --label "$1" --so-pin 5678 --pin "$2" \
        >"$tmp/log"
}
