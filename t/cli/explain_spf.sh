#!/bin/sh
# TAP wrapper: does `greenlane explain` find the SPF results of the RFC 7208 suite, over real DNS?
set -u
here=$(dirname "$0")

PATH=$PATH:/usr/sbin:/sbin
export PATH
for program in /usr/bin/python3 nsd; do
	command -v $program >/dev/null || { echo "1..0 # SKIP $program is needed"; exit 0; }
done
if ! /usr/bin/python3 -c 'import yaml' 2>/dev/null; then
	echo '1..0 # SKIP /usr/bin/python3 with yaml is needed to read the suite'
	exit 0
fi
exec /usr/bin/python3 "$here/explain_spf.py" "$@"
