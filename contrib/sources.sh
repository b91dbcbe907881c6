# sources.sh - which files are greenlane's sources, for contrib/package and t/all. Sourced; bash.
# shellcheck shell=bash

# list_sources FOLDER: what git knows of, or without git all but what was built; names end in zero bytes.
list_sources() {
    if [ -e "$1/.git" ] && git -C "$1" ls-files > /dev/null 2>&1; then
        (cd "$1" && git ls-files -z --cached --others --exclude-standard |
            while IFS= read -r -d '' file; do [ -e "$file" ] && printf '%s\0' "$file"; done)
    else
        (cd "$1" && find . \( -path ./build -o -path ./.git -o -path ./installed -o -name .deps -o -name autom4te.cache \) \
            -prune -o -type f ! -name '*.o' ! -name '*.a' ! -name '*.log' ! -name '*.trs' ! -path ./Makefile \
            ! -path ./config.status -print0)
    fi
}

# pack_sources FOLDER SECONDS: a tar of them to standard output, the same bytes for the same files; SECONDS since 1970 is
# the time of each. More options of tar may follow.
pack_sources() {
    list_sources "$1" |
        tar -C "$1" "${@:3}" --null -T - --sort=name --format=ustar --owner=0 --group=0 --numeric-owner --mode=u+rw,go=u-w \
            --mtime="@$2" -cf -
}
