#!/bin/sh
# Rules of what runs in t/ and contrib/, checked by reading it, so that tests hold on a slow and on a loaded machine.
# Prints TAP.
#
#   t/scripts.sh [FOLDER]     checks FOLDER/t, FOLDER/contrib and FOLDER/Makefile.am, then itself: each kind of
#                             planted violation, in a temporary folder, must be caught
#
# A line that sleeps says why behind it, after the word "sleeps:" in its comment. There are few reasons: a loop that
# looks again and again for what it waits for, a clock of another program that knows whole seconds only.
set -u
checks='python sleep clock ceiling'

name_of() {
	case $1 in
	python) echo "Python is Debian's /usr/bin/python3: another one starts ten times as slowly and lacks our packages" ;;
	sleep) echo "nothing sleeps without saying why (sleeps: ...)" ;;
	clock) echo "no script takes the time in less than seconds: no verdict hangs on how long something took" ;;
	ceiling) echo "what is waited for has one ceiling for all: wait_for and until_true take no seconds" ;;
	esac
}

# What runs: scripts by name or by first line, and C.
programs() {
	cd "$1" || exit 99
	find t contrib .ci Makefile.am -type f ! -path '*/seeds/*' ! -path t/scripts.sh 2> /dev/null | sort | while read -r file; do
		case $file in
		*.sh|*.py|*.c|Makefile.am) echo "$file" ;;
		*) head -c 2 "$file" | grep -q '^#!' && echo "$file" ;;
		esac
	done
}

# One line a violation: CHECK, a blank, FILE:LINE: what stands there.
violations() {
	(cd "$1" && programs . | xargs awk '
	function complain(check) {
		print check " " FILENAME ":" FNR ": " $0
	}
	{ c = FILENAME ~ /\.c$/; bench = FILENAME ~ /^t\/bench\// }
	FNR == 1 && /^#!.*python/ && $0 != "#!/usr/bin/python3" { complain("python") }
	!c && /^[ \t]*#/ { next }
	!c && /(^|[^\/A-Za-z0-9_.-])python[0-9.]*([^-A-Za-z0-9_.]|$)/ && FILENAME !~ /\.py$/ { complain("python") }
	!c && /(^|[ \t;|&({])sleep [0-9.$]/ && !/sleeps: / { complain("sleep") }
	!c && /time\.sleep\(/ && !/sleeps: / { complain("sleep") }
	c && /(^|[^a-z_])(usleep|nanosleep|sleep)\(/ && !/sleeps: / { complain("sleep") }
	!c && !bench && /%s%N|EPOCHREALTIME|time\.(time|monotonic|perf_counter)/ { complain("clock") }
	!c && /(^|[ \t;|&(])(wait_for|until_true) +"?[0-9$]/ { complain("ceiling") }
	')
}

check() {
	all=$(violations "$1")
	for check in $checks; do
		count=$((count + 1))
		found=$(printf '%s\n' "$all" | sed -n "s/^$check //p")
		if [ -z "$found" ]; then
			echo "ok $count - $(name_of "$check")"
		else
			failed=1
			echo "not ok $count - $(name_of "$check")"
			printf '%s\n' "$found" | cut -c 1-200 | sed 's/^/# /'
		fi
	done
}

# planted CHECK FILE LINE: that line, alone in FILE, is caught, and its cure is not: the LINE's comment names a reason.
planted() {
	count=$((count + 1))
	rm -rf "$planted"
	mkdir -p "$planted/t/mta" "$planted/contrib"
	printf '%s\n' "$3" > "$planted/$2"
	if [ "$(violations "$planted" | sed 's/ .*//')" = "$1" ]; then
		echo "ok $count - caught: $3"
	else
		failed=1
		echo "not ok $count - caught: $3"
	fi
}

# allowed FILE LINE
allowed() {
	count=$((count + 1))
	rm -rf "$planted"
	mkdir -p "$planted/t/mta" "$planted/contrib"
	printf '%s\n' "$2" > "$planted/$1"
	if [ -z "$(violations "$planted")" ]; then
		echo "ok $count - allowed: $2"
	else
		failed=1
		echo "not ok $count - allowed: $2"
	fi
}

check_itself() {
	planted=$(mktemp -d) || exit 99
	trap 'rm -rf "$planted"' EXIT
	planted python t/a.py '#!/usr/bin/env python3'
	planted python t/a.sh "said=\$(python3 -c 'print(1)')"
	planted python t/mta/a.sh 'for program in nsd python3; do'
	planted python Makefile.am '	python3 $(srcdir)/t/a.py'
	allowed t/a.sh '/usr/bin/python3 t/a.py # python3-yaml'
	allowed t/a.sh '# Needs python3.'
	planted sleep t/a.sh '	sleep 0.5'
	planted sleep t/mta/a.sh 'case $1 in stranger-again) sleep 3 ;; esac'
	planted sleep t/a.py 'time.sleep(1)'
	planted sleep t/a.c '	usleep(200);'
	allowed t/a.sh 'sleep 0.05 # sleeps: until it looks again'
	allowed t/a.c 'usleep(200); /* sleeps: until it looks again */'
	planted clock t/a.sh 'before=$(date +%s%N)'
	planted clock t/a.py 'begun = time.monotonic()'
	planted ceiling t/mta/a.sh 'wait_for 5 says "$mark" that'
	planted ceiling t/a.sh 'until_true 10 test -e x'
	allowed t/mta/a.sh 'wait_for says "$mark" that'
}

count=0 failed=0
check "${1:-${srcdir:-.}}"
check_itself
echo "1..$count"
[ "$failed" = 0 ]
