#!/bin/sh
# TAP: greenlaned and greenlane with a state_dir in which pipes, links, directories, sockets and devices were planted.
name=state
. "${srcdir:-.}/t/cli/lib.sh"
/usr/bin/python3 "$top/t/cli/state.py" "${GREENLANED:-${greenlane}d}" "$greenlane" "$world"
