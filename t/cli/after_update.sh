#!/bin/sh
# TAP: contrib/after-update says in two or three lines what an update changes: an error in the configuration, mail of the last day
# that is judged otherwise now, records that cannot be judged again; and nothing where there is nothing to say.
name=after-update
. "${srcdir:-.}/t/cli/lib.sh"

mkdir "$world/vendors"
config=$world/greenlane.conf
{
	on_this_host
	record=$world/host/verdicts.jsonl # of the daemon's user, as its directory is
	cat << END
authserv_id = "mx.rx.example";
log         = { record = "$record"; };
dns         = { servers = [ "127.0.0.1@9" ]; timeout = "1s"; };
vendor_path = [ "$world/vendors" ];
vendors     = ( { name = "acme"; mode = "enforce"; } );
END
} > "$config"
sed -e "s,/usr/bin/greenlane,$greenlane," -e "s,$greenlane [a-z]*,& -c $config," -e "s,^user=.*,user=$site_user," \
	"$top/contrib/after-update" > "$world/after-update"

vendor() {
	printf 'vendor = { name = "acme"; domains = [ "acme.example" ]; vouch = [ "listed" ];\n sources = ( { cidr = [ %s ]; exclusive = true; as_of = "2026-11-01"; } ); };\n' "$1" > "$world/vendors/acme.conf"
}
mail() { # CLIENT
	"$greenlane" explain -c "$config" --client "$1" --helo mail.acme.example --mail-from '<>' --from t@acme.example \
		--rcpt anna@rx.example --json >> "$record"
	[ "$(id -u)" -ne 0 ] || chown "$site_user" "$record"
}
updated() { # NAME: what it says is in out, and it says it in at most three lines
	sh "$world/after-update" > "$world/out" 2> "$world/err" && [ ! -s "$world/err" ] && [ "$(wc -l < "$world/out")" -le 3 ]
	ok $? "$1"
}

vendor '"192.0.2.0/25", "192.0.2.128/25"'
updated "without a record file"
is "$(cat "$world/out")" "" "nothing is said"
mail 192.0.2.1
mail 192.0.2.200
mail 192.0.2.201
updated "with records that are judged as they were"
is "$(cat "$world/out")" "greenlane: the last day's mail (3 records) is judged as it was" "it says so"
vendor '"192.0.2.0/25"'
updated "with records that are judged otherwise"
out '^greenlane: of the last day.s 3 records 2 would be judged otherwise now, see greenlane replay --since 1d$' "it says how many"
out '^  acme: 2 messages, was vouched, pass \(proven\), is (forged|unsure), ' "and what they were and are"
cp "$record" "$world/kept"
sed -i 's/"v":2,"time":"[^"]*"/"v":1/; s/"sources":\[[^]]*\],//' "$record"
updated "with records of an older version"
out '^greenlane: of the last day, 3 records cannot be judged again: it is of version 1' "it says that they cannot be judged again"
cat "$world/kept" > "$record"

# files that ended before the last day are not even opened
"$greenlane" replay -c "$config" --since 1d > "$world/now" 2>&1
printf 'no record\n' > "$record.2"
touch -d '3 days ago' "$record.2"
"$greenlane" replay -c "$config" --since 1d > "$world/out" 2>&1
cmp -s "$world/now" "$world/out"
ok $? "a rotated file that was last written before that day is not read"
touch "$record.2"
"$greenlane" replay -c "$config" --since 1d > "$world/out" 2>&1
out '^no records: 1 line' "one that was written since is"
rm "$record.2"

vendor '"192.0.2.0/25", "192.0.2.128/25"'
sed 's/"time":"2[^"]*"/"time":"2020-01-01T00:00:00.000Z"/' "$world/kept" > "$record"
updated "with records that are all older"
is "$(cat "$world/out")" "" "nothing is said either"
echo 'mod = "monitor";' >> "$config"
updated "with a configuration that has an error"
out '^greenlane: the configuration has errors, see greenlane check\. The first:$' "it says so"
out "^  .*greenlane\\.conf:[0-9]*: .*'mod'" "and which"
chmod 0 "$config"
updated "with a configuration that the daemon's user may not read"
out '^  .*greenlane\.conf: you may not read it' "it says that"
finish_tap
