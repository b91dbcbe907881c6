#!/bin/bash
# setup.sh - what `greenlane setup postfix` warns of, on a real Postfix: is it so, and is the advice a remedy?
#
# TAP. Must be run as root. Mail that greenlane never judges, judges twice, or judges too late. The filters are
# Postfix itself: content_filter and smtpd_proxy_filter hand mail straight on to a second smtpd.

set -u
top=$(cd "$(dirname "$0")/../.." && pwd) || exit 99
. "$top/t/mta/lib.sh"
. "$top/t/mta/demo.sh"

needs_postfix postconf sendmail

world_begin

# restart [LINE...]: Postfix, with these lines of main.cf and what is in postfix_services; all new mail is after $mark.
restart() {
    postfix_stop
    postfix_start "$@"
    mark=$(log_length)
}

# greenlaned_again LINE...: greenlaned, with further lines of greenlane.conf.
greenlaned_again() {
    greenlaned_stop
    demo_config "$@"
    greenlaned_start
    mark=$(log_length)
}

# mail NAME: sends a demo mail by the front; sets reply and id.
turn=0
mail() {
    turn=$((turn + 1)) id="<$1-$turn@demo>"
    demo_mail "$1"
    if [ "$1" = genuine ]; then
        letter "$1-$turn" "$desk" | sign_rsa > "$world/msg/$1.eml"
    fi
    reply=$(send "$client" "$helo" "$mail_from" "$rcpt" "$world/msg/$1.eml" | decided)
}

# How often our result is in the mail that arrived.
results() { grep -c '^	x-greenlane=' "$(delivered "$id")"; }

said() { verdicts_after "$mark" | grep -oE '(outcome|action|client|via)=[^ ]*' | tr '\n' ' '; }
have_said() { [ -n "$(said)" ]; }

# advice: what the command says of this Postfix, whose front it is told to be port 25.
advice() {
    {
        postconf -c "$(postfix_conf)" -n
        postconf -c "$(postfix_conf)" -M | sed "s/^$smtp_at /smtp /"
    } > "$world/postconf" 2> "$world/postconf.err"
    "$GREENLANE" -c "$world/greenlane.conf" setup postfix --postconf "$world/postconf"
}

demo_prepare ""
greenlaned_start
back=127.0.0.1:$(net ports 1)

# ---- never asked --------------------------------------------------------------------------------

no_milters_story() {
    restart
    mail forged-author
    like "$reply" '^550 5\.7\.26 ' "as it should be: a forged mail is refused"
    unlike "$(advice)" no_milters "and setup does not mention no_milters"
    restart "receive_override_options = no_milters"
    mail forged-author
    like "$reply" '^250 ' "receive_override_options=no_milters: a forged mail is taken"
    is "$(said)" "" "greenlane was not asked"
    like "$(advice)" 'Warning: smtp/inet has receive_override_options=no_milters \(main\.cf\)' "and setup says so"
}

# Another filter, which does not know the vendor and greylists it.
order_story() {
    local other=unix:$world/run/other.sock
    sed -e "s,$world/run/milter.sock,$world/run/other.sock,; s,$world/run/control.sock,$world/run/other-control.sock," \
        -e "s,$world/state,$world/other-state,; s,verdicts\.jsonl,other.jsonl,; /deskhelp/d" \
        "$world/greenlane.conf" > "$world/other.conf"
    "$GREENLANED" -c "$world/other.conf" -f > "$world/other.log" 2>&1 &
    remember $!
    wait_for net open "$other" || die "the other filter did not start" "$world/other.log"
    restart "smtpd_milters = $other, $(milter_at)"
    mail genuine
    like "$reply" '^451 4\.7\.1 greylisted' "a filter that is asked first defers a vendor's mail"
    is "$(said)" "" "greenlane has not judged it"
    like "$(advice)" "Warning: greenlane is asked after $other:" "and setup says so"
}

# ---- asked twice --------------------------------------------------------------------------------

# content_filter LINE: of the smtpd that takes the mail back.
content_filter() {
    postfix_services="$back inet n - n - - smtpd
  -o content_filter=
  $1"
    restart "content_filter = smtp:[127.0.0.1]:${back#*:}"
    mail genuine
}

content_filter_story() {
    local way
    content_filter ""
    is "$(results)" 0 "content_filter: the second time removes the result of the first"
    like "$(said)" '^outcome=vouched .*outcome=exempt action=pass client=127\.0\.0\.1 ' "it is exempt, as mail of this host"
    like "$(advice)" "Warning: mail that content_filter .* hands back at $back/inet" "and setup says so"
    way=$(advice | sed -n 's/^#     \(-o smtpd_milters=\)$/\1/p')
    for way in "$way" "-o { smtpd_milters = }" "-o receive_override_options=no_header_body_checks,no_milters"; do
        content_filter "$way"
        is "$(results)" 1 "with $way the result stays"
        unlike "$(advice)" 'content_filter' "and setup is content"
    done
    greenlaned_again 'relays = ( { name = "content-filter"; kind = "gateway"; networks = [ "127.0.0.1" ]; } );'
    content_filter ""
    is "$(results)" 1 "with the filter as a relay there is a result"
    like "$(said)" 'outcome=vouched action=pass client=192\.0\.2\.10 via=content-filter $' "of the second time, for the client"
    unlike "$(advice)" 'content_filter' "and setup is content"
    greenlaned_again ""
    postfix_services=
}

# As a filter does that a pipe(8) runs.
by_sendmail() {
    id="<back-$1@demo>"
    letter "back-$1" "$desk" "Authentication-Results: mx.rx.example;
	x-greenlane=vouched policy.vendor=deskhelp" |
        sendmail -C "$(postfix_conf)" -G -i -f bounce@deskhelp.example helpdesk@rx.example
}

sendmail_story() {
    restart "non_smtpd_milters = \$smtpd_milters"
    by_sendmail 1
    is "$(results)" 0 "mail that comes back through sendmail loses its result, where non_smtpd_milters has greenlane"
    echo "content_filter = filter:dummy" >> "$(postfix_conf)/main.cf"
    like "$(advice)" 'Warning: non_smtpd_milters has greenlane' "and setup says so, where there is a content_filter"
    restart
    by_sendmail 2
    is "$(results)" 1 "and keeps it where it has not"
}

# ---- asked where there is nothing to see --------------------------------------------------------

# proxy FRONT BEHIND: what smtpd_milters is in front of the proxy and behind it.
proxy() {
    postfix_services="$back inet n - n - - smtpd
  -o smtpd_proxy_filter=
  -o smtpd_authorized_xforward_hosts=127.0.0.0/8
  -o smtpd_milters=$2"
    restart "smtpd_proxy_filter = $back" "smtpd_milters = $1"
}

proxy_story() {
    local relay
    proxy "$(milter_at)" ""
    mail forged-author
    like "$reply" '^250 ' "smtpd_proxy_filter: in front of it a forged mail is taken"
    is "$(said)" "" "greenlane has judged nothing"
    like "$(advice)" 'Warning: with smtpd_proxy_filter ' "and setup says so"
    like "$(advice | tr '\n' ' ')" "at $back/inet, and without no_milters: #     -o smtpd_milters=$(milter_at) " \
        "names the smtpd behind the proxy"
    relay=$(advice | sed -n 's/^#     \(relays = .*\)$/\1/p')
    proxy "" "$(milter_at)"
    mail forged-author
    like "$reply" '^250 ' "behind it, too"
    like "$(said)" '^outcome=exempt action=pass client=127\.0\.0\.1 ' "all of it is exempt, as mail of this host"
    greenlaned_again "$relay"
    mail forged-author
    like "$(said)" '^outcome=forged action=quarantine client=203\.0\.113\.66 via=proxy $' \
        "with the relay that setup names the forgery is held, for its client"
    like "$(advice)" 'greenlane judges behind the smtpd_proxy_filter' "and setup is content"
    mail genuine
    is "$(results)" 1 "the vendor's mail is delivered, with our result"
    mark=$(log_length)
    letter program "$desk" > "$world/msg/program.eml"
    smtp "$smtp_at" banner ehlo=localhost mail=bounce@deskhelp.example rcpt=helpdesk@rx.example \
        "data=$world/msg/program.eml" quit > /dev/null
    wait_for have_said
    like "$(said)" '^outcome=unproven action=tag client=- via=proxy $' "a program of this host is a hidden client there"
}

no_milters_story
order_story
content_filter_story
sendmail_story
proxy_story
is "$(grep -cE 'panic|fatal' "$world/postfix/maillog")" 0 "Postfix has nothing to complain of"
[ $tap_failed -eq 0 ] || tail -n 40 "$world/greenlaned.log" | sed 's/^/# /'
tap_done
