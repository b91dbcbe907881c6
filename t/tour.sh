#!/bin/sh
# doc/TOUR.md gives each folder of policy/ and milter/ a row, which names each file of it; nothing that is gone. Prints TAP.
set -u
. "$(dirname "$0")/lib/tap.sh"
top=${srcdir:-$(dirname "$0")/..}
tour=$top/doc/TOUR.md
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

# "FOLDER NAME" of every file, without its ending; *_parts.h is its neighbours' and needs no word.
(cd "$top" && find policy milter -name '*.[ch]' ! -name '*_parts.h') | sed 's/\.[ch]$//; s|^\(.*\)/\([^/]*\)$|\1 \2|' | sort -u >"$tmp/files"

# The same of every row "| `FOLDER` | `name` what it is for; ... |".
sed -n 's/^| `\(policy\|milter\)\(\/[a-z]*\)\{0,1\}` |/\1\2 /p' "$tour" | awk '{
	rest = $0
	while (match(rest, /`[a-z0-9_]+`/)) {
		print $1, substr(rest, RSTART + 1, RLENGTH - 2)
		rest = substr(rest, RSTART + RLENGTH)
	}
}' | sort -u >"$tmp/told"

none "$(test -s "$tmp/told" || echo "no row of the form | \`FOLDER\` | in $tour")" "doc/TOUR.md has rows of folders"
none "$(comm -23 "$tmp/files" "$tmp/told")" "every file is named in its folder's row"
none "$(comm -13 "$tmp/files" "$tmp/told")" "every name in a folder's row is a file of it"
tap_end
