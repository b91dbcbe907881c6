#!/bin/bash
# explain.sh - does `greenlane explain` judge the bytes of a message as greenlaned does behind a real Postfix?
#
# TAP. Must be run as root (Postfix starts as root); client addresses are pretended with XCLIENT.
# Some seconds. KEEP=1 leaves the folder with all logs behind.

set -u
top=$(cd "$(dirname "$0")/../.." && pwd) || exit 99
. "$top/t/mta/lib.sh"
. "$top/t/mta/demo.sh"

needs_postfix

world_begin
demo_start
letter signed "$desk" | sign_rsa > "$world/signed.eml"
/usr/bin/python3 "$top/t/mta/explain.py" "$smtp_at" "$GREENLANE" "$world/greenlane.conf" "$world/log/verdicts.jsonl" "$world/signed.eml"
