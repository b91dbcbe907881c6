#!/bin/bash
# readme.sh - the lines for Postfix that README.md prints, taken word by word, where smtpd is chrooted as on a stock Debian.
#
# TAP. Must be run as root. README names /var/spool/postfix: the script has a mount namespace of its own, in which that
# is the queue directory of its private Postfix; the one of the host is not touched.

set -u
top=$(cd "$(dirname "$0")/../.." && pwd) || exit 99
. "$top/t/mta/lib.sh"
. "$top/t/mta/demo.sh"

[ "$(id -u)" -eq 0 ] || skip_all "Postfix starts only as root"
absent=$(missing postfix nsd setpriv unshare /usr/bin/python3) && skip_all "not installed:" $absent
[ -x "$GREENLANED" ] || skip_all "$GREENLANED is not built"
getent passwd postfix > /dev/null || skip_all "there is no user postfix"
[ -d /var/spool/postfix ] || skip_all "there is no /var/spool/postfix"
if [ -z "${README_NAMESPACE:-}" ]; then
    unshare -m true 2> /dev/null || skip_all "no mount namespaces here"
    README_NAMESPACE=1 exec unshare -m --propagation private "$0" "$@"
fi

world_begin

# readme FILE: the lines that README gives below "# .../FILE" in its section on Postfix.
readme() {
    sed -n '/^### Postfix/,/^### /p' "$top/README.md" | awk -v file="$1" '
        /^    # / { on = index($0, "/" file) > 0; next }
        !/^    / { on = 0 }
        on { sub(/^    /, ""); print }'
}

# mail NAME: the reply that decided about a demo mail.
mail() {
    demo_mail "$1"
    send "$client" "$helo" "$mail_from" "$rcpt" "$world/msg/$1.eml" | decided
}

demo_prepare ""
sed -i '/^milter /d' "$world/greenlane.conf"
readme greenlane.conf > "$world/readme.conf"
readme main.cf > "$world/readme.cf"
is "$(wc -l < "$world/readme.conf"):$(wc -l < "$world/readme.cf")" 1:2 "README gives one line of greenlane.conf and two of main.cf"
cat "$world/readme.conf" >> "$world/greenlane.conf"

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
like "$(mail forged-author)" '^550 5\.7\.26 ' "with README's lines the chrooted smtpd refuses a forged mail"
like "$(mail genuine)" '^250 ' "and takes the vendor's"
postfix_stop

postfix_chroot=n
postfix_start "$(cat "$world/readme.cf")"
like "$(mail forged-author)" '^550 5\.7\.26 ' "with the same lines an smtpd that is not chrooted refuses it"
postfix_stop

postfix_chroot=y
postfix_start "$(sed -n '/^smtpd_milters/,/}$/p' "$top/contrib/postfix/greenlane.cf")"
like "$(mail forged-author)" '^550 5\.7\.26 ' "so does a chrooted one with those of contrib/postfix/greenlane.cf"

# The command that README leads with says the same.
"$GREENLANE" -c "$world/greenlane.conf" setup postfix --postconf "$top/t/postfix_setup/fresh.postconf" > "$world/setup.cf"
missed=$(grep -c . "$world/readme.cf")
while read -r line; do
    tr '\n' ' ' < "$world/setup.cf" | tr -s ' ' | grep -qF -- "$line" && missed=$((missed - 1))
done < "$world/readme.cf"
is "$missed" 0 "greenlane setup prints README's lines for a fresh Debian"

[ $tap_failed -eq 0 ] || tail -n 40 "$world/greenlaned.log" | sed "s/^/# /"
tap_done
