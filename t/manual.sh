#!/bin/sh
# Each key of the settings tables stands in its manual page with its type and default, and no other.
# Needs t/print_keys; mandoc, where there is one, reads the pages too. Names of folders may differ
# by how it was configured, so of defaults with a '/' only the type is compared.
set -u
. "$(dirname "$0")/lib/tap.sh"
top=${srcdir:-.}
keys=${PRINT_KEYS:-./t/print_keys}
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT

# key TAB type line, as the page has them
entries() { # PAGE
    awk 'key != "" { print key "\t" $0; key = "" } /^\.It Va / { key = $3 }' "$1" |
        sed 's|; default [^	]*/.*||' | sort
}

"$keys" >"$tmp/all" || { echo "Bail out! $keys does not run"; exit 99; }
cut -f 1,2 "$tmp/all" | sed 's|; default [^	]*/.*||' >"$tmp/keys"
grep -v '^vendor\.' "$tmp/keys" | sort >"$tmp/greenlane.conf.5"
sed -n 's/^vendor\.//p' "$tmp/keys" | sort >"$tmp/greenlane-vendor.5"

for page in greenlane.conf.5 greenlane-vendor.5; do
    entries "$top/doc/$page" >"$tmp/said"
    [ -s "$tmp/$page" ]
    ok $? "there are keys for $page"
    diff "$tmp/$page" "$tmp/said" | sed -n 's/^</# lacks:/p; s/^>/# has:  /p' >"$tmp/diff"
    [ ! -s "$tmp/diff" ]
    ok $? "$page names every key with its type and default, and no other"
    cat "$tmp/diff"
    if command -v mandoc >/dev/null 2>&1; then
        mandoc -Tlint -Wwarning "$top/doc/$page" >"$tmp/lint" 2>&1
        [ ! -s "$tmp/lint" ]
        ok $? "mandoc has nothing to say about $page"
        sed 's/^/# /' "$tmp/lint"
    fi
done
# Each warning that can be settled, by its name, in the order of the table.
sed -n 's/.*\[WARNING_[A-Z_]*\] = "\([^"]*\)",$/\1/p' "$top/policy/rules/warning.c" >"$tmp/slugs"
sed -n '/^\.Sh WARNINGS/,/^\.Sh EXAMPLES/s/^\.It Cm //p' "$top/doc/greenlane-vendor.5" >"$tmp/explained"
[ -s "$tmp/slugs" ] && cmp -s "$tmp/slugs" "$tmp/explained"
ok $? "greenlane-vendor.5 explains every warning that can be settled, and no other"
diff "$tmp/slugs" "$tmp/explained" | sed 's/^/# /'
tap_end
