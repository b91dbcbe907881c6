#!/bin/sh
# Words that are gone: an identifier, a type or a file name that had several meanings, or one that no mail engineer
# knows, does not come back. The list holds names of the code, not plain words. Prints TAP.
#
#   t/words.sh [FOLDER]      checks FOLDER, then itself: a planted relapse, in a temporary folder, must be caught
#   t/words.sh --selftest    does the latter alone
set -u
. "$(dirname "$0")/lib/tap.sh"

# One line each: an extended regular expression for a whole identifier, file name or type (struct:NAME), a blank, the word now.
relapses() {
	cat <<'END'
(fuzz_)?own_dns(_.*|\.[ch])? dns_audit
OWN_DNS_.* DNS_AUDIT_
SPF_(LOOKUPS|VOIDS|HOSTS)_MAX SPF_TERMS_LIMIT, SPF_VOIDS_LIMIT, SPF_MX_LIMIT
vendor_draft(_.*)? vendor_load
source_draft source_load
record_map(_.*|\.[ch])? greylist_map
record_t\.c verdict_record_t.c
record_write_(line|json) verdict_record_write_line
RECORD_(LINE|JSON)_MAX VERDICT_LINE_MAX, VERDICT_JSON_MAX
message_record message_verdict_record
live(_t)?\.[ch] snapshot.h, config_files.h
live_(open|close|publish|borrow|return) snapshots_open, snapshot_publish, snapshot_borrow, snapshot_return
live_read(_vendor)? config_files_read
resolver_live resolver_unbound
resolver_ask\.c resolver.c
live_(fact|count|why) asked_fact, asked_count, asked_why
(evidence|patience|wants|gather|mark|unfolding_is)_live(_.*)? asked
unfolding_live_why unfolding_asked_why
WANT_LIVE|LIVE_MAX WANT_SOURCE, ASKED_MAX
answer_(both|either|not|word) tri_and, tri_or, tri_not, tri_word
(evidence|facts)_answer evidence_passes, facts_known
delegate_answer(_.*|\.[ch])? delegate_reply
DELEGATE_ANSWER_MAX DELEGATE_REPLY_MAX
item_find_live item_find_fresh
json_(answer|live) json_evidence, json_asked
answer_request reply_to_request
struct:house struct services
dkim_house.* dkim_verifier
struct:visitor struct smtp_client
struct:(caller|guest) struct connection
porter acceptor
(door|doors)_.+ listener_*, listeners_*
struct:doors? struct listener, struct listeners
DOOR_.+ CONNECTION_*
doors\.[ch] listeners.[ch]
door_keeper struct connection_handler
most_callers most_connections
rooms\.[ch] engine.[ch]
rooms_.+ engine_*
struct:rooms struct engine
libmilterrooms libgreenlane
ROOM_LIBS GREENLANE_LIBS
handover(_.+|\.[ch]) relayed_client
copies(\.[ch]|_(t|prepare|save|load|drop|write_file|read_file)) source_files
published(\.[ch]|_(t|open|free|restore|unfold|age|next)) source_watch
struct:(published|publishing) struct source_watch, struct source_watch_context
PUBLISHED_.+ SOURCE_WATCH_*
inventory(\.[ch]|_.+) source_list
weigh(\.[ch]|_(claims|troubles|mode|has_exception)) actions
guard(\.[ch]|_(t|limits|names|falls|believes)) source_guard
delay(\.[ch]|_(t|read)) deferral
struct:delay struct deferral
command(\.[ch]|_(t|run)) subprocess
advice(\.[ch]|_(t|site|write|parts|read|class|host)) postfix_setup
alarm\.[ch] delay_alarm
struct:(shelf|book) struct config_texts
struct:(keeping|lent|sight|world) export_state, held_snapshot, request, source_view, context or fixture
bell_(fd|ring) wakeup_fd, dispatcher_wake
ERRAND_.+ PURPOSE_*
(session|delegate)_world session_fixture, delegate_fixture
END
}

# Every identifier and file name of code, scripts and build files, with its place: NAME FILE:LINE.
names() {
	(cd "$1" && find policy milter t contrib doc Makefile.am configure.ac README.md -type f \
	    ! -path 't/suites/*' ! -path 'policy/vendors/*' ! -path 't/fuzz/seeds/*' ! -path 't/words.sh' ! -path '*/.deps/*' \
	    \( -name '*.[ch]' -o -name '*.sh' -o -name '*.md' -o -name '*.am' -o -name '*.ac' -o -name '*.py' -o -name '*.[158]' \) \
	    -print0 2>/dev/null | xargs -0 awk '
	FNR == 1 { name = FILENAME; sub(/.*\//, "", name); print name, FILENAME ":1" }
	{
		rest = $0
		tag = ""
		while (match(rest, /[A-Za-z_][A-Za-z0-9_]*(\.[ch])?/)) {
			print tag substr(rest, RSTART, RLENGTH), FILENAME ":" FNR
			if (tag != "")
				print substr(rest, RSTART, RLENGTH), FILENAME ":" FNR
			tag = substr(rest, RSTART, RLENGTH) == "struct" ? "struct:" : ""
			rest = substr(rest, RSTART + RLENGTH)
		}
	}')
}

violations() {
	relapses | awk -v names="$tmp/names" '
	{ old[++n] = "^(" $1 ")$"; word[n] = substr($0, length($1) + 2) }
	END {
		while ((getline line < names) > 0) {
			split(line, part, " ")
			if (!(part[1] in found)) {
				found[part[1]] = 0
				for (i = 1; i <= n; i++)
					if (part[1] ~ old[i])
						found[part[1]] = i
			}
			if (found[part[1]])
				print part[2] ": " part[1] "; the word is " word[found[part[1]]]
		}
	}'
}

check() { # FOLDER: its violations
	names "$1" >"$tmp/names"
	violations
}

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

caught() { # FILE TEXT WHAT
	mkdir -p "$tmp/tree/${1%/*}"
	printf '%s\n' "$2" >"$tmp/tree/$1"
	none "$(test -n "$(check "$tmp/tree")" || echo "no complaint")" "a planted relapse is caught: $3"
	rm "$tmp/tree/$1"
}

selftest() {
	caught milter/smtp/new.c 'struct dkim_house house;' "a type"
	caught milter/smtp/handover.h 'int x;' "a file"
	caught t/new_t.c 'live_borrow(x);' "a function of an old prefix"
	caught doc/TOUR.md 'Written by own_dns_write, at last.' "a name in the documents"
	mkdir -p "$tmp/tree/policy"
	echo '/* live mail is in a house by the door; whose answer, whose record? */' >"$tmp/tree/policy/x.c"
	none "$(check "$tmp/tree")" "plain words are no relapse"
}

if [ "${1:-}" != --selftest ]; then
	top=${1:-${srcdir:-$(dirname "$0")/..}}
	none "$(test -e "$top/milter/main.c" || echo "no $top/milter/main.c")" "there are files to check"
	none "$(check "$top")" "no old word is back"
fi
selftest
tap_end
