#!/bin/sh
# The layers, checked by reading the includes (doc/DESIGN.md, Layout). A layer is a folder; an include names it, and
# may name its own folder or one further left in its line below. policy/ knows nothing of milter/. Prints TAP.
#
#   t/floors.sh [FOLDER]      checks FOLDER/policy and FOLDER/milter, then itself: each kind of planted
#   t/floors.sh --selftest    violation, in a temporary folder, must be caught; --selftest does that alone
set -u
. "$(dirname "$0")/lib/tap.sh"
policy='util dns mail rules sources config verdict advise review'
milter='system checks store state smtp peers tool'

# One line an include: FILE:LINE FOLDER INCLUDED-PATH; FOLDER is policy/util, or milter for milter/main.c.
includes() {
	(cd "$1" && find policy milter -name '*.[ch]' | sort | xargs awk '
	/^[ \t]*#[ \t]*include[ \t]*"/ {
		folder = FILENAME
		sub(/\/[^\/]*$/, "", folder)
		split($0, piece, "\"")
		print FILENAME ":" FNR, folder, piece[2]
	}')
}

# One line a violation: FILE:LINE: what is wrong.
violations() {
	(cd "$1" && find policy milter -name '*.[ch]' 2>/dev/null | awk -v known="$places" '
	BEGIN { n = split(known, p, " "); for (i = 1; i <= n; i++) place[p[i]] }
	{
		folder = $0
		sub(/\/[^\/]*$/, "", folder)
		if (!(folder in place) && $0 != "milter/main.c")
			print $0 ":1: lies in no folder of the two lines in t/floors.sh"
	}')
	includes "$1" | while read -r where folder path; do
		[ "$path" = config.h ] && continue
		[ -e "$1/$path" ] || { echo "$where: includes \"$path\", which is no path from the top to a header of ours"; continue; }
		echo "$where $folder ${path%/*}"
	done | awk -v known="$places" '
	BEGIN { n = split(known, p, " "); for (i = 1; i <= n; i++) place[p[i]] = i; place["milter"] = n + 1 }
	NF != 3 { print; next }
	!($3 in place) { print $1 ": includes from " $3 ", no folder of the two lines"; next }
	place[$3] > place[$2] { print $1 ": " $2 " includes from " $3 ", which lies above it" }'
	# inside a folder: between folders it would point up
	includes "$1" | awk '$1 ~ /\.h:/ && $3 ~ "^" $2 "/" { sub(/:.*/, "", $1); print $1, $3 }' | tsort 2>&1 >/dev/null |
	    sed -n 's/^tsort: \(.*\.h\)$/\1:1: includes itself by way of others/p'
}

# The whole order: all of policy/ lies below all of milter/.
places=
for folder in $policy; do places="$places policy/$folder"; done
for folder in $milter; do places="$places milter/$folder"; done

# --- the check itself ---

tmp=
trap 'test -z "$tmp" || rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

# A small tree without a fault.
build() {
	rm -rf "$tmp/policy" "$tmp/milter"
	mkdir -p "$tmp/policy/util" "$tmp/policy/dns" "$tmp/milter/system" "$tmp/milter/store"
	echo 'int low(void);' >"$tmp/policy/util/low.h"
	printf '#include <string.h>\n\n#include "config.h"\n#include "policy/util/low.h"\n' >"$tmp/policy/util/low.c"
	echo '#include "policy/util/low.h"' >"$tmp/policy/dns/mid.h"
	echo '#include "policy/dns/mid.h"' >"$tmp/policy/dns/near.h"
	echo '#include "policy/dns/mid.h"' >"$tmp/milter/system/door.h"
	echo '#include "milter/system/door.h"' >"$tmp/milter/store/top.h"
	printf '#include "milter/store/top.h"\n#include "policy/util/low.h"\n' >"$tmp/milter/main.c"
}

caught() { # FILE LINE WHAT: the line, planted in the file, must be complained of, and nothing else
	mkdir -p "$tmp/${1%/*}"
	printf '%s\n' "$2" >>"$tmp/$1"
	found=$(violations "$tmp")
	case $found in
	"$1":*) [ "$(printf '%s\n' "$found" | wc -l)" -eq 1 ] && found= ;;
	*) found="instead: $found" ;;
	esac
	none "$found" "a planted violation is caught: $3"
	build
}

selftest() {
	tmp=$(mktemp -d) || exit 1
	build
	none "$(violations "$tmp")" "a tree without a fault has no violation"
	caught policy/util/low.h '#include "policy/dns/mid.h"' "an include that points up"
	caught policy/util/low.c '#	include  "policy/dns/mid.h"' "an include that points up, with blanks"
	caught policy/dns/mid.h '#include "milter/system/door.h"' "policy/ includes a header of milter/"
	caught milter/system/door.h '#include "milter/store/top.h"' "an include that points up in milter/"
	caught policy/dns/mid.h '#include "low.h"' "an include without its path"
	caught policy/dns/mid.h '#include "policy/dns/nowhere.h"' "an include of no header"
	caught policy/dns/new.c '#include "policy/util/../util/low.h"' "an include by a detour"
	caught policy/odd/new.h 'int x;' "a folder that is in no line"
	caught policy/new.h 'int x;' "a file that lies in no layer"
	caught milter/other.c 'int x;' "a program beside main.c"
	echo '#include "policy/dns/near.h"' >>"$tmp/policy/dns/mid.h"
	found=$(violations "$tmp")
	[ -n "$found" ] && found= || found="no complaint"
	none "$found" "a planted violation is caught: headers that include each other"
}

if [ "${1:-}" != --selftest ]; then
	top=${1:-${srcdir:-$(dirname "$0")/..}}
	none "$(test -n "$(includes "$top")" || echo "no include in $top/policy and $top/milter")" "there are includes to check"
	none "$(violations "$top")" "every include names a folder to the left of its own, or its own"
fi
selftest
tap_end
