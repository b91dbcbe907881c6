#!/bin/sh
# TAP: one view of the hosts that share a Redis: each daemon's status shows the policy and the sources of both, what differs, and
# none of what somebody else wrote there. Ten minutes pass by a clock that is set (t/lib/clock_step.c); t/status_t has the second.
#
# Needs nsd as well: each host asks a name server of its own.
name=view
. "${srcdir:-.}/t/cli/hosts_lib.sh"
. "${srcdir:-.}/t/cli/preload_lib.sh"
needs nsd
preload clock_step

look() { "$greenlane" -c "$world/$1/conf" status --json > "$world/$1.json" 2> /dev/null; }
# host HOST: what this host's status says, as lines NAME POLICY SOURCES OWN
hosts_of() {
	look "$1"
	/usr/bin/python3 -c '
import json, sys
for host in json.load(open(sys.argv[1])).get("hosts", []):
    print(host["name"], host["policy"], host["sources_fingerprint"], host["own"])' "$world/$1.json"
}
sees() { [ "$(hosts_of "$1" | wc -l)" -eq "$2" ]; } # HOST COUNT
policies() { hosts_of "$1" | cut -d ' ' -f 2 | sort -u | wc -l; }
agree() { [ "$(policies a)" -eq 1 ] && [ "$(policies b)" -eq 1 ]; }
differ() { [ "$(policies a)" -eq 2 ] && [ "$(policies b)" -eq 2 ]; }

mkdir -p "$world/a" && echo 0 > "$world/a/step" # where greenlaned may read it

# zone ADDRESS: a name server whose roaming vendor sends from there; $port
zone() {
	printf '. 1 IN SOA ns. host. 1 60 60 60 1\n. 1 IN NS ns.\nmail.roaming.example. 1 IN A %s\n' "$1" > "$world/root.zone"
	nsd_serve
}
cat > "$world/vendors/roaming.conf" << 'TEXT'
vendor = { name = "roaming"; domains = [ "roaming.example" ]; sources = ( { a = "mail.roaming.example"; } ); };
TEXT
vendor=roaming
serve
zone 192.0.2.7
first=127.0.0.1@$port dns=$first
conf a 'refresh = { min = "1s"; };'
conf b 'refresh = { min = "1s"; };'
begin a "LD_PRELOAD=$object" "ASAN_OPTIONS=$asan" "CLOCK_STEP=$world/a/step"
until_true sees a 1
ok $? "a host sees itself in the store"
begin b
until_true sees b 2
ok $? "another one sees both"
until_true sees a 2
ok $? "and so does the first"
until_true agree
ok $? "with one policy, though each has a file of its own"
is "$(hosts_of a | cut -d ' ' -f 1 | sort)" "$(hosts_of b | cut -d ' ' -f 1 | sort)" "by the same names"
is "$(hosts_of a | grep -c True) $(hosts_of b | grep -c True)" "1 1" "of which one is the host's own"
"$greenlane" -c "$world/a/conf" status > "$world/out" 2>&1
out '^host [^ ]*, greenlaned [^ ]*: policy [0-9a-f]{16} since 20[^ ]*, sources [0-9a-f]{16}$' "a person sees the other host"
out '^host [^ ]* \(this one\), greenlaned ' "and his own"
[ "$(redis ttl "$(redis --raw keys 'greenlane:host *' | head -n 1)")" -le 60 ]
ok $? "a line stays for a minute at most"

# ---- another policy ----

conf b 'mode = "monitor";' 'refresh = { min = "1s"; };'
"$greenlane" -c "$world/b/conf" reload > "$world/out" 2>&1
ok $? "one host gets another policy"
until_true differ
ok $? "which both see"
"$greenlane" -c "$world/a/conf" status > "$world/out" 2>&1
lacks 'policies-differ' "a rollout is no problem yet"
echo 601 > "$world/a/step"
sees_ill() { # SLUG TEXT
	"$greenlane" -c "$world/a/conf" status > "$world/out" 2>&1
	grep -Eq "^ill: $1: $2" "$world/out"
}
until_true sees_ill policies-differ "[^ ]*/[0-9a-f]{8}, which shares the greylist, has another policy since 20"
ok $? "ten minutes later it is"
out 'compare what greenlane config prints on both, bring the same vendor files and greenlane.conf to both, then run greenlane reload' "with what to do"
until_true grep -q 'alert: ill: policies-differ: ' "$world/a/log"
ok $? "and the log has told it"
conf a 'mode = "monitor";' 'refresh = { min = "1s"; };'
"$greenlane" -c "$world/a/conf" reload > "$world/out" 2>&1
until_true agree
ok $? "the other one follows"

"$greenlane" -c "$world/a/conf" status > "$world/out" 2>&1
lacks 'policies-differ' "and all is well"

# ---- other answers of DNS ----

lacks 'sources-differ' "while both are told the same by DNS"
end b
zone 192.0.2.8
dns=127.0.0.1@$port
conf b 'mode = "monitor";' 'refresh = { min = "1s"; };'
begin b
until_true sees_ill sources-differ 'roaming a:mail.roaming.example lists something else at [^ ]*, which shares the greylist, and both have asked DNS twice since'
ok $? "a source that lists something else there, after two refreshes of both, is ill"
! grep -q 'policies-differ' "$world/out"
ok $? "though the policy is the same"
until_true grep -q 'alert: ill: sources-differ: ' "$world/a/log"
ok $? "and the log has told it"
play() { # NAME: a third host
	redis set "greenlane:host $1" "greenlane-host 1 $1 1.0 abc $(printf %x 1000000000) 0" > /dev/null
	redis sadd greenlane:hosts "greenlane:host $1" > /dev/null
}
play mx9.example
until_true sees a 3
ok $? "a third host is seen"

# ---- what is no line ----

redis set 'greenlane:host odd' 'greenlane-host 1 o"d 1 1 1 1' > /dev/null
redis set 'greenlane:host big' "$(printf '%0100000d' 0)" > /dev/null
redis lpush 'greenlane:host list' 1 2 3 > /dev/null
redis set other:key 'greenlane-host 1 stolen 1 1 1 1' > /dev/null
redis sadd greenlane:hosts 'greenlane:host odd' 'greenlane:host big' 'greenlane:host list' 'greenlane:host gone' other:key > /dev/null
forgot() { ! redis --raw smembers greenlane:hosts | grep -q 'gone\|other\|list'; }
until_true forgot
ok $? "what is not there, or no line, is forgotten"
is "$(hosts_of a | wc -l)" 3 "and none of it is shown"
waits a one@stranger.example || passes a one@stranger.example
ok $? "nor does it stop the greylist"
redis del greenlane:hosts > /dev/null
redis set greenlane:hosts 'no set' > /dev/null
is_set() { [ "$(redis type greenlane:hosts)" = set ] && [ "$(redis scard greenlane:hosts)" -ge 2 ]; }
until_true is_set
ok $? "a list of hosts that is none is made anew"
redis eval "for i = 1, 500 do redis.call('SADD', KEYS[1], 'greenlane:host x' .. i) end" 1 greenlane:hosts > /dev/null
few() { [ "$(redis scard greenlane:hosts)" -le 3 ]; }
until_true few
ok $? "and so is one that is too long"
"$greenlane" -c "$world/a/conf" status > "$world/out" 2>&1
lacks 'store-failed' "the store is well all the while"

# ---- a host that ends, and a store of one host ----

end b
redis del 'greenlane:host mx9.example' > /dev/null
gone_b() { redis del "$(redis --raw keys 'greenlane:host */*' | grep -v "$(hosts_of a | grep True | cut -d ' ' -f 1)" | head -n 1)" > /dev/null; sees a 1; }
until_true gone_b
ok $? "a host whose line has expired is no more"
end a
store=lmdb:$world/a/state/greylist
conf a
begin a
look a
! grep -q '"hosts"' "$world/a.json"
ok $? "a greylist of one host shows no hosts"
end a

finish_tap
