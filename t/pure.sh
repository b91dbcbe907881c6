#!/bin/sh
# The core decides and does nothing else (doc/DESIGN.md, Layout): what the objects of policy/ want from outside
# must be on the list below, and none may hold a variable that can be written. Prints TAP.
#
#   t/pure.sh [ARCHIVE]       checks ARCHIVE (default policy/libpolicy.a), then itself by planted violations
#   t/pure.sh --selftest      itself alone
#
# Variables are judged by their section, not by nm's letter: a constant table that holds pointers lies in
# .data.rel.ro, which the loader closes before main, but shows as "d" like any variable.
set -u
. "$(dirname "$0")/lib/tap.sh"
LC_ALL=C
export LC_ALL

# libc's pure part: memory, strings, numbers, sorting, text forms of addresses and of a given time, DNS messages read.
allowed='
malloc calloc realloc reallocarray free
memchr memcmp memcpy memmove memmem memrchr mempcpy memset rawmemchr explicit_bzero
bcmp strchr strchrnul strcmp strncmp strcasecmp strncasecmp strcspn strspn strpbrk strlen strnlen strrchr strstr
strcasestr strdup strndup strsep strtok_r
strtol strtoul strtoll strtoull strtod strtoimax strtoumax snprintf vsnprintf sscanf
qsort qsort_r bsearch abs labs div ldiv
inet_pton inet_ntop gmtime_r timegm strftime strptime
ns_initparse ns_parserr ns_name_unpack ns_name_pton ns_name_skip ns_get16 ns_get32 ns_msg_getflag
isalnum isalpha isdigit isspace isxdigit tolower toupper
_GLOBAL_OFFSET_TABLE_ __errno_location __ctype_b_loc __ctype_tolower_loc __ctype_toupper_loc __stack_chk_fail
'
# Of the four libraries all but what opens files or asks the locale.
libraries='^(config|psl|idn2|json)_'
unclean='^(json_(load_file|loadf|loadfd|load_callback|dump_file|dumpf|dumpfd|set_alloc_funcs)|config_(read|read_file|write|write_file|set_include_dir|set_include_func)|psl_(load_file|load_fp|latest|builtin|dist_filename)|idn2_.*(_lz|_ul|8zlz|lzlz))$'

# Symbols that the archive wants and does not hold, in their plain names: __memcpy_chk and
# __isoc23_strtoul are memcpy and strtoul as the compiler dresses them.
wanted() {
	nm -u "$1" | awk '$1 == "U" || $1 == "w" { print $2 }' | sort -u >"$tmp/wanted"
	nm --defined-only "$1" | awk 'NF >= 3 { print $NF }' | sort -u >"$tmp/held"
	comm -23 "$tmp/wanted" "$tmp/held" | sed 's/^__\(.*\)_chk$/\1/; s/^__isoc[0-9]*_//; s/^__xpg_//' | sort -u
}

impure() {
	# shellcheck disable=SC2086 # a list of words
	printf '%s\n' $allowed | sort -u >"$tmp/allowed"
	wanted "$1" >"$tmp/plain"
	comm -23 "$tmp/plain" "$tmp/allowed" | grep -Ev "$libraries"
	grep -E "$unclean" "$tmp/plain"
}

# "OBJECT NAME SECTION" of every variable that lies where it can be written.
writable() {
	nm -f sysv "$1" | awk -F '|' '
	/^Symbols from / {
		object = $0
		sub(/.*\[/, "", object)
		sub(/\].*/, "", object)
	}
	NF >= 7 {
		name = $1
		section = $7
		gsub(/[ \t]/, "", name)
		gsub(/[ \t]/, "", section)
		if (section ~ /^\.data\.rel\.ro/)
			next
		if (section ~ /^\.(data|bss|sdata|sbss|ldata|lbss|tdata|tbss|tm_clone_table|init_array|fini_array|ctors|dtors)(\.|$)/ ||
		    section == "*COM*")
			print object, name, section
	}'
}

is_instrumented() {
	nm -u "$1" | grep -Eq ' (__asan|__ubsan|__tsan|__msan|__lsan|__sanitizer|__gcov|__llvm|__afl)_'
}

check_archive() {
	if [ ! -r "$1" ] || [ -z "$(nm --defined-only "$1" 2>/dev/null)" ]; then
		ok 1 "there is an archive $1 with symbols"
		return
	fi
	if is_instrumented "$1"; then
		echo "1..0 # SKIP $1 is instrumented; its objects hold the instruments' variables"
		exit 0
	fi
	none "$(impure "$1")" "the core wants nothing from outside but what is pure"
	none "$(writable "$1")" "the core holds no variable that can be written"
}

# --- the checks themselves ---

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

# FLAGS C-TEXT: an archive of it; false when this compiler does not know the flags.
plant() {
	rm -f "$tmp/planted.a" "$tmp/planted.o"
	printf '%s\n' "$2" >"$tmp/planted.c"
	# shellcheck disable=SC2086 # flags are words
	${CC:-cc} -w $1 -c -o "$tmp/planted.o" "$tmp/planted.c" 2>"$tmp/said" && ar rc "$tmp/planted.a" "$tmp/planted.o"
}

# WHAT C-TEXT [FLAGS...]: must be found.
caught() {
	what=$1
	text=$2
	shift 2
	for flags in "${@:--O2}"; do
		plant "$flags" "$text"
		if [ -n "$(impure "$tmp/planted.a")$(writable "$tmp/planted.a")" ]; then
			ok 0 "a planted violation is caught: $what ($flags)"
		else
			ok 1 "a planted violation is caught: $what ($flags)"
			sed 's/^/# /' "$tmp/said"
		fi
	done
}

selftest() {
	caught "getenv" '#include <stdlib.h>
		const char *f(void) { return getenv("HOME"); }'
	caught "the clock" '#include <time.h>
		long f(void) { return (long)time(0); }'
	caught "a file" '#include <stdio.h>
		void *f(void) { return fopen("/x", "r"); }'
	caught "printing" '#include <stdio.h>
		void f(int x) { printf("%d", x); }'
	caught "a socket" '#include <sys/socket.h>
		int f(void) { return socket(AF_INET, SOCK_STREAM, 0); }'
	caught "chance" '#include <stdlib.h>
		int f(void) { return rand(); }'
	caught "a thread" '#include <pthread.h>
		int f(pthread_mutex_t *m) { return pthread_mutex_lock(m); }'
	caught "an end of the process" '#include <stdlib.h>
		void f(void) { abort(); }'
	caught "a library that opens a file" 'int config_read_file(void *, const char *);
		int f(void *c) { return config_read_file(c, "/x"); }'
	caught "a variable" 'int x = 1;' -O0 '-O2 -fPIC' '-O2 -fno-pic'
	caught "a variable of zeros" 'int x;' -O0 '-O2 -fPIC' '-O2 -fno-pic'
	caught "a variable inside a function" 'int f(void) { static int x; return ++x; }' -O0 '-O2 -fPIC' '-O2 -fno-pic'
	caught "a variable of the thread" '_Thread_local int x = 2;' -O0 '-O2 -fPIC' '-O2 -fno-pic'
	caught "a table of constants behind a pointer that is none" 'const char *names[] = { "a", "b" };
		const char *f(int i) { return names[i]; }' -O0 '-O2 -fPIC' '-O2 -fno-pic'
	for flags in '-O0' '-O2 -fPIC' '-O2 -fno-pic' '-O2 -fPIE -D_FORTIFY_SOURCE=2 -fstack-protector-strong'; do
		plant "$flags" '#include <stdio.h>
			#include <stdlib.h>
			#include <string.h>
			void psl_free(void *);
			static const char *const names[] = { "a", "b" };
			static const struct { const char *name; int (*compare)(const char *, const char *); } table[] = { { "x", strcmp } };
			int f(char *out, unsigned long room, int i) { char b[64]; psl_free(0); memcpy(b, out, room);
				return snprintf(out, room, "%s%d", names[i], table[i].compare(b, names[1])) + (int)strtoul(b, NULL, 10); }'
		none "$(cat "$tmp/said"; impure "$tmp/planted.a"; writable "$tmp/planted.a")" "constant tables and pure calls pass ($flags)"
	done
	if plant '-fsanitize=address' 'int f(int *x) { return x[1]; }'; then
		is_instrumented "$tmp/planted.a"
		ok $? "instrumented objects are known"
	fi
}

if [ "${1:-}" != --selftest ]; then
	check_archive "${1:-policy/libpolicy.a}"
fi
selftest
tap_end
