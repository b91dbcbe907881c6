#!/bin/sh
# Every C file is written as .clang-format says. Prints TAP; skipped without clang-format 14, for each version differs.
#
#   t/format.sh        checks
#   t/format.sh -i     rewrites the files that differ
set -u
. "$(dirname "$0")/lib/tap.sh"
top=${srcdir:-$(dirname "$0")/..}

version=$(clang-format --version 2>/dev/null | sed 's/.*version \([0-9]*\).*/\1/')
[ "$version" = 14 ] || { echo "1..0 # SKIP clang-format 14 is not installed"; exit 0; }

# All but the table that contrib/undrawn.py writes.
files() {
	(cd "$top" && find policy milter t -name '*.[ch]' ! -path 't/suites/*' ! -name undrawn_table.c | sort)
}

if [ "${1:-}" = -i ]; then
	cd "$top" && files | xargs clang-format -i
	exit
fi

# FILE:LINE of the first difference in each file.
differing() {
	(cd "$top" && files | xargs clang-format --dry-run 2>&1) |
		sed -n 's/^\([^ ]*\.[ch]:[0-9]*\):.*clang-format-violations.*/\1/p' | awk -F : '!seen[$1]++' | sort
}

[ -n "$(files)" ]
ok $? "there are files to check"
found=$(differing)
[ -z "$found" ] || echo "# t/format.sh -i mends these"
none "$found" "every file is written as .clang-format says"

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
cp "$top/.clang-format" "$tmp" && mkdir "$tmp/policy" "$tmp/milter" "$tmp/t" && top=$tmp
printf 'int\nf(int x)\n{\n    if (x) return 1;\n\treturn 0;\n}\n' >"$tmp/policy/planted.c"
[ "$(differing)" = policy/planted.c:3 ]
ok $? "a planted difference is found"
tap_end
