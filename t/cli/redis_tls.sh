#!/bin/sh
# TAP: a greylist in a Redis that is reached by TLS: who is believed, what is said of who is not, and that all is well again by
# itself.
#
# Needs Debian's redis-server; it has certificates of an issuer of the test's own, and listens at a port of loopback. Skipped
# where greenlane's hiredis has no TLS, as in Debian 12; t/nightly runs it in a Debian 13.
name=redis_tls
. "${srcdir:-.}/t/cli/lib.sh"
needs redis-server redis-cli openssl
user=$(id -un)
[ "$user" != root ] || user=nobody
tls=$world/tls config=$world/conf server='' daemon='' patience=5s
mkdir "$world/run" "$world/state" "$world/data" "$tls"
[ "$(id -u)" -ne 0 ] || chown nobody "$world/run" "$world/state"
steady_vendor
port=$(/usr/bin/python3 "$top/t/mta/net.py" ports 1)

# conf KEYS-OF-TLS: a site whose greylist is there
conf() {
	{
		printf 'vendor_path = [ "%s/vendors" ];\nvendors = ( { name = "steady"; } );\nuser = "%s";\n' "$world" "$user"
		printf 'milter = { listen = "unix:%s/run/socket"; };\ncontrol = { listen = "unix:%s/run/control"; };\n' "$world" "$world"
		printf 'strangers = { authenticate = false; };\nstate_dir = "%s/state";\ndns = { servers = [ "127.0.0.1" ]; };\n' "$world"
		printf 'greylist = { store = "redis:127.0.0.1:%s"; delay = "1s";\n' "$port"
		printf 'redis = { connect_timeout = "5s"; command_timeout = "%s"; tls = { %s }; }; };\n' "$patience" "$1"
	} > "$world/conf"
}

conf "ca = \"$tls/ca.pem\";"
"$greenlane" -c "$world/conf" check > "$world/out" 2>&1
! grep -q 'has no TLS' "$world/out" || skip_all "this hiredis has no TLS"

# ---- certificates ----

cat > "$tls/conf" << TEXT
[ca]
default_ca = it
[it]
database = $tls/index
new_certs_dir = $tls
default_md = sha256
policy = any
rand_serial = yes
[any]
commonName = supplied
TEXT
: > "$tls/index"
issuer() { openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj "/CN=$1" -keyout "$tls/$1.key" -out "$tls/$1.pem"; }
# certificate NAME ISSUER ALTERNATIVE-NAME [YEAR]: NAME.pem and NAME.key, from 2020 on
certificate() {
	openssl req -newkey rsa:2048 -nodes -subj "/CN=$1" -keyout "$tls/$1.key" -out "$tls/$1.csr" &&
		echo "subjectAltName = $3" > "$tls/$1.ext" &&
		openssl ca -batch -notext -config "$tls/conf" -cert "$tls/$2.pem" -keyfile "$tls/$2.key" -in "$tls/$1.csr" \
			-out "$tls/$1.pem" -extfile "$tls/$1.ext" -startdate 20200101000000Z -enddate "${4:-2049}0101000000Z"
}
{
	issuer ca && issuer stranger && certificate here ca IP:127.0.0.1 && certificate named ca DNS:redis.example &&
		certificate old ca IP:127.0.0.1 2021 && certificate theirs stranger IP:127.0.0.1 && certificate client ca DNS:mx.example &&
		certificate other stranger DNS:mx.example
} > "$world/openssl" 2>&1 || bail_out "openssl makes no certificates" "$world/openssl"
chmod 644 "$tls"/*

# ---- servers ----

answers() { /usr/bin/python3 "$top/t/mta/net.py" open "127.0.0.1:$port"; }
# serve CERTIFICATE [ARGUMENT...]: "plain": without TLS
serve() {
	where="--port 0 --tls-port $port --tls-ca-cert-file $tls/ca.pem --tls-auth-clients no --tls-cert-file $tls/$1.pem --tls-key-file $tls/$1.key"
	[ "$1" != plain ] || where="--port $port"
	shift
	# shellcheck disable=SC2086
	redis-server $where --bind 127.0.0.1 --save '' --dir "$world/data" "$@" > "$world/redis" 2>&1 &
	server=$!
	pids="$pids $server"
	until_true answers || bail_out "redis-server does not start" "$world/redis"
}
end_server() { kill -9 "$server"; wait "$server" 2> /dev/null; }

mail() { /usr/bin/python3 "$top/t/cli/milter.py" "$world/run/socket" "$1@stranger.example" 203.0.113.5 anna@rx.example; }
passes() { [ "$(mail "$1")" = pass ]; }
waits() { case $(mail "$1") in 451\ 4.7.1*greylisted*) ;; *) return 1 ;; esac; }
ill() { ! "$greenlane" -c "$world/conf" status > "$world/out" 2> "$world/err" && grep -Eq "^ill: store-failed: .*$1" "$world/out"; }
well() { "$greenlane" -c "$world/conf" status > "$world/out" 2> "$world/err"; grep -q '^greylist: works' "$world/out"; }

# ---- who is believed ----

ours="ca = \"$tls/ca.pem\";"

# good NAME KEYS CERTIFICATE [ARGUMENT...]: check is content
good() {
	title=$1
	conf "$2"
	shift 2
	serve "$@"
	run 0 "$title" check
	end_server
}
# bad NAME KEYS WHAT-CHECK-SAYS CERTIFICATE [ARGUMENT...]
bad() {
	title=$1 saying=$3
	conf "$2"
	shift 3
	serve "$@"
	run 1 "$title is not taken" check
	out "$saying" "which check says"
	end_server
}

good "a certificate for the address that the store names" "$ours" here
good "one for the name that is written beside it" "$ours name = \"redis.example\";" named
bad "a certificate for another name" "$ours" 'its certificate is not for 127.0.0.1; write a name' named
bad "or for an address only, where a name is wanted" "$ours name = \"redis.example\";" 'is not for redis.example' here
bad "an expired one" "$ours" 'its certificate has expired; renew it' old
bad "one of another issuer" "$ours" 'issued by nobody in greylist.redis.tls.ca' theirs
good "whom another file names" "ca = \"$tls/stranger.pem\";" theirs
bad "a server without TLS" "$ours" 'TLS.*; see whether (this|that) is its tls-port' plain
bad "none of ours, where one is wanted," "$ours" 'wants a certificate of ours.* write greylist.redis.tls.cert and key' here --tls-auth-clients yes
good "ours" "$ours cert = \"$tls/client.pem\"; key = \"$tls/client.key\";" here --tls-auth-clients yes
bad "ours of an issuer that it does not know" "$ours cert = \"$tls/other.pem\"; key = \"$tls/other.key\";" 'TLS: .*; see its log' \
	here --tls-auth-clients yes

# ---- what is written wrongly ----

wrong() { # NAME KEYS WHAT-CHECK-SAYS
	conf "$2"
	run 1 "$1" check
	out "$3" "check says which"
}
serve here
wrong "no file" "ca = \"$tls/absent.pem\";" 'greylist.redis.tls.ca: .*absent.pem: No such file'
wrong "no certificate in it" "ca = \"$tls/index\";" 'greylist.redis.tls.ca: .*/index: no certificate'
wrong "a key of another certificate" "$ours cert = \"$tls/client.pem\"; key = \"$tls/other.key\";" 'greylist.redis.tls.key: .*: .*mismatch'
wrong "a certificate without its key" "$ours cert = \"$tls/client.pem\";" 'cert and key belong together; write both'
wrong "a name without an issuer" 'name = "redis.example";' 'without ca there is no TLS'

# ---- mail ----

conf "$ours"
greenlaned_start "$world/conf" || bail_out "greenlaned does not start"
waits one
ok $? "a stranger's first message waits"
until_true passes one
ok $? "its retry passes"
end_server
serve old
until_true ill 'its certificate has expired'
ok $? "a server that comes back with an expired certificate is not asked"
passes two
ok $? "strangers pass"
end_server
serve here
until_true well
ok $? "with a renewed one it is, without a restart"
waits three
ok $? "and strangers wait"
kill -STOP "$server"
until_true ill 'does not answer (TLS )?within 5000 ms'
ok $? "a frozen server does not answer"
kill -CONT "$server"
until_true well
ok $? "until it does"
redis-cli -p "$port" --tls --insecure client kill type normal > "$world/killed" 2>&1
waits four
ok $? "a connection that the server has ended is replaced, and nobody passes for it"
kill "$daemon"
wait "$daemon"
is $? 0 "it ends well"

finish_tap
