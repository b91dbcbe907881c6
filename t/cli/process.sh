#!/bin/sh
# TAP: greenlaned as a process: what it inherits from its parent, and its limit of open files after a reload.
name=process
. "${srcdir:-.}/t/cli/lib.sh"

steady_vendor
conf() { # MAX_SESSIONS LINE...
	least_conf "max_sessions = $1;"
	shift
	printf '%s\n' "$@"
}
limit() { sed -n 's/^Max open files *\([0-9]*\) .*/\1/p' "/proc/$daemon/limits"; }
ends() { # STATUS NAME: stops greenlaned, which must exit with STATUS
	kill "$daemon"
	wait "$daemon"
	is $? "$1" "$2"
}

# ---- open files ----

conf 100 > "$world/conf"
# shellcheck disable=SC3045 # dash and bash know the hard and the soft limit
if [ "$(ulimit -H -n)" = unlimited ] || [ "$(ulimit -H -n)" -ge 3000 ]; then
	: > "$world/daemon"
	(ulimit -S -n 256 && ulimit -H -n 3000 && exec "$greenlaned" -f -c "$world/conf") 2> "$world/daemon" &
	daemon=$!
	pids="$pids $daemon"
	until_true says ' serves '
	ok $? "greenlaned starts with a low limit of open files"
	is "$(limit)" 1124 "and raises its limit for its sessions"
	conf 500 > "$world/conf"
	kill -HUP $daemon
	until_true says 'reload: 1 vendor in force'
	is "$(limit)" 1524 "a reload that allows more sessions raises it again"
	conf 5000 > "$world/conf"
	kill -HUP $daemon
	until_true says 'only 2992 files may be open, but 5000 sessions need 6024; raise LimitNOFILE'
	ok $? "a limit that is too low is logged at the reload"
	is "$(limit)" 2992 "and raised as far as possible, but for what control needs"
	ends 0 "it exits with 0"
else
	skip "the limit of open files after a reload" "the hard limit here is lower"
fi

# ---- signals ----

# as some supervisors leave it: then the system discards every exit status
cat > "$world/ignoring.py" <<'END'
import os, signal, sys
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
os.execv(sys.argv[1], sys.argv[1:])
END

mkdir "$world/taken"
conf 100 > "$world/conf"
sed -i "s,unix:$world/socket,unix:$world/taken," "$world/conf"
timeout 60 /usr/bin/python3 "$world/ignoring.py" "$greenlaned" -c "$world/conf" 2> "$world/daemon"
is $? 69 "a failed start in the background is reported even if the parent ignores SIGCHLD"
says 'taken'
ok $? "and says why"

conf 100 "exports = ( { format = \"postgrey\"; file = \"$world/postgrey\"; command = \"exit 9\"; } );" > "$world/conf"
: > "$world/daemon"
/usr/bin/python3 "$world/ignoring.py" "$greenlaned" -f -c "$world/conf" 2> "$world/daemon" &
daemon=$!
pids="$pids $daemon"
until_true says "'exit 9' exited with status 9"
ok $? "the failure of a command is noticed"
ends 0 "it exits with 0"

# ---- closed descriptors ----

standard() { readlink "/proc/$1/fd/0" "/proc/$1/fd/1" "/proc/$1/fd/2" | sort -u; }
conf 100 > "$world/conf"
"$greenlaned" -f -c "$world/conf" 0<&- 1>&- 2>&- &
daemon=$!
pids="$pids $daemon"
reloads() { "$greenlane" -c "$world/conf" reload > "$world/out" 2>&1; }
until_true reloads
is "$(standard "$daemon")" /dev/null "started without its standard descriptors it puts no file of its own in their place"
ends 0 "it exits with 0"
"$greenlane" -c "$world/conf" export postgrey --output "$world/exported" --watch 0<&- 1>&- 2>&- &
watcher=$!
pids="$pids $watcher"
until_true test -s "$world/exported"
is "$(standard "$watcher")" /dev/null "nor does greenlane"
kill "$watcher"
"$greenlane" help 1>&- 2> "$world/err"
is $? 74 "what it cannot print there fails"
err 'greenlane: standard output: cannot be written' "and it says so"

finish_tap
