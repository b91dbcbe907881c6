#!/bin/sh
# TAP: greenlane check tries what a start and a reload meet on this host: each trial is made to fail and mended, and nothing is
# changed, which the tree before and after each run shows.
#
# As root the daemon's user is nobody; the last part asks as nobody and as somebody else. Without root: the caller's own.
name=check
. "${srcdir:-.}/t/cli/lib.sh"
site=$world/site
config=$site/conf
root=false user=$(id -un) group=$(id -gn)
if [ "$(id -u)" -eq 0 ]; then
	command -v setpriv > /dev/null && setpriv --reuid 65534 --regid 65534 --clear-groups test -x "$greenlane" ||
		skip_all "there is no setpriv, or another user cannot enter the directory of the build"
	root=true user=nobody group=nogroup
fi
mkdir -p "$site/vendors" "$site/run" "$site/state" "$site/log" "$site/lists"
own() { if $root; then chown -R "$user:$group" "$@"; fi; }
own "$site/run" "$site/state" "$site/log" "$site/lists"
port=$(/usr/bin/python3 "$top/t/mta/net.py" ports 1)
echo 'vendor = { name = "desk"; domains = [ "desk.example" ]; sources = ( { cidr = [ "4.2.2.0/25" ]; exclusive = true; } ); };' \
	> "$site/vendors/desk.conf"

# conf [SED-EXPRESSION]...: the site, changed so.
conf() {
	cat > "$config" <<END
user = "$user";
state_dir = "$site/state";
vendor_path = [ "$site/vendors" ];
milter = { listen = "unix:$site/run/milter.sock"; group = "$group"; max_sessions = 50; };
delegate = { listen = "inet:$port@127.0.0.1"; };
control = { listen = "unix:$site/run/control.sock"; };
dns = { servers = [ "127.0.0.1@9" ]; timeout = "1s"; };
log = { record = "$site/log/verdicts"; };
greylist = { store = "lmdb:$site/state/greylist"; };
own = { networks = [ "10.1.0.0/16" ]; };
exports = ( { format = "cidr"; file = "$site/lists/cidr"; command = "true"; } );
vendors = ( { name = "desk"; } );
END
	for change in "$@"; do sed -i "$change" "$config"; done
}
tree() { find "$site" -printf '%p %y %m %u %g %s %T@ %C@ %i %l\n' | sort; }
as_user() { if $root; then setpriv --reuid "$user" --regid "$group" --clear-groups "$@"; else "$@"; fi; }

# checked STATUS NAME [COMMAND...]: greenlane check exits so and changes nothing; COMMAND runs it as somebody else.
checked() {
	wanted=$1 title=$2
	shift 2
	tree > "$world/before"
	"$@" "$greenlane" -c "$config" check > "$world/out" 2> "$world/err" < /dev/null
	is "$?" "$wanted" "$title"
	tree > "$world/after"
	cmp -s "$world/before" "$world/after" || diff "$world/before" "$world/after" | sed 's/^/# /'
	cmp -s "$world/before" "$world/after"
	ok $? "$title: nothing is changed"
}
# wrong PATTERN NAME: an error, whose line has the remedy; "mended NAME" follows once it is.
wrong() {
	checked 1 "$2"
	out "$1" "$2: the line says what to do"
}
warned() {
	checked 0 "$2"
	out "^warning: $1" "$2: the line says what to do"
}
mended() {
	checked 0 "$1: mended"
	out '^[^ ]*/conf: 1 vendor, 1 source, 0 warnings, no errors$' "$1: no error, no warning"
}

# ---- all is well ----

rm -rf "$site/state/greylist"
conf
mended "a site that nothing was started on"
lacks 'not tried' "all of it was tried"

# ---- user, groups ----

conf 's/^user = .*/user = "no-such-user";/'
wrong "^user 'no-such-user' does not exist; create it \(adduser .*\) or name another in .user.$" "an unknown user"
conf 's/group = "[a-z]*"/group = "no-such-group"/'
warned "group 'no-such-group' does not exist; only root and $user can use .*/run/milter\.sock; create it, or name" "an unknown group"
conf 's/control.sock"/control.sock"; group = "no-such-group"/'
warned "group 'no-such-group' does not exist; .*/run/control\.sock" "an unknown group of control"
conf
mended "users and groups"

# ---- directories ----

: > "$site/file"
conf "s|^state_dir = .*|state_dir = \"$site/file/state\";|"
wrong "^$site/file/state: cannot be created: part of the path is not a directory, .*; create it and give it to $user$" "a file in the way"
conf "s|$site/lists/cidr|$site/file/lists/cidr|"
wrong "^$site/file/lists: cannot be created: " "in the way of an export"
conf "s|^state_dir = .*|state_dir = \"$site/missing/state\";|"
checked 0 "a directory that a start makes"
rm "$site/file"
conf
mended "directories"

# ---- sockets and ports ----

: > "$site/run/milter.sock"
wrong "^milter\.listen: '$site/run/milter\.sock' is not a socket; move it away$" "a file where the socket goes"
rm "$site/run/milter.sock"
conf "s|$site/run/milter.sock|$site/run/missing/milter.sock|"
checked 0 "a socket in a directory that a start makes"
conf
/usr/bin/python3 - "$site/run/milter.sock" "$port" > "$world/ready" <<'END' &
import socket, sys, time
here = socket.socket(socket.AF_UNIX); here.bind(sys.argv[1]); here.listen()
there = socket.socket(); there.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
there.bind(("127.0.0.1", int(sys.argv[2]))); there.listen()
print("ready", flush=True)
time.sleep(600) # sleeps: until the test kills it
END
other=$! pids="$pids $!"
until_true test -s "$world/ready"
wrong "^milter\.listen: '$site/run/milter\.sock' is served by another process; stop that, or name another socket$" "another program's socket"
out "^delegate\.listen: port $port of 127\.0\.0\.1 cannot be opened: Address already in use; stop what has it, or name another port$" "and its port"
sed -n 's/^milter\.listen: /greenlaned: &/p' "$world/out" > "$world/wanted"
"$greenlaned" -f -c "$config" 2> "$world/daemon"
is "$?" 69 "a start fails for it, too"
is "$(grep 'milter.listen' "$world/daemon")" "$(cat "$world/wanted")" "with the same words"
kill "$other"; wait "$other" 2> /dev/null
mended "a port that is free again, and a socket whose program is gone"
rm -f "$site/run/milter.sock" "$site/state/lock" "$site"/run/*
conf "s|unix:$site/run/milter.sock|inet:$port@192.0.2.77|" '/^delegate/d'
wrong "^milter\.listen: port $port of 192\.0\.2\.77 cannot be opened: .*; write an address of this host$" "an address of another host"
conf "s|inet:$port@127.0.0.1|inet:$port@0.0.0.0|"
warned "delegate\.listen: anybody who reaches inet:$port@0\.0\.0\.0 may speak to it; .* 127\.0\.0\.1" "a listener that is open to all"
conf
mended "listeners"

# ---- what our own daemon holds ----

greenlaned_start "$config" || bail_out "greenlaned does not start"
until_true test -s "$site/lists/cidr"
tree > "$world/before"
mended "our own daemon holds sockets, port, lock and store"
mkdir "$world/other"
sed -i "s|^state_dir = .*|state_dir = \"$site/state2\";|" "$config"
wrong "^delegate\.listen: port $port .* already in use" "a daemon of another state_dir is another program"
conf
kill "$daemon"; wait "$daemon" 2> /dev/null
mended "it has stopped"
store=$site/state/greylist
[ -s "$store/data.mdb" ]
ok $? "and has left a store"

# ---- the store ----

cp -p "$store/data.mdb" "$world/data.mdb"
restore() { cp "$world/data.mdb" "$store/data.mdb"; own "$store"; }
sed -i 's/greylist 1/greylist 0/g' "$store/data.mdb"
own "$store"
wrong "^$store: is not a greylist of this version of greenlane; name another directory in greylist\.store; nobody would be greylisted" "another program's store"
head -c 5000 /dev/urandom > "$store/data.mdb"
own "$store"
warned "$store: the greylist is damaged; its file will be set aside as data\.mdb\.damaged and a new greylist begun" "a damaged store"
mv "$store/greenlane" "$world/mark"
wrong "^$store: .*damaged.*; nobody would be greylisted$" "a damaged store that may be another program's"
mv "$world/mark" "$store/greenlane"
restore
mended "the store"

# ---- state_dir, record, exports: what only another user may write ----

if $root; then
	chown root "$site/state"; chmod 755 "$site/state"
	wrong "^$site/state: nobody may not write in it: Permission denied; give it to nobody \(chown nobody $site/state\)$" "state_dir of another"
	own "$site/state"
	chown root "$site/state/sources"; chmod 755 "$site/state/sources"
	wrong "^$site/state/sources: nobody may not write in it" "its sources of another"
	own "$site/state"
	mended "state_dir"
	chown root "$store/data.mdb"; chmod 600 "$store/data.mdb"
	wrong "^$store: .*; nobody would be greylisted$" "a store of another"
	own "$store"
	chown root "$site/log/verdicts"; chmod 600 "$site/log/verdicts"
	wrong "^$site/log/verdicts: cannot be opened: Permission denied; give it to nobody \(chown nobody $site/log/verdicts\); log\.record is written as nobody$" "a record file of another"
	own "$site/log"
	chown root "$site/lists"
	wrong "^$site/lists/cidr: cannot be created: Permission denied; nobody may not write in $site/lists: give that to nobody \(chown nobody $site/lists\); the export is written as nobody$" "an export's directory of another"
	own "$site/lists"
	chown root "$site/run"
	warned "milter\\.listen: nobody may not write in the directory of unix:$site/run/milter\\.sock: only a start by root .*; give that directory to nobody$" "a directory of sockets of another"
	own "$site/run"
	conf "s|$site/run/milter|/no-such-directory/run/milter|"
	warned "/no-such-directory/run: does not exist, and only a start by root makes it, not that of greenlaned\\.service; make it, and give it to nobody \\(mkdir -p /no-such-directory/run; chown nobody /no-such-directory/run\\)$" "a directory of sockets that is not there"
	conf "s|$site/lists/cidr|/no-such-directory/cidr|"
	warned "/no-such-directory: does not exist, and only a start by root makes it" "an export's that is not there"
	conf "s|$site/run/milter|$site/run/new/milter|"
	mended "one that the user may make"
	conf
	mended "what the daemon writes"

	chmod 600 "$site/vendors/desk.conf"
	wrong "desk\.conf: cannot be opened: Permission denied; let nobody read it, by its group \(chmod g\+r $site/vendors/desk\.conf\); a reload reads it as nobody and will fail$" "a vendor file that only root may read"
	chmod 644 "$site/vendors/desk.conf"
	chmod 600 "$config"
	wrong "^$config: cannot be opened: Permission denied; let nobody read it, by its group \(chmod g\+r $config\); a reload reads it as nobody and will fail$" "greenlane.conf itself"
	chmod 644 "$config"
	mended "files that a reload reads"
fi
rm "$site/log/verdicts"
mkdir "$site/log/verdicts"
wrong "^$site/log/verdicts: is a directory, not a regular file" "a directory where the record goes"
rmdir "$site/log/verdicts"
rm "$site/lists/cidr"
ln -s /etc/hostname "$site/lists/cidr"
wrong "^$site/lists/cidr: is a link, not a regular file" "a link where an export goes"
rm "$site/lists/cidr"
conf 's/command = "true"/command = "no-such-reader reload"/'
wrong "^$site/lists/cidr: the command of this export: no-such-reader is not in PATH; correct it, or let $user run it$" "a reader that does not exist"
conf "s|command = \"true\"|command = \"$site/conf\"|"
wrong "^$site/lists/cidr: the command of this export: $site/conf cannot be run: Permission denied; correct it" "one that may not be run"
for command in ': ; false' 'if test -x /no; then no; fi' '/bin/true; x' 'X=1 y'; do
	conf "s|command = \"true\"|command = \"$command\"|"
	mended "what the shell makes of '$command' is the shell's"
done

conf "\$a alert = { command = \"$site/no-such-program now\"; };"
wrong "^alert\\.command: $site/no-such-program cannot be run: No such file or directory; correct it, or let $user run it$" "an alert.command that does not exist"
conf "\$a alert = { command = \"/bin/true now\"; };"
mended "alert.command"

# ---- DNS ----

conf "s|timeout = \"1s\"|timeout = \"1s\"; trust_anchor = \"$site/anchor\"|"
wrong "the trust anchor '$site/anchor' cannot be read: .*; install dns-root-data or remove dns\.trust_anchor$" "a missing trust anchor"
echo nonsense > "$site/anchor"
wrong "trust anchor" "one that is none"
if $root; then
	echo '. IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D' > "$site/anchor"
	mended "a trust anchor"
	chmod 600 "$site/anchor"
	wrong "the trust anchor '$site/anchor' cannot be read: Permission denied" "one that only root may read"
fi
rm "$site/anchor"
conf
mended "the resolver"

# ---- who may enter ----

if $root; then
	chmod 700 "$site/run"
	conf 's/group = "[a-z]*"/group = "daemon"/'
	warned "milter: the group of unix:$site/run/milter\.sock cannot enter the directory $site/run; chmod o\+x $site/run, or move the socket$" "a directory that the MTA cannot enter"
	sed -n 's/^warning: milter: /greenlaned: &/p' "$world/out" | sed 's/warning: milter/warning: milter/' > "$world/wanted"
	greenlaned_start "$config" || bail_out "greenlaned does not start"
	is "$(grep 'cannot enter' "$world/daemon" | head -n 1)" "$(cat "$world/wanted")" "the start says the same"
	kill "$daemon"; wait "$daemon" 2> /dev/null
	chmod o+x "$site/run"
	mended "a way in"
	chmod 755 "$site/run"
	conf
fi

# ---- Postfix ----

if command -v postconf > /dev/null; then
	MAIL_CONFIG=$world/postfix
	mkdir "$MAIL_CONFIG"
	postfix() { # CHROOT MAXPROC NETWORKS [FILTER [USER]]
		printf 'compatibility_level = 3.6\nmynetworks = 127.0.0.0/8, %s\n' "$3" > "$MAIL_CONFIG/main.cf"
		printf 'smtpd_milters = %s\nmail_owner = %s\n' "${4:-unix:$site/run/milter.sock}" "${5:-$user}" >> "$MAIL_CONFIG/main.cf"
		printf 'smtp inet n - %s - %s smtpd\ncleanup unix n - n - 0 cleanup\n' "$1" "$2" > "$MAIL_CONFIG/master.cf"
	}
	postfix n 50 10.1.0.0/16
	mended "a Postfix that agrees"
	postfix n 50 10.1.0.0/16 unix:/run/elsewhere.sock
	warned "Postfix's smtp/inet does not ask greenlane: smtpd_milters in main\.cf is 'unix:/run/elsewhere\.sock', and its mail is not filtered; greenlane setup postfix" "a Postfix that asks at another path"
	postfix n 50 10.1.0.0/16 '' daemon
	warned "milter\.listen: Postfix's smtpd runs as daemon, which is not in the group $group that may use unix:$site/run/milter\.sock; write milter\.group = \"[^\"]+\"$" "a Postfix whose user may not use the socket"
	postfix y 50 10.1.0.0/16
	warned "milter\.listen: Postfix's smtpd runs chrooted in /var/spool/postfix and cannot reach unix:$site/run/milter\.sock; write milter\.listen = \"unix:/var/spool/postfix/greenlane/milter\.sock\"$" "a chrooted smtpd"
	postfix n 51 10.1.0.0/16
	warned "Postfix's smtpd may have 51 processes, but milter\.max_sessions is 50: .*; write milter\.max_sessions = 51$" "one process too many"
	postfix n - 10.1.0.0/16
	warned "Postfix's smtpd may have 100 processes" "the default_process_limit"
	postfix n 0 10.1.0.0/16
	warned "an smtpd in Postfix's master\.cf may have any number of processes \(maxproc 0\)" "any number of them"
	postfix n 50 '10.1.0.0/16 10.2.0.0/16'
	warned "10\.2\.0\.0/16 is in Postfix's mynetworks, but greenlane judges its mail as anybody's; .*own\.networks" "mynetworks that differ"
	postfix n 50 10.1.0.0/16
	mended "Postfix"
	echo 'mynetworks = $' > "$MAIL_CONFIG/main.cf"
	echo nonsense > "$MAIL_CONFIG/master.cf"
	warned "Postfix is installed, but postconf failed; run it to see why; it was not compared$" "a Postfix that cannot be asked"
	MAIL_CONFIG=$world/no-postfix
else
	skip "Postfix" "it is not installed"
fi

# ---- who may try what ----

conf
checked 0 "the daemon's own user" as_user
lacks 'not tried' "can try all that is there"
conf "s|$port@127|25@127|" "s|^state_dir = .*|state_dir = \"/no-such-directory/state\";|"
$root || sed -i '/^delegate/d' "$config"
checked 0 "the user, of what only root can do" as_user
out '^not tried, since only root can: the directory /no-such-directory/state' "lists it"
if $root && [ "$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" -gt 25 ]; then out ', inet:25@127\.0\.0\.1$' "and the port"; fi
is "$(grep -c 'not tried' "$world/out") $(tail -n 1 "$world/out" | grep -c '^not tried')" "1 1" "once, at the end"
if $root; then
	conf "s|inet:$port@127.0.0.1|inet:$port@0.0.0.0|"
	checked 0 "somebody else" setpriv --reuid 1 --regid 1 --clear-groups
	out '^not tried, since only root can: the directories, sockets and ports, the files that a reload reads, state_dir, the directories of sockets, missing directories, log\.record, log\.privacy, exports, alert\.command, greylist\.store, the resolver$' "can try little, which is said"
	out '^warning: delegate\.listen: anybody' "but sees what anybody can"
	chmod 600 "$site/vendors/desk.conf"
	checked 77 "who may not read a vendor file" setpriv --reuid 1 --regid 1 --clear-groups
	is "$(cat "$world/err")" "greenlane: $site/vendors/desk.conf: you may not read it; run this as root or as greenlaned's user" "gets one line"
	chmod 644 "$site/vendors/desk.conf"
	conf
	"$greenlane" -c "$config" check > "$world/out" 2>&1
	is "$(tree | grep -c 'state2')" 0 "no directory was made"
fi

finish_tap
