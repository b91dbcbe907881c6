#!/bin/sh
# TAP: greenlaned and /etc/resolv.conf: it names a dead server, changes, is empty.
#
# In namespaces of its own: a resolv.conf and port 53 that nobody else sees. Needs nsd and the right to make them.
name=resolv_conf
. "${srcdir:-.}/t/cli/lib.sh"

needs nsd unshare ip
private=-mn
[ "$(id -u)" = 0 ] || private=-rmn
echo 'nameserver 127.0.0.53' > "$world/resolv.conf"
inside='ip link set lo up && mount --bind "$1/resolv.conf" /etc/resolv.conf'
# shellcheck disable=SC2086 # words
unshare $private sh -c "$inside" sh "$world" 2> "$world/err" ||
	skip_all "no private resolv.conf can be mounted here: $(tail -n 1 "$world/err")"
[ "${IN_NAMESPACE-}" ] || {
	rm -rf "$world"
	# shellcheck disable=SC2086
	IN_NAMESPACE=1 exec unshare $private "$0"
}
mount --bind "$world/resolv.conf" /etc/resolv.conf && ip link set lo up || exit 99

cat > "$world/zone" <<'END'
$TTL 300
. SOA ns. root. 1 3600 600 86400 60
. NS ns.
ns. A 127.0.0.1
desk.example. TXT "v=spf1 ip4:192.0.2.0/24 -all"
END
# serve ADDRESS: a name server there; its process id is in $served.
serve() {
	mkdir -p "$world/nsd.$1"
	cat > "$world/nsd.$1/conf" <<END
server:
	ip-address: $1
	zonesdir: "$world"
	database: ""
	pidfile: ""
	xfrdfile: "$world/nsd.$1/xfrd"
	xfrdir: "$world/nsd.$1"
	zonelistfile: "$world/nsd.$1/zones"
	logfile: "$world/nsd.$1/log"
	username: ""
	server-count: 1
remote-control:
	control-enable: no
zone:
	name: "."
	zonefile: "zone"
END
	nsd -d -c "$world/nsd.$1/conf" 2> "$world/nsd.$1/err" &
	served=$!
	pids="$pids $served"
}
# names LINE...: the resolv.conf from now on. It is mounted, so it is written in place, and never empty for a moment.
names() { printf '%-200s\n' "$(printf '%s\n' "$@")" 1<> "$world/resolv.conf"; }
reloaded_twice() { [ "$(grep -c "reload: 1 vendor in force" "$world/daemon")" -ge 2 ]; }
known() { grep -qs '192.0.2.0/24' "$world"/state/sources/*; }

mkdir "$world/vendors"
cat > "$world/vendors/desk.conf" <<'END'
vendor = { name = "desk"; domains = [ "desk.example" ]; sources = ( { spf = "desk.example"; } ); };
END
conf() {
	cat > "$world/conf" <<END
vendor_path = [ "$world/vendors" ];
vendors = ( { name = "desk"; } );
milter = { listen = "unix:$world/socket"; };
control = { listen = "unix:$world/control"; };
state_dir = "$world/state";
user = "$(id -un)";
dns = { timeout = "1s"; };
refresh = { min = "1s"; };
END
}
start() { # starts greenlaned and forgets what it has learned before
	rm -rf "$world/state"
	greenlaned_launch "$world/conf"
}
stop() { # NAME
	kill "$daemon"
	wait "$daemon"
	is $? 0 "$1"
}
conf

tells() { "$greenlane" -c "$world/conf" status --json > "$world/out" 2> "$world/err"; grep -Eq -- "$1" "$world/out"; }
is_ill() { tells '"slug":"dns-trouble",.*"remedy":"check that name server, or name another in /etc/resolv.conf or in dns.servers"'; }
is_well() { ! is_ill && tells "\"dns\":{\"servers\":\\[$1\\],\"failing_since\":0}"; }

# ---- a dead server at the start, and then another one is named ----

serve 127.0.0.1
names 'nameserver 127.0.0.53'
start
until_true says 'dns: asking 127.0.0.53 \(/etc/resolv.conf\)'
ok $? "the servers in use are logged"
until_true says 'dns: no usable answer for four seconds from 127.0.0.53; .*name another one in /etc/resolv.conf'
ok $? "that none of them answers is logged, with the remedy"
until_true is_ill
ok $? "status is ill"
tells '"dns":.*"127.0.0.53".*"failing_since":[1-9]'
ok $? "and tells the server, and since when"
names '# office' 'nameserver 127.0.0.1'
until_true says 'dns: now asking 127.0.0.1 \(/etc/resolv.conf\)'
ok $? "while none answers the file is looked at again"
until_true says 'dns: answers come again from 127.0.0.1$'
ok $? "then answers come again, and this is logged"
until_true is_well '"127.0.0.1"'
ok $? "and status is well"
until_true known
ok $? "and what could not be asked is known"

# ---- a change while all is well waits for a reload ----

serve 127.0.0.2
second=$served
names 'nameserver 127.0.0.2' 'nameserver 127.0.0.1'
kill -HUP "$daemon"
until_true says 'dns: now asking 127.0.0.2, 127.0.0.1 \(/etc/resolv.conf\)'
ok $? "a reload looks at the file"
is "$(grep -c 'dns: now asking' "$world/daemon")" 2 "which has changed twice"
kill -HUP "$daemon"
until_true reloaded_twice
is "$(grep -c 'dns: now asking' "$world/daemon")" 2 "a reload changes nothing that has not changed"
kill "$second"
wait "$second"
stop "it ends"

# ---- an empty file ----

names
start
until_true says "dns: asking"
says 'dns: asking 127.0.0.1, because /etc/resolv.conf names no server; name another one'
ok $? "an empty file means 127.0.0.1, and the log says so"
until_true known
ok $? "which is asked"
until_true is_well '"127.0.0.1"'
ok $? "and told by status"
"$greenlane" -c "$world/conf" status > "$world/out" 2> "$world/err"
out '^dns: asking 127\.0\.0\.1$' "to a person, too"
run 0 "check" -c "$world/conf" check
out '^warning: /etc/resolv\.conf names no server, so 127\.0\.0\.1 is asked; name a server there, or in dns\.servers$' "says so, too"
stop "it ends"

# ---- servers of the configuration ----

echo 'dns = { servers = [ "127.0.0.1@53" ]; timeout = "1s"; };' > "$world/own"
sed -i "/^dns = /r $world/own" "$world/conf"
sed -i '0,/^dns = /{/^dns = /d}' "$world/conf"
start
until_true says ' serves '
says 'dns: asking 127.0.0.1@53 \(dns.servers\)'
ok $? "servers of the configuration are logged too"
names 'nameserver 127.0.0.53'
kill -HUP "$daemon"
until_true says 'reload: 1 vendors? in force'
says 'now asking'
is $? 1 "and the file does not matter then"
stop "it ends"

finish_tap
