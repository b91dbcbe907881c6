#!/bin/sh
# TAP: the thread that asks DNS hangs in its library (t/lib/dns_freeze.c is preloaded): the deadline of a message holds, mail that
# needs DNS is deferred, other mail passes, status says it, a reload and the stop do not wait, and all is well when it goes on.
name=dns_hang
. "${srcdir:-.}/t/cli/store_lib.sh"
. "${srcdir:-.}/t/cli/preload_lib.sh"
needs nsd
! sanitized || skip_all "not with the sanitizer"
preload dns_freeze
hangs() { tell "$1"; } # 0|1
hangs 0
export DNS_FREEZE="$world/word"

asked_by_spf
{ zone_head 0; echo "$asked_record"; } > "$world/root.zone"
nsd_serve
conf none
sed -i 's,run/socket",&; deadline = "4s",' "$world/conf"
begins() { # NAME
	greenlaned_start "$world/conf" "LD_PRELOAD=$object"
	ok $? "$1"
}
verdict() { /usr/bin/python3 "$top/t/cli/milter.py" "$world/run/socket" "a@$1.asked.example" 192.0.2.1 2>&1; }
well() { status && ! grep -q '^ill:' "$world/out"; }
troubled() { ! status && grep -q '^ill: dns-trouble: ' "$world/out"; }
reloads() { "$greenlane" -c "$world/conf" reload > "$world/out" 2>&1; }

begins "greenlaned serves"
is "$(verdict one)" pass "a vendor's mail passes"
hangs 1
case $(verdict two) in 451*) true ;; *) false ;; esac
ok $? "DNS hangs: within the deadline a vendor's mail is deferred"
passes a@stranger.example
ok $? "mail that does not need it passes"
until_true troubled
ok $? "status says that DNS does not answer"
reloads
ok $? "a reload does not wait for it"
case $(verdict three) in 451*) true ;; *) false ;; esac
ok $? "and a vendor's mail is deferred"
hangs 0
is "$(verdict four)" pass "when it goes on a vendor's mail passes"
until_true well
ok $? "and status is well"
hangs 1
case $(verdict five) in 451*) true ;; *) false ;; esac
ok $? "it hangs again"
kill "$daemon"
until_true gone "$daemon"
ok $? "TERM: greenlaned ends all the same"
! ours "$daemon" || kill -KILL "$daemon" 2> "$world/err"
wait "$daemon"
is $? 0 "with exit status 0"

finish_tap
