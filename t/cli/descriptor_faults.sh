#!/bin/sh
# TAP: greenlaned when it may open nothing more: the mail that is under way goes on, others are taken when there is room, records,
# store and log lose nothing, status and log say it, and all is well again by itself.
name=descriptor_faults
. "${srcdir:-.}/t/cli/store_lib.sh"
config=$world/conf
