#!/bin/bash
# records.sh - records of a real Postfix: judged again they come out the same, also when DNS has moved; and `log` finds
# every message.
#
#   t/mta/records.sh [N]           N messages (400) of every outcome
#   t/mta/records.sh -o DIR [N]    and leaves records, logs, configuration and vendor files in DIR
#
# TAP. Must be run as root (Postfix starts as root); clients are pretended with XCLIENT. KEEP=1 leaves the folder behind.

set -u
top=$(cd "$(dirname "$0")/../.." && pwd) || exit 99
. "$top/t/mta/lib.sh"
. "$top/t/mta/demo.sh"
. "$top/t/mta/records_world.sh"

needs_postfix jq gzip zstd

out=
[ "${1:-}" = -o ] && { out=$2; shift 2; mkdir -p "$out" && out=$(cd "$out" && pwd) || exit 99; }
count=${1:-400}

world_begin
records=$world/log/verdicts.jsonl

# ---- what was made ----------------------------------------------------------------------------

# Of each kind the first tries had the outcome and the action that the kind is for.
kinds_story() {
    jq -r '[.msgid, .outcome, .action] | @tsv' "$records" > "$world/got.tsv"
    /usr/bin/python3 "$top/t/mta/records.py" compare "$world/kinds.tsv" "$records" > "$world/odd"
    is "$(cat "$world/odd")" "" "each of $count messages had the outcome and the action of its kind at its first try"
    is "$(jq -r .outcome "$records" | sort -u | tr '\n' ' ')" "exempt forged stranger unproven unsure vouched " \
        "every outcome is there"
    is "$(jq -r .action "$records" | sort -u | tr '\n' ' ')" "defer greylist pass quarantine reject tag " "every action is"
    is "$(jq -r .greylist "$records" | sort -u | tr '\n' ' ')" "due early exempt new off " "and what a greylist says"
    echo "# $(wc -l < "$records") records; reasons: $(jq -r .reason "$records" | sort | uniq -c | awk '{ printf "%s %s, ", $2, $1 }')"
}

# ---- replay -----------------------------------------------------------------------------------

replay() { "$GREENLANE" replay -c "$world/greenlane.conf" "$@" "$records"; }

# same NAME [OPTION...]: nothing changes, and every record is judged.
same() {
    local name=$1
    shift
    replay --json "$@" > "$world/replay.json"
    is $? 0 "replay, $name: exit 0"
    is "$(jq -c '[.changed, .judged, .not_judgeable, .broken]' "$world/replay.json")" \
        "[[],$(wc -l < "$records"),{},0]" "every record is judged and none changes"
}

# changes NAME DRAFT JQ: exactly the records that the filter selects.
changes() {
    replay --json --policy "$2" > "$world/replay.json"
    is $? 1 "replay, $1: exit 1"
    jq -r '.changed[].id' "$world/replay.json" | sort > "$world/changed"
    jq -r "select($3) | .id" "$records" | sort > "$world/wanted"
    cmp -s "$world/changed" "$world/wanted" && [ -s "$world/wanted" ]
    ok $? "exactly the $(wc -l < "$world/wanted") records of that network change" ||
        diff "$world/wanted" "$world/changed" | head -20 | sed 's/^/# /'
    is "$(jq -c '[.judged, .not_judgeable]' "$world/replay.json")" "[$(wc -l < "$records"),{}]" "and every record is judged"
}

replay_story() {
    same "the same policy"
    mkdir "$world/draft"
    records_plant "$world/draft" '"203.0.113.128/26"'
    changes "without one of the plant's networks" "$world/draft" \
        '.vendor == "plant" and (.client | test("^198\\.51\\.100\\.2(2[4-9]|3[0-9])$"))'
    records_plant "$world/draft" '"198.51.100.224/28"'
    changes "without the other" "$world/draft" '.vendor == "plant" and (.client | test("^203\\.0\\.113\\.1(2[89]|[3-9][0-9])$"))'
    rm "$world/draft/plant.conf"
}

# What the vendors publish is elsewhere now, and greenlaned knows it.
moved_story() {
    records_desk="ip4:198.51.100.128/25 ip6:2001:db8:20::/64" records_night=198.51.100.77
    records_publish
    wait_for grep -q '198.51.100.128/25' -r "$world/state" || die "the sources were not refreshed" "$world/greenlaned.log"
    wait_for grep -q '198.51.100.77' -r "$world/state" || die "the sources were not refreshed" "$world/greenlaned.log"
    same "after the vendors have moved"
    greenlaned_stop
    same "without the daemon"
    rm -rf "$world/state"
    same "without a state of DNS"
}

# ---- log --------------------------------------------------------------------------------------

log_handles() { tool t/log_handles t/log_handles.c; }
log() { "$GREENLANE" log -c "$world/greenlane.conf" "$@"; }

# Each verdict by each handle in each form: all of it, by the code of `log` itself.
handles_story() {
    local program missing
    program=$(log_handles) || die "log_handles does not compile"
    (cd "$world/forms" && "$program" records.jsonl ./*) > "$world/handles" 2>&1
    ok $? "every verdict is found by every handle in every form" || grep '^#' "$world/handles" | head -20
    missing=$(awk '$1 != "#" && ($3 == 0 || $3 != $5)' "$world/handles")
    is "$missing" "" "none is missing"
    is "$(grep -vc '^#' "$world/handles")" $(($(ls "$world/forms" | wc -l) * 10)) "in so many forms, by ten handles each"
}

# The command: every verdict of a form at once, then one message after the other, by each handle and form in turn.
command_story() {
    local form
    jq -r .id "$records" | sort > "$world/ids"
    for form in "$world"/forms/*; do
        log -f "$form" --since 1970-01-01 --json | jq -r '.[].tries[].id' | sort > "$world/found"
        cmp -s "$world/ids" "$world/found"
        ok $? "log has every verdict of ${form##*/}" || diff "$world/ids" "$world/found" | head -5 | sed 's/^/# /'
    done
    /usr/bin/python3 "$top/t/mta/records.py" typed "$records" "$world/forms" "$GREENLANE" "$world/greenlane.conf" 120 > "$world/typed"
    is "$(cat "$world/typed")" "" "messages are found by what is typed"
}

# Logs as they lie about: rotated, cut off, of other programs, with bytes of no kind.
rough_story() {
    local dir=$world/rough last
    mkdir "$dir"
    head -n 100 "$world/forms/iso.log" > "$dir/mail.log.2"
    tail -n +101 "$world/forms/iso.log" > "$dir/mail.log"
    last=$(grep -n 'greenlaned.*: id=' "$dir/mail.log" | tail -n 1 | cut -d: -f 1)
    sed -i "$last,\$ { s/\( id=[^ ]*\) .*/\1 qid=4b/; /greenlaned.*: id=/!d }" "$dir/mail.log"
    head -c -1 "$dir/mail.log" > "$dir/cut" && mv "$dir/cut" "$dir/mail.log"
    gzip "$dir/mail.log.2"
    { printf '\377\376\0\1 {"v":2 greenlaned[1]: id=\n{"v":\n[[[[\n'; head -c 3000 /dev/urandom; echo; cat "$world/forms/old.log"
        head -c 300 "$records"; } > "$dir/foreign.log"
    log -f "$dir/mail.log.2.gz" -f "$dir/mail.log" --since 1970-01-01 --json | jq -r '.[].tries[].id' | sort > "$world/found"
    is "$(comm -23 "$world/ids" "$world/found" | wc -l)" 1 "of a rotated log that is cut off only the last verdict is missing"
    log -f "$dir/foreign.log" --since 1970-01-01 --json | jq -r '.[].tries[].id' | sort > "$world/found"
    cmp -s "$world/ids" "$world/found"
    ok $? "foreign lines and a cut record stop nothing"
    log -f "$world/postfix/maillog" 4bX > "$world/out" 2>&1
    is $? 65 "a log without a verdict is an error"
    like "$(cat "$world/out")" "the first line is: $(head -n 1 "$world/postfix/maillog" | cut -c 1-40)" "which shows its first line"
}

records_start
records_make "$count"
kinds_story
replay_story
records_forms "$world/forms"
handles_story
command_story
rough_story
moved_story
if [ -n "$out" ]; then
    cp "$world"/forms/* "$out"
    cp -r "$world/greenlane.conf" "$world/vendors" "$world/kinds.tsv" "$out"
    sed -i "s,$world,$out,g" "$out/greenlane.conf"
fi
[ $tap_failed -eq 0 ] || tail -n 20 "$world/greenlaned.log" | sed 's/^/# /'
tap_done
