# hosts_lib.sh - greenlaned that share one Redis, as MX hosts do, each with files of its own below $world/HOST. Sourced, with
# `name` set. Skips the test where redis-server is missing; no name server answers.
# shellcheck shell=sh disable=SC2034,SC2154 # its variables are used, and set, by those who source it

. "${srcdir:-.}/t/cli/lib.sh"
needs redis-server
sock=$world/redis.sock server=''
user=$(id -un)
[ "$user" != root ] || user=nobody
mkdir "$world/data"
steady_vendor

redis() { redis-cli -s "$sock" "$@" 2> /dev/null; }
answers() { [ "$(redis ping)" = PONG ]; }
serve() {
	redis-server --port 0 --unixsocket "$sock" --unixsocketperm 777 --save '' --dir "$world/data" > "$world/redis" 2>&1 &
	server=$!
	pids="$pids $server"
	until_true answers || bail_out "redis-server does not start"
}

# conf HOST [LINE...]: its greenlane.conf; $store, if it is set, is its greylist, $dns its name server, $vendor one more vendor.
store='' dns='' vendor=''
conf() {
	host=$1
	shift
	mkdir -p "$world/$host/run" "$world/$host/state"
	[ "$(id -u)" -ne 0 ] || chown nobody "$world/$host/run" "$world/$host/state"
	{
		printf 'vendor_path = [ "%s/vendors" ];\nvendors = ( { name = "steady"; }%s );\nuser = "%s";\n' \
			"$world" "${vendor:+, { name = \"$vendor\"; \}}" "$user"
		printf 'milter = { listen = "unix:%s/run/socket"; deadline = "2s"; };\n' "$world/$host"
		printf 'control = { listen = "unix:%s/run/control"; };\nstate_dir = "%s/state";\n' "$world/$host" "$world/$host"
		printf 'dns = { servers = [ "%s" ]; timeout = "1s"; };\nlog = { record = "%s/state/verdicts"; };\n' \
			"${dns:-127.0.0.1@1}" "$world/$host"
		printf 'strangers = { authenticate = false; };\n'
		printf 'greylist = { store = "%s"; delay = "1s"; auto_pass = 2; ' "${store:-redis:unix:$sock}"
		printf 'redis = { connect_timeout = "5s"; command_timeout = "5s"; }; };\n'
		printf '%s\n' "$@"
	} > "$world/$host/conf"
}
serves() { grep -qs ' serves ' "$world/$1/log"; }
begin() { # HOST [VARIABLE=VALUE...]: with these in its environment
	host=$1
	shift
	: > "$world/$host/log"
	env "$@" "$greenlaned" -f -c "$world/$host/conf" 2> "$world/$host/log" &
	eval "pid_$host=$!"
	pids="$pids $!"
	until_true serves "$host" || bail_out "greenlaned does not start" "$world/$host/log"
}
end() { # HOST
	eval "set -- $1 \$pid_$1"
	kill "$2"
	wait "$2"
	is $? 0 "the daemon of $1 ends well"
}
mail() { /usr/bin/python3 "$top/t/cli/milter.py" "$world/$1/run/socket" "$2" 203.0.113.5 anna@rx.example; } # HOST SENDER
passes() { [ "$(mail "$1" "$2")" = pass ]; }
waits() { case $(mail "$1" "$2") in 451\ 4.7.1*greylisted*) ;; *) return 1 ;; esac; }
on() { config=$world/$1/conf; } # HOST: run asks there
