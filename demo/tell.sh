# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
#
# tell.sh -- how the demo speaks and how it judges, for demo/run. A command is
# shown as it is run; of what it says only lines that the story asked for are
# shown, and every one of them must be there.

if [ -t 1 ] && [ -z "${NO_COLOR-}" ] && [ "${TERM-dumb}" != dumb ]; then
    bold=$(printf '\033[1m')
    dim=$(printf '\033[2m')
    green=$(printf '\033[32m')
    red=$(printf '\033[31m')
    plain=$(printf '\033[0m')
else
    bold='' dim='' green='' red='' plain=''
fi

began=$(date +%s)
chapter=0
close=no
answers=0 # how many were asked for, and were as told
out=$dir/.out
err=$dir/.err

chapter() {
    close=no
    chapter=$((chapter + 1))
    title=$1
    printf '\n%s%d  %s%s\n' "$bold" "$chapter" "$title" "$plain"
}

# Prose, at most 72 columns wide.
say() {
    close=no
    echo
    echo "$*" | fold -s -w 73 | sed 's/ *$//; s/^/   /'
}

# The end of the demo, because an answer is not what the story says.
broken() {
    {
        printf '\n%sNot as told%s in part %d, "%s":\n  %s\n' \
            "$red" "$plain" "$chapter" "$title" "$*"
        printf '  after: %s\n' "$command"
        for file in "$out" "$err"; do
            [ ! -s "$file" ] || tail -n 12 "$file" | cut -c 1-160 | sed 's/^/  | /'
        done
    } >&2
    exit 1
}

# What the command said, in the story's words: indented, long lines broken.
quote() {
    close=no
    while IFS= read -r line; do
        echo "$line" | fold -s -w 71 | sed 's/ *$//; 1s/^/     /; 1!s/^/       /'
    done
}

# run STATUS COMMAND: as it would be typed. `watch` leaves the terminal to the
# command's progress, and says in $took how many seconds it took.
run() {
    show_command "$2"
    got=0
    eval "$2" >"$out" 2>"$err" || got=$?
    [ "$got" -eq "$1" ] || broken "exit status $got, not $1"
    answers=$((answers + 1))
}

watch() {
    show_command "$2"
    : >"$err"
    got=0
    from=$(date +%s%N)
    eval "$2" >"$out" || got=$?
    tenths=$((($(date +%s%N) - from) / 100000000))
    took=$((tenths / 10)).$((tenths % 10))
    [ "$got" -eq "$1" ] || broken "exit status $got, not $1"
    answers=$((answers + 1))
}

# Commands without output stand close together.
show_command() {
    command=$1
    [ $close = yes ] || echo
    close=yes
    printf '%s\n' "$1" | sed "1s/^/   $dim\$$plain $bold/; 1!s/^ */       $bold/
        s/\$/$plain/"
}

# see TEXT...: for each, the first line that contains it; there must be one.
see() {
    for text in "$@"; do
        grep -h -m 1 -F -e "$text" "$out" "$err" >"$dir/.line" ||
            broken "nothing says '$text'"
        sed 's/^ \{0,6\}//' "$dir/.line" | head -n 1 >"$dir/.text"
        quote <"$dir/.text"
        answers=$((answers + 1))
    done
}

# see_sentence TEXT: the same to the end of the sentence, on lines that begin
# where the first begins.
see_sentence() {
    awk -v text="$1" '
        !on && index($0, text) {on = 1; indent = match($0, /[^ ]/)}
        on && match($0, /[^ ]/) != indent {exit}
        on {
            printf "%s%s", said ? " " : "", substr($0, indent)
            said = 1
            if (/[.)]$/) exit
        }' "$out" >"$dir/.text"
    [ -s "$dir/.text" ] || broken "nothing says '$1'"
    echo >>"$dir/.text"
    quote <"$dir/.text"
    answers=$((answers + 1))
}

# see_part HEADING TEXT: all that stands below the heading; TEXT is in it.
see_part() {
    awk -v heading="$1" 'BEGIN {RS = ""; FS = "\n"}
        index($1, heading) {
            for (i = 2; i <= NF; i++) {
                sub(/^ +/, "", $i)
                printf "%s%s", $i, i < NF ? " " : "\n"
            }
        }' "$out" >"$dir/.text"
    grep -q -F -e "$2" "$dir/.text" || broken "'$1' does not say '$2'"
    echo "$1" | quote
    fold -s -w 69 "$dir/.text" | sed 's/ *$//; s/^/       /'
    close=no
    answers=$((answers + 1))
}

# holds FILTER: the same command with --json, and jq finds it true.
holds() {
    eval "$command --json" >"$dir/.json" 2>"$err" || true
    holds_in "$dir/.json" "$1"
}

# holds_in FILE FILTER: of the list of all its objects. holds_of FILE FILTER:
# of its summary, the last of very many.
holds_in() {
    jq -es "$2" "$1" >/dev/null 2>"$err" || broken "not so: $2"
    answers=$((answers + 1))
}

holds_of() {
    tail -n 1 "$1" >"$dir/.summary"
    jq -e ".summary | $2" "$dir/.summary" >/dev/null 2>"$err" ||
        broken "not so: $2"
    answers=$((answers + 1))
}

# counts FILE MEMBER...: those parts of its summary.
counts() {
    tail -n 1 "$1" >"$dir/.summary"
    shift
    jq -r --args '.summary as $all | $ARGS.positional[] | . as $member |
        [$all[.][] | select(.count > 0) | "\(.count) \(.is)"] | join(", ") |
        "\($member): \(.)"' "$@" <"$dir/.summary" >"$dir/.text"
    quote <"$dir/.text"
}

# same FILE FILE WHAT: both say the same.
same() {
    cmp -s "$1" "$2" || {
        diff "$1" "$2" >"$out" || true
        broken "$3"
    }
    answers=$((answers + 1))
}

ok() {
    close=no
    printf '   %sok%s  ' "$green" "$plain"
    echo "$*" | fold -s -w 69 | sed '1!s/^/       /; s/ *$//'
}

# play TEXT...: a scenario that was run, as it tells itself; of what is said in
# it, lines that contain one of the texts, and each of these is there.
play() {
    for text in "$@"; do
        grep -q -F -e "$text" "$out" || broken "nothing says '$text'"
        answers=$((answers + 1))
    done
    printf '%s\n' "$@" >"$dir/.texts"
    awk -v texts="$dir/.texts" -v bold="$bold" -v dim="$dim" -v plain="$plain" '
        BEGIN {while ((getline text < texts) > 0) wanted[text]}
        /^> / {print "   " dim ">" plain " " bold substr($0, 3) plain; next}
        /^[A-Z]/ {print "\n   " $0; next}
        {
            for (text in wanted) if (index($0, text)) {
                sub(/^ */, "     ")
                print substr($0, 1, 110)
                next
            }
        }' "$out"
    close=no
}
