#!/bin/sh
# TAP: each path of the configuration that the user of greenlaned may not enter, read or write: a line at the start says which,
# why, and what to do about it.
#
# Root starts greenlaned as nobody, and as itself; anybody else closes his own files to himself.
name=closed
. "${srcdir:-.}/t/cli/store_lib.sh"
as=''
if [ "$(id -u)" -eq 0 ]; then
	command -v setpriv > "$world/out" && setpriv --reuid nobody --regid "$(id -g nobody)" --clear-groups test -x "$greenlaned" ||
		{ echo "1..0 # SKIP there is no setpriv, or another user cannot enter the directory of the build"; exit 0; }
	as="setpriv --reuid nobody --regid $(id -g nobody) --clear-groups"
fi
keys=${top_builddir:-.}/t/print_keys
shut=$world/shut only=$world/only open=$world/open # none enters, none writes, a file that none opens
mkdir "$shut" "$only" "$open"
cp "$world/vendors/steady.conf" "$shut/file"
cp "$world/vendors/steady.conf" "$open/file"
: > "$world/seen"

start_known() { says ' serves ' || gone "$daemon"; }
starts() { # [COMMAND...]: begins greenlaned, and ends it once it serves; without it, it has ended by itself
	rm -rf "$world/run/"* "$world/run/".*.kept "$world/state"
	mkdir -m 755 "$world/state"
	[ "$(id -u)" -ne 0 ] || chown nobody "$world/state"
	: > "$world/daemon"
	"$@" "$greenlaned" -f -c "$world/conf" 2> "$world/daemon" &
	daemon=$!
	pids="$pids $daemon"
	until_true start_known
	kill "$daemon" 2> /dev/null
	wait "$daemon"
}
# What is denied without a word of what helps.
unhelped() { grep -i 'permission denied\|may not' "$world/daemon" | grep -v 'chmod\|chown\|; create it and give it to\|; give ' | sed "s|$world||g"; }
# closed KEY PATTERN LINE...: with these lines instead of its own
closed() {
	key=$1 pattern=$2
	shift 2
	echo "$key" >> "$world/seen"
	conf none
	for line in "$@"; do
		sed -i "/^${line%% *} /d" "$world/conf"
		printf '%s\n' "$line" >> "$world/conf"
	done
	chmod 0 "$shut" "$open/file"
	chmod 555 "$only"
	# shellcheck disable=SC2086 # words
	starts $as
	says "$pattern"
	ok $? "$key: $(printf %s "$pattern" | sed "s|$world||g")"
	is "$(unhelped)" "" "$key: all that is denied is said with what helps"
	[ -z "$as" ] || starts
	is "$(unhelped)" "" "$key: and at a start by root"
	chmod 755 "$shut" "$only"
	rm -rf "${only:?}"/* "${shut:?}"/[!f]* # what root has made there
	chmod 644 "$open/file"
}
who="($user)"
enter="$who may not enter $shut: chmod o\\+x $shut, or name another place\$"
read="cannot be opened: Permission denied; let $who read it, by its group \\(chmod g\\+r $open/file\\)"
make="cannot be created: Permission denied; create it and give it to $who\$"

for place in "$shut/verdicts" "$only/new/verdicts"; do
	closed log.record "^greenlaned: ${place%/verdicts}: $make|^greenlaned: $place: cannot be .*: Permission denied; $enter" "log = { record = \"$place\"; };"
done
closed log.record "^greenlaned: $only/verdicts: cannot be opened: Permission denied; $who may not write in $only: give that to $who \\(chown $who $only\\)\$" \
	"log = { record = \"$only/verdicts\"; };"
closed log.record "^greenlaned: $open/file: cannot be opened: Permission denied; give it to $who \\(chown $who $open/file\\)\$" \
	"log = { record = \"$open/file\"; };"
for place in "$shut/state" "$only/state"; do
	closed state_dir "^greenlaned: $place: $make" "state_dir = \"$place\";"
done
closed state_dir "^greenlaned: $only/lock: $who may not open it: Permission denied; start greenlaned as the user .* \\(chown -R $who $only\\)\$" "state_dir = \"$only\";"
for listener in milter delegate socketmap control metrics; do
	closed $listener.listen "'$shut/s' cannot be opened: Permission denied; $who may not enter $shut: chmod o\\+x $shut, or name another place" \
		"$listener = { listen = \"unix:$shut/s\"; };"
	closed $listener.listen "$only/sub: $make" "$listener = { listen = \"unix:$only/sub/s\"; };"
	closed $listener.listen "'$only/s' cannot be opened: Permission denied; $who may not write in $only: give that to $who \\(chown $who $only\\)" \
		"$listener = { listen = \"unix:$only/s\"; };"
done
for place in "$shut/greylist" "$only"; do
	closed greylist.store "the greylist store does not work \\(failed\\): $place: the greylist may not be opened; give the directory and its files to the user of greenlaned .*, and to enter those above \\(chmod o\\+x\\)" \
		"greylist = { store = \"lmdb:$place\"; };"
done
closed greylist.redis.password_file "$shut/file: cannot be checked: Permission denied; $who may not enter $shut" \
	"greylist = { store = \"redis:127.0.0.1:1\"; redis = { password_file = \"$shut/file\"; }; };"
closed greylist.redis.password_file "$open/file: $read" \
	"greylist = { store = \"redis:127.0.0.1:1\"; redis = { password_file = \"$open/file\"; }; };"
for place in "$shut/list" "$only/new/list"; do
	closed exports.file "^greenlaned: (${place%/list}: $make|$place: cannot be .*: Permission denied; $enter)" "exports = ( { format = \"cidr\"; file = \"$place\"; } );"
done
closed exports.file "^greenlaned: $only/list: cannot be .*: Permission denied; $who may not write in $only: give that to $who" \
	"exports = ( { format = \"cidr\"; file = \"$only/list\"; } );"
closed dns.trust_anchor "the trust anchor '$shut/file' cannot be read: Permission denied; $who may not enter $shut: chmod o\\+x" \
	"dns = { servers = [ \"127.0.0.1\" ]; trust_anchor = \"$shut/file\"; };"
closed dns.trust_anchor "the trust anchor '$open/file' cannot be read: Permission denied; let $who read it, by its group \\(chmod g\\+r $open/file\\)" \
	"dns = { servers = [ \"127.0.0.1\" ]; trust_anchor = \"$open/file\"; };"
make_pair() {
	openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=redis.example -keyout "$world/key.pem" -out "$world/ca.pem" > "$world/out" 2>&1 &&
		chmod 644 "$world/key.pem" "$world/ca.pem"
}
tls() { # MEMBER PATH: only this one is closed
	ca=$world/ca.pem cert=$world/ca.pem key_file=$world/key.pem
	case $1 in ca) ca=$2 ;; cert) cert=$2 ;; key) key_file=$2 ;; esac
	echo "greylist = { store = \"redis:127.0.0.1:1\"; redis = { tls = { ca = \"$ca\"; cert = \"$cert\"; key = \"$key_file\"; }; }; };"
}
has_tls() {
	conf none
	sed -i '/^greylist /d' "$world/conf"
	tls none >> "$world/conf"
	"$greenlane" -c "$world/conf" check > "$world/out" 2>&1
	! grep -q 'has no TLS' "$world/out"
}
if make_pair && has_tls; then
	for member in ca cert key; do
		closed greylist.redis.tls.$member "redis\.tls\.$member: $shut/file: .*; $who may not enter $shut: chmod o\\+x" "$(tls $member "$shut/file")"
		closed greylist.redis.tls.$member "redis\.tls\.$member: $open/file: .*; let $who read it, by its group" "$(tls $member "$open/file")"
	done
else
	skip "greylist.redis.tls" "no openssl, or no TLS"
	printf 'greylist.redis.tls.%s\n' ca cert key >> "$world/seen"
fi
closed shadow "$shut/file: cannot be opened: Permission denied; .*chmod" "shadow = \"$shut/file\";"
closed shadow "$open/file: cannot be opened: Permission denied; .*chmod" "shadow = \"$open/file\";"
cp "$open/file" "$open/steady.conf"
closed vendor_path "$shut: cannot be read for shared senders: Permission denied; let $who" "vendor_path = [ \"$shut\", \"$world/vendors\" ];"

long=$only/$(printf %0120d 0)
closed log.record "cannot be opened: Permission denied; give it, or its directory, to $who, who must be able to enter those above\$" "log = { record = \"$long\"; };"

# ---- no other ----

"$keys" | awk -F '\t' '$2 ~ /an absolute path|a listener|a store|a Unix socket|a list of directories/ { print $1 }' | grep -v '^vendor\.' | sort > "$world/paths"
is "$(sort -u "$world/seen" | grep -vxF -f "$world/paths" -)" "" "these are keys"
is "$(sort -u "$world/seen" | grep -vxF -f - "$world/paths" | tr '\n' ' ')" "" "and no key that is a path is left out"
finish_tap
