#!/bin/sh
# TAP: greenlane vendor update: folders and archives, what changes in words, back again, and what no archive may do.
name=vendor_update
. "${srcdir:-.}/t/cli/lib.sh"

mkdir "$world/shipped" "$world/site" "$world/new" "$world/etc" "$world/tar" "$world/tmp"
TMPDIR=$world/tmp
export TMPDIR
config=$world/greenlane.conf place=$world/etc/catalogue

# vendor FOLDER NAME [LINE...]: a vendor's file with these lines.
vendor() {
	folder=$1 vendor=$2
	shift 2
	printf '%s\n' "vendor = {" "  name = \"$vendor\";" "  domains = [ \"$vendor.example\" ];" "$@" "};" > "$folder/$vendor.conf"
}
vendor "$world/shipped" acme '  sources = ( { spf = "acme.example"; tags = [ "uk" ]; } );'
vendor "$world/shipped" globex
vendor "$world/site" desk
cat > "$config" <<END2
vendor_path = [ "$world/shipped", "$place", "$world/site" ];
vendors = ( { name = "acme"; mode = "vouch"; tags = [ "uk" ]; }, { name = "desk"; mode = "vouch"; } );
END2
cp "$world/shipped/acme.conf" "$world/new/acme.conf"
vendor "$world/new" globex '  mode = "vouch";'
vendor "$world/new" initech '  sources = ( { file = "initech.list"; exclusive = true; } );'
echo 192.0.2.0/24 > "$world/new/initech.list"
echo prose > "$world/new/README"
mkdir "$world/new/.git" "$world/new/more"

# what lies beside the link, and where it leads
state() {
	(cd "$world/etc" && ls -A && readlink catalogue && cat ./catalogue/*.conf) 2> /dev/null | cksum
}
nothing=$(state)

# ---- usage ----

run 64 "update wants a catalogue" vendor update
run 64 "and one only" vendor update "$world/new" "$world/new"
run 64 "--back wants none" vendor update --back "$world/new"
run 64 "--back is no trial" vendor update --back --dry-run
run 66 "a catalogue that does not exist" vendor update "$world/none"
err "^greenlane: $world/none: does not exist\$" "is said"

# ---- a folder ----

run 1 "a trial of what would change something" vendor update --dry-run "$world/new"
is "$(cat "$world/out")" 'globex: mode: the present file has "enforce", the default, the new one has "vouch" (line 4)
initech: is new
nothing was installed: this was a trial' "says what, in words"
is "$(state)" "$nothing" "and changes nothing"
run 1 "there is nothing to go back to" vendor update --back
err "^greenlane: there is no catalogue before this one" "and that is said"
(umask 077 && "$greenlane" -c "$config" vendor update "$world/new" > "$world/out" 2> "$world/err")
ok $? "a folder is installed"
out "^installed 3 vendor files as $place; there was none before\$" "and that is said"
out "^put it in force with: greenlane reload; take it back with: greenlane vendor update --back\$" "with what to do next"
is "$(readlink "$place")" catalogue.1 "a link leads to it"
is "$(cd "$place" && echo *)" "acme.conf globex.conf initech.conf initech.list" "and to nothing else of the folder"
is "$(stat -c %a "$place/" "$place/acme.conf" | tr '\n' ' ')" "755 644 " "everybody may read it, whatever the umask"
is "$(ls -A "$world/etc" | tr '\n' ' ')" "catalogue catalogue.1 " "nothing else is left"
first=$(state)
run 0 "the same again" vendor update "$world/new"
is "$(cat "$world/out") $(state)" "no difference; nothing was installed $first" "is no difference"
run 0 "what counts now" vendor list --shipped
out '^globex  *listed.spf or dkim  *vouch ' "is the file of the update"
out '^initech ' "and what is new in it"
is "$(grep -c '^globex' "$world/out")" 1 "each once"
run 0 "list" vendor list
lacks initech "has nothing that is not the site's and not in force"
out '^acme  *update ' "and says where a file comes from"

# ---- the next one, and back ----

vendor "$world/new" globex '  mode = "monitor";'
rm "$world/new/initech.conf" "$world/new/initech.list"
run 0 "a second one" vendor update "$world/new"
out '^globex: mode: the present file has "vouch" \(line 4\), the new one has "monitor" \(line 4\)$' "is compared with the first"
out '^initech: is no longer in the catalogue; no other file takes its place$' "what it lacks is said"
out "the catalogue before is kept in $world/etc/catalogue.1\$" "the first is kept"
is "$(readlink "$place") $(ls "$place/" | tr '\n' ' ')" "catalogue.2 acme.conf globex.conf " "the second counts"
second=$(state)
run 0 "back" vendor update --back
out "^$place is $world/etc/catalogue.1 again; put it in force with: greenlane reload\$" "says so"
is "$(readlink "$place")" catalogue.1 "and the first counts"
run 0 "and back again" vendor update --back
is "$(state)" "$second" "is as it was"
vendor "$world/new" globex '  mode = "enforce";'
run 0 "a third" vendor update "$world/new"
is "$(readlink "$place") $(ls -A "$world/etc" | tr '\n' ' ')" "catalogue.1 catalogue catalogue.1 catalogue.2 " "takes the place of the first"
rm -r "$world/etc/catalogue.2"
run 0 "back where nothing is kept" vendor update --back
out "^$place is gone, and the shipped files are what counts" "leads to the shipped files"
run 0 "and again" vendor update --back
is "$(readlink "$place")" catalogue.1 "to what was taken away"

# ---- wrong catalogues: nothing changes ----

before=$(state)
# refused WHAT PATH PATTERN: with exit 65, this in the error, and nothing changed.
refused() {
	run 65 "$1" vendor update "$2"
	err "$3" "is refused, and why is said"
	is "$(state)" "$before" "and nothing has changed"
}
mkdir "$world/bad"
refused "a folder without a vendor's file" "$world/bad" "$world/bad: holds no vendor's file"
cp "$world/new/acme.conf" "$world/bad/"
echo 'vendor = { name = "broken"; };' > "$world/bad/broken.conf"
refused "a file with a fault" "$world/bad" "^greenlane: $world/bad: broken.conf:1: "
echo 'vendor = { name = "other"; domains = [ "other.example" ]; };' > "$world/bad/broken.conf"
refused "a file with another's name" "$world/bad" "^greenlane: $world/bad: broken.conf:1: "
vendor "$world/bad" broken '  sources = ( { file = "/etc/hostname"; } );'
refused "a list outside, which is not even read" "$world/bad" "^greenlane: $world/bad: broken.conf:4: names a list outside"
rm "$world/bad/broken.conf" && ln -s /etc/passwd "$world/bad/broken.conf"
refused "a link" "$world/bad" "broken.conf: is a link"
rm "$world/bad/broken.conf" && mkfifo "$world/bad/broken.conf"
refused "a pipe" "$world/bad" "broken.conf: is a pipe"
rm "$world/bad/broken.conf" && echo x > "$world/bad/A B.conf"
refused "a name that no vendor has" "$world/bad" "'A B.conf' is no name of a vendor's file"
rm "$world/bad/A B.conf" && head -c 1100000 /dev/zero | tr '\0' '#' > "$world/bad/big.conf"
refused "a file of more than 1 MiB" "$world/bad" "big.conf"
rm "$world/bad/big.conf" && vendor "$world/bad" acme '  sources = ( { spf = "acme.example"; tags = [ "us" ]; } );'
refused "one with which greenlane.conf would not load" "$world/bad" "^greenlane: with this catalogue $config would not load:\$"
err "tag 'uk' selects no source of 'acme'" "for what reason is said"
err '^greenlane: nothing was changed$' "and that nothing has changed"

# ---- archives ----

cat > "$world/pack.py" <<'END2'
"""Writes archives into a folder: what a site may bring, and what somebody may send it."""
import io, sys, tarfile
out = sys.argv[1]
good = b'vendor = { name = "%s"; domains = [ "%s.example" ]; sources = ( { spf = "acme.example"; tags = [ "uk" ]; } ); };\n'

def pack(name, *entries, mode='w', **more):
    with tarfile.open(f'{out}/{name}', mode, **more) as tar:
        for path, kind, data in entries:
            info = tarfile.TarInfo(path)
            info.type = kind
            if kind == tarfile.REGTYPE:
                info.size = len(data)
            else:
                info.linkname = data
            tar.addfile(info, io.BytesIO(data) if kind == tarfile.REGTYPE else None)

def file(path, data=None):
    stem = path.rsplit('/', 1)[-1].removesuffix('.conf').encode()
    return (path, tarfile.REGTYPE, good % (stem, stem) if data is None else data)

folder = ('vendors', tarfile.DIRTYPE, '')
many = [file(f'v{n}.conf') for n in range(4097)]
for mode, end in (('w', 'tar'), ('w:gz', 'tar.gz'), ('w:xz', 'tar.xz'), ('w:bz2', 'tar.bz2')):
    pack('good.' + end, folder, file('vendors/acme.conf'), file('vendors/' + end.replace('.', '-') + '.conf'),
         file('vendors/README', b'x'), file('vendors/._acme.conf', b'x'), mode=mode)
pack('up.tar', file('acme.conf'), file('../evil.conf'))
pack('up-inside.tar', file('a/../../evil.conf'))
pack('root.tar', file('/etc/evil.conf'))
pack('link.tar', file('acme.conf'), ('evil.conf', tarfile.SYMTYPE, '/etc/passwd'))
pack('folder-link.tar', ('vendors', tarfile.SYMTYPE, '/etc'), file('vendors/acme.conf'))
pack('hard.tar', file('acme.conf'), ('evil.conf', tarfile.LNKTYPE, 'acme.conf'))
pack('device.tar', file('acme.conf'), ('evil.conf', tarfile.CHRTYPE, ''))
pack('pipe.tar', ('evil.conf', tarfile.FIFOTYPE, ''))
pack('twice.tar', file('acme.conf'), file('acme.conf'))
pack('two-folders.tar', file('a/acme.conf'), file('b/globex.conf'))
pack('big.tar', file('acme.conf'), file('README', b'x' * 1100000))
pack('many.tar', *many)
pack('entries.tar', *[file(f'README{n}', b'') for n in range(8200)], file('acme.conf'))
pack('bomb.tar.gz', *[file(f'v{n}.conf', b'#' * 1048576) for n in range(80)], mode='w:gz')
pack('escape.tar', file('\x1b[2Jevil.conf'))
pack('empty.tar')
whole = open(f'{out}/good.tar', 'rb').read()
open(f'{out}/cut.tar', 'wb').write(whole[:1024 + 512])
open(f'{out}/cut-inside.tar', 'wb').write(whole[:1024 + 100])
zipped = open(f'{out}/good.tar.gz', 'rb').read()
open(f'{out}/cut.tar.gz', 'wb').write(zipped[:-20])
open(f'{out}/no.tar', 'wb').write(b'vendor = { };\n' * 100)
END2
/usr/bin/python3 "$world/pack.py" "$world/tar" || exit 99
for end in tar tar.gz tar.xz tar.bz2; do
	run 0 "an archive, $end" vendor update "$world/tar/good.$end"
	is "$(cd "$place" && echo *)" "acme.conf $(echo "$end" | tr . -).conf" "has its files in place"
done
before=$(state)
while read -r archive pattern; do
	refused "$archive" "$world/tar/$archive" "$pattern"
done <<'END2'
up.tar '../evil.conf' leads out of the archive
up-inside.tar 'a/../../evil.conf' leads out of the archive
root.tar '/etc/evil.conf' leads out of the archive
link.tar 'evil.conf' is a link or a device
folder-link.tar 'vendors' is a link or a device
hard.tar 'evil.conf' is a link or a device
device.tar 'evil.conf' is a link or a device
pipe.tar 'evil.conf' is a link or a device
twice.tar 'acme.conf' occurs twice
two-folders.tar 'b/globex.conf' lies in another folder
big.tar 'README' is larger than 1 MiB
many.tar 'v4096.conf' is one file too many
entries.tar holds too much for a catalogue
bomb.tar.gz (is too much|holds too much)
escape.tar '\\x1b\[2Jevil.conf' is no name of a vendor's file
empty.tar holds no vendor's file
cut.tar is cut off
cut-inside.tar is no archive that can be read
cut.tar.gz is no archive that can be read
no.tar is no archive that can be read
END2
refused "a device in place of an archive" /dev/null "/dev/null: is neither a folder nor a file"
mkfifo "$world/fifo"
refused "a pipe in its place, which nobody waits for" "$world/fifo" "is neither a folder nor a file"
[ ! -e "$world/evil.conf" ] && [ ! -e "$world/tar/evil.conf" ]
ok $? "nothing was unpacked anywhere"
is "$(ls -A "$TMPDIR")" "" "no folder of a trial is left"

# ---- the place ----

mkdir "$world/etc/catalogue.new" && echo x > "$world/etc/catalogue.new/left.conf"
run 0 "after an update that was stopped" vendor update "$world/new"
is "$(ls -A "$world/etc" | tr '\n' ' ')" "catalogue catalogue.1 catalogue.2 " "its remains are gone"
before=$(state)
(
	exec 9< "$world/etc"
	flock 9
	run 73 "while another update is under way" vendor update "$world/tar/good.tar"
	err 'another update is under way; wait for its end' "it waits for nobody, and says so"
	echo "$count $failed" > "$world/counts"
)
read -r count failed < "$world/counts"
is "$(state)" "$before" "and nothing has changed"
rm "$place" && mkdir "$place"
run 73 "a directory of the site in its place" vendor update "$world/tar/good.tar"
err 'was not made by greenlane vendor update' "is left alone"
rmdir "$place" && ln -s /etc "$place"
run 73 "nor is a link of the site's" vendor update "$world/tar/good.tar"
rm "$place"
sed -i "s|\"$place\", ||" "$config"
run 78 "without its place on vendor_path" vendor update "$world/new"
err 'write vendor_path = \[ ' "what to write is said"
sed -i "s|\"$world/shipped\", |\"$place\", &|" "$config"
run 78 "and in front of the shipped files" vendor update "$world/new"
if [ "$(id -u)" -eq 0 ]; then
	skip "a folder that the caller may not write in" "root may write in every folder"
else
	sed -i "s|\"$place\", \(\"[^\"]*\", \)|\1\"$place\", |" "$config"
	chmod 555 "$world/etc"
	run 77 "a folder that the caller may not write in" vendor update "$world/tar/good.tar"
	chmod 755 "$world/etc"
fi
echo 'vendors = ' > "$config"
run 78 "a configuration that does not load" vendor update "$world/new"

finish_tap
