#!/bin/bash
# purge.sh - removed, the package leaves what belongs to the site; purged, it leaves nothing. TAP; t/package/run.
set -u
. "$(dirname "$0")/lib.sh"

all() { find / -xdev \( -path /proc -o -path /sys -o -path /tmp -o -path /run -o -path /src -o -path /var/log -o -path /var/cache -o -path /var/lib/dpkg -o -path /var/lib/apt -o -path /root -o -path '/var/tmp/systemd-private-*' \) -prune -o -print | sort; }
ours() { grep -i greenlane; }

echo 'vouch me' > /var/lib/greenlane/sources/mine
apt-get remove -y -q greenlane > /root/remove.log 2>&1
ok $? "the package is removed"
is "$(systemctl is-active greenlaned)" inactive "greenlaned is stopped"
[ -e /etc/greenlane/greenlane.conf ] && [ -e /var/lib/greenlane/sources/mine ] && getent passwd greenlane > /dev/null
ok $? "configuration, state and user stay"
apt-get purge -y -q greenlane > /root/purge.log 2>&1
ok $? "the package is purged"
none "$(all | ours)" "no file of it is left"
none "$(ls -d /var/log/greenlane /run/greenlane 2> /dev/null)" "neither its records nor its sockets"
none "$(getent passwd greenlane; getent group greenlane)" "neither its user nor its group"
none "$(systemctl list-unit-files --no-legend | ours; ls /etc/systemd/system/*/ | ours; ls /var/lib/systemd/deb-systemd-helper-* | ours)" \
    "and no unit"
tap_end
