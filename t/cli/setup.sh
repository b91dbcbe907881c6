#!/bin/sh
# TAP: greenlane setup postfix: what it reads, what it prints, and that a real Postfix accepts what it prints.
#
# Only the last part needs postconf; nothing is started, and no configuration but its own is touched.
name=setup
. "${srcdir:-.}/t/cli/lib.sh"
config=$world/greenlane.conf

cat > "$world/greenlane.conf" <<END
milter      = { listen = "unix:/run/greenlane/milter.sock"; };
delegate    = { listen = "unix:/run/greenlane/delegate.sock"; greylist_class = "greylist"; };
greylist    = { store = "none"; };
vendor_path = [ "$world" ];
vendors     = ( { name = "vendor"; } );
END
cat > "$world/vendor.conf" <<'END'
vendor = { name = "vendor"; domains = [ "vendor.example" ]; };
END

# ---- usage and files ----

run 64 "no second word is a usage error" setup
err '^usage: greenlane .*setup postfix' "that says how"
run 64 "setup of another MTA is a usage error" setup exim
run 64 "a file together with a directory is a usage error" setup postfix --postconf x --config-dir y
run 66 "a missing file" setup postfix --postconf "$world/none"
err "$world/none: No such file" "is named"
quiet "and nothing is advised"
printf 'Dear Sir\n' > "$world/letter"
run 65 "a file that is not the output of postconf" setup postfix --postconf "$world/letter"
err "save the output of .postconf -n; postconf -M." "is refused with what to do"
head -c 3000000 /dev/zero | tr '\0' 'a' > "$world/big"
run 65 "a file that is too big" setup postfix --postconf "$world/big"
printf 'a = b\n\0\n' > "$world/zero"
run 65 "a file with a zero byte" setup postfix --postconf "$world/zero"
run 0 "saved output" setup postfix --postconf "$top/t/postfix_setup/postgrey.postconf"
cmp -s "$world/out" "$top/t/postfix_setup/postgrey.cf"
ok $? "gives the lines that postfix_setup writes"
input=$top/t/postfix_setup/postgrey.postconf
run 0 "the same from standard input" setup postfix --postconf -
cmp -s "$world/out" "$top/t/postfix_setup/postgrey.cf"
ok $? "gives the same"
input=
cp "$world/greenlane.conf" "$world/good.conf"
echo 'milters = 1;' >> "$world/greenlane.conf"
run 78 "a broken configuration" setup postfix --postconf "$top/t/postfix_setup/fresh.postconf"
cp "$world/good.conf" "$world/greenlane.conf"

# ---- a real Postfix ----

if ! command -v postconf > /dev/null; then
	ok 0 "a real postconf # SKIP not installed"
	finish_tap
fi
mkdir "$world/postfix"
cat > "$world/postfix/main.cf" <<'END'
compatibility_level = 3.6
our_hosts = 127.0.0.0/8, 10.1.0.0/16
mynetworks = $our_hosts [2001:db8::]/48
smtpd_milters = inet:127.0.0.1:8891
smtpd_recipient_restrictions = permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination,
    check_policy_service inet:127.0.0.1:10023,
    reject_rbl_client bl.example
END
cat > "$world/postfix/master.cf" <<'END'
smtp       inet  n       -       n       -       501     smtpd
cleanup    unix  n       -       n       -       0       cleanup
END
cp "$world/postfix/main.cf" "$world/before"
run 69 "a directory without Postfix's configuration" setup postfix --config-dir "$world/no-such-folder"
err 'postconf: failed' "is reported, below the messages of postconf"
quiet "and nothing is advised for it"
run 0 "a real Postfix" setup postfix --config-dir "$world/postfix"
[ ! -s "$world/err" ]
ok $? "with which postconf finds no fault"
out '^# What greenlane needs from this Postfix [0-9]+\.' "names its version"
out 'default_action=accept },$' "has greenlane's milter with a default action of its own"
out '^    inet:127\.0\.0\.1:8891$' "keeps the filter that is there"
out 'check_policy_service \{ unix:/run/greenlane/delegate\.sock, default_action=greylist' "asks the delegate"
out '^# Warning: greenlane judges the mail of these mynetworks' "compares mynetworks with own.networks"
out '^#     "10\.1\.0\.0/16"$' "also through another setting"
lacks '127\.0\.0\.0/8' "but says nothing of loopback, which is exempt"
out 'max_sessions = 501' "compares the number of processes with milter.max_sessions"
cmp -s "$world/before" "$world/postfix/main.cf"
ok $? "and changes nothing"
cat "$world/out" >> "$world/postfix/main.cf"
postconf -c "$world/postfix" -n > "$world/out" 2> "$world/err"
[ ! -s "$world/err" ] || ! grep -qv 'overriding earlier entry' "$world/err"
ok $? "postconf knows every name in the lines"
out '^smtpd_milters = \{ unix:/run/greenlane/milter\.sock, default_action=accept \},' "and reads the lines as intended"
run 0 "after the lines were added" setup postfix --config-dir "$world/postfix"
! grep -Eqv '^(#.*)?$' "$world/out"
ok $? "it has nothing to add"
finish_tap
