#!/bin/bash
# report.sh - greenlane report on the records of a real Postfix: what it counts is what jq counts of the same records, the same
# as from the mail logs of the run, and what its page shows.
#
#   t/mta/report.sh [N]    N messages (160) of every outcome
#
# TAP. Must be run as root (Postfix starts as root); clients are pretended with XCLIENT. KEEP=1 leaves the folder behind.

set -u
top=$(cd "$(dirname "$0")/../.." && pwd) || exit 99
. "$top/t/mta/lib.sh"
. "$top/t/mta/demo.sh"
. "$top/t/mta/records_world.sh"

needs_postfix jq gzip zstd
count=${1:-160}

world_begin
records=$world/log/verdicts.jsonl
json=$world/report.json
vendors='deskhelp nightwatch plant dead quiet lenient own'

# report OUT ARGUMENT...: it must be able to answer: exit 0 or 1.
report() {
    local out=$1
    shift
    "$GREENLANE" report -c "$world/greenlane.conf" --json "$@" > "$out" 2> "$world/report.err"
    [ $? -le 1 ] || sed 's/^/# /' "$world/report.err"
}

# ---- jq counts the records --------------------------------------------------------------------

# What a record is counted as: when its message came is in its id, as a hexadecimal number; a message is known by the number in
# its Message-ID, or in its recipient where it was refused at RCPT.
words='
def hex: ascii_downcase | explode | reduce .[] as $c (0; . * 16 + (if $c >= 97 then $c - 87 else $c - 48 end));
def came: .id | split(".")[0] | hex;
def stamp: todate | sub("Z$"; ".000Z");
def message: if .msgid != "-" then .msgid | capture("^<(?<n>[0-9]+)").n
    elif (.rcpts[0] | test("^u[0-9]+-")) then .rcpts[0] | capture("^u(?<n>[0-9]+)-").n else .id end;
def passed: .action == "pass" or .action == "tag" or .action == "quarantine";
def waited: passed and (.tries // 0) > 1 and (.waited // 0) > 0;
def counted: map(select(.)) | length;
def whose: select(.outcome != "stranger");
def refused: (.would // .action) as $done | (.outcome == "forged" or .outcome == "unproven") and
    ($done == "reject" or $done == "quarantine" or (.outcome == "forged" and $done == "defer"));
def network: if (.client | contains(":")) then "v6" else (.client | split(".")[0:3] | join(".")) + ".0/24" end;
'
# same JQ-OF-THE-REPORT JQ-OF-ALL-RECORDS NAME
same() { is "$(jq -c "$1" "$json")" "$(jq -c -s "$words $2" "$records")" "$3"; }

totals_story() {
    same .records length "records"
    same .messages 'map(message) | unique | length' "messages, with all their tries"
    same '[.from, .to]' 'map(came) | [min, max | stamp]' "from when to when"
    same '[.strangers, .exempt]' '[(map(.outcome == "stranger") | counted), (map(.outcome == "exempt") | counted)]' "strangers, exempt mail"
    same '.vendors | keys' 'map(whose | .vendor | select(. != "-")) | unique' "vendors"
    same '.slowest[0].ms' 'map(select(.outcome != "exempt") | .ms) | max' "the slowest message"
    same '[.strangers_waiting | .greylisted, .waited, .waited_most]' 'map(select(.outcome == "stranger")) |
        [(map(select(.action == "greylist")) | map(message) | unique | length), (map(waited) | counted), (map(select(waited) | .waited) | max // 0)]' \
        "strangers that were greylisted, that waited, and the longest"
    same '.new_vendors | map([.domain, .records]) | sort' 'map(select(.outcome == "stranger" and waited and .dmarc == "pass")) |
        group_by(.from | split("@")[1]) | map([(.[0].from | split("@")[1]), length] | select(.[1] >= 3)) | sort' \
        "strangers that should be vendors"
    same '[.days[] | [.stranger, .vouched, .unproven, .forged, .unsure]]' 'group_by(came / 86400 | floor) | map(. as $day |
        ["stranger", "vouched", "unproven", "forged", "unsure"] | map(. as $word | $day | map(.outcome == $word) | counted))' "each day"
}

vendor_story() { # VENDOR
    local of="map(whose | select(.vendor == \"$1\"))" at=".vendors[\"$1\"]"
    same "$at | [.records, .vouched, .unproven, .forged, .unsure]" "$of | [length, (\"vouched\", \"unproven\", \"forged\", \"unsure\") as \$word |
        if (\$word | type) == \"number\" then . else map(.outcome == \$word) | counted end]" "$1: what became of it"
    same "$at | [.waited, .waited_most, .greylisted, .forged_passed]" "$of | [(map(waited) | counted), (map(select(waited) | .waited) | max // 0),
        (map(.action == \"greylist\") | counted), (map(.outcome == \"forged\" and passed and .would != null and .would != .action) | counted)]" \
        "$1: what waited, how long, what passed an open lock"
    same "$at | .first_contacts" "$of | map(select(.outcome == \"vouched\") | .rcpts[0]) | unique | length" "$1: first contacts"
    same "$at | .listed[0]" "$of | map(.listed != \"-\") | counted" "$1: mail from listed addresses"
    same "$at | .dkim[0]" "$of | map(select(.stage != \"rcpt\" and (\"$1\" | test(\"^(deskhelp|nightwatch|own)$\"))) |
        any(.dkim[]; .counts and (.d == \"$1.example\" or (\"$1\" == \"own\" and .d == \"rx.example\")))) | counted" "$1: signatures that count"
    # half of them waited so long, to a sixteenth
    is "$(jq -s --slurpfile got "$json" "$words $of | map(select(waited) | .waited) | sort | (.[(length - 1) / 2 | floor] // 0) as \$median |
        \$got[0]$at.waited_median | . <= \$median and . >= \$median * 15 / 16 - 1" "$records")" true "$1: half of them waited so long"
}

# Each row of the report, counted in the records: those of IPv4, for jq cuts no IPv6 network.
forged_story() {
    local rows
    rows=$(jq '[.forged_networks[] | select(.network | endswith("/24"))] | length' "$json")
    [ "$rows" -gt 2 ]
    ok $? "vendors are forged from $rows networks of IPv4"
    same '[.forged_networks[] | select(.network | endswith("/24")) | [.vendor, .network, .records]] | sort' \
        'map(select(.outcome == "forged" and network != "v6")) | group_by([.vendor, network]) | map([.[0].vendor, (.[0] | network), length]) | sort' \
        "each with its number"
    is "$(jq -s --slurpfile got "$json" "$words . as \$all | [\$got[0].forged_names[] | select(.name | test(\"^[!-~]+$\")) | . as \$row | \$all |
        map(.outcome == \"forged\" and .vendor == \$row.vendor and ((.from | ascii_downcase | split(\",\")[0]) == \$row.name)) |
        counted == \$row.records] | length > 5 and all" "$records")" true "each name that was used has its number"
    is "$(jq -s --slurpfile got "$json" "$words . as \$all | \$got[0] | (.against_records > 0) == (.against != []) and ([.against[] |
        select(.network | endswith(\"/24\")) | . as \$row | \$all | map(refused and .via == \"-\" and .vendor == \$row.vendor and network == \$row.network) |
        counted == \$row.records] | all)" "$records")" true "what speaks against is refused mail, each network with its number"
}

# ---- the logs ---------------------------------------------------------------------------------

# What is in lines of greenlaned that are no verdicts is not in the records.
forms_story() {
    local form
    jq -S 'del(.drift, .deferred)' "$json" > "$world/wanted.json"
    for form in "$world"/forms/* "$world/greenlaned.log"; do
        report "$world/other.json" "$form"
        jq -S 'del(.drift, .deferred)' "$world/other.json" > "$world/got.json"
        cmp -s "$world/wanted.json" "$world/got.json"
        ok $? "the same report from ${form##*/}" || diff "$world/wanted.json" "$world/got.json" | head -20 | sed 's/^/# /'
    done
}

# ---- the page ---------------------------------------------------------------------------------

# shown HEADING JQ-OF-ITS-ROWS JQ-OF-THE-REPORT: cells are text, so numbers are compared as such.
shown() {
    is "$(jq -c --arg heading "$1" "[.[\$heading] // [] | .[1:][] | $2]" "$world/page.json")" "$(jq -c "$3" "$json")" "the page has: $1"
}

page_story() {
    report "$world/same.json" --html "$world/page.html" "$records"
    cmp -s "$json" "$world/same.json"
    ok $? "a page does not change the report"
    /usr/bin/python3 "$top/t/cli/page.py" "$world/page.html" tables > "$world/page.json"
    ok $? "it is sound" || sed 's/^/# /' "$world/page.json"
    shown Vendors '[.[0], .[2:6][]]' '[.vendors | to_entries[] | [.key, (.value | .vouched, .unproven, .forged, .unsure | tostring)]]'
    shown Waiting '[.[0], .[1], .[4]]' '[.vendors | to_entries[] | [.key, (.value | .waited, .first_contacts | tostring)]]'
    shown 'Forged, by network' '.[0:3]' '[.forged_networks[] | [.vendor, .network, (.records | tostring)]]'
    shown 'Forged, by name used' '[.[0], .[2]]' '[.forged_names[] | [.vendor, (.records | tostring)]]'
    shown 'Strangers that should be vendors' '.[0:2]' '[.new_vendors[] | [.domain, (.records | tostring)]]'
    shown Slowest '[.[0], .[3]]' '[.slowest[] | [.id, (.ms | tostring)]]'
    shown 'Forwarders, perhaps' '[.[0], .[2], .[3]]' '[.forwarders[] | [.client, (.forged, .signed_by_others | tostring)]]'
    shown Breaks '[.[0], .[4]]' '[.breaks[] | [.vendor, (.messages | tostring)]]'
    shown "Safe to enforce: $(jq -r 'if .safe then "yes" else "no" end' "$json")" '[.[0], .[1], .[2], .[5]]' \
        '[.against[:5][] | [.vendor, .network, (.records | tostring), .id]]'
    shown 'All mail over time' '.[1:]' '[.days[] | [.vouched, .unproven, .forged, .unsure, .stranger | tostring]]'
}

records_start
records_make "$count"
report "$json" "$records"
totals_story
for vendor in $vendors; do
    vendor_story "$vendor"
done
forged_story
records_forms "$world/forms"
forms_story
page_story
tap_done
