#!/bin/sh
# TAP: a configuration that is cut at any byte, gone, or being written when greenlaned reads it again: the old one stays in force,
# never half of the new, log and status say so, and a message is judged by one policy from MAIL to its end.
#
# RELOAD_FAULTS_EACH=N cuts at every N-th byte (default 7), and at each line; t/nightly at each byte.
name=reload_faults
. "${srcdir:-.}/t/cli/store_lib.sh"
needs nsd
export GREENLANE="$greenlane"

cat > "$world/vendors/steady.conf" <<'TEXT'
vendor = {
  name = "steady"; # whose mail it is
  domains = [ "steady.example" ];
  dkim = [ ];
  vouch = [ "listed" ];
  sources = ( { cidr = [ "192.0.2.0/24" ]; exclusive = true; },
    { file = "hosts"; exclusive = true; } );
};
TEXT
printf '# of a fetch\n10.9.8.0/24\n' > "$world/vendors/hosts"
zone_head 60 > "$world/root.zone"
nsd_serve
conf none
# what must be there is last, so that no half of it is whole
sed -i '/^vendors = /{h;d;};${p;g;}' "$world/conf"
cp "$world/conf" "$world/copy"
reloads() { /usr/bin/python3 "$top/t/cli/reload_faults.py" "$world" "$daemon" "$@" > "$world/out" 2>&1; }

begin "greenlaned serves"
reloads gone
ok $? "greenlane.conf, a vendor's file, a list of networks: one that is gone leaves the old policy in force, and status says so"
reloads held
ok $? "a message that is held at each step of it while the policy changes is judged by that of its MAIL"
reloads cut_conf "${RELOAD_FAULTS_EACH:-7}"
ok $? "greenlane.conf cut at each line, and between: never in force, mail as before, and the log names file and line"
reloads cut_vendor "${RELOAD_FAULTS_EACH:-7}"
ok $? "a vendor's file cut at each line, and between: likewise"
reloads written
ok $? "a vendor's file that is written slowly while HUPs come: mail is judged by one or the other"
status
ok $? "and status is well"
end "it exits with 0"

finish_tap
