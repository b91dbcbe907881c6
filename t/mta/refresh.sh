#!/bin/bash
# refresh.sh - what vendors publish changes while greenlaned runs: followed, doubted, kept, reported.
#
# TAP. A real nsd whose zone is edited and reloaded, behind a proxy that can be silent, slow or wrong;
# mail goes through a real Postfix. Must be run as root. About a minute and a half. KEEP=1 leaves the
# folder with all logs behind.

set -u
top=$(cd "$(dirname "$0")/../.." && pwd) || exit 99
. "$top/t/mta/lib.sh"
. "$top/t/mta/demo.sh"

needs_postfix

world_begin

ttl=3 # of all that vendors publish

# ---- DNS --------------------------------------------------------------------------------------

declare -A zone # lines, by the name of the vendor
serial=0

# Writes the zone and waits until nsd serves it.
publish() {
    serial=$((serial + 1))
    {
        printf '$TTL %d\n. SOA ns.rx.example. hostmaster.rx.example. %d 3600 600 86400 1\n' $ttl $serial
        printf '. NS ns.rx.example.\nns.rx.example. A 127.0.0.1\nserial%d.rx.example. TXT up\n' $serial
        printf '%s\n' "${zone[@]}"
    } > "$world/root.zone"
    if [ -z "$nsd_pid" ]; then
        nsd_start "$world/root.zone" 127.0.0.1 "${nsd_port:-$(net ports 1)}"
        nsd_port=$dns_port
    else
        cat "$world/root.zone" > "$world/dns/root.zone"
        kill -HUP "$nsd_pid"
    fi
    wait_for net txt 127.0.0.1 "$nsd_port" "serial$serial.rx.example" || die "nsd does not reload" "$world/dns/nsd.log"
}
nsd_port=

# misbehave [KIND NAME]...: from now on; without any, all is well again.
misbehave() {
    if [ $# -gt 0 ]; then printf '%s %s\n' "$@"; fi > "$world/faults.new"
    mv "$world/faults.new" "$world/faults"
}

proxy_pid='' proxy_port=''
proxy_start() {
    proxy_port=${proxy_port:-$(net ports 1)}
    misbehave
    /usr/bin/python3 "$top/t/mta/dnsproxy.py" "$proxy_port" "$nsd_port" "$world/faults" >> "$world/proxy.log" 2>&1 &
    proxy_pid=$!
    remember $proxy_pid
    wait_for net dns 127.0.0.1 "$proxy_port" . || die "the proxy does not answer" "$world/proxy.log"
}

# ---- vendors ----------------------------------------------------------------------------------

enabled=

# vendor NAME VOUCH SOURCE [KEY...]: owns NAME.example and signs nothing; SOURCE is the inside of a group or more.
vendor() {
    local name=$1 vouch=$2 sources=$3
    shift 3
    printf 'vendor = { name = "%s"; domains = [ "%s.example" ]; dkim = [ ]; vouch = [ %s ]; sources = ( { %s } ); %s };\n' \
        "$name" "$name" "$vouch" "$sources" "$*" > "$world/vendors/$name.conf"
    enabled="$enabled { name = \"$name\"; },"
}

# guarded NAME SPF-TERMS: a vendor that is vouched by its exclusive SPF networks alone.
guarded() {
    vendor "$1" '"listed"' "spf = \"$1.example\"; exclusive = true;"
    spf "$1" "$2"
}

spf() { zone[$1]="$1.example. TXT \"v=spf1 $2 -all\""; }

make_vendors() {
    mkdir -p "$world/vendors" "$world/msg"
    vendor alpha '"listed"' 'a = "out.alpha.example"; exclusive = true;'
    zone[alpha]="out.alpha.example. A 192.0.2.1"
    vendor bravo '"listed+spf"' 'spf = "bravo.example";'
    zone[bravo]="bravo.example. TXT \"v=spf1 include:_spf.bravo.example -all\"
_spf.bravo.example. TXT \"v=spf1 ip4:198.51.100.0/25 -all\""
    vendor brief '"listed"' 'a = "out.brief.example"; exclusive = true; max_stale = "15s";'
    zone[brief]="out.brief.example. A 192.0.2.3"
    vendor both '"listed+spf"' 'spf = "both.example"; }, { cidr = [ "192.0.2.64/27", "192.0.2.8" ];'
    spf both 'ip4:192.0.2.64/26 ip4:192.0.2.8'
    guarded wide4 ip4:203.0.113.0/28
    guarded wide6 ip6:2001:db8:16::/48
    guarded share ip4:203.0.113.32/28
    guarded all ip4:203.0.113.48/28
    guarded shared ip4:203.0.113.64/28
    guarded fall ip4:203.0.113.128/26
    guarded moved ip4:203.0.113.96/28
    printf 'vendor = { name = "bulk"; kind = "esp"; domains = [ "bulk.example" ]; sources = ( { spf = "bulk.example"; } ); };\n' \
        > "$world/vendors/bulk.conf"
    spf bulk ip4:198.51.100.192/28
    vendor due '"listed"' "cidr = [ \"192.0.2.101\" ]; exclusive = true; review_by = \"$(date -u -d '-3 days' +%F)\";"
    vendor lapsed '"listed"' "cidr = [ \"192.0.2.102\" ]; exclusive = true; review_by = \"$(date -u -d '-90 days' +%F)\";"
    signed_vendor
}

signed_vendor() {
    local key
    mkdir -p "$world/keys"
    key=$("$(signmail)" --make-key rsa "$world/keys/rsa.pem") || die "cannot make a key"
    printf 'vendor = { name = "deskhelp"; domains = [ "deskhelp.example" ]; sources = ( { a = "out.deskhelp.example"; } ); };\n' \
        > "$world/vendors/deskhelp.conf"
    enabled="$enabled { name = \"deskhelp\"; },"
    zone[deskhelp]="out.deskhelp.example. A 192.0.2.10
s1._domainkey.deskhelp.example. 300 TXT $(printf '%s\n' "$key" | zone_text)"
}

# configure FILE [REFRESH-KEY...]
configure() {
    local file=$1
    shift
    cat > "$file" <<END
authserv_id = "mx.rx.example";
user        = "nobody";
state_dir   = "$world/state";
control     = { listen = "unix:$world/state.control"; };
milter      = { listen = "$(milter_at)"; group = "postfix"; deadline = "30s"; };
dns         = { servers = [ "127.0.0.1@$proxy_port" ]; timeout = "5s"; };
greylist    = { store = "none"; };
refresh     = { min = "1s"; $* };
vendor_path = [ "$world/vendors" ];
vendors     = ( ${enabled%,} );
END
}

# ---- mail and what is said of it --------------------------------------------------------------

# post CLIENT VENDOR [FILE]: mail of the vendor from there; sets answer and verdict.
post() {
    local mark file=${3:-$world/msg/$2.eml}
    mark=$(log_length)
    [ -s "$file" ] || letter "$2" "Notices <notice@$2.example>" > "$file"
    answer=$(send "$1" "mail.$2.example" "bounce@$2.example" helpdesk@rx.example "$file" | decided)
    wait_for logged "$mark"
    verdict=$(verdicts_after "$mark" | tail -n 1)
}

# meets OUTCOME CODE NAME: the last mail did.
meets() { is "$(field outcome "$verdict") ${answer%% *}" "$1 $2" "$3"; }

# posted OUTCOME CLIENT VENDOR: mail of the vendor from there is judged so. What is believed is told before it is in force.
posted() {
    post "$2" "$3"
    [ "$(field outcome "$verdict")" = "$1" ]
}

# told MARK PATTERN NAME: the log says so.
told() {
    wait_for says "$1" "$2"
    ok $? "$3" || printf '# wanted in the log: %s\n' "$2"
}

greenlane() { "$GREENLANE" -c "${conf:-$world/greenlane.conf}" "$@"; }

# sources [ARGUMENT...]: sets seen and status.
sources() { seen=$(greenlane sources "$@" 2>> "$world/greenlane.err"); status=$?; }

# of_json VENDOR EXPRESSION: of that vendor's first source, called s.
of_json() {
    greenlane sources --vendor "$1" --json 2>> "$world/greenlane.err" | /usr/bin/python3 -c '
import json, sys
all = json.load(sys.stdin)
s = [o for o in all if o["vendor"] == sys.argv[1] and "source" in o][0]
print(eval(sys.argv[2]))' "$1" "$2"
}

networks='" ".join(n["network"] for n in s["networks"])'

# ---- the stories ------------------------------------------------------------------------------

fresh_story() {
    local mark=0
    post 192.0.2.1 alpha
    meets vouched 250 "mail from the address of a vendor's A record is vouched"
    post 198.51.100.10 bravo
    meets vouched 250 "mail from a network of a vendor's SPF include is vouched"
    is "$(field listed "$verdict")" spf:bravo.example "by that source"
    sources
    is "$status" 0 "\`sources\` exits 0 while nothing has drifted" || printf '%s\n' "$seen" | sed 's/^/# /'
    like "$seen" '198\.51\.100\.0/25 .*since 20[0-9-]+T[0-9:]+Z  via bravo\.example > _spf\.bravo\.example > ip4' \
        "it shows each network, since when and through which include"
    like "$seen" 'believed 20.*ago\), TTL 3' "how old the answer is"
    like "$seen" 'next +20' "and when it is asked again"
    like "$(cat "$world/state/sources/spf:bravo.example.copy")" \
        '^198\.51\.100\.0/25  since 20.*  via bravo\.example > _spf\.bravo\.example > ip4$' \
        "the last good copy is a text that a person can read"
    is "$(find "$world/state/sources" ! -user nobody | wc -l)" 0 "and belongs to the daemon's user"
}

# Every vendor changes at once.
change_story() {
    local mark
    mark=$(log_length)
    zone[alpha]="out.alpha.example. A 192.0.2.2"
    zone[bravo]="bravo.example. TXT \"v=spf1 include:_spf.bravo.example -all\"
_spf.bravo.example. TXT \"v=spf1 ip4:198.51.100.128/25 -all\""
    spf both 'ip4:192.0.2.64/26'
    spf wide4 'ip4:20.0.0.0/10 ip4:203.0.113.0/28'
    spf wide6 'ip6:2a00::/20 ip6:2001:db8:16::/48'
    spf share "$(printf 'ip4:16.%d.0.0/12 ' 0 16 32 48 64)ip4:203.0.113.32/28"
    spf all 'ip4:203.0.113.48/28 +all'
    spf shared 'ip4:203.0.113.64/28 include:bulk.example'
    spf fall ip4:203.0.113.128/28
    spf moved ip4:198.51.100.224/28
    publish
    wait_for posted vouched 192.0.2.2 alpha
    meets vouched 250 "an A record changed: mail from the new address is vouched, without a reload"
    post 192.0.2.1 alpha
    meets forged 550 "and the old address is not the vendor's any more"
    is "$(field listed "$verdict")" - "it is listed no longer"
    wait_for posted vouched 198.51.100.200 bravo
    meets vouched 250 "an SPF include changed: mail from the new network is vouched"
    post 198.51.100.10 bravo
    is "$(field listed "$verdict") ${answer%% *}" "- 550" "and mail from the old one is not"
    told "$mark" 'drift: source a:out\.alpha\.example of alpha: came 192\.0\.2\.2 via out\.alpha\.example.*; went 192\.0\.2\.1 via out\.alpha\.example' \
        "the log names vendor, source, path, what came and what went: the A record"
    told "$mark" 'drift: source spf:bravo\.example of bravo: came 198\.51\.100\.128/25 via bravo\.example > _spf\.bravo\.example > ip4; went 198\.51\.100\.0/25 via bravo\.example > _spf\.bravo\.example > ip4' \
        "and the SPF include"
    change_mark=$mark
}

# guard NAME PATTERN OLD TITLE: what grew is not believed, and log and sources say why.
guard() {
    told "$change_mark" "source spf:$1\\.example of $1: $2.*what it listed before stays in use" "$4: the log says why it is not believed"
    sources --vendor "$1"
    like "$seen" "$2" "$4: so does \`sources\`"
    is "$status" 1 "$4: which exits 1"
    is "$(of_json "$1" "$networks")" "$3" "$4: the last good copy stands"
}

guard_story() {
    guard wide4 'not believed: lists the whole of 20\.0\.0\.0/10 through wide4\.example > ip4; the limit is /12' \
        203.0.113.0/28 "a network too wide"
    guard wide6 'not believed: lists the whole of 2a00::/20 through wide6\.example > ip6; the limit is /28' \
        2001:db8:16::/48 "an IPv6 network too wide"
    guard share 'not believed: lists 5242896 .*addresses, 0\.12 % of IPv4' 203.0.113.32/28 "too large a share"
    guard all 'published wrongly: .*all' 203.0.113.48/28 "+all"
    guard shared 'not believed: takes in .*bulk\.example.* through shared\.example > bulk\.example > ip4' 203.0.113.64/28 "a shared sender in an exclusive source"
    guard fall 'not believed: lists 16 .*addresses where it listed 64, 75 % fewer' 203.0.113.128/26 "a fall by more than half"
    wait_for posted vouched 198.51.100.225 moved
    is "$(of_json moved "$networks")" 198.51.100.224/28 "a move to as many other addresses is believed"
    post 20.0.0.1 wide4
    is "$(field listed "$verdict") $(field outcome "$verdict")" "- unproven" "what is not believed is not listed and vouches for nothing"
    post 203.0.113.5 wide4
    meets vouched 250 "and the address of the last good copy still vouches"
}

list_story() {
    sources --vendor both
    like "$seen" 'the file lists networks that the vendor.s SPF does not publish: 192\.0\.2\.8$' "a list in the file that SPF no longer agrees with is drift"
    is "$(greenlane sources --vendor both --json 2>> "$world/greenlane.err" | /usr/bin/python3 -c '
import json, sys
print([o["drift"] for o in json.load(sys.stdin) if o["source"].startswith("cidr:")])')" \
        "[[\"the file lists networks that the vendor's SPF does not publish: 192.0.2.8\"]]" "in JSON, too"
}

unlisted_story() {
    local mark
    mark=$(log_length)
    letter cloud "Desk Help <noreply@deskhelp.example>" | sign_rsa > "$world/msg/deskhelp.eml"
    post 198.51.100.77 deskhelp
    meets vouched 250 "mail that DKIM proves is vouched from an unlisted address"
    told "$mark" 'drift: DKIM proves mail of deskhelp from 198\.51\.100\.77, which none of its sources lists' "and the log says that the list lacks it"
    post 198.51.100.77 deskhelp
    is "$(log_after "$mark" | grep -c 'drift: DKIM')" 1 "once an address"
    wait_for grep -Eqs ' 198\.51\.100\.77 .* 2$' "$world/state/usage"
    sources --vendor deskhelp
    like "$seen" 'unlisted: DKIM proves mail from 198\.51\.100\.77 \(2 times, last 20' "\`sources\` reports it as drift"
    is "$status" 1 "and exits 1"
    sources --vendor bravo
    like "$seen" '198\.51\.100\.128/25 .* used 20' "the last use of a network by mail is shown"
}

is_silent() {
    sources --vendor moved
    printf '%s\n' "$seen" | grep -q 'silent: '
}

silence_story() {
    local conf=$world/silent.conf
    configure "$conf" 'silent_after = "2s";'
    wait_for is_silent
    like "$seen" 'silent: 198\.51\.100\.224/28 sent nothing for [0-9]+ seconds' "a network that sent nothing for silent_after is drift"
}

accept_story() {
    local mark
    mark=$(log_length)
    sources --vendor alpha
    like "$seen" 'changed since it was accepted: came 192\.0\.2\.2 .*went 192\.0\.2\.1' "a change that was believed is drift until a person accepts it"
    is "$status" 1 "with exit status 1"
    sources --accept
    is "$status" 0 "\`sources --accept\` exits 0" || printf '%s\n' "$seen" | sed 's/^/# /'
    spf all ip4:203.0.113.48/28
    publish
    told "$mark" 'drift: source spf:wide4\.example of wide4: came 20\.0\.0\.0/10' "what was accepted is believed at the next asking"
    told "$mark" 'drift: source spf:fall\.example of fall: .*went 203\.0\.113\.128/26' "a fall, too"
    told "$mark" 'drift: source spf:shared\.example of shared: came 198\.51\.100\.192/28' "and a shared sender"
    told "$mark" 'source spf:all\.example of all: answers again, unchanged' "what was published wrongly and is right again is said"
    wait_for posted vouched 20.0.0.1 wide4
    meets vouched 250 "mail from what was accepted is vouched"
    sources
    is "$status" 0 "after that \`sources\` exits 0" || printf '%s\n' "$seen" | grep drift | sed 's/^/# /'
    is "$(find "$world/state/sources" ! -user nobody | wc -l)" 0 "what the tool wrote as root belongs to the daemon's user"
    wait_for nothing_pends
    ok $? "nothing else is left there" || find "$world/state/sources" -type f | sed 's/^/# /'
}

nothing_pends() { [ -z "$(find "$world/state/sources" -type f ! -name '*.copy' ! -name '*.accepted')" ]; }

trouble_story() {
    local mark begun
    mark=$(log_length)
    begun=$(date +%s)
    misbehave servfail out.alpha.example truncated wide6.example silent fall.example slow moved.example tcp share.example \
        silent out.brief.example
    told "$mark" 'source a:out\.alpha\.example of alpha: .*what it listed before stays in use' "SERVFAIL is in the log"
    told "$mark" 'source spf:wide6\.example of wide6: .*stays in use' "so is the cut answer"
    told "$mark" 'source spf:fall\.example of fall: .*stays in use' "so is the silence"
    post 192.0.2.2 alpha
    meets vouched 250 "SERVFAIL: what was listed stays in use"
    post 2001:db8:16::1 wide6
    meets vouched 250 "answers cut off: what was listed stays in use"
    post 203.0.113.129 fall
    meets vouched 250 "a silent server: what was listed stays in use"
    post 198.51.100.225 moved
    meets vouched 250 "a slow server: its source serves"
    wait_for believed_since "$begun" moved
    wait_for believed_since "$begun" share
    sources
    like "$(of_json alpha 's["trouble"]')" . "\`sources\` shows the trouble: SERVFAIL"
    like "$(of_json wide6 's["trouble"]')" . "and of the cut answer"
    like "$(of_json fall 's["trouble"]')" . "and of the silence"
    is "$(of_json moved 's["trouble"] == ""')" True "a slow answer is no trouble"
    is "$(of_json share 's["trouble"] == ""')" True "an answer that is whole over TCP is none"
    is "$status" 0 "trouble of DNS is not drift"
    stale_story "$mark"
    misbehave
    told "$mark" 'source a:out\.alpha\.example of alpha: answers again, unchanged' "the end of the trouble is said"
    wait_for posted vouched 192.0.2.3 brief
    meets vouched 250 "with DNS back the stale source vouches again"
}

# believed_since SECONDS VENDOR: its source was asked behind that second, and its answer believed.
believed_since() { [ "$(of_json "$2" "s[\"believed\"] > $1")" = True ]; }

stale_story() {
    told "$1" 'source a:out\.brief\.example of brief: the last good copy is older than max_stale' "a copy beyond max_stale is said"
    wait_for posted unsure 192.0.2.3 brief
    meets unsure 451 "its addresses are not known then: mail is deferred, not refused"
    like "$answer" '^451 4\.4\.3 ' "with 451 4.4.3"
    sources --vendor brief
    like "$seen" 'stale +older than max_stale' "and \`sources\` says so"
    is "$(of_json brief 's["stale"]')" True "in JSON, too"
}

json_story() {
    local found
    found=$(greenlane sources --json 2>> "$world/greenlane.err" | /usr/bin/python3 -c '
import json, sys
all = json.load(sys.stdin)
keys = "vendor source known exclusive believed age changed next ttl stale asked_live trouble used networks drift".split()
dns = [o for o in all if o.get("source", "cidr:").split(":")[0] in ("a", "spf")]
print(len(dns), [k for o in dns for k in keys if k not in o],
    [n for o in dns for n in o["networks"] if sorted(n) != ["network", "path", "since", "used"]])')
    is "$found" "12 [] []" "every source is in the JSON with all its keys"
}

cold_story() {
    local mark
    forget "$greenlaned_pid"
    kill -KILL "$greenlaned_pid"
    wait "$greenlaned_pid" 2>/dev/null
    nsd_stop
    end_process "$proxy_pid"
    sed -i 's/^198/x98/' "$world/state/sources/spf:moved.example.copy"
    mark=$(log_length)
    greenlaned_start
    post 192.0.2.2 alpha
    meets vouched 250 "kill -9 and a start without DNS: the same mail is vouched from the last good copy"
    post 20.0.0.1 wide4
    meets vouched 250 "what a person accepted is remembered"
    post 198.51.100.200 bravo
    meets unsure 451 "where the vendor's policy asks for SPF as well, the mail is deferred until DNS is back"
    is "$(field listed "$verdict")" spf:bravo.example "and is listed meanwhile"
    told "$mark" 'state/sources/spf:moved\.example\.copy:[0-9]+: .*the copy is not used' "a damaged copy is reported with file and line"
    post 198.51.100.225 moved
    meets unsure 451 "and ignored: its source is not known, its mail deferred"
    publish
    proxy_start
    wait_for posted vouched 198.51.100.225 moved
    meets vouched 250 "with DNS back it is vouched again"
    wait_for posted vouched 198.51.100.200 bravo
    meets vouched 250 "so is the mail that needs SPF"
}

# How often the proxy was asked for alpha's addresses.
asked() { grep -c '^A out\.alpha\.example$' "$world/proxy.log"; }
asked_again() { [ "$(asked)" -ge "$1" ]; }

readonly_story() {
    local mark
    greenlaned_stop
    chown -R root "$world/state/sources"
    chmod 555 "$world/state/sources"
    mark=$(log_length)
    greenlaned_start
    told "$mark" 'state/sources/.* cannot be written: Permission denied' "a state_dir that takes nothing is said"
    zone[alpha]="out.alpha.example. A 192.0.2.4"
    publish
    told "$mark" 'out\.alpha\.example.* came 192\.0\.2\.4' "the refresh goes on"
    # twice more, for what is said at every refresh would be said again
    wait_for asked_again $(($(asked) + 2))
    wait_for posted vouched 192.0.2.4 alpha
    meets vouched 250 "and so does serving"
    is "$(log_after "$mark" | grep -c 'a:out\.alpha\.example\.copy cannot be written\|a:out\.alpha\.example\.copy: cannot be written')" 1 \
        "and it is said once, not at every refresh"
    chmod 755 "$world/state/sources"
    chown -R nobody "$world/state/sources"
}

review_story() {
    local text
    text=$(greenlane check 2>&1)
    like "$text" 'due\.conf:1: .*review_by' "a review that is due is a warning of \`check\`"
    like "$text" 'lapsed\.conf:1: .*review_by' "so is one that lapsed"
    like "$(cat "$world/greenlaned.log")" 'due\.conf:1: .*review_by' "and of the log at start"
    post 192.0.2.101 due
    meets vouched 250 "a source whose review is due still serves"
    post 192.0.2.102 lapsed
    is "$(field reason "$verdict")" review-lapsed "one whose review is long over vouches for nothing"
    unlike "$answer" '^550' "and its mail is not refused for it"
}

make_vendors
publish
proxy_start
configure "$world/greenlane.conf"
greenlaned_start
postfix_start
fresh_story
change_story
guard_story
list_story
unlisted_story
silence_story
accept_story
json_story
trouble_story
cold_story
readonly_story
review_story
[ $tap_failed -eq 0 ] || tail -n 60 "$world/greenlaned.log" | sed 's/^/# /'
tap_done
