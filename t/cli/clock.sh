#!/bin/sh
# TAP: greenlaned while a preloaded object (t/lib/clock_step.c) sets the clock back and forth.
name=clock
. "${srcdir:-.}/t/cli/lib.sh"
. "${srcdir:-.}/t/cli/preload_lib.sh"
preload clock_step
export STEP_OBJECT="$object"

steady_vendor
least_conf > "$world/conf"
/usr/bin/python3 "$top/t/cli/clock.py" "$greenlaned" "$world/conf" "$world/socket" "$world/step"
