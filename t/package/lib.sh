# lib.sh - for the scripts that t/package/run runs beside a systemd, with greenlane installed. Sourced; bash.
# shellcheck shell=bash disable=SC2034,SC2154 # its variables are used, and set, by those who source it

. "$(dirname "${BASH_SOURCE[0]}")/../lib/tap.sh"
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# until_true COMMAND...: waits until the command succeeds; 1 after two minutes, which only something broken takes.
until_true() {
    local end=$((SECONDS + 120))
    until "$@"; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.1 # sleeps: until it looks again
    done
}

# is GOT WANTED NAME
is() {
    [ "$1" = "$2" ] || printf "# got '%s', wanted '%s'\n" "$1" "$2"
    [ "$1" = "$2" ]
    ok $? "$3"
}

# log_has UNIT PATTERN: the journal of the unit has a line like it.
log_has() { journalctl -q -b --no-pager -u "$1" | grep -qE -- "$2"; }

# show_log UNIT: as TAP diagnostics, for what failed.
show_log() { journalctl -q -b --no-pager -u "$1" | tail -n 20 | sed 's/^/# /'; }

# main_pid UNIT
main_pid() { systemctl show -P MainPID "$1"; }
