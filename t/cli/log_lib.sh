# log_lib.sh - a log of the test's own at /dev/log, for what is started by in_place. Sourced, after lib.sh; $world/log has its lines.
# shellcheck shell=sh disable=SC2034,SC2154 # its variables are used, and set, by those who source it

place=$world/dev # its /dev, in a mount namespace of its own; outside of that it is a plain directory
in_place() {
	exec unshare -m sh -c 'place=$1
shift
for device in null zero full random urandom; do
	: > "$place/$device"
	mount --bind "/dev/$device" "$place/$device" || exit 99
done
mount --bind "$place" /dev && exec "$@"' sh "$place" "$@"
}
mkdir "$place" "$place/shm"
has_place() { [ "$(id -u)" -eq 0 ] && (in_place true) 2> "$world/err"; }

log_begin() {
	/usr/bin/python3 "$top/t/cli/log_reader.py" "$place/log" "$world/log" &
	reader=$!
	pids="$pids $reader"
	until_true test -S "$place/log"
}
logged() { grep -Eq -- "$1" "$world/log"; }
