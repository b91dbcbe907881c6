#!/bin/sh
# policy/mail/undrawn_table.c is what contrib/undrawn.py makes of Unicode's data. TAP. Needs Debian's unicode-data in the
# version that the table names; a newer one is told, and wants a new table.
set -u
top=${srcdir:-.}
data=${UNICODE_DATA:-/usr/share/unicode}
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT

[ -r "$data/DerivedCoreProperties.txt" ] || { echo "1..0 # SKIP unicode-data is not installed"; exit 0; }
version=$(sed -n '1s/.*-\([0-9.]*\)\.txt.*/\1/p' "$data/PropList.txt")
/usr/bin/python3 "$top/contrib/undrawn.py" "$data" >"$tmp/table" || { echo "Bail out! undrawn.py does not run"; exit 99; }
echo "1..2"
failed=0
if ! grep -q "Unicode $version" "$top/policy/mail/undrawn_table.c"; then
    echo "ok 1 - the table is of the data # SKIP the data is Unicode $version: contrib/undrawn.py makes a newer table"
elif diff "$top/policy/mail/undrawn_table.c" "$tmp/table" >"$tmp/diff"; then
    echo "ok 1 - the table is of the data"
else
    failed=1
    echo "not ok 1 - the table is of the data"
    sed 's/^/# /' "$tmp/diff"
fi
# a table with one range less is not taken for it
sed '0,/{ 0xad, 0xad }, /s///' "$tmp/table" >"$tmp/less"
if cmp -s "$tmp/less" "$tmp/table"; then
    failed=1
    echo "not ok 2 - a range that lacks is seen"
else
    echo "ok 2 - a range that lacks is seen"
fi
exit $failed
