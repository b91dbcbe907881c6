#!/bin/sh
# TAP: doc/DEPENDENCIES.md is true of the programs that were built: each library that they need has a row and the other way round, versions
# are those of Debian 12 where this is one, what is built with is in contrib/packages.txt, and each file it names exists.
set -u
top=$(cd "${srcdir:-$(dirname "$0")/..}" && pwd) || exit 99
. "$top/t/lib/tap.sh"
build=${top_builddir:-.}/milter
LC_ALL=C
export LC_ALL
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

# "LIBRARY PACKAGE VERSION BUILT-WITH" of each row of the first table.
rows() { awk -F ' *[|] *' '/^## / { exit } /^[|] `/ { gsub("`", ""); print $2, $3, $4, $5 }' "$1"; }

# By its name without the version: another Debian has another one. What only compilers bring, and what comes with TLS for hiredis,
# is not asked for.
needed() {
	readelf -d "$build/greenlaned" "$build/greenlane" 2> /dev/null | sed -n 's/.*(NEEDED).*\[\(.*\)\.so.*/\1/p' | sort -u |
		grep -Evx 'lib([alt]|ub|hwa)san|libgcc_s|libm|libpthread|ld-linux.*|libhiredis_ssl|libssl|libgcov|libclang.*'
	grep -q '(NEEDED).*libmilter' "$tmp/dynamic" || echo libmilter
}
readelf -d "$build/greenlaned" > "$tmp/dynamic" 2> /dev/null || { echo "1..0 # SKIP readelf is needed, and greenlaned"; exit 0; }

linked() {
	rows "$1" | cut -d ' ' -f 1 | sort -u > "$tmp/told"
	needed | sort -u > "$tmp/needed"
	comm -13 "$tmp/told" "$tmp/needed" | sed 's/$/ is linked and has no row/'
	comm -23 "$tmp/told" "$tmp/needed" | sed 's/$/ has a row and is not linked/'
}

# "1.17.1" of "2:1.17.1-2+deb12u4"
upstream() { printf '%s\n' "$1" | sed 's/^[0-9]*://; s/-[^-]*$//'; }

# What another upstream version is; another revision goes to the file told.
versions() {
	: > "$tmp/revisions"
	rows "$1" | while read -r library package version _; do
		installed=$(dpkg-query -W -f '${Version}\n' "$package" 2> /dev/null | head -n 1)
		wanted=$(upstream "$version")
		# shellcheck disable=SC2254 # 3.0.* is a pattern
		case $(upstream "$installed") in
		'') echo "$package of $library is not installed" ;;
		$wanted) [ "$installed" = "$version" ] || [ "$wanted" != "${wanted%\*}" ] || echo "$package: the table has $version, installed is $installed" >> "$tmp/revisions" ;;
		*) echo "$package: the table has $version, installed is $installed" ;;
		esac
	done
}

packages() {
	rows "$1" | while read -r library _ _ with; do
		awk -v name="$with" '$1 == name && $2 == "build" { found = 1 } END { exit !found }' "$top/contrib/packages.txt" ||
			echo "$with of $library is no package to build with in contrib/packages.txt"
	done
}

files() {
	grep -oE '`(policy|milter|t|contrib)/[a-z_/]+\.(c|h|sh|txt)`' "$1" | tr -d '`' | sort -u | while read -r file; do
		[ -f "$top/$file" ] || echo "$file is missing"
	done
}

is_debian_12() { grep -q '^ID=debian$' /etc/os-release && grep -q '^VERSION_ID="12"$' /etc/os-release; }

table=$top/doc/DEPENDENCIES.md
none "$(linked "$table")" "each library that greenlaned and greenlane need has a row, and each row is linked"
if is_debian_12 2> /dev/null && command -v dpkg-query > /dev/null; then
	none "$(versions "$table")" "its version is the installed one"
	sed 's/^/# a revision: /' "$tmp/revisions"
else
	count=$((count + 1))
	echo "ok $count - its version is the installed one # SKIP this is no Debian 12"
fi
none "$(packages "$table")" "what it is built with is in contrib/packages.txt"
none "$(files "$table")" "each fence and fuzz target is there"
none "$(rows "$table" | cut -d ' ' -f 1 | sort | uniq -d)" "no library has two rows"

# ---- and what it must find ----

caught() { # WHAT CHECK PATTERN EXPRESSION
	sed "$4" "$table" > "$tmp/planted"
	"$2" "$tmp/planted" | grep -q -- "$3"
	ok $? "caught: $1"
}
caught "a library without a row" linked '^libspf2 is linked and has no row$' '/^| `libspf2`/d'
caught "a row of what is not linked" linked '^libother has a row and is not linked$' 's/^| `libpsl` .*/&\n| `libother` | `libother1` | 1-1 | `libother-dev` |/'
caught "what is built with nothing in the list" packages '^libconfig-devel of libconfig' 's/`libconfig-dev` |/`libconfig-devel` |/'
caught "a fence that is gone" files '^policy/dns/spf_gates.c is missing$' 's/spf_gate\.c/spf_gates.c/'
if is_debian_12 2> /dev/null && command -v dpkg-query > /dev/null; then
	caught "another upstream version" versions '^libarchive13: the table has 3.6.1-1' 's/| 3\.6\.2-1+/| 3.6.1-1+/'
	caught "another series" versions '^libssl3: ' 's/| 3\.0\.\*/| 3.1.*/'
	sed 's/| 0\.9\.24-1 /| 0.9.24-0 /' "$table" > "$tmp/planted"
	none "$(versions "$tmp/planted")" "another revision is no fault"
	grep -q '^liblmdb0: the table has 0.9.24-0, installed is' "$tmp/revisions"
	ok $? "and is told"
fi
tap_end
