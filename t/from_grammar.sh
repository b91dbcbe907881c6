#!/bin/sh
# TAP: whatever has a vendor's domain in a mailbox of its From is never a stranger's: fields that the grammar of RFC 5322
# makes, and fields of real mail, changed, compared with another reader (t/from_grammar.py, which says how).
#
#   t/from_grammar.sh [COUNT [SEED]]
set -u
if [ ! -x /usr/bin/python3 ]; then
	echo '1..0 # SKIP without /usr/bin/python3'
	exit 0
fi
exec /usr/bin/python3 "${srcdir:-.}/t/from_grammar.py" "${top_builddir:-.}/t/from_grammar" "$@"
