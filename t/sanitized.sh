# Sourced by t/fuzz/run and t/oom: builds targets with the sanitizers, in a folder of its own that goes with the shell.
# top is the checkout; sets work, and srcdir for what was built.

work=$(mktemp -d /tmp/greenlane-sanitized.XXXXXX)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# sanitized_build TARGET...: into $work/build; what went wrong is shown.
sanitized_build() {
    # a checkout that was built in its own folder cannot be built elsewhere: copy what it is made of
    mkdir "$work/src" "$work/build"
    (cd "$top" && tar -c --exclude=./build --exclude='*.o' --exclude='*.a' --exclude=./config.status --exclude=./Makefile \
        --exclude=.git .) | tar -x -C "$work/src"
    ([ -x "$work/src/configure" ] || (cd "$work/src" && ./autogen.sh)
    cd "$work/build" && "$work/src/configure" CFLAGS='-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all' &&
        make -j"$(nproc)" "$@") > "$work/log" 2>&1 || { tail -20 "$work/log"; exit 1; }
    export srcdir="$work/src" ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
}
