#!/bin/bash
# readme.sh - the way that README.md leads, its lines taken word by word: from monitor to enforce, where smtpd is chrooted as
# on a stock Debian.
#
# TAP. Must be run as root. README names /var/spool/postfix: the script has a mount namespace of its own, in which that
# is the queue directory of its private Postfix; the one of the host is not touched.

set -u
top=$(cd "$(dirname "$0")/../.." && pwd) || exit 99
. "$top/t/mta/lib.sh"
. "$top/t/mta/demo.sh"

needs_postfix unshare
[ -d /var/spool/postfix ] || skip_all "there is no /var/spool/postfix"
if [ -z "${README_NAMESPACE:-}" ]; then
    unshare -m true 2> /dev/null || skip_all "no mount namespaces here"
    README_NAMESPACE=1 exec unshare -m --propagation private "$0" "$@"
fi

world_begin

# readme SECTION FILE: the lines that README gives below "# .../FILE" in a section.
readme() {
    awk -v section="$1" -v file="$2" '
        /^##/ { in_section = $0 ~ "^#+ " section "$"; on = 0; next }
        !in_section { next }
        /^ *# \// { on = index($0, "/" file) > 0; next }
        !/^    / { on = 0 }
        on { sub(/^ +/, ""); print }' "$top/README.md"
}

# mail NAME: the reply that decided about a demo mail.
mail() {
    demo_mail "$1"
    send "$client" "$helo" "$mail_from" "$rcpt" "$world/msg/$1.eml" | decided
}

# what README's grep finds in the log
changes() { bash -c "$(grep -o "grep -E ' would=.*" "$top/README.md" | sed "s|/var/log/mail.log|$world/greenlaned.log|")"; }
changes_hold() { changes | grep -q "$1"; }

# as make install leaves it and README goes on: in monitor mode, with a first vendor in mode vouch
demo_prepare
readme Postfix greenlane.conf > "$world/readme.conf"
readme Postfix main.cf > "$world/readme.cf"
readme "From monitor to enforce" greenlane.conf > "$world/enforce.conf"
readme "From monitor to enforce" main.cf > "$world/enforce.cf"
is "$(cd "$world" && wc -l < readme.conf):$(wc -l < "$world/readme.cf")" 1:2 "README gives one line of greenlane.conf and two of main.cf"
is "$(grep '^milter = ' "$top/contrib/greenlane.conf.sample")" "$(cat "$world/readme.conf")" "that of greenlane.conf is the sample's"
is "$(cd "$world" && wc -l < enforce.conf):$(wc -l < "$world/enforce.cf")" 2:1 "and ends in two and one"
sed 's/"deskhelp"/"tickets"/' "$world/vendors/deskhelp.conf" > "$world/vendors/tickets.conf"
sed -i -e '/^milter /d; /^mode /d; /^vendors = (/,/^);/d' "$world/greenlane.conf"
cp "$world/greenlane.conf" "$world/rest.conf"
# configure LINE...: greenlane.conf with README's listener and these lines.
configure() { { cat "$world/rest.conf" "$world/readme.conf"; printf '%s\n' "$@"; } > "$world/greenlane.conf"; }
first_vendor=$(grep -o '{ name = "tickets";[^}]*"vouch"; }' "$top/README.md")
configure "$(grep '^mode' "$top/contrib/greenlane.conf.sample")" "vendors = ( $first_vendor );"
like "$(tail -n 2 "$world/greenlane.conf" | tr '\n' ' ')" '^mode = "monitor"; vendors = .*mode = "vouch"' \
    "the sample begins in monitor, and README's vendor in vouch"

# README's first vendor file and its list of vendors are as good as it says
mkdir -p "$world/first"
sed -n '/^    vendor = {/,/^    };/p' "$top/README.md" > "$world/first/tickets.conf"
{ echo "vendor_path = [ \"$top/policy/vendors\", \"$world/first\" ];"
  sed -n '/^    vendors = ($/,/^    );/p' "$top/README.md"
  grep -v '^vendor_path\|^vendors' "$world/greenlane.conf"; } > "$world/first.conf"
"$GREENLANE" -c "$world/first.conf" check > "$world/checked"
is "$?:$(grep -c "^warning: .*'tickets'" "$world/checked"):$(grep -c ' 3 vendors' "$world/checked")" 0:0:1 \
    "README's vendors load, and its first vendor file causes no warning"

mkdir -p "$world/postfix/spool"
mount --bind "$world/postfix/spool" /var/spool/postfix || die "/var/spool/postfix cannot be covered"
milter_listen=unix:/var/spool/postfix/greenlane/milter.sock
greenlaned_start
ok $? "greenlaned makes the folder of its socket inside the queue directory"

# So that all that follows says something: smtpd is chrooted, and does not find the socket by its whole path.
postfix_chroot=y
postfix_start "smtpd_milters = $milter_listen" "milter_default_action = accept"
like "$(mail forged-author)" '^250 ' "a chrooted smtpd that is given the whole path asks nobody, and takes a forged mail"
postfix_stop

postfix_start "$(cat "$world/readme.cf")"
like "$(mail genuine)" '^250 ' "monitor mode: with README's lines the vendor's mail passes a chrooted smtpd"
like "$(mail forged-author)" '^250 ' "and so does a forged one"
wait_for changes_hold 'outcome=forged action=pass would=reject vendor=tickets'
ok $? "but README's grep finds it, with what would have been done"
is "$(changes | wc -l)" 1 "and nothing else: neither the vendor's mail, nor what smtpd did not ask about"

# the daemon enforces, the vendor only vouches
configure "$(head -n 1 "$world/enforce.conf")" "vendors = ( $first_vendor );"
"$GREENLANE" -c "$world/greenlane.conf" reload > /dev/null
ok $? "the daemon's mode is enforce"
like "$(mail genuine)" '^250 ' "the vendor's mail passes at the first attempt"
like "$(mail forged-author)" '^451 4\.7\.1 greylisted' "a forged one has to wait, but is not refused"

# the whole of README's way
configure "$(cat "$world/enforce.conf")"
"$GREENLANE" -c "$world/greenlane.conf" reload > /dev/null
ok $? "the vendor's mode is enforce"
postfix_stop
postfix_start "$(cat "$world/readme.cf")" "$(cat "$world/enforce.cf")"
like "$(mail forged-author)" '^550 5\.7\.26 ' "at the end of README's way the chrooted smtpd refuses a forged mail"
like "$(mail genuine)" '^250 ' "and takes the vendor's"
postfix_stop

# a configuration without any mode is the same
configure 'vendors = ( { name = "deskhelp"; } );'
"$GREENLANE" -c "$world/greenlane.conf" reload > /dev/null
ok $? "no mode is written, neither the daemon's nor the vendor's"
postfix_chroot=n
postfix_start "$(cat "$world/readme.cf")"
like "$(mail forged-author)" '^550 5\.7\.26 ' "which refuses it; with the same lines an smtpd that is not chrooted asks, too"
postfix_stop

postfix_chroot=y
postfix_start "$(sed -n '/^smtpd_milters/,/}$/p' "$top/contrib/postfix/greenlane.cf")"
like "$(mail forged-author)" '^550 5\.7\.26 ' "so does a chrooted one with those of contrib/postfix/greenlane.cf"
postfix_stop

# greenlaned is down
postfix_start "$(cat "$world/readme.cf")" "$(cat "$world/enforce.cf")"
greenlaned_stop
like "$(mail forged-author)" '^4' "while greenlaned is down README's last line lets nobody in"
postfix_stop
postfix_start "$(cat "$world/readme.cf")"
like "$(mail forged-author)" '^250 ' "its first ones let everybody in"

# The command that README leads with says the same.
"$GREENLANE" -c "$world/greenlane.conf" setup postfix --postconf "$top/t/postfix_setup/fresh.postconf" > "$world/setup.cf"
missed=$(grep -c . "$world/readme.cf")
while read -r line; do
    tr '\n' ' ' < "$world/setup.cf" | tr -s ' ' | grep -qF -- "$line" && missed=$((missed - 1))
done < "$world/readme.cf"
is "$missed" 0 "greenlane setup prints README's lines for a fresh Debian"

[ $tap_failed -eq 0 ] || tail -n 40 "$world/greenlaned.log" | sed "s/^/# /"
tap_done
