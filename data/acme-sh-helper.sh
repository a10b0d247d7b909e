#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What the dnsapi scripts of acme.sh expect around them, as far as publishing
# one record needs it: talking, asking by HTTP, text, digests, and reading the
# settings that acme.sh keeps, as data. Nothing is ever written back.
#
# Called as: sh -c HELPER acme.sh SCRIPT FUNCTION FQDN VALUE
set -f

# ---- talking ----

_info() { printf '%s\n' "$*"; }
_err() { printf '%s\n' "$*" >&2; }
_debug() { :; }
_debug2() { :; }
_debug3() { :; }
_secure_debug() { :; }
_secure_debug2() { :; }
_secure_debug3() { :; }
_usage() { _err "$@"; }
_sleep() { sleep "$1"; }
_exists() { command -v "$1" >/dev/null 2>&1; }

# ---- settings ----

_conf=${LE_CONFIG_HOME:-${HOME:-/nonexistent}/.acme.sh}/account.conf

_conf_value() { # NAME: the last line NAME='...', decoded
    [ -r "$_conf" ] || return 0
    _cv=$(sed -n "s/^$1='\(.*\)'\$/\1/p" "$_conf" | tail -n 1)
    case $_cv in
    __ACME_BASE64__START_*__ACME_BASE64__END_)
        _cv=${_cv#__ACME_BASE64__START_}
        printf '%s' "${_cv%__ACME_BASE64__END_}" | _dbase64
        ;;
    *) printf '%s' "$_cv" ;;
    esac
}
_readaccountconf() { _conf_value "$1"; }
_readaccountconf_mutable() { _conf_value "SAVED_$1"; }
_saveaccountconf() { :; }
_saveaccountconf_mutable() { :; }
_clearaccountconf() { :; }
_clearaccountconf_mutable() { :; }
_readdomainconf() { :; }
_savedomainconf() { :; }
_cleardomainconf() { :; }
_getdeployconf() { :; }
_savedeployconf() { :; }

# ---- text ----

_contains() { case $1 in *"$2"*) return 0 ;; esac; return 1; }
_startswith() { case $1 in "$2"*) return 0 ;; esac; return 1; }
_endswith() { case $1 in *"$2") return 0 ;; esac; return 1; }
_upper_case() { tr '[:lower:]' '[:upper:]'; }
_lower_case() { tr '[:upper:]' '[:lower:]'; }
_egrep_o() { grep -E -o -- "$1"; }
_head_n() { head -n "$1"; }
_tail_n() { tail -n "$1"; }
_sed_i() { sed -i "$1" "$2"; }
_math() { printf '%s' "$(($*))"; }
_idn() { printf '%s' "$1"; }
_is_idn() { return 1; }
_strlen_h() { printf '%s' "${#1}"; }
_getfield() { printf '%s' "$1" | cut -d "${3:-,}" -f "$2"; }
_stripquotes() { sed 's/^"//; s/"$//'; }
_normalizeJson() { sed 's/" *: *\(["{[0-9tfn-]\)/":\1/g; s/\r//g'; }
_json_encode() { sed 's/\\/\\\\/g; s/"/\\"/g' | tr -d '\n'; }
_json_decode() { sed 's/\\"/"/g; s/\\\\/\\/g'; }
_url_encode() {
    od -An -v -tx1 | tr -d ' \n' | sed 's/../%&/g' |
        sed 's/%2d/-/g; s/%2e/./g; s/%5f/_/g; s/%7e/~/g' |
        awk '{
            while (match($0, /%(3[0-9]|4[1-9a-f]|5[0-9a]|6[1-9a-f]|7[0-9a])/)) {
                h = substr($0, RSTART + 1, 2)
                n = index("0123456789abcdef", substr(h, 1, 1)) * 16 - 16
                n += index("0123456789abcdef", substr(h, 2, 1)) - 1
                printf "%s%c", substr($0, 1, RSTART - 1), n
                $0 = substr($0, RSTART + 3)
            }
            printf "%s", $0
        }'
}

# ---- digests ----

_base64() { openssl base64 -e ${1:+-A} | if [ -n "${1-}" ]; then cat; else tr -d '\n'; fi; }
_dbase64() { openssl base64 -d -A; }
_hex_dump() { od -An -v -tx1; }
_h2b() { while IFS= read -r _hx || [ -n "$_hx" ]; do
    while [ -n "$_hx" ]; do
        _hr=${_hx#??}
        printf "\\$(printf '%03o' "0x${_hx%"$_hr"}")"
        _hx=$_hr
    done
done; }
_digest() { # ALG [hex]
    if [ -n "${2-}" ]; then
        openssl dgst "-$1" -r | cut -d ' ' -f 1 | tr -d '\n'
    else
        openssl dgst "-$1" -binary | openssl base64 -A
    fi
}
_hmac() { # ALG KEY-IN-HEX [hex]
    if [ -n "${3-}" ]; then
        openssl dgst "-$1" -mac HMAC -macopt "hexkey:$2" -r | cut -d ' ' -f 1 |
            tr -d '\n'
    else
        openssl dgst "-$1" -mac HMAC -macopt "hexkey:$2" -binary |
            openssl base64 -A
    fi
}
_time() { date -u +%s; }
_utc_date() { date -u '+%Y-%m-%d %H:%M:%S'; }
_mktemp() { mktemp; }

# ---- HTTP ----

HTTP_HEADER=$(mktemp) || exit 1
trap 'rm -f "$HTTP_HEADER"' EXIT
trap 'exit 1' INT TERM

_curl() { # URL, then more arguments of curl
    _cu=$1
    shift
    for _ch in "${_H1-}" "${_H2-}" "${_H3-}" "${_H4-}" "${_H5-}"; do
        [ -z "$_ch" ] || set -- "$@" -H "$_ch"
    done
    curl --silent --show-error --location --proto =http,https --max-time 60 \
        --dump-header "$HTTP_HEADER" "$@" -- "$_cu"
}
_get() { # URL [onlyheader] [timeout]
    if [ -n "${2-}" ]; then
        _curl "$1" --head
    else
        _curl "$1"
    fi
}
_post() { # BODY URL [needbase64] [METHOD] [CONTENT-TYPE]
    set -- "$1" "$2" "${4:-POST}" "${5-}"
    if [ -n "$4" ]; then
        _curl "$2" -X "$3" -H "Content-Type: $4" --data-binary "$1"
    else
        _curl "$2" -X "$3" --data-binary "$1"
    fi
}

# ---- the script ----

_script=$1
_function=$2
_fqdn=$3
_value=$4
set +f
set --
# shellcheck disable=SC1090 # the operator chose it
. "$_script" || exit 1
_exists "$_function" || {
    _err "$_script has no function $_function"
    exit 1
}
"$_function" "$_fqdn" "$_value"
