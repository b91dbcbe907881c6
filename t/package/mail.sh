#!/bin/bash
# mail.sh - genuine and forged mail through this host's own Postfix, with the installed greenlane. TAP. The package's
# autopkgtest; it changes the host's configuration and needs one that may be spoilt. With or without systemd.
set -u
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/world.sh"

have_systemd() { [ -d /run/systemd/system ]; }
run_greenlaned() {
    if have_systemd; then
        systemctl restart greenlaned
    else
        greenlaned
    fi
}
run_postfix() {
    if have_systemd; then
        systemctl restart postfix
    else
        postfix stop > /dev/null 2>&1
        postfix start > /dev/null 2>&1
    fi
}
stopped() { ! pgrep -x greenlaned > /dev/null; }

dns_start 5353
ok $? "a name server of the test's own runs"
addresses_add
cp /etc/greenlane/greenlane.conf "$world/kept.conf"
cat > /etc/greenlane/greenlane.conf <<'END'
milter = { listen = "unix:/var/spool/postfix/greenlane/milter.sock"; };
dns = { servers = [ "127.0.0.1@5353" ]; };
greylist = { store = "none"; };
vendors = ( { name = "tickets"; mode = "enforce"; } );
END
cat > /etc/greenlane/vendors/tickets.conf <<'END'
vendor = { name = "tickets"; domains = [ "tickets.example" ]; sources = ( { spf = "tickets.example"; } ); vouch = [ "listed+spf" ]; };
END
greenlane check > "$world/check" 2>&1
ok $? "greenlane check accepts the configuration"
have_systemd || until_true stopped
run_greenlaned
ok $? "greenlaned starts"
postfix_prepare
greenlane setup postfix >> /etc/postfix/main.cf
run_postfix
until_true /usr/bin/python3 "$here/../mta/net.py" open 127.0.0.1:25
ok $? "Postfix runs with the lines of greenlane setup postfix"
like "$(genuine)" '^250 ' "genuine mail passes"
like "$(forged)" '^550 5\.7\.26 ' "forged mail is refused"
pid=$(pgrep -x greenlaned | head -n 1)
is "$(stat -c %U "/proc/$pid")" greenlane "greenlaned runs as its own user"
greenlane status > "$world/status"
like "$(cat "$world/status")" 'reject 1' "greenlane status counts it"
have_systemd || { postfix stop > /dev/null 2>&1; kill "$pid"; }
cp "$world/kept.conf" /etc/greenlane/greenlane.conf
rm /etc/greenlane/vendors/tickets.conf
tap_end
