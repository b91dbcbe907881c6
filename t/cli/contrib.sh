#!/bin/sh
# TAP: the MTA snippets of contrib/: each says what it is for, a real Postfix accepts it, and greenlane setup has
# nothing to add to it. Nothing is started.
name=contrib
. "${srcdir:-.}/t/cli/lib.sh"

# begins FILE MARK NAME: the file begins with three lines of comment.
begins() {
	head -n 3 "$1" > "$world/out"
	[ "$(grep -c "^$2 [A-Za-z\`]" "$world/out")" -eq 3 ]
	ok $? "$3 begins with three lines that say what it is for"
}

cat > "$world/greenlane.conf" <<END
milter      = { listen = "unix:$world/postfix/spool/greenlane/milter.sock"; };
delegate    = { listen = "unix:$world/postfix/spool/greenlane/delegate.sock"; };
greylist    = { store = "none"; };
vendor_path = [ "$world" ];
vendors     = ( { name = "vendor"; } );
END
echo 'vendor = { name = "vendor"; domains = [ "vendor.example" ]; };' > "$world/vendor.conf"

# postfix_with SNIPPET: writes a configuration with the snippet, in directories of its own.
postfix_with() {
	rm -rf "$world/postfix"
	mkdir -p "$world/postfix/conf" "$world/postfix/spool" "$world/postfix/data"
	cat > "$world/postfix/conf/main.cf" <<END
compatibility_level = 3.6
queue_directory = $world/postfix/spool
data_directory = $world/postfix/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
shlib_directory = /usr/lib/postfix
maillog_file = $world/postfix/log
maillog_file_prefixes = $world
alias_maps =
alias_database =
END
	cat "$1" >> "$world/postfix/conf/main.cf"
	cat > "$world/postfix/conf/master.cf" <<'END'
smtp       inet  n       -       n       -       -       smtpd
cleanup    unix  n       -       n       -       0       cleanup
postlog    unix-dgram n  -       n       -       1       postlogd
END
}

for snippet in "$top"/contrib/postfix/*.cf; do
	name=contrib/postfix/${snippet##*/}
	begins "$snippet" '#' "$name"
	if ! command -v postconf > /dev/null; then
		skip "Postfix accepts $name" "not installed"
		continue
	fi
	postfix_with "$snippet"
	# postconf warns of a name that is unused or mistyped
	postconf -c "$world/postfix/conf" -n 2>&1 > "$world/values" | grep -v 'overriding earlier' > "$world/out"
	[ ! -s "$world/out" ]
	ok $? "postconf finds no fault with $name"
	if [ "$(id -u)" -eq 0 ] && getent passwd postfix > /dev/null; then
		chown postfix "$world/postfix/data"
		postfix -c "$world/postfix/conf" check > "$world/out" 2>&1
		ok $? "postfix check accepts $name"
	else
		skip "postfix check accepts $name" "not root, or no user postfix"
	fi
	case $name in */postscreen.cf) continue ;; esac # it is only a part: it names no milter
	"$greenlane" -c "$world/greenlane.conf" setup postfix --config-dir "$world/postfix/conf" > "$world/out" 2>&1 &&
		! grep -v '^smtpd_forbid_bare_newline' "$world/out" | grep -qv '^\(#.*\)\{0,1\}$'
	ok $? "greenlane setup has nothing to add to $name"
done

# Every list of a snippet is where readers may come in; a unit that is named watches that very file, and knows its reader.
grep -ho 'file = "[^"]*"' "$top"/contrib/postfix/*.cf | grep -v '"/var/lib/greenlane-exports/[a-z-]*"' > "$world/out"
quiet "all lists are in /var/lib/greenlane-exports"
grep -h 'command =' "$top"/contrib/postfix/*.cf > "$world/out"
quiet "no snippet wants a right of greenlaned's user"
for reader in $(grep -oh 'greenlane-export@[a-z-]*\.path' "$top"/contrib/postfix/*.cf "$top/README.md" | sed 's/.*@//; s/\.path//' | sort -u); do
	grep -q "file = \"/var/lib/greenlane-exports/$reader\"" "$top"/contrib/postfix/*.cf && grep -qE "^$reader\)" "$top/contrib/systemd/export-reader"
	ok $? "greenlane-export@$reader.path watches a file that a snippet names, and its reader is known"
done

begins "$top/contrib/sendmail/greenlane.mc" dnl contrib/sendmail/greenlane.mc
is "$(grep -c '^INPUT_MAIL_FILTER(.*)dnl$' "$top/contrib/sendmail/greenlane.mc")" 1 \
	"and names one filter (t/mta/sendmail.sh starts a Sendmail with all of it)"

finish_tap
