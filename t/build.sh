#!/bin/sh
# Compiles one test by hand: t/build.sh NAME [SOURCE...] makes t/NAME from t/NAME.c and what it needs.
# For work on one file; the Makefile is what counts. CC, CFLAGS and LIBS are taken from the environment.
set -eu
cd "$(dirname "$0")/.."
name=$1
shift
# shellcheck disable=SC2086 # CFLAGS and LIBS are lists of words
exec ${CC:-cc} -std=gnu11 -D_GNU_SOURCE -g -O1 -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
    ${CFLAGS:-} -I. -o "t/$name" "t/$name.c" t/lib/tap.c "$@" ${LIBS:--lidn2 -lpsl}
