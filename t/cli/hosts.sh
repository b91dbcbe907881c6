#!/bin/sh
# TAP: two greenlaned that share the greylist of one Redis, as two MX hosts do: what waits at one is listed, let pass and
# forgotten at the other, with the daemon and without; passes at both are counted together, and an unsure tuple is one.
#
# Needs Debian's redis-server. All sockets are below a directory of the test's own; no name server answers.
name=hosts
. "${srcdir:-.}/t/cli/hosts_lib.sh"
unsure() { case $(mail "$1" "$2") in 451\ 4.4.3*) ;; *) return 1 ;; esac; }

serve
conf a 'unsure_max = "2s";'
conf b 'unsure_max = "2s";'
begin a
begin b

# ---- one greylist ----

waits a one@stranger.example
ok $? "a stranger's first message waits at one host"
on b
run 0 "the other one lists it" greylist list
out '^(waiting|due) .* one@stranger.example +anna@rx.example +203.0.113.0/24$' "with its sender, recipient and network"
until_true passes b one@stranger.example
ok $? "its retry passes at the other one"
passes a one@stranger.example
ok $? "and from then on at both"
on a
run 0 "both passes are counted" greylist show --sender one@stranger.example
out 'state +free: it passes' "so that it is not asked about any more at either"
out '2 passed' "after auto_pass of both together"

waits a two@stranger.example
on b
run 0 "what waits at one is let pass at the other" greylist pass --sender two@stranger.example
passes a two@stranger.example
ok $? "and passes at once at the first"
on b
run 0 "it is forgotten there" greylist forget --sender two@stranger.example
waits a two@stranger.example
ok $? "and waits at the first again"
stats() { "$greenlane" -c "$world/$1/conf" greylist stats --json | sed 's/,"oldest.*//'; }
same_stats() { [ "$(stats a)" = "$(stats b)" ] && [ "$(stats b)" = '{"waiting":0,"due":1,"pass":0,"known":0,"free":1,"expired":0' ]; }
until_true same_stats
ok $? "both hosts count the same tuples"

# ---- an unsure tuple ----

unsure a info@steady.example
ok $? "mail of a vendor that DNS cannot tell about is deferred at one host"
is "$(redis --raw keys '*' | grep -c '^greenlane:u info@steady.example anna@rx.example ')" 1 "as one tuple of both"
long_enough() { ! unsure b info@steady.example; }
until_true long_enough
ok $? "and goes a stranger's way at the other one once it was unsure for long enough"
waits_or_passes() { case $(mail "$1" "$2") in 451\ 4.7.1*greylisted* | pass) ;; *) return 1 ;; esac; }
waits_or_passes a info@steady.example
ok $? "and so at the first"

# ---- a daemon that does not run ----

end b
on b
run 0 "without the daemon the greylist is read from Redis" greylist list --all
out 'one@stranger.example' "with the tuples of both"
err 'this is read from redis:unix:' "which is said"
run 0 "and counted" greylist stats
out '^free +1 ' "alike"
on a
run 0 "the other host's lets one pass" greylist pass --sender two@stranger.example
begin b
passes b two@stranger.example
ok $? "and it passes at the first once its daemon runs again"

# ---- a Redis that does not run ----

kill -9 "$server"
wait "$server" 2> /dev/null
on a
run 69 "without Redis no host can tell" greylist list
err 'cannot be reached' "which is said"
end b
on b
run 69 "nor can it without the daemon" greylist list
err 'cannot be reached' "which is said as well"
rm -f "$sock"
serve
end a

finish_tap
