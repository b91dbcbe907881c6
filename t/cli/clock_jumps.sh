#!/bin/sh
# TAP: the clock of a running greenlaned jumps (t/lib/clock_step.c is preloaded): back an hour, forward a year, to 1970, and right
# again. It serves on, greylists, and who was known before is known after.
name=clock_jumps
. "${srcdir:-.}/t/cli/store_lib.sh"
. "${srcdir:-.}/t/cli/preload_lib.sh"
preload clock_step
jump() { # SECONDS by which it differs from the host's
	echo "$1" > "$world/step.new"
	chmod 644 "$world/step.new"
	mv "$world/step.new" "$world/step"
}
jump 0
conf "lmdb:$store"
greenlaned_start "$world/conf" "CLOCK_STEP=$world/step" "LD_PRELOAD=$object" "ASAN_OPTIONS=$asan"
ok $? "greenlaned serves"
waits one@stranger.example
ok $? "a stranger waits"
jump 60
passes one@stranger.example
ok $? "and passes when it comes again a minute later"
status_well() { status && ! grep -q '^ill:' "$world/out"; }

jump -3600
waits two@second.example
ok $? "back an hour: another stranger waits"
passes one@stranger.example
ok $? "who was known is known"
until_true status_well
ok $? "status is well"
jump 60
passes two@second.example
ok $? "with the clock right again the other has waited long enough"

jump 31536000
waits three@third.example
ok $? "forward a year: a stranger waits"
jump 31536060
passes three@third.example
ok $? "and passes a minute later"
until_true status_well
ok $? "status is well"

jump "-$(date +%s)"
waits four@fourth.example
ok $? "in 1970: a stranger waits"
until_true status_well
ok $? "status is well"
jump 120
waits four@fourth.example
ok $? "with the clock right again its first try was half a century ago: it waits"
jump 240
passes four@fourth.example
ok $? "and passes two minutes later"
passes three@third.example
ok $? "who was known in a year is known"
waits five@fifth.example
ok $? "a stranger waits"
end "it exits with 0"

finish_tap
