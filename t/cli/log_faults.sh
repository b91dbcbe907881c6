#!/bin/sh
# TAP: greenlaned whose log blocks, or is gone: mail, records, status, a reload and the stop never wait for it, no line is
# lost that finds room, and status says what is wrong. Needs root, to put a log of its own at /dev/log.
name=log_faults
. "${srcdir:-.}/t/cli/store_lib.sh"
. "${srcdir:-.}/t/cli/log_lib.sh"
has_place || skip_all "needs root and a mount namespace: $(tail -n 1 "$world/err" 2> /dev/null)"

# ---- the host's log ----

log_end() { # it is gone, and so is its socket
	kill "$reader"
	wait "$reader" 2> /dev/null
	rm "$place/log"
}
logged_times() { [ "$(grep -Ec -- "$1" "$world/log")" = "$2" ]; }
mails() { /usr/bin/python3 "$top/t/cli/milter.py" "$world/run/socket" "$1@stranger.example" 203.0.113.5 anna@rx.example "$2"; } # WHO COUNT
passes_all() { [ "$(mails "$1" "$2" | grep -c '^pass$')" = "$2" ]; }
recorded_times() { [ "$(grep -c "$1@stranger.example" "$world/state/verdicts")" = "$2" ]; }
stuck() { ! status && grep -Eq "^ill: journal-stuck: $1" "$world/out"; }
well() { status && ! grep -q '^ill:' "$world/out"; }
reloads() { "$greenlane" -c "$world/conf" reload > "$world/out" 2> "$world/err"; }
ends() {
	kill "$daemon"
	until_true gone "$daemon"
	ok $? "$1"
	! ours "$daemon" || kill -KILL "$daemon" 2> /dev/null
	wait "$daemon"
	is $? 0 "with exit status 0"
}

conf none
: > "$world/daemon"
: > "$world/log"
log_begin
# as under systemd, whose journal keeps standard error, so that syslog is all the log there is
(exec 2> "$world/daemon" && JOURNAL_STREAM=$(stat -L -c %d:%i "$world/daemon") && export JOURNAL_STREAM &&
	in_place "$greenlaned" -f -c "$world/conf") &
daemon=$!
pids="$pids $daemon"
until_true logged ' serves '
ok $? "greenlaned serves, and logs to /dev/log"
logged "^<2[0-9]>[A-Z][a-z][a-z] [ 0-9][0-9] [0-9:]{8} greenlaned\\[$daemon\\]: "
ok $? "as syslog(3) does: facility and level, time, name and process"
until_true well
ok $? "status is well"

# ---- it blocks ----

kill -STOP "$reader"
passes_all first 200
ok $? "the log takes nothing any more: mail passes"
until_true recorded_times first 200
ok $? "and its records are written"
until_true stuck '/dev/log takes no lines since .*lines? waits?; .*systemd-journald'
ok $? "status says that the log is stuck, and what to do"
reloads
ok $? "a reload does not wait for it"
passes_all second 100
ok $? "mail passes after that, too"
kill -CONT "$reader"
until_true logged_times 'second@stranger.example' 100 && logged_times 'first@stranger.example' 200
ok $? "when it reads on it gets every line"
is "$(grep -Eo '(first|second)@stranger' "$world/log" | uniq | tr '\n' ' ')" "first@stranger second@stranger " "in their order"
until_true well
ok $? "and status is well again"
is "$("$greenlane" -c "$world/conf" status --json | grep -o '"dropped":[0-9]*')" '"dropped":0' "no line was dropped"

# ---- it blocks for too long ----

kill -STOP "$reader"
passes_all third 4500
ok $? "4,500 mails pass while it is stuck"
until_true recorded_times third 4500
ok $? "and are recorded"
kill -CONT "$reader"
until_true logged '[0-9]+ log lines were dropped: the log is too slow'
ok $? "the log says how many lines had no room"
dropped=$(sed -n 's/.*: \([0-9]*\) log lines were dropped.*/\1/p' "$world/log")
until_true logged_times 'third@stranger.example' $((4500 - dropped))
ok $? "all others come"
is "$("$greenlane" -c "$world/conf" status --json | grep -o '"dropped":[0-9]*')" "\"dropped\":$dropped" "status has that number"
! status && out '^ill: journal-dropped: ' "and is ill because of it"

# ---- it is gone ----

reloads
ok $? "a reload that acknowledges it"
log_end
passes_all fourth 20
ok $? "the socket of the log is gone: mail passes"
until_true stuck 'nobody listens at /dev/log since .*'
ok $? "status says so"
reloads
ok $? "a reload does not mind"
log_begin
until_true logged_times 'fourth@stranger.example' 20
ok $? "a log that is there again gets what was to be said meanwhile"
until_true well
ok $? "and status is well"

# ---- it blocks when greenlaned is to end ----

kill -STOP "$reader"
passes_all fifth 100
ok $? "it is stuck again"
ends "TERM: greenlaned ends all the same"
kill -CONT "$reader"

# ---- standard error, which is the log under a supervisor ----

mkfifo "$world/pipe"
cat "$world/pipe" > "$world/daemon" &
cat=$!
pids="$pids $cat"
(in_place "$greenlaned" -f -c "$world/conf") 2> "$world/pipe" &
daemon=$!
pids="$pids $daemon"
until_true says ' serves '
ok $? "greenlaned serves, and logs to a pipe"
kill -STOP "$cat"
passes_all sixth 1000
ok $? "nobody reads the pipe: mail passes"
until_true recorded_times sixth 1000
ok $? "and is recorded"
until_true logged_times 'sixth@stranger.example' 1000
ok $? "and is in the host's log"
until_true stuck 'standard error takes no lines since '
ok $? "status says so"
reloads
ok $? "a reload does not wait for it"
kill -CONT "$cat"
until_true eval '[ "$(grep -c sixth@stranger.example "$world/daemon")" = 1000 ]'
ok $? "when it is read again every line comes"
kill -STOP "$cat"
passes_all seventh 1000
ok $? "nobody reads it again"
ends "TERM: greenlaned ends all the same"
logged ' [0-9]+ log lines were dropped: standard error takes no lines'
ok $? "and the host's log says how many lines it did not take"
kill -CONT "$cat"

# ---- standard error that is a file on a full disk: a limit ends it as that does ----

rm -rf "$world/state"/*
user=$(id -un) # its limits may be changed while it runs
conf none
yes '' | head -c 2000000 > "$world/daemon"
(in_place "$greenlaned" -f -c "$world/conf") 2>> "$world/daemon" &
daemon=$!
pids="$pids $daemon"
until_true says ' serves '
ok $? "greenlaned serves, and logs to a file"
prlimit --pid "$daemon" --fsize=$(($(stat -c %s "$world/daemon") + 100)):
passes_all eighth 50
ok $? "the file cannot grow any more: mail passes"
until_true recorded_times eighth 50
ok $? "and is recorded"
until_true logged_times 'eighth@stranger.example' 50
ok $? "and is in the host's log"
until_true stuck 'standard error takes no lines \(.*\) since '
ok $? "status says so, and why"
prlimit --pid "$daemon" --fsize=unlimited:
until_true eval '[ "$(grep -c "^greenlaned: .*eighth@stranger.example.* waited=" "$world/daemon")" = 50 ]'
ok $? "when it can grow every line comes, none of them torn"
until_true well
ok $? "and status is well"
is "$("$greenlane" -c "$world/conf" status --json | grep -o '"dropped":[0-9]*')" '"dropped":0' "no line was dropped"
ends "it ends"

finish_tap
