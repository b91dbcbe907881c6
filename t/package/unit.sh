#!/bin/bash
# unit.sh - greenlaned.service on a real systemd: how it starts, what it may, reloads, comes back, stops. TAP; t/package/run.
set -u
. "$(dirname "$0")/lib.sh"

# may_not PATH: the daemon's own namespace has no right to write there.
may_not() {
    ! nsenter -t "$(main_pid greenlaned)" -m setpriv --reuid=greenlane --regid=greenlane --clear-groups touch "$1/x" 2> /dev/null
}

status_says() { systemctl show -P StatusText greenlaned | grep -q -- "$1"; }

# came_back PID: for a moment it is still active and has no process; kill would take 0 for all of ours.
came_back() {
    local now
    now=$(main_pid greenlaned)
    [ "${now:-0}" -gt 0 ] && [ "$now" != "$1" ] && [ "$(systemctl is-active greenlaned)" = active ]
}

systemctl start greenlaned
ok $? "systemctl start waits until it is ready"
status_says '^[0-9]* vendors\?, mode '
ok $? "and systemctl status says what is in force"
pid=$(main_pid greenlaned)
is "$(stat -c %U "/proc/$pid")" greenlane "it is its own user"
is "$(awk '/^[UG]id:/ { print $2, $3, $4, $5 }' "/proc/$pid/status" | tr ' ' '\n' | sort -u | tr '\n' ' ')" \
    "$(printf '%s\n' "$(id -u greenlane)" "$(id -g greenlane)" | sort -u | tr '\n' ' ')" "in every way"
is "$(awk '/^(NoNewPrivs|Seccomp):/ { print $2 }' "/proc/$pid/status" | tr '\n' ' ')" "1 2 " "under the unit's filter, and can get no right"
log_has greenlaned 'a filter of system calls forbids Landlock'
is $? 1 "which does not keep it from its sandbox"
given=$(systemctl show -P ReadWritePaths greenlaned | tr ' ' '\n' | sed 's/^-//')
writes=$(greenlane status --json | grep -o '"writes":[^]]*' | grep -o '"/[^"]*"' | tr -d '"' | grep -v '^/dev/null$')
[ "$(printf '%s\n' "$writes" | wc -l)" -ge 3 ]
ok $? "(the sandbox names what it writes to)"
none "$(for path in $writes; do
    for folder in $given; do case $path/ in "$folder"/*) continue 2 ;; esac; done
    echo "$path"
done)" "which the unit lets it write to, all of it"
is "$(awk '/^Cap(Prm|Eff|Bnd)/ { sum = sum $2 } END { print sum }' "/proc/$pid/status" | tr -d 0)" "" "without any capability"
is "$(stat -c '%U:%G %a' /var/spool/postfix/greenlane/milter.sock)" "greenlane:postfix 660" "smtpd may use its socket"
writable=$(for directory in /etc/greenlane /var/spool/postfix /var/lib /usr/sbin /root; do
    may_not $directory || echo $directory
done)
none "$writable" "it may not write to the configuration, the queue or programs"
is "$(journalctl -q -b --no-pager _PID="$pid" | grep -c 'greenlaned .* serves ')" 1 "a line of the log is in the journal once"

systemctl reload greenlaned
ok $? "systemctl reload puts the configuration in force"
cp /etc/greenlane/greenlane.conf /root/greenlane.conf.kept
echo 'mod = "monitor";' >> /etc/greenlane/greenlane.conf
systemctl reload greenlaned 2> /dev/null
is $? 1 "and fails where it has an error"
status_says 'the last reload was refused'
ok $? "which systemctl status says as well"
is "$(systemctl is-active greenlaned):$(main_pid greenlaned)" "active:$pid" "the daemon serves on"
cp /root/greenlane.conf.kept /etc/greenlane/greenlane.conf
kill -HUP "${pid:?}"
until_true status_says '^[0-9]* vendors\?, mode '
ok $? "a reload by HUP is told, too"

for _ in 1 2 3 4 5 6 7; do
    before=$(main_pid greenlaned)
    kill -KILL "${before:?}"
    until_true came_back "$before" || break
done
ok $? "killed seven times in a row it comes up again each time"
systemctl stop greenlaned
ok $? "systemctl stop ends it"
is "$(systemctl show -P Result greenlaned)" success "in order"

# Without the group: as if Postfix were not there.
mv /etc/systemd/system/greenlaned.service.d/postfix.conf /root/postfix.conf.kept
systemctl daemon-reload
systemctl start greenlaned
ok $? "without the drop-in it starts as well"
log_has greenlaned 'warning: .*milter.sock.*put greenlane into that group'
ok $? "and says what its socket lacks"
mv /root/postfix.conf.kept /etc/systemd/system/greenlaned.service.d/postfix.conf
systemctl daemon-reload
systemctl restart greenlaned
ok $? "and starts with it again"
[ "$failed" -eq 0 ] || show_log greenlaned
tap_end
