# Sourced by t/fuzz/run and t/oom: builds targets with the sanitizers, in a folder of its own that goes with the shell, and
# runs them side by side. top is the checkout; sets work, and srcdir for what was built.
# shellcheck shell=bash disable=SC2034,SC2154 # its variables are used, and set, by those who source it

# Where keep names a folder, it is used and stays, with what was built in it before.
work=${keep:-$(mktemp -d /tmp/greenlane-sanitized.XXXXXX)}
lanes=
trap sanitized_end EXIT
trap 'exit 130' INT TERM

# What runs in a lane ends with the shell.
sanitized_end() {
    for lane in $lanes; do
        child=$(pgrep -P "$lane") || true
        # shellcheck disable=SC2086 # a list of words
        kill $lane $child 2> /dev/null || true
    done
    [ -n "${keep:-}" ] || rm -rf "$work"
}

# sanitized_build TARGET...: into $work/build; what went wrong is shown. compiler, more_flags and linker_flags may be set, and a function
# sanitized_prepare may change the copy of the sources.
sanitized_build() {
    # a checkout that was built in its own folder cannot be built elsewhere: copy what it is made of
    mkdir -p "$work/src" "$work/build"
    rm -rf "$work"/taken.*
    (cd "$top" && tar -c --exclude=./build --exclude='*.o' --exclude='*.a' --exclude=./config.status --exclude=./Makefile \
        --exclude=.git .) | tar -x -C "$work/src"
    ! command -v sanitized_prepare > /dev/null || sanitized_prepare
    ([ -x "$work/src/configure" ] || (cd "$work/src" && ./autogen.sh)
    cd "$work/build" && { [ -f Makefile ] || "$work/src/configure" ${compiler:+CC="$compiler"} \
        CFLAGS="-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all ${more_flags:-}"; } &&
        make Makefile && # configured anew where the sources are newer, which needs a linker without these flags
        make -j"$(nproc)" ${linker_flags:+LDFLAGS="$linker_flags"} "$@") > "$work/log" 2>&1 || { tail -20 "$work/log"; exit 1; }
    export srcdir="$work/src" ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
}

# side_by_side FUNCTION ITEM...: FUNCTION with each of them, as many at once as there are processors; fails when one does.
side_by_side() {
    for lane in $(seq "$(nproc)"); do
        lane "$@" &
        lanes="$lanes $!"
    done
    broken=0
    for lane in $lanes; do
        wait "$lane" || broken=1
    done
    lanes=
    return $broken
}

# Each lane takes the next item that nobody has taken.
lane() {
    function=$1 broken=0
    shift
    for item; do
        mkdir "$work/taken.${item##*/}" 2> /dev/null || continue
        "$function" "$item" || broken=1
    done
    return $broken
}
