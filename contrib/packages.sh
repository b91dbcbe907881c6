# packages.sh - installs the packages of contrib/packages.txt for quickstart and t/all. Sourced; bash.
# shellcheck shell=bash

packages_list=$(dirname "${BASH_SOURCE[0]}")/packages.txt

# packages_wanted KIND...: prints the names of the packages of these kinds.
packages_wanted() {
    local kinds=" $* "
    awk -v kinds="$kinds" '$1 !~ /^#/ && NF >= 2 && index(kinds, " " $2 " ") { print $1 }' "$packages_list"
}

# packages_absent KIND...: prints those that are not installed.
packages_absent() {
    local package
    for package in $(packages_wanted "$@"); do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q ' installed$' || echo "$package"
    done
}

# packages_install NAME...: installs packages without configuring a mail system or starting their services:
# the callers start what they need themselves, in a private directory.
packages_install() {
    local rule=/usr/sbin/policy-rc.d mine=
    if [ ! -e "$rule" ]; then
        printf '#!/bin/sh\nexit 101\n' > "$rule" && chmod 755 "$rule" && mine=1
    fi
    echo "postfix postfix/main_mailer_type select ${mail_system:-No configuration}" | debconf-set-selections
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 update &&
        DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 install -y --no-install-recommends "$@"
    local status=$?
    [ -z "$mine" ] || rm -f "$rule"
    return $status
}

# packages_mail_host: installs Postfix as a mail host has it, which takes mail for rx.example. One without a configuration is
# replaced.
packages_mail_host() {
    [ -e /etc/postfix/main.cf ] || DEBIAN_FRONTEND=noninteractive apt-get purge -y postfix
    echo 'postfix postfix/mailname string rx.example' | debconf-set-selections
    mail_system='Internet Site' packages_install postfix
}
