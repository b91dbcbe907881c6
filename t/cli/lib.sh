# lib.sh - what the tests of the tool share: the program, a private folder, TAP. Sourced, POSIX sh.
#
# Before it: name=WORD (of the folder). After it: $greenlane, $world (removed at the end, with the processes
# in $pids), ok, is, skip, run, out, err, lacks, quiet, until_true; at the end of the test: finish_tap.
# $config, if set, is put before every command that run runs; $input is its standard input.

set -u
top=${srcdir:-.}
case $top in /*) ;; *) top=$PWD/$top ;; esac
greenlane=${GREENLANE:-${top_builddir:-.}/milter/greenlane}
case $greenlane in /*) ;; *) greenlane=$PWD/$greenlane ;; esac
[ -x "$greenlane" ] || { echo "Bail out! $greenlane is not built"; exit 99; }
PATH=$PATH:/usr/sbin:/sbin
export PATH

# below /tmp itself and open: Postfix's user, or a name server's, must be able to come in
world=$(mktemp -d "/tmp/greenlane-$name.XXXXXX") || exit 99
chmod 755 "$world"
pids=
clean_up() {
	for pid in $pids; do
		kill "$pid" 2> /dev/null && wait "$pid" 2> /dev/null
	done
	rm -rf "$world"
}
trap clean_up EXIT
trap 'exit 130' HUP INT PIPE TERM

count=0 failed=0 config='' input=''

ok() { # STATUS NAME
	count=$((count + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $count - $2"
		return
	fi
	failed=$((failed + 1))
	echo "not ok $count - $2"
	for file in out err daemon; do
		[ ! -f "$world/$file" ] || sed "s/^/# $file: /" "$world/$file" | tail -n 20
	done
}

is() { # GOT WANTED NAME
	[ "$1" = "$2" ] || echo "# got '$1', wanted '$2'"
	[ "$1" = "$2" ]
	ok $? "$3"
}

skip() { # NAME WHY
	count=$((count + 1))
	echo "ok $count - $1 # SKIP $2"
}

# run STATUS NAME ARGUMENT...: its exit status is STATUS. Leaves out and err behind.
run() {
	wanted=$1 name=$2
	shift 2
	"$greenlane" ${config:+-c "$config"} "$@" > "$world/out" 2> "$world/err" < "${input:-/dev/null}"
	got=$?
	[ $got -eq "$wanted" ] || echo "# exit status $got, wanted $wanted"
	[ $got -eq "$wanted" ]
	ok $? "$name"
}

# Does the last output (standard error) hold the pattern?
out() { grep -Eq -- "$1" "$world/out"; ok $? "$2"; }
err() { grep -Eq -- "$1" "$world/err"; ok $? "$2"; }
lacks() { ! grep -Eq -- "$1" "$world/out"; ok $? "$2"; }
quiet() { [ ! -s "$world/out" ]; ok $? "$1"; }

# until_true COMMAND...: waits for it; 1 when it never is, which is after so long that only what is broken takes it.
until_true() {
	until_end=$(($(date +%s) + 120))
	until "$@"; do
		[ "$(date +%s)" -lt $until_end ] || return 1
		sleep 0.05 # sleeps: until it looks again
	done
}

gone() { ! kill -0 "$1" 2> /dev/null || grep -q '^State:[[:space:]]*Z' "/proc/$1/status" 2> /dev/null; }

finish_tap() {
	echo "1..$count"
	[ $failed -eq 0 ]
	exit
}

# nsd_serve: serves $world/root.zone as the root on a free $port of loopback, and waits until it answers.
nsd_serve() {
	port=$(/usr/bin/python3 "$top/t/mta/net.py" ports 1)
	cat > "$world/nsd.conf" <<END
server:
    ip-address: 127.0.0.1@$port
    server-count: 1
    username: ""
    chroot: ""
    zonesdir: "$world"
    database: ""
    pidfile: ""
    logfile: "$world/nsd.log"
    zonelistfile: "$world/zone.list"
    xfrdfile: ""
    xfrdir: "$world"
    rrl-ratelimit: 0
    rrl-whitelist-ratelimit: 0
remote-control:
    control-enable: no
zone:
    name: "."
    zonefile: "root.zone"
END
	nsd -d -c "$world/nsd.conf" 2> "$world/nsd.err" &
	pids="$pids $!"
	until_true /usr/bin/python3 "$top/t/mta/net.py" dns 127.0.0.1 "$port" . ||
		{ echo "Bail out! nsd does not answer"; exit 99; }
}
