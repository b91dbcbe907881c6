#!/bin/sh
# TAP: greenlane as a person at a terminal uses it: options, exit statuses, texts.
#
# The part that asks DNS needs nsd and python3, and is skipped without them.
name=cli
. "${srcdir:-.}/t/cli/lib.sh"

# ---- usage ----

run 64 "no command is a usage error"
err '^usage: greenlane .*COMMAND' "that says how"
err '^ *explain ' "and names the commands"
quiet "on standard error alone"
run 64 "an unknown command is a usage error" exlpain --client 192.0.2.1
err "unknown command 'exlpain'" "that names it"
run 64 "-c without a file is a usage error" explain --client 192.0.2.1 -c
run 0 "--help is not" --help
out '^ *check ' "and names the commands on standard output"
run 0 "nor is --version" --version
out '^greenlane [^ ]+$' "and prints it"
run 64 "check takes no argument" check this
err '^usage: greenlane \[-c FILE\] check$' "and says so"
run 64 "explain needs a client" explain --from a@b.example
err '^usage: greenlane .*explain --client IP' "and shows its options"
run 64 "an unknown option is a usage error" explain --client 192.0.2.1 --form a@b.example
err "form" "that names it"
run 64 "an extra argument is a usage error" explain --client 192.0.2.1 message.eml
run 64 "an author together with a message file is a usage error" \
	explain --client 192.0.2.1 --from a@b.example --message /dev/null
for ip in 192.0.2.300 mail.example.com 192.0.2.0/24 ''; do
	run 64 "'$ip' is not a client" explain --client "$ip"
	err 'is not an IP address; write 192.0.2.1' "and it says what to write"
done

# ---- options ----

none=$world/none.conf

# read_in_every_form STATUS COMMAND [WORD...]: every form of -c names the configuration to read; the file is missing.
read_in_every_form() {
	status=$1
	shift
	for form in "-c$none" "-c $none" "--config=$none" "--config $none" "-c nothing -c$none"; do
		# shellcheck disable=SC2086 # a form may be two words
		run "$status" "${form%"$none"}FILE $*" $form "$@"
		grep -q "$none: cannot be opened" "$world/out" "$world/err"
		ok $? "reads that file"
		# shellcheck disable=SC2086
		run "$status" "$* ${form%"$none"}FILE" "$@" $form
		grep -q "$none: cannot be opened" "$world/out" "$world/err"
		ok $? "reads that file"
	done
	run "$status" "-- ends the options before $*" -c "$none" -- "$@"
	run "$status" "and those after it" "$@" -c "$none" --
}
read_in_every_form 1 check
read_in_every_form 78 dns
read_in_every_form 78 explain --client 192.0.2.1
read_in_every_form 78 export postgrey
read_in_every_form 78 setup postfix
read_in_every_form 78 sources
read_in_every_form 69 status
read_in_every_form 69 reload
read_in_every_form 78 vendor brief acme
read_in_every_form 78 vendor new acme.example
run 78 "-c may come between the two words of a command, too" vendor "-c$none" new acme.example
run 78 "words may follow --" export --output "$world/x" -c "$none" -- postgrey
run 78 "those of dns, too" dns -c "$none" -- acme.example
run 78 "and those of vendor" vendor -- new -c "$none" -- acme.example
run 64 "after -- an option is a word" check -- -c "$none"
err '^usage: greenlane \[-c FILE\] check$' "and the usage says what is allowed"
run 78 "an option's value may begin with a dash" explain --client 192.0.2.1 --from -c -c "$none"

# ---- paths that are too long ----

# padded FOLDER NAME: the file by a path of 4095 bytes, the longest that can be opened; cut there, a longer one is its path, too
padded() { printf '%s%*s%s' "$1" $((4095 - ${#1} - ${#2})) '' "$2" | tr ' ' /; }
mkdir "$world/long"
printf 'vendors = ( { name = "acme"; inline = true; domains = [ "acme.example" ]; } );\n' > "$world/long/conf"
on_this_host >> "$world/long/conf"
long=$(padded "$world/long" conf)
run 0 "a configuration of 4095 bytes" -c "$long" config
run 78 "a path that begins with another's is not read as that one" -c "${long}uration" config
err 'is too long for a path' "which is said"
printf '192.0.2.0/25\n' > "$world/long/list"
long=$(padded "$world/long" list)
sed "s|domains = .*|domains = [ \"acme.example\" ]; sources = ( { file = \"${long}ing\"; } ); } );|" "$world/long/conf" > "$world/long/listed"
run 78 "nor a list of networks" -c "$world/long/listed" config
err 'is too long for a path' "which is said"
run 66 "nor a state of reports" -c "$world/long/conf" report --state "$(padded "$world/long" state)s" /dev/null
[ ! -e "$world/long/state" ]
ok $? "and nothing is written there"

# wrong MESSAGE ARGUMENT...: a usage error, for which MESSAGE and the usage are printed.
wrong() {
	message=$1
	shift
	run 64 "$*" "$@"
	head -n 1 "$world/err" | grep -Fqx "greenlane: $message"
	ok $? "$message"
	sed 1d "$world/err" | grep -q '^usage: greenlane '
	ok $? "and the usage"
	quiet "on standard error alone"
}
wrong "unknown option '--form'; did you mean '--from'?" explain --client 192.0.2.1 --form a@b.example
wrong "unknown option '--form'; did you mean '--from'?" explain --form=a@b.example
wrong "unknown option '--quiet'; the options are listed below" check --quiet
wrong "unknown option '-x'; the options are listed below" check -x
wrong "unknown option '-x'; the options are listed below" dns -xc acme.example
wrong "unknown option '-json'; write '--json'" sources -json
wrong "unknown option '-client'; write '--client'" explain -client 192.0.2.1
wrong "unknown option '-config'; write '--config'" -config="$none" check
wrong "unknown option '-from'; write '--from'" explain --helo=h -from=a@b.example
wrong "unknown option '--confg'; did you mean '--config'?" --confg="$none" check
wrong "unknown option '--verson'; did you mean '--version'?" --verson
wrong "option '--client' needs a value; write it after the option" explain --client
wrong "option '-c' needs a value; write it after the option" explain --client 192.0.2.1 -c
wrong "option '-c' needs a value; write it after the option" -c
wrong "option '--config' needs a value; write it after the option" vendor new --config
wrong "option '--json' takes no value; remove '=' and what follows it" sources --json=yes
wrong "option '--m' is ambiguous; write it in full" explain --m x
run 0 "--help after a command is not an error" explain --help
out '^usage: greenlane \[-c FILE\] explain --client IP' "and shows its options on standard output"
run 0 "nor is -h" vendor new -h
out '^usage: greenlane \[-c FILE\] vendor .*new DOMAIN' "and shows them"

if [ -x "$greenlaned" ]; then
	greenlane_was=$greenlane greenlane=$greenlaned
	for form in "-c$none" "-c $none" "--config=$none" "--config $none" "-fc$none" "--foreground --config $none"; do
		# shellcheck disable=SC2086
		run 78 "greenlaned ${form%"$none"}FILE" $form
		err "$none: cannot be opened" "reads that file"
	done
	run 64 "greenlaned with an unknown option" -x
	err "^greenlaned: unknown option '-x'; the options are listed below$" "says so"
	run 64 "greenlaned with a misspelt option" --confg "$none"
	err "^greenlaned: unknown option '--confg'; did you mean '--config'\?$" "says what is meant"
	run 64 "greenlaned -c without a file" -f -c
	err "^greenlaned: option '-c' needs a value" "says so"
	run 64 "greenlaned with an argument" check
	err '^usage: greenlaned ' "shows its options"
	run 0 "greenlaned --help" --help
	out '^usage: greenlaned ' "shows them on standard output"
	run 0 "greenlaned --version" --version
	out '^greenlaned [^ ]+$' "says which"
	greenlane=$greenlane_was
else
	skip "the options of greenlaned" "it is not built"
fi

# ---- configuration ----

cat > "$world/broken.conf" <<END
mode = "enforec";
greylist = { delay = "5x"; };
strangres = { };
vendors = ( { name = "nobody-knows-it"; } );
END
run 1 "check exits 1 for a broken configuration" -c "$world/broken.conf" check
for fault in '1: .*enforec' '2: .*5x' '3: .*strangres' "4: .*nobody-knows-it"; do
	out "^$world/broken.conf:$fault" "and shows the fault of line ${fault%%:*}"
done
out '4 errors, 0 warnings; greenlaned would not start with it$' "and counts them"
run 78 "explain exits 78 for it" -c "$world/broken.conf" explain --client 192.0.2.1
for fault in '1: .*enforec' '2: .*5x' '3: .*strangres' "4: .*nobody-knows-it"; do
	err "^greenlane: $world/broken.conf:$fault" "and shows the fault of line ${fault%%:*}, too"
done
quiet "on standard error alone"
run 1 "a missing configuration is an error" check -c "$world/none.conf"
out "^$world/none.conf: cannot be opened" "and is named"
run 78 "for explain, too" explain --client 192.0.2.1 -c "$world/none.conf"
run 1 "so is a directory" -c "$world" check
out 'is not a regular file' "and says why"

mkdir "$world/vendors"
cat > "$world/good.conf" <<END
$(on_this_host)
vendor_path = [ "$world/vendors" ];
dns = { servers = [ "127.0.0.1@9" ]; timeout = "1s"; };
own = { networks = [ "203.0.113.0/28" ]; };
reply = { contact = "https://rx.example/postmaster"; };
vendors = ( { name = "acme"; } );
END
cat > "$world/vendors/acme.conf" <<END
vendor = {
  name = "acme"; title = "Acme Tickets";
  domains = [ "acme.example" ];
  sources = ( { spf = "acme.example"; exclusive = true; } );
};
END
run 0 "check exits 0 for a good configuration" -c "$world/good.conf" check
out '1 vendor, 1 source, 0 warnings, no errors$' "and counts what it holds"
run 0 "-c may follow the command" check -c "$world/good.conf"
{ echo 'vendors = ( );'; on_this_host; } > "$world/empty.conf"
run 0 "check exits 0 if there are only warnings" -c "$world/empty.conf" check
out "^warning: $world/empty.conf:1: 'vendors' is empty" "and shows them"

# ---- without DNS ----

run 0 "a client of this host is exempt" -c "$world/good.conf" explain --client 127.0.0.1 --from x@acme.example
out '^outcome    exempt \(loopback\)' "and it says why"
run 0 "so is one of own.networks" explain --client 203.0.113.5 --from x@acme.example -c "$world/good.conf"
out '^outcome    exempt \(own-network\)' "and it says why"
# nothing listens on the port in that configuration
run 75 "a claim that DNS cannot settle exits 75" \
	-c "$world/good.conf" explain --client 192.0.2.1 --mail-from x@acme.example --from x@acme.example
out '^outcome    unsure \(dns-trouble\)' "for the message is unsure"
out '^reply      451 4\.4\.3 .*https://rx.example/postmaster' "and shows the reply"

# ---- with DNS ----

if why=$(missing nsd /usr/bin/python3); then
	skip "explain asks DNS" "$why"
	finish_tap
fi

signmail=${top_builddir:-.}/t/signmail
if [ ! -x "$signmail" ]; then
	signmail=$world/signmail
	${CC:-cc} -std=gnu11 -D_GNU_SOURCE -I"$top" -o "$signmail" \
		"$top/t/signmail.c" "$top/t/lib/sign.c" "$top/policy/util/text.c" -lcrypto || exit 99
fi
key=$("$signmail" --make-key rsa "$world/key.pem") || exit 99
cat > "$world/root.zone" <<END
$(zone_head 300 60)
acme.example. TXT "v=spf1 ip4:192.0.2.0/24 -all"
_dmarc.acme.example. TXT "v=DMARC1; p=reject"
s1._domainkey.acme.example. TXT $(printf '%s\n' "$key" | fold -w 200 | sed 's/.*/"&"/' | tr '\n' ' ')
stranger.example. TXT "v=spf1 ip4:198.51.100.0/24 -all"
END
nsd_serve
sed "s/@9\"/@$port\"/; s/\"1s\"/\"20s\"/; s/\"2s\"/\"60s\"/" "$world/good.conf" > "$world/dns.conf"

explain() { # STATUS NAME ARGUMENT...
	status=$1 title=$2
	shift 2
	run "$status" "$title" -c "$world/dns.conf" explain "$@"
}

# json PYTHON NAME: the expression holds for the record r.
json() {
	/usr/bin/python3 -c 'import json, sys
r = json.loads(sys.stdin.buffer.read().decode("utf-8"))
sys.exit(not eval(sys.argv[1]))' "$1" < "$world/out" 2>> "$world/err"
	ok $? "$2"
}

explain 0 "a vendor's mail from its range passes" --client 192.0.2.7 --helo out.acme.example \
	--mail-from bounce@acme.example --from 'Acme <tickets@acme.example>' --rcpt anna@rx.example
out '^outcome    vouched \(proven\)' "for it is vouched"
out '^  listed   yes \(spf:acme.example, exclusive\)$' "and shows the evidence"
out '^  vouched by listed\+spf or dkim$' "and what the policy asks for"
if grep -q '^reply' "$world/out"; then ok 1 "and no reply"; else ok 0 "and no reply"; fi

explain 1 "mail that claims to be the vendor's is refused" --client 198.51.100.7 \
	--mail-from x@stranger.example --from tickets@acme.example
out '^outcome    forged \(nothing-proven\)' "for it is forged"
out '^reply      550 5\.7\.26 message refused: not proven to be from .*: .*nothing-proven, id .*rx.example/postmaster' "and shows the reply"

explain 0 "a stranger is greylisted, which is not a refusal" --client 198.51.100.7 \
	--mail-from x@stranger.example --from x@stranger.example
out '^outcome    stranger \(no-claim\)' "for it names no vendor"
out '^action     greylist \(a first contact has to wait\)' "and waits at first contact"
out '^reply      451 4\.7\.1 greylisted' "and shows the reply"

explain 0 "mail to postmaster alone is not deferred" --client 198.51.100.7 \
	--mail-from x@stranger.example --from x@stranger.example --rcpt postmaster@rx.example
out '^action     greylist \(but it is exempt from the greylist, and passes\)' "who is exempt from the greylist"
if grep -q '^reply' "$world/out"; then ok 1 "and no reply defers it"; else ok 0 "and no reply defers it"; fi
explain 0 "with another recipient it is deferred" --client 198.51.100.7 \
	--mail-from x@stranger.example --from x@stranger.example --rcpt postmaster@rx.example --rcpt anna@rx.example
out '^action     greylist \(a first contact has to wait\)' "for an exempt recipient exempts nobody else"

explain 0 "a sender that was not given is not the null sender" --client 198.51.100.7 --helo stranger.example --json
json 'r["mail_from"] == "-" and r["spf"] == "-" and not r["facts"]["null_sender"] and r["facts"]["spf_domain"] == ""' \
	"and the HELO name is not asked for instead"
json 'r["not_given"] == ["mail_from", "from", "message", "rcpt"]' "what was not given is listed"
for null in '' '<>'; do
	explain 0 "the null sender is '$null'" --client 198.51.100.7 --helo stranger.example --mail-from "$null" --json
	json 'r["mail_from"] == "<>" and r["spf"] == "pass" and r["facts"]["spf_domain"] == "stranger.example"' \
		"and its SPF is the HELO name's"
done

# What was not given is not known, never "no": the verdict is that without it, and a line says what would change it.
explain 1 "without --message" --client 198.51.100.7 --mail-from x@stranger.example --from tickets@acme.example
out '^signature  not known: without --message none could be seen$' "a signature is not known"
out '^  dkim     unknown \(not given\)$' "nor what it would prove"
out '^author     tickets@acme.example, DMARC not known \(reject by p= of acme\.example\)$' "nor DMARC, which it may pass by"
out '^but        a counting signature of acme would make it vouched: pass$' "and it says that one would change the outcome"
explain 0 "without --mail-from" --client 192.0.2.7 --from tickets@acme.example --rcpt a@rx.example
out '^outcome    unproven' "the verdict is that without it"
out '^envelope   not known: --mail-from was not given' "the sender is not known"
out '^but        an SPF pass for an envelope sender of acme would make it vouched: pass$' "and it says what one would change"
explain 0 "without --from and --message" --client 198.51.100.7 --mail-from x@stranger.example
out '^author     not known: neither --from nor --message was given$' "the author is not known"
out '^but        a From field that names an enabled vendor or us would be judged by that policy$' "and may be anybody"
explain 0 "the null sender without --helo" --client 198.51.100.7 --mail-from '<>' --from x@stranger.example
out '^envelope   <>, SPF not known: --helo was not given' "has an SPF that is not known"
explain 0 "if everything was given" --client 198.51.100.7 --helo h.example --mail-from x@stranger.example \
	--rcpt a@rx.example --message "$top/t/cli/plain.eml" --json
json '"not_given" not in r and r["explanation"].find("not known") < 0 and r["explanation"].find("\nbut ") < 0' \
	"nothing is said to be missing"

explain 1 "--json exits as the text does" --client 198.51.100.7 --mail-from x@stranger.example \
	--from tickets@acme.example --rcpt a@rx.example --rcpt b@rx.example --json
json 'r["v"] == 2 and r["outcome"] == "forged" and r["action"] == "reject" and r["vendor"] == "acme"' "it is the record"
json 'r["rcpts"] == ["a@rx.example", "b@rx.example"] and r["dkim"] == [] and r["not_given"] == ["helo", "message"]' "with its lists"
json 'r["facts"]["vendors"]["acme"]["dkim"] == "unknown" and r["dmarc"] == "-"' "where what was not given is not known"
json 'r["facts"]["vendors"]["acme"]["listed"] == "no"' "with its facts"
json 'r["explanation"].startswith("outcome    forged")' "and an explanation"
[ "$(wc -l < "$world/out")" -eq 1 ]
ok $? "on one line"
explain 0 "bytes that are not UTF-8 do not break it" --client 198.51.100.7 --helo "$(printf 'caf\351')" --json
json 'r["helo"] == "caf\uf7e9"' "and none is lost"

# ---- messages ----

cat > "$world/plain" <<END
Received: from out.acme.example by mx.rx.example; Sat, 1 Aug 2026 10:00:00 +0000
From: "Acme
 Tickets" <tickets@acme.example>
To: anna@rx.example
Subject: a field in
	two lines
Date: Sat, 1 Aug 2026 10:00:00 +0000
Message-ID: <1@acme.example>

  a body that begins with blanks: it is no field
Subject: nor is this
END
"$signmail" --key "$world/key.pem" --d acme.example --s s1 --h from:to:subject < "$world/plain" > "$world/lf.eml" || exit 99
sed 's/$/\r/' "$world/lf.eml" > "$world/crlf.eml"
{ echo 'From joe@acme.example Sat Aug  1 10:00:00 2026'; cat "$world/lf.eml"; } > "$world/mbox.eml"
sed 's/begins/starts/' "$world/lf.eml" > "$world/changed.eml"

proven='len(r["dkim"]) == 1 and r["dkim"][0]["result"] == "pass" and r["dkim"][0]["counts"] and r["outcome"] == "vouched"'
for form in lf crlf mbox; do
	explain 0 "a signed message passes from anywhere ($form)" --client 198.51.100.99 \
		--mail-from x@stranger.example --message "$world/$form.eml" --json
	json "$proven" "for its signature counts"
	json 'r["from"] == "tickets@acme.example" and r["msgid"] == "<1@acme.example>"' "and its folded fields are read"
done
input=$world/crlf.eml
explain 0 "- is a message on standard input" --client 198.51.100.99 --mail-from x@stranger.example --message - --json
json "$proven" "whose signature counts"
input=
explain 1 "a message changed on its way is refused" --client 198.51.100.99 --mail-from x@stranger.example \
	--message "$world/changed.eml"
out '^signature  d=acme.example, fail, does not count' "for its signature fails"
printf 'Authentication-Results: %s; spf=pass\n' "$(hostname)" | cat - "$world/lf.eml" > "$world/results.eml"
explain 0 "a results field that bears our own name" --client 198.51.100.99 --message "$world/results.eml"
out '^headers    1 forged Authentication-Results would be removed$' "is said to be removed"
explain 66 "a missing message exits 66" --client 198.51.100.99 --message "$world/none.eml"
err 'none.eml: cannot be read: No such file' "and is named"
explain 66 "so does a directory" --client 198.51.100.99 --message "$world/vendors"
err 'vendors: cannot be read: Is a directory' "and says why"
: > "$world/void.eml"
explain 0 "an empty message is a message without an author" --client 198.51.100.7 --message "$world/void.eml"
out '^author     none: the message has no From field$' "and it says so"


# ---- odd files ----

printf '\320\317\021\340\241\261\032\341\0\0' > "$world/outlook.msg"
explain 65 "an Outlook .msg is refused" --client 198.51.100.7 --message "$world/outlook.msg"
err 'outlook.msg: not a message: it is an Outlook .msg file; save' "with what to do"
odd() { # NAME PATTERN BYTES
	# shellcheck disable=SC2059 # bytes are written as printf's escapes
	printf "$3" > "$world/odd.eml"
	explain 0 "$1" --client 198.51.100.7 --message "$world/odd.eml"
	err "odd.eml:$2" "is reported with its line"
}
odd "an empty line in front" '1: it begins with an empty line' '\nFrom: a@stranger.example\n\nbody\n'
out '^author     none: the message has no From field$' "and leaves no header, as for an MTA"
odd "a byte order mark" '1: it begins with a byte order mark' '\357\273\277From: a@stranger.example\n\nbody\n'
out '^author     none: the message has no From field$' "and leaves no header, as for an MTA"
odd "a line without a colon" '2: this line is not a field' 'From: a@stranger.example\nno field\nFrom: b@acme.example\n\nbody\n'
out '^author     a@stranger.example,' "and what follows it is not header"
odd "a NUL in the header" '1: a NUL byte' 'From: a@stranger.example\0, b@acme.example\n\nbody\n'
out '^author     a@stranger.example,' "and cuts its line"
odd "a bare CR in the header" '1: a CR that does not end a line' 'From: A\rB <a@stranger.example>\n\nbody\n'
out '^author     a@stranger.example,' "and is a blank"

# ---- what greenlaned has seen of a source ----

cat > "$world/vendors/left.conf" <<END
vendor = { name = "left"; domains = [ "left.example" ]; sources = ( { a = "out.left.example"; }, { cidr = [ "192.0.2.99" ]; } ); };
END
sed "s/{ name = \"acme\"; }/&, { name = \"left\"; }/" "$world/dns.conf" > "$world/left.conf"
sed -i "s|^state_dir.*|state_dir = \"$world/state\";|" "$world/left.conf"
mkdir -p "$world/state/sources"
printf "From: tickets@left.example\nSubject: x\n\nbody\n" > "$world/left.eml"
run 75 "for a name that does not exist, the first week leaves it open" -c "$world/left.conf" explain --client 198.51.100.7 \
	--helo stranger.example --mail-from x@stranger.example --rcpt anna@rx.example --message "$world/left.eml"
out '^outcome    unsure \(source-wrong\)' "which is not DNS trouble"
cat > "$world/state/sources/a:out.left.example.copy" <<END
version 2
source a:out.left.example
believed $(date -u +%Y-%m-%dT%H:%M:%SZ)
changed never
next never
ttl 300
live no
trouble yes published wrongly: out.left.example: the name does not exist
wrong 2026-01-01T00:00:00Z seen 90 gone yes
networks 0
end 0
END
cp "$world/state/sources/a:out.left.example.copy" "$world/copy"
run 1 "a name that greenlaned has seen missing for longer is gone" -c "$world/left.conf" explain --client 198.51.100.7 \
	--helo stranger.example --mail-from x@stranger.example --rcpt anna@rx.example --message "$world/left.eml"
out '^outcome    forged \(nothing-proven\)' "so that it is forged"
cmp -s "$world/copy" "$world/state/sources/a:out.left.example.copy" && [ "$(ls "$world/state/sources" | wc -l)" = 1 ]
ok $? "and explain writes nothing there"

finish_tap
