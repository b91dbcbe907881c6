#!/bin/bash
# rspamd.sh - a real rspamd that greylists, with a real Redis, behind greenlaned on a real Postfix: fed with
# `greenlane export rspamd` it lets the vendor by and nobody else.
#
# TAP. Must be run as root. About half a minute. KEEP=1 leaves the folder with all logs behind.

set -u
top=$(cd "$(dirname "$0")/../.." && pwd) || exit 99
. "$top/t/mta/lib.sh"
. "$top/t/mta/demo.sh"

needs_postfix rspamd redis-server redis-cli

world_begin
delay=3 # seconds that rspamd wants to wait

# ---- rspamd and its Redis ---------------------------------------------------------------------

redis_start() {
    redis_port=$(net ports 1)
    mkdir "$world/redis"
    chown nobody "$world/redis"
    setpriv --reuid=nobody --regid=nogroup --clear-groups redis-server --bind 127.0.0.1 --port "$redis_port" \
        --dir "$world/redis" --save '' --appendonly no > "$world/redis.log" 2>&1 &
    remember $!
    wait_for net open "inet:$redis_port@127.0.0.1" || die "redis-server did not start" "$world/redis.log"
}

# rspamd_start [SETTING]: its greylist module as Debian ships it, with one more setting. It looks at mail that
# scores: here all mail does, by a rule of two lines. The rule behind it is that of contrib/postfix/rspamd.cf.
rspamd_start() {
    echo example > "$world/rspamd/suffixes"
    cat > "$world/rspamd/start.lua" <<'END'
require "global_functions" ()
config["regexp"] = {}
config["regexp"]["GREENLANE_VOUCHED"] = {
    re = [[Authentication-Results=/^\s*mx\.rx\.example;\s*x-greenlane=vouched\s/H]],
    score = 0.0,
}
rspamd_maps = {}
rspamd_config:register_symbol({ name = "EVERYBODY", score = 5.0, type = "normal",
    callback = function() return true end })
END
    cat > "$world/rspamd/rspamd.conf" <<END
lua = "$world/rspamd/start.lua";
options {
    filters = "regexp";
    local_addrs = [ "127.0.0.0/8" ];
    dns { nameserver = [ "$dns_at:$dns_port:1" ]; timeout = 20s; }
    url_tld = "$world/rspamd/suffixes";
    hs_cache_dir = "$world/rspamd";
    tempdir = "$world/rspamd";
    map_watch_interval = 1s;
    map_file_watch_multiplier = 1.0;
}
logging { type = "file"; filename = "$world/rspamd/rspamd.log"; level = "info"; }
worker "rspamd_proxy" {
    bind_socket = "127.0.0.1:$rspamd_port";
    milter = yes; timeout = 120s; count = 1;
    upstream "local" { default = yes; self_scan = yes; }
}
actions { reject = 1500; add_header = 1000; greylist = 4; }
group "demo" { symbols { EVERYBODY { weight = 5.0; } } }
redis { servers = "127.0.0.1:$redis_port"; }
greylist { timeout = ${delay}s; whitelisted_ip = "$world/rspamd/maps/greenlane.map"; ${1:-} }
modules { path = "/usr/share/rspamd/plugins/"; }
END
    rspamd -f -u nobody -g nogroup -c "$world/rspamd/rspamd.conf" --var=DBDIR="$world/rspamd" \
        --var=RUNDIR="$world/rspamd" > "$world/rspamd.out" 2>&1 &
    rspamd_pid=$!
    remember $rspamd_pid
    wait_for net open "inet:$rspamd_port@127.0.0.1" ||
        die "rspamd did not start" "$world/rspamd.out" "$world/rspamd/rspamd.log"
}

# said WORDS LINE: rspamd's log has them after that line.
said() { tail -n "+$(($2 + 1))" "$world/rspamd/rspamd.log" | grep -Eq -- "$1"; }
rspamd_lines() { wc -l < "$world/rspamd/rspamd.log"; }

# ---- mail -------------------------------------------------------------------------------------

# post CLIENT DOMAIN FROM ID [FILTER]: a message of which rspamd knows neither body nor envelope, for it
# remembers both, the latter for a whole IPv4 /19.
post() {
    { letter "$4" "$3"; echo "This is $4."; } | ${5:-cat} > "$world/msg/post.eml"
    answer=$(send "$1" "$vendor_helo" "bounce-$4@$2" "$rcpt" "$world/msg/post.eml" | decided)
}

vendor() { post "$1" deskhelp.example "$desk" "$2"; }
strangers_mail() { post 203.0.113.66 stranger.example "$stranger" "$1"; }
export_map() { "$GREENLANE" -c "$world/greenlane.conf" export rspamd --output "$world/rspamd/maps/greenlane.map"; }

rcpt=helpdesk@rx.example
greylisted='^451 4\.7\.1 Try again later'
accepted='^250 2\.0\.0 '

# ---- the stories ------------------------------------------------------------------------------

without_story() {
    vendor 192.0.2.10 without-1
    like "$answer" "$greylisted" "without the map rspamd greylists the vendor's mail, whatever greenlane says"
    strangers_mail without-2
    like "$answer" "$greylisted" "and a stranger's"
    is "$(redis-cli -p "$redis_port" --raw eval 'return #redis.call("keys", "rg*")' 0)" 4 \
        "Redis has body and envelope of both"
    sleep $((delay + 1)) # sleeps: until rspamd has waited long enough
    vendor 192.0.2.10 without-1
    like "$answer" "$accepted" "the vendor's mail comes late"
}

map_story() {
    local mark
    mark=$(rspamd_lines)
    export_map > "$world/export.out" 2>&1
    is $? 0 "greenlane export rspamd writes the map" || sed 's/^/# /' "$world/export.out"
    like "$(cat "$world/rspamd/maps/greenlane.map")" '^192\.0\.2\.0/25' "it has the vendor's range"
    like "$(cat "$world/rspamd/maps/greenlane.map")" '^2001:db8:10::/64' "and that of IPv6"
    wait_for said 'read radix trie of [1-9]' "$mark"
    ok $? "rspamd reads it by itself, without a reload"
}

with_story() {
    vendor 192.0.2.11 with-1
    like "$answer" "$accepted" "with the map the vendor's mail passes at the first try"
    vendor 2001:db8:10::25 with-2
    like "$answer" "$accepted" "from its IPv6 range, too"
    post 198.51.100.41 nightwatch.example 'Night Watch <alert@nightwatch.example>' with-3
    like "$answer" "$accepted" "and that of a vendor known by A records"
    strangers_mail with-4
    like "$answer" "$greylisted" "a stranger is greylisted as ever"
    post 198.51.100.20 deskhelp.example "$desk" with-5 sign_rsa
    like "$answer" "$greylisted" "so is the vendor's own signed mail from a host that no list has: a map knows networks alone"
    wait_for grep -q ' mail_from=bounce-with-5@' "$world/greenlaned.log"
    is "$(field outcome "$(verdicts_after 0 | tail -n 1)")" vouched "although greenlane vouches for it"
    post 203.0.113.66 stranger.example "$desk" with-6
    like "$answer" '^550 5\.7\.26 ' "a forger is refused by greenlane before rspamd is asked"
    sleep $((delay + 1)) # sleeps: until rspamd has waited long enough
    strangers_mail with-4
    like "$answer" "$accepted" "the stranger's second try passes"
}

# greenlane's own result, which it writes after it has removed every forged one, says more than a map.
header_story() {
    end_process "$rspamd_pid"
    rspamd_start 'whitelist_symbols = [ "GREENLANE_VOUCHED" ];'
    post 198.51.100.20 deskhelp.example "$desk" header-1 sign_rsa
    like "$answer" "$accepted" "with a rule on greenlane's result in front of it the signed mail passes, too"
    strangers_mail header-2
    like "$answer" "$greylisted" "a stranger does not"
    post 203.0.113.66 stranger.example "$stranger" header-3 forge_result
    like "$answer" "$greylisted" "nor does one who brings such a result along"
}

forge_result() { sed '1i Authentication-Results: mx.rx.example; x-greenlane=vouched policy.vendor=deskhelp'; }

demo_prepare
sed -i 's/^greylist .*/greylist = { store = "none"; };/' "$world/greenlane.conf"
redis_start
rspamd_port=$(net ports 1)
mkdir -p "$world/rspamd/maps"
chmod 777 "$world/rspamd"
: > "$world/rspamd/maps/greenlane.map"
rspamd_start
greenlaned_start
postfix_start "smtpd_milters = $(milter_at), inet:127.0.0.1:$rspamd_port"
without_story
map_story
with_story
header_story
[ $tap_failed -eq 0 ] ||
    { tail -n 20 "$world/greenlaned.log"; tail -n 60 "$world/rspamd/rspamd.log"; } | cut -c1-300 | sed 's/^/# /'
tap_done
