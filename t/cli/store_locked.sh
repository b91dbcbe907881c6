#!/bin/sh
# TAP: another process holds LMDB's lock, and is stopped or hangs: mail, a reload, the start and the stop do not wait for it,
# status says it, and all is well again by itself when it lets go. Neither who was known is lost, nor who came meanwhile.
name=store_locked
. "${srcdir:-.}/t/cli/store_lib.sh"
hold=${top_builddir:-.}/t/lmdb_hold

mkfifo "$world/hold"
holds() { # until let_go
	: > "$world/held"
	"$hold" "$store" < "$world/hold" > "$world/held" 2>&1 &
	holder=$!
	pids="$pids $holder"
	exec 9> "$world/hold"
	until_true grep -q '^held$' "$world/held"
	ok $? "another process locks the store"
}
let_go() {
	echo >&9 # greenlaned may have the pipe open as well
	exec 9>&-
	wait "$holder"
	is $? 0 "the other process unlocks it"
}
said() { [ "$(count_of "does not work \\(failed\\): $store: the greylist is locked by another process; find it .*until it works")" = "$1" ]; }
works() { [ "$(count_of "the greylist store $store works again")" = "$1" ]; }
settled() { status_is_well && waits "$1"; }

conf "lmdb:$store"
begin "greenlaned serves"
waits one@stranger.example
ok $? "a stranger waits"
sleep 1.1 # sleeps: the delay of the greylist, a second
passes one@stranger.example
ok $? "and is known"
until_true test -s "$store/data.mdb"
sleep 1.1 # sleeps: until it is written, as promised
holds
mail two@stranger.example > "$world/out"
ok $? "a stranger's mail does not wait for that"
until_true said 1
ok $? "the log says that the store is locked, and what to do"
passes three@stranger.example
ok $? "strangers pass"
passes one@stranger.example
ok $? "who was known passes"
status_is_ill failed '[0-9]+'
ok $? "status says so"
out 'locked by another process; find it \(fuser ' "and what to do"
kill -HUP "$daemon"
until_true says 'reload: 1 vendors? in force'
ok $? "a reload does not wait for it"
let_go
until_true works 1
ok $? "it works again by itself, and the log says so"
status_is_well
ok $? "status is well"
waits four@stranger.example
ok $? "strangers wait"
passes two@stranger.example
ok $? "and who came meanwhile is not forgotten"

holds
waits five@stranger.example
ok $? "a stranger comes"
end "TERM: greenlaned ends though it is locked again"
says "$store: the greylist is locked by another process"
ok $? "and says that it could not write it all"
begin "a start does not wait for it"
until_true said 1
ok $? "the log says that the store is locked"
passes six@stranger.example
ok $? "strangers pass"
let_go
until_true works 1
ok $? "it is opened by itself"
passes one@stranger.example
ok $? "who was known is known"
until_true settled seven@stranger.example
ok $? "strangers wait"
end "it exits with 0"

finish_tap
