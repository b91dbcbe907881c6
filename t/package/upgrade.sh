#!/bin/bash
# upgrade.sh - from the program before there was a package, /root/old.deb, to this package: what was learnt and written stays.
# TAP; t/package/run runs it beside a systemd.
set -u
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/world.sh"
stranger() { send $stranger_address eve@stranger.example 'Eve <eve@stranger.example>'; }
gone() { ! pgrep -x greenlaned > /dev/null; }
open() { /usr/bin/python3 "$here/../mta/net.py" open "$1"; }
socket=unix:/var/spool/postfix/greenlane/milter.sock
records=/var/log/greenlane/verdicts.jsonl

dns_start 53
echo 'nameserver 127.0.0.1' > /etc/resolv.conf
addresses_add
apt-get install -q -y /root/old.deb > "$world/apt" 2>&1
ok $? "the program of before is installed" || tail "$world/apt"
useradd --system --user-group --no-create-home greenlane
user=$(id greenlane)
cat > /etc/greenlane/greenlane.conf <<END
# ours
mode = "enforce";
milter = { listen = "$socket"; };
log = { record = "$records"; };
greylist = { delay = "2s"; };
vendors = ( { name = "tickets"; } );
END
cat > /etc/greenlane/vendors/tickets.conf <<'END'
vendor = { name = "tickets"; domains = [ "tickets.example" ]; sources = ( { spf = "tickets.example"; } ); vouch = [ "listed+spf" ]; };
END
greenlaned
ok $? "it starts as root, as it did then" || exit 1
postfix_prepare
greenlane setup postfix >> /etc/postfix/main.cf
systemctl restart postfix
until_true open 127.0.0.1:25
like "$(genuine)" '^250 ' "genuine mail passes"
like "$(stranger)" '^451 4\.7\.1 greylisted' "a stranger is greylisted"
learnt() { [ -s $records ] && grep -qs 192.0.2.0/28 /var/lib/greenlane/sources/*.copy; }
until_true learnt
ok $? "there are records, and a copy of the source"
pkill -TERM -x greenlaned
until_true gone
cp -a /etc/greenlane "$world/etc"
cp $records "$world/records"

kill "$nsd_pid"
wait "$nsd_pid" 2> /dev/null
cd "$here/../.." || exit 99
DEBIAN_FRONTEND=noninteractive apt-get install -q -y -o Dpkg::Options::=--force-confold ./build/package/greenlane_*.deb > "$world/apt" 2>&1
ok $? "this package is installed in its place" || tail "$world/apt"
like "$(cat "$world/apt")" "^greenlane: of the last day, [0-9]+ records? cannot be judged again: it is of version 1" \
    "it says what it can say of the last day's records, which the old version wrote"
none "$(grep 'has errors' "$world/apt")" "and finds no error in the old configuration"
until_true open $socket
ok $? "and serves"
none "$(diff -r -x '*.dpkg-dist' "$world/etc" /etc/greenlane 2>&1)" "the configuration stays" # the new sample is put beside it
is "$(id greenlane)" "$user" "the user stays"
like "$(greenlane sources)" '192\.0\.2\.0/28' "the source is known, though no name server answers"
head -c "$(stat -c %s "$world/records")" $records | cmp -s - "$world/records"
ok $? "the records stay"
dns_start 53
like "$(stranger)" '^250 ' "the greylist knows the stranger"
like "$(genuine)" '^250 ' "and genuine mail passes"
grown() { [ "$(wc -l < $records)" -gt "$(wc -l < "$world/records")" ]; }
until_true grown
ok $? "new records are added to the old ones"
greenlane check > "$world/check" 2>&1
ok $? "greenlane check has no error"

# updated STATUS PATTERN NAME: the same version again, which is an update like any other.
updated() {
    DEBIAN_FRONTEND=noninteractive apt-get install -q -y --reinstall ./build/package/greenlane_*.deb > "$world/apt" 2>&1
    ok $? "$2"
    like "$(tr -d '\r' < "$world/apt")" "$1" "and says $3"
}
rm $records
systemctl restart greenlaned
until_true open $socket
genuine > "$world/reply"
until_true [ -s $records ]
updated '^greenlane: the last day.s mail \(1 record\) is judged as it was$' "an update that changes nothing" "so"
sed -i 's/"listed+spf"/"dkim"/' /etc/greenlane/vendors/tickets.conf
updated '^greenlane: of the last day.s 1 record 1 would be judged otherwise now' "an update after which mail is judged otherwise" "so"
like "$(cat "$world/apt")" '^  tickets: 1 message, was vouched, pass \(proven\), is ' "with what it was and is"
rm $records
echo 'mod = "monitor";' >> /etc/greenlane/greenlane.conf
updated "^  .*greenlane\.conf:[0-9]+: .*'mod'" "an update where the configuration has an error does not fail" "what is wrong, without any record"
[ "$failed" -eq 0 ] || show_log greenlaned
tap_end
