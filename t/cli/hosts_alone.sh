#!/bin/sh
# TAP: greenlane greylist pass and forget at a host where no greenlaned runs, over a Redis that another host's uses: the same
# answers, the same bytes in the store and mail that passes at that host; and what is said where the store cannot be had.
#
# Needs Debian's redis-server. All sockets are below a directory of the test's own; no name server answers.
name=hosts_alone
. "${srcdir:-.}/t/cli/hosts_lib.sh"
. "$top/t/cli/log_lib.sh"

serve
conf a
conf b # and no daemon there
begin a
key() { echo "greenlane:g $1@stranger.example anna@rx.example 203.0.113.0/24"; }
# what a record says but for its times: its version, and how often the tuple passed and came; and how long it stays
shape() {
	redis --raw eval "local bytes = redis.call('GET', KEYS[1])
if not bytes then return 'none' end
local passed, asked = struct.unpack('>I4I4', bytes:sub(17))
return bytes:byte(1) .. ' ' .. passed .. ' ' .. asked .. ' ' .. math.floor(redis.call('TTL', KEYS[1]) / 100 + 0.5)" 1 "$(key "$1")"
}
tuples() { "$greenlane" -c "$world/$1/conf" greylist list --all --json 2> /dev/null | sed 's/^[[,]*//' | sort; }

# ---- pass, forget ----

waits a one@stranger.example
waits a two@stranger.example
ok $? "two strangers wait at the host with a daemon"
on b
run 0 "one is let pass at the other, where no daemon runs" greylist pass --sender one@stranger.example
out '^pass .* one@stranger.example +anna@rx.example +203.0.113.0/24$' "it is shown"
out '^1 tuple let pass at the next try$' "and what was done"
err "^greenlane: the daemon cannot be asked \(.*\); this is done in redis:unix:$sock\$" "and where, and why there"
on a
run 0 "the other is let pass through the daemon" greylist pass --sender two@stranger.example
is "$(shape one)" "$(shape two)" "both records are alike, and stay as long"
[ "$(tuples a)" = "$(tuples b)" ]
ok $? "both hosts list the same"
passes a one@stranger.example
ok $? "and mail passes at once at the host with a daemon"
on b
run 0 "it has passed" greylist pass --sender one@stranger.example
err '^greenlane: 1 tuple matches, and passes already; nothing was changed$' "so that it is not let pass again"
run 0 "it is forgotten" greylist forget --sender one@stranger.example
out '^1 tuple forgotten$' "which is said"
is "$(shape one)" none "as if it had never been seen"
waits a one@stranger.example
ok $? "and waits again at the host with a daemon"
run 1 "a tuple that never came" greylist pass --sender nobody@stranger.example
err '^greenlane: nothing found$' "is not found"

# ---- several ----

for sender in aa ab ac; do waits a "$sender@many.example"; done
on b
run 1 "several tuples" greylist forget --sender many.example
err '^greenlane: 3 tuples match, and nothing was changed; narrow it, or forget all of them with --all$' "are only shown"
run 0 "all of them are let pass" greylist pass --sender many.example --all --json
is "$(/usr/bin/python3 -c 'import json, sys; print([tuple["state"] for tuple in json.load(sys.stdin)])' < "$world/out")" \
	"['pass', 'pass', 'pass']" "with --all"
passes a ab@many.example
ok $? "and pass"
run 0 "and all are forgotten" greylist forget --sender many.example --all
out '^3 tuples forgotten$' "all of them"
waits a ab@many.example
ok $? "and wait"

# ---- where control is off ----

mkdir "$world/off"
sed 's/^control = .*/control = { listen = "none"; };/' "$world/a/conf" > "$world/off/conf"
on off
run 0 "a configuration without a control socket" greylist pass --sender ab@many.example
err 'this is done in redis:' "goes to the store"
passes a ab@many.example
ok $? "which is that of the daemon"

# ---- the log ----

if has_place; then
	log_begin
	(in_place "$greenlane" -c "$world/b/conf" greylist forget --sender ab@many.example) > "$world/out" 2> "$world/err"
	is $? 0 "beside a log"
	until_true logged '<21>.* greylist: uid 0 forgot 1 tuple, first g ab@many\.example anna@rx\.example 203\.0\.113\.0/24$'
	ok $? "who changed what is there, as the daemon would have said it"
	printf 'log = { privacy = true; };\n' > "$world/privacy"
	sed -i '/^log = /d' "$world/b/conf" && cat "$world/privacy" >> "$world/b/conf"
	waits a ab@many.example
	(in_place "$greenlane" -c "$world/b/conf" greylist pass --sender ab@many.example) > "$world/out" 2> "$world/err"
	until_true logged 'greylist: uid 0 lets pass 1 tuple, first ~$'
	ok $? "and with log.privacy not whose mail it is"
	conf b
else
	skip "the log" "needs root and a mount namespace"
fi

# ---- a store that cannot be had ----

# refused STATUS WHAT PATTERN: neither of both changes anything, and says why
refused() {
	on b
	run "$1" "$2: pass" greylist pass --sender one@stranger.example
	err "$3" "$2: which is said"
	run "$1" "$2: forget" greylist forget --sender one@stranger.example
	err "$3" "$2: as well"
	is "$(cat "$world/out"; wc -l < "$world/err")" 1 "$2: in one line, and nothing was done"
}
before=$(shape one)
redis replicaof 127.0.0.1 1 > /dev/null
refused 69 "a replica" "^greenlane: Redis at $sock: it is a replica; name the master"
redis replicaof no one > /dev/null
redis config set min-replicas-to-write 1 > /dev/null
refused 69 "too few replicas" '^greenlane: .*min-replicas-to-write; start them'
redis config set min-replicas-to-write 0 > /dev/null
redis config set maxmemory 1 > /dev/null
refused 69 "no memory" '^greenlane: .*maxmemory is used up; raise it'
redis config set maxmemory 0 > /dev/null
redis config set requirepass secret > /dev/null
refused 69 "no password" '^greenlane: .*wants a password; write it into greylist.redis.password_file'
printf 'greylist = { store = "redis:unix:%s"; redis = { password_file = "%s/password"; }; };\n' "$sock" "$world" > "$world/with"
sed -i '/^greylist = /,$d' "$world/b/conf" && cat "$world/with" >> "$world/b/conf"
refused 69 "no such file" "^greenlane: $world/password: does not exist; write the password into it"
echo wrong > "$world/password"
refused 69 "a wrong password" '^greenlane: .*refuses the user or the password; correct greylist.redis'
echo secret > "$world/password"
on b
run 0 "with the right one" greylist show --sender one@stranger.example
redis-cli -s "$sock" -a secret config set requirepass '' > /dev/null 2>&1
is "$(shape one)" "$before" "the tuple is as it was"
if [ "$(id -u)" = 0 ] && command -v setpriv > /dev/null; then
	chmod 600 "$world/password"
	cp "$greenlane" "$world/tool" # the build may be in a directory that others cannot enter
	setpriv --reuid=65533 --regid=65533 --clear-groups "$world/tool" -c "$world/b/conf" greylist pass --sender one@stranger.example \
		> "$world/out" 2> "$world/err"
	is $? 77 "who may not read the password"
	err "^greenlane: $world/password: you may not read it; run this as root or as greenlaned's user\$" "is told so"
else
	skip "another user" "needs root and setpriv"
fi
kill -9 "$server"
wait "$server" 2> /dev/null
refused 69 "killed" '^greenlane: .*cannot be reached'
rm -f "$sock"
end a

# ---- a store that one process has open ----

store=lmdb:$world/b/greylist
conf b
begin b
waits b one@stranger.example
end b
on b
run 0 "an LMDB store without its daemon" greylist list
run 69 "is listed, but not changed" greylist pass --sender one@stranger.example
err "^greenlane: only a running greenlaned changes $store, and it cannot be asked \(unix:.*control: .*\); start it\$" "which is said"
is "$(wc -l < "$world/err")" 1 "in one line"

finish_tap
