#!/bin/bash
# fleet.sh - two MX hosts that share one greylist in a Redis: they are as one host, and whatever happens to Redis nobody is
# deferred for a record that was not stored, no message is lost, and both are well again without a restart.
#
#   t/mta/fleet.sh             about a minute
#   t/mta/fleet.sh sentinel    three Sentinels instead, and a master that is killed under load (t/nightly)
#
# TAP. Must be run as root. Three network namespaces: a host each, with its Postfix and greenlaned; and the world around them,
# where their clients, DNS and Redis have their addresses. Redis writes each record to its disk before it answers, so that
# what it acknowledged is found there after it was killed. KEEP=1 leaves the directory with all logs.

set -u
top=$(cd "$(dirname "$0")/../.." && pwd) || exit 99
. "$top/t/mta/lib.sh"
. "$top/t/mta/demo.sh"

hosts="one two"
declare -A holder daemon at mode # by host
redis_at=198.18.0.1 redis_port=6379 redis_pid=
export REDISCLI_AUTH=first FLEET_REDIS=$redis_at:6379
store=redis:$FLEET_REDIS delay=1h timeout=5s

outside() {
    [ "$(id -u)" -eq 0 ] || skip_all "network namespaces need root"
    # shellcheck disable=SC2046
    set -- "$1" $(missing postfix nsd setpriv unshare nsenter ip redis-server redis-cli redis-sentinel /usr/bin/python3)
    [ $# -eq 1 ] || skip_all "not installed: ${*:2}"
    [ -x "$GREENLANED" ] && [ -x "$GREENLANE" ] || skip_all "greenlaned or greenlane is not built"
    getent passwd postfix > /dev/null || skip_all "there is no user postfix"
    unshare -n true 2> /dev/null || skip_all "network namespaces are not allowed here"
    exec unshare -n bash "$0" --inside "$1"
}

# ---- the hosts --------------------------------------------------------------------------------

# on HOST COMMAND...: in its network
on() { nsenter -t "${holder[$1]}" -n "${@:2}"; }

is_apart() { [ "$(readlink "/proc/${holder[$1]}/ns/net")" != "$(readlink /proc/self/ns/net)" ]; }

# host_begin HOST NUMBER: a network whose only way is to us
host_begin() {
    unshare -n sleep infinity &
    holder[$1]=$!
    remember $!
    wait_for is_apart "$1" || die "no network namespace"
    ip link add "$1" type veth peer name wire netns "${holder[$1]}" || die "no veth"
    ip addr add "198.18.$2.1/24" dev "$1"
    ip link set "$1" up
    on "$1" ip link set lo up
    on "$1" ip addr add "198.18.$2.2/24" dev wire
    on "$1" ip link set wire up
    on "$1" ip route add default via "198.18.$2.1"
    at[$1]=198.18.$2.2:25
    mode[$1]=enforce
}

conf_of() { echo "$world/$1/greenlane.conf"; }

configure() {
    cat > "$(conf_of "$1")" <<END
authserv_id = "$1.rx.example";
mode        = "${mode[$1]}";
user        = "nobody";
state_dir   = "$world/$1/state";
milter      = { listen = "unix:$world/$1/run/milter.sock"; group = "postfix"; deadline = "100s"; };
control     = { listen = "unix:$world/$1/run/control.sock"; };
dns         = { servers = [ "$dns_at" ]; timeout = "30s"; };
greylist    = { store = "$store"; delay = "$delay";
                redis = { password_file = "$world/password"; connect_timeout = "$timeout"; command_timeout = "$timeout"; }; };
vendor_path = [ "$world/vendors" ];
vendors     = ( { name = "deskhelp"; } );
END
}

daemon_begin() {
    configure "$1"
    on "$1" "$GREENLANED" -c "$(conf_of "$1")" -f >> "$world/$1.log" 2>&1 &
    daemon[$1]=$!
    remember $!
    wait_for daemon_answers "$1" || die "greenlaned did not start" "$world/$1.log"
}

daemon_answers() {
    ! gone "${daemon[$1]}" || die "greenlaned has ended" "$world/$1.log"
    net open "unix:$world/$1/run/milter.sock"
}

daemon_end() { end_process "${daemon[$1]}"; }

# reload: all hosts, with what stands in $mode and $delay
reload() {
    local host
    for host in $hosts; do
        configure "$host"
        "$GREENLANE" -c "$(conf_of "$host")" reload > "$world/out" 2>&1 || die "greenlane reload" "$world/out"
    done
}

mta_begin() {
    mkdir -p "$world/mail"
    chown 65534 "$world/mail"
    postfix_write "$1" "${at[$1]}" "myhostname = $1.rx.example" "inet_interfaces = all" \
        "mynetworks = 127.0.0.2/32" "local_recipient_maps =" "virtual_mailbox_domains = rx.example" \
        "virtual_mailbox_base = $world/mail" "virtual_mailbox_maps = static:$1/" "virtual_uid_maps = static:65534" \
        "virtual_gid_maps = static:65534" "virtual_minimum_uid = 1" "virtual_mailbox_limit = 0" "smtpd_milters = unix:$world/$1/run/milter.sock" \
        "milter_default_action = tempfail"
    postfixes_beside="$postfixes_beside $1"
    on "$1" postfix -c "$(postfix_conf "$1")" start >> "$world/$1/out" 2>&1
    wait_for net open "${at[$1]}" || die "Postfix did not start" "$world/$1/out" "$world/$1/maillog"
}

# ---- mail -------------------------------------------------------------------------------------

ledger=
fleet() { /usr/bin/python3 "$top/t/mta/fleet.py" "$ledger" "$@"; }

# try HOST NAME: a message of NAME@stranger.example; prints the reply
try() { fleet send "${at[$1]}" 203.0.113.66 "$2@stranger.example"; }
passes() { [[ $(try "$1" "$2") == 250\ * ]]; }
waits() { [[ $(try "$1" "$2") == 451\ 4.7.1\ greylisted* ]]; }
vouches() { [[ $(fleet send "${at[$1]}" 192.0.2.10 noreply@deskhelp.example) == 250\ * ]]; }

# another: in $name, a name that was not used before, in letters: digits would be taken for what changes from mail to mail
tries=0 name=
letters() { printf '%s' "$1" | tr 0-9 a-j; }
another() {
    tries=$((tries + 1))
    name=another-$(letters $tries)
}
stranger_waits() { another; waits "$1" "$name"; }

# judge TITLE: what became of every message in the ledger
judge() {
    local boxes=() host
    redis --raw keys 'greenlane:g *' > "$world/found"
    cat "$world"/found.* >> "$world/found" 2> /dev/null
    for host in $hosts; do boxes+=("${at[$host]}=$world/mail/$host"); done
    fleet judge "$world/found" "${boxes[@]}" > "$world/out" 2> "$world/err"
    ok $? "$1: none is lost, delivered twice, or deferred without a record"
    sed 's/^/# /' "$world/out"
    cat "$world/err"
}

# ---- the greylist's state ---------------------------------------------------------------------

status() { "$GREENLANE" -c "$(conf_of "$1")" status > "$world/status.$1" 2>&1; }
ill() { ! status "$1" && grep -Eq "^ill: store-failed: .*$2" "$world/status.$1"; }
well() { status "$1"; grep -q '^greylist: works' "$world/status.$1"; }

# ---- Redis ------------------------------------------------------------------------------------

redis() { redis-cli -h "$redis_at" -p "$redis_port" "$@" 2> /dev/null; }
answers() { [ "$(redis ping)" = PONG ]; }

# serve DIRECTORY PORT [OPTION...]: it is the one that `redis` asks
serve() {
    mkdir -p "$world/$1"
    redis-server --bind "$redis_at" --port "$2" --dir "$world/$1" --save '' --appendonly yes --appendfsync always \
        --requirepass "$REDISCLI_AUTH" --masterauth "$REDISCLI_AUTH" --enable-debug-command yes "${@:3}" >> "$world/$1.log" 2>&1 &
    redis_pid=$! redis_port=$2
    remember $!
    wait_for answers || die "redis-server did not start" "$world/$1.log"
}
serve_again() { serve data 6379; }
kill_redis() {
    forget "$redis_pid"
    kill -9 "$redis_pid"
    wait "$redis_pid" 2> /dev/null
}

# ---- as one host ------------------------------------------------------------------------------

count_in_logs() { cat "$world/one.log" "$world/two.log" | grep "mail_from=$1" | grep -c "greylist=$2"; }

one_story() {
    local host
    ledger=$world/ledger.one delay=1s
    reload
    waits one known
    ok $? "a stranger's first message waits at one host"
    wait_for passes two known
    ok $? "its retry passes at the other one"
    passes one known
    ok $? "and it is known at both"
    delay=1h
    reload
    for host in $hosts; do
        "$GREENLANE" -c "$(conf_of "$host")" greylist list --all > "$world/out" 2>&1
        like "$(cat "$world/out")" known@stranger.example "host $host lists it"
    done
    waits one early && waits two early
    ok $? "a retry at the other host that comes too early waits"
    "$GREENLANE" -c "$(conf_of two)" greylist pass --sender early@stranger.example > "$world/out" 2>&1
    passes one early
    ok $? "until somebody lets it pass, at any host"
    judge "two hosts"
}

crowd_story() {
    ledger=$world/ledger.crowd
    fleet crowd 100 "${at[one]}" "${at[two]}"
    is "$(cut -f 3 "$ledger" | sort | uniq -c | tr -s ' ')" ' 200 451' "of a hundred clients that come to both hosts at once each waits twice"
    is "$(redis --raw keys 'greenlane:g crowd-*' | wc -l)" 100 "they are a hundred tuples"
    is "$(count_in_logs crowd- new) $(count_in_logs crowd- early)" "100 100" "each is new at one host, and early at the other"
    judge "the crowd"
}

# A tuple that was unsure is not, once its mail is proven; any bytes will do.
unsure_key='greenlane:u noreply@deskhelp.example helpdesk@rx.example @deskhelp.example'
is_forgotten() { [ "$(redis exists "$unsure_key")" = 0 ]; }
vendor_story() {
    ledger=$world/ledger.vendor
    redis set "$unsure_key" record > /dev/null
    vouches two
    ok $? "a vendor's mail passes"
    wait_for is_forgotten
    ok $? "and no host thinks any longer that it is unsure"
    judge "the vendor"
}

record_of() { redis get "greenlane:g $1@stranger.example helpdesk@rx.example @stranger.example" | md5sum; }

monitor_story() {
    local record
    ledger=$world/ledger.monitor mode[two]=monitor
    reload
    passes two watched
    ok $? "at a host in monitor mode a stranger passes"
    is "$(redis --raw keys 'greenlane:g watched@*')" '' "the greylist that the others read learns nothing of it"
    waits one watched
    ok $? "so the stranger waits at the other host"
    record=$(record_of watched)
    passes two watched
    ok $? "and still passes at the first one"
    is "$(record_of watched)" "$record" "which changes no record"
    mode[two]=enforce
    reload
    waits two watched
    ok $? "in enforce mode it waits there too"
    judge "monitor mode"
}

# ---- trouble ----------------------------------------------------------------------------------

loads=
load_begin() { # NAME
    local host
    loads=
    rm -f "$world/stop"
    for host in $hosts; do
        fleet load "$world/stop" "$1-$host" "${at[$host]}" > "$world/load.$host" 2>&1 &
        remember $!
        loads="$loads $!"
    done
}
load_end() {
    local pid
    touch "$world/stop"
    for pid in $loads; do
        wait "$pid"
        forget "$pid"
    done
}

# What holds at a host that Redis does not serve.
goes_on() {
    another
    passes "$1" "$name" && vouches "$1"
    ok $? "$title: at host $1 a stranger passes, and so does a vendor's mail"
}

recovers() {
    wait_for well "$1" && wait_for stranger_waits "$1"
    ok $? "$title: host $1 recovers by itself, and strangers wait again"
}

# trouble TITLE WHAT-STATUS-SAYS MAKE MEND HOST...: it meets these hosts; under load
trouble() {
    local title=$1 host
    tries=$((tries + 1))
    ledger=$world/ledger.$tries
    load_begin "load-$(letters $tries)"
    $3
    for host in "${@:5}"; do
        wait_for ill "$host" "$2"
        ok $? "$title: host $host says so, and what to do" || sed 's/^/# /' "$world/status.$host"
        goes_on "$host"
    done
    $4
    for host in $hosts; do recovers "$host"; done
    load_end
    judge "$title"
}

few_replicas() { redis config set min-replicas-to-write 1 > /dev/null; }
enough_replicas() { redis config set min-replicas-to-write 0 > /dev/null; }
fill() { redis config set maxmemory 1 > /dev/null; }
empty() { redis config set maxmemory 0 > /dev/null; }
freeze() { kill -STOP "$redis_pid"; }
thaw() { kill -CONT "$redis_pid"; }
# the password is changed at Redis first, then in the hosts' file
change_password() {
    redis config set requirepass second > /dev/null
    export REDISCLI_AUTH=second
    redis client kill type normal > /dev/null
}
tell_password() { echo "$REDISCLI_AUTH" > "$world/password"; }
# what Redis sends to one host is lost on its way
cut_off() { ip rule add from "$redis_at" to "${at[one]%:*}" blackhole; }
join() { ip rule del from "$redis_at" to "${at[one]%:*}" blackhole; }

# Nothing keeps Redis asleep until somebody has noticed: so it sleeps again.
late_lines() { cat "$world/one.log" "$world/two.log" | grep -c 'does not answer within'; }
sleep_until_noticed() {
    redis debug sleep 4 > /dev/null # sleeps: Redis does
    [ "$(late_lines)" -gt "$1" ]
}
sleep_story() {
    local title="a Redis that sleeps (DEBUG SLEEP)" host
    ledger=$world/ledger.sleep
    load_begin load-sleep
    wait_for sleep_until_noticed "$(late_lines)"
    ok $? "$title: a host says that it does not answer"
    for host in $hosts; do recovers "$host"; done
    load_end
    judge "$title"
}

troubles() {
    trouble "too few replicas" 'min-replicas-to-write; start them' few_replicas enough_replicas one two
    trouble "no memory" 'maxmemory is used up; raise it' fill empty one two
    trouble "killed" 'cannot be reached: .*; start it' kill_redis serve_again one two
    trouble "a frozen process" "does not answer within" freeze thaw one two
    trouble "a password that was changed" 'refuses the user or the password; correct greylist.redis' change_password tell_password one two
    trouble "one host cut off" 'cannot be reached: .*; start it' cut_off join one
    sleep_story
}

said_as_often() {
    local host
    for host in $hosts; do
        is "$(grep -c 'works again' "$world/$host.log")" "$(grep -c 'does not work' "$world/$host.log")" \
            "host $host said each trouble once, and its end once"
        kill -0 "${daemon[$host]}"
        ok $? "and is the process that it was"
    done
}

# ---- a failover -------------------------------------------------------------------------------

# Two servers, b a replica of a, and three that watch them.
sentinels_begin() {
    local port list=
    serve b 6380
    pid_of[b]=$redis_pid
    serve a 6379
    pid_of[a]=$redis_pid
    redis-cli -h "$redis_at" -p 6380 replicaof "$redis_at" 6379 > /dev/null 2>&1
    for port in 26379 26380 26381; do
        mkdir "$world/$port"
        printf '%s\n' "port $port" "bind $redis_at" "dir $world/$port" "sentinel monitor mymaster $redis_at 6379 2" \
            "sentinel auth-pass mymaster $REDISCLI_AUTH" 'sentinel down-after-milliseconds mymaster 1000' \
            'sentinel failover-timeout mymaster 5000' > "$world/$port/conf"
        redis-sentinel "$world/$port/conf" > "$world/sentinel.$port" 2>&1 &
        remember $!
        list=$list${list:+,}$redis_at:$port
    done
    for port in 26379 26380 26381; do
        wait_for sees_all "$port" || die "the Sentinels do not meet" "$world/sentinel.$port"
    done
    store=redis-sentinel:mymaster@$list FLEET_REDIS=$redis_at:6379,$redis_at:6380
}
declare -A pid_of=([a]='' [b]='')

ask_sentinel() { REDISCLI_AUTH='' redis-cli -h "$redis_at" -p "$1" sentinel "${@:2}" 2> /dev/null; }
sees_all() { ask_sentinel "$1" ckquorum mymaster | grep -q 'OK 3 usable' && ask_sentinel "$1" replicas mymaster | grep -q "^$redis_at:6380$"; }
master_is() { ask_sentinel 26379 get-master-addr-by-name mymaster | grep -qx "$1"; }
is_replica() { redis-cli -h "$redis_at" -p "$1" role 2> /dev/null | grep -qx connected; }

# What a server that was killed had acknowledged: it alone, where no Sentinel finds it.
keep_found() {
    serve "$1" 6389
    redis --raw keys 'greenlane:g *' > "$world/found.$1"
    kill_redis
}

failed_over() { # TITLE PORT
    local title=$1 host
    wait_for master_is "$2"
    ok $? "$1: Sentinel makes the replica the master"
    for host in $hosts; do recovers "$host"; done
    load_end
    redis_port=$2
}

sentinel_story() {
    local title="a master that is killed"
    ledger=$world/ledger.killed
    load_begin load-killed
    redis_pid=${pid_of[a]}
    kill_redis
    failed_over "$title" 6380
    keep_found a
    redis_port=6380
    judge "$title"
    serve a 6379
    redis_port=6380
    wait_for is_replica 6379
    ok $? "$title: it comes back as a replica"
    title="a master that freezes" ledger=$world/ledger.frozen
    load_begin load-frozen
    kill -STOP "${pid_of[b]}"
    failed_over "$title" 6379
    load_begin load-thawed
    kill -CONT "${pid_of[b]}"
    wait_for is_replica 6380
    ok $? "$title: it thaws, and becomes a replica, while mail goes on"
    recovers one
    load_end
    judge "$title"
}

# ---- all of it --------------------------------------------------------------------------------

clients() {
    local number
    for number in $(seq 100); do echo "addr add 198.19.$number.5/32 dev lo"; done
    printf 'addr add %s/32 dev lo\n' "$redis_at" 203.0.113.66 192.0.2.10
}

inside() {
    local host
    world_begin
    ip link set lo up
    clients | ip -batch -
    demo_zone > "$world/root.zone"
    nsd_start "$world/root.zone" "$redis_at" 53
    demo_vendors
    echo "$REDISCLI_AUTH" > "$world/password"
    chmod 644 "$world/password"
    host_begin one 1
    host_begin two 2
    case $1 in sentinel) sentinels_begin ;; *) serve_again ;; esac
    for host in $hosts; do
        mkdir "$world/$host"
        daemon_begin "$host"
        mta_begin "$host"
    done
    one_story
    [ "$1" = sentinel ] || { crowd_story; monitor_story; vendor_story; }
    timeout=1s # from here on none is a failure of its own
    for host in $hosts; do daemon_end "$host"; daemon_begin "$host"; done
    case $1 in sentinel) sentinel_story ;; *) troubles ;; esac
    said_as_often
    [ $tap_failed -eq 0 ] || tail -n 40 "$world/one.log" "$world/two.log" | sed 's/^/# /'
    tap_done
}

case ${1:-} in
--inside) inside "$2" ;;
''|sentinel) outside "${1:-}" ;;
*) sed -n '2,/^$/s/^# \{0,1\}//p' "$0" >&2; exit 64 ;;
esac
