#!/bin/sh
# Every reason, every key of the log line and of the record, and every word of the glossary's kind is in
# greenlane-record(5); mandoc, if installed, reads all manual pages. Prints TAP.
set -u
. "$(dirname "$0")/lib/tap.sh"
top=${srcdir:-.}
page=$top/doc/greenlane-record.5

# The slugs of the table, and what the page has under REASONS.
slugs() { sed -n 's/.*\[REASON_[A-Z_]*\] = { "\([^"]*\)".*/\1/p' "$top/policy/rules/reason.c" | sort; }
explained() { sed -n '/^\.Sh REASONS/,/^\.Sh JSON/s/^\.It Cm \(\\&\)*//p' "$page" | sort; }

# The keys of the line in their order, and the tags of its section; those of the record, and all that the page marks.
line_keys() {
	sed -n '/^verdict_record_write_line/,/^}/p' "$top/policy/review/verdict_record.c" |
		sed -n -e 's/.*put[a-z_]*(out, "\([a-z_]*\)".*/\1/p' -e 's/.*" \([a-z_]*\)=%s".*/\1/p' \
			-e 's/.*put_rcpts(out.*/rcpts/p'
}
line_tags() { sed -n '/^\.Sh LOG LINE/,/^\.Sh REASONS/s/^\.It Va //p' "$page"; }
record_keys() {
	sed -n 's/.*\(json_write_[a-z]*\|json_word\|write_if\)(out, "\([a-z_]*\)".*/\2/p' "$top/policy/review/verdict_record.c" \
		"$top/policy/review/record_sources.c" | sort -u
}
marked() { grep -E '^\.(It )?Va ' "$page" | tr ' ' '\n' | grep -xE '[a-z_]+' | sort -u; }

same() { # NAME WANTED GOT
	[ -n "$2" ] && [ "$2" = "$3" ]
	ok $? "$1"
	[ "$2" = "$3" ] || printf '%s\n--- the page has\n%s\n' "$2" "$3" | sed 's/^/# /'
}

same "every reason has its entry, and no other has" "$(slugs)" "$(explained)"
[ "$(slugs | wc -l)" -eq "$(grep -c '^	\[REASON_' "$top/policy/rules/reason.c")" ]
ok $? "no reason is overlooked"
same "the keys of the line are in their order" "$(line_keys)" "$(line_tags)"
for key in $(record_keys); do
	marked | grep -qx "$key"
	ok $? "the record's key $key is explained"
done
[ "$(record_keys | wc -l)" -gt 50 ]
ok $? "no key is overlooked"

# The words of the log and of explain, by the function or table that holds them.
words_of() { # FILE NAME...
	file=$top/$1
	shift
	for name in "$@"; do
		sed -n "/$name(enum\|$name\[/,/;\$/p" "$file" | grep -o '"[a-z_]*"' | tr -d '"'
	done
}
glossary=$(sed -n '/^\.Sh GLOSSARY/,/^\.Sh EXAMPLES/p' "$page")
words=$(words_of policy/verdict/claim.c outcome_word
	words_of policy/rules/vendor.c action_word vendor_mode_word proof_words
	words_of policy/mail/facts.c auth_word)
for word in $words; do
	printf '%s\n' "$glossary" | grep -qw "$word"
	ok $? "the word $word is in the glossary"
done
[ "$(echo "$words" | wc -l)" -ge 28 ]
ok $? "no outcome, action, mode, evidence or result is overlooked"

if command -v mandoc >/dev/null 2>&1; then
	for one in "$top"/doc/*.[1-8]; do
		lint=$(mandoc -Tlint -Wwarning "$one" 2>&1)
		[ -z "$lint" ]
		ok $? "mandoc has nothing to say about ${one##*/}"
		[ -z "$lint" ] || printf '%s\n' "$lint" | sed 's/^/# /'
	done
else
	count=$((count + 1))
	echo "ok $count - manual pages are well-formed # SKIP mandoc is not installed"
fi
tap_end
