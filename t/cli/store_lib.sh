# store_lib.sh - a greenlaned that gets into trouble, its greylist store above all, for t/cli/store*.sh, *_faults.sh and others. Sourced,
# with `name` set.
# shellcheck shell=sh disable=SC2034,SC2154 # its variables are used, and set, by those who source it

. "${srcdir:-.}/t/cli/lib.sh"
store=$world/state/greylist # where greenlaned may make it anew
user=$(id -un)
[ "$(id -u)" -ne 0 ] || user=nobody # root may open everything

mkdir "$world/run" "$world/state"
[ "$(id -u)" -ne 0 ] || chown nobody "$world" "$world/run" "$world/state"
steady_vendor
# steady_is_listed: its mail comes from its networks; from elsewhere it is forged.
steady_is_listed() {
	cat > "$world/vendors/steady.conf" <<'TEXT'
vendor = { name = "steady"; domains = [ "steady.example" ]; dkim = [ ]; vouch = [ "listed" ];
  sources = ( { cidr = [ "192.0.2.0/24" ]; exclusive = true; } ); };
TEXT
}
# asked_by_spf: one vendor more, asked, whose mail is proven by the SPF record of each of its names.
asked_by_spf() {
	vendor=asked
	cat > "$world/vendors/asked.conf" <<'TEXT'
vendor = { name = "asked"; domains = [ "asked.example" ]; dkim = [ ]; sources = ( { cidr = [ "192.0.2.0/24" ]; exclusive = false; } );
  vouch = [ "listed+spf" ]; };
TEXT
}
asked_record='*.asked.example. TXT "v=spf1 ip4:192.0.2.0/24 -all"'

# conf STORE: greenlane.conf; $vendor, if it is set, is one more vendor, $delay the greylist's, and $dns the name server: else it is
# nsd, where nsd_serve has started that, or none.
vendor='' delay='' dns='' port=''
conf() {
	vendors='{ name = "steady"; }'
	[ -z "$vendor" ] || vendors="$vendors, { name = \"$vendor\"; }"
	cat > "$world/conf" <<TEXT
vendor_path = [ "$world/vendors" ];
vendors = ( $vendors );
milter = { listen = "unix:$world/run/socket"; group = "$(id -gn)"; };
strangers = { authenticate = false; };
control = { listen = "unix:$world/run/control"; };
state_dir = "$world/state";
user = "$user";
log = { record = "$world/state/verdicts"; };
greylist = { store = "$1"; delay = "${delay:-1s}"; };
dns = { servers = [ "${dns:-127.0.0.1${port:+@$port}}" ]; timeout = "1s"; };
TEXT
}
# steady_site: greenlane.conf with that vendor alone; no name has SPF, for certain, and nobody is greylisted.
steady_site() {
	needs nsd
	steady_is_listed
	zone_head 60 > "$world/root.zone"
	nsd_serve
	conf none
}
sanitized() { nm -D "$greenlaned" 2> "$world/err" | grep -q __asan; }
count_of() { grep -Ec -- "$1" "$world/daemon"; }
begin() {
	rm -f "$world/pipe"
	mkfifo "$world/pipe" # its limit of file sizes is changed below, and the log must not meet it
	: > "$world/daemon"
	cat "$world/pipe" > "$world/daemon" &
	"$greenlaned" -f -c "$world/conf" 2> "$world/pipe" &
	daemon=$!
	pids="$pids $daemon"
	until_true serves_or_gone && says ' serves '
	ok $? "$1"
}
end() {
	kill "$daemon"
	wait "$daemon"
	is $? 0 "$1"
}
mail() { /usr/bin/python3 "$top/t/cli/milter.py" "$world/run/socket" "$@" 2>&1; } # SENDER
passes() { [ "$(mail "$1")" = pass ]; }
waits() { case $(mail "$1") in 451\ 4.7.1*greylisted*) ;; *) return 1 ;; esac; }
owned() { [ "$(id -u)" -ne 0 ] || chown -R nobody "$store"; }
ill() { says "the greylist store does not work \\($1\\): $store: .*; until it works strangers pass without being greylisted"; }
well() { says "the greylist store $store works again; $1 messages? passed without being greylisted meanwhile"; }
status() { "$greenlane" -c "$world/conf" status > "$world/out" 2> "$world/err"; } # leaves what it prints in out
status_is_ill() { ! status && grep -Eq "greylist lmdb:$store is $1: nobody is greylisted; $2 messages? ha(s|ve) passed" "$world/out"; }
status_is_well() { status; grep -q '^greylist: works' "$world/out" && ! grep -q 'nobody is greylisted' "$world/out"; }
recorded() { tail -n 1 "$world/state/verdicts" | grep -Eq -- "$1"; }

# a state is one of these: MAKE makes it before the start, MEND mends it; the log must say STATE and REMEDY.
trouble() { # STATE REMEDY NAME MAKE MEND
	rm -rf "$store"
	$4
	conf "lmdb:$store"
	begin "$3: greenlaned starts all the same"
	until_true ill "$1"
	ok $? "and says that the store is $1, and what follows"
	says "$2"
	ok $? "and what to do"
	passes one@stranger.example && passes two@stranger.example
	ok $? "strangers pass"
	until_true says 'greylist=failed .*tries=- waited=-'
	ok $? "the log line says that the greylist failed"
	until_true recorded '"greylist":"failed".*"tries":null,"waited":null'
	ok $? "and the record does"
	status_is_ill "$1" 2
	ok $? "and status does, with the number of those who passed"
	out "$2" "and the remedy"
	kill -HUP $daemon
	until_true says 'reload: 1 vendors? in force'
	is "$(count_of 'does not work')" 1 "it is said once, whatever comes and though a reload looks again"
	$5
	until_true well 2
	ok $? "once it is mended it is opened again by itself, and the log says how many passed"
	status_is_well
	ok $? "status is well again"
	waits three@stranger.example
	ok $? "strangers are greylisted again"
	end "it exits with 0"
}
