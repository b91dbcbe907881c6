#!/bin/sh
# TAP: two hosts that share one greylist behind three Sentinels: a try at one and the retry at the other pass as on one host, and
# while the master is killed under load nothing is lost, and both go on with the new one, without a restart.
#
# Needs Debian's redis-server and redis-sentinel; all listen at ports of loopback. Run by t/nightly.
name=sentinel
. "${srcdir:-.}/t/cli/lib.sh"
needs redis-sentinel ss
user=$(id -un)
[ "$user" != root ] || user=nobody
steady_vendor
# shellcheck disable=SC2046
set -- $(/usr/bin/python3 "$top/t/mta/net.py" ports 5)
first=$1 second=$2
shift 2
sentinels=$*

serve() { # PORT ARGUMENT...
	port=$1
	shift
	mkdir "$world/$port"
	redis-server --port "$port" --bind 127.0.0.1 --save '' --dir "$world/$port" "$@" > "$world/redis.$port" 2>&1 &
	pids="$pids $!"
	[ "$port" != "$first" ] || master=$!
	answers() { redis-cli -p "$port" ping; } > /dev/null 2>&1
	until_true answers || bail_out "redis-server does not start"
}
serve "$first"
serve "$second" --replicaof "127.0.0.1 $first"
for port in $sentinels; do
	mkdir "$world/$port"
	printf '%s\n' "port $port" 'bind 127.0.0.1' "dir $world/$port" "sentinel monitor mymaster 127.0.0.1 $first 2" \
		'sentinel down-after-milliseconds mymaster 1000' 'sentinel failover-timeout mymaster 5000' > "$world/$port/conf"
	redis-sentinel "$world/$port/conf" > "$world/sentinel.$port" 2>&1 &
	pids="$pids $!"
	watchers="${watchers:-} $!"
done
for port in $sentinels; do
	know() { redis-cli -p "$port" sentinel ckquorum mymaster | grep -q 'OK 3 usable'; }
	until_true know || bail_out "the Sentinels do not meet"
	sees_replica() { redis-cli -p "$port" sentinel replicas mymaster | grep -q "^127.0.0.1:$second$"; }
	until_true sees_replica || bail_out "a Sentinel does not see the replica"
done
master_is() { redis-cli -p "${sentinels%% *}" sentinel get-master-addr-by-name mymaster | grep -qx "$1"; }

# host NAME: a greenlaned of its own
host() {
	mkdir "$world/$1"
	[ "$(id -u)" -ne 0 ] || chown nobody "$world/$1"
	list=
	for port in $sentinels; do list=$list${list:+,}127.0.0.1:$port; done
	cat > "$world/$1.conf" <<-TEXT
		vendor_path = [ "$world/vendors" ];
		vendors = ( { name = "steady"; } );
		user = "$user";
		state_dir = "$world/$1/state";
		milter = { listen = "unix:$world/$1/socket"; };
		control = { listen = "unix:$world/$1/control"; };
		strangers = { authenticate = false; };
		dns = { servers = [ "127.0.0.1" ]; };
		greylist = { store = "redis-sentinel:mymaster@$list"; delay = "1s"; redis = { connect_timeout = "5s"; command_timeout = "5s"; }; };
	TEXT
	: > "$world/$1.log"
	"$greenlaned" -f -c "$world/$1.conf" 2> "$world/$1.log" &
	pids="$pids $!"
	echo $! > "$world/$1.pid"
	serves() { grep -q ' serves ' "$world/$1.log"; }
	until_true serves "$1" || bail_out "greenlaned does not start" "$world/$1.log"
}
mail() { /usr/bin/python3 "$top/t/cli/milter.py" "$world/$1/socket" "$2@stranger.example" 203.0.113.5 anna@rx.example; } # HOST SENDER
passes() { [ "$(mail "$1" "$2")" = pass ]; }
waits() { case $(mail "$1" "$2") in 451\ 4.7.1*greylisted*) ;; *) return 1 ;; esac; }
well() { ! "$greenlane" -c "$world/$1.conf" status | grep '^ill: store-failed'; } > /dev/null 2>&1

host one
host two
waits one anna
ok $? "a stranger's first message waits at one host"
until_true passes two anna
ok $? "its retry at the other one passes"
passes one anna
ok $? "and it is known at both"
"$greenlane" -c "$world/two.conf" greylist list --all > "$world/out"
out 'anna@stranger.example' "each lists the tuples of both"

# under load: every mail gets an answer of these two kinds, and no other
load() { # HOST
	for i in a b c d e f g h i j k l m n o p q r s t; do
		for j in a b c d e f g h i j; do mail "$1" "load-$i$j"; done
	done > "$world/$1.load" 2>&1
}
load one &
loads=$!
load two &
loads="$loads $!"
pids="$pids $loads"
kill -9 "$master"
until_true master_is "$second"
ok $? "Sentinel makes the replica the master"
for host in one two; do
	until_true well "$host"
	ok $? "host $host goes on with it"
done
for pid in $loads; do wait "$pid"; done
for host in one two; do
	is "$(grep -cE '^(pass|451 4\.7\.1 greylisted.*)$' "$world/$host.load")" 200 "host $host has answered every message"
done
waits one bert
ok $? "a stranger waits again"
until_true passes two bert
ok $? "and passes at the other host"
[ "$(redis-cli -p "$second" --raw keys 'greenlane:g bert@*' | wc -l)" = 1 ]
ok $? "by a tuple in the new master"
for host in one two; do
	[ "$(grep -c 'does not work' "$world/$host.log")" = "$(grep -c 'works again' "$world/$host.log")" ]
	ok $? "host $host said as often that it works as that it did not"
done

# the old master comes back as a replica, and is not written to
serve_again() {
	redis-server --port "$first" --bind 127.0.0.1 --save '' --dir "$world/$first" > "$world/redis.$first" 2>&1 &
	pids="$pids $!"
}
serve_again
is_replica() { redis-cli -p "$first" role 2> /dev/null | grep -qx slave; }
until_true is_replica
ok $? "the old master becomes a replica"
waits one carl
ok $? "which changes nothing"

# ---- a switch that somebody asked for, while no mail comes ----

[ "$(sed -n 's/.*LOOK_MS = \([0-9]*\).*/\1/p' "$top/milter/store/redis_pool.c")" -le 500 ]
ok $? "each host asks at least twice a second where the master is"
said() { cat "$world/one.log" "$world/two.log" | grep -c 'does not work'; }
passed() { for host in one two; do "$greenlane" -c "$world/$host.conf" status --json | /usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin)["store"]["passed"])'; done; }
before=$(said) passed=$(passed)
: > "$world/gap"
redis-cli -p "$first" config resetstat > /dev/null
/usr/bin/python3 "$top/t/cli/sentinel_gap.py" "${sentinels%% *}" "$first" > "$world/gap" 2>&1 &
pids="$pids $!"
until_true grep -q ready "$world/gap"
switched() { master_is "$first" || { redis-cli -p "${sentinels%% *}" sentinel failover mymaster > /dev/null; false; }; } # it may give up
until_true switched
ok $? "Sentinel makes the other one the master, as it is told"
used() { grep -q '^[0-9]' "$world/gap"; }
until_true used
ok $? "which is in use before mail comes"
echo "# $(grep '^[0-9]' "$world/gap") ms after Sentinel said that it is the master"
for host in one two; do
	connected() { ss -Htnp state established "dport = :$first" | grep -q "pid=$(cat "$world/$host.pid"),"; }
	until_true connected
	ok $? "by host $host"
done
waits one dora
ok $? "the first mail after it waits"
until_true passes two dora
ok $? "and its retry passes at the other host"
[ "$(redis-cli -p "$first" --raw keys 'greenlane:g dora@*' | wc -l)" = 1 ]
ok $? "by a tuple in the new master"
is "$(said)" "$before" "no host has said that the store does not work"
is "$(passed)" "$passed" "and no message went the way of a store that fails"

# ---- nobody watches the master any more ----

# shellcheck disable=SC2086 # a list of numbers
kill -9 $watchers
silent() { "$greenlane" -c "$world/one.conf" status > "$world/out" 2>&1; grep -q '^ill: sentinels-silent: ' "$world/out"; }
until_true silent
ok $? "that no Sentinel answers is said by status"
out '^ill: sentinels-silent: .* the Sentinel at 127\.0\.0\.1:[0-9]+ cannot be reached: ' "with one of them, and why"
waits one emil
ok $? "while mail waits as ever"
redis-sentinel "$world/${sentinels%% *}/conf" > "$world/sentinel.again" 2>&1 &
pids="$pids $!"
watched() { ! silent; }
until_true watched
ok $? "when one is back it is well"

finish_tap
