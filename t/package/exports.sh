#!/bin/bash
# exports.sh - each list of contrib/postfix that a unit watches, and its reader: the real postgrey, Postfix and rspamd, with
# greenlaned as a user that may signal nobody. TAP; t/package/run runs it beside a systemd.
set -u
. "$(dirname "$0")/lib.sh"
snippets=$here/../../contrib/postfix
lists=/var/lib/greenlane-exports

# The lines of greenlane.conf that the snippets have in their comments.
jobs_of() { sed 's/^# *//' "$snippets"/{postgrey,milter-greylist,rspamd}.cf | tr '\n' ' ' | grep -o 'exports = ( { [^;]*; [^)]*} );' | sed 's/^exports = ( //; s/ );$//'; }

vendor() {
    cat > /etc/greenlane/vendors/listed.conf <<END
vendor = { name = "listed"; domains = [ "listed.example" ]; sources = ( { cidr = [ "$1" ]; as_of = "2026-11-01"; exclusive = true; } ); vouch = [ "listed" ]; };
END
}

# postgrey_says ADDRESS
postgrey_says() {
    /usr/bin/python3 - "$1" <<'END'
import socket, sys
with socket.create_connection(("127.0.0.1", 10023), 60) as s:
    s.sendall(("request=smtpd_access_policy\nprotocol_state=RCPT\nclient_address=%s\nclient_name=unknown\nsender=a@s.example\n"
               "recipient=b@rx.example\ninstance=%s\n\n" % (sys.argv[1], sys.argv[1])).encode())
    print(s.makefile().readline().split()[0].removeprefix("action="))
END
}
postgrey_lets_by() { [ "$(postgrey_says "$1")" = DUNNO ]; }
has() { grep -qsF "$1" "$2"; }

cp /etc/greenlane/greenlane.conf /root/greenlane.conf.kept
vendor 192.0.2.0/24
{
    grep -v '^vendors' /etc/greenlane/greenlane.conf | sed '/^  { name/,$d'
    echo 'vendors = ( { name = "listed"; } );'
    echo "exports = ( $(jobs_of | paste -sd, ) );"
} > /root/new.conf
cp /root/new.conf /etc/greenlane/greenlane.conf
is "$(grep -o 'file = "[^"]*"' /root/new.conf | sort -u | wc -l)" 4 "the snippets name four lists"
systemctl restart greenlaned
ok $? "greenlaned starts with all of them"
for name in postgrey postfix milter-greylist rspamd; do
    until_true has 192.0.2.0/24 $lists/$name
    ok $? "and writes $name"
done
mkdir -p /etc/milter-greylist
echo 'racl greylist default' > /etc/milter-greylist/site.conf

sed -i "s,^POSTGREY_OPTS=.*,POSTGREY_OPTS=\"--inet=10023 --whitelist-clients=$lists/postgrey\"," /etc/default/postgrey
systemctl restart postgrey
until_true postgrey_lets_by 192.0.2.10
ok $? "postgrey lets by who is in its list"
is "$(postgrey_says 198.51.100.10)" DEFER_IF_PERMIT "and greylists others"
systemctl is-active -q postfix || systemctl start postfix

systemctl enable -q --now greenlane-export@postgrey.path greenlane-export@postfix.path greenlane-export@milter-greylist.path
ok $? "the units that watch are enabled"
before=$(main_pid postgrey)
vendor 198.51.100.0/24
greenlane reload > /dev/null 2>&1
until_true postgrey_lets_by 198.51.100.10
ok $? "a list that changes reaches postgrey"
is "$(main_pid postgrey)" "$before" "which was not restarted for it"
reloaded() { journalctl -q -b --no-pager -t postfix/master -t postfix/postfix-script | grep -q 'reload'; }
until_true reloaded
ok $? "Postfix was told to reload"
until_true has 198.51.100.0/24 /etc/milter-greylist/greylist.conf && has 'racl greylist default' /etc/milter-greylist/greylist.conf
ok $? "greylist.conf is the list and site.conf"
setpriv --reuid=_rspamd --regid=_rspamd --clear-groups grep -q 198.51.100.0/24 $lists/rspamd
ok $? "rspamd's user may read its list"

# What only greenlane's user can write must not become root's configuration.
before=$(cat /etc/milter-greylist/greylist.conf)
printf 'user "root"\n' >> $lists/milter-greylist
refused() { log_has greenlane-export@milter-greylist.service 'is not a list of greenlane'; }
until_true refused
ok $? "a list with more than networks in it is refused"
is "$(cat /etc/milter-greylist/greylist.conf)" "$before" "and greylist.conf stays as it is"
setpriv --reuid=greenlane --regid=greenlane --clear-groups kill -HUP "$(main_pid postgrey)" 2> /dev/null
is $? 1 "greenlane's user could not have signalled postgrey"

systemctl disable -q --now greenlane-export@postgrey.path greenlane-export@postfix.path greenlane-export@milter-greylist.path
cp /root/greenlane.conf.kept /etc/greenlane/greenlane.conf
rm /etc/greenlane/vendors/listed.conf
systemctl restart greenlaned
[ "$failed" -eq 0 ] || show_log greenlaned
tap_end
