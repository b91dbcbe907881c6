#!/bin/sh
# TAP: greenlaned started as somebody else than the owner of its state_dir or of a file there, under any umask, on what an earlier one
# left: it says what to do or serves, and gives nobody more rights than it should.
#
# Root starts it as other users; without root only the umask is tried.
name=start_faults
. "${srcdir:-.}/t/cli/store_lib.sh"

root=
[ "$(id -u)" -ne 0 ] || ! command -v setpriv > "$world/out" || ! setpriv --reuid 65533 --regid 65533 --clear-groups test -x "$greenlaned" ||
	root=yes
other() { setpriv --reuid 65533 --regid 65533 --clear-groups "$@"; } # who has no name here
conf "lmdb:$store"
# refused STATUS NAME [COMMAND...]: it ends by itself, and says why in one line
refused() {
	wanted=$1 title=$2
	shift 2
	rm -f "$world/run/socket" # a daemon that ends leaves its own
	"$@" timeout 60 "$greenlaned" -f -c "$world/conf" 2> "$world/daemon"
	is $? "$wanted" "$title: it ends"
	says "$why"
	ok $? "$title: it says what to do"
	[ ! -e "$world/run/socket" ]
	ok $? "$title: it makes no socket"
}

# ---- another user ----

if [ -n "$root" ]; then
	conf none
	why="^greenlaned: $world/state/lock: 65533 may not open it: Permission denied; start greenlaned as the user whose state_dir that is, or give that to 65533 \\(chown -R 65533 $world/state\\)\$"
	chmod 777 "$world/run" # what it may not is in state_dir alone
	chmod 750 "$world/state"
	refused 69 "another user, in a closed state_dir" other
	chmod 755 "$world/state"
	refused 69 "another user, in an open one" other
	begin "its own user: it serves"
	end "and ends"
	refused 69 "another user, where the lock is" other
	chown 65533 "$world/state/lock"
	chmod 600 "$world/state/lock"
	why="state/lock: nobody may not open it: Permission denied; start greenlaned as"
	refused 69 "its own user, where the lock is another's" setpriv --reuid "$(id -u nobody)" --regid "$(id -g nobody)" --clear-groups
	rm -r "$world/state/lock" "$world/state/sources"
	chmod 755 "$world/run"
	sed -i '/^log/d' "$world/conf"
	chown 65533 "$world/state"
	begin "root, with the state_dir of another: mail is served"
	passes a@stranger.example
	ok $? "and passes"
	says "$world/state: its directory .sources. cannot be created: Permission denied; give it and what is in it to the user of greenlaned \\(chown -R\\)\$"
	ok $? "and the log says what to do"
	end "and it ends"
	chown nobody "$world/state"
	rm -f "$world/state/lock"
	conf "lmdb:$store"
else
	skip "another user" "needs root and setpriv"
fi

# ---- any umask ----

# what it makes, with mode and owner
made() { (cd "$world" && find run state -printf '%p %m %u\n' | grep -v '/\(usage\|tally\|rates\)' | sort); }
for mask in 022 000 077 777; do
	rm -rf "$world/state" "$world/run/"* "$world/run/".*.kept
	: > "$world/daemon"
	(umask "$mask" && exec "$greenlaned" -f -c "$world/conf") 2> "$world/daemon" &
	daemon=$!
	pids="$pids $daemon"
	until_true says ' serves '
	waits a@stranger.example
	ok $? "umask $mask: it serves"
	made > "$world/made.$mask"
	end "and ends"
	[ "$mask" = 022 ] || is "$(cat "$world/made.$mask")" "$(cat "$world/made.022")" "umask $mask: what it makes has the same modes"
done
is "$(grep -E ' [0-7]{2}[2367] |/(lock|lock\.mdb|data\.mdb|verdicts|socket|control) [0-7]{2}[1-7] ' "$world/made.022")" "" "none of it may be written by everybody, no file be read by everybody"

# ---- what an earlier one left ----

begin "it serves"
kill -9 "$daemon"
wait "$daemon" 2> "$world/err"
[ -S "$world/run/socket" ]
ok $? "after kill -9 its socket is left"
begin "it serves on that socket"
waits b@stranger.example
ok $? "and takes mail there"
end "and ends"
rm -f "$world/run/socket"
: > "$world/run/socket"
"$greenlaned" -f -c "$world/conf" 2> "$world/daemon"
is $? 69 "a file in place of the socket: it ends"
says 'milter.listen: .*run/socket'
ok $? "and names it"
rm "$world/run/socket"
ln -s "$world/state/verdicts" "$world/run/socket"
"$greenlaned" -f -c "$world/conf" 2> "$world/daemon"
is $? 69 "a link in place of the socket: it ends"
[ -f "$world/state/verdicts" ]
ok $? "and what the link names is as it was"

finish_tap
