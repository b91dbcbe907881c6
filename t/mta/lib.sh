# lib.sh - a private mail world: DNS, greenlaned and an MTA in one folder, on free loopback ports.
#
# For bash scripts, sourced after they set `top` (the source tree). world_begin makes the folder,
# world_end (also on every exit and signal) ends each process and removes the folder. Two worlds
# never meet: folder, ports, queue and processes are each world's own.
#
# DNS is nsd: a small Debian package that only answers with authority, starts in milliseconds, takes
# a root zone, so that every name that is not ours is NXDOMAIN, and reads its zones again on HUP.
#
# From outside, all optional:
#   top_builddir  where the build is, when not in the source tree
#   GREENLANED, GREENLANE   the programs to try (default: the ones of the build)
#   KEEP=1        leaves the folder behind, for a look at the logs
# A script may set milter_listen before it starts anything: another address than the Unix socket.
#
# Nothing here waits for a time: it waits for what is needed, by wait_for, which gives up after $patience seconds. That
# is so long that only what is broken reaches it, so a loaded machine changes no verdict.
# shellcheck shell=bash disable=SC2034,SC2154 # its variables are used, and set, by those who source it

top_builddir=$(cd "${top_builddir:-$top}" && pwd) || exit 99 # a script may change its directory
GREENLANED=${GREENLANED:-$top_builddir/milter/greenlaned}
GREENLANE=${GREENLANE:-$top_builddir/milter/greenlane}
export PATH="$PATH:/usr/sbin:/sbin"

patience=120   # seconds; for all that is waited for
world=
pids=          # of the processes that we started, newest first
nsd_pid='' dns_at='' dns_port='' greenlaned_pid='' noop_pid='' smtp_at='' postfix_up='' postfixes_beside='' postfix_services='' postfix_chroot=''

# ---- the folder -------------------------------------------------------------------------------

# /tmp, whatever TMPDIR says: Postfix's and greenlaned's users must be able to come in.
world_begin() {
    world=$(mktemp -d /tmp/greenlane.XXXXXX) || exit 99
    chmod 755 "$world"
    trap world_end EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
}

# those_of_ours PID...: which of them are still what was started here: the number of what has ended may be somebody else's.
those_of_ours() {
    local pid
    for pid; do
        if grep -q "^PPid:[[:space:]]*$$\$" "/proc/$pid/status" 2> /dev/null ||
            grep -qaF "$world" "/proc/$pid/cmdline" "/proc/$pid/environ" 2> /dev/null; then echo "$pid"; fi
    done
}

# Ends all that runs for this world, also what a story had started beside itself when it was interrupted.
world_end() {
    local status=$? name
    trap '' HUP INT TERM
    [ -n "$world" ] || return
    patience=20
    postfix_stop
    for name in $postfixes_beside; do
        postfix_end "$name"
    done
    # shellcheck disable=SC2046,SC2086
    end_all $(family $(those_of_ours $pids) $(pgrep -P $$))
    if [ -n "${KEEP:-}" ]; then
        echo "# kept: $world" >&2
    else
        rm -rf "$world"
    fi
    world=
    trap - EXIT
    exit "$status"
}

# A function or program that is not there: what calls it tests nothing. Bash calls this in a shell of its own.
command_not_found_handle() {
    echo "Bail out! nothing is called $1" >&2
    kill -TERM $$
    return 127
}

remember() { pids="$1 $pids"; }

# shellcheck disable=SC2086 # a list of words
forget() { pids=$(printf '%s\n' $pids | grep -vx "$1" | tr '\n' ' '); }

# family PID...: these processes and all that descend from them.
family() {
    local todo=("$@")
    while [ ${#todo[@]} -gt 0 ]; do
        echo "${todo[0]}"
        # shellcheck disable=SC2046,SC2207 # numbers
        todo=("${todo[@]:1}" $(pgrep -P "${todo[0]}"))
    done
}

# end_all PID...: asks them to stop, frozen ones too; what does not is made to, with all its children.
end_all() {
    local pid all
    # shellcheck disable=SC2046
    all=$(family "$@")
    for pid; do
        kill -TERM "$pid" 2>/dev/null
    done
    for pid in $all; do
        kill -CONT "$pid" 2>/dev/null
    done
    for pid; do
        wait_for gone "$pid"
        wait "$pid" 2>/dev/null
    done
    for pid in $all; do
        gone "$pid" || kill -KILL "$pid" 2>/dev/null
    done
}

# end_process PID: asks it to stop and waits; makes it stop when it does not.
end_process() {
    forget "$1"
    # shellcheck disable=SC2046 # none, or one
    end_all $(those_of_ours "$1")
    return 0
}

gone() { ! kill -0 "$1" 2>/dev/null || grep -q '^State:[[:space:]]*Z' "/proc/$1/status" 2>/dev/null; }

# wait_for COMMAND...: until it succeeds; 1 when it never does.
wait_for() {
    local end=$((SECONDS + patience))
    case $1 in [0-9]*) die "wait_for takes no seconds, but a command; not: $1" ;; esac
    until "$@"; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.05 # sleeps: until it looks again
    done
}

# later_than SECONDS-SINCE-1970: it is, by the clock that other programs read.
later_than() { [ "$(date +%s)" -gt "$1" ]; }

# missing NAME...: prints the programs that are not installed; 1 when there are none.
missing() {
    local name none=1
    for name; do
        command -v "$name" >/dev/null || { echo "$name"; none=0; }
    done
    return $none
}

net() { /usr/bin/python3 "$top/t/mta/net.py" "$@"; }

# tool PATH SOURCE... [-OPTION...]: where a test program is; compiled here when the build has not made it.
tool() {
    local path=$1 name=${1##*/} file sources=
    shift
    if [ -x "$top_builddir/$path" ]; then
        echo "$top_builddir/$path"
        return
    fi
    if [ ! -x "$world/bin/$name" ]; then
        mkdir -p "$world/bin"
        for file; do
            case $file in -*) sources="$sources $file" ;; *) sources="$sources $top/$file" ;; esac
        done
        # shellcheck disable=SC2086
        ${CC:-cc} -std=gnu11 -O2 -pthread -I"$top" \
            -o "$world/bin/$name" $sources || return 1
    fi
    echo "$world/bin/$name"
}

noopmilter() { tool t/bench/noopmilter t/bench/noopmilter.c -lmilter; }
milterload() {
    tool t/bench/milterload t/bench/milterload.c 't/bench/load_*.c' t/lib/milter_client.c \
        policy/util/address.c policy/util/address_forms.c policy/util/fault.c policy/util/json_write.c policy/util/text.c policy/util/utf8.c -D_GNU_SOURCE
}
signmail() { tool t/signmail t/signmail.c t/lib/sign.c policy/util/text.c -D_GNU_SOURCE -lcrypto; }

# ---- DNS --------------------------------------------------------------------------------------

# nsd_start ZONEFILE [ADDRESS PORT]: serves it as the root zone, by default on a free loopback port.
# nsd is nobody: from its first instruction on, or once it has bound a port below 1024.
nsd_start() {
    local zone=$1 user='' as=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
    dns_at=${2:-127.0.0.1}
    dns_port=${3:-$(net ports 1)}
    [ "$dns_port" -ge 1024 ] || { as=(); user=nobody; }
    mkdir -p "$world/dns"
    [ "$zone" -ef "$world/dns/root.zone" ] || cp "$zone" "$world/dns/root.zone"
    chmod 644 "$world/dns/root.zone"
    cat > "$world/dns/nsd.conf" <<END
server:
    ip-address: $dns_at@$dns_port
    server-count: 1
    username: "$user"
    chroot: ""
    zonesdir: "$world/dns"
    database: ""
    pidfile: ""
    logfile: "$world/dns/nsd.log"
    zonelistfile: "$world/dns/zone.list"
    xfrdfile: ""
    xfrdir: "$world/dns"
    rrl-ratelimit: 0
    rrl-whitelist-ratelimit: 0
remote-control:
    control-enable: no
zone:
    name: "."
    zonefile: "root.zone"
END
    chown -R nobody "$world/dns"
    "${as[@]}" nsd -d -c "$world/dns/nsd.conf" >> "$world/dns/nsd.out" 2>&1 &
    nsd_pid=$!
    remember $nsd_pid
    wait_for net dns "$dns_at" "$dns_port" . || die "nsd does not answer" "$world/dns/nsd.log"
}

# nsd_freeze STOP|CONT: all its processes fall silent, and speak again: questions wait meanwhile.
nsd_freeze() {
    local pid
    for pid in $(family "$nsd_pid"); do
        kill "-$1" "$pid"
    done
}

# nsd_asked: while it is frozen, has it been asked?
nsd_asked() { net asked "$dns_port"; }

nsd_stop() {
    [ -n "$nsd_pid" ] || return 0
    end_process "$nsd_pid"
    nsd_pid=
}

# ---- greenlaned, and a milter that does nothing -----------------------------------------------

milter_at() { echo "${milter_listen:-unix:$world/run/milter.sock}"; }

# steady_site [MILTER-SETTING...]: for greenlaned, one vendor, steady, whose mail comes from its networks. From elsewhere it is forged,
# for certain: nsd serves a zone in which nothing is.
steady_site() {
    mkdir -p "$world/vendors" "$world/run" "$world/state"
    chown nobody "$world/run" "$world/state"
    printf '%s\n' '$TTL 60' '. SOA ns.example. hostmaster.example. 1 3600 600 86400 60' '. NS ns.example.' 'ns.example. A 127.0.0.1' \
        > "$world/root.zone"
    nsd_start "$world/root.zone"
    cat > "$world/vendors/steady.conf" <<'END'
vendor = { name = "steady"; domains = [ "steady.example" ]; dkim = [ ]; vouch = [ "listed" ];
  sources = ( { cidr = [ "192.0.2.0/24" ]; exclusive = true; } ); };
END
    cat > "$world/greenlane.conf" <<END
vendor_path = [ "$world/vendors" ];
vendors = ( { name = "steady"; } );
milter = { listen = "$(milter_at)"; $* };
control = { listen = "unix:$world/run/control.sock"; };
state_dir = "$world/state";
user = "nobody";
strangers = { authenticate = false; };
greylist = { store = "none"; };
dns = { servers = [ "$dns_at@$dns_port" ]; };
END
}

# With GREENLANED_PRELOAD that object is preloaded.
greenlaned_start() {
    LD_PRELOAD=${GREENLANED_PRELOAD:-} "$GREENLANED" -c "$world/greenlane.conf" -f >> "$world/greenlaned.log" 2>&1 &
    greenlaned_pid=$!
    remember $greenlaned_pid
    wait_for greenlaned_answers || die "greenlaned did not start" "$world/greenlaned.log"
}

greenlaned_answers() {
    gone "$greenlaned_pid" && die "greenlaned has ended" "$world/greenlaned.log"
    net open "$(milter_at)"
}

greenlaned_stop() {
    [ -n "$greenlaned_pid" ] || return 0
    end_process "$greenlaned_pid"
    greenlaned_pid=
}

# noop_start [WORD...]: the do-nothing milter of t/bench on greenlaned's own socket.
noop_start() {
    local program
    program=$(noopmilter) || die "noopmilter does not compile"
    mkdir -p "$world/run"
    (umask 000; exec "$program" "$(milter_at)" "$@") >> "$world/noop.log" 2>&1 &
    noop_pid=$!
    remember $noop_pid
    wait_for net open "$(milter_at)" || die "noopmilter did not start" "$world/noop.log"
}

# verdicts_after N: the verdict lines that greenlaned wrote after line N of its log. logged N: is there one?
verdicts_after() { log_after "$1" | grep -o 'id=[^ ]* qid=.*'; }
logged() { [ -n "$(verdicts_after "$1")" ]; }

log_length() { wc -l < "$world/greenlaned.log"; }

# log_after N: what greenlaned said after line N of its log. says N PATTERN: is this there?
log_after() { tail -n "+$(($1 + 1))" "$world/greenlaned.log"; }
says() { log_after "$1" | grep -Eq -- "$2"; }

# greenlaned_reload: what is configured now is in force when this returns.
greenlaned_reload() {
    local mark
    mark=$(log_length)
    kill -HUP "$greenlaned_pid"
    wait_for says "$mark" 'reload: [0-9]+ vendors? in force' || die "no reload" "$world/greenlaned.log"
}

# field NAME LINE: the value of NAME in a verdict line, unquoted.
field() {
    local pattern="(^| )$1=(\"([^\"\\]|\\\\.)*\"|[^ ]*)"
    if [[ $2 =~ $pattern ]]; then
        local value=${BASH_REMATCH[2]}
        value=${value#\"}
        echo "${value%\"}"
    else
        echo "(absent)"
    fi
}

# names_of ID: what the record of that verdict says of the client's names; waits for the record.
names_of() {
    wait_for grep -qs "\"id\":\"$1\"" "$world/log/verdicts.jsonl"
    grep "\"id\":\"$1\"" "$world/log/verdicts.jsonl" | grep -o '"iprev":{[^}]*}'
}

# ---- Postfix ----------------------------------------------------------------------------------

postfix_conf() { echo "$world/${1:-postfix}/conf"; }

# postfix_start [LINE...]: with further lines of main.cf. All mail is taken for rx.example and
# delivered to one maildir, $world/mail/inbox. A client pretended with XCLIENT still counts as local
# for local_header_rewrite_clients, and a broken From would be rewritten before a milter sees it.
postfix_start() {
    smtp_at=127.0.0.1:$(net ports 1)
    mkdir -p "$world/mail"
    chown 65534 "$world/mail"
    postfix_write postfix "$smtp_at" "myhostname = mx.rx.example" \
        "mynetworks = 127.0.0.2/32" \
        "local_recipient_maps =" \
        "virtual_mailbox_domains = rx.example" \
        "virtual_mailbox_base = $world/mail" \
        "virtual_mailbox_maps = static:inbox/" \
        "virtual_uid_maps = static:65534" \
        "virtual_gid_maps = static:65534" \
        "virtual_minimum_uid = 1" \
        "virtual_mailbox_limit = 100000000" \
        "smtpd_milters = $(milter_at)" \
        "milter_default_action = tempfail" "$@"
    postfix_up=1
    postfix_run postfix "$smtp_at"
}

# postfix_beside_start NAME ADDRESS:PORT [LINE...]: one more, without a milter, until the world ends.
postfix_beside_start() {
    postfix_write "$@"
    postfixes_beside="$postfixes_beside $1"
    postfix_run "$1" "$2"
}

# postfix_write NAME ADDRESS:PORT [LINE...]: its main.cf, and its master.cf with the lines that stand in
# the variable postfix_services; with postfix_chroot=y smtpd and cleanup are chrooted.
postfix_write() {
    local name=$1 at=$2 conf
    shift 2
    conf=$(postfix_conf "$name")
    mkdir -p "$conf" "$world/$name/spool" "$world/$name/data"
    chown postfix "$world/$name/data"
    cat > "$conf/main.cf" <<END
compatibility_level = 3.6
queue_directory = $world/$name/spool
data_directory = $world/$name/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
shlib_directory = /usr/lib/postfix
mail_owner = postfix
setgid_group = postdrop
maillog_file = $world/$name/maillog
maillog_file_prefixes = $world
mydomain = rx.example
myorigin = rx.example
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = all
smtp_bind_address = ${at%:*}
alias_maps =
alias_database =
message_size_limit = 60000000
smtpd_authorized_xclient_hosts = 127.0.0.0/8
smtpd_recipient_restrictions = reject_unauth_destination
smtpd_peername_lookup = no
disable_dns_lookups = yes
local_header_rewrite_clients =
smtpd_client_connection_rate_limit = 0
smtpd_client_connection_count_limit = 0
smtpd_error_sleep_time = 0
smtpd_soft_error_limit = 100
smtpd_hard_error_limit = 200
END
    printf '%s\n' "$@" >> "$conf/main.cf"
    cat > "$conf/master.cf" <<END
$at inet n - ${postfix_chroot:-n} - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - ${postfix_chroot:-n} - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
showq unix n - n - - showq
postlog unix-dgram n - n - 1 postlogd
$postfix_services
END
}

# postfix_run NAME ADDRESS:PORT
postfix_run() {
    local conf
    conf=$(postfix_conf "$1")
    postfix -c "$conf" check >> "$world/$1/out" 2>&1
    postfix -c "$conf" start >> "$world/$1/out" 2>&1
    wait_for net open "$2" || die "Postfix did not start" "$world/$1/out" "$world/$1/maillog"
}

postfix_stop() {
    [ -n "$postfix_up" ] || return 0
    postfix_up=
    postfix_end postfix
}

# `stop` waits for the queue manager and may give up; the master's process group then gets the rest.
postfix_end() {
    local master
    master=$(tr -d ' ' < "$world/$1/spool/pid/master.pid" 2>/dev/null)
    postfix -c "$(postfix_conf "$1")" stop >> "$world/$1/out" 2>&1
    [ -n "$master" ] || return 0
    wait_for group_gone "$master" || kill -KILL -- "-$master" 2>/dev/null
    wait_for group_gone "$master"
}

group_gone() { ! kill -0 -- "-$1" 2>/dev/null; }

# ---- mail -------------------------------------------------------------------------------------

smtp() { /usr/bin/python3 "$top/t/mta/smtp.py" "$@"; }

# pretend CLIENT HELO: the steps that make Postfix see that client, ready for MAIL.
pretend() {
    local client=$1
    case $client in *:*) client=IPV6:$client ;; esac
    printf '%s\n' banner ehlo=tester.example "xclient=NAME=[UNAVAILABLE] ADDR=$client HELO=$2" "ehlo=$2"
}

# send CLIENT HELO MAIL-FROM RCPT FILE: one message from a pretended client; prints the replies.
send() {
    local steps
    mapfile -t steps < <(pretend "$1" "$2")
    smtp "$smtp_at" "${steps[@]}" "mail=$3" "rcpt=$4" "data=$5" quit
}

# The reply that decided: the first one from MAIL on that refuses, else the one to the final dot.
decided() {
    awk -F '\t' '$1 ~ /^(mail|rcpt|data|dot)$/ { if (!found && ($2 == "---" || $2 >= 400 || $1 == "dot")) {
        print $2 " " $3; found = 1 } }'
}

# delivered MESSAGE-ID: the file that it was delivered to; waits for it.
delivered() {
    wait_for is_delivered "$1" && grep -lsF "$1" "$world"/mail/inbox/new/* | head -n 1
}
is_delivered() { grep -qsF "$1" "$world"/mail/inbox/new/*; }

# ---- trouble ----------------------------------------------------------------------------------

# die WHAT [LOG...]: says what happened and shows the ends of the logs, as TAP diagnostics.
die() {
    local log
    echo "# $1" >&2
    shift
    for log; do
        [ -s "$log" ] || continue
        echo "# the end of $log:" >&2
        tail -n 20 "$log" | sed 's/^/#   /' >&2
    done
    exit 99
}

# ---- Test Anything Protocol -------------------------------------------------------------------

tap_count=0 tap_failed=0

# ok STATUS NAME
ok() {
    tap_count=$((tap_count + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $tap_count - $2"
    else
        tap_failed=$((tap_failed + 1))
        echo "not ok $tap_count - $2"
    fi
    return "$1"
}

is() {
    [ "$1" = "$2" ]
    ok $? "$3" || printf '#      got: %s\n#   wanted: %s\n' "$1" "$2"
}

# like GOT PATTERN NAME: an extended regular expression finds something in GOT.
like() {
    printf '%s\n' "$1" | grep -Eq -- "$2"
    ok $? "$3" || { printf '%s\n' "$1" | sed 's/^/#      got: /'; printf '#   wanted: %s\n' "$2"; }
}

unlike() {
    ! printf '%s\n' "$1" | grep -Eq -- "$2"
    ok $? "$3" || { printf '%s\n' "$1" | sed 's/^/#      got: /'; printf '# unwanted: %s\n' "$2"; }
}

tap_done() {
    echo "1..$tap_count"
    [ $tap_failed -eq 0 ] && [ $tap_count -gt 0 ]
}

skip_all() {
    echo "1..0 # SKIP ${1//$'\n'/ }" # in one line, whatever a command printed
    exit 0
}

# postfix_is_content: it has taken greenlaned for a sound milter all the time.
postfix_is_content() {
    is "$(grep -cE 'milter claimed|milter.*(protocol|timeout)|panic|fatal' "$world/postfix/maillog")" 0 \
        "Postfix has nothing to complain of about the protocol"
}

# needs_postfix PROGRAM...: skips the test where what every Postfix of ours needs, or one of these programs, is not there.
needs_postfix() {
    local absent
    [ "$(id -u)" -eq 0 ] || skip_all "Postfix starts only as root"
    absent=$(missing postfix nsd setpriv pgrep /usr/bin/python3 "$@") && skip_all "not installed: $absent"
    [ -x "$GREENLANED" ] && [ -x "$GREENLANE" ] || skip_all "greenlaned or greenlane is not built"
    getent passwd postfix > /dev/null || skip_all "there is no user postfix"
}
