#!/bin/sh
# TAP: the three cases in greenlane(1) are what the commands print: each is typed as it stands there, on records of a real
# Postfix (t/cli/cases, made by t/mta/records.sh).
name=cases
. "${srcdir:-.}/t/cli/lib.sh"

cases=${srcdir:-.}/t/cli/cases
mkdir "$world/state"
cp "$cases/records.jsonl" "$world/verdicts.jsonl"
cp "$cases/deskhelp.conf" "$cases/nightwatch.conf" "$world"
sed "s,@,$world,g" "$cases/greenlane.conf" > "$world/greenlane.conf"
config=$world/greenlane.conf

# The page's blocks as a terminal shows them, one file each.
awk -v out="$world/block" '/^\.S[sh]/ { on = /^\.Ss Three cases/ }
	on && /^\.Bd/ { n++; inside = 1; next } /^\.Ed/ { inside = 0 }
	on && inside { sub(/^\\&/, ""); gsub(/\\e/, "\\"); print > (out n) }' "${srcdir:-.}/doc/greenlane.1"
for block in 1 2 3; do
	sed 1d "$world/block$block" > "$world/wanted"
	# shellcheck disable=SC2046
	run 0 "case $block: $(head -n 1 "$world/block$block")" $(sed -n '1s/^\$ greenlane //p' "$world/block$block")
	is "$(cat "$world/out")" "$(cat "$world/wanted")" "prints what the page says"
done
is "$(ls "$world"/block* | wc -l)" 3 "there are three"

finish_tap
