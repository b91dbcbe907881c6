#!/bin/sh
# The walls of the house, checked by reading it (doc/DESIGN.md, section 7): includes point down, policy/ knows
# nothing of milter/, functions and files end, nobody calls what cannot be called safely. Prints TAP.
#
#   t/floors.sh [FOLDER]      checks FOLDER/policy and FOLDER/milter, then itself: each kind of planted
#   t/floors.sh --selftest    violation, in a temporary folder, must be caught; --selftest does that alone
#
# A header says "Floor N" in its card. A file belongs to the room that a line /* room: NAME */ at its top names,
# else to the header of its own name, else to the longest header name that its own name begins with ("_" behind
# it: store_memory.c is of the room store). A .c file without a header may say its Floor itself; one with a main is
# a program and stands on the roof.
set -u
checks='floor room down wall function file call'

name_of() {
	case $1 in
	floor) echo "every header says its floor, and a room has one floor" ;;
	room) echo "every source file belongs to a room" ;;
	down) echo "every include points down" ;;
	wall) echo "policy/ includes nothing of milter/" ;;
	function) echo "no function is longer than 100 lines" ;;
	file) echo "no file is longer than 700 lines" ;;
	call) echo "nobody calls strcpy and its like, nor waits by the wall clock" ;;
	esac
}

# One line a violation: CHECK, a blank, FILE:LINE: what is wrong.
violations() {
	(cd "$1" && ls policy/*.[ch] milter/*.[ch] 2>/dev/null) | (cd "$1" && xargs awk '
	function base(path) {
		sub(/.*\//, "", path)
		sub(/\.[ch]$/, "", path)
		return path
	}
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
			complain("file", FILE ":" LINES, "longer than 700 lines; split the room")
	}
	FNR == 1 {
		end_file()
		FILE = FILENAME
		files[++file_count] = FILE
		if (FILE ~ /\.h$/)
			header[base(FILE)] = FILE
		in_comment = 0
		begun = 0
	}
	{ LINES = FNR }
	FNR <= 3 && match($0, /\/\* room: [a-z0-9_]+ \*\//) {
		marked[FILE] = substr($0, RSTART + 9, RLENGTH - 12)
	}
	# only in a card: the first twenty lines, before any code
	FNR <= 20 && !(FILE in says) && match($0, /^ \* Floor [0-9]+/) {
		says[FILE] = substr($0, RSTART + 9, RLENGTH - 9) + 0
	}
	/^[ \t]*#[ \t]*include[ \t]*"/ && !in_comment {
		name = $0
		sub(/^[^"]*"/, "", name)
		sub(/".*/, "", name)
		include_file[++includes] = FILE
		include_line[includes] = FNR
		include_name[includes] = name
	}
	{
		line = bare($0)
		if (line ~ /^(int )?main\(/ && FILE ~ /\.c$/)
			is_program[FILE] = 1
		if (line ~ /^\{/ || line ~ /^[A-Za-z_].*\)[ \t]*\{[ \t]*$/) {
			begun = FNR
		} else if (line ~ /^\}/ && begun) {
			if (FNR - begun - 1 > 100)
				complain("function", FILE ":" begun, "a function of " FNR - begun - 1 " lines")
			begun = 0
		}
		if (line ~ /CLOCK_REALTIME/)
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
	function room_of(file,    name, mine) {
		mine = base(file)
		if (file in marked)
			return marked[file]
		if (mine in header)
			return mine
		for (name = mine; sub(/_[^_]*$/, "", name); )
			if (name in header)
				return name
		return file in says ? mine : ""
	}
	function set_floors(    i, file, name) {
		for (i = 1; i <= file_count; i++) {
			file = files[i]
			if (file in is_program && !(file in says) && room_of(file) == "")
				says[file] = 99
			name = room[file] = room_of(file)
			if (name == "" || (file in marked && !(name in header)))
				complain("room", file ":1", "belongs to no room; write /* room: NAME */ with the name of a header")
			if (!(file in says))
				continue
			if (name in floor && floor[name] != says[file])
				complain("floor", file ":1", "says Floor " says[file] ", its room " name " is on " floor[name])
			floor[name] = says[file]
		}
		for (i = 1; i <= file_count; i++)
			if (files[i] ~ /\.h$/ && !(room[files[i]] in floor))
				complain("floor", files[i] ":1", "no Floor line in its card")
	}
	function check_include(i,    from, to, where, here, there) {
		where = include_file[i] ":" include_line[i]
		if (include_name[i] == "config.h")
			return
		if (include_name[i] !~ /^[a-z0-9_]+\.h$/ || !(base(include_name[i]) in header)) {
			complain("down", where, "includes \"" include_name[i] "\", no header of this house")
			return
		}
		from = room[include_file[i]]
		to = room[header[base(include_name[i])]]
		here = floor[from]
		there = floor[to]
		if (include_file[i] ~ /^policy\// && header[base(include_name[i])] ~ /^milter\//)
			complain("wall", where, "includes " include_name[i] " of the shell")
		if (from != to && from != "" && here != "" && there != "" && there + 0 >= here + 0)
			complain("down", where, from " on floor " here " includes " include_name[i] " on floor " there)
	}
	END {
		if (file_count == 0)
			complain("room", ".", "no source files here")
		end_file()
		set_floors()
		for (i = 1; i <= includes; i++)
			check_include(i)
	}')
}

count=0
failed=0
say() { # GOOD NAME
	count=$((count + 1))
	if [ "$1" = yes ]; then
		echo "ok $count - $2"
	else
		echo "not ok $count - $2"
		failed=1
	fi
}

check_house() {
	found=$(violations "$1") || say no "the house can be read"
	for check in $checks; do
		mine=$(printf '%s\n' "$found" | sed -n "s/^$check //p")
		if [ -z "$mine" ]; then
			say yes "$(name_of "$check")"
		else
			say no "$(name_of "$check")"
			printf '%s\n' "$mine" | sed 's/^/# /'
		fi
	done
}

# --- the checks themselves ---

tmp=
trap 'test -z "$tmp" || rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

# A small house without a fault: floors 0, 1 and 2, a room of two files, one of the shell.
build() {
	rm -rf "$tmp/policy" "$tmp/milter"
	mkdir -p "$tmp/policy" "$tmp/milter"
	printf '/*\n * low.h - x.\n *\n * Floor 0. y.\n */\nint low(void);\n' >"$tmp/policy/low.h"
	printf '#include <string.h>\n\n#include "low.h"\n\nint\nlow(void)\n{\n\treturn 0; /* no strcpy(a, b) */\n}\n' >"$tmp/policy/low.c"
	printf '/*\n * mid.h - x.\n *\n * Floor 1. y.\n */\n#include "low.h"\n' >"$tmp/policy/mid.h"
	printf '#include "config.h"\n#include "low.h"\n#include "mid.h"\n' >"$tmp/policy/mid_part.c"
	printf '/* room: mid */\n#include "mid.h"\nconst char *x = "gets(";\n' >"$tmp/policy/other.c"
	printf '/*\n * same.h - x.\n *\n * Floor 1. y.\n */\n#include "low.h"\n' >"$tmp/policy/same.h"
	printf '/*\n * door.h - x.\n *\n * Floor 8. y.\n */\n#include "mid.h"\n' >"$tmp/milter/door.h"
	printf '/*\n * main.c - x.\n *\n * Floor 12. y.\n */\n#include "door.h"\n#include "same.h"\n' >"$tmp/milter/main.c"
	printf '#include "door.h"\n\nint\nmain(void)\n{\n\treturn 0;\n}\n' >"$tmp/milter/tool.c"
}

# The planted file must be complained of under this check, and nothing else may be.
caught() { # CHECK WHAT
	found=$(violations "$tmp")
	if printf '%s\n' "$found" | grep -q "^$1 " && ! printf '%s\n' "$found" | grep -qv "^$1 "; then
		say yes "a planted violation is caught: $2"
	else
		say no "a planted violation is caught: $2"
		printf '%s\n' "$found" | sed 's/^/# /'
	fi
	build
}

body() { # LINES: that many lines of a function's body
	awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++) print "\tx();" }'
}

selftest() {
	tmp=$(mktemp -d) || exit 1
	build
	found=$(violations "$tmp")
	say "$(test -z "$found" && echo yes || echo no)" "a house without a fault has no violation"
	test -z "$found" || printf '%s\n' "$found" | sed 's/^/# /'

	rm -rf "$tmp/policy" "$tmp/milter"
	caught room "there is nothing to check"
	echo '#include "mid.h"' >>"$tmp/policy/low.c"
	caught down "an include that points up"
	echo '#include "same.h"' >>"$tmp/policy/mid.h"
	caught down "an include that points sideways"
	echo '#	include  "same.h"' >>"$tmp/policy/other.c"
	caught down "a sideways include of a file that names its room"
	echo '#include "same.h"' >>"$tmp/policy/mid_part.c"
	caught down "a sideways include of a file that begins with its room's name"
	echo '#include "../policy/low.h"' >>"$tmp/policy/mid.h"
	caught down "an include by a path"
	echo '#include "nowhere.h"' >>"$tmp/policy/mid.h"
	caught down "an include of no known header"
	printf '/*\n * top.h - x.\n *\n * Floor 9. y.\n */\n#include "door.h"\n' >"$tmp/policy/top.h"
	caught wall "policy/ includes a header of milter/"
	printf '/*\n * new.h - x.\n */\n' >"$tmp/policy/new.h"
	caught floor "a header without its floor"
	printf '/* room: mid */\n/*\n * part.h - x.\n *\n * Floor 2. y.\n */\n' >"$tmp/policy/part.h"
	caught floor "a room on two floors"
	echo 'int x;' >"$tmp/policy/lonely.c"
	caught room "a source file of no room"
	printf '/* room: nowhere */\nint x;\n' >"$tmp/policy/lonely.c"
	caught room "a source file of a room that is not there"
	{ printf 'void\nlong(void)\n{\n' && body 101 && echo '}'; } >>"$tmp/policy/low.c"
	caught function "a function of 101 lines"
	{ printf 'void long(void) {\n' && body 101 && echo '}'; } >>"$tmp/policy/low.c"
	caught function "a function of 101 lines with its brace on the first"
	{ echo '/*' && body 701 && echo '*/'; } >>"$tmp/policy/low.c"
	caught file "a file of more than 700 lines"
	{ echo '/*' && body 701 && echo '*/'; } >>"$tmp/milter/main.c"
	caught file "the last file has more than 700 lines"
	for call in strcpy strcat sprintf vsprintf strtok atoi localtime gets alloca pthread_timedjoin_np sem_timedwait; do
		printf 'void\nf(void)\n{\n\tx = y + %s (a, "b");\n}\n' $call >>"$tmp/milter/door.h"
		caught call "$call"
	done
	printf 'void\nf(void)\n{\n\tclock_gettime(CLOCK_REALTIME, &until);\n}\n' >>"$tmp/milter/door.h"
	caught call "a wait by the wall clock"
	printf 'void\nf(void)\n{\n\tx("\\"//"); strcpy(a, "-");\n}\n' >>"$tmp/milter/door.h"
	caught call "a call behind a string that looks like a comment"
	{ printf 'void\nf(void)\n{\n' && body 100 && printf '}\nint\nstrtok_r_like(void)\n{\n\treturn strtok_r(a), snprintf(b), my_gets(c);\n}\n'; } \
	    >>"$tmp/policy/low.c"
	found=$(violations "$tmp")
	say "$(test -z "$found" && echo yes || echo no)" "100 lines and snprintf are no violation"
}

if [ "${1:-}" != --selftest ]; then
	check_house "${1:-${srcdir:-$(dirname "$0")/..}}"
fi
selftest
echo "1..$count"
exit $failed
