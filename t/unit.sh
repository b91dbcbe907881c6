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
# value KEY: the last one of the unit
value() { sed -n "s/^$1=//p" "$unit" | tail -n 1; }
[ -n "$(value User)" ] && [ "$(value User)" = "$(sed -n 's/^u \([^ ]*\) .*/\1/p' "$top/contrib/sysusers.d/greenlane.conf")" ] &&
	[ "$(value User)" = "$(value Group)" ]
ok $? "its user is the one that sysusers.d makes"
[ "$(sed -n 's/^d [^ ]* [0-9]* \([^ ]*\) \([^ ]*\) .*/\1 \2/p' "$top/contrib/tmpfiles.d/greenlane.conf" | sort -u)" = "$(value User) $(value User)" ]
ok $? "and owns the directories of tmpfiles.d"
folders() { sed -n 's/^d \([^ ]*\) .*/\1/p' "$top/contrib/tmpfiles.d/greenlane.conf" | sort; }
[ -n "$(folders)" ] && [ "$(folders)" = "$(sed -n 's/^ReadWritePaths=//p' "$unit" | tr ' ' '\n' | sed 's/^-//' | sort)" ]
ok $? "which are those that it may write to"
none "$(grep -E '^Exec[A-Za-z]*=[-@:|]*[+!]|^(PermissionsStartOnly|AmbientCapabilities|DynamicUser)=' "$unit")" "nothing of it is ever root"
[ "$(grep '^CapabilityBoundingSet=' "$unit")" = CapabilityBoundingSet= ] && [ "$(value NoNewPrivileges)" = yes ]
ok $? "nor can become it"
grep -q 'landlock_restrict_self' "$unit"
ok $? "it lets greenlaned restrict itself"
tap_end
