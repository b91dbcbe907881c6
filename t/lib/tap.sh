# tap.sh - prints TAP for the shell tests that check texts. Sourced: . "$(dirname "$0")/lib/tap.sh"
# shellcheck shell=sh disable=SC2034,SC2154 # its variables are used, and set, by those who source it

count=0 failed=0

# ok STATUS NAME: returns STATUS.
ok() {
	count=$((count + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $count - $2"
	else
		failed=$((failed + 1))
		echo "not ok $count - $2"
	fi
	return "$1"
}

# none FOUND NAME: nothing may have been found; what was is shown.
none() {
	[ -z "$1" ]
	ok $? "$2"
	[ -z "$1" ] || printf '%s\n' "$1" | sed 's/^/# /'
}

# The plan, at the end; fails when a test did.
tap_end() {
	echo "1..$count"
	[ "$failed" -eq 0 ]
}
