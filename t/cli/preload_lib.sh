# preload_lib.sh - objects of t/lib that make trouble in a greenlaned into which they are preloaded. Sourced, after lib.sh.
# shellcheck shell=sh disable=SC2034,SC2154 # its variables are used, and set, by those who source it

asan=verify_asan_link_order=0:${ASAN_OPTIONS:-} # with which the sanitizer takes one, in ASAN_OPTIONS

# preload NAME: $object is t/NAME.so of the build; the test is skipped where greenlaned does not take it.
preload() {
	object=${top_builddir:-.}/t/$1.so
	case $object in /*) ;; *) object=$PWD/$object ;; esac
	[ -e "$object" ] || bail_out "$object is not built"
	ASAN_OPTIONS=$asan LD_PRELOAD=$object "$greenlaned" -V > "$world/out" 2>&1 && ! grep -q 'cannot be preloaded' "$world/out" ||
		skip_all "nothing can be preloaded into this greenlaned: $(head -n 1 "$world/out")"
}

# tell WORD...: what an object finds in the file word, which it has mapped: it may change while greenlaned runs.
tell() {
	[ -e "$world/word" ] || { head -c 4096 /dev/zero > "$world/word" && chmod 644 "$world/word"; }
	printf '%-40s' "$*" | dd of="$world/word" conv=notrunc 2> /dev/null
}
