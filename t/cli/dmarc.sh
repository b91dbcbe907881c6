#!/bin/sh
# TAP: DMARC by RFC 9989 with a real name server: what explain --json tells of the walk up the tree, how little is asked, that
# answers are kept, the negative ones too, and a stranger that is refused by the running daemon.
name=dmarc
. "${srcdir:-.}/t/cli/lib.sh"

if why=$(missing nsd /usr/bin/python3); then
	skip "DMARC is asked for" "$why"
	finish_tap
fi

# ---- the tree ----

cat > "$world/root.zone" <<END
$(zone_head 3600)
_dmarc.company.example. TXT "v=DMARC1; p=quarantine; sp=none; np=reject"
company.example. TXT "v=spf1 ip4:192.0.2.0/24 -all"
here.company.example. A 192.0.2.9
alias.company.example. CNAME gone.elsewhere.example.
news.company.example. TXT "v=spf1 ip4:192.0.2.0/24 -all"
bounce.eu.company.example. TXT "v=spf1 ip4:192.0.2.0/24 -all"
_dmarc.hosting.example. TXT "v=DMARC1; p=none; sp=reject; psd=y; t=y"
_dmarc.x.broken.example. TXT "v=DMARC1; p=reject"
x.broken.example. TXT "v=spf1 ip4:192.0.2.0/24 -all"
y.broken.example. TXT "v=spf1 ip4:192.0.2.0/24 -all"
_dmarc.f.g.h.i.j.deep.example. TXT "v=DMARC1; p=reject; psd=n"
_dmarc.corp.test. TXT "v=DMARC1; p=reject"
END
nsd_serve
proxy=$(/usr/bin/python3 "$top/t/mta/net.py" ports 1)
: > "$world/faults"
/usr/bin/python3 "$top/t/mta/dnsproxy.py" "$proxy" "$port" "$world/faults" all >> "$world/asked" 2> "$world/proxy" &
pids="$pids $!"
until_true /usr/bin/python3 "$top/t/mta/net.py" dns 127.0.0.1 "$proxy" . ||
	bail_out "the proxy does not answer"

mkdir "$world/vendors" "$world/state"
echo 'vendor = { name = "desk"; domains = [ "desk.example" ]; };' > "$world/vendors/desk.conf"
config=$world/conf
cat > "$config" <<END
authserv_id = "mx.rx.example";
vendor_path = [ "$world/vendors" ];
vendors = ( { name = "desk"; } );
milter = { listen = "unix:$world/milter.sock"; };
control = { listen = "unix:$world/control.sock"; };
state_dir = "$world/state";
user = "$(id -un)";
greylist = { store = "none"; };
strangers = { dmarc = "reject"; };
own = { accept = [ "dmarc-ungreylisted" ]; };
dns = { servers = [ "127.0.0.1@$proxy" ]; timeout = "60s"; };
END
json() {
	/usr/bin/python3 -c 'import json, sys
r = json.load(sys.stdin)
a = r["facts"]["authors"][0]
walk = [s["domain"] + ("" if s["found"] == "nothing" else ":" + s["found"] + s.get("psd", "")) for s in a["walk"]]
sys.exit(not eval(sys.argv[1]))' "$1" < "$world/out" 2>> "$world/err"
	ok $? "$2"
}
author() { # STATUS NAME DOMAIN SENDER [CLIENT]
	: > "$world/asked"
	run "$1" "$2" explain --client "${5:-192.0.2.7}" --helo out.example --mail-from "b@$4" --from "a@$3" --rcpt u@rx.example --json
}
asked() { grep -c "$1" "$world/asked"; }

author 0 "an author whose own name is proven" company.example company.example
json 'a["dmarc"] == "pass" and a["record"] == "company.example" and a["policy"] == "quarantine" and walk == ["company.example:recordu"]' \
	"has its own record"
is "$(asked '^TXT _dmarc\.')" 1 "and one DMARC question is asked for it"
is "$(asked .)" 2 "beside the one for SPF"

author 0 "an author that inherits" news.company.example bounce.eu.company.example
json 'a["dmarc"] == "pass" and a["organisation"] == "company.example" and (a["record"], a["tag"], a["policy"]) == ("company.example", "sp", "none")' \
	"aligns with another branch of its tree"
json 'walk == ["news.company.example", "company.example:recordu", "example"]' "which the walk shows"

author 1 "a name that does not exist" gone.company.example nobody.example 198.51.100.7
json '(a["dmarc"], a["tag"], a["policy"]) == ("fail", "np", "reject") and r["reason"] == "dmarc-reject"' "has np, and is refused"
is "$(asked '^CNAME gone\.company\.example$')" 1 "whether it exists is asked once"
author 0 "an alias that leads nowhere" alias.company.example nobody.example 198.51.100.7
json '(a["dmarc"], a["tag"], a["policy"]) == ("fail", "sp", "none")' "exists all the same"
author 0 "a name with an address" here.company.example nobody.example 198.51.100.7
json '(a["tag"], a["policy"]) == ("sp", "none")' "exists"

author 0 "a customer of a private registry" a.good.hosting.example nobody.example 198.51.100.7
json 'a["organisation"] == "good.hosting.example" and walk == ["a.good.hosting.example", "good.hosting.example", "hosting.example:recordy"]' \
	"is an organisation of its own below psd=y"
json '(a["record"], a["policy"], a["testing"]) == ("hosting.example", "quarantine", True)' "and has the registry's policy, a step milder"
json 'r["action"] == "tag" and r["reason"] == "dmarc-quarantine"' "so that it is tagged"

author 1 "eleven labels" a.b.c.d.e.f.g.h.i.j.deep.example nobody.example 198.51.100.7
json 'walk == ["a.b.c.d.e.f.g.h.i.j.deep.example", "f.g.h.i.j.deep.example:recordn"]' "go on at seven, and psd=n ends the walk"

echo 'servfail _dmarc.broken.example' > "$world/faults"
author 0 "an error half way up, which nobody needs" x.broken.example x.broken.example
json 'a["dmarc"] == "pass" and walk == ["x.broken.example:recordu"]' "is not met"
author 0 "an error half way up" x.broken.example y.broken.example
json 'a["dmarc"] == "temperror" and a["dmarc_silent"] == "broken.example" and r["reason"] == "no-claim"' \
	"makes it open, and a stranger passes"
: > "$world/faults"

# ---- the daemon ----

greenlaned_start "$config" || bail_out "greenlaned does not start"
mail() { /usr/bin/python3 "$top/t/cli/milter.py" "$world/milter.sock" "$@" > "$world/reply" 2>&1; }
: > "$world/asked"
mail a@news.nothing.test 203.0.113.5
is "$(cat "$world/reply")" pass "a stranger without DMARC passes"
is "$(asked '^TXT _dmarc\.')" 3 "three names were asked"
: > "$world/asked"
mail b@news.nothing.test 203.0.113.5
is "$(asked .)" 0 "that they do not exist is kept: the second mail asks nothing"
mail a@corp.test 203.0.113.5
grep -q '^550 5\.7\.1 .*DMARC.*(dmarc-reject, id ' "$world/reply"
ok $? "a stranger that fails under p=reject is refused: $(cut -c1-60 "$world/reply")"

finish_tap
