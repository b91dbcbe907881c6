#!/bin/sh
# TAP: the process greenlaned: what it inherits from whoever starts it, and its limit of open files over a reload.
name=process
. "${srcdir:-.}/t/cli/lib.sh"
greenlaned=${GREENLANED:-${greenlane}d}

mkdir "$world/vendors"
cat > "$world/vendors/steady.conf" <<'END'
vendor = { name = "steady"; domains = [ "steady.example" ]; sources = ( { cidr = [ "192.0.2.1" ]; } ); };
END
conf() { # MAX_SESSIONS LINE...
	cat <<END
vendor_path = [ "$world/vendors" ];
vendors = ( { name = "steady"; } );
milter = { listen = "unix:$world/socket"; max_sessions = $1; };
state_dir = "$world/state";
user = "$(id -un)";
dns = { servers = [ "127.0.0.1" ]; };
END
	shift
	printf '%s\n' "$@"
}
says() { grep -Eq -- "$1" "$world/daemon"; }
limit() { sed -n 's/^Max open files *\([0-9]*\) .*/\1/p' "/proc/$daemon/limits"; }
ends() { # STATUS NAME: greenlaned, which was told to
	kill "$daemon"
	wait "$daemon"
	is $? "$1" "$2"
}

# ---- open files ----

conf 100 > "$world/conf"
if [ "$(ulimit -H -n)" = unlimited ] || [ "$(ulimit -H -n)" -ge 3000 ]; then
	(ulimit -S -n 256 && ulimit -H -n 3000 && exec "$greenlaned" -f -c "$world/conf") 2> "$world/daemon" &
	daemon=$!
	pids="$pids $daemon"
	until_true says ' serves '
	ok $? "greenlaned starts where few files may be open"
	is "$(limit)" 1124 "and raises its limit for its sessions"
	conf 500 > "$world/conf"
	kill -HUP $daemon
	until_true says 'reload: 1 vendors in force'
	is "$(limit)" 1524 "a reload that allows more sessions raises it again"
	conf 5000 > "$world/conf"
	kill -HUP $daemon
	until_true says 'only 3000 files may be open, but 5000 sessions want 6024; raise LimitNOFILE'
	ok $? "what cannot be had is said at the reload"
	is "$(limit)" 3000 "and as much as can be is taken"
	ends 0 "it ends well"
else
	skip "the limit of open files over a reload" "the hard limit here is lower"
fi

# ---- signals ----

# as some supervisors leave it behind: then the system throws every status away
cat > "$world/ignoring.py" <<'END'
import os, signal, sys
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
os.execv(sys.argv[1], sys.argv[1:])
END

mkdir "$world/taken"
conf 100 > "$world/conf"
sed -i "s,unix:$world/socket,unix:$world/taken," "$world/conf"
timeout 60 /usr/bin/python3 "$world/ignoring.py" "$greenlaned" -c "$world/conf" 2> "$world/daemon"
is $? 69 "a start in the background that fails says so to one who ignores SIGCHLD"
says 'taken'
ok $? "and says why"

conf 100 "exports = ( { format = \"postgrey\"; file = \"$world/postgrey\"; command = \"exit 9\"; } );" > "$world/conf"
/usr/bin/python3 "$world/ignoring.py" "$greenlaned" -f -c "$world/conf" 2> "$world/daemon" &
daemon=$!
pids="$pids $daemon"
until_true says "'exit 9' ended with status 9"
ok $? "a command that fails is seen to"
ends 0 "it ends well"

finish_tap
