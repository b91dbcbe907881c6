#!/bin/sh
# TAP: greenlaned while a preloaded object (t/lib/clock_step.c) sets the clock back and forth.
name=clock
. "${srcdir:-.}/t/cli/lib.sh"
. "${srcdir:-.}/t/cli/preload_lib.sh"
preload clock_step
export STEP_OBJECT="$object"

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
/usr/bin/python3 "$top/t/cli/clock.py" "$greenlaned" "$world/conf" "$world/socket" "$world/step"
