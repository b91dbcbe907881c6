#!/bin/sh
# TAP: "A fleet from one repository" of greenlane(1), typed as it stands: two hosts whose files are clones of one repository, one Redis,
# a change of the policy and a source that was accepted at one of them.
#
# Each host is a mount namespace of its own, where $world/here is what it has, and /etc/greenlane of the page is in there. A prompt "$"
# is on the first one, in another checkout, with the records of both.
name=fleet-page
. "${srcdir:-.}/t/cli/lib.sh"
needs git redis-server redis-cli nsd unshare
[ "$(id -u)" -eq 0 ] && unshare -m -u true 2> /dev/null || skip_all "namespaces need root"
GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null GIT_EDITOR='echo a change >'
GIT_AUTHOR_NAME=admin GIT_AUTHOR_EMAIL=admin@example.com GIT_COMMITTER_NAME=admin GIT_COMMITTER_EMAIL=admin@example.com
export GIT_CONFIG_GLOBAL GIT_CONFIG_SYSTEM GIT_EDITOR GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL GIT_COMMITTER_NAME GIT_COMMITTER_EMAIL
here=$world/here

# ---- what the page says ----

redis_port=$(/usr/bin/python3 "$top/t/mta/net.py" ports 1)
awk '
	/^\.S[sh]/ { inside = /A fleet from one repository/ }
	/^\.Bd/ && inside { block++; shown = 1; next }
	/^\.Ed/ { shown = 0 }
	inside && shown { gsub(/\\e$/, "\\"); gsub(/\\&/, ""); print block "\t" $0 }
' "$top/doc/greenlane.1" | sed -e "s|redis:192.0.2.10:6379|redis:127.0.0.1:$redis_port|g" -e "s|lmdb:/var/lib/greenlane|lmdb:$here/state|g" \
	-e "s|/etc/greenlane|$here/etc|g" -e "s|git@git.example.com:greenlane.git|$world/greenlane.git|g" > "$world/page"
# The commands, each in a line: HOST COMMAND; the desk is where "$" is.
cut -f 2- "$world/page" | sed -e ':a' -e '/\\$/{N;s/\\\n */ /;ba' -e '}' | sed -n -e 's/^\(mx[12]\)# /\1 /p' -e 's/^\$ /desk /p' > "$world/commands"
is "$(wc -l < "$world/commands")" 21 "the page has 21 commands"
typed=0
# The next command, which begins so: types it at its host; its status, and $world/out.
type_next() { # HOST BEGINNING
	typed=$((typed + 1))
	line=$(sed -n "${typed}p" "$world/commands")
	case $line in
	"$1 $2"*) ;;
	*) ok 1 "command $typed of the page, '$line', is not '$1 $2'"; return 1 ;;
	esac
	again
}
again() {
	: > "$world/err"
	at "${line%% *}" "${line#* }" > "$world/out" 2> "$world/err" < /dev/null
}
typed() { # HOST BEGINNING
	type_next "$1" "$2"
	status=$?
	[ $status -eq 0 ] || sed 's/^/# /' "$world/err"
	ok $status "$line"
}

# ---- the hosts ----

cat > "$world/functions" << TEXT
greenlane() { "$greenlane" -c "$here/etc/greenlane.conf" "\$@"; }
systemctl() {
	[ ! -s "$here/pid" ] || kill "\$(cat "$here/pid")"
	while [ -s "$here/pid" ] && kill -0 "\$(cat "$here/pid")" 2> /dev/null; do sleep 0.05; done # sleeps: until it has ended
	: > "$here/log"
	"$greenlaned" -f -c "$here/etc/greenlane.conf" > "$here/stdout" 2> "$here/log" &
	echo \$! > "$here/pid"
	until grep -q ' serves ' "$here/log" || ! kill -0 \$(cat "$here/pid"); do sleep 0.05; done # sleeps: until it serves
	grep -q ' serves ' "$here/log"
}
TEXT
# at HOST COMMAND: in the folder where the command before has left it, as in a terminal
at() {
	host=$1
	[ "$host" != desk ] || host=mx1
	unshare -m -u sh -c 'hostname "$2" && mount --bind "$3/$2" "$3/here" && . "$3/functions" && cd "$(cat "$3/$1.folder")" && eval "$4"
		status=$?
		pwd > "$3/$1.folder"
		exit $status' at "$1" "$host" "$world" "$2"
}
for host in mx1 mx2; do echo "$here" > "$world/$host.folder"; done
echo "$here/checkout" > "$world/desk.folder"
kill_all() {
	for file in "$world"/mx?/pid; do [ -s "$file" ] && ours "$(cat "$file")" && kill "$(cat "$file")" 2> /dev/null; done
	clean_up
}
trap kill_all EXIT
mkdir -p "$here" "$world/redis"
for host in mx1 mx2; do
	mkdir -p "$world/$host/etc" "$world/$host/state" "$world/$host/run"
	chown nobody "$world/$host/state" "$world/$host/run"
	echo secret > "$world/$host/etc.redis"
done
redis() { REDISCLI_AUTH=secret redis-cli -p "$redis_port" "$@" 2> /dev/null; }
answers() { [ "$(redis ping)" = PONG ]; }
redis-server --bind 127.0.0.1 --port "$redis_port" --requirepass secret --save '' --dir "$world/redis" > "$world/redis.log" 2>&1 &
pids="$pids $!"
until_true answers || bail_out "redis-server does not start"
serial=0
zone() { # NETWORK
	serial=$((serial + 1))
	printf '. 1 IN SOA ns. host. %d 60 60 60 1\n. 1 IN NS ns.\nacme.example. 1 IN TXT "v=spf1 ip4:%s -all"\n' $serial "$1" > "$world/root.zone"
}
zone 20.9.0.0/24
nsd_serve
site() { # the part of greenlane.conf that the page does not show, the same on both
	cat <<-TEXT
		vendor_path = [ "$here/etc/vendors" ];
		user = "nobody";
		state_dir = "$here/state";
		milter = { listen = "unix:$here/run/socket"; deadline = "2s"; };
		control = { listen = "unix:$here/run/control"; };
		dns = { servers = [ "127.0.0.1@$port" ]; timeout = "1s"; };
		log = { record = "$here/state/verdicts"; };
		refresh = { min = "1s"; };
		strangers = { authenticate = false; };
	TEXT
}
mail() { at "$1" "/usr/bin/python3 '$top/t/cli/milter.py' $here/run/socket $2 203.0.113.5 anna@example.com"; }
waits() { case $(mail "$1" "$2") in 451\ 4.7.1*greylisted*) ;; *) return 1 ;; esac; }
hosts() { # the hosts that HOST's status shows: NAME POLICY SOURCES
	at "$1" 'greenlane status --json' 2> "$world/hosts.err" | /usr/bin/python3 -c '
import json, sys
for host in json.load(sys.stdin).get("hosts", []):
    print(host["name"].split("/")[0], host["policy"], host["sources_fingerprint"])'
}
agree() { # HOST: it sees both, with one policy and the same sources
	hosts "$1" > "$world/hosts"
	[ "$(cut -d ' ' -f 1 "$world/hosts" | sort | tr '\n' ' ')" = "mx1 mx2 " ] && [ "$(cut -d ' ' -f 2- "$world/hosts" | sort -u | wc -l)" -eq 1 ]
}

# ---- the first host, which has served alone ----

{ site; echo 'vendors = ( );'; } > "$world/mx1/etc/greenlane.conf"
mkdir "$world/mx1/etc/vendors"
at mx1 'systemctl start greenlaned'
ok $? "the first host serves alone"
waits mx1 code@bank.example
ok $? "a stranger waits there"
git init -q --bare -b main "$world/greenlane.git"
rm -r "$world/mx1/etc"
git clone -q "$world/greenlane.git" "$world/mx1/etc" 2> "$world/err"
mkdir "$world/mx1/etc/vendors"
echo 'vendor = { name = "acme"; domains = [ "acme.example" ]; sources = ( { spf = "acme.example"; } ); };' > "$world/mx1/etc/vendors/acme.conf"
{ site; sed -n 's/^2\t//p' "$world/page"; } > "$world/mx1/etc/greenlane.conf"
(cd "$world/mx1/etc" && git add . && git commit -qm begin && git push -q origin HEAD) 2> "$world/err"
ok $? "its files become a repository, with the page's lines in greenlane.conf"
typed mx1 'greenlane check'
typed mx1 'greenlane greylist copy'
out '^1 tuples? copied, 0 as new or newer there, 0 expired$' "as the page says"
typed mx1 'systemctl restart'
waits mx1 mail@shop.example
ok $? "strangers wait in Redis"
typed mx1 'greenlane greylist copy'
out '^0 tuples copied, 1 as new or newer there, 0 expired$' "as the page says"

# ---- the second one ----

typed mx2 'mv '
typed mx2 'git clone'
typed mx2 'greenlane check && systemctl'
type_next mx2 'greenlane status | grep ^host'
two() { again && [ "$(wc -l < "$world/out")" -eq 2 ]; }
until_true two
ok $? "$line"
out '^host mx2/[0-9a-f]{8} \(this one\), greenlaned [^ ]*: policy [0-9a-f]{16}' "shows it"
out '^host mx1/[0-9a-f]{8}, greenlaned [^ ]*: policy [0-9a-f]{16}' "and the first one"
until_true agree mx1 && until_true agree mx2
ok $? "each sees both with one policy and the same sources"
waits mx2 code@bank.example
ok $? "the retry of who came to the first one alone waits at the second"
is "$(redis --raw keys 'greenlane:g code@bank.example *' | wc -l)" 1 "by the same tuple"

# ---- a change ----

git clone -q "$world/greenlane.git" "$world/mx1/checkout"
records() { for host in mx1 mx2; do cp "$world/$host/state/verdicts" "$world/mx1/checkout/$host.jsonl"; done; }
sed -i 's/mode = "vouch"/mode = "enforce"/' "$world/mx1/checkout/greenlane.conf"
records
typed desk 'greenlane replay'
typed desk 'git commit -a && git push'
typed mx1 'cd '
typed mx2 'cd '
for host in mx1 mx2; do
	grep -q 'mode = "enforce"' "$world/$host/etc/greenlane.conf"
	ok $? "$host has the change"
done
until_true agree mx1 && until_true agree mx2
ok $? "and both have one policy"
type_next mx1 'greenlane status | grep ^ill'
lacks policies-differ "nobody was forgotten (t/cli/hosts_view.sh forgets one)"

# ---- a source that is doubted ----

zone 20.0.0.0/8
kill -HUP "$nsd_pid"
type_next mx1 'greenlane sources --vendor acme'
doubted() { again; grep -q 'not believed: .*20.0.0.0/8' "$world/out"; }
until_true doubted
ok $? "$line"
typed mx1 'greenlane sources --vendor acme --accept'
typed mx1 'cd '
typed mx1 'git commit'
typed mx1 'greenlane reload'
typed mx2 'cd '
lists() { at "$1" 'greenlane sources' > "$world/out" 2>&1; grep -q '^    20.0.0.0/8 ' "$world/out"; }
for host in mx1 mx2; do
	until_true lists "$host"
	ok $? "$host believes it"
done
until_true agree mx1 && until_true agree mx2
ok $? "status of both shows one policy, and one fingerprint of the sources"

# ---- where a message is ----

recorded() { records; grep -q code@bank.example "$world/mx1/checkout/mx1.jsonl" && grep -q code@bank.example "$world/mx1/checkout/mx2.jsonl"; }
until_true recorded
typed desk 'greenlane log'
out '^try 1 .*in mx1.jsonl' "the first try was at one host"
out '^try 2 .*in mx2.jsonl' "the second at the other"
type_next desk 'greenlane report'
is $? 1 "$line" # no mail of the vendor has come, so nothing shows that it is safe to enforce
is "$typed" "$(wc -l < "$world/commands")" "every command of the page was typed"

finish_tap
