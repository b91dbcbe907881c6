#!/bin/sh
# TAP: a greylist in a real Redis: the decisions are the pure ones, many at once are one tuple, and whatever happens to the
# server nobody is deferred for a tuple that is not stored, and all is well again by itself.
#
# Needs Debian's redis-server; each listens at a Unix socket, or at a port of loopback, of the test's own.
name=redis
. "${srcdir:-.}/t/cli/lib.sh"
history=${top_builddir:-.}/t/redis_history
case $history in /*) ;; *) history=$PWD/$history ;; esac
config=$world/conf
needs redis-server
sock=$world/redis.sock server='' daemon=''
user=$(id -un)
[ "$user" != root ] || user=nobody
mkdir "$world/run" "$world/state" "$world/data"
[ "$(id -u)" -ne 0 ] || chown nobody "$world/run" "$world/state"
steady_vendor

redis() { redis-cli -s "$sock" "$@" 2> /dev/null; }
answers() { [ "$(redis ping)" = PONG ] || redis ping | grep -q NOAUTH; }
serve() { # ARGUMENT...
	: > "$world/redis"
	redis-server --port 0 --unixsocket "$sock" --unixsocketperm 777 --save '' --dir "$world/data" "$@" > "$world/redis" 2>&1 &
	server=$!
	pids="$pids $server"
	until_true answers || bail_out "redis-server does not start"
}
end_server() { kill -9 "$server"; wait "$server" 2> /dev/null; rm -f "$sock"; }

# conf STORE [LINE...]: a site with this store; $redis_group stands in greylist.redis.
redis_group=''
conf() {
	{
		printf 'vendor_path = [ "%s/vendors" ];\nvendors = ( { name = "steady"; } );\nuser = "%s";\n' "$world" "$user"
		printf 'milter = { listen = "unix:%s/run/socket"; };\ncontrol = { listen = "unix:%s/run/control"; };\n' "$world" "$world"
		printf 'strangers = { authenticate = %s; };\nstate_dir = "%s/state";\ndns = { servers = [ "%s" ]; };\n' \
			"${authenticate:-false}" "$world" "${name_server:-127.0.0.1}"
		printf 'log = { record = "%s/state/verdicts"; };\n' "$world"
		printf 'greylist = { store = "%s"; delay = "1s"; redis = { connect_timeout = "5s"; command_timeout = "%s"; %s }; };\n' \
			"$1" "${patience:-5s}" "$redis_group"
		shift
		printf '%s\n' "$@"
	} > "$world/conf"
}
begin() { greenlaned_start "$world/conf" || bail_out "greenlaned does not start"; }
end() { kill "$daemon"; wait "$daemon"; is $? 0 "$1"; }
mail() { /usr/bin/python3 "$top/t/cli/milter.py" "$world/run/socket" "$1@stranger.example" 203.0.113.5 anna@rx.example; }
passes() { [ "$(mail "$1")" = pass ]; }
waits() { case $(mail "$1") in 451\ 4.7.1*greylisted*) ;; *) return 1 ;; esac; }
ill() { ! "$greenlane" -c "$world/conf" status > "$world/out" 2> "$world/err" && grep -Eq "^ill: store-failed: .*$1" "$world/out"; }
well() { "$greenlane" -c "$world/conf" status > "$world/out" 2> "$world/err"; ! grep -q '^ill: store-failed' "$world/out"; }

# ---- the decision ----

serve
for seed in 1 2 3; do
	"$history" "redis:unix:$sock" history 3000 $seed > "$world/out"
	ok $? "3000 tries of series $seed are decided as greylist_decide does"
done
"$history" "redis:unix:$sock" take 1000 5 > "$world/out"
ok $? "of 1000 records of another store each newer one is kept"
is "$("$history" "redis:unix:$sock" crowd 200)" "new 1 early 199 asked 200" "200 clients at once are one tuple, and each is counted"
redis config resetstat > /dev/null
is "$("$history" "redis:unix:$sock" forget 40)" "left 1" "40 tuples are forgotten, and no other"
redis info commandstats | grep -q '^cmdstat_del:calls=2,'
ok $? "by two questions, not by 40"
redis script flush > /dev/null
"$history" "redis:unix:$sock" history 50 4 > "$world/out"
ok $? "a server that has lost the script is given it again"
redis flushall > /dev/null

# ---- mail ----

conf "redis:unix:$sock"
run 0 "check finds nothing to say of it" check
begin
waits one
ok $? "a stranger's first message waits"
retry_passes() { passes one; }
until_true retry_passes
ok $? "its retry passes"
is "$(redis --raw keys '*' | grep -c '^greenlane:g one@stranger.example anna@rx.example 203.0.113.0/24$')" 1 "and is one key"
[ "$(redis ttl 'greenlane:g one@stranger.example anna@rx.example 203.0.113.0/24')" -gt 86400 ]
ok $? "that the server expires"
run 0 "the tuples are listed" greylist list --all
out 'one@stranger.example' "with this one"
waits two
ok $? "another waits"
run 0 "until it is let pass" greylist pass --sender two@stranger.example
passes two
ok $? "at once"
run 0 "and forgotten" greylist forget --sender two@stranger.example
waits two
ok $? "it waits as a stranger again"
for i in 1 2 3 4 5 6 7 8 9; do
	for j in 0 1 2 3 4 5 6 7 8 9; do redis eval "for i = 1, 10 do redis.call('SET', 'greenlane:g a' .. ARGV[1] .. i .. '@many.example b@rx.example 192.0.2.0/24', redis.call('GET', KEYS[1])) end" 1 \
		'greenlane:g one@stranger.example anna@rx.example 203.0.113.0/24' "$i$j-" > /dev/null; done
done
run 0 "900 more are counted" greylist stats --json
out '"known":90[0-9]' "all of them"

# cut_after COUNT|each: a Redis at cut.sock that goes down when it has forgotten so many, or ends a connection at each DEL
cut_after() {
	rm -f "$world/cut.sock"
	: > "$world/cut"
	/usr/bin/python3 "$top/t/cli/redis_cut.py" "$world/cut.sock" "$sock" "$1" > "$world/cut" 2>&1 &
	pids="$pids $!"
	until_true grep -q ready "$world/cut"
}
end "it ends well"
conf "redis:unix:$world/cut.sock"
cut_after 310
begin
run 69 "a Redis that goes down while many are forgotten" greylist forget --sender many.example --all
err '^greenlane: 310 tuples were forgotten before that; run it again, which is safe and does the rest$' "is said to have forgotten so many"
end "it ends well"
cut_after 205
run 69 "the same where no daemon runs" greylist forget --sender many.example --all
err '^greenlane: 205 tuples were forgotten before that; run it again, which is safe and does the rest$' "is said as well"
cut_after each
run 0 "it is run again, while each connection is ended behind its first answer" greylist forget --sender many.example --all
out '^385 tuples forgotten$' "and does the rest: a command is not ended by SIGPIPE"
conf "redis:unix:$sock"
begin

# ---- all recipients at once, before signatures are checked ----

many() { /usr/bin/python3 "$top/t/cli/milter.py" "$world/run/socket" "$1" 203.0.113.5 a@rx.example,b@rx.example,c@rx.example; }
asked() { redis --raw eval "local all = {} for i, key in ipairs(redis.call('KEYS', ARGV[1])) do all[i] = struct.unpack('>I4', redis.call('GET', key):sub(21)) end return table.concat(all, ' ')" 0 "greenlane:g $1@*"; }
redis script flush > /dev/null
case $(many scriptless@stranger.example) in 451*) ;; *) false ;; esac
ok $? "three recipients wait while the server has lost the script"
is "$(asked scriptless)" "1 1 1" "and each was asked about once"
end "it ends well"
/usr/bin/python3 "$top/t/cli/redis_hold.py" "$world/hold.sock" "$sock" 3 > "$world/hold" 2>&1 &
pids="$pids $!"
until_true grep -q ready "$world/hold"
conf "redis:unix:$world/hold.sock"
begin
case $(many held@stranger.example) in 451*) ;; *) false ;; esac
ok $? "three recipients are asked about together: a server that answers none before the third came makes them wait"
is "$(asked held)" "1 1 1" "and each was asked about once"
end "it ends well"
: > "$world/port"
/usr/bin/python3 "$top/t/cli/late_key.py" "$sock" 'greenlane:g signed@stranger.example a@rx.example 203.0.113.0/24' > "$world/port" 2>&1 &
pids="$pids $!"
until_true test -s "$world/port"
name_server=127.0.0.1@$(cat "$world/port")
authenticate=true
conf "redis:unix:$sock"
begin
case $(SIGNED=1 many signed@stranger.example) in 451*) ;; *) false ;; esac
ok $? "a signed message waits"
recorded() { grep -q 'signed@stranger.example' "$world/state/verdicts"; }
until_true recorded
grep 'signed@stranger.example' "$world/state/verdicts" | grep -q '"dkim":\[{[^]]*"result":"permerror"'
ok $? "its key, which was answered for when the tuple was stored, came in time: the store was asked before"
end "it ends well"
name_server='' authenticate=''
conf "redis:unix:$sock"
begin

# ---- what a server may do ----

# trouble STATE REMEDY NAME MAKE MEND: no deferral without a stored tuple, said once, and well again by itself
cases=abcdefghij
trouble() {
	case=${cases%"${cases#?}"} cases=${cases#?} # digits would all be the same sender
	$4
	passes "strange-$case"
	ok $? "$3: a stranger passes"
	until_true says 'greylist=failed'
	ok $? "$3: which the log line says"
	until_true ill "$2"
	ok $? "$3: status is ill, and says what to do"
	"$greenlane" -c "$world/conf" status | grep -q "^greylist: $1"
	ok $? "$3: the greylist is $1"
	$5
	until_true well
	ok $? "$3: well again by itself"
	waits "again-$case"
	ok $? "$3: strangers wait again"
}
# none of a word for `trouble`'s commands
refuse_writes() { redis config set min-replicas-to-write 1 > /dev/null; }
take_writes() { redis config set min-replicas-to-write 0 > /dev/null; }
fill() { redis config set maxmemory 1 > /dev/null; }
empty() { redis config set maxmemory 0 > /dev/null; }
follow() { redis replicaof 127.0.0.1 1 > /dev/null; }
lead() { redis replicaof no one > /dev/null; }
with_password() { redis-cli -s "$sock" -a secret "$@" > /dev/null 2>&1; }
lock_out() { redis config set requirepass secret > /dev/null; with_password client kill type normal; }
let_in() { with_password config set requirepass ''; }
trouble read-only 'min-replicas-to-write; start them' "too few replicas" refuse_writes take_writes
trouble full 'maxmemory is used up; raise it' "no memory" fill empty
trouble read-only 'is a replica; name the master' "a replica" follow lead
trouble failed 'wants a password; write it into greylist.redis.password_file' "a password" lock_out let_in
trouble failed 'cannot be reached: .*; start it' "killed" end_server serve
shut() { chmod 700 "$sock"; redis client kill type normal > /dev/null; } # as Debian's: for its own user and group
open_up() { chmod 777 "$sock"; }
if [ "$(id -u)" -eq 0 ]; then
	trouble failed 'may not be entered by the user of greenlaned; add that user to the socket.s group' "a closed socket" shut open_up
else
	skip "a closed socket" "only root can begin a Redis of another user"
fi
is "$(grep 'does not work' "$world/daemon" | uniq -d)" '' "nothing was said twice in a row"
[ "$(grep -c 'works again' "$world/daemon")" -le "$(grep -c 'does not work' "$world/daemon")" ]
ok $? "and each time once that it is over"
end "it ends well"

# ---- a server that hangs ----

patience=200ms
conf "redis:unix:$sock"
begin
kill -STOP "$server"
trouble failed 'does not answer within 200 ms' "frozen" true 'kill -CONT '"$server"
kill -STOP "$server"
end "nor does it keep the daemon from ending"
kill -CONT "$server"
end_server
patience=5s

# ---- passwords ----

serve --requirepass secret
redis_group="password_file = \"$world/password\";"
conf "redis:unix:$sock"
run 1 "a password that is not there" check
out 'password: does not exist; write the password into it' "check says where to write it"
echo wrong > "$world/password"
chmod 644 "$world/password"
run 1 "a wrong one" check
out 'refuses the user or the password; correct greylist.redis' "check says so"
lacks 'wrong' "but not the password"
begin
passes three
ok $? "with it strangers pass"
echo secret > "$world/password"
until_true well
ok $? "the right one is read without a restart"
waits four
ok $? "and strangers wait"
! grep -q 'secret\|wrong"' "$world/daemon"
ok $? "no log names it"
end "it ends well"
end_server
redis_group=''

# ---- what is no Redis, or half of one ----

/usr/bin/python3 "$top/t/cli/redis_fake.py" "$world/fake.sock" "$world/word" > "$world/fake" 2>&1 &
pids="$pids $!"
until_true grep -q ready "$world/fake"
patience=200ms
conf "redis:unix:$world/fake.sock"
for answer in 'half:does not answer within 200 ms' 'hang:does not answer within' 'drip:does not answer within 200 ms' \
	'announce:its answer has more than 16384 elements' 'hangup:Server closed the connection' \
	'garbage:Protocol error' 'serve:gives an answer that no greylist has' 'MOVED 1 192.0.2.1:6379:is a cluster' \
	'NOPERM this user has no permissions:grant ~PREFIX' 'LOADING Redis is loading:reading its data' \
	"ERR unknown command 'X', with args beginning with: 'anna@rx.example':replies .ERR unknown command 'X',.; see its log"; do
	word=${answer%:*} wanted=${answer##*:}
	echo "$word" > "$world/word"
	run 1 "a server that answers '$word'" check
	out "$wanted" "check says what is wrong"
done
patience=5s
conf "redis:unix:$world/fake.sock"
echo flood > "$world/word"
run 1 "a server whose answer is too long" check
out 'its answer is longer than 16777216 bytes|does not answer within 5000 ms' "check says what is wrong"

# ---- configuration ----

redis_group='tls = { ca = "/etc/ssl/certs/ca-certificates.crt"; };'
conf "redis:unix:$sock"
run 1 "TLS on a Unix socket, or without a library for it" check
out 'remove one of them|run stunnel beside greenlaned' "check says what to do instead"
redis_group=''
# shellcheck disable=SC2046
set -- $(/usr/bin/python3 "$top/t/mta/net.py" ports 3)
conf "redis-sentinel:mymaster@127.0.0.1:$1"
run 1 "a Sentinel that does not run" check
out "^the Sentinel at 127\.0\.0\.1:$1 cannot be reached: .*; start it, or name another in greylist\.store" "is said to be one"
serve --bind 127.0.0.1 --port "$1"
run 1 "a Redis that is named as a Sentinel" check
out "^the Sentinel at 127\.0\.0\.1:$1: it is no Sentinel; name the port of one, or redis: to use it itself" "is said to be none"
sentinel() { # PORT LINE
	mkdir "$world/$1"
	printf 'port %s\nbind 127.0.0.1\n%s\n' "$1" "$2" > "$world/$1/conf"
	redis-sentinel "$world/$1/conf" > "$world/$1/out" 2>&1 &
	pids="$pids $!"
	until_true listens "$1"
}
listens() { redis-cli -p "$1" ping 2> /dev/null | grep -q 'PONG\|NOAUTH'; }
if command -v redis-sentinel > /dev/null; then
	sentinel "$2" ''
	conf "redis-sentinel:mymaster@127.0.0.1:$2"
	run 1 "a Sentinel that knows no such master" check
	out "^the Sentinel at 127\.0\.0\.1:$2 knows no master 'mymaster'; correct greylist\.store" "is named with its port"
	conf "redis:127.0.0.1:$2"
	run 1 "a Sentinel that is named as a Redis" check
	out "^Redis at 127\.0\.0\.1:$2: it runs no scripts; if it is a Sentinel, write redis-sentinel:NAME@HOST:PORT" "is said to be one"
	sentinel "$3" 'requirepass secret'
	conf "redis-sentinel:mymaster@127.0.0.1:$3"
	run 1 "a Sentinel with a password" check
	out "^the Sentinel at 127\.0\.0\.1:$3: it wants a password, and Sentinels are asked without one; remove its requirepass" "is said to want one"
else
	skip "a Sentinel" "redis-sentinel is not installed"
fi
conf "redis:[::1:6379"
run 1 "a host that is none" check
out 'is no host with a port; write' "check says how to write it"

finish_tap
