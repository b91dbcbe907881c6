#!/bin/sh
# Stories that cannot be played say so: each of t/replay/bad is played by t/replay_t, which must end with status 1 and
# say, for both players, what the story's lines "# says: PATTERN" tell. Prints TAP.
set -u
stories=${srcdir:-.}/t/replay/bad
player=${REPLAY_T:-t/replay_t}
count=0 failed=0

ok() { # STATUS NAME
	count=$((count + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $count - $2"
	else
		failed=$((failed + 1))
		echo "not ok $count - $2"
		printf '%s\n' "$said" | sed 's/^/#   /'
	fi
}

for story in "$stories"/*.replay; do
	name=${story##*/}
	said=$("$player" "$story" 2>&1)
	status=$?
	[ $status -eq 1 ]
	ok $? "$name: it fails, and ends nothing (exit status $status)"
	while IFS= read -r line; do
		case $line in '# says: '*) ;; *) continue ;; esac
		[ "$(printf '%s\n' "$said" | grep -Ec -- "${line#\# says: }")" -ge 2 ]
		ok $? "$name: says ${line#\# says: }"
	done < "$story"
done
echo "1..$count"
[ $failed -eq 0 ] && [ $count -gt 0 ]
