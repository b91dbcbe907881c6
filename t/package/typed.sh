#!/bin/bash
# typed.sh - README's blocks typed as they stand, on a fresh Debian with a Postfix of its own whose smtpd is chrooted: from the
# package to the first forged mail that is refused. TAP; t/package/run runs it beside a systemd, in the source directory.
set -u
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/world.sh"

cd "$here/../.." || exit 99
readme() { /usr/bin/python3 "$here/readme.py" "$here/../../README.md" "$@"; }

# typed SECTION N NAME: types the block, which must succeed.
typed() {
    readme type "$1" "$2" > "$world/typed" 2>&1
    ok $? "$3" || sed 's/^/# /' "$world/typed"
}

# What the reader has before: names that can be looked up, and a Postfix that takes mail.
dns_start 53
echo 'nameserver 127.0.0.1' > /etc/resolv.conf
addresses_add
postfix_prepare
postconf -F smtp/inet/chroot=y
systemctl restart postfix
until_true /usr/bin/python3 "$here/../mta/net.py" open 127.0.0.1:25
like "$(forged)" '^250 ' "before all that a forged mail is taken"
SECONDS=0

typed "## Install" 2 "the package is installed"
is "$(systemctl is-active greenlaned):$(systemctl is-enabled greenlaned)" active:enabled "greenlaned runs, and will after a boot"
typed "### Postfix" 1 "greenlane setup postfix prints lines"
missed=$(readme show "### Postfix" 2 | grep -v '^#' | while read -r line; do
    tr '\n' ' ' < "$world/typed" | tr -s ' ' | grep -qF -- "$line" || echo "$line"
done)
none "$missed" "among them are README's"
typed "### Postfix" 2 "main.cf gets them"
typed "### Postfix" 3 "Postfix is reloaded, and greenlane status finds all well"
typed "### Postfix" 4 "the line of greenlane.conf is the one that the package installs"
like "$(genuine)" '^250 ' "in monitor mode genuine mail passes"
like "$(greenlane status)" 'mta: last contact' "greenlane status says that Postfix has asked"
typed "## A first vendor file" 1 "names of vendors in greenlane.conf"
typed "## A first vendor file" 3 "a vendor file of one's own"
letter 'Tickets <noreply@tickets.example>' saved > saved.eml
typed "## A first vendor file" 4 "greenlane finds it right, explains it, and puts it in force"
like "$(cat "$world/typed")" 'vouched' "mail of the vendor would be vouched for"
like "$(forged)" '^250 ' "in monitor mode forged mail still passes"
seen() { log_has greenlaned 'outcome=forged.* would=reject'; }
until_true seen
ok $? "and the log says that it would be refused"

typed "## From monitor to enforce" 2 "from monitor to enforce: greenlane.conf"
typed "## From monitor to enforce" 3 "and main.cf"
greenlane reload > "$world/typed" 2>&1 && postfix reload > "$world/typed" 2>&1
ok $? "both are put in force"
like "$(forged)" '^550 5\.7\.26 ' "a forged mail is refused"
like "$(genuine)" '^250 ' "and a genuine one passes"
echo "# typed in $SECONDS seconds, mail included"
[ "$failed" -eq 0 ] || show_log greenlaned
tap_end
