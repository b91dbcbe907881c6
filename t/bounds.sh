#!/bin/sh
# TAP: the list of LIMITS in greenlaned(8) says what the code says, and each limit has a test at it and one past it (t/bounds).
set -u
if [ ! -x /usr/bin/python3 ]; then
	echo '1..0 # SKIP without /usr/bin/python3'
	exit 0
fi
exec /usr/bin/python3 "${srcdir:-$(dirname "$0")/..}/t/bounds.py"
