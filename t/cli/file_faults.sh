#!/bin/sh
# TAP: greenlaned while its writes fail, is ended at one of them, or finds a damaged greylist (t/lib/file_faults.c is preloaded).
#
# FILE_FAULTS_EACH=N ends it at every N-th write (default 9); t/nightly at each.
name=file_faults
. "${srcdir:-.}/t/cli/store_lib.sh"
. "${srcdir:-.}/t/cli/preload_lib.sh"
each=${FILE_FAULTS_EACH:-9}
preload file_faults

# site FOLDER: a site of its own there
site() {
	mkdir -p "$1/state" "$1/run"
	conf "lmdb:$1/greylist"
	sed "s,$world/\\(run\\|state\\),$1/\\1,g" "$world/conf" > "$1/conf"
	[ "$(id -u)" -ne 0 ] || chown -R nobody "$1"
}
# serve FOLDER [WORDS]: starts greenlaned there, with faults; 1 when it ends before it serves
serve() {
	printf '%s\n' "${2:-- 0}" > "$1/word"
	: > "$1.daemon"
	(
		[ $# = 1 ] || export FILE_FAULTS="$1/word" FILE_FAULTS_UNDER="$1/" LD_PRELOAD="$object" ASAN_OPTIONS="$asan"
		exec "$greenlaned" -f -c "$1/conf"
	) 2> "$1.daemon" &
	daemon=$!
	pids="$pids $daemon"
	until_true ready_or_gone "$1"
	! gone "$daemon"
}
ready_or_gone() { grep -q ' serves ' "$1.daemon" || gone "$daemon"; }
mail_to() { /usr/bin/python3 "$top/t/cli/milter.py" "$1/run/socket" "$2" 2>&1; } # FOLDER SENDER
waits_at() { case $(mail_to "$1" "$2") in 451\ 4.7.1*greylisted*) ;; *) return 1 ;; esac; }
on_disk() { grep -aq "$2" "$1/greylist/data.mdb" 2> /dev/null; } # FOLDER SENDER
on_disk_or_gone() { on_disk "$1" "$2" || gone "$daemon"; }

# ---- kill -9 at every write ----

# killed_at N FOLDER: what is wrong is said on standard output; the file `past` there: it has no N-th write
killed_at() {
	serve "$2" "kill $1"
	kept='' last=''
	for sender in one two three; do
		waits_at "$2" "$sender@stranger.example" || break
		until_true on_disk_or_gone "$2" "$sender@stranger.example"
		# a commit is written after the one before is whole: what was seen before this one is kept for good
		on_disk "$2" "$sender@stranger.example" || break
		kept=$last last="$last $sender"
	done
	! ours "$daemon" || kill "$daemon" 2> /dev/null
	wait "$daemon"
	status=$?
	case $status in
	0) kept=$last && : > "$2/past" ;;
	137) ;;
	*) echo "it ended with $status" ;;
	esac
	serve "$2" || { echo "it does not start again: $(tail -n 1 "$2.daemon")"; return; }
	"$greenlane" -c "$2/conf" status > "$2/out" 2>&1
	grep -q '^greylist: works' "$2/out" || echo "the greylist does not work"
	! grep -Ei 'damaged|set aside' "$2.daemon" || echo "something is damaged"
	"$greenlane" -c "$2/conf" greylist list > "$2/out" 2>&1
	for sender in $kept; do
		echo "$sender" >> "$2/kept"
		grep -q "$sender@stranger.example" "$2/out" || echo "$sender, who was on disk, is not known any more"
	done
	waits_at "$2" four@stranger.example || echo "strangers are not greylisted"
	kill "$daemon"
	wait "$daemon" || echo "it does not end as it should"
}

at=1 past=0
while [ $past = 0 ] && [ $at -lt 1000 ]; do
	batch='' workers=''
	for _ in 1 2 3 4 5 6; do
		mkdir "$world/at.$at"
		chmod 755 "$world/at.$at"
		site "$world/at.$at"
		(
			# shellcheck disable=SC2030 # its own; the test's is below
			pids=''
			trap 'for pid in $pids; do ours "$pid" && kill "$pid" 2> /dev/null; done' EXIT
			# some shells tell of a child that was killed
			killed_at $at "$world/at.$at" > "$world/at.$at/wrong" 2> "$world/at.$at/shell"
		) &
		batch="$batch $at" workers="$workers $!"
		at=$((at + each))
	done
	# shellcheck disable=SC2031
	pids="$pids $workers"
	for worker in $workers; do wait "$worker"; done
	for one in $batch; do
		[ ! -e "$world/at.$one/past" ] || past=1
		is "$(cat "$world/at.$one/wrong")" "" "ended at write $one it starts again, and knows who was on disk"
	done
done
[ $past = 1 ] && [ $at -gt $((each + 12)) ]
ok $? "the last of them was past the last write"
[ "$(cat "$world"/at.*/kept 2> /dev/null | wc -l)" -ge 3 ]
ok $? "and some were on disk before the end"
rm -rf "$world"/at.*

# ---- a damaged page ----

site "$world/sound"
serve "$world/sound"
last=
for number in 1 2 3 4 5 6 7 8; do
	last=$(printf '%0200d@stranger.example' $number)
	waits_at "$world/sound" "$last"
done
until_true on_disk "$world/sound" "$last"
kill "$daemon" && wait "$daemon"
ok $? "a greylist is written"
pages=$(($(stat -c %s "$world/sound/greylist/data.mdb") / 4096))
[ $pages -ge 4 ]
ok $? "of some pages"

# damaged NAME FOLDER: greenlaned starts there and greylists, with the old records or without them
damaged() {
	site "$2"
	if ! serve "$2"; then
		ok 1 "$1: it starts"
		sed 's/^/# /' "$2.daemon"
		return
	fi
	"$greenlane" -c "$2/conf" status > "$world/out" 2>&1
	grep -q '^greylist: works' "$world/out" && waits_at "$2" new@stranger.example &&
		if grep -q 'set aside as data\.mdb\.damaged' "$2.daemon"; then [ -e "$2/greylist/data.mdb.damaged" ]; else
			[ ! -e "$2/greylist/data.mdb.damaged" ]
		fi
	ok $? "$1: it serves and greylists"
	kill "$daemon"
	wait "$daemon"
	rm -rf "$2"
}
page=0
while [ $page -lt $pages ]; do
	for how in cut random; do
		place=$world/page
		cp -r "$world/sound" "$place"
		case $how in
		cut) truncate -s $((page * 4096 + 100)) "$place/greylist/data.mdb" ;;
		random) dd if=/dev/urandom of="$place/greylist/data.mdb" bs=4096 seek=$page count=1 conv=notrunc 2> /dev/null ;;
		esac
		damaged "$how at page $page" "$place"
	done
	page=$((page + 1))
done
cp -r "$world/sound" "$world/page"
rm "$world/page/greylist/data.mdb"
damaged "no file" "$world/page"
cp -r "$world/sound" "$world/page"
rm "$world/page/greylist/lock.mdb"
damaged "no lock file" "$world/page"
cp -r "$world/sound" "$world/page"
: > "$world/page/greylist/data.mdb"
damaged "an empty file" "$world/page"

# ---- while it runs ----

# in_trouble PLACE WORDS STATE: a disk fails in this way while it serves, and is well again; what is wrong is said
in_trouble() {
	serve "$1" "- 0"
	waits_at "$1" before@stranger.example && until_true on_disk "$1" before@stranger.example ||
		echo "strangers do not wait before it"
	printf '%s\n' "$2" > "$1/word"
	until_true ill_at "$1" "$3" || echo "status does not say that the greylist is $3"
	# where it is full they are remembered in memory while there is room
	[ "$3" = full ] || [ "$(mail_to "$1" during@stranger.example)" = pass ] || echo "strangers do not pass"
	until_true grep -q 'until it works strangers pass' "$1.daemon" || echo "the log does not say what follows"
	[ "$3" != full ] || record_stays_ill "$1" || echo "status forgets that no record is written while none is"
	printf '%s\n' "- 0" > "$1/word"
	until_true well_at "$1" || echo "it does not work again by itself"
	until_true record_well "$1" || echo "status goes on to say that no record is written, without any mail"
	waits_at "$1" after@stranger.example && until_true on_disk "$1" after@stranger.example ||
		echo "strangers do not wait again, or it is not on disk"
	kill "$daemon"
	wait "$daemon" || echo "it does not exit with 0"
}
number=0
ill_at() { # another stranger each time: a disk that nobody writes to is well
	number=$((number + 1))
	mail_to "$1" "trouble$number@stranger.example" > "$1/mail"
	"$greenlane" -c "$1/conf" status > "$1/out" 2>&1
	[ $? = 1 ] && grep -q "^ill: .*greylist.* is $2" "$1/out"
}
record_ill() { "$greenlane" -c "$1/conf" status > "$1/out" 2>&1; grep -q '^ill: record-failed' "$1/out"; }
record_well() { "$greenlane" -c "$1/conf" status > "$1/out" 2>&1; ! grep -q '^ill: record-failed' "$1/out"; }
# The file comes back when greenlaned has looked at it. It sees room there, for a quota of files, or the end of what the file
# system keeps for itself, is not to be seen: it has to ask for it.
record_stays_ill() {
	mail_to "$1" record@stranger.example > "$1/mail"
	until_true record_ill "$1"
	rm "$1/state/verdicts"
	until_true test -e "$1/state/verdicts" && record_ill "$1"
}
well_at() { "$greenlane" -c "$1/conf" status > "$1/out" 2>&1; grep -q '^greylist: works' "$1/out"; }

# all at once: each waits until the store counts as well again
workers=''
beside() { # WORDS STATE
	mkdir "$world/bad.${1%% *}"
	chmod 755 "$world/bad.${1%% *}"
	site "$world/bad.${1%% *}" # here, since its file is made from one that all share
	(
		# shellcheck disable=SC2030
		pids=''
		trap 'for pid in $pids; do ours "$pid" && kill "$pid" 2> /dev/null; done' EXIT
		in_trouble "$world/bad.${1%% *}" "$1" "$2" > "$world/bad.${1%% *}.wrong" 2> "$world/bad.${1%% *}.shell"
		echo 'done' >> "$world/bad.${1%% *}.wrong"
	) &
	workers="$workers $!"
}
beside "edquot 0" full
beside "enospc 0" full
beside "fsync 0" failed
# shellcheck disable=SC2031
pids="$pids $workers"
for worker in $workers; do wait "$worker"; done
is "$(cat "$world/bad.edquot.wrong")" "done" "a quota that is used up is said, and it works again by itself"
is "$(cat "$world/bad.enospc.wrong")" "done" "a disk that is full is said, and it works again by itself"
is "$(cat "$world/bad.fsync.wrong")" "done" "a disk that does not sync is said, strangers pass, and it works again by itself"

finish_tap
