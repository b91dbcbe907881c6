# memory_lib.sh - a greenlaned to which memory is refused (t/lib/memory_faults.c is preloaded), and what becomes of a stranger's, a
# vendor's and a forger's mail then, for t/cli/memory_*.sh. Sourced, with `name` set. Skips the test where it cannot be refused.
# shellcheck shell=sh disable=SC2034,SC2154 # its variables are used, and set, by those who source it

. "${srcdir:-.}/t/cli/store_lib.sh"
. "${srcdir:-.}/t/cli/preload_lib.sh"
! sanitized || skip_all "the sanitizer has an allocator of its own"
preload memory_faults

refuse() { tell "$@"; } # EVERY [LIBRARY]
refuse 0
export MEMORY_FAULTS="$world/word"

begins() { # NAME
	greenlaned_start "$world/conf" "LD_PRELOAD=$object"
	ok $? "$1"
}
verdict() { # CLIENT SENDER: one word
	case $(/usr/bin/python3 "$top/t/cli/milter.py" "$world/run/socket" "$2" "$1" 2>&1) in
	pass) echo pass ;;
	451\ 4.7.1*greylisted*) echo greylisted ;;
	550*) echo refused ;;
	451*|deferred) echo deferred ;;
	*hung\ up*|*Error*) echo closed ;;
	*) echo other ;;
	esac
}
# each has its verdicts in a file, stranger, vendor or forger
forget_verdicts() {
	: > "$world/stranger"
	: > "$world/vendor"
	: > "$world/forger"
}
tally() { sort "$world/$1" | uniq -c | tr -s ' \n' ' '; }
# where the store has no memory strangers pass, and the log says so
passed_unasked() { [ "$(grep -c '^pass' "$world/stranger")" -le "$(grep -c 'greylist=failed' "$world/daemon")" ]; }
