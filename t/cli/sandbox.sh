#!/bin/sh
# TAP: greenlaned restricts itself by Landlock: every thread, from before the first mail; what an administrator does within it goes on
# working, and what cannot is refused or told, with its setting and path, never silent.
name=sandbox
. "${srcdir:-.}/t/cli/lib.sh"
config=$world/etc/conf
user=$(id -un)
[ "$user" != root ] || user=nobody
mkdir "$world/etc" "$world/etc/vendors" "$world/other" "$world/var" "$world/far" "$world/farther"
give() { [ "$(id -u)" -ne 0 ] || chown -R nobody "$@"; }
give "$world/var"
cat > "$world/etc/vendors/desk.conf" << 'TEXT'
vendor = { name = "desk"; domains = [ "desk.example" ]; sources = ( { cidr = [ "192.0.2.0/25" ]; } ); };
TEXT
# conf [RECORD [VENDOR_PATH [LINE...]]]
conf() {
	{
		printf 'vendor_path = [ "%s/etc/vendors", "%s" ];\nvendors = ( { name = "desk"; } );\nuser = "%s";\n' "$world" \
			"${2:-$world/etc/later}" "$user"
		printf 'milter = { listen = "unix:%s/var/run/milter.sock"; group = "%s"; };\n' "$world" "$(id -gn)"
		printf 'control = { listen = "unix:%s/var/run/control.sock"; };\n' "$world"
		printf 'strangers = { authenticate = false; };\nstate_dir = "%s/var/state";\n' "$world"
		printf 'dns = { servers = [ "127.0.0.1@9" ]; timeout = "1s"; };\nlog = { record = "%s"; };\n' "${1:-$world/var/log/verdicts}"
		[ $# -lt 3 ] || { shift 2 && printf '%s\n' "$@"; }
	} > "$config"
}
begin() { greenlaned_start "$config" || bail_out "greenlaned does not start"; }
end() { kill "$daemon"; wait "$daemon"; is $? 0 "$1"; }
mail() { /usr/bin/python3 "$top/t/cli/milter.py" "$world/var/run/milter.sock" "$1@stranger.example" 203.0.113.5 anna@rx.example; }

# what links lead to counts, too
sed 's/desk/far/g' "$world/etc/vendors/desk.conf" > "$world/far/far.conf"
ln -s "$world/far/far.conf" "$world/etc/vendors/far.conf"
config=$world/farther/conf
conf
config=$world/etc/conf
ln -s "$world/farther/conf" "$config"
begin
says 'sandbox: landlock abi [0-9]' || {
	says 'sandbox: none: (the kernel has no Landlock|built without Landlock|Landlock is switched off|a filter)'
	ok $? "without Landlock the start says so"
	run 0 "and so does status" status
	out '^sandbox: none: ' "in its text"
	end "it stops"
	finish_tap
	exit
}

# ---- in force ----

says 'mode enforce, as [a-z]*, sandbox: landlock abi [0-9]+'
ok $? "the line of the start says what is in force"
run 0 "status" status
out '^sandbox: landlock abi [0-9]+$' "says it"
run 0 "status --json" status --json
out '"sandbox":\{"state":"landlock abi [0-9]+","abi":[0-9]+,"reads":\[[^]]*\],"writes":\[[^]]*\]\}' "has it, with what is read and written"
mail warm > /dev/null # its threads run, too
free=$(grep -L '^NoNewPrivs:	1$' "/proc/$daemon/task/"*/status 2> /dev/null)
threads=$(ls "/proc/$daemon/task" | wc -l)
is "$free" "" "every thread was made after it was entered, and cannot get rights"
[ "$threads" -ge 6 ]
ok $? "(there are several)"
! grep -Eq 'Permission denied|EACCES' "$world/daemon"
ok $? "nothing is missing to it"

# ---- what goes on working ----

sed -i 's/{ name = "desk"; }/{ name = "desk"; }, { name = "far"; }/' "$world/farther/conf"
run 0 "a greenlane.conf and a vendor file that are links" reload
rm "$config"
conf

mv "$world/var/log/verdicts" "$world/var/log/verdicts.1"
kill -HUP "$daemon"
until_true test -s "$world/var/log/verdicts" -o -e "$world/var/log/verdicts"
mail two > /dev/null
until_true grep -q two@stranger.example "$world/var/log/verdicts"
ok $? "a record that was rotated is made anew"
postfix_comes "$world/var/run/milter.sock"
rm "$world/var/run/milter.sock"
until_true test -S "$world/var/run/milter.sock"
ok $? "a socket that was removed is put back"
case $(mail three) in 451*) ;; *) false ;; esac
ok $? "and serves"
mkdir "$world/etc/later"
sed 's/desk/later/g' "$world/etc/vendors/desk.conf" > "$world/other/new"
mv "$world/other/new" "$world/etc/later/later.conf"
sed -i 's/{ name = "desk"; }/{ name = "desk"; }, { name = "later"; }/' "$config"
run 0 "a directory of vendor_path that came later, and a file that came from elsewhere" reload
run 0 "status --json" status --json
out '"name":"later"' "are in force"
cp "$config" "$world/other/conf" && mv "$world/other/conf" "$config"
run 0 "a greenlane.conf that was moved there" reload
rm -r "$world/var/state/greylist"
mail four > /dev/null
store_works() { "$greenlane" -c "$config" status > "$world/out" 2>&1; grep -q '^greylist: works' "$world/out"; }
until_true store_works
ok $? "a greylist that was removed is begun anew"

# ---- what needs a restart ----

mkdir "$world/else"
give "$world/else"
conf "$world/else/verdicts"
run 78 "a record elsewhere" reload
err "log\.record: '$world/else/verdicts' is outside the sandbox of the start: this needs a restart of greenlaned" "is refused, with its setting"
run 1 "status" status
out "^ill: reload-failed: .*log\.record: '$world/else/verdicts' is outside the sandbox of the start: this needs a restart" "goes on saying so"
mail five > /dev/null
until_true grep -q five@stranger.example "$world/var/log/verdicts"
ok $? "records go where they went"
run 1 "check" check
out "log\.record: '$world/else/verdicts' is outside the sandbox of the start: this needs a restart" "says it before"
conf '' '' "exports = ( { format = \"postgrey\"; file = \"$world/else/postgrey\"; } );"
run 78 "an export elsewhere" reload
err "exports\.file: '$world/else/postgrey' is outside the sandbox" "is refused"
cp "$world/etc/vendors/desk.conf" "$world/else/desk.conf"
conf '' "$world/else"
run 78 "vendor files elsewhere" reload
err "vendor_path: '$world/else' is outside the sandbox of the start: this needs a restart" "are refused, with the setting"
err "$world/else/desk.conf: cannot be opened: Permission denied; it is outside the sandbox of this start: restart greenlaned" \
	"and the file that could not be read says why"
echo 192.0.2.0/25 > "$world/else/networks"
sed 's|cidr = \[.*\]|file = "'"$world"'/else/networks"|' "$world/etc/vendors/desk.conf" > "$world/etc/later/desk.conf"
conf
run 78 "a list of networks elsewhere" reload
err "$world/else/networks.*outside the sandbox of this start" "is refused"
rm "$world/etc/later/desk.conf"
ln -s "$world/else/desk.conf" "$world/etc/later/desk.conf"
run 78 "a link that leads elsewhere" reload
err "later/desk\.conf: cannot be opened: Permission denied; it is outside the sandbox" "is refused"
rm "$world/etc/later/desk.conf"
run 0 "what is within it" reload
run 0 "is well" status
conf '' '' 'sandbox = "off";'
run 0 "sandbox = \"off\" at a reload" reload
until_true says "sandbox changed from 'auto' to 'off': this needs a restart"
ok $? "needs a restart"
conf
run 0 "(as it was)" reload

# ---- a directory that is not that of the start ----

mv "$world/var/log" "$world/var/log.old"
mkdir "$world/var/log"
give "$world/var/log"
is_outdated() { ! "$greenlane" -c "$config" status > "$world/out" 2>&1 && grep -q '^ill: sandbox-outdated: ' "$world/out"; }
until_true is_outdated
ok $? "a directory that was replaced is ill"
out "^ill: sandbox-outdated: log\.record: $world/var/log is another one than at the start, and outside of the sandbox; restart greenlaned" \
	"with its setting and the remedy"
until_true says 'alert: ill: sandbox-outdated: log.record'
ok $? "the log says it by itself"
until_true says 'record.*outside the sandbox|alert: ill: record-failed'
"$greenlane" -c "$config" status > "$world/out" 2>&1
out 'record-failed: .*Permission denied; it is outside the sandbox of this start: restart greenlaned' "what fails for that reason says so"
end "it stops"
begin
run 0 "after a restart" status
lacks 'sandbox-outdated' "all is well"
end "it stops"

# ---- off, and a directory that is nowhere ----

conf '' '' 'sandbox = "off";'
begin
says 'sandbox: off'
ok $? "\"off\" is said at the start"
run 0 "status" status
out '^sandbox: off$' "and by status"
grep -q '^NoNewPrivs:	1$' "/proc/$daemon/status"
is $? 1 "and nothing is restricted"
run 0 "and what was outside" check
conf "$world/else/verdicts" '' 'sandbox = "off";'
run 0 "is taken at a reload" reload
end "it stops"
finish_tap
