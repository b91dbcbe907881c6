#!/bin/sh
# TAP: `shadow`, a draft judged beside the configuration, on a real daemon: one that does not load, mended and reloaded; what is
# logged, recorded and counted; its sources in state_dir/shadow; and that nothing else comes of it.
name=shadow
. "${srcdir:-.}/t/cli/lib.sh"
needs nsd jq
config=$world/greenlane.conf
mkdir -p "$world/vendors" "$world/draft" "$world/state"

cat > "$world/root.zone" << END
$(zone_head 300 60)
new.acme.example. A 203.0.113.77
END
nsd_serve

cat > "$world/vendors/acme.conf" << END
vendor = { name = "acme"; domains = [ "acme.example" ]; dkim = [ ]; vouch = [ "listed" ];
	sources = ( { cidr = [ "192.0.2.0/24" ]; exclusive = true; } ); };
END
sed 's/sources = ( /&{ a = "new.acme.example"; exclusive = true; }, /' "$world/vendors/acme.conf" > "$world/draft/acme.conf"

conf() { # LINE...: greenlane.conf with these lines more
	{
		printf 'state_dir = "%s/state";\nuser = "%s";\n' "$world" "$(id -un)"
		printf 'milter = { listen = "unix:%s/milter.sock"; group = "%s"; };\n' "$world" "$(id -gn)"
		printf 'control = { listen = "unix:%s/control.sock"; };\n' "$world"
		printf 'dns = { servers = [ "127.0.0.1@%s" ]; };\n' "$port"
		printf 'log = { record = "%s/verdicts.jsonl"; };\ngreylist = { store = "none"; };\n' "$world"
		printf 'vendor_path = [ "%s/vendors" ];\nvendors = ( { name = "acme"; mode = "vouch"; } );\n' "$world"
		printf '%s\n' "$@"
	} > "$config"
}
draft() { # LINE...: the draft; what is only the daemon's has no effect in it
	{
		printf 'milter = { listen = "unix:%s/other.sock"; };\nstate_dir = "%s/elsewhere";\nuser = "nobody-of-that-name";\n' \
			"$world" "$world"
		printf 'log = { record = "%s/other.jsonl"; };\n' "$world"
		printf 'exports = ( { format = "cidr"; file = "%s/exported"; } );\n' "$world"
		printf 'vendor_path = [ "%s/vendors", "%s/draft" ];\n' "$world" "$world"
		printf '%s\n' "$@"
	} > "$world/draft.conf"
}

mail() { # CLIENT SENDER
	/usr/bin/python3 "$top/t/cli/milter.py" "$world/milter.sock" "$2" "$1" > "$world/reply" 2>&1
}
written() { [ "$(wc -l < "$world/verdicts.jsonl" 2> /dev/null)" = "$1" ]; } # that many records
counts() { "$greenlane" -c "$config" status --json | jq -c '.shadow | [.loads, .judged, .changed, .not_judgeable]'; }
said() { # NAME: status says it, whatever else is ill
	"$greenlane" -c "$config" status > "$world/out" 2> "$world/err"
	out "$1" "$2"
}

# ---- a draft that is at fault ----

conf "shadow = \"$config\";"
run 1 "a configuration cannot be its own draft" check
out "greenlane\\.conf: 'shadow' names this very file; write the path of another one" "which is said, and what to write"

conf "shadow = \"$world/draft.conf\";"
run 0 "a draft that is missing is no error" check
out "warning: $world/draft\\.conf: the draft that 'shadow' names has 1 error and is not judged" "but a warning"
out "warning: $world/draft\\.conf: cannot be opened: No such file" "with what is wrong"

draft 'vendors = ( { name = "acme"; } );' "shadow = \"$world/draft.conf\";"
run 0 "nor is one with a draft of its own" check
out "warning: .*a draft has no draft of its own; take 'shadow' out of it" "which is said"

draft 'vendors = ( { name = "acme"; } );' 'nonsense = 1;'
greenlaned_start "$config" || bail_out "greenlaned does not start"
ok 0 "greenlaned starts with a draft that does not load"
says "the draft that 'shadow' names has 1 error"
ok $? "and says so in the log"
says "draft\\.conf:[0-9]+: unknown key 'nonsense'"
ok $? "with its fault"
said "^shadow $world/draft\\.conf: does not load" "status says so, too"
is "$(counts)" '[false,0,0,{}]' "and as JSON"
run 0 "a reload takes the configuration all the same" reload
"$greenlane" -c "$config" status --json | jq -r '.reload.faults[]' > "$world/out"
out "warning: .*unknown key 'nonsense'" "and keeps what is wrong with the draft"
mail 203.0.113.9 someone@acme.example
until_true written 1
is "$(jq -c .shadow "$world/verdicts.jsonl")" null "nothing is judged by it"

# ---- mended ----

draft 'vendors = ( { name = "acme"; } );' 'strangers = { authenticate = true; };'
said '^ill: config-newer: ' "a draft that was changed is newer than what was loaded"
run 0 "it is reloaded" reload
said "^shadow $world/draft\\.conf: 0 verdicts judged, 0 of them otherwise\$" "now it loads"
lacks 'config-newer' "and nothing is newer"
until_true test -f "$world/state/shadow/sources/a:new.acme.example.copy"
ok $? "its own source is asked, and kept in state_dir/shadow"
is "$(ls "$world/state/sources")" "" "and not among those of the configuration"

# its sources are known when the first verdict says so; until then it is not judged
knows() {
	mail 203.0.113.77 someone@acme.example
	sent=$((sent + 1))
	until_true written "$sent"
	tail -n 1 "$world/verdicts.jsonl" | jq -e '.shadow.reason == "proven"' > "$world/shadow"
}
sent=1
until_true knows
ok $? "what the draft's own source lists is proven by the draft"
tail -n 1 "$world/verdicts.jsonl" > "$world/last"
is "$(jq -c '[.outcome, .action, .shadow.outcome, .shadow.reason, .shadow.would, .shadow.vendor]' "$world/last")" \
	'["forged","pass","vouched","proven","pass","acme"]' "the verdict is the policy's, and says what the draft's would be"
jq -e '.shadow.rule | test("^acme \\(.*/draft/acme.conf\\): ")' "$world/last" > "$world/shadow"
ok $? "with the file whose rule decided"
until_true says "id=$(jq -r .id "$world/last") .* shadow=pass:proven\$"
ok $? "as the last key of the log line"
mail 192.0.2.9 someone@acme.example
sent=$((sent + 1))
until_true written $sent
is "$(tail -n 1 "$world/verdicts.jsonl" | jq -c '[.outcome, .shadow]')" '["vouched",null]' "where both say the same, nothing is said"
before=$(counts)
is "$(echo "$before" | jq -c '[.[0], .[1] > 1, .[2]]')" '[true,true,1]' "status counts what was judged, and otherwise"
said "^shadow $world/draft\\.conf: [0-9]+ verdicts judged, 1 of them otherwise" "in words, too"
run 1 "replay says of the records what was said beside them" replay --policy "$world/draft.conf" --json
is "$(jq -r '.changed[] | select(.to.reason == "proven") | .id' "$world/out" | tail -n 1)" "$(jq -r .id "$world/last")" \
	"the same message"
run 0 "a reload of what is in force" reload
is "$(counts)" "$before" "keeps the counts"

# ---- nothing else ----

"$greenlane" -c "$config" status --json > "$world/status"
is "$(jq -c '[.listeners[].address, .exports, [.sources[].name]]' "$world/status")" \
	"[\"unix:$world/milter.sock\",\"unix:$world/control.sock\",[],[\"cidr:192.0.2.0/24\"]]" \
	"status has no listener, export or source of the draft"
[ ! -e "$world/other.sock" ] && [ ! -e "$world/elsewhere" ] && [ ! -e "$world/other.jsonl" ] && [ ! -e "$world/exported" ]
ok $? "and nothing of it was made"
grep 'new\.acme\.example' "$world/daemon" > "$world/out"
is "$(cat "$world/out")" "" "its source is not in the log"

# ---- another draft, and none ----

draft 'vendors = ( { name = "acme"; mode = "monitor"; } );'
kill -HUP "$daemon"
until_true eval '[ "$(counts)" = "[true,0,0,{}]" ]'
ok $? "another draft, by HUP, is counted anew"
sed -i '/^shadow/d' "$config"
run 0 "without a draft" reload
is "$("$greenlane" -c "$config" status --json | jq -c .shadow)" null "status has none"
finish_tap
