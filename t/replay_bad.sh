#!/bin/sh
# Stories that cannot be played say so: each of t/replay/bad is played by t/replay_t, which must end with status 1 and
# say, for both players, what the story's lines "# says: PATTERN" tell. Prints TAP.
set -u
. "$(dirname "$0")/lib/tap.sh"
stories=${srcdir:-.}/t/replay/bad
player=${REPLAY_T:-t/replay_t}

for story in "$stories"/*.replay; do
	name=${story##*/}
	said=$("$player" "$story" 2>&1)
	status=$?
	[ $status -eq 1 ]
	ok $? "$name: it fails, and ends nothing (exit status $status)"
	printf '%s\n' "$said" | sed 's/^/#   /'
	while IFS= read -r line; do
		case $line in '# says: '*) ;; *) continue ;; esac
		[ "$(printf '%s\n' "$said" | grep -Ec -- "${line#\# says: }")" -ge 2 ]
		ok $? "$name: says ${line#\# says: }"
	done < "$story"
done
tap_end
