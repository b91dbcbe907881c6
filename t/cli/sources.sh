#!/bin/sh
# TAP: greenlane sources, with copies that are written here: its output as text and JSON, its exit status, --accept.
#
# Needs python3 for the JSON; no network, no daemon.
name=sources
. "${srcdir:-.}/t/cli/lib.sh"
config=$world/conf
kept=$world/state/sources
mkdir -p "$kept" "$world/vendors"

# json EXPRESSION WANTED NAME: the expression, over the list `all` that --json prints.
json() {
	"$greenlane" -c "$world/conf" sources --json 2> "$world/err" > "$world/out"
	said=$(/usr/bin/python3 -c 'import json, sys
all = json.load(open(sys.argv[1]))
print(eval(sys.argv[2]))' "$world/out" "$1")
	[ "$said" = "$2" ] || echo "# got $said, wanted $2"
	[ "$said" = "$2" ]
	ok $? "$3"
}

now=$(date +%s)
when() { date -u -d "@$((now - $1))" +%Y-%m-%dT%H:%M:%SZ; }

# networks [NETWORK SECONDS PATH]...: with which a copy ends.
networks() {
	networks=$(($# / 3))
	printf 'networks %d\n' $networks
	while [ $# -ge 3 ]; do
		printf '%s  since %s  via %s\n' "$1" "$(when "$2")" "$3"
		shift 3
	done
	printf 'end %d\n' $networks
}
# copy KIND SOURCE SECONDS-AGO LIVE TROUBLE [NETWORK SECONDS PATH]...: sorted by the caller.
copy() {
	file=$kept/$2.$1 source=$2 ago=$3 live=$4 trouble=$5
	shift 5
	{
		printf '# kept\nversion 1\nsource %s\nbelieved %s\nchanged never\nnext %s\nttl 300\n' "$source" "$(when "$ago")" "$(when $((ago - 300)))"
		printf 'live %s\ntrouble %s\n' "$live" "$trouble"
		networks "$@"
	} > "$file"
}

day=86400
cat > "$world/vendors/acme.conf" <<'END'
vendor = { name = "acme"; domains = [ "acme.example" ]; sources = (
  { spf = "acme.example"; exclusive = true; },
  { a = "out.acme.example"; max_stale = "2d"; },
  { cidr = [ "20.1.0.0/24", "20.2.0.1" ]; } );
};
END
cat > "$world/vendors/globex.conf" <<'END'
vendor = { name = "globex"; domains = [ "globex.example" ]; sources = ( { spf = "globex.example"; } ); };
END
conf() {
	cat > "$world/conf" <<END
state_dir = "$world/state";
control = { listen = "unix:$world/state.control"; };
vendor_path = [ "$world/vendors" ];
refresh = { silent_after = "$1"; };
vendors = ( { name = "acme"; }, { name = "globex"; } );
END
}
conf never

# ---- nothing yet ----

run 0 "before the first answer there is no drift" sources
out '^acme  spf:acme\.example  exclusive$' "each source is shown with its vendor"
out 'nothing known yet' "and as not known"
json '[s["known"] for s in all]' '[False, False, True, False]' "in JSON, too; the networks in the file are known"

# ---- a source that lists nothing, because each client's name is looked up ----

sed 's/"20.2.0.1" \]; } );/"20.2.0.1" ]; }, { host = ".out.acme.example"; review_by = "2099-01-01"; } );/' \
	"$world/vendors/acme.conf" > "$world/acme.plain"
mv "$world/vendors/acme.conf" "$world/acme.without"
mv "$world/acme.plain" "$world/vendors/acme.conf"
run 0 "a host source has nothing to learn, and no drift" sources --vendor acme
out '^acme  host:\.out\.acme\.example$' "it is shown"
out '^  holds     every client whose name is below out\.acme\.example, confirmed forward and back, review due by 2099-01-01$' \
	"and whom it holds"
json '[(s["source"], s["host"], s["known"], s["networks"]) for s in all if "host" in s]' \
	"[('host:.out.acme.example', 'out.acme.example', True, [])]" "in JSON, too"
mv "$world/acme.without" "$world/vendors/acme.conf"

# ---- as it should be ----

copy copy spf:acme.example 120 no no 20.1.0.0/24 $((9 * day)) 'acme.example > _spf.acme.example > ip4' \
	20.2.0.0/16 120 'acme.example > ip4' 2001:db8::/32 $day 'acme.example > ip6'
cp "$kept/spf:acme.example.copy" "$kept/spf:acme.example.accepted"
copy copy a:out.acme.example 60 no no 20.3.0.1 $day out.acme.example
copy copy spf:globex.example 60 'yes globex.example > exists:%{i}.globex.example' no 20.9.0.0/24 $day 'globex.example > ip4'
run 0 "networks that are as accepted are not drift" sources
out 'lists     3 networks, believed .*\(2 minutes ago\), TTL 300$' "how many, how old, and for how long"
out '^    20\.1\.0\.0/24 +since [0-9TZ:-]+  via acme\.example > _spf\.acme\.example > ip4$' "each with its age and path"
out '^  next      2' "when it is asked again"
out 'asked     for each address, because of globex\.example > exists:%\{i\}\.globex\.example$' "what cannot be listed"
out '^  lists     2 networks from the file$' "what the file lists"
run 0 "one vendor" sources --vendor globex
lacks 'acme' "is shown alone"
run 64 "an unknown vendor is a usage error" sources --vendor initech
err "vendor 'initech' is not in force" "and says so"
run 64 "so is an unknown option" sources --wrong
json '[len(s["networks"]) for s in all]' '[3, 1, 2, 1]' "the networks are in the JSON"
json 'all[0]["networks"][0]["path"], all[0]["ttl"], all[0]["stale"], 115 <= all[0]["age"] < 200' \
	"('acme.example > _spf.acme.example > ip4', 300, False, True)" "with path, TTL and age"
json 'all[3]["asked_live"]' 'globex.example > exists:%{i}.globex.example' "and what cannot be listed"

# ---- drift ----

copy copy spf:acme.example 60 no no 20.2.0.0/16 120 'acme.example > ip4' 20.5.0.0/24 60 'acme.example > _new.acme.example > ip4' \
	2001:db8::/32 $day 'acme.example > ip6'
run 1 "networks that were added and removed are drift" sources
out 'drift     changed since it was accepted: came 20\.5\.0\.0/24 via acme\.example > _new\.acme\.example > ip4; went 20\.1\.0\.0/24 via acme\.example > _spf\.acme\.example > ip4$' \
	"with what, and by which path"
out 'drift     the file lists networks that the vendor.s SPF does not publish: 20\.1\.0\.0/24$' "and so is a list that SPF no longer agrees with"
json 'all[2]["drift"]' '["the file lists networks that the vendor'"'"'s SPF does not publish: 20.1.0.0/24"]' "in JSON, too"
run 0 "--accept" sources --accept
[ ! -s "$world/out" ]; ok $? "prints nothing"
run 0 "after it there is no drift" sources
lacks drift "of either kind"
copy copy spf:acme.example 60 no no 20.5.0.0/24 60 'acme.example > ip4' 2001:db8::/32 $day 'acme.example > ip6'
run 1 "the next change is drift again" sources
out 'went 20\.2\.0\.0/16 via' "measured from what was accepted"
out 'does not publish: 20\.2\.0\.1$' "and for the list only what is new"
run 0 "--accept of one vendor" sources --accept --vendor acme

# ---- not believed ----

copy pending spf:globex.example 30 no 'yes not believed: lists the whole of 20.0.0.0/8' 20.0.0.0/8 30 'globex.example > ip4'
run 1 "an answer that is not believed is drift" sources
out 'drift     not believed: lists the whole of 20\.0\.0\.0/8$' "with the reason"
json 'all[3]["drift"]' "['not believed: lists the whole of 20.0.0.0/8']" "in JSON, too"
json '[n["network"] for n in all[3]["networks"]]' "['20.9.0.0/24']" "the last good copy stays"
run 0 "--accept takes it" sources --accept
run 0 "which is not drift until greenlaned has asked again" sources
out 'accepted  the answer in doubt will be believed at the next look-up' "but is shown"
rm "$kept/spf:globex.example.pending"
copy copy spf:globex.example 60 no 'yes published wrongly: globex.example: a loop' 20.0.0.0/8 30 'globex.example > ip4'
run 1 "a record that is published wrongly is drift" sources
out 'drift     published wrongly: globex\.example: a loop' "with the reason"
run 0 "--accept does not fail" sources --accept
run 1 "but it cannot be accepted" sources
copy copy spf:globex.example 60 no 'yes globex.example: no answer for TXT' 20.0.0.0/8 30 'globex.example > ip4'
run 0 "a failure of DNS is not drift" sources
out 'trouble   globex\.example: no answer for TXT$' "but is shown"
json 'all[3]["trouble"]' 'globex.example: no answer for TXT' "in JSON, too"

# ---- gone or wrong ----

# wrong SOURCE BELIEVED SINCE GONE TROUBLE [NETWORK SECONDS PATH]...: a copy of version 2.
wrong() {
	source=$1 believed=$2 since=$3 gone=$4 trouble=$5
	shift 5
	{
		printf 'version 2\nsource %s\nbelieved %s\nchanged never\nnext %s\nttl 300\nlive no\n' "$source" "$believed" "$(when -60)"
		printf 'trouble yes %s\nwrong %s seen 12 gone %s\n' "$trouble" "$(when "$since")" "$gone"
		networks "$@"
	} > "$kept/$source.copy"
}

cp "$kept/spf:globex.example.copy" "$world/globex.copy"
wrong spf:globex.example "$(when $((2 * day)))" $((2 * day)) no 'published wrongly: globex.example: two SPF records' \
	20.0.0.0/8 30 'globex.example > ip4'
run 1 "a source that is wrong is drift" sources
out "wrong     since $(when $((2 * day))), in 12 look-ups: other addresses are unknown; if this lasts until $(when $((-5 * day))), it lists nothing\$" \
	"with since when, and until when its copy is used"
json 'all[3]["wrong_since"] > 0, all[3]["gone"], all[3]["known"]' '(True, False, True)' "in JSON, too"
wrong spf:globex.example "$(when 60)" $((9 * day)) yes 'published wrongly: globex.example: two SPF records'
run 1 "so is one that is gone" sources
out 'wrong     since .*: it no longer lists anything$' "which is shown"
wrong spf:globex.example never $((2 * day)) no 'published wrongly: globex.example: no SPF record, the name does not exist'
run 1 "so is one that was never right" sources
out 'lists     nothing known: no answer has ever been believed$' "of which nothing is known"
lacks 'stale' "and which is not stale"
json 'all[3]["known"], all[3]["stale"], all[3]["age"]' '(False, False, 0)' "in JSON, too"
mv "$world/globex.copy" "$kept/spf:globex.example.copy"

# ---- age ----

copy copy a:out.acme.example $((3 * day)) no no 20.3.0.1 $((9 * day)) out.acme.example
run 0 "a copy older than max_stale is shown" sources --vendor acme
out 'believed .*\(3 days ago\)' "with its age"
out 'stale     older than max_stale: its addresses are no longer known$' "and what that means"
out 'next .*\(overdue: greenlaned is not running, or DNS does not answer\)$' "and that the look-up is overdue"
json 'all[1]["stale"]' True "in JSON, too"
copy copy a:out.acme.example 60 no no 20.3.0.1 $((9 * day)) out.acme.example

# ---- use ----

{
	printf '# usage\nlisted spf:acme.example 20.5.0.77 %d %d 5\n' $((now - 9 * day)) $((now - 600))
	printf 'unlisted globex 198.51.100.1 %d %d 3\n' $((now - day)) $((now + 60))
} > "$world/state/usage"
run 1 "mail that DKIM proves from an unlisted address is drift" sources
out 'drift     unlisted: DKIM proves mail from 198\.51\.100\.1 \(3 times, last 2' "with address and count"
out '20\.5\.0\.0/24 .*  used 2' "the last mail from a network is shown"
json '[s["drift"] for s in all if "source" not in s]' "[['$(grep -o 'unlisted: .*' "$world/out" | head -n 1)']]" "in JSON, too" 2> /dev/null
sed -i "s/ $((now + 60)) / $((now - 5)) /" "$world/state/usage"
run 0 "--accept" sources --accept
run 0 "accepts the mail until then" sources
touch -d '-10 days' "$kept"/*.accepted
for file in "$kept"/*.accepted; do sed -i "s/^believed .*/believed $(when $((9 * day)))/" "$file"; done
sed -i '/^unlisted/d' "$world/state/usage"
conf 5d
run 1 "a network that has sent nothing for silent_after is drift" sources
out 'drift     silent: 20\.3\.0\.1 sent nothing for 9 days$' "with for how long"
lacks 'silent: 20\.5\.0\.0/24' "one that has sent is not"
conf 30d
run 0 "with a longer silent_after it is not" sources

# ---- trouble ----

echo damaged >> "$kept/a:out.acme.example.copy"
run 0 "a damaged copy is reported" sources
err 'sources/a:out\.acme\.example\.copy:[0-9]+: .*the copy is not used' "with file and line"
out 'nothing known yet' "and counts as missing"
echo damaged > "$world/state/usage"
run 0 "so is a damaged usage file" sources
err 'state/usage' "with its name"
rm -r "$world/state"
run 0 "without a state_dir everything is unknown" sources
mkdir "$world/state"
run 0 "--accept creates the directory that it needs" sources --accept
rm -r "$world/state"
run 73 "if nothing can be written, it fails" sources --accept
err 'state: is missing; create it' "and says why"
: > "$world/conf"
run 78 "without a configuration nothing is shown" sources

finish_tap
