#!/bin/sh
# TAP: random signed mail, and changes to it, verify as with Debian's python3-dkim (t/dkim_random.py, which says how).
#
#   t/dkim_random.sh [COUNT [SEED]]
set -u
if [ ! -x /usr/bin/python3 ]; then
	echo '1..0 # SKIP without /usr/bin/python3'
	exit 0
fi
build=${top_builddir:-.}
exec /usr/bin/python3 "${srcdir:-.}/t/dkim_random.py" "$build/t/dkim_random" "$build/t/signmail" "$@"
