#!/bin/sh
# TAP: greenlaned whose libraries are refused memory, one library after the other (t/lib/memory_faults.c is preloaded): none takes it
# down, each message gets the verdict that it has with memory, or is deferred, and with memory again all is well. libcrypto takes its
# memory from the program (t/cli/memory_faults.sh). Left out is what ends the process without memory: libconfig at a reload,
# and hiredis where it connects.
name=memory_libraries
. "${srcdir:-.}/t/cli/memory_lib.sh"
needs nsd
export SIGNED=1 # its mails

cat > "$world/vendors/asked.conf" <<'TEXT'
vendor = { name = "asked"; domains = [ "asked.example" ]; dkim = [ "asked.example" ]; sources = ( { spf = "asked.example"; exclusive = false; } );
  vouch = [ "listed+spf", "dkim" ]; };
TEXT
key=$(openssl genrsa 2048 2> /dev/null | openssl rsa -pubout 2> /dev/null | sed '/^-/d' | tr -d '\n')
cat > "$world/root.zone" <<ZONE
$(zone_head 0)
$asked_record
_dmarc.asked.example. TXT "v=DMARC1; p=reject"
asked.example. TXT "v=spf1 ip4:192.0.2.0/24 -all"
s1._domainkey.asked.example. TXT "v=DKIM1; k=rsa; p=$(printf '%s' "$key" | cut -c1-200)" "$(printf '%s' "$key" | cut -c201-)"
ZONE
nsd_serve
vendor=asked delay=1h
site() { # STORE
	conf "$1"
	sed -i 's/authenticate = false/authenticate = true/' "$world/conf"
}
number=0
mails() { # a vendor's, a stranger's and a forger's; each stranger is another
	number=$((number + 1))
	verdict 192.0.2.1 a@asked.example >> "$world/vendor"
	verdict 203.0.113.5 "a@stranger$number.example" >> "$world/stranger"
	verdict 203.0.113.6 a@asked.example >> "$world/forger"
}
reloads() { "$greenlane" -c "$world/conf" reload > "$world/out" 2>&1; }
# whose proof is SPF is deferred without it: where none is, nothing was refused
faulted() { [ "$1" != libspf2 ] || grep -q deferred "$world/vendor"; }
sweep() { # LIBRARY EVERY...
	forget_verdicts
	library=$1
	shift
	for every; do
		refuse "$every" "$library"
		mails
		[ "${every%!}" = "$every" ] || mails
		reloads
		refuse 0
	done
	! gone "$daemon" && ! grep -q 'refused\|other' "$world/stranger" && ! grep -q 'refused\|greylisted\|other' "$world/vendor" &&
		! grep -q 'pass\|other' "$world/forger" && faulted "$library" && { [ -z "$library" ] || passed_unasked; } # our own lines may be lost
	ok $? "${library:-greenlaned} without memory: vendor$(tally vendor), stranger$(tally stranger), forger$(tally forger)"
}
well_again() {
	forget_verdicts
	mails
	[ "$(tally vendor)$(tally stranger)$(tally forger)" = " 1 pass  1 greylisted  1 refused " ] && status && ! grep '^ill:' "$world/out"
}

site "lmdb:$store"
begins "greenlaned serves"
until_true well_again
ok $? "with memory a vendor's mail passes, a stranger waits, and a forger is refused"
sweep libspf2 1 2 5 13 22 47
sweep libopendkim 1 2 5 13
sweep libunbound 1 7 97
sweep libevent 1 2 5
sweep liblmdb 1 2 3
sweep libpsl 1 2
sweep libidn2 1
reloads
until_true well_again
ok $? "with memory again all is well"
end "it exits with 0"

if ! command -v redis-server > "$world/out" || ! ldd "$greenlaned" | grep -q libhiredis; then
	skip "a greylist in Redis" "redis-server is not installed"
	finish_tap
fi
redis-server --port 0 --unixsocket "$world/redis" --unixsocketperm 777 --save '' --dir "$world" > "$world/redis.log" 2>&1 &
pids="$pids $!"
until_true test -S "$world/redis"
site "redis:unix:$world/redis"
begins "greenlaned serves with a greylist in Redis"
until_true well_again
ok $? "a stranger waits"
sweep libhiredis 4! 10! 1! 2! 3! 5! 6! 8!
sweep "" 2 5 11 29 97 3! 7! 13! 19! 23! 31! 37! 43! 53! 59! 71! 83! 97!
until_true well_again
ok $? "with memory again all is well"
end "it exits with 0"

finish_tap
