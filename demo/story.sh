# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
#
# story.sh -- the parts of the demo, in their order, for demo/run. The words
# are in tell.sh, the servers in world.sh.

# The settings that commands below use, shown as they are set.
setting() {
    show_command "$1"
    eval "$1"
}

story_opens() {
    printf '%sholdfast: who may have certificates for your names?%s\n' \
        "$bold" "$plain"
    say "A private Internet on 127.0.0.1, port $WORLD_PORT: Knot serves a" \
        "signed root, a top level and eleven zones below it, some of them" \
        "broken; Unbound stands in front and validates nothing. holdfast" \
        "validates, from its own root of trust."
    setting "root='--forward $WORLD_RESOLVER --trust-anchor root.ds'"
    setting "net=\"\$root --authoritative-port $WORLD_PORT --suffix-list suffixes\""
    setting "knot=$WORLD_KNOT"
    setting "me='--issuer ca.example --account-url https://ca.example/acct/123'"
}

# Into Knot, with the key of the zone.
publish() {
    run 0 "{ echo server 127.0.0.1 $WORLD_PORT; cat $1; } | knsupdate -k zone.key"
}

story_publish() {
    chapter 'One record, and a CA may issue from now on'
    say 'Would ca.example give account 123 a certificate for shop.example?'
    # shellcheck disable=SC2016 # typed like this
    run 2 'holdfast check shop.example $net $me'
    see 'shop.example: would not validate'
    see_sentence 'there is no TXT record'
    holds '.[0].would_issue == "no" and .[0].verdict.reason == "no-record"'

    say 'Write the grant, for a year, and give it to Knot. (--force: no public' \
        'CA issues below "example", and holdfast says so.)'
    # shellcheck disable=SC2016
    run 0 'holdfast record make shop.example $me --draft 01 --until +365d \
         --force --format nsupdate >grant'
    quote <grant
    publish grant
    # shellcheck disable=SC2016
    run 0 'holdfast check shop.example $net $me'
    see 'shop.example: would validate' '1 record, secure' '1 of 1 agree'
    see_sentence 'may issue to account'
    see 'CAA: allowed'
    holds '.[0] | .would_issue == "yes" and .verdict.outcome == "valid" and
        .looked_at[0].security == "secure" and .findings == []'
    ok 'Signed, seen at every server, allowed by CAA: no further DNS change' \
        'and no DNS password is needed to renew, for a year.'
    # shellcheck disable=SC2016
    run 2 'holdfast check "*.shop.example" $net $me'
    see 'unauthorized: policy-required'
    see_sentence 'a record covers its'
    # shellcheck disable=SC2016
    run 2 'holdfast check shop.example $net --issuer ca.example \
         --account-url https://ca.example/acct/666'
    see 'unauthorized: account-mismatch'
    holds '.[0].verdict.reason == "account-mismatch"'
    ok 'Not a wildcard, and nobody else.'
}

# Name, answer, reason, finding that matters, and what it is.
cases() {
    cat <<'END_OF_CASES'
*.good.example|yes|ok||policy=wildcard
nsec3.example|yes|ok||signed with NSEC3
two.good.example|yes|ok||two CAs at one label
split.big.example|yes|ok||cut into four strings
unsigned.example|yes|ok|unsigned|forge DNS, forge this
split.example|yes|ok|servers-disagree|the other one says no
one.alias.example|yes|ok|alias|somebody else decides
any.txt.wild.example|yes|ok|wildcard-synthesis|a DNS wildcard answers
stop.txt.wild.example|no|no-matching-issuer|tombstone|";" stops the wildcard
dangling.alias.example|no|no-record|alias-dangling|whoever takes it, may
other.good.example|no|no-matching-issuer||for another CA
expired.good.example|no|expired||its time ended in 2020
broken.good.example|no|syntax||one "=" is missing
caa-other.good.example|caa|ok||valid, but CAA says no
bogus.example|unknown|dnssec-bogus|dnssec-bogus|the DS of another key
expired.example|unknown|dnssec-bogus|dnssec-bogus|signatures of 2020
END_OF_CASES
}

# The same columns, of what check said; of findings those of the story only.
said() {
    jq -r --slurpfile wanted wanted.json '. as $it |
        ((if .wildcard then "*." else "" end) + .name) as $name |
        [$name, .would_issue, .verdict.reason,
        ([.findings[].word] | map(select(. == $wanted[0][$name])) | join(","))
        ] | join("|")' "$1"
}

story_verdicts() {
    chapter 'Sixteen names, and why'
    cases >cases
    cut -d '|' -f 1 cases >names
    cut -d '|' -f 1-4 cases >told
    jq -R -n '[inputs / "|" | {(.[0]): .[3]}] | add' cases >wanted.json
    # shellcheck disable=SC2016
    run 1 'holdfast check --file names $net $me --json >verdicts'
    said verdicts >answers
    same told answers 'a verdict differs: < told, > answered'
    echo
    while IFS='|' read -r name answer reason finding story; do
        case $answer in
        yes) colour=$green ;;
        *) colour=$red ;;
        esac
        printf '     %-22s %s%-8s%s%-19s %s\n' "$name" "$colour" "$answer" \
            "$plain" "${finding:-$reason}" "$story"
        answers=$((answers + 1))
    done <cases
    ok 'Unknown is neither yes nor no: what fails DNSSEC must not be used.'
    # shellcheck disable=SC2016
    run 2 'holdfast check broken.good.example $net $me'
    see 'policy wildcard' '     ^'
    see_sentence 'must follow the issue-value grammar'
    see 'write: '
    ok 'With the octet, the sentence of the law and the line to write.'
}

# What four leftovers in the zone of the customers come to.
crowd='([.verdicts[] | {(.is): .count}] | add) ==
    {"ok": 10000, "expired": 1, "account-mismatch": 1,
    "no-matching-issuer": 1, "syntax": 1}'

story_crowd() {
    chapter 'A hundred thousand names'
    run 0 "seq -f 'c%05.0f.customers.example' 0 99999 >names"
    # shellcheck disable=SC2016
    run 0 "awk 'NR % 10 == 1' names >tenth"
    # shellcheck disable=SC2016
    run 0 'holdfast record make --file tenth $me --draft 01 --until +365d \
         --force --format nsupdate >grants'
    [ "$(grep -c '^update add _validation-persist\.' grants)" -eq 10000 ] ||
        broken 'grants does not hold 10,000 records'
    publish grants
    say 'Ten thousand customers may now be served. What does the whole zone' \
        'say, name by name, asked straight from Knot?'
    # shellcheck disable=SC2016
    watch 2 'holdfast scan names --server $knot --no-recurse $me \
         --window 150 --format json --output found'
    counts found names verdicts
    holds_of found '[.names[] | {(.is): .count}] | add ==
        {"all": 100000, "found": 10004, "absent": 89996}'
    holds_of found "$crowd"
    ok "$took s for 100,000 names: four records of other days stand out."
    # shellcheck disable=SC2016
    run 2 'head -n 1000 names | holdfast scan - --server $knot --no-recurse \
         --window 150 --validate $root --format json --output proved'
    counts proved names security
    holds_in proved '[.[:-1][] | select(.status == "found")] |
        length == 104 and all(.security == "secure")'
    ok 'What is found can be proved, record by record, from the root.'
}

# What differs between two ways to the same zone: where a record was found,
# and the second in which it was judged.
bare() {
    jq -c 'select(.transfer == null) |
        del(.source, .records[]?.line, .verdict.reuseUntil)' "$1" >"$1.bare"
}

story_zone() {
    chapter 'The zone itself'
    say 'Names that somebody thought of are not all names. The zone knows.'
    # shellcheck disable=SC2016
    run 0 'knotc -b -c tree/knot/knot.conf zone-flush +outdir "$PWD" \
         customers.example'
    # shellcheck disable=SC2016
    run 2 'holdfast audit customers.example.zone $me --format json >file'
    counts file names verdicts nameFindings findings
    holds_of file "$crowd"
    holds_of file '.nameFindings == [{"is": "alias", "count": 1}]'
    # shellcheck disable=SC2016
    run 2 'holdfast audit --axfr $knot customers.example --tsig-file zone.key \
         $me --format json >transfer'
    jq -r 'select(.signed) |
        "\(.records) records in \(.messages) messages, all signed"' \
        transfer >said
    quote <said
    bare file
    bare transfer
    same file.bare transfer.bare 'file and transfer differ: < file, > transfer'
    # shellcheck disable=SC2016
    run 1 'holdfast audit --axfr $knot customers.example $me'
    see 'or not with this key (NOTAUTH)'
    ok 'The file and the transfer tell the same, to whoever has the key.'

    say 'Somebody who should not have that key adds one line.'
    cat >intrusion <<'END_OF_UPDATE'
zone customers.example.
update add _validation-persist.c00020.customers.example. 300 TXT "ca.example; accounturi=https://ca.example/acct/666; policy=wildcard"
send
END_OF_UPDATE
    publish intrusion
    setting "serial=$(jq 'select(.transfer) | .serial' transfer)"
    # shellcheck disable=SC2016
    run 2 'holdfast audit --axfr $knot --ixfr $serial customers.example \
         --tsig-file zone.key'
    see 'every message verified' 'persist.c00020' 'WIDENED: a new grant' \
        'acct/666'
    holds '[.[] | select(.change)] | length == 1 and .[0].widened and
        .[0].authority == ["widened-grant"]'
    ok 'One line in a hundred thousand, as soon as it is there.'
}

story_certificates() {
    chapter 'A CA of our own, and no DNS at renewal'
    say 'In a laboratory, with a clock that can be moved: names, a CA, five' \
        'perspectives, the client. No other program, and nothing but 127.0.0.0/8.'
    run 0 'holdfast lab run shop.lab'
    play 'issued, until' '    refused' '    ready' '    pending' \
        'the key was changed' 'the log is whole'
    ok 'One record, published once: four certificates, of two account keys,' \
        'and none for anybody else.'
}

story_review() {
    chapter 'Before you merge'
    say 'A change to the zone is up for review. Whom does it give power?'
    old='ca.example; accounturi=https://ca.example/acct/123; persistUntil=1900000000'
    new='ca.example; accounturi=https://ca.example/acct/123; policy=wildcard'
    owner=_validation-persist.shop.example.
    printf '%s TXT "%s"\n' $owner "$old" >old
    printf '%s TXT "%s"\n' $owner "$new" >new
    run 2 'holdfast record diff old new'
    see 'WIDENED: policy=wildcard appeared' 'WIDENED: it lasts longer' \
        '1 of them widens authority'
    holds '.[0].widened and
        (.[0].authority == ["widened-policy", "widened-until"])'
    run 0 'holdfast record diff new old'
    run 0 'holdfast record explain --file new'
    see_part 'At worst, under the Baseline Requirements alone' \
        'knows no policy parameter'
    see_part 'What deleting it does not stop' 'Validations already made'
    holds '.[0].draftReach == "subtree" and .[0].reuseAfterRemovalUntil != null'
    ok 'Exit status 2 stops the merge, while it is cheap.'
}

story_law() {
    chapter 'The law, as a table'
    run 0 'holdfast eval --expect --quiet vectors/*.jsonl'
    see ' 0 differences'
    ok 'The same cases for every implementation of the draft.'
}

story_ends() {
    printf '\n%s%d answers, every one as told, in %d seconds.%s\n' "$bold" \
        "$answers" $(($(date +%s) - began)) "$plain"
}
