# packages.sh - what quickstart and t/all install, by contrib/packages.txt. Sourced; bash.

packages_list=$(dirname "${BASH_SOURCE[0]}")/packages.txt

# packages_wanted KIND...: the names of these kinds.
packages_wanted() {
    local kinds=" $* "
    awk -v kinds="$kinds" '$1 !~ /^#/ && NF >= 2 && index(kinds, " " $2 " ") { print $1 }' "$packages_list"
}

# packages_absent KIND...: those of them that are not installed.
packages_absent() {
    local package
    for package in $(packages_wanted "$@"); do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q ' installed$' || echo "$package"
    done
}

# packages_install NAME...: no mail system is set up, and the packages' own services stay off: we start
# what we need ourselves, in a private folder.
packages_install() {
    local rule=/usr/sbin/policy-rc.d mine=
    if [ ! -e "$rule" ]; then
        printf '#!/bin/sh\nexit 101\n' > "$rule" && chmod 755 "$rule" && mine=1
    fi
    echo 'postfix postfix/main_mailer_type select No configuration' | debconf-set-selections
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 update &&
        DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 install -y --no-install-recommends "$@"
    local status=$?
    [ -z "$mine" ] || rm -f "$rule"
    return $status
}
