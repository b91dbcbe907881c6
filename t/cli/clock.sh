#!/bin/sh
# TAP: greenlaned while a preloaded object (t/lib/clock_step.c) sets the clock back and forth.
name=clock
. "${srcdir:-.}/t/cli/lib.sh"
STEP_OBJECT=${top_builddir:-.}/t/clock_step.so
case $STEP_OBJECT in /*) ;; *) STEP_OBJECT=$PWD/$STEP_OBJECT ;; esac
export STEP_OBJECT

mkdir "$world/vendors"
cat > "$world/vendors/steady.conf" <<'END'
vendor = { name = "steady"; domains = [ "steady.example" ]; sources = ( { cidr = [ "192.0.2.1" ]; } ); };
END
cat > "$world/conf" <<END
vendor_path = [ "$world/vendors" ];
vendors = ( { name = "steady"; } );
milter = { listen = "unix:$world/socket"; };
state_dir = "$world/state";
control = { listen = "unix:$world/state.control"; };
user = "$(id -un)";
dns = { servers = [ "127.0.0.1" ]; };
END
[ -e "$STEP_OBJECT" ] || { echo "Bail out! $STEP_OBJECT is not built"; exit 99; }
if ! ASAN_OPTIONS=verify_asan_link_order=0 LD_PRELOAD=$STEP_OBJECT "$greenlaned" -V > "$world/out" 2>&1; then
	echo "1..0 # SKIP nothing can be preloaded into this greenlaned: $(head -n 1 "$world/out")"
	exit 0
fi
/usr/bin/python3 "$top/t/cli/clock.py" "$greenlaned" "$world/conf" "$world/socket" "$world/step"
