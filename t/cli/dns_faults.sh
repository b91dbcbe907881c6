#!/bin/sh
# TAP: DNS that fails in every way, to a running greenlaned: mail whose proof is in DNS is deferred by the deadline, never refused or
# vouched; other mail is as ever; log and status say what is wrong; with DNS back the same mail is vouched, without a restart.
#
# All kinds fail at the same time, each for names of its own, by a proxy in front of nsd (t/mta/dnsproxy.py).
name=dns_faults
. "${srcdir:-.}/t/cli/store_lib.sh"
needs nsd

asked_by_spf
{
	zone_head 1
	echo "$asked_record"
	cat <<'ZONE'
*.stranger.example. TXT "v=spf1 ip4:203.0.113.0/24 -all"
*.chain.asked.example. TXT "v=spf1 include:s1.slow4.example -all"
*.loop.asked.example. CNAME x.pool.asked.example.
*.pool.asked.example. CNAME x.loop.asked.example.
s9.slow4.example. TXT "v=spf1 ip4:192.0.2.0/24 -all"
ZONE
	for number in 1 2 3 4 5 6 7 8; do
		echo "s$number.slow4.example. TXT \"v=spf1 include:s$((number + 1)).slow4.example -all\""
	done
	# close to the 64 KiB that an answer may have
	filler=$(printf '%0250d' 0)
	number=0
	while [ $number -lt 230 ]; do
		echo "*.huge.asked.example. TXT \"$number $filler\""
		number=$((number + 1))
	done
	echo '*.huge.asked.example. TXT "v=spf1 ip4:192.0.2.0/24 -all"'
} > "$world/root.zone"
nsd_serve
misbehave() { # KIND NAME...: from now on
	[ $# = 0 ] || printf '%s %s\n' "$@" > "$world/faults.new"
	[ $# -gt 0 ] || : > "$world/faults.new"
	mv "$world/faults.new" "$world/faults"
}
answers() { /usr/bin/python3 "$top/t/mta/net.py" dns 127.0.0.1 "$proxy_port" .; }
misbehave
proxy_port=$(/usr/bin/python3 "$top/t/mta/net.py" ports 1)
/usr/bin/python3 "$top/t/mta/dnsproxy.py" "$proxy_port" "$port" "$world/faults" > "$world/proxy" 2>&1 &
pids="$pids $!"
until_true answers || bail_out "the proxy does not answer"

dns=127.0.0.1@$proxy_port
conf "lmdb:$store"
sed -i -e 's/timeout = "1s"/timeout = "5s"/' -e '/^strangers/d' -e 's,run/socket";,& deadline = "10s";,' "$world/conf"
from() { /usr/bin/python3 "$top/t/cli/milter.py" "$world/run/socket" "a@$2" "$1" 2>&1; } # CLIENT DOMAIN
vouched() { [ "$(from 192.0.2.1 "$1.asked.example")" = pass ]; }
verdict() { grep "mail_from=a@$1 " "$world/daemon" | tail -n 1 | grep -Eq -- "$2"; }
status_is() { status; grep -Eq "$1" "$world/out"; }
status_well() { status && ! grep -q '^ill:' "$world/out"; }

begin "greenlaned serves"
vouched m1
ok $? "mail of a vendor is vouched by SPF"
waits one@m1.stranger.example
ok $? "a stranger waits"

# ---- all at once ----

kinds="servfail refused silent truncated noedns"
misbehave servfail servfail.asked.example servfail servfail.stranger.example refused refused.asked.example refused refused.stranger.example \
	silent silent.asked.example silent silent.stranger.example truncated truncated.asked.example truncated truncated.stranger.example \
	slow4 slow4.example slow4 slow4.stranger.example slow4 late.asked.example \
	tcp huge.asked.example tcp whole.asked.example noedns noedns.asked.example noedns noedns.stranger.example formerr formerr.asked.example
mails=
post() { # CLIENT DOMAIN
	from "$1" "$2" > "$world/mail.$2" &
	mails="$mails $!"
}
for kind in $kinds chain loop late whole huge formerr; do post 192.0.2.1 "m2.$kind.asked.example"; done
for kind in $kinds slow4; do post 203.0.113.5 "m2.$kind.stranger.example"; done
vouched m2
ok $? "meanwhile mail whose DNS is well is vouched"
waits two@m2.stranger.example
ok $? "and a stranger waits as ever"
pids="$pids $mails"
for mail in $mails; do wait "$mail"; done

for kind in $kinds chain loop; do
	case $(cat "$world/mail.m2.$kind.asked.example") in 451\ 4.4.3*) ;; *) false ;; esac
	ok $? "$kind: mail of the vendor is deferred"
	until_true verdict "m2.$kind.asked.example" 'outcome=unsure .*reason=dns-trouble .*spf=temperror'
	ok $? "$kind: the log says that DNS is why"
done
for kind in $kinds slow4; do
	case $(cat "$world/mail.m2.$kind.stranger.example") in 451\ 4.7.1*greylisted*) ;; *) false ;; esac
	ok $? "$kind: a stranger is greylisted, as ever"
done
# libunbound asks a server that was fast again after a second, and takes no answer to what it asked before
case $(cat "$world/mail.m2.late.asked.example") in pass|451\ 4.4.3*) ;; *) false ;; esac
ok $? "one answer that is four seconds late: $(cut -c1-9 "$world/mail.m2.late.asked.example")"
# beside names whose connections are closed a try may fail as theirs do; whoever was deferred comes again
case $(cat "$world/mail.m2.whole.asked.example") in
pass) ;;
451*) until_true vouched m3.whole ;;
*) false ;;
esac
ok $? "an answer that is whole over TCP is an answer"
case $(cat "$world/mail.m2.huge.asked.example") in pass|451\ *) ;; *) false ;; esac
ok $? "64 KiB of TXT records refuse nobody: $(cut -c1-9 "$world/mail.m2.huge.asked.example")"
is "$(cat "$world/mail.m2.formerr.asked.example")" pass "a server that refuses EDNS is asked without it"
status_well
ok $? "names that fail are no trouble of this host: status is well"
misbehave
for kind in $kinds; do
	until_true vouched "m4.$kind"
	ok $? "$kind: with DNS back the vendor's mail is vouched"
done
until_true vouched m4.s
ok $? "and all else is"

# ---- no name server at all ----

misbehave silent .
number=0
ill_of_dns() { # mail that asks, for a server that nobody asks is well
	number=$((number + 1))
	from 192.0.2.1 "m5$number.asked.example" > "$world/mail"
	status_is '^ill: dns-trouble: no name server has answered since'
}
until_true ill_of_dns
ok $? "when nothing answers status says so"
case $(cat "$world/mail") in 451\ 4.4.3*) ;; *) false ;; esac
ok $? "the vendor's mail is deferred"
waits three@m5.stranger.example
ok $? "a stranger waits as ever"
says 'dns: no usable answer'
ok $? "the log says it"
misbehave
until_true vouched m6
ok $? "with DNS back it is vouched"
until_true status_well
ok $? "and status is well"
end "it exits with 0"

# ---- DNSSEC ----

# a signed root zone, in which one name was changed after it was signed
signed() { sed -n "/$1/,/;\$/p" "$top/t/lib/signed_zone.h" | sed -n 's/^ *"\(.*\)"\(;\)*$/\1/p' | awk '{ printf "%s", $0 }' |
	sed 's/\\n/\
/g; s/\\"/"/g'; }
signed signed_zone_anchor > "$world/root.key"
signed 'signed_zone\[\]' > "$world/root.zone"
kill "$nsd_pid"
wait "$nsd_pid"
nsd_port=$port
nsd_serve
cat > "$world/vendors/asked.conf" <<'TEXT'
vendor = { name = "asked"; domains = [ "altered.example", "signed.example" ]; dkim = [ ];
  sources = ( { cidr = [ "192.0.2.0/24" ]; exclusive = false; } ); vouch = [ "listed+spf" ]; };
TEXT
sed -i "s,timeout = \"5s\";,& trust_anchor = \"$world/root.key\";," "$world/conf"
begin "greenlaned serves, with a trust anchor"
case $(from 192.0.2.1 altered.example) in 451\ 4.4.3*) ;; *) false ;; esac
ok $? "bogus: mail of the vendor is deferred"
until_true verdict altered.example 'outcome=unsure .*reason=dns-trouble .*spf=temperror'
ok $? "bogus: the log says that DNS is why"
from 192.0.2.1 signed.example > "$world/mail"
until_true verdict signed.example 'spf=none'
ok $? "what is signed is believed: it has no SPF"
waits four@stranger.example
ok $? "a stranger waits as ever"
end "it exits with 0"

finish_tap
