#!/bin/sh
# TAP: AppArmor takes contrib/apparmor, and the profile may write where the unit may, and nowhere else.
set -u
. "$(dirname "$0")/lib/tap.sh"
top=${srcdir:-$(dirname "$0")/..}
profile=$top/contrib/apparmor/usr.sbin.greenlaned
parser=$(command -v apparmor_parser || ls /usr/sbin/apparmor_parser 2> /dev/null)

unit_writes() { sed -n 's/^ReadWritePaths=//p' "$top/contrib/systemd/greenlaned.service" | tr ' ' '\n' | sed 's/^-//' | sort; }
profile_writes() { sed -n 's|^	\(/[^ ]*\)/\*\* rwkl,.*|\1|p' "$profile" | sort; }

[ "$(unit_writes)" = "$(profile_writes)" ]
ok $? "the profile may write below the directories of the unit, and below no others"
# greenlaned restricts itself to what it is configured to use: the shipped configuration writes where both let it
shipped() {
	sed -n 's/^#* *//; s/.*"\(unix:\|lmdb:\)\{0,1\}\(\/\(run\|var\)\/[^"@]*\)".*/\2/p' "$top/contrib/greenlane.conf.sample" | grep -v '/dns/' | sort -u
}
beyond=$(shipped | while read -r path; do
	unit_writes | while read -r folder; do case $path/ in "$folder"/*) echo in ;; esac; done | grep -q in || echo "$path"
done)
[ -n "$(shipped)" ]
ok $? "(the sample names paths)"
none "$beyond" "the sample's sockets, record, store and exports are below those directories"
if [ -z "$parser" ]; then
	ok 0 "the parser takes the profile # SKIP apparmor is not installed"
	ok 0 "it allows each file of t/files.seen # SKIP apparmor is not installed"
else
	said=$("$parser" -QT "$profile" 2>&1)
	ok $? "the parser takes the profile" || printf '%s\n' "$said" | sed 's/^/# /'
	rules=$(mktemp) || exit 99
	"$parser" -p "$profile" > "$rules" 2> /dev/null
	none "$(/usr/bin/python3 "$top/t/files_seen.py" denied "$rules" < "$top/t/files.seen")" "it allows each file of t/files.seen"
	denied=$(printf '%s\n' 'w /etc/greenlane/greenlane.conf' 'r /etc/shadow' 'l /usr/share/greenlane/x' 'r /var/lib/greenlane/a/b' 'm /var/lib/greenlane/a.so' |
		/usr/bin/python3 "$top/t/files_seen.py" denied "$rules")
	[ "$(echo "$denied" | wc -l)" -eq 4 ]
	ok $? "(what it does not allow is found)"
	rm -f "$rules"
fi
tap_end
