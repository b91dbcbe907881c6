#!/bin/sh
# TAP: each state that `greenlane status` calls ill, on a real daemon: made, ill with its remedy, and well again when the remedy
# is carried out. Those of status.sh, store*.sh, resolv_conf.sh, export.sh and alert.sh are not tried again here.
#
# Needs no network. Root's part fills disks of its own, in a mount namespace of its own.
if [ "$(id -u)" = 0 ] && [ -z "${MENDED_MOUNTS:-}" ] && unshare --mount true 2> /dev/null; then
	exec env MENDED_MOUNTS=1 unshare --mount sh "$0"
fi
name=mended
. "${srcdir:-.}/t/cli/lib.sh"
config=$world/conf
daemon=
trap 'umount -l "$world/disk" 2> /dev/null; clean_up' EXIT
mkdir -p "$world/state" "$world/vendors" "$world/disk"
port=9

cat > "$world/vendors/desk.conf" <<END
vendor = { name = "desk"; domains = [ "desk.example" ]; sources = ( { cidr = [ "192.0.2.0/25" ]; exclusive = true; } ); };
END
# conf LINE...: the site with these lines; what keeps state is in $state, vendors are $vendors.
state=$world/state group=$(id -gn) vendors='{ name = "desk"; }'
conf() {
	{
		printf 'vendor_path = [ "%s" ];\nstate_dir = "%s";\nuser = "%s";\n' "$world/vendors" "$state" "$(id -un)"
		printf 'milter = { listen = "unix:%s/milter.sock"; group = "%s"; };\n' "$world" "$group"
		printf 'control = { listen = "unix:%s/control.sock"; };\n' "$world"
		printf 'dns = { servers = [ "127.0.0.1@%s" ]; timeout = "1s"; };\nstrangers = { authenticate = false; };\n' "$port"
		printf 'greylist = { store = "none"; };\nmode = "monitor";\nvendors = ( %s );\n' "$vendors"
		printf '%s\n' "$@"
	} > "$world/conf"
}
killed() { # a daemon that holds nothing worth saving
	[ -z "$daemon" ] || { ! ours "$daemon" || kill -9 "$daemon"; wait "$daemon"; } 2> /dev/null
	daemon=
}
status() { "$greenlane" -c "$world/conf" status > "$world/out" 2> "$world/err"; }
started() { # LINE...: the one before is gone, a new one serves
	killed
	conf "$@"
	greenlaned_start "$world/conf" || bail_out "greenlaned does not start"
}
status_names() { ! status && grep -Eq -- "^ill: $1: .*; .*$2" "$world/out"; }
status_lacks() { status; [ $? -le 1 ] && ! grep -q "^ill: $1:" "$world/out"; }
is_ill() { # SLUG REMEDY NAME
	since=$(date +%s)
	until_true status_names "$1" "$2"
	ok $? "$3: status is ill after $(($(date +%s) - since)) s, and says what to do"
}
is_well() { # SLUG NAME
	since=$(date +%s)
	until_true status_lacks "$1"
	ok $? "$2: well again after $(($(date +%s) - since)) s"
}
mail_of() { /usr/bin/python3 "$top/t/cli/milter.py" "$world/milter.sock" "$@"; } # SENDER CLIENT RCPT COUNT
mail() { mail_of a@stranger.example 203.0.113.5 anna@rx.example "${1:-1}"; }

# ---- disks ----

# disk: an empty one of 4 MiB
disk() { umount -l "$world/disk" 2> /dev/null; mount -t tmpfs -o size=4m,mode=755 tmpfs "$world/disk" 2> /dev/null; }
fill() { dd if=/dev/zero of="$world/disk/filler" bs=4096 2> /dev/null; [ -s "$world/disk/filler" ]; }

if [ -n "${MENDED_MOUNTS:-}" ] && disk; then
	state=$world/disk
	started ''
	status
	lacks disk-full "a disk with room is no problem"
	fill
	is_ill disk-full 'free disk space there' "a full disk"
	"$greenlane" -c "$world/conf" check > "$world/out" 2> "$world/err"
	is $? 1 "check finds it"
	out "^$world/disk: its disk is full: .*; free disk space there" "and says what to do"
	rm "$world/disk/filler"
	"$greenlane" -c "$world/conf" check > "$world/out" 2> "$world/err"
	! grep -q 'disk is full' "$world/out"
	ok $? "but not when there is room"
	is_well disk-full "with room again"
	state=$world/state
	killed
	disk
	started "log = { record = \"$world/disk/record\"; };"
	fill
	is_ill record-failed 'free disk space' "a record file on a full disk, before a record is lost"
	out 'record-failed: .*/disk/record cannot be written: No space left on device' "it says why"
	"$greenlane" -c "$world/conf" check > "$world/out" 2> "$world/err"
	out "^$world/disk/record: its disk is full: .*; free disk space" "and check finds it"
	mail > /dev/null
	rm "$world/disk/filler"
	is_well record-failed "with room again"
	mail > /dev/null
	until_true grep -q '"mail_from":"a@stranger.example"' "$world/disk/record"
	ok $? "and records are written"
	if mount -o remount,ro "$world/disk" 2> /dev/null; then
		is_ill record-failed 'let greenlaned.s user write there' "a read-only disk"
		mount -o remount,rw "$world/disk"
	fi
	is_well record-failed "writable again"
	killed
else
	skip "full disks" "only root can mount them"
fi

# ---- the record file's directory ----

mkdir "$world/log"
started "log = { record = \"$world/log/record\"; };"
rm -r "$world/log"
is_ill record-failed 'make its directory' "a record file whose directory is gone"
out 'record-failed: .*/log/record cannot be written: .*its directory is missing' "it says why"
mkdir "$world/log"
is_well record-failed "the directory is made"
until_true says '/log/record: the record file was removed or replaced' || true
mail > /dev/null
until_true grep -q '"mail_from":"a@stranger.example"' "$world/log/record"
ok $? "and records are written"
mv "$world/log/record" "$world/log/record.1"
: > "$world/log/record"
until_true test ! -s "$world/log/record"
mail_is_recorded() { mail > /dev/null; [ -s "$world/log/record" ]; }
until_true mail_is_recorded
ok $? "one that was replaced is written without HUP"

# ---- a record file that a reload names ----

conf "log = { record = \"$world/later/record\"; };"
run 0 "a record file whose directory is not there" reload
is_ill record-failed 'make its directory' "that was named at a reload"
out "record-failed: $world/later/record cannot be written: .*its directory is missing" "it says which"
mkdir "$world/later"
is_well record-failed "the directory is made"
mail > /dev/null
until_true grep -q '"mail_from":"a@stranger.example"' "$world/later/record"
ok $? "and records are written there"

# ---- a log that does not keep up ----

killed
conf "log = { record = \"$world/log/record\"; };"
mkfifo "$world/pipe"
exec 9<> "$world/pipe" # nobody reads it yet
"$greenlaned" -f -c "$world/conf" 2> "$world/pipe" 9>&- &
daemon=$!
pids="$pids $daemon"
until_true status
mail 4500 > "$world/mails"
is "$(grep -c pass "$world/mails")" 4500 "mail does not wait for a log that stands still"
is_ill journal-stuck 'see what holds it up' "a log that takes nothing"
is_ill journal-dropped 'check that syslog keeps up .*, then run greenlane reload' "lines that are dropped"
cat "$world/pipe" > "$world/daemon" 9>&- &
pids="$pids $!"
exec 9>&-
until_true says 'log lines were dropped' || true
is_well journal-stuck "it takes lines again"
status_names journal-dropped 'reload'
ok $? "a log that keeps up again is not enough"
run 0 "somebody sees to it" reload
is_well journal-dropped "then"

# ---- sockets ----

killed
started ''
chmod 600 "$world/milter.sock"
is_ill socket-closed "chgrp .* $world/milter\\.sock, and chmod 660 $world/milter\\.sock" "a socket that was closed to its group"
chmod 660 "$world/milter.sock"
is_well socket-closed "that is opened as it says"
if [ "$(id -u)" = 0 ]; then
	group=$(id -gn nobody)
	started ''
	chmod 700 "$world"
	is_ill socket-closed 'chmod o\+x' "a closed directory"
	chmod o+x "$world"
	is_well socket-closed "that is opened as it says"
	group=$(id -gn)
	started ''
else
	skip "a closed directory" "needs root to give the socket to another group"
fi
chmod 755 "$world"
: > "$world/other"
postfix_comes "$world/milter.sock"
mv "$world/other" "$world/milter.sock"
is_ill socket-gone 'move away what is there now' "something else where the socket was"
mv "$world/milter.sock" "$world/other"
is_well socket-gone "that is moved away"
mail > /dev/null
is "$(mail)" pass "and the socket is served"
started "delegate = { listen = \"unix:$world/below/delegate.sock\"; greylist_class = \"greylist\"; };"
rm -r "$world/below"
is_ill socket-gone 'systemctl restart greenlaned' "the directory of a socket is gone"
kill "$daemon"
wait "$daemon"
"$greenlaned" -f -c "$world/conf" 2>> "$world/daemon" &
daemon=$!
pids="$pids $daemon"
until_true test -S "$world/below/delegate.sock"
is_well socket-gone "a restart makes it again"

# ---- the lock ----

rm "$state/lock"
until_true says "$state/lock was removed; it is there again: find out what removes it"
ok $? "a lock that is removed is there again, and the log says so"
! find "/proc/$daemon/fd" -lname "$state/lock (deleted)" 2> "$world/err" | grep -q .
ok $? "and the old one is held no longer"
sed "s,$world/milter,$world/second,; s,$world/control,$world/second-control," "$world/conf" > "$world/second.conf"
"$greenlaned" -f -c "$world/second.conf" > "$world/out" 2>&1
is $? 69 "a second greenlaned with other sockets does not start beside it"
out "$state/lock: is locked: another greenlaned is running with this state_dir" "and says why"
cp "$world/conf" "$world/conf.good"
sed -i "s,$world/control,$world/second-control," "$world/conf"
status_names config-newer 'greenlane reload'
ok $? "greenlane finds it by the lock, whatever the configuration says by now"
cp "$world/conf.good" "$world/conf"

# ---- one that hangs ----

kill -STOP "$daemon"
is_ill hung "kill -KILL $daemon, and start it" "a daemon that hangs"
# shellcheck disable=SC2091 # the remedy is run as it was printed
$(sed -n 's/^ill: hung: .*\(kill -KILL [0-9]*\), and start it.*/\1/p' "$world/out")
wait "$daemon" 2> /dev/null
started ''
is_well hung "that is ended as it says, and started"

# ---- an MTA that never came ----

started 'alert = { silence = "1s"; };'
is_ill no-mta 'smtpd_milters' "an MTA that never comes"
mail > /dev/null
is_well no-mta "one that comes"

# ---- exports ----

mkdir "$world/exports"
started "exports = ( { format = \"postgrey\"; file = \"$world/exports/list\"; } );"
until_true test -s "$world/exports/list"
mv "$world/exports" "$world/moved"
is_ill export-stale 'its directory must be there, .*greenlane reload' "an export whose directory is gone"
run 0 "(a reload tries it)" reload
says_why() { ! status && grep -q 'export-stale: .*its directory is missing' "$world/out"; }
until_true says_why
ok $? "once it was tried, status says why it is not written"
mkdir "$world/exports"
run 0 "the directory is made" reload
is_well export-stale "then"

# ---- clients that cannot be seen ----

killed
now=$(date +%s)
printf '%s\n' '# greenlane: addresses that sent mail' "hidden - 172.17.0.1 $((now - 900)) $((now - 600)) 12" > "$state/usage"
started ''
is_ill hidden-clients 'then run greenlane reload' "a hidden client"
run 0 "(it was seen to)" reload
is_well hidden-clients "then"
killed
printf '%s\n' '# greenlane: addresses that sent mail' > "$state/usage"
for name in a.one.example b.two.example c.three.example; do
	echo "loopback $name 127.0.0.1 $((now - 900)) $((now - 600)) 1" >> "$state/usage"
done
started ''
is_ill hidden-clients 'then run greenlane reload' "hosts that come from loopback"
out 'hidden-clients: .*connected from loopback' "it says which"
run 0 "(it was seen to)" reload
is_well hidden-clients "then"
killed
rm "$state/usage"

# ---- sources ----

if command -v nsd > /dev/null; then
	port=$(/usr/bin/python3 "$top/t/mta/net.py" ports 1)
	cat > "$world/vendors/far.conf" <<-END
		vendor = { name = "far"; domains = [ "far.example" ]; sources = ( { a = "mail.far.example"; } ); };
	END
	zone() { # LINE...
		{
			printf '%s\n' '$TTL 1' '. 1 IN SOA ns. root. 1 60 60 60 1' '. 1 IN NS ns.' 'ns. 1 IN A 127.0.0.1' "$@"
		} > "$world/root.zone"
	}
	vendors='{ name = "desk"; }, { name = "far"; }'
	started 'refresh = { min = "1s"; max = "5s"; absent_after = "3s"; };'
	is_ill source-trouble 'see whether DNS answers for it .greenlane sources --vendor far' "a source whose DNS does not answer"
	is_ill dns-trouble 'check that name server' "nor does any other"
	zone 'mail.far.example. 1 IN A 192.0.2.200'
	port_was=$port
	nsd_serve_at() { # as nsd_serve, at the port that the daemon asks
		nsd_port=$port_was nsd_serve
	}
	nsd_serve_at
	is_well source-trouble "that answers"
	is_well dns-trouble "which ends that, too"
	kill "$nsd_pid" && wait "$nsd_pid" 2> /dev/null
	failed_thrice() { status_names source-trouble 'see whether DNS answers for it .greenlane sources --vendor far' && grep -q 'three refreshes in a row failed' "$world/out"; }
	until_true failed_thrice
	ok $? "three refreshes that fail"
	nsd_serve_at
	is_well source-trouble "when DNS answers for it again"
	kill "$nsd_pid" && wait "$nsd_pid" 2> /dev/null
	zone 'other.far.example. 1 IN A 192.0.2.200'
	nsd_serve_at
	is_ill source-wrong 'write the name that is published now' "a name that is gone"
	is_ill vendor-without-addresses 'write the sources that it publishes now' "and lists nothing any more"
	sed -i 's/mail\.far/other.far/' "$world/vendors/far.conf"
	run 0 "the name that is published now" reload
	is_well source-wrong "then"
	is_well vendor-without-addresses "and it has addresses again"

	# its copies
	is_kept() { [ -s "$state/sources/a:other.far.example.copy" ] && [ -s "$state/sources/a:other.far.example.accepted" ]; }
	until_true is_kept
	rm -r "$state/sources"
	until_true is_kept
	ok $? "copies that were removed with their directory are there again, without a restart"
	until_true says 'of sources in .*/state w.* removed, and .* there again: find out what removes them'
	ok $? "which the log says"
	is_well source-trouble "as the source is"
	rm -r "$state/sources"
	: > "$state/sources"
	is_ill source-trouble "let greenlaned.s user write there" "copies that cannot be kept"
	out 'source-trouble: what the sources list cannot be kept, .*/state/sources: is a file' "it says why"
	rm "$state/sources"
	is_well source-trouble "where they can"
	until_true is_kept
	ok $? "and they are"

	# what passed for an open lock, and the last mail
	vendors='{ name = "desk"; vouch = [ "listed" ]; }'
	started ''
	counts() { "$greenlane" -c "$world/conf" status --json | grep -Eq "\"name\":\"desk\",\"mode\":\"enforce\",\"lock_open\":true,\"forged_passed\":$1,$2"; }
	until_true counts 0 '"last_by":\{\}'
	ok $? "before any mail nothing has passed"
	is "$(mail_of a@desk.example 203.0.113.5)" pass "a forged message passes in monitor mode"
	until_true counts 1 '"last_by":\{\}'
	ok $? "status --json counts it, and takes it for no mail of the vendor"
	is "$(mail_of a@desk.example 192.0.2.7)" pass "mail of the vendor passes"
	until_true counts 1 '"last":"20[^"]*Z"'
	ok $? "and is its last mail"
	status
	out '^vendor desk, mode enforce: 1 of 1 source known, 1 network, last mail 20.*Z; its lock is open: 1 forged message passed$' \
		"which a person is told as well"
else
	skip "sources" "nsd is not installed"
fi
killed

finish_tap
