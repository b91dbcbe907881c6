#!/bin/sh
# TAP: greenlane vendor list, show and diff, with a shipped directory and a site's.
name=vendor_list
. "${srcdir:-.}/t/cli/lib.sh"

mkdir "$world/shipped" "$world/site" "$world/state"
shipped=$world/shipped site=$world/site config=$world/greenlane.conf
cat > "$shipped/acme.conf" <<END
vendor = {
  name = "acme";
  title = "Acme Desk";
  domains = [ "acme.example" ];
  sources = (
    { spf = "acme.example"; tags = [ "uk", "us" ]; }
  );
  evidence = (
    { what = "domains, sources: its page"; where = "https://acme.example/spf"; seen = "2020-02-05"; }
  );
};
END
sed 's/, "us"//; s/^  title.*/  on_forged = "tag";/' "$shipped/acme.conf" > "$site/acme.conf"
cat > "$shipped/other.conf" <<END
vendor = { name = "other"; domains = [ "other.example" ]; dkim = [ "other.example" ]; vouch = [ "dkim" ];
unknown = [ "its hosts", "its keys" ]; };
END
cat > "$site/spare.conf" <<END
vendor = { name = "spare"; domains = [ "spare.example" ]; sources = ( { cidr = [ "192.0.2.0/24" ]; review_by = "2020-01-01"; } ); };
END
touch "$site/Not A Name.conf" "$site/$(printf 'x\033[2J').conf"
cat > "$config" <<END
vendor_path = [ "$shipped", "$site" ];
state_dir = "$world/state";
control = { listen = "unix:$world/none.sock"; };
vendors = (
  { name = "acme"; mode = "vouch"; tags = [ "uk" ]; },
  { name = "tiny"; inline = true; domains = [ "tiny.example" ]; }
);
END
echo 'acme 1782000000 0 1781000000 1782000000 0 0' > "$world/state/vendors"

# ---- usage ----

run 64 "list takes no name" vendor list acme
run 64 "show needs one" vendor show
run 64 "and only one" vendor show acme other
run 64 "diff has no --json" vendor diff acme --json
run 64 "a path is no name" vendor show ../shipped/acme
err "^greenlane: NAME '\.\./shipped/acme': .*is not a name; write lower-case letters" "and it says what is"
run 64 "nor is nothing" vendor diff ''

# ---- list ----

age=$(($(date +%s) / 86400 - 18297)) # days since 2020-02-05
run 0 "list" vendor list
is "$(cat "$world/out")" "VENDOR                   FILE                   MODE         LAST MAIL             AGE OF EVIDENCE          REVIEW
acme                     site, replaces shipped vouch        2026-06-21T00:00:00Z  $((age / 365)) years                  -
tiny                     inline                 vouch        -                     none                     -
spare                    site                   not in force -                     none                     passed on 2020-01-01" \
	"has what is in force, and the site's other files; no file that cannot be a vendor's"
run 0 "list --shipped" vendor list --shipped
is "$(sed 's/  */ /g' "$world/out")" "VENDOR PROVEN BY MODE FORGED SOURCES NEWEST OLDEST UNDATED NOT KNOWN
acme listed+spf or dkim enforce reject 1 spf 2020-02-05 2020-02-05 - -
other dkim enforce reject none none none - its hosts
 its keys" "has the shipped files as they are, in force or not"
run 0 "list --shipped --json" vendor list --shipped --json
out '"name":"acme".*"enabled":true.*"name":"other".*"enabled":false' "and says which are in force"
run 0 "list --json" vendor list --json
out '^\[\{"name":"acme","title":"","file":"[^"]*/site/acme.conf","shipped":false,"enabled":true,"mode":"vouch","last":"2026-06-21T00:00:00Z","last_by":\{"spf":"2026-06-09T10:13:20Z","dkim":"2026-06-21T00:00:00Z"\},"evidence":\{"dated":1,"undated":0,"newest":"2020-02-05","oldest":"2020-02-05"\},"review_passed":false\},\{"name":"tiny"' \
	"has the same, and the last mail by each evidence"
out '"name":"spare".*"enabled":false,"mode":"","last_by":\{\},"evidence":\{"dated":0,"undated":0\},"review_passed":true\}\]$' "and a review that has passed"
mv "$world/state/vendors" "$world/vendors"
run 0 "without a daemon and a file of its" vendor list
out '^acme  *site, replaces shipped vouch  *-  ' "no last mail is known"
echo 'acme x' > "$world/state/vendors"
run 0 "a damaged one" vendor list
err "^greenlane: $world/state/vendors:1: is damaged here" "is said"
mv "$world/vendors" "$world/state/vendors"
cat > "$world/daemon.py" <<END
import os, socket
server = socket.socket(socket.AF_UNIX)
server.bind("$world/none.sock")
server.listen(1)
open("$world/serves", "w").close()
one = server.accept()[0]
one.makefile("rb").readline() # whole: a socket closed with bytes unread resets the connection
one.sendall(b'{"version":"0","vendors":[{"name":"tiny","last":"2026-11-20T10:00:00Z","last_by":{"spf_from":"2026-11-20T10:00:00Z","nonsense":"x"}},{"name":"acme","last":"yesterday"},{"name":7},[]]}\\n')
one.close()
os.unlink("$world/none.sock")
END
/usr/bin/python3 "$world/daemon.py" &
pids="$pids $!"
until_true [ -e "$world/serves" ]
run 0 "with a daemon" vendor list
out '^tiny  *inline  *vouch  *2026-11-20T10:00:00Z ' "its word is taken, and not the file's"
out '^acme  *site, replaces shipped vouch  *-  ' "what it says is read with care"
echo 'vendor = { name = "broken"; };' > "$site/broken.conf"
run 78 "a file that is not in force and has a fault" vendor list
err "^greenlane: $site/broken.conf:" "is said"
out '^spare ' "and the others are shown"
rm "$site/broken.conf"

# ---- show ----

run 0 "show" vendor show acme
is "$(cat "$world/out")" "# acme, from $site/acme.conf, in force by $config:5
vendor = {
  name = \"acme\";  # $site/acme.conf:2
  kind = \"application\";  # default
  domains = [ \"acme.example\" ];  # $site/acme.conf:4
  envelope = [ ];  # default
  dkim = [ \"acme.example\" ];  # default
  sources = (  # $site/acme.conf:5
    { spf = \"acme.example\"; tags = [ \"uk\" ]; }  # $site/acme.conf:6
  );
  vouch = [ \"listed+spf\", \"dkim\" ];  # default
  on_forged = \"tag\";  # $site/acme.conf:3
  on_unproven = \"greylist\";  # default
  on_unsure = \"defer\";  # default
  mode = \"vouch\";  # $config:5
  evidence = (  # $site/acme.conf:8
    { what = \"domains, sources: its page\"; where = \"https://acme.example/spf\"; seen = \"2020-02-05\"; }  # $site/acme.conf:9
  );
  # beside its name: tags = [ \"uk\" ];  # $config:5
};

# last mail: 2026-06-21T00:00:00Z
#   listed: -
#   spf: 2026-06-09T10:13:20Z
#   dkim: 2026-06-21T00:00:00Z
#   spf_from: -
#   dmarc: -
# evidence: the newest is $((age / 365)) years old, the oldest $((age / 365)) years, 0 of 1 undated
# what nothing proves yet; ask the vendor:
#   Which domains are in its bounce addresses (MAIL FROM)? The file knows none but those of \`domains\`
#   Does all of its mail carry a DKIM signature, and with which d=? Nothing shows that it signs as acme.example
#   Does anybody else send mail from the addresses of spf:acme.example?
#   Is the file still right? Its newest evidence is $((age / 365)) years old" "every key with its place, and what to ask"
mkdir "$world/again" && cp "$world/out" "$world/again/acme.conf"
printf 'vendor_path = [ "%s" ]; vendors = ( { name = "acme"; } );\n' "$world/again" > "$world/again.conf"
{ cat "$world/again.conf"; on_this_host; } > "$world/loads.conf"
"$greenlane" -c "$world/loads.conf" check > "$world/out" 2>&1
out ' no errors$' "what is shown loads as a vendor's file"
run 0 "show an inline vendor" vendor show tiny
out '^  vouch = \[ "dkim", "spf\+dmarc" \];  # default$' "has its own defaults"
out '^  mode = "vouch";  # default$' "and mode"
out "^  # beside its name: inline = true;  # $config:6\$" "and says why"
run 0 "show a vendor that is not in force" vendor show other
out "^# other, from $shipped/other.conf, not in force\$" "says so"
out '^  mode = "enforce";  # default$' "as its file has it"
run 0 "show --json" vendor show acme --json
out "\\{\"key\":\"mode\",\"value\":\"\\\\\"vouch\\\\\"\",\"file\":\"$config\",\"line\":5,\"default\":false\\}" "has keys with their places"
out '\{"key":"on_unsure","value":"\\"defer\\"","default":true\}' "and defaults"
out '"ask":\["Which domains are in its bounce .*\]\}$' "and the questions"
/usr/bin/python3 -c 'import json, sys; json.load(open(sys.argv[1]))' "$world/out"
ok $? "and is JSON"
run 1 "show a vendor that is not there" vendor show nobody
err "there is no vendor 'nobody', and no file nobody.conf on vendor_path" "says so"

# ---- diff ----

run 1 "diff of two files that differ" vendor diff acme
is "$(cat "$world/out")" "shipped: $shipped/acme.conf
site:    $site/acme.conf

title: the shipped file has \"Acme Desk\" (line 3), the site's has none
sources, spf \"acme.example\", tags: the site's file lacks \"us\" (line 6 of the shipped one)
on_forged: the shipped file has \"reject\", the default, the site's has \"tag\" (line 3)" "says what, in words"
cp "$shipped/other.conf" "$site/other.conf"
run 0 "diff of two that say the same" vendor diff other
out "^no difference between $shipped/other.conf and $site/other.conf\$" "says so"
run 66 "no shipped file" vendor diff spare
err "^greenlane: there is no shipped file spare.conf in $shipped\$" "is said"
rm "$site/acme.conf"
run 66 "no file of the site" vendor diff acme
err "^greenlane: the site has no file acme.conf: the shipped one is in force, $shipped/acme.conf\$" "is said"
echo 'vendor = { name = "acme"; domain = [ "acme.example" ]; };' > "$site/other.conf"
run 78 "a file with a fault is not compared" vendor diff other
err "$site/other.conf:1: " "and the fault is said"
sed "s|\"$shipped\", ||; /acme/d" "$config" > "$world/alone.conf"
config=$world/alone.conf
run 66 "one directory that is not the installed one" vendor diff other
err 'no directory of vendor_path is the shipped one' "has no shipped files"

finish_tap
