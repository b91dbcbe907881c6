#!/bin/sh
# TAP: greenlaned and the tool with a state_dir in which somebody planted pipes, links, folders, sockets and devices.
name=state
. "${srcdir:-.}/t/cli/lib.sh"
/usr/bin/python3 "$top/t/cli/state.py" "${GREENLANED:-${greenlane}d}" "$greenlane" "$world"
