#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# `holdfast audit --caa` of a zone file, and `holdfast check` of the same zone
# served by Knot: they agree about every name that CAA restricts.
set -eu

here=$(dirname "$0")
# shellcheck source=tests/peer/verdict.sh
. "$here/verdict.sh"

CA='ca.example; accounturi=https://ca.example/acct/123'
OTHER='other-ca.example; accounturi=https://other-ca.example/a/9'
HASHED='ca.example; accounturi=https://ca.example/h/sha-256/NpDnSwUthQK8zCgFdefYxAdAVPnygMLbs9US6oO-5ug'

# Records stand before and behind the CAA that is for them.
cat >"$tmp/zone" <<END
\$ORIGIN caa.example.
\$TTL 300
@ SOA ns1 hostmaster 1 3600 600 86400 300
@ NS ns1
ns1 A 127.0.0.1
_validation-persist TXT "$CA"
_validation-persist.free TXT "$CA"
_validation-persist.other TXT "$CA"
_validation-persist.a.other TXT "$CA"
_validation-persist.b.a.other TXT "$OTHER"
_validation-persist.open.other TXT "$CA"
_validation-persist.x.open.other TXT "$CA"
other CAA 0 issue "other-ca.example"
open.other CAA 0 iodef "mailto:a@caa.example"
_validation-persist.nobody TXT "$CA"
nobody CAA 0 issue ";"
_validation-persist.two TXT "$OTHER"
_validation-persist.two TXT "$CA"
two CAA 0 issue "ca.example"
several CAA 0 issue "x.example"
several CAA 0 ISSUE CA.example
_validation-persist.several TXT "$CA"
_validation-persist.wild TXT "$CA; policy=wildcard"
wild CAA 0 issuewild "x.example"
_validation-persist.critical TXT "$CA"
critical CAA 128 unheard "of"
_validation-persist.known TXT "$CA"
known CAA 128 issue "ca.example"
_validation-persist.method TXT "$CA"
method CAA 0 issue "ca.example; validationmethods=dns-01"
_validation-persist.methods TXT "$CA"
methods CAA 0 issue "ca.example; validationmethods=dns-01,dns-persist-01"
_validation-persist.account TXT "$CA"
account CAA 0 issue "ca.example; accounturi=https://ca.example/acct/123"
_validation-persist.stranger TXT "$CA"
stranger CAA 0 issue "ca.example; accounturi=https://ca.example/acct/124"
_validation-persist.hashed TXT "$HASHED"
hashed CAA 0 issue "ca.example; accounturi=https://ca.example/acct/124"
_validation-persist.generic TXT "$CA"
generic TYPE257 \\# 16 00056973737565782e6578616d706c65
_validation-persist.escaped TXT "$CA"
escaped CAA 0 issue "ca\\046exampl\\e"
_validation-persist.tomb TXT ";"
tomb CAA 0 issue ";"
END

sh "$here/tree.sh" start "$tmp/tree" "caa=$tmp/zone"
# shellcheck disable=SC1091 # made by tree.sh
. "$tmp/tree/env"

# agree WHAT OPTION...: the names that CAA forbids, by the file and by DNS. A
# check says it of names only that would validate.
agree() {
    what=$1
    shift
    "$HOLDFAST" audit --caa --json "$@" "$tmp/zone" >"$tmp/json" || true
    jq -r 'select(.name != null) | select(.findings | index("caa-forbids")) |
        select(.verdict == null or .verdict.outcome == "valid") |
        .name' "$tmp/json" | sort >"$tmp/audit"
    # shellcheck disable=SC2046,SC2086 # lists of words
    "$HOLDFAST" check --json "$@" $TREE_OPTIONS $(jq -r '.name // empty' \
        "$tmp/json" | grep -v '^tomb\.') >"$tmp/out" 2>"$tmp/err" || true
    jq -r 'select(.caa.reason != null and .caa.reason != "ok") | .name' \
        "$tmp/out" | sort >"$tmp/check"
    if [ -s "$tmp/audit" ] && cmp -s "$tmp/audit" "$tmp/check"; then
        echo "ok - $what: $(wc -l <"$tmp/audit") names"
    else
        echo "not ok - $what"
        diff "$tmp/audit" "$tmp/check" | sed 's/^/    /' || true
        sed 's/^/    /' "$tmp/err" | head -5
        failed=1
    fi
}

agree 'for those that the records name'
agree 'for one account' --issuer ca.example --draft 01 \
    --account-url https://ca.example/acct/123
agree 'for another CA' --issuer other-ca.example --draft 01 \
    --account-url https://other-ca.example/a/9
exit $failed
