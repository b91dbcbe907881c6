#!/bin/sh
# TAP: who may not read what he asks for gets one line that names it, and exit 77: each command, each kind of file. Asks as
# nobody where the test runs as root.
name=denied
. "${srcdir:-.}/t/cli/lib.sh"

if [ "$(id -u)" -eq 0 ]; then
	command -v setpriv > /dev/null && setpriv --reuid 65534 --regid 65534 --clear-groups test -x "$greenlane" ||
		skip_all "there is no setpriv, or another user cannot enter the directory of the build"
	as="setpriv --reuid 65534 --regid 65534 --clear-groups"
else
	as=
fi

mkdir "$world/vendors" "$world/shipped" "$world/state" "$world/log" "$world/greylist" "$world/shut"
for place in vendors shipped; do
	echo 'vendor = { name = "desk"; domains = [ "desk.example" ]; mode = "vouch"; };' > "$world/$place/desk.conf"
done
# a_config NAME LINE...
a_config() {
	file=$1
	shift
	{
		echo "state_dir = \"$world/state\";"
		echo "control = { listen = \"unix:$world/control.sock\"; };"
		echo "greylist = { store = \"lmdb:$world/greylist\"; };"
		echo "vendor_path = [ \"$world/shipped\", \"$world/vendors\" ];"
		echo 'vendors = ( { name = "desk"; } );'
		printf '%s\n' "$@"
	} > "$world/$file.conf"
}
a_config site "log = { record = \"$world/log/verdicts.jsonl\"; };"
a_config shut "log = { record = \"$world/shut/verdicts.jsonl\"; };"
"$greenlane" explain -c "$world/site.conf" --client 192.0.2.7 --mail-from b@desk.example --from t@desk.example \
	--rcpt anna@rx.example --json > "$world/log/verdicts.jsonl" 2> /dev/null
[ -s "$world/log/verdicts.jsonl" ]
ok $? "there is a record"
cp "$world/log/verdicts.jsonl" "$world/shut"
cp "$world/log/verdicts.jsonl" "$world/mine.jsonl"
printf 'From: a@s.example\n\nbody\n' > "$world/secret.eml"
cp "$world/site.conf" "$world/secret.conf"
echo 'myhostname = mx.rx.example' > "$world/secret.postconf"
"$greenlane" report -c "$world/site.conf" --state "$world/secret.state" "$world/mine.jsonl" > /dev/null 2>&1
mkdir "$world/secret.vendors"
chmod 644 "$world"/*.conf "$world/mine.jsonl"
chmod 0 "$world/log/verdicts.jsonl" "$world"/secret.*
chmod 0 "$world/shut"

# denied PATH ARGUMENT...: nobody may not read this path for it.
denied() {
	path=$1
	shift
	# shellcheck disable=SC2086 # words
	timeout 60 $as "$greenlane" "$@" > "$world/out" 2> "$world/err" < /dev/null
	is "$?" 77 "$*: exit 77"
	is "$(grep -c . "$world/err")" 1 "in one line"
	err "^greenlane: $path: (you may not (read|change) it; run this as root or as greenlaned's user|Permission denied)$" "which names $path"
}

record=$world/log/verdicts.jsonl
for command in report log replay suggest 'explain --id 6b.1.1'; do
	# shellcheck disable=SC2086 # words
	denied "$record" $command -c "$world/site.conf"
	# shellcheck disable=SC2086
	denied "$world/shut" $command -c "$world/shut.conf"
	# shellcheck disable=SC2086
	denied "$world/secret.conf" $command -c "$world/secret.conf"
done
for command in report replay suggest; do
	denied "$record" $command -c "$world/site.conf" "$world/mine.jsonl" "$record"
	denied "$world/shut/verdicts.jsonl" $command -c "$world/site.conf" "$world/shut/verdicts.jsonl"
done
denied "$record" log -c "$world/site.conf" -f "$record" 6b.1.1
denied "$world/secret.state" report -c "$world/site.conf" --state "$world/secret.state" "$world/mine.jsonl"
denied "$world/shut/state" report -c "$world/site.conf" --state "$world/shut/state" "$world/mine.jsonl"
denied "$world/secret.conf" replay -c "$world/site.conf" --policy "$world/secret.conf" "$world/mine.jsonl"
denied "$world/secret.vendors" replay -c "$world/site.conf" --policy "$world/secret.vendors" "$world/mine.jsonl"
denied "$world/secret.eml" explain -c "$world/site.conf" --client 192.0.2.7 --message "$world/secret.eml"
denied "$world/secret.postconf" setup -c "$world/site.conf" postfix --postconf "$world/secret.postconf"
for command in check config 'dns rx.example' 'vendor list' 'vendor show desk' 'vendor diff desk' 'vendor brief desk' sources \
	'export cidr' 'greylist list'; do
	# shellcheck disable=SC2086
	denied "$world/secret.conf" $command -c "$world/secret.conf"
done

# ---- a vendor file ----

chmod 0 "$world/shipped/desk.conf"
denied "$world/shipped/desk.conf" vendor -c "$world/site.conf" diff desk
chmod 644 "$world/shipped/desk.conf"
chmod 0 "$world/vendors/desk.conf"
for command in config 'vendor show desk' 'vendor diff desk' 'explain --client 192.0.2.7' report replay suggest; do
	# shellcheck disable=SC2086
	denied "$world/vendors/desk.conf" $command -c "$world/site.conf"
done
chmod 644 "$world/vendors/desk.conf"

# ---- directories ----

chmod 0 "$world/state" "$world/greylist"
for command in sources 'export cidr' 'vendor brief desk' 'sources --accept'; do
	# shellcheck disable=SC2086
	denied "$world/state" $command -c "$world/site.conf"
done
denied "$world/greylist" greylist list -c "$world/site.conf"
chmod 755 "$world/state"
mkdir -p "$world/state/sources"
chmod 0 "$world/state/sources"
chmod 555 "$world/state"
for command in sources 'sources --json' 'export cidr' 'vendor brief desk' 'sources --accept'; do
	path=$world/state/sources
	[ "$command" != 'sources --accept' ] || path=$world/state
	# shellcheck disable=SC2086
	denied "$path" $command -c "$world/site.conf"
done
chmod 755 "$world/state" "$world/state/sources" "$world/shut" # so that they can be taken away

# ---- who may ----

config=$world/site.conf
chmod 644 "$record"
# shellcheck disable=SC2086
timeout 60 $as "$greenlane" report -c "$config" > "$world/out" 2> "$world/err"
is "$?" 1 "what may be read is read"
out '^1 records? of 1 message' "and counted"
run 66 "a file that is not there is another matter" report "$world/nothing"
finish_tap
