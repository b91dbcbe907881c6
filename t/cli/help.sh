#!/bin/sh
# TAP: what helps a person at a terminal: --help of every command, the completions of bash and zsh, "did you mean", and one
# line for who may not. They are held against the options that the commands read and against the manual.
name=help
. "${srcdir:-.}/t/cli/lib.sh"
manual=$top/doc/greenlane.1
completion=$top/contrib/completion

same() { # FILE FILE NAME
	diff "$1" "$2" > "$world/diff" || sed 's/^/# /' "$world/diff"
	cmp -s "$1" "$2"
	ok $? "$3"
}

# ---- --help ----

run 0 "greenlane --help" --help
sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' "$world/out" > "$world/commands"
for command in check config dns explain export greylist help log reload replay report setup sources status suggest vendor; do
	grep -qx $command "$world/commands"
	ok $? "names $command"
done
for part in '^usage: greenlane ' '^  -c, --config FILE ' '^  -V, --version ' '^exit status:' '^  74 ' '^  77 ' '^example:'; do
	out "$part" "and has '$part'"
done
cp "$world/out" "$world/top"
run 0 "greenlane help is the same" help
same "$world/top" "$world/out" "to the letter"

# said_options: the long options that a --help names, without those of every command.
said_options() { sed -n '/^options:/,/^$/s/^  \(-[a-zA-Z], \)\{0,1\}--\([a-z-]*\).*/\2/p' "$1" | grep -vx 'config\|help' | sort; }

# exits_of COMMAND: the statuses under which EXIT STATUS of the manual names it.
exits_of() {
	awk -v command="$1" '
		/^\.Sh / { inside = ($0 ~ /EXIT STATUS/) }
		inside && /^\.It / { status = $2 }
		inside && /^\.Cm / && (" " $0 " ") ~ ("[ ,]" command "[ ,]") { print status }
	' "$manual" | sort -n -u
}

while read -r command; do
	run 0 "$command --help" "$command" --help
	for part in "^usage: greenlane \[-c FILE\] $command" '^options:' '^  -c, --config FILE ' '^exit status:' '^  64 ' '^  74 ' \
		'^example:' "^  greenlane $command"; do
		out "$part" "has '$part'"
	done
	cp "$world/out" "$world/$command-help"
	run 0 "help $command" help "$command"
	same "$world/$command-help" "$world/out" "is the same"

	said_options "$world/$command-help" > "$world/said"
	source=$top/milter/tool/cmd_${command}.c
	if [ -f "$source" ]; then
		grep -o '{ "[a-z-]*", [a-z]*_argument' "$source" | sed 's/{ "\(.*\)",.*/\1/' | sort > "$world/read"
		same "$world/read" "$world/said" "$command --help names the options that it reads"
	fi
	sed -n 1p "$world/$command-help" | grep -o -- '--[a-z-]*' | sed 's/--//' | sort > "$world/usage"
	same "$world/usage" "$world/said" "those of its usage"
	missing=$(while read -r option; do grep -q "Fl -$option\$\|Fl -$option " "$manual" || echo "$option"; done < "$world/said")
	is "$missing" "" "and greenlane(1) has each of them"
	sed -n '/^exit status:/,/^$/s/^  \([0-9]*\) .*/\1/p' "$world/$command-help" | grep -vx '0\|64\|74\|77\|78' > "$world/said"
	exits_of "$command" | grep -vx '0\|64\|74\|77\|78' > "$world/wanted"
	same "$world/wanted" "$world/said" "the exit statuses of $command are those of greenlane(1)"
done < "$world/commands"

if [ -x "$greenlaned" ]; then
	"$greenlaned" --help > "$world/greenlaned-help"
	ok $? "greenlaned --help"
	for part in '^usage: greenlaned ' '^options:' '^  -f, --foreground ' '^exit status:' '^  78 ' '^example:'; do
		grep -q -- "$part" "$world/greenlaned-help"
		ok $? "has '$part'"
	done
else
	skip "greenlaned --help" "it is not built"
fi

# ---- did you mean ----

run 64 "a misspelt command" chekc
err "^greenlane: unknown command 'chekc'; did you mean 'check'\?$" "gets the one that is meant"
err '^greenlane help: the commands$' "and the way to the others"
is "$(wc -l < "$world/err")" 3 "and not a list that hides it"
run 64 "a misspelt option before the command" --versoin
err "^greenlane: unknown option '--versoin'; did you mean '--version'\?$" "gets the one that is meant"
is "$(wc -l < "$world/err")" 3 "and not the list either"
run 64 "a command in capitals" CHECK
err "; did you mean 'check'\?$" "too"
run 64 "one that is like none" frobnicate
err "^greenlane: unknown command 'frobnicate'; the commands are listed below$" "gets the list"
err '^  explain ' "of all"
run 64 "help of a misspelt command" help explian
err "^greenlane: unknown command 'explian'; did you mean 'explain'\?$" "says so, too"
run 0 "help of two words" help vendor new
out '^usage: greenlane \[-c FILE\] vendor .*new DOMAIN' "is that of the first"
run 64 "a misspelt second word" vendor nwe acme.example
err "^greenlane: unknown command 'vendor nwe'; did you mean 'new'\?$" "gets the one that is meant"
run 64 "a misspelt MTA" setup postfx
err "^greenlane: unknown command 'setup postfx'; did you mean 'postfix'\?$" "gets the one that is meant"
run 64 "one that is like none" setup exim
err "^greenlane: unknown command 'setup exim'; write postfix$" "gets those that there are"
run 64 "a misspelt format" export rspmad
err "; did you mean 'rspamd'\?$" "gets the one that is meant"
run 64 "a wrong option" check --quiet
err '^greenlane help check: ' "names the way to --help"

# ---- what cannot be written ----

# unwritten NAME COMMAND...: its output does not fit on the disk, which is said.
unwritten() {
	title=$1
	shift
	"$@" > /dev/full 2> "$world/err"
	is "$?" 74 "$title"
	is "$(grep -c "^${1##*/}: standard output: cannot be written" "$world/err")" 1 "says so"
}
if [ -c /dev/full ]; then
	{ on_this_host; printf 'vendor_path = [ "%s/full" ];\ndns = { servers = [ "127.0.0.1@9" ]; };\n' "$world"; } > "$world/full.conf"
	echo 'vendors = ( { name = "full"; } ); own = { domains = [ "own.example" ]; };' >> "$world/full.conf"
	mkdir "$world/full"
	echo 'vendor = { name = "full"; domains = [ "full.example" ]; sources = ( { cidr = [ "4.2.2.1" ]; } ); };' > "$world/full/full.conf"
	for words in --help --version help 'help check' 'check --help' "check -c $world/full.conf" "status -c $world/full.conf" \
		"sources -c $world/full.conf" "sources --json -c $world/full.conf" "export cidr -c $world/full.conf" \
		"vendor brief full -c $world/full.conf" "explain --client 127.0.0.1 -c $world/full.conf" \
		"explain --json --client 127.0.0.1 -c $world/full.conf" \
		"setup postfix --postconf $top/t/postfix_setup/fresh.postconf -c $world/full.conf"; do
		# shellcheck disable=SC2086 # words
		unwritten "greenlane ${words%% -c*}" "$greenlane" $words
	done
	[ ! -x "$greenlaned" ] || unwritten "greenlaned --help" "$greenlaned" --help
	[ ! -x "$greenlaned" ] || unwritten "greenlaned --version" "$greenlaned" --version
else
	skip "what cannot be written" "there is no /dev/full"
fi

# ---- completion ----

# completed PROGRAM WORD...: what bash offers for the last word, a line each, sorted.
completed() {
	bash -c '. "$0/$1"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); "_$1"; printf "%s\n" "${COMPREPLY[@]}"' \
		"$completion" "$@" | sort
}
every_option() { cat "$1"; echo config; echo help; }

if command -v bash > /dev/null; then
	{ cat "$world/commands"; printf -- '--%s\n' config help version; } | sort > "$world/wanted"
	completed greenlane '' > "$world/got"
	same "$world/wanted" "$world/got" "bash offers the commands"
	sort "$world/commands" > "$world/wanted"
	completed greenlane help '' | grep -v '^-' > "$world/got"
	same "$world/wanted" "$world/got" "and after help"
	while read -r command; do
		said_options "$world/$command-help" > "$world/said"
		every_option "$world/said" | sed 's/^/--/' | sort > "$world/wanted"
		completed greenlane -c x "$command" -- > "$world/got"
		same "$world/wanted" "$world/got" "bash offers the options of $command"
	done < "$world/commands"
	is "$(completed greenlane che)" check "a word that is begun is completed"
	is "$(completed greenlane setup p)" postfix "a second word"
	is "$(completed greenlane greylist f)" forget "that of greylist"
	is "$(completed greenlane vendor n)" new "that of vendor"
	is "$(cd "$top" && completed greenlane check -c contrib/greenlane.conf.s)" contrib/greenlane.conf.sample "a file after -c"
	is "$(cd "$top" && completed greenlane explain --message = t/cli/plain.e)" t/cli/plain.eml "one after --message="
	is "$(completed greenlane explain --client 1)" "" "nothing after --client"
	completed greenlaned -- > "$world/got"
	said_options "$world/greenlaned-help" > "$world/said"
	every_option "$world/said" | sed 's/^/--/' | sort > "$world/wanted"
	same "$world/wanted" "$world/got" "bash offers the options of greenlaned"
	run 64 "an unknown format" export x-x-x-x-x
	sed -n "1s/.*; write //p" "$world/err" | sed 's/ or /, /; s/, /\n/g' | sort > "$world/wanted"
	completed greenlane export '' | grep -v '^-' > "$world/got"
	same "$world/wanted" "$world/got" "bash offers the formats of export"
	missing=$(while read -r word; do grep -q " ${word}[ .,]" "$world/export-help" || echo "$word"; done < "$world/wanted")
	is "$missing" "" "and export --help names them"
	zsh_formats=$(sed -n "s/.*'1:format:(\(.*\))'.*/\1/p" "$completion/_greenlane" | tr ' ' '\n' | sort)
	is "$zsh_formats" "$(cat "$world/wanted")" "as zsh does"
else
	skip "the completion of bash" "there is no bash"
fi

sed -n "s/^		'\([a-z]*\):.*'\$/\1/p" "$completion/_greenlane" | sort > "$world/got"
sort "$world/commands" > "$world/wanted"
same "$world/wanted" "$world/got" "zsh offers the commands"
# zsh_case COMMAND: the options in its branch
zsh_case() {
	awk -v command="$1" '
		/^	[a-z| ]*\)/ { labels = $0; sub(/\).*/, "", labels); inside = (labels " ") ~ ("[	 ]" command " ") }
		inside { print }
		/;;/ { inside = 0 }
	' "$completion/_greenlane" | grep -o -- '--[a-z-]*\[' | sed 's/--\(.*\)\[/\1/' | sort
}
while read -r command; do
	said_options "$world/$command-help" > "$world/said"
	zsh_case "$command" > "$world/got"
	same "$world/said" "$world/got" "zsh offers the options of $command"
done < "$world/commands"
if command -v zsh > /dev/null; then
	zsh -n "$completion/_greenlane"
	ok $? "zsh can read its completion"
	is "$(zsh -fc 'fpath=("$0" $fpath); autoload -U compinit; compinit -u -D; print $_comps[greenlane] $_comps[greenlaned]' \
		"$completion")" "_greenlane _greenlane" "and uses it for both programs"
else
	skip "zsh can read its completion" "there is no zsh"
fi

# ---- who may not ----

as_stranger() {
	if [ "$(id -u)" -eq 0 ]; then setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; else "$@"; fi
}
# denied FILE NAME ARGUMENT...: exits with 77, and one line that names the file.
denied() {
	file=$1 title=$2
	shift 2
	as_stranger "$greenlane" "$@" > "$world/out" 2> "$world/err"
	is "$?" 77 "$title"
	is "$(grep -c "^greenlane: $file: " "$world/err") $(wc -l < "$world/err")" "1 1" "in one line"
	quiet "on standard error alone"
}
# shellcheck disable=SC2086 # $closed, $opened and $words are lists of words
if [ "$(id -u)" -ne 0 ] || { command -v setpriv > /dev/null && as_stranger test -x "$greenlane"; }; then
	mkdir "$world/state" "$world/vendors"
	cat > "$world/open.conf" <<-'CONF'
	vendors = ( { name = "acme"; } );
	CONF
	printf 'state_dir = "%s";\nvendor_path = [ "%s" ];\n' "$world/state" "$world/vendors" >> "$world/open.conf"
	echo 'vendor = { name = "acme"; domains = [ "acme.example" ]; sources = ( { spf = "acme.example"; } ); };' > "$world/vendors/acme.conf"
	cp "$world/open.conf" "$world/closed.conf"
	echo 'From: a@b.example' > "$world/closed.eml"
	chmod 0 "$world/closed.conf" "$world/closed.eml" "$world/state"
	closed="-c $world/closed.conf" opened="-c $world/open.conf"
	denied "$world/closed.conf" "check may not read the configuration" $closed check
	denied "$world/closed.conf" "nor explain" $closed explain --client 192.0.2.1
	denied "$world/closed.conf" "nor dns" $closed dns
	denied "$world/closed.conf" "nor export" $closed export cidr
	denied "$world/closed.conf" "nor setup" $closed setup postfix
	denied "$world/closed.conf" "nor sources" $closed sources
	denied "$world/closed.conf" "nor vendor brief" $closed vendor brief acme
	denied "$world/closed.conf" "nor vendor new" $closed vendor new acme.example
	chmod 0 "$world/vendors/acme.conf"
	for words in check 'explain --client 192.0.2.1' 'dns acme.example' 'export cidr' 'setup postfix' sources \
		'vendor brief acme' 'vendor new acme.example'; do
		denied "$world/vendors/acme.conf" "${words%% -*} may not read a vendor file" $opened $words
	done
	if [ -x "$greenlaned" ]; then
		as_stranger "$greenlaned" $opened -f > "$world/out" 2> "$world/err"
		is "$? $(cat "$world/err")" "77 greenlaned: $world/vendors/acme.conf: you may not read it; start it as root" \
			"nor may greenlaned, in one line"
	fi
	chmod 644 "$world/vendors/acme.conf"
	if [ -x "$greenlaned" ]; then
		as_stranger "$greenlaned" $closed -f > "$world/out" 2> "$world/err"
		is "$?" 77 "nor greenlaned"
		is "$(cat "$world/err")" "greenlaned: $world/closed.conf: you may not read it; start it as root" "in one line"
	fi
	denied "$world/state" "sources may not read state_dir" $opened sources
	denied "$world/state" "nor change it" $opened sources --accept
	denied "$world/state" "nor export read it" $opened export cidr
	denied "$world/state" "nor vendor brief" $opened vendor brief acme
	denied "$world/closed.eml" "explain may not read the message" $opened explain --client 192.0.2.1 --message "$world/closed.eml"
	chmod 700 "$world/state"
else
	skip "who may not" "there is no setpriv, or another user cannot enter the directory of the build"
fi

finish_tap
