#!/bin/sh
# TAP: each reader of foreign bytes has a fuzz target that calls it (t/fuzz/readers), and no reader is missing in that list.
set -u
top=${srcdir:-$(dirname "$0")/..}
. "$top/t/lib/tap.sh"
list=$top/t/fuzz/readers

# so ends a reader's name
ends='_(read|restore|cut|load|unpack)'

# "NAME FILE TARGET CALLED" of each line before "inner"
readers() {
	sed '/^inner$/,$d; /^#/d; /^$/d' "$list" | awk -F ' *[|] *' '{
		split($1, name, " in ")
		called = name[1]
		target = $3
		if (split($3, by, " by ") == 2) {
			target = by[1]
			called = by[2]
		}
		print name[1], name[2], target, called
	}'
}

declared=$(readers | while read -r name file target called; do
	grep -qE "\b$name\b" "$top/$file" 2> /dev/null || echo "$name is not in $file"
done)
none "$declared" 'each is declared where the list says'
calls=$(readers | while read -r name file target called; do
	grep -qE "\b$called\b" "$top/t/fuzz/fuzz_$target.c" 2> /dev/null || echo "fuzz_$target.c does not call $called"
done)
none "$calls" 'and its target calls it'
seeds=$(for source in "$top"/t/fuzz/fuzz_*.c; do
	target=${source##*/fuzz_}
	target=${target%.c}
	readers | grep -q " $target " || echo "$target is in no line"
	[ -n "$(ls "$top/t/fuzz/seeds/$target")" ] || echo "$target has no seeds"
	[ "$(cat "$top/t/fuzz/seeds/$target"/* | wc -c)" -le 100000 ] || echo "the seeds of $target have more than 100,000 bytes"
	[ "$(ls "$top/t/fuzz/seeds/$target" | wc -l)" -le 60 ] || echo "$target has more than 60 seeds"
	grep -q "^| \`$target\` |" "$top/t/fuzz/README.md" || echo "$target is not in README.md"
done)
none "$seeds" 'each target reads for somebody, has seeds, which are small, and is in README.md'
missing=$(cd "$top" && grep -ohE "\b[a-z0-9_]+$ends\(" policy/*/*.h milter/*/*.h | tr -d '(' | sort -u | while read -r name; do
	case $name in frame_cut) continue ;; esac # a type
	grep -qE "^$name( in | \|)" t/fuzz/readers || echo "$name is not in t/fuzz/readers"
done)
none "$missing" 'no function that is called like a reader is missing'
tap_end
