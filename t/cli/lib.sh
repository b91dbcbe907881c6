# lib.sh - shared by the tests of greenlane: the program, a private directory, TAP. Sourced, POSIX sh.
#
# Set name=WORD (part of the directory's name) before sourcing it, and golden_file=FILE for whole outputs. It provides $greenlane,
# $greenlaned, $world (removed at the end, when the processes in $pids are ended), ok, is, skip, skip_all, bail_out, missing, needs,
# run, out, err, lacks, quiet, golden, golden_later, until_true, greenlaned_start, postfix_comes, on_this_host; a test ends with finish_tap.
# If $config is set, run passes it with -c; $input is the standard input of run.
# shellcheck shell=sh disable=SC2034,SC2154 # its variables are used, and set, by those who source it

set -u
top=${srcdir:-.}
case $top in /*) ;; *) top=$PWD/$top ;; esac
greenlane=${GREENLANE:-${top_builddir:-.}/milter/greenlane}
case $greenlane in /*) ;; *) greenlane=$PWD/$greenlane ;; esac
[ -x "$greenlane" ] || { echo "Bail out! $greenlane is not built"; exit 99; }
greenlaned=${GREENLANED:-${greenlane}d}
PATH=$PATH:/usr/sbin:/sbin
export PATH

# directly below /tmp and open, so that the users of Postfix and the name server can enter
world=$(mktemp -d "/tmp/greenlane-$name.XXXXXX") || exit 99
chmod 755 "$world"
pids=
# ours PID: is it still the process that we started? What has ended may have given its number to somebody else's.
ours() {
	grep -q "^PPid:[[:space:]]*$$\$" "/proc/$1/status" 2> /dev/null ||
		tr '\0' ' ' 2> /dev/null < "/proc/$1/cmdline" | grep -qF "$world"
} 2> /dev/null
clean_up() {
	for pid in $pids; do
		ours "$pid" && kill "$pid" 2> /dev/null && wait "$pid" 2> /dev/null
	done
	rm -rf "$world"
}
trap clean_up EXIT
trap 'exit 130' HUP INT PIPE TERM

count=0 failed=0 config='' input='' golden_file=${golden_file:-}

# the Postfix of this host is not the test's
MAIL_CONFIG=$world/no-postfix
export MAIL_CONFIG

# on_this_host: the lines of a configuration with which greenlaned may start here, whoever runs the test.
on_this_host() {
	site_user=$(id -un)
	mkdir -p "$world/host"
	[ "$(id -u)" -ne 0 ] || { site_user=nobody && chown nobody "$world/host"; } # root is warned of
	printf 'user = "%s";\nstate_dir = "%s/host/state";\n' "$site_user" "$world"
	printf 'milter = { listen = "unix:%s/host/milter.sock"; group = "%s"; deadline = "2s"; };\n' "$world" "$(id -gn)"
	printf 'control = { listen = "unix:%s/host/control.sock"; };\ngreylist = { store = "lmdb:%s/host/greylist"; };\n' \
		"$world" "$world"
}

# steady_vendor: a vendor, steady, whose mail comes from one address.
steady_vendor() {
	mkdir -p "$world/vendors"
	cat > "$world/vendors/steady.conf" <<'END'
vendor = { name = "steady"; domains = [ "steady.example" ]; sources = ( { cidr = [ "192.0.2.1" ]; } ); };
END
}

# least_conf [MILTER-SETTING...]: prints a greenlane.conf with that vendor, and little else, with which greenlaned serves.
least_conf() {
	cat <<END
vendor_path = [ "$world/vendors" ];
vendors = ( { name = "steady"; } );
milter = { listen = "unix:$world/socket"; $* };
state_dir = "$world/state";
control = { listen = "unix:$world/control"; };
user = "$(id -un)";
dns = { servers = [ "127.0.0.1" ]; };
END
}

# postfix_comes SOCKET: from then on that socket has its second name, from which it is put back.
postfix_comes() {
	/usr/bin/python3 "$top/t/cli/milter.py" "$1" a@example.com 127.0.0.1 > "$world/comes" 2>&1
	until_true test -S "${1%/*}/.${1##*/}.kept"
}

# review_conf VENDORS: $config, for commands that read records and logs: no daemon runs, no name server answers.
review_conf() {
	config=$world/greenlane.conf
	mkdir "$world/vendors" "$world/state"
	cat > "$config" <<END
authserv_id = "mx.rx.example";
state_dir   = "$world/state";
control     = { listen = "unix:$world/control.sock"; };
log         = { record = "$world/verdicts.jsonl"; };
dns         = { servers = [ "127.0.0.1@9" ]; timeout = "1s"; };
greylist    = { store = "none"; };
vendor_path = [ "$world/vendors" ];
vendors     = ( $1 );
END
}

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

# bail_out WHY [LOG]: the test cannot go on; with the end of that log, or of greenlaned's.
bail_out() {
	[ ! -f "${2:-$world/daemon}" ] || tail -n 20 "${2:-$world/daemon}" | sed 's/^/# /'
	echo "Bail out! $1"
	exit 99
}

# skip_all WHY: nothing can be tried here.
skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}

# missing PROGRAM...: says which of them are not installed; 1 where all are. needs PROGRAM...: the test is skipped without them.
missing() {
	absent=
	for program; do command -v "$program" > /dev/null || absent="$absent $program"; done
	[ -n "$absent" ] && echo "without$absent"
}
needs() { ! why=$(missing "$@") || skip_all "$why"; }

# run STATUS NAME ARGUMENT...: runs greenlane, which must exit with STATUS. Leaves its output in the files out and err. Its
# variables are called run_...: another name might be the caller's, and a pattern kept there would become "1", which all matches.
run() {
	run_wanted=$1 run_name=$2
	shift 2
	"$greenlane" ${config:+-c "$config"} "$@" > "$world/out" 2> "$world/err" < "${input:-/dev/null}"
	run_got=$?
	[ $run_got -eq "$run_wanted" ] || echo "# exit status $run_got, wanted $run_wanted"
	[ $run_got -eq "$run_wanted" ]
	ok $? "$run_name"
}

# Does the last output (or standard error) match the pattern?
out() { grep -Eq -- "$1" "$world/out"; ok $? "$2"; }
err() { grep -Eq -- "$1" "$world/err"; ok $? "$2"; }
lacks() { ! grep -Eq -- "$1" "$world/out"; ok $? "$2"; }
quiet() { [ ! -s "$world/out" ]; ok $? "$1"; }

# until_true COMMAND...: waits until the command succeeds; 1 after two minutes, which only a broken program takes.
# A file that it reads must be emptied before a background command writes it: the shell opens that only later, and what
# the command before has said would be taken for its words.
until_true() {
	until_end=$(($(date +%s) + 120))
	until "$@"; do
		[ "$(date +%s)" -lt $until_end ] || return 1
		sleep 0.05 # sleeps: until it looks again
	done
}

gone() { ! kill -0 "$1" 2> /dev/null || grep -q '^State:[[:space:]]*Z' "/proc/$1/status" 2> /dev/null; }

# greenlaned_launch CONF [VARIABLE=VALUE...]: with these in its environment. It is $daemon; what it says is in the file daemon.
greenlaned_launch() {
	launch_conf=$1
	shift
	: > "$world/daemon"
	env "$@" "$greenlaned" -f -c "$launch_conf" 2> "$world/daemon" &
	daemon=$!
	pids="$pids $daemon"
}
says() { grep -Eq -- "$1" "$world/daemon"; }
serves_or_gone() { says ' serves ' || gone "$daemon"; }

# greenlaned_start CONF [VARIABLE=VALUE...]: likewise, and waits until it serves; 1 where it ends instead.
greenlaned_start() {
	greenlaned_launch "$@"
	until_true serves_or_gone && says ' serves '
}

# golden PART [COMMAND]: what the last run printed on both outputs, shortened or blanked by COMMAND, is that part of t/cli/$golden_file,
# to the letter. GOLDEN=FILE in the environment collects there what was printed.
golden() {
	part=$1
	cat "$world/out" "$world/err" > "$world/both"
	shift
	[ $# -gt 0 ] || set -- cat
	"$@" < "$world/both" | sed "s|$world|WORLD|g" > "$world/got.$part"
	[ -z "${GOLDEN:-}" ] || { echo "==== $part"; cat "$world/got.$part"; } >> "$GOLDEN"
	awk -v part="==== $part" '/^==== / { inside = $0 == part; next } inside' "$top/t/cli/$golden_file" > "$world/wanted.$part"
	diff "$world/wanted.$part" "$world/got.$part" | sed 's/^/# /'
	cmp -s "$world/wanted.$part" "$world/got.$part"
	ok $? "to the letter: $part"
	echo "$part" >> "$world/golden.parts"
}

# golden_later PART WHY: this host cannot print that part.
golden_later() {
	skip "to the letter: $1" "$2"
	echo "$1" >> "$world/golden.parts"
}

finish_tap() {
	if [ -n "$golden_file" ]; then
		is "$(sed -n 's/^==== //p' "$top/t/cli/$golden_file" | sort)" "$(sort "$world/golden.parts")" "t/cli/$golden_file has these parts, and no other"
	fi
	echo "1..$count"
	[ $failed -eq 0 ]
	exit
}

# zone_head TTL [TTL OF WHAT IS NOT THERE]: of a root zone, to which a test adds its names. No other is there, for certain: mail of
# a name without SPF is refused, and not deferred.
zone_head() {
	printf '$TTL %s\n. SOA ns.root. root.root. 1 3600 600 86400 %s\n. NS ns.root.\nns.root. A 127.0.0.1\n' "$1" "${2:-$1}"
}

# nsd_serve: serves $world/root.zone as the root zone on a free $port of loopback ($nsd_port, if it is set), and waits until
# nsd answers; it is $nsd_pid.
nsd_serve() {
	port=${nsd_port:-$(/usr/bin/python3 "$top/t/mta/net.py" ports 1)}
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
	nsd_pid=$!
	pids="$pids $nsd_pid"
	until_true /usr/bin/python3 "$top/t/mta/net.py" dns 127.0.0.1 "$port" . || bail_out "nsd does not answer"
}
