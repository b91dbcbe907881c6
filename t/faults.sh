#!/bin/sh
# Each fault of t/faults names a test that is there, and a row that is in it. Prints TAP; the last line counts them by class.
set -u
. "$(dirname "$0")/lib/tap.sh"
top=$(dirname "$0")/..
wrong=
while IFS='|' read -r class fault test; do
	case $class in ''|'#'*) continue ;; esac
	test=${test# } file=${test%%: *}
	[ -f "$top/$file" ] && grep -qF -- "${test#*: }" "$top/$file" || wrong="$wrong$class: ${fault# }: not in ${test# }
"
done < "$top/t/faults"
none "${wrong%
}" "each fault of t/faults has its row in a test"
sed -n '/^[a-z]/s/ .*//p' "$top/t/faults" | sort | uniq -c | sed 's/^ */# /'
tap_end
