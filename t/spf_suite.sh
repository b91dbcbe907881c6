#!/bin/sh
# TAP front of the open SPF suites: converts them and runs every case through check_spf.
set -u
suites=${srcdir:-.}/t/suites
runner=${SPF_SUITE:-t/spf_suite}

if ! /usr/bin/python3 -c 'import yaml' 2>/dev/null; then
	echo '1..0 # SKIP /usr/bin/python3 with yaml is needed to read the suites'
	exit 0
fi

convert() {
	/usr/bin/python3 "$suites/spf_cases.py" --name "$@" || echo 'failed'
}

{
	convert 'RFC 7208' "$suites"/spf-rfc7208/*.yml
	convert 'RFC 4408' "$suites"/spf-rfc4408/*.yml
	convert 'stalwart' "$suites"/spf-stalwart/*.yml --differs "$suites/spf-stalwart.differs"
} | "$runner"
