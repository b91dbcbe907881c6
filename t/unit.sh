#!/bin/sh
# TAP: the unit gives greenlaned little, by systemd's own figure, and what it needs: the system calls that t/syscalls has seen.
set -u
. "$(dirname "$0")/lib/tap.sh"
top=${srcdir:-$(dirname "$0")/..}
unit=$top/contrib/systemd/greenlaned.service
limit=15 # tenths

if ! command -v systemd-analyze > /dev/null; then
	ok 0 "the exposure of the unit # SKIP systemd-analyze is not installed"
	ok 0 "its system calls # SKIP systemd-analyze is not installed"
	tap_end
	exit
fi
said=$(systemd-analyze security --offline=true --no-pager "$unit" 2> /dev/null | tail -n 1)
figure=$(printf '%s\n' "$said" | sed -n 's/.*: \([0-9]*\)\.\([0-9]\).*/\1\2/p')
if [ -z "$figure" ]; then
	ok 0 "the exposure of the unit # SKIP this systemd-analyze looks at no file"
else
	echo "# $said"
	[ "$figure" -lt "$limit" ]
	ok $? "its exposure is below 1.5"
fi
if [ -z "$(systemd-analyze syscall-filter @system-service 2> /dev/null)" ]; then
	ok 0 "its system calls # SKIP this systemd-analyze knows no groups"
else
	none "$(/usr/bin/python3 "$top/t/syscalls.py" denied "$unit" < "$top/t/syscalls.seen")" "it lets through each system call of t/syscalls.seen"
	without=$(mktemp) || exit 99
	sed '/^SystemCallFilter=@chown/d' "$unit" > "$without"
	/usr/bin/python3 "$top/t/syscalls.py" denied "$without" < "$top/t/syscalls.seen" | grep -q chown
	ok $? "(a unit without one of its lines is caught)"
	rm -f "$without"
fi
grep -q 'landlock_restrict_self' "$unit"
ok $? "it lets greenlaned restrict itself"
tap_end
