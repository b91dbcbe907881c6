#!/bin/sh
# Checked by reading policy/ and milter/: functions and files end, and nobody calls what cannot be called safely. Prints TAP.
#
#   t/limits.sh [FOLDER]      checks FOLDER/policy and FOLDER/milter, then itself: each kind of planted
#   t/limits.sh --selftest    violation, in a temporary folder, must be caught; --selftest does that alone
set -u
. "$(dirname "$0")/lib/tap.sh"
longest=50
checks='function file call'

name_of() {
	case $1 in
	function) echo "no function is longer than $longest lines" ;;
	file) echo "no file is longer than 700 lines" ;;
	call) echo "nobody calls strcpy and its like, nor waits by the wall clock" ;;
	esac
}

# One line a violation: CHECK, a blank, FILE:LINE: what is wrong.
violations() {
	(cd "$1" && find policy milter -name '*.[ch]' | sort | xargs awk -v longest=$longest '
	function complain(check, where, what) {
		print check " " where ": " what
	}
	# the line without strings, character constants and comments
	function bare(line,    out, c, i, n) {
		out = ""
		n = length(line)
		for (i = 1; i <= n; i++) {
			c = substr(line, i, 1)
			if (in_comment) {
				if (substr(line, i, 2) == "*/") {
					in_comment = 0
					i++
				}
			} else if (substr(line, i, 2) == "/*") {
				in_comment = 1
				out = out " "
				i++
			} else if (substr(line, i, 2) == "//") {
				break
			} else if (c == "\"" || c == "\047") {
				for (i++; i <= n && substr(line, i, 1) != c; i++)
					if (substr(line, i, 1) == "\\")
						i++
				out = out c c
			} else {
				out = out c
			}
		}
		return out
	}
	function end_file() {
		if (FILE != "" && LINES > 700)
			complain("file", FILE ":" LINES, "longer than 700 lines; divide it")
	}
	FNR == 1 {
		end_file()
		FILE = FILENAME
		in_comment = 0
		begun = 0
	}
	{ LINES = FNR }
	{
		line = bare($0)
		if (line ~ /^\{/ || line ~ /^[A-Za-z_].*\)[ \t]*\{[ \t]*$/) {
			begun = FNR
		} else if (line ~ /^\}/ && begun) {
			if (FNR - begun - 1 > longest)
				complain("function", FILE ":" begun, "a function of " FNR - begun - 1 " lines")
			begun = 0
		}
		if (line ~ /CLOCK_REALTIME/ && FILE !~ /system.clock[.]c$/)
			complain("call", FILE ":" FNR, "CLOCK_REALTIME; it may be set back: wait by CLOCK_MONOTONIC, ask clock.h for the time")
		rest = line
		while (match(rest, /[A-Za-z_][A-Za-z0-9_]*[ \t]*\(/)) {
			word = substr(rest, RSTART, RLENGTH)
			sub(/[ \t]*\($/, "", word)
			if (word in banned)
				complain("call", FILE ":" FNR, word "; " banned[word])
			rest = substr(rest, RSTART + RLENGTH)
		}
	}
	BEGIN {
		banned["strcpy"] = banned["strcat"] = banned["stpcpy"] = "use text.h or memcpy with a length"
		banned["strncpy"] = banned["strncat"] = "use text.h or memcpy with a length"
		banned["sprintf"] = banned["vsprintf"] = "use snprintf"
		banned["gets"] = "use getline"
		banned["strtok"] = "use span_cut"
		banned["atoi"] = banned["atol"] = banned["atoll"] = banned["atof"] = "use strtoul and look at its end"
		banned["localtime"] = banned["gmtime"] = banned["ctime"] = banned["asctime"] = "use the _r form"
		banned["alloca"] = "use the arena"
		banned["pthread_timedjoin_np"] = banned["sem_timedwait"] = banned["pthread_mutex_timedlock"] = \
		    "a clock that is set back would stop it; use the form that takes CLOCK_MONOTONIC"
		banned["pthread_rwlock_timedrdlock"] = banned["pthread_rwlock_timedwrlock"] = banned["pthread_timedjoin_np"]
	}
	END { end_file() }')
}

check_tree() {
	none "$(test -e "$1/milter/main.c" || echo "no $1/milter/main.c")" "there are files to check"
	found=$(violations "$1")
	for check in $checks; do
		none "$(printf '%s\n' "$found" | sed -n "s/^$check //p")" "$(name_of "$check")"
	done
}

# --- the checks themselves ---

tmp=
trap 'test -z "$tmp" || rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

# A small tree without a fault.
build() {
	rm -rf "$tmp/policy" "$tmp/milter"
	mkdir -p "$tmp/policy/util" "$tmp/milter"
	echo 'int low(void);' >"$tmp/policy/util/low.h"
	printf 'int\nlow(void)\n{\n\treturn 0; /* no strcpy(a, b) */\n}\nconst char *x = "gets(";\n' >"$tmp/policy/util/low.c"
	printf 'int\nmain(void)\n{\n\treturn 0;\n}\n' >"$tmp/milter/main.c"
}

# The planted file must be complained of under this check, and nothing else may be.
caught() { # CHECK WHAT
	found=$(violations "$tmp")
	if printf '%s\n' "$found" | grep -q "^$1 " && ! printf '%s\n' "$found" | grep -qv "^$1 "; then
		found=
	else
		found="instead: $found"
	fi
	none "$found" "a planted violation is caught: $2"
	build
}

body() { # LINES: that many lines of a function's body
	awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++) print "\tx();" }'
}

selftest() {
	tmp=$(mktemp -d) || exit 1
	build
	none "$(violations "$tmp")" "a tree without a fault has no violation"

	{ printf 'void\nlong(void)\n{\n' && body $((longest + 1)) && echo '}'; } >>"$tmp/policy/util/low.c"
	caught function "a function one line too long"
	{ printf 'void long(void) {\n' && body $((longest + 1)) && echo '}'; } >>"$tmp/policy/util/low.c"
	caught function "a function one line too long with its brace on the first"
	{ echo '/*' && body 701 && echo '*/'; } >>"$tmp/policy/util/low.c"
	caught file "a file of more than 700 lines"
	{ echo '/*' && body 701 && echo '*/'; } >>"$tmp/milter/main.c"
	caught file "another file of more than 700 lines"
	for call in strcpy strcat sprintf vsprintf strtok atoi localtime gets alloca pthread_timedjoin_np sem_timedwait; do
		printf 'void\nf(void)\n{\n\tx = y + %s (a, "b");\n}\n' $call >>"$tmp/policy/util/low.h"
		caught call "$call"
	done
	printf 'void\nf(void)\n{\n\tclock_gettime(CLOCK_REALTIME, &until);\n}\n' >>"$tmp/milter/main.c"
	caught call "a wait by the wall clock"
	printf 'void\nf(void)\n{\n\tx("\\"//"); strcpy(a, "-");\n}\n' >>"$tmp/milter/main.c"
	caught call "a call behind a string that looks like a comment"
	{ printf 'void\nf(void)\n{\n' && body $longest && printf '}\nint\nstrtok_r_like(void)\n{\n\treturn strtok_r(a), snprintf(b), my_gets(c);\n}\n'; } \
	    >>"$tmp/policy/util/low.c"
	none "$(violations "$tmp")" "$longest lines and snprintf are no violation"
}

if [ "${1:-}" != --selftest ]; then
	check_tree "${1:-${srcdir:-$(dirname "$0")/..}}"
fi
selftest
tap_end
