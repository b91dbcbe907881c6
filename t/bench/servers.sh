# servers.sh - the servers that t/bench/run measures, each started with what it needs. For bash scripts, sourced.
#
# Before it: t/mta/lib.sh, and the names `servers`, `policies`, `pid_of`. world_begin and nsd_start come before the first start.
# shellcheck shell=bash disable=SC2034,SC2154 # its variables are used, and set, by those who source it

socket_of() { echo "unix:$world/run/$1.sock"; }

# running NAME PID: waits for its socket and puts it into the rounds.
running() {
    remember "$2"
    wait_for net open "$(socket_of "$1")" || die "$1 did not start" "$world/$1.log"
    pid_of[$1]=$2
    servers="$servers $1"
}

start_noop() {
    local program
    program=$(noopmilter) || die "noopmilter does not compile"
    "$program" "$(socket_of noop)" addheader > "$world/noop.log" 2>&1 &
    running noop $!
}

# start_greenlaned NAME [LINE...]: with further lines of greenlane.conf.
start_greenlaned() {
    local name=$1 list=${vendor_list:-'{ name = "vendor1"; }'}
    shift
    mkdir -p "$world/vendors"
    cat > "$world/vendors/vendor1.conf" <<'END'
vendor = {
  name = "vendor1";
  domains = [ "vendor1.example" ];
  sources = ( { spf = "vendor1.example"; } );
};
END
    cat > "$world/$name.conf" <<END
authserv_id = "mx.rx.example";
user        = "${user:-nobody}";
state_dir   = "$world/state.$name";
control     = { listen = "unix:$world/state.$name.control"; };
milter      = { listen = "$(socket_of "$name")"; group = "nogroup"; max_sessions = ${max_sessions:-500}; };
dns         = { servers = [ "$dns_at@$dns_port" ]; };
greylist    = { store = "${greylist:-lmdb:$world/state.$name/greylist}"; redis = { ${redis_keys:-} }; };
vendor_path = [ "${vendor_folder:-$world/vendors}" ];
vendors     = ( $list );
END
    printf '%s\n' "$@" >> "$world/$name.conf"
    # shellcheck disable=SC2086
    ${program:-$GREENLANED} -c "$world/$name.conf" -f > "$world/$name.log" 2>&1 &
    running "$name" $!
}

# What protecting our own names costs every other mail.
start_with_own_names() {
    start_greenlaned own-names \
        'own = { domains = [ "rx.example", "other.example" ]; networks = [ "10.0.0.0/8" ]; outbound = [ "203.0.113.25" ];' \
        '  lists = [ "lists.example" ]; };' \
        'delegations = ( { vendor = "vendor1"; domains = [ "rx.example" ]; } );' \
        'partners = ( { vendor = "vendor1"; domains = [ "msp.example" ]; } );' \
        'relays = ( { name = "filter"; kind = "gateway"; networks = [ "198.51.100.5" ]; } );' \
        'exceptions = ( { rcpt = "abuse@"; vendor = "vendor1"; mode = "monitor"; } );'
}

# opendkim knows servers by address alone, so nsd has a loopback address of its own for port 53.
start_opendkim() {
    cat > "$world/opendkim.conf" <<END
Socket local:$world/run/opendkim.sock
Mode v
Syslog no
Background no
AutoRestart no
UMask 000
AlwaysAddARHeader yes
AuthservID mx.rx.example
Nameservers $dns_at
END
    opendkim -x "$world/opendkim.conf" -f > "$world/opendkim.log" 2>&1 &
    running opendkim $!
}

# Only what greenlaned does too: spf, dkim, dmarc and the header. No rules, no statistics.
start_rspamd() {
    local main
    mkdir -p "$world/rspamd"
    chmod 777 "$world/rspamd"
    echo example > "$world/rspamd/suffixes"
    cat > "$world/rspamd/start.lua" <<'END'
require "global_functions" ()
config["regexp"] = {}
rspamd_maps = {}
END
    cat > "$world/rspamd/rspamd.conf" <<END
lua = "$world/rspamd/start.lua";
options {
    filters = "dkim";
    local_addrs = [ "127.0.0.0/8" ];
    dns { nameserver = [ "$dns_at:$dns_port:1" ]; timeout = 2s; }
    url_tld = "$world/rspamd/suffixes";
    hs_cache_dir = "$world/rspamd";
    tempdir = "$world/rspamd";
}
logging { type = "file"; filename = "$world/rspamd/rspamd.log"; level = "error"; }
worker "rspamd_proxy" {
    bind_socket = "$world/run/rspamd.sock mode=0666";
    milter = yes; timeout = 120s; count = 1;
    upstream "local" { default = yes; self_scan = yes; }
}
actions { reject = 1500; }
spf { enabled = true; }
dkim { enabled = true; }
dmarc { enabled = true; }
milter_headers { use = [ "authentication-results" ]; }
modules { path = "/usr/share/rspamd/plugins/"; }
END
    rspamd -f -u nobody -g nogroup -c "$world/rspamd/rspamd.conf" --var=DBDIR="$world/rspamd" \
        --var=RUNDIR="$world/rspamd" > "$world/rspamd.log" 2>&1 &
    main=$!
    running rspamd $main
    pid_of[rspamd]=$(pgrep -d , -P $main)
}

# What else must not make a message dearer: see t/bench/run.
start_variants() {
    start_greenlaned records "log = { record = \"$world/state.records/verdicts\"; };"
    start_with_draft
    start_with_vendors
    start_with_idle
}

# A draft that would do something else with each message, and so writes more of it.
start_with_draft() {
    sed 's/^vendors .*/vendors = ( { name = "vendor1"; dkim = [ "other.example" ]; vouch = [ "dkim" ]; } );/' "$world/greenlaned.conf" > "$world/draft.conf"
    start_greenlaned shadow "shadow = \"$world/draft.conf\";"
}

# 4,096 vendors with 244 networks each, none of which touches another.
start_with_vendors() {
    local names
    mkdir -p "$world/many"
    cp "$world/vendors/vendor1.conf" "$world/many/"
    awk -v folder="$world/many" 'BEGIN {
        for (v = 2; v <= 4096; v++) {
            file = folder "/vendor" v ".conf"
            printf "vendor = { name = \"vendor%d\"; domains = [ \"vendor%d.example\" ];\n sources = ( { cidr = [ ", v, v > file
            for (i = 0; i < 245; i++) {
                n = (v * 245 + i) * 2
                printf "%s\"%d.%d.%d.%d\"", i ? ", " : "", 11 + int(n / 16777216), int(n / 65536) % 256,
                    int(n / 256) % 256, n % 256 > file
            }
            print " ]; } ); };" > file
            close(file)
        }
    }'
    names=$(seq -s ' ' 1 4096 | sed 's/\([0-9]*\)/{ name = "vendor\1"; }/g; s/} {/}, {/g')
    vendor_folder=$world/many vendor_list=$names start_greenlaned vendors
}

# 500 MTA connections that say nothing after the client's name; they end with greenlaned.
start_with_idle() {
    max_sessions=600 start_greenlaned idle
    /usr/bin/python3 "$top/t/bench/idle.py" "$world/run/idle.sock" 500 > "$world/idle.py.log" 2>&1 &
    remember $!
    wait_for grep -q 'open' "$world/idle.py.log" || die "500 idle connections" "$world/idle.py.log" "$world/idle.log"
}

start_peers() {
    [ "$dns_port" -eq 53 ] || return
    [ -n "$(missing opendkim)" ] || start_opendkim
    [ -n "$(missing rspamd pgrep)" ] || start_rspamd
    [ -n "$(missing opendkim policyd-spf postgrey unshare)" ] || start_stack
}

# answering NAME PID: as running, for policy servers.
answering() {
    remember "$2"
    wait_for net open "$(socket_of "$1")" || die "$1 did not start" "$world/$1.log"
    pid_of[$1]=$2
    policies="$policies $1"
}

# What stands beside opendkim in the classic set-up. policyd-spf knows name servers from resolv.conf alone.
start_stack() {
    printf 'nameserver %s\n' "$dns_at" > "$world/resolv.conf"
    printf 'debugLevel = 0\nskip_addresses = 127.0.0.0/8\n' > "$world/policyd-spf.conf"
    # shellcheck disable=SC2016
    unshare -m sh -c 'mount --bind "$1" /etc/resolv.conf && shift && exec "$@"' sh "$world/resolv.conf" \
        setpriv --reuid=nobody --regid=nogroup --clear-groups /usr/bin/python3 "$top/t/bench/spawn.py" \
        "$world/run/policyd-spf.sock" policyd-spf "$world/policyd-spf.conf" > "$world/policyd-spf.log" 2>&1 &
    answering policyd-spf $!
    mkdir -p "$world/postgrey"
    chown nobody:nogroup "$world/postgrey"
    postgrey --unix="$world/run/postgrey.sock" --dbdir="$world/postgrey" --delay=1 --user=nobody --group=nogroup \
        > "$world/postgrey.log" 2>&1 &
    answering postgrey $!
}
