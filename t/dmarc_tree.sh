#!/bin/sh
# TAP: DMARC on random trees of records agrees with another reading of RFC 9989 (t/dmarc_tree.py, which says how).
#
#   t/dmarc_tree.sh [COUNT [SEED]]
set -u
if [ ! -x /usr/bin/python3 ]; then
	echo '1..0 # SKIP without /usr/bin/python3'
	exit 0
fi
exec /usr/bin/python3 "${srcdir:-.}/t/dmarc_tree.py" "${top_builddir:-.}/t/dmarc_tree" "$@"
