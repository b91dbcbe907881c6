#!/bin/sh
# Every sentence that greenlane log, replay, suggest and explain --id can print is in a golden file that a test compares whole
# (t/cli/{log,privacy,replay,suggest}.golden), or in the list below with the reason why no test reaches it. Prints TAP.
#
# The list only shrinks: a sentence of it that is said, or that no source has any more, fails as well.
set -u
. "$(dirname "$0")/lib/tap.sh"
top=${srcdir:-$(dirname "$0")/..}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

# One line each: the sentence as C has it, a tab, why nobody says it.
sed 's/ *|| */	/' > "$tmp/unsaid" << 'END'
out of memory || only a failing allocation reaches it (t/oom)
greenlane: out of memory\n || likewise: of an output that it could not hold
cannot be read again || lines_skip: only greenlane report goes on in a file, and only where it was taken away meanwhile
: id= || is looked for, not printed
the client's name was not looked up then || nothing wants it yet (wants.c)
the list that greylist.dnswl names was not asked then || only a draft that names another list wants it
its record does not say how wide its sender's SPF record was || only records of before the first release lack it
a reason lacks its row || the compiler says it
greenlane: unknown command '%s %.60s'%s\n || of commands with a command of their own (t/cli/cli.sh); these have none
END

unsaid() { /usr/bin/python3 "$1/t/sentences.py" "$1" "${2:-$tmp/unsaid}" 2>&1; }

none "$(unsaid "$top")" "every sentence is in a golden file, and the list has no other"

# ---- and what it must find ----

mkdir "$tmp/tree"
(cd "$top" && tar -cf - policy/*/*.c milter/*/*.c t/cli/*.golden t/explain_t.c t/sentences.py) | tar -C "$tmp/tree" -xf -
chmod -R u+w "$tmp/tree"
caught() { # PATTERN WHAT
	unsaid "$tmp/tree" | grep -q -- "$1"
	ok $? "$2 is caught"
}
plant() { # LINE FILE
	cp "$tmp/tree/$2" "$tmp/kept"
	printf '%s\n' "$1" >> "$tmp/tree/$2"
}
restore() { cp "$tmp/kept" "$tmp/tree/$1"; }

plant 'static const char *planted = "nobody says %zu such" " words\n";' policy/review/tries_write.c
caught '^policy/review/tries_write.c: "nobody says %zu such words.n"$' "a new sentence, in two pieces"
restore policy/review/tries_write.c
plant '	static const char planted[] = "from %d, to vouch	waited ";' policy/review/replay.c
caught '^policy/review/replay.c: "from %d, to vouch' "one whose words are there, but in another order"
restore policy/review/replay.c
cp "$tmp/tree/t/cli/log.golden" "$tmp/kept"
sed 's/ so far$/ until now/' "$tmp/kept" > "$tmp/tree/t/cli/log.golden"
caught '^policy/review/tries_write.c: " so far' "a sentence that is no longer said"
restore t/cli/log.golden
echo 'nothing found	it is said' | cat "$tmp/unsaid" - > "$tmp/more"
none "$(unsaid "$tmp/tree" "$tmp/more" | grep -c '^"nothing found": ' | grep -vx 1)" "a line of the list that no source has is caught"
printf 'SPF was not asked then\tit is said\n' | cat "$tmp/unsaid" - > "$tmp/more"
none "$(unsaid "$tmp/tree" "$tmp/more" | grep -c '^"SPF was not asked then": is said' | grep -vx 1)" "and one that is said"
tap_end
