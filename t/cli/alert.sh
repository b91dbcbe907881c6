#!/bin/sh
# TAP: what a real daemon says by itself as something becomes ill and well: lines in its log, and alert.command.
#
# Needs no network.
name=alert
. "${srcdir:-.}/t/cli/lib.sh"
config=$world/conf
mkdir -p "$world/state" "$world/vendors"

cat > "$world/vendors/desk.conf" <<END
vendor = { name = "desk"; domains = [ "desk.example" ]; sources = ( { cidr = [ "192.0.2.0/25" ]; } ); };
END
# conf COMMAND LINE...: the site, with this alert.command and these lines.
conf() {
	{
		printf 'vendor_path = [ "%s" ];\nstate_dir = "%s";\nuser = "%s";\n' "$world/vendors" "$world/state" "$(id -un)"
		printf 'milter = { listen = "unix:%s/milter.sock"; group = "%s"; };\n' "$world" "$(id -gn)"
		printf 'control = { listen = "unix:%s/control.sock"; };\ndns = { servers = [ "127.0.0.1@9" ]; timeout = "1s"; };\n' "$world"
		printf 'strangers = { authenticate = false; };\nvendors = ( { name = "desk"; } );\n'
		printf 'alert = { silence = "1s"; command = "%s"; };\n' "$1"
		shift
		printf '%s\n' "$@"
	} > "$world/conf"
}
# tells FILE BODY: a command that does this, and then notes what it was told. A file is replaced whole: greenlaned runs only what was
# configured at its start, so one path is several commands.
tells() {
	printf '#!/bin/sh\n%s\nprintf "%%s %%s (%%s) %%s\\n" "$GREENLANE_STATE" "$GREENLANE_ALERT" "$1" "$GREENLANE_TEXT" >> "%s/told"\n' \
		"$2" "$world" > "$world/$1.new"
	chmod 755 "$world/$1.new"
	mv "$world/$1.new" "$world/$1"
}
told() { grep -Eq -- "$1" "$world/told"; }
count_told() { grep -c . "$world/told"; }
: > "$world/told"
tells tell ''

# ---- ill at the start ----

conf "$world/tell 'a b;c'"
greenlaned_start "$world/conf" || bail_out "greenlaned does not start"
until_true told '^ill no-mta '
ok $? "what is ill at the start is told, by itself"
until_true says 'alert: ill: no-mta: .'
is "$(cat "$world/told")" "ill no-mta (a b;c) $(sed -n 's/^greenlaned: alert: ill: no-mta: //p' "$world/daemon")" \
	"the command is run without a shell; its environment has slug, state and text, which the log has too"
told 'no mail is filtered; name the milter.s socket in smtpd_milters'
ok $? "with the remedy"

# ---- ill, and well again ----

echo '# changed' >> "$world/conf"
now=$(date +%s)
run 1 "a file that changed is ill at once" status
until_true told '^ill config-newer '
ok $? "and told"
since() { "$greenlane" -c "$world/conf" status --json | sed -n 's/.*"slug":"config-newer","since":\([0-9]*\).*/\1/p'; }
first=$(since)
[ "$first" -ge $((now - 1)) ] && [ "$first" -le "$(date +%s)" ]
ok $? "status --json says since when"
is "$(since)" "$first" "and keeps to it"
conf "$world/tell 'a b;c'"
run 1 "(an MTA has not come yet)" status
lacks config-newer "a file that is as before is well"
mail() { /usr/bin/python3 "$top/t/cli/milter.py" "$world/milter.sock" "$1@stranger.example"; }
mail a > /dev/null
until_true told '^well config-newer '
ok $? "that it is well again is told"
until_true told '^well no-mta '
ok $? "and that an MTA has come"
until_true says 'alert: well: config-newer: no more, since 20.*Z it was: .*/conf, or a file that it uses, has changed'
ok $? "the log has it"
run 0 "and status is well" status
is "$(count_told)" 4 "each was told once"

# ---- a command that fails ----

printf '#!/bin/sh\necho one >&2\necho no pager here >&2\nexit 3\n' > "$world/tell.new"
chmod 755 "$world/tell.new"
mv "$world/tell.new" "$world/tell"
conf "$world/tell 'a b;c'" 'review_grace = 7;'
run 78 "(a reload that is refused)" reload
conf "$world/tell 'a b;c'"
run 0 "the command fails from now on" reload
echo '# changed' >> "$world/conf"
until_true says "alert\\.command: '.*/tell' exited with status 3: no pager here; it was to tell of config-newer"
ok $? "a command that fails is said in the log, with the last line of its standard error"
run 1 "and is ill" status
out "^ill: alert-command: alert\\.command failed, so nobody may have been told: '.*/tell' exited with status 3: no pager here; correct" \
	"with that line and a remedy"
until_true says 'alert: ill: alert-command: '
ok $? "the log says that, too"
rm "$world/tell"
conf "$world/tell 'a b;c'"
run 0 "a command that is not there" reload
echo '# changed' >> "$world/conf"
until_true says "alert\\.command: '.*/tell' was not run: No such file or directory"
ok $? "is said"
tells tell ''
run 0 "made" reload
conf "$world/tell 'a b;c'"
run 0 "(as it was)" reload
until_true told '^ill config-newer'
ok $? "what was owed is told"
conf_is_well() { "$greenlane" -c "$world/conf" status > "$world/out" 2>&1; }
until_true conf_is_well
ok $? "and all is well"
until_true eval '[ "$(grep -c "^well config-newer" "$world/told")" = 2 ]'
ok $? "which is told"

# ---- a command that was not configured at the start ----

tells other ''
told_before=$(count_told)
conf "$world/other"
run 0 "a command that is new at a reload" reload
err "warning: alert\.command: '.*/other' is new since the start, and not run: commands need a restart of greenlaned" "is said to need a restart"
says "alert\.command: '.*/other' is new since the start"
ok $? "in the log, too"
is_ill() { ! "$greenlane" -c "$world/conf" status > "$world/out" 2>&1 && grep -q '^ill: alert-command: ' "$world/out"; }
until_true is_ill
ok $? "status goes on saying so"
out "^ill: alert-command: .*: '.*/other' is new since the start, .*; restart greenlaned" "with the remedy"
is "$(count_told)" "$told_before" "and nothing is run in its place"
conf "$world/tell 'a b;c'"
run 0 "the one that is known" reload
until_true conf_is_well
ok $? "is well at once"

# ---- the helper that runs commands ----

# helper_of PID: the process that the daemon forked.
helper_of() { cat "/proc/$1/task/$1/children"; }
helper=$(helper_of "$daemon")
is "$(cat "/proc/${helper% }/comm")" greenlaned-run "a helper runs the commands"
fds=$(ls "/proc/${helper% }/fd" | tr '\n' ' ')
is "$fds" "0 1 2 3 " "which has none of the daemon's files"
is "$(readlink "/proc/${helper% }/fd/3" | cut -d: -f1)" socket "but a socket"
kill -TERM "${helper% }" # as a service manager sends it to all processes

# ---- a command that takes its time, and the stop ----

tells tell "echo \$\$ > '$world/began.new'; mv '$world/began.new' '$world/began'; sleep 600" # sleeps: the daemon's time limit ends it, or its stop
run 0 "a slow command" reload
told_before=$(count_told)
echo '# changed' >> "$world/conf"
until_true test -e "$world/began"
ok $? "is run"
is "$(mail b 2>&1 | head -c 3)" 451 "mail does not wait for it"
kill "$daemon"
until_true gone "$daemon"
wait "$daemon"
is $? 0 "the daemon stops while it runs"
until_true gone "$(cat "$world/began")"
ok $? "which ends the command"
says 'alert: ill: socket-gone'
is $? 1 "a stop is no alert"
is "$(count_told)" "$told_before" "and nothing was run for it"
until_true gone "${helper% }"
ok $? "the helper has ended with it"

# ---- a daemon that is killed ----

rm -f "$world/began"
conf "$world/tell"
greenlaned_launch "$world/conf"
until_true test -e "$world/began"
helper=$(helper_of "$daemon")
kill -KILL "$daemon"
until_true gone "${helper% }"
ok $? "the helper of a daemon that is killed ends, too"
until_true gone "$(cat "$world/began")"
ok $? "and so does what it ran"

finish_tap
