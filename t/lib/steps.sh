# steps.sh - what t/all and t/nightly share: a copy of the checkout, builds of it, steps, and the count of what passed.
#
# For bash scripts, sourced. Before it: `top` (the checkout) and `name` (of the script). After it the script defines
# step_NAME for each of its steps and calls steps_main with the default ones, a word, and those that were asked for.
#
# Steps run in the order given, each in a shell of its own, $lanes at once: what waits runs beside what computes. A step
# changes no variable of another; what two of them need is made under a lock (built).
#
# $work is a private folder, $src the copy of the checkout in it: no build is left in the checkout. $logs, which is
# build/$name below the checkout, keeps each step's log. All that still runs is ended with the script, also when it is
# interrupted.
# shellcheck shell=bash disable=SC2034,SC2154 # its variables are used, and set, by those who source it

. "$top/contrib/packages.sh"
. "$top/contrib/sources.sh"
logs=$top/build/$name
work=
jobs=$((2 * $(nproc))) # most tests wait more than they compute
lanes=1 began=0
passed=0 failed=0 skipped=0 broken=''

say() { printf '%-11s %s\n' "$1" "$2"; }

# How long this step took, and when it ended.
took() { echo "$((SECONDS - began)) s, at $SECONDS s"; }

# ---- begin and end ----------------------------------------------------------------------------

# family PID...: these processes and all that descend from them.
family() {
    local todo=("$@")
    while [ ${#todo[@]} -gt 0 ]; do
        echo "${todo[0]}"
        # shellcheck disable=SC2046,SC2207 # numbers
        todo=("${todo[@]:1}" $(pgrep -P "${todo[0]}"))
    done
}

# Every test of ours takes TERM for the word to clean up; a world with Postfix needs a few seconds for it.
steps_end() {
    local status=$? pid turns=300
    trap '' HUP INT TERM
    # shellcheck disable=SC2046
    set -- $(family $(pgrep -P $$))
    [ $# -eq 0 ] || kill -TERM "$@" 2> /dev/null
    while [ $turns -gt 0 ] && [ -n "$(pgrep -P $$)" ]; do
        turns=$((turns - 1))
        for pid; do kill -0 "$pid" 2> /dev/null && break; done || break
        sleep 0.1 # sleeps: until it looks again
    done
    [ $# -eq 0 ] || kill -KILL "$@" 2> /dev/null
    [ -z "$work" ] || rm -rf "$work"
    trap - EXIT
    exit "$status"
}

steps_begin() {
    [ "$(id -u)" = 0 ] || { echo "t/$name: run it as root: it installs packages and starts Postfix" >&2; exit 77; }
    work=$(mktemp -d "/tmp/greenlane-$name.XXXXXX") || exit 99
    trap steps_end EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    chmod 755 "$work"
    src=$work/src
    rm -rf "$logs"
    mkdir -p "$logs" || exit 99
}

install_packages() {
    local absent
    absent=$(packages_absent build demo test)
    # shellcheck disable=SC2086
    [ -z "$absent" ] || packages_install $absent
}

copy_sources() {
    mkdir -p "$src" && list_sources "$top" > "$work/files" &&
        tar -C "$top" -c --null -T "$work/files" -f - | tar -x -f - -C "$src" &&
        (cd "$src" && ./autogen.sh)
}

# ---- counting ---------------------------------------------------------------------------------

# count LOG...: adds the TAP lines of these files.
count() {
    local ok bad skip
    ok=$(cat "$@" 2>/dev/null | grep -c '^ok ')
    bad=$(cat "$@" 2>/dev/null | grep -c '^not ok ')
    skip=$(cat "$@" 2>/dev/null | grep -ci '^ok .*# skip')
    passed=$((passed + ok - skip)) failed=$((failed + bad)) skipped=$((skipped + skip))
    printf '%s passed, %s failed, %s skipped' $((ok - skip)) "$bad" "$skip"
}

# finish STEP STATUS [LOG...]: one line a step; a step that broke counts as a failure of its own.
finish() {
    local step=$1 status=$2 before=$failed line
    shift 2
    # what one step says stays together
    exec 8> "$work/says" && flock 8
    finish_alone "$@"
    exec 8>&-
}

# With finish's variables.
finish_alone() {
    count "$@" > "$work/line.$step"
    line=$(cat "$work/line.$step")
    # tests that were all skipped or never came to run have shown nothing
    [ $# -eq 0 ] || grep -q '^ok ' "$@" 2>/dev/null || status=1
    # a script went on without what it called
    ! grep -E '^[^#]*: (line )?[0-9]+: .*: (command )?not found$' "$@" "$logs/$step.log" 2>/dev/null || status=1
    if [ "$status" = 0 ]; then
        # a step without TAP of its own is one test: it came to its end
        [ $# -gt 0 ] || { passed=$((passed + 1)) line='done'; }
        say "$step" "$line ($(took))"
        return
    fi
    broken="$broken $step"
    say "$step" "BROKEN: $line ($(took)); see $logs/$step.log"
    cat "$@" 2>/dev/null | grep -A12 '^not ok ' | head -60 | sed 's/^/    /'
    tail -n 15 "$logs/$step.log" | sed 's/^/    | /'
    [ "$failed" -gt "$before" ] || failed=$((failed + 1))
}

# ---- for steps --------------------------------------------------------------------------------

# run STEP COMMAND...: into the step's log. In the background, so that a signal is heard at once.
run() {
    local step=$1
    shift
    "$@" >> "$logs/$step.log" 2>&1 < /dev/null &
    wait $!
}

# together LANE...: functions that run at once; fails when one does.
together() {
    local lane pids='' status=0
    for lane; do
        $lane &
        pids="$pids $!"
    done
    for lane in $pids; do
        wait "$lane" || status=1
    done
    return $status
}

# build STEP CC CFLAGS TARGET...: in a folder of its own.
build() {
    local step=$1 cc=$2 cflags=$3
    shift 3
    mkdir -p "$work/$step" && cd "$work/$step" &&
        run "$step" "$src/configure" --enable-werror CC="$cc" CFLAGS="$cflags" &&
        run "$step" make -j"$jobs" "$@"
}

# The optimised build, and the programs of the tests, for all steps that use it: the first builds, the others wait. In a
# shell of its own, which ends with its lock.
built() (
    exec 9> "$work/built.lock" && flock 9 || exit 1
    [ ! -e "$work/built" ] || exit 0
    # without zeroed variables, so that valgrind sees one that nobody sets
    build gcc gcc '-O2 -g -ftrivial-auto-var-init=uninitialized' && run gcc make -j"$jobs" check TESTS= && touch "$work/built"
)

# distcheck NAME=VALUE...: with these variables of make. Quick to compile.
distcheck() {
    export CFLAGS=-O0
    mkdir -p "$work/dist" && cd "$work/dist" && run distcheck "$src/configure" &&
        run distcheck make -j"$jobs" distcheck "$@" && run distcheck in_tarball "$work"/dist/greenlane-*.tar.bz2
}

# in_tarball TARBALL: all files of the checkout are there, but git's own.
in_tarball() {
    tar -tf "$1" | sed 's|^[^/]*/||' | sort > "$work/packed" || return 1
    ! tr '\0' '\n' < "$work/files" | sed 's|^\./||' | grep -vE '^(\.git|\.ci/)' | sort | comm -13 "$work/packed" - |
        sed 's/$/: not in the tarball; add it to EXTRA_DIST/' | grep .
}

# What a build under the thread sanitizer is run with.
tsan_options() { echo "halt_on_error=0:exitcode=66:suppressions=$src/t/tsan.supp"; }

# on_valgrind STEP COMMAND...
on_valgrind() {
    local step=$1
    shift
    # fair: else a thread that waits for one that never rests may wait for minutes
    run "$step" valgrind --quiet --fair-sched=try --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite \
        --suppressions="$src/t/valgrind.supp" "$@"
}

# ---- main -------------------------------------------------------------------------------------

last_line() {
    echo "logs: $logs"
    [ -z "$broken" ] || echo "broken:$broken"
    echo "$passed passed, $failed failed, $skipped skipped"
}

# begin_step STEP: in a shell of its own, which leaves its counts in a file.
begin_step() {
    (
        # shellcheck disable=SC2030 # add_results has them from the file
        passed=0 failed=0 skipped=0 broken='' began=$SECONDS
        "step_$1"
        echo "$passed $failed $skipped$broken" > "$work/result.$1"
    ) &
    running=$((running + 1))
}

# end_steps MOST: waits until at most so many run.
end_steps() {
    while [ "$running" -gt "$1" ]; do
        wait -n
        running=$((running - 1))
    done
}

# run_steps STEP...
run_steps() {
    local step running=0
    for step; do
        end_steps $((lanes - 1))
        begin_step "$step"
    done
    end_steps 0
}

# add_results STEP...: a step without a result has died.
# shellcheck disable=SC2031
add_results() {
    local step its_passed its_failed its_skipped its_broken
    for step; do
        its_passed=0 its_failed=1 its_skipped=0 its_broken=$step
        [ ! -s "$work/result.$step" ] || read -r its_passed its_failed its_skipped its_broken < "$work/result.$step"
        passed=$((passed + its_passed)) failed=$((failed + its_failed)) skipped=$((skipped + its_skipped))
        broken="$broken${its_broken:+ $its_broken}"
    done
}

# steps_main DEFAULT-STEPS [STEP...]: runs them; the last line says "N passed, N failed, N skipped", exit 0 only when
# nothing failed.
steps_main() {
    local step steps=$1
    shift
    steps=${*:-$steps}
    for step in $steps; do
        declare -F "step_$step" > /dev/null || { echo "t/$name: there is no step $step" >&2; exit 64; }
    done
    steps_begin
    run set-up install_packages && run set-up copy_sources || { finish set-up 1; last_line; exit 1; }
    # shellcheck disable=SC2086
    run_steps $steps
    # shellcheck disable=SC2086
    add_results $steps
    last_line
    [ "$failed" = 0 ] && [ "$passed" -gt 0 ]
}
