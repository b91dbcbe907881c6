#!/bin/bash
# metrics.sh - a real Prometheus reads a real greenlaned behind a real Postfix, while one vendor's signatures break and mend.
#
# TAP. Three vendors that sign; one's mail is altered after signing from a moment on. The log names it with its time, status
# and alert.command too, the shipped rule fires in Prometheus, and greenlane report, of records and of the mail log, and its page name
# the same break. Must be run as root. About a minute.

set -u
top=$(cd "$(dirname "$0")/../.." && pwd) || exit 99
. "$top/t/mta/lib.sh"
. "$top/t/mta/demo.sh"

needs_postfix prometheus promtool jq

world_begin
read -r metrics_port prometheus_port <<< "$(net ports 2 | tr '\n' ' ')"

# ---- the world --------------------------------------------------------------------------------

# vendor NAME NETWORK: signs with the key of the demo, and its SPF passes for the network.
vendor() {
    cat >> "$world/root.zone" <<END
$1.example. TXT "v=spf1 ip4:$2/28 -all"
s1._domainkey.$1.example. TXT $(printf '%s\n' "$rsa" | zone_text)
END
    printf 'vendor = { name = "%s"; domains = [ "%s.example" ]; sources = ( { cidr = [ "%s/28" ]; exclusive = true; } ); };\n' \
        "$1" "$1" "$2" > "$world/vendors/$1.conf"
}

world_start() {
    mkdir -p "$world/msg" "$world/keys" "$world/vendors"
    rsa=$("$(signmail)" --make-key rsa "$world/keys/rsa.pem") || die "cannot make a key"
    printf '$TTL 300\n. SOA ns.rx.example. hostmaster.rx.example. 1 3600 600 86400 60\n. NS ns.rx.example.\nns.rx.example. A 127.0.0.1\n' \
        > "$world/root.zone"
    vendor tickets 192.0.2.0
    vendor codes 192.0.2.32
    vendor backups 192.0.2.64
    nsd_start "$world/root.zone"
    demo_config "metrics = { listen = \"inet:$metrics_port@127.0.0.1\"; };" \
        "alert = { broken_after = \"1s\"; command = \"$world/tell\"; };"
    sed -i '/^vendors = (/,/^);/d' "$world/greenlane.conf"
    echo 'vendors = ( { name = "tickets"; }, { name = "codes"; }, { name = "backups"; } );' >> "$world/greenlane.conf"
    printf '#!/bin/sh\necho "$GREENLANE_STATE $GREENLANE_ALERT $GREENLANE_TEXT" >> "%s/told"\n' "$world" > "$world/tell"
    touch "$world/told"
    chmod 755 "$world/tell"
    chmod 666 "$world/told"
    greenlaned_start
    postfix_start
}

# The shipped rules; what they wait for is shorter here, so that nobody must.
prometheus_start() {
    sed 's/for: .*/for: 0s/' "$top/contrib/prometheus/greenlane.yml" > "$world/rules.yml"
    cat > "$world/prometheus.yml" <<END
global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: [ "$world/rules.yml" ]
scrape_configs: [ { job_name: greenlane, static_configs: [ { targets: [ "127.0.0.1:$metrics_port" ] } ] } ]
END
    promtool check config "$world/prometheus.yml" > "$world/promtool" 2>&1 || die "promtool" "$world/promtool"
    prometheus --config.file="$world/prometheus.yml" --storage.tsdb.path="$world/prometheus" \
        --web.listen-address="127.0.0.1:$prometheus_port" > "$world/prometheus.log" 2>&1 &
    remember $!
    wait_for net open "inet:$prometheus_port@127.0.0.1" || die "Prometheus did not start" "$world/prometheus.log"
}

# get URL: the body.
get() {
    /usr/bin/python3 -c 'import sys, urllib.request
sys.stdout.write(urllib.request.urlopen(sys.argv[1], timeout=120).read().decode())' "$1"
}
metrics() { get "http://127.0.0.1:$metrics_port/metrics"; }
counts() { metrics | grep -Fxq "$1"; }
firing() { # SLUG
    get "http://127.0.0.1:$prometheus_port/api/v1/alerts" |
        jq -e --arg slug "$1" '[.data.alerts[] | select(.labels.slug == $slug and .state == "firing")] | length > 0' > /dev/null
}
quiet() { ! firing "$1"; }
# query PROMQL: the value
query() {
    get "http://127.0.0.1:$prometheus_port/api/v1/query?query=$(/usr/bin/python3 -c 'import sys, urllib.parse
print(urllib.parse.quote(sys.argv[1]))' "$1")" | jq -r '.data.result[0].value[1] // "none"'
}
told() { grep -Eq -- "$1" "$world/told"; }

number=0
# mail VENDOR CLIENT TIMES [SED]: signed mail, changed on the way by this sed script.
mail() {
    local name
    for _ in $(seq "$3"); do
        number=$((number + 1))
        name=mail$number
        letter "$name" "Somebody <noreply@$1.example>" | "$(signmail)" --key "$world/keys/rsa.pem" --d "$1.example" --s s1 |
            sed "${4:-}" > "$world/msg/$name.eml"
        replies=$(send "$2" "mail.$1.example" "bounce@$1.example" helpdesk@rx.example "$world/msg/$name.eml")
        [[ $replies == *"dot	250"* ]] || die "mail of $1 was not taken: $replies" "$world/greenlaned.log"
    done
}

# ---- the story --------------------------------------------------------------------------------

world_start
prometheus_start
mail tickets 192.0.2.1 12
mail codes 192.0.2.33 12
mail backups 192.0.2.65 12
wait_for counts 'greenlane_verdicts_total{vendor="codes",outcome="vouched",action="pass"} 12'
ok $? "the mail of each vendor is counted"
is "$(metrics | promtool check metrics 2>&1)" "" "promtool finds no fault with what is told"
is "$(metrics | awk '/^greenlane_verdicts_total/ { sum += $2 } END { print sum }')" "$(grep -c ' outcome=' "$world/greenlaned.log")" \
    "the counters add up to the lines of the log"
same_in_prometheus() { [ "$(query 'sum(greenlane_verdicts_total)')" = 36 ] && [ "$(query 'greenlane_message_seconds_count')" = 36 ]; }
wait_for same_in_prometheus
ok $? "Prometheus has the same"
wait_for quiet vendor-dkim-broken
ok $? "no vendor is broken"

before=$(date +%s)
mail codes 192.0.2.33 1 's/493 027/493 028/'
after=$(date +%s)
mail codes 192.0.2.33 14 's/493 027/493 028/'
mail tickets 192.0.2.1 2
mail backups 192.0.2.65 2
wait_for says 0 'alert: ill: vendor-dkim-broken: '
line=$(grep 'alert: ill: vendor-dkim-broken' "$world/greenlaned.log")
like "$line" 'no signature of codes has proven its mail since .*: 15 messages of its own hosts failed' \
    "the log names the vendor whose signatures break"
since=$(date -d "$(printf '%s\n' "$line" | sed 's/.* since \([^:]*:[^:]*:[^:]*\): .*/\1/')" +%s)
[ "$since" -ge "$before" ] && [ "$since" -le "$after" ]
ok $? "and the time of the first one that failed"
is "$(grep -c 'alert: .*: vendor-' "$world/greenlaned.log")" 1 "it is told once, and no other vendor is"
wait_for told '^ill vendor-dkim-broken no signature of codes '
ok $? "alert.command is told"
"$GREENLANE" -c "$world/greenlane.conf" status --json > "$world/status"
is $? 1 "status is ill"
is "$(jq -r '.alerts[] | select(.slug == "vendor-dkim-broken") | .since' "$world/status")" "$since" "status --json has the time"
wait_for firing vendor-dkim-broken
ok $? "the shipped rule fires in Prometheus"
like "$(get "http://127.0.0.1:$prometheus_port/api/v1/alerts" | jq -r '.data.alerts[].annotations.summary')" \
    'greenlaned on 127\.0\.0\.1:[0-9]*: vendor-dkim-broken' "with a summary"


# ---- a restart forgets nothing ----------------------------------------------------------------

greenlaned_stop
grep -q '^codes ' "$world/state/rates"
ok $? "what is known of vendors' mail is kept"
greenlaned_start
told_twice() { [ "$(grep -c 'alert: ill: vendor-dkim-broken' "$world/greenlaned.log")" -eq 2 ]; }
wait_for told_twice
like "$(grep 'alert: ill: vendor-dkim-broken' "$world/greenlaned.log" | tail -n 1)" "no signature of codes has proven its mail since \
$(date -u -d "@$since" +%Y-%m-%dT%H:%M:%SZ): 15 messages of its own hosts failed" "after a restart it is told again, with the same time"

# ---- the report and its page name the same break ----------------------------------------------

# witness FILE...: what the report of records or of a log, and its page, say of breaks.
witness() {
    "$GREENLANE" report -c "$world/greenlane.conf" --json --html "$world/page.html" "$@" > "$world/report.json" 2> "$world/report.err"
    jq -c '[.breaks[] | [.vendor, .what, .since, .until, .messages]]' "$world/report.json"
    /usr/bin/python3 "$top/t/cli/page.py" "$world/page.html" tables | jq -c '[.Breaks // [] | .[1:][] | [.[0], .[2], .[3], .[4]]]'
}
utc() { date -u -d "@$1" "+$2"; }
records_have() { [ "$(wc -l < "$world/log/verdicts.jsonl")" -ge "$1" ]; }
wait_for records_have 55
broken="[[\"codes\",\"dkim\",\"$(utc "$since" %Y-%m-%dT%H:%M:%S).000Z\",null,15]]
[[\"codes\",\"$(utc "$since" '%Y-%m-%d %H:%M') UTC\",\"still\",\"15\"]]"
is "$(witness "$world/log/verdicts.jsonl")" "$broken" "the report names the same vendor, second and messages, and its page the same"
like "$(cat "$world/page.html")" "codes: its DKIM signature is missing since $(utc "$since" '%Y-%m-%d %H:%M') UTC, on 15 messages" \
    "which answers the question whether a vendor broke"
is "$(witness "$world/greenlaned.log")" "$broken" "so does the report of the mail log"

mail codes 192.0.2.33 1
wait_for says 0 'alert: well: vendor-dkim-broken: '
ok $? "a signature that counts again ends it"
wait_for told '^well vendor-dkim-broken '
ok $? "alert.command is told that, too"
wait_for quiet vendor-dkim-broken
ok $? "and Prometheus is quiet"
wait_for records_have 56
until=$(jq -r 'select(.vendor == "codes") | .id' "$world/log/verdicts.jsonl" | tail -n 1)
until=$(printf '%d' "0x${until%%.*}")
is "$(witness "$world/log/verdicts.jsonl")" "[[\"codes\",\"dkim\",\"$(utc "$since" %Y-%m-%dT%H:%M:%S).000Z\",\"$(utc "$until" %Y-%m-%dT%H:%M:%S).000Z\",15]]
[[\"codes\",\"$(utc "$since" '%Y-%m-%d %H:%M') UTC\",\"$(utc "$until" '%Y-%m-%d %H:%M') UTC\",\"15\"]]" "report and page have until when"
like "$(cat "$world/page.html")" 'Nothing is broken now; 1 fault ended' "and call nothing broken"
tap_done
