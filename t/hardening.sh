#!/bin/sh
# The programs were built with what makes a fault in them harder to use: by configure's HARDENING_... flags, or a packager's.
# Prints TAP. Skipped after configure --disable-hardening, and with a sanitizer, which turns it off.
#
#   t/hardening.sh [FOLDER]     the build in FOLDER (default $top_builddir); a named one is judged whatever configure was told
set -u
. "$(dirname "$0")/lib/tap.sh"
LC_ALL=C
export LC_ALL

# setting NAME: as configure left it.
setting() { sed -n "s/^$1 = *//p" "$build/Makefile"; }

build=${1:-${top_builddir:-.}}
command -v readelf > /dev/null || { echo '1..0 # SKIP readelf is not installed'; exit 0; }
if [ $# -eq 0 ] && [ "$(setting enable_hardening)" != yes ]; then
	echo '1..0 # SKIP configured without hardening, or with a sanitizer'
	exit 0
fi

# has WHAT PATTERN READELF-OPTION...: a line of what readelf says of $file is so.
has() {
	what=$1 pattern=$2
	shift 2
	readelf -W "$@" "$build/$file" 2> /dev/null | grep -Eq -- "$pattern"
	ok $? "$file: $what"
}

for file in milter/greenlaned milter/greenlane; do
	has "loaded anywhere (PIE)" '^ *Type: *DYN ' -h
	has "what the loader has relocated is read-only (RELRO)" '^ *GNU_RELRO ' -l
	has "and that is all, before main (BIND_NOW)" '\((BIND_NOW|FLAGS)\).*BIND_NOW|\(FLAGS_1\).*NOW' -d
	has "the stack cannot be run" '^ *GNU_STACK .* RW +0x' -l
done

# our own objects: libmilter.a brings these symbols into a program that has nothing else with them
for file in policy/libpolicy.a milter/libgreenlane.a; do
	has "stack protectors" ' UND __stack_chk_fail$' -s
	# without optimisation configure leaves them out
	case $(setting HARDENING_CPPFLAGS)$(setting CPPFLAGS)$(setting CFLAGS) in
	*_FORTIFY_SOURCE=[1-9]*) has "fortified functions" ' UND __[a-z]+_chk$' -s ;;
	*) ok 0 "$file: fortified functions # SKIP not optimised" ;;
	esac
	case $(setting HARDENING_CFLAGS) in
	*-fcf-protection*) has "indirect jumps only to where they may (IBT), returns from a second stack (SHSTK)" 'IBT, SHSTK' -n ;;
	*-mbranch-protection*) has "indirect jumps only to where they may (BTI), signed returns (PAC)" 'BTI, PAC' -n ;;
	esac
done
tap_end
