#!/bin/sh
# TAP: make install installs all of it, with the paths of configure; make uninstall leaves nothing. Below a private directory.
name=install
. "${srcdir:-.}/t/cli/lib.sh"
unset MAKEFLAGS MFLAGS MAKEOVERRIDES
root=$world/root

# make_it TARGET: as `make TARGET` of the build that is tested.
make_it() {
	make -s -C "$top_builddir" "$1" DESTDIR="$root" > "$world/out" 2>&1
}

# variable NAME: its value in the Makefile.
variable() {
	printf 'include %s\nprint-it: ; @echo "$(%s)"\n' Makefile "$1" | make -s -C "$top_builddir" -f - print-it
}

# installed VARIABLE FILE...: below the directory that the Makefile's variable names.
installed() {
	directory=$(variable "$1")
	shift
	for file; do
		[ -s "$root$directory/$file" ] || { echo "missing: $directory/$file"; return 1; }
	done > "$world/out"
}

make_it install
ok $? "make install comes to its end"
installed sbindir greenlaned && installed bindir greenlane
ok $? "both programs"
installed systemdsystemunitdir greenlaned.service greenlane-export@.path greenlane-export@.service \
	greenlane-report.timer greenlane-report.service &&
	installed pkglibexecdir after-update export-reader report-mail && installed sysusersdir greenlane.conf &&
	installed tmpfilesdir greenlane.conf && installed logrotatedir greenlane
ok $? "the unit, the user, the directories, the rotation of the record file"
installed bashcompletiondir greenlane greenlaned && installed zshcompletiondir _greenlane
ok $? "the completion for bash and zsh"
installed man1dir greenlane.1 && installed man5dir greenlane.conf.5 greenlane-vendor.5 greenlane-record.5 &&
	installed man8dir greenlaned.8 && installed docdir README.md DESIGN.md
ok $? "the manual and the documentation"
installed exampledir greenlane.conf.sample postfix/greenlane.cf sendmail/greenlane.mc nagios/check_greenlane
ok $? "the examples"
[ "$(ls "$root$(variable vendordir)")" = "$(cd "$top/policy/vendors" && ls -- *.conf)" ]
ok $? "every vendor file"

# What names a path names the one that was installed.
units=$(variable systemdsystemunitdir)
for program in $(sed -n 's/^Exec[A-Za-z]*=\([^ ]*\).*/\1/p' "$root$units"/*.service); do
	[ -x "$root$program" ] || echo "$program"
done > "$world/out"
[ ! -s "$world/out" ]
ok $? "every program that a unit runs is there"
etc=$root$(variable sysconfdir)/greenlane
for directory in $(sed -n 's/^#*vendor_path = \[ "\(.*\)", ".*\/catalogue", "\(.*\)" \];/\1 \2/p' "$etc/greenlane.conf"); do
	[ -d "$root$directory" ] && echo there
done > "$world/out"
is "$(wc -l < "$world/out")" 2 "so are both directories of vendor files that the installed greenlane.conf names, but for that of updates"

# systemd looks for units only where it looks on a host, and a prefix of one's own is not there
looked=$world/looked/usr/lib/systemd/system
mkdir -p "$looked"
cp "$root$units"/* "$looked/"
for directory in "$(variable sbindir)" "$(variable bindir)" "$(variable pkglibexecdir)"; do
	mkdir -p "$world/looked$directory"
	cp "$root$directory"/* "$world/looked$directory/"
done
if command -v systemd-analyze > "$world/out" && systemd-analyze --help | grep -q -- --offline; then
	systemd-analyze verify --man=no --recursive-errors=no --root="$world/looked" greenlaned.service \
		greenlane-export@postgrey.path greenlane-export@postgrey.service greenlane-report.timer greenlane-report.service > "$world/out" 2>&1 &&
		[ ! -s "$world/out" ]
	ok $? "systemd finds no fault with the units"
	systemd-analyze security --offline=true --threshold=19 --no-pager --root="$world/looked" greenlaned.service > "$world/out" 2>&1
	ok $? "and measures an exposure below 2.0"
else
	skip "systemd finds no fault with the units" "no systemd-analyze that can"
	skip "and measures an exposure below 2.0" "no systemd-analyze that can"
fi

echo '# ours' >> "$etc/greenlane.conf"
make_it install && make_it uninstall
is "$(cd "$root" && find . -type f)" ".$(variable sysconfdir)/greenlane/greenlane.conf" \
	"make uninstall leaves a configuration that was edited, as a second install did, and nothing else"
rm -r "$root"
make_it install && make_it uninstall
is "$(cd "$root" && find . -type f)" "" "and one that was not edited goes as well"
for variable in pkgdatadir pkglibexecdir docdir; do
	[ -d "$root$(variable $variable)" ] && echo "$variable"
done > "$world/out"
[ ! -s "$world/out" ] && [ ! -d "$etc" ]
ok $? "with every directory of ours"

finish_tap
