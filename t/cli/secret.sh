#!/bin/sh
# TAP: the password of Redis is in no core, log, status, check or error text, whatever the server does.
#
# A core holds what the kernel does not leave out (VmFlags dd in smaps): all that memory of the running daemon is searched. Needs
# Debian's redis-server and the right to read that memory.
name=secret
. "${srcdir:-.}/t/cli/lib.sh"
config=$world/conf
needs redis-server redis-cli /usr/bin/python3
sock=$world/redis.sock server='' daemon=''
user=$(id -un)
[ "$user" != root ] || user=nobody
mkdir "$world/run" "$world/state" "$world/data" "$world/secret"
[ "$(id -u)" -ne 0 ] || chown nobody "$world/run" "$world/state"
steady_vendor
{
	printf 'vendor_path = [ "%s/vendors" ];\nvendors = ( { name = "steady"; } );\nuser = "%s";\n' "$world" "$user"
	printf 'milter = { listen = "unix:%s/run/socket"; };\ncontrol = { listen = "unix:%s/run/control"; };\n' "$world" "$world"
	printf 'strangers = { authenticate = false; };\nstate_dir = "%s/state";\ndns = { servers = [ "127.0.0.1" ]; };\n' "$world"
	printf 'log = { record = "%s/state/verdicts"; };\nalert = { command = "/bin/true"; };\n' "$world"
	printf 'greylist = { store = "redis:unix:%s"; delay = "1s"; redis = { connect_timeout = "5s"; command_timeout = "5s"; ' "$sock"
	printf 'password_file = "%s/secret/password"; }; };\n' "$world"
} > "$world/conf"

# search PID FILE: how often the words of the file are in what a core of the process has, and whether they are in what it leaves out.
# Of each word its middle is looked for, since a block that was freed loses its first bytes. 77: that memory cannot be read.
cat > "$world/search.py" << 'TEXT'
import sys
words = [w for w in open(sys.argv[2], "rb").read().split() if w]
parts = [w[16:48] for w in words]
core = out = 0
regions, region = [], None
try:
    for line in open(f"/proc/{sys.argv[1]}/smaps"):
        head = line.split()
        if "-" in head[0] and ":" not in head[0]:
            region = [int(x, 16) for x in head[0].split("-")] + [head[1], line.strip()]
        elif head[0] == "VmFlags:":
            regions.append((*region, "dd" in head[1:]))
    memory = open(f"/proc/{sys.argv[1]}/mem", "rb", 0)
except PermissionError:
    sys.exit(77)
for begin, end, rights, line, left_out in regions:
    if "r" not in rights or "[vvar" in line or "[vsyscall]" in line:
        continue
    if left_out and end - begin > 1 << 30:  # the shadow of a sanitizer, terabytes
        continue
    try:
        memory.seek(begin)
        data = memory.read(end - begin)
    except (OSError, OverflowError):
        continue
    found = sum(data.count(p) for p in parts)
    if left_out:
        out += found
    else:
        core += found
        if found:
            print("in", line, file=sys.stderr)
print(f"core {core}, left out {'some' if out else 'none'}")
TEXT
search() { /usr/bin/python3 "$world/search.py" "${1:-$daemon}" "$world/words" 2>&1; }
# nowhere SAID NAME: is it in memory only where no core has it, and never said?
nowhere() {
	is "$(search)" "core 0, left out $1" "$2: it is in no core"
	"$greenlane" -c "$world/conf" status --json > "$world/json" 2>&1
	"$greenlane" -c "$world/conf" status > "$world/text" 2>&1
	"$greenlane" -c "$world/conf" check > "$world/checked" 2>&1
	"$greenlane" -c "$world/conf" config > "$world/settings" 2>&1
	! grep -qFf "$world/words" "$world/json" "$world/text" "$world/checked" "$world/settings" "$world/daemon" "$world/redis" \
		"$world/state/verdicts"
	ok $? "$2: nobody says it"
}
# new_word: a password that nobody had before; its middle is looked for.
new_word() {
	word=$(od -An -N 32 -tx1 /dev/urandom | tr -d ' \n')
	echo "$word" >> "$world/words"
}
keep() { (umask 077 && echo "$1" > "$world/secret/new" && mv "$world/secret/new" "$world/secret/password"); [ "$(id -u)" -ne 0 ] || chown -R nobody "$world/secret"; }
serve() {
	: > "$world/redis"
	# the password comes over standard input: the arguments of a process are for everybody
	printf 'port 0\nunixsocket %s\nunixsocketperm 777\nsave ""\ndir %s\nrequirepass %s\n' "$sock" "$world/data" "$1" |
		redis-server - > "$world/redis" 2>&1 &
	server=$!
	pids="$pids $server"
	until_true test -S "$sock"
}
mail() { /usr/bin/python3 "$top/t/cli/milter.py" "$world/run/socket" "$1@stranger.example" 203.0.113.5 anna@rx.example; }
well() { "$greenlane" -c "$world/conf" status > "$world/out" 2> "$world/err"; ! grep -q '^ill: store-failed' "$world/out"; }
ill() { ! well; }

new_word
first=$word
keep "$first"
serve "$first"
# shellcheck disable=SC2094 # a descriptor that it has from its parent: both only read
greenlaned_start "$world/conf" 7< "$world/conf" || bail_out "greenlaned does not start"
search > /dev/null
[ $? -ne 77 ] || skip_all "the memory of a process cannot be read here"

# ---- a server that serves ----

for i in 1 2 3 4 5 6; do mail "one$i" > /dev/null & done
mail one > /dev/null
wait $! 2> /dev/null
until_true well
nowhere some "logged in"
cp "$world/words" "$world/kept"
printf '................%s\n' "unix:$world/redis.sock" > "$world/words"
case $(search | tail -n 1) in "core 0,"*) false ;; *) true ;; esac
ok $? "(what is no secret is found in what a core has)"
cp "$world/kept" "$world/words"

# ---- the helper, which the sandbox leaves free ----

helper=$(pgrep -P "$daemon" -x greenlaned-run)
[ -n "$helper" ]
ok $? "a helper runs commands" || helper=$daemon
is "$(search "$helper")" "core 0, left out none" "its memory has no password"
is "$(ls "/proc/$helper/fd" | tr '\n' ' ')" "0 1 2 3 " "it has four descriptors"
is "$(for fd in 0 1 2 3; do readlink "/proc/$helper/fd/$fd" | sed 's/:.*//'; done | tr '\n' ' ')" "/dev/null /dev/null /dev/null socket " \
	"to no file and no listener of the daemon's"
ids() { grep -E '^([UG]id|Groups|Cap...):' "/proc/$1/status"; }
is "$(ids "$helper")" "$(ids "$daemon")" "and the daemon's user, groups and rights"
[ "$user" = "$(id -un)" ] || is "$(sed -n 's/^Uid://p; s/^CapPrm:/\t/p' "/proc/$helper/status" | tr -s '\t' ' ' | tr -d '\n')" \
	"$(id -u nobody | sed 's/.*/ & & & & 0000000000000000/')" "which are none of root's"

# ---- a reload ----

run 0 "a reload" reload
mail two > /dev/null
nowhere some "after a reload"

# ---- a server that is gone, one with another password, and the right one at last ----

kill -9 "$server"
wait "$server" 2> /dev/null
rm -f "$sock"
mail three > /dev/null
until_true ill
nowhere some "without a server"
new_word
second=$word
serve "$second"
until_true grep -q 'refuses the user or the password\|refuses the password' "$world/daemon"
ok $? "a password that is wrong"
nowhere some "refused"
keep "$second"
until_true well
ok $? "the right one is read by itself"
mail four > /dev/null
nowhere some "logged in anew"

kill "$daemon"
wait "$daemon"
is $? 0 "it stops"
finish_tap
