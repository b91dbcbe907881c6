#!/bin/sh
# TAP: SPF on random records agrees with Debian's python3-spf (t/spf_random.py, which says how).
#
#   t/spf_random.sh [COUNT [SEED]]
set -u
if [ ! -x /usr/bin/python3 ]; then
	echo '1..0 # SKIP without /usr/bin/python3'
	exit 0
fi
exec /usr/bin/python3 "${srcdir:-.}/t/spf_random.py" "${top_builddir:-.}/t/spf_suite" "$@"
