#!/bin/sh
# TAP: what README, greenlane-vendor(5) and greenlane.conf(5) show is typed as it stands: a vendor without a file, the files of the
# manual, and parts of a configuration.
name=typed
. "${srcdir:-.}/t/cli/lib.sh"
player=${REPLAY_T:-${top_builddir:-.}/t/replay_t}

# ---- README: the two lines of a vendor without a file ----

sed -n 's/^    \({ name = ".*inline = true; .*}\)$/\1/p' "$top/README.md" > "$world/lines"
is "$(wc -l < "$world/lines")" 2 "README has two lines for a vendor without a file"

# mail CLIENT SENDER [SIGN...]: one mail in its name, to a recipient of its own.
mail() {
	mails=$((mails + 1))
	printf '%s\n' "CONNECT $1" "HELO out.example" "MAIL <$2>" "RCPT <user${mails}x@rx.example>" \
		"HEADER From: Desk <noreply@deskhelp.example>" "HEADER Subject: your code" ${3:+"SIGN s1 $3"} EOM
}

# story LINE UNPROVEN FORGED: what must come of mail with that line in vendors.
story() {
	mails=0
	echo "# README: $1"
	printf '%s\n' "CONFIG <<" 'authserv_id = "mx.rx.example"; greylist = { stage = "message"; };' "vendors = ( $1 );" END \
		'ZONE deskhelp.example TXT "v=spf1 ip4:192.0.2.0/24 -all"' 'KEY s1 deskhelp.example'
	mail 203.0.113.5 x@esp.example deskhelp.example
	echo "EXPECT vouched pass"
	mail 192.0.2.7 bounce@deskhelp.example
	echo "EXPECT unproven $2"
	echo 'ZONE _dmarc.deskhelp.example TXT "v=DMARC1; p=none"'
	mail 192.0.2.7 bounce@deskhelp.example
	echo "EXPECT vouched pass"
	mail 203.0.113.66 x@evil.example
	echo "EXPECT forged $3"
}
story "$(sed -n 1p "$world/lines")" greylist greylist > "$world/first.replay"
story "$(sed -n 2p "$world/lines")" reject reject > "$world/second.replay"
for which in first second; do
	"$player" "$world/$which.replay" > "$world/out" 2>&1
	ok $? "the $which lets proven mail in, and other mail as README says"
done
story "$(sed -n 1p "$world/lines")" reject reject > "$world/wrong.replay"
! "$player" "$world/wrong.replay" > "$world/out" 2>&1
ok $? "the first refuses nothing: a story that says so fails"
while read -r line; do
	{ on_this_host; echo "vendors = ( $line );"; } > "$world/one.conf"
	config=$world/one.conf
	run 0 "it loads, and check is content" check
	out ' no errors$' "without a word"
	sed 's/inline = true; //' "$world/one.conf" > "$world/two.conf"
	config=$world/two.conf
	run 1 "without inline" check
	out "two.conf:[0-9]*: no file 'deskhelp.conf' in vendor_path; .* inline = true" "a name without a file stays an error, which says what to write"
done < "$world/lines"

# ---- greenlane-vendor(5): its files ----

mkdir "$world/vendors"
awk -v to="$world/vendors" '
	/^\.Sh/ { examples = $2 == "EXAMPLES" }
	/^\.Bd/ && examples { n++; shown = 1; next }
	/^\.Ed/ { shown = 0 }
	shown { gsub(/\\e/, "\\"); print > (to "/" n ".txt") }
' "$top/doc/greenlane-vendor.5"
is "$(find "$world/vendors" -name '*.txt' | wc -l)" 2 "greenlane-vendor(5) shows two files"
for file in "$world"/vendors/*.txt; do
	vendor=$(sed -n 's/^  name *= "\(.*\)";/\1/p' "$file" | head -n 1)
	mv "$file" "$world/vendors/$vendor.conf"
	{ on_this_host; echo "vendor_path = [ \"$world/vendors\" ]; vendors = ( { name = \"$vendor\"; } );"; } > "$world/three.conf"
	config=$world/three.conf
	run 0 "that of $vendor loads" check
done
config=$world/three.conf
run 0 "vendor show codes" vendor show codes
out '^#   Not known: signing domain' "prints what to ask the sender"

# ---- greenlane.conf(5): its examples, with what they leave out ----

mkdir "$world/examples"
awk -v to="$world/examples" '
	/^\.Bd/ { n++; shown = 1; next }
	/^\.Ed/ { shown = 0 }
	shown { print > (to "/" n) }
' "$top/doc/greenlane.conf.5"
# a part of greenlane.conf, and not the page's own words for syntax
grep -lE '^[a-z_]+ *= [({"]' "$world"/examples/* | xargs grep -LE '^key ' > "$world/examples.list"
is "$(wc -l < "$world/examples.list")" 5 "greenlane.conf(5) shows five parts of a configuration"
while read -r file; do
	{
		on_this_host
		echo "vendor_path = [ \"$top/policy/vendors\" ];"
		grep -q '^vendors *=' "$file" || echo 'vendors = ( { name = "autotask"; } );'
		grep -q '^own *=' "$file" || echo 'own = { domains = [ "example.com" ]; };'
		cat "$file"
	} > "$world/example.conf"
	config=$world/example.conf
	run 0 "the one with $(sed -n 's/ *=.*//p' "$file" | head -n 1) loads" check
done < "$world/examples.list"

finish_tap
