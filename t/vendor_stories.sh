#!/bin/sh
# Every shipped vendor file in a story: genuine by each proof, forged, from new addresses, its DNS gone. The stories are made by
# t/vendor_stories.py and played by t/replay_t; then wrong facts are planted, and each must make its vendor's story fail. TAP.
set -u
. "$(dirname "$0")/lib/tap.sh"
t=${srcdir:-.}/t
vendors=${srcdir:-.}/policy/vendors
player=${REPLAY_T:-t/replay_t}
world=$(mktemp -d) || exit 99
trap 'rm -rf "$world"' EXIT INT TERM
mkdir "$world/stories" "$world/planted" "$world/out"

/usr/bin/python3 "$t/vendor_stories.py" "$t/vendor_stories.table" "$vendors" "$world/stories" > "$world/said" 2>&1
ok $? "each file has a line of the table, and each line a file"
sed 's/^/# /' "$world/said"
"$player" "$world"/stories/*.replay > "$world/said" 2>&1
ok $? "the player ends well"
while IFS= read -r line; do
	case $line in
	'ok '*) ok 0 "${line#* - }" ;;
	'not ok '*) ok 1 "${line#* - }" ;;
	'1..'*) ;;
	*) printf '# %s\n' "${line#\# }" ;;
	esac
done < "$world/said"

# planted WHAT VENDOR SED: the file with that change must not pass for right.
planted() {
	rm -f "$world"/planted/* "$world"/out/*
	cp "$vendors"/*.conf "$world/planted"
	sed "$3" "$vendors/$2.conf" > "$world/planted/$2.conf"
	! cmp -s "$vendors/$2.conf" "$world/planted/$2.conf"
	ok $? "planted: $1: it is another file" || return
	/usr/bin/python3 "$t/vendor_stories.py" "$t/vendor_stories.table" "$world/planted" "$world/out" &&
		"$player" "$world/out/$2.replay" > "$world/said" 2>&1
	[ $? -eq 1 ] && [ "$(grep -c '^not ok' "$world/said")" -eq 2 ] && ! grep -q 'is not in force' "$world/said"
	ok $? "planted: $1: the story fails for both players"
}

planted "a domain misspelt" stripe 's/"stripe\.com"/"stripe.co"/'
planted "a domain left out" dropbox 's/"dropbox.com", "dropboxmail.com"/"dropbox.com"/'
planted "a name of customers claimed whole" zoho 's/"=zoho\.com"/"zoho.com"/'
planted "a source that lists nobody" nable-rmm 's/"hk\.mailers\./"hk.mailer./'
planted "the SPF name of somebody else" autotask 's/spf = "autotask\.net"/spf = "autotask.com"/'
planted "a network one bit too narrow" github 's|192\.30\.252\.0/22|192.30.254.0/23|'
planted "hosts that log in counted as mail hosts" servicedesk-plus-cloud 's/use = "login";//'
planted "half a proof that is enough" datto 's/"listed+spf"/"spf"/'
planted "a proof that is missing" okta 's/"dkim", "spf+dmarc"/"dkim"/'
planted "the key of somebody else" paypal 's/dkim    = .*/dkim = [ "evil.example" ];/'
planted "a mode that refuses" connectwise 's/mode .*/mode = "enforce"; on_unproven = "reject";/; s/on_forged = .*/on_forged = "reject";/'
planted "a mode that refuses nothing" zoom 's/mode .*/mode = "vouch";/'
planted "a forgery that passes" paypal 's/on_forged .*/on_forged = "tag";/'

cp "$vendors/okta.conf" "$world/planted/new.conf"
! /usr/bin/python3 "$t/vendor_stories.py" "$t/vendor_stories.table" "$world/planted" "$world/out" 2> "$world/said" &&
	grep -q "differ: \['new'\]" "$world/said"
ok $? "a file without a line of the table is said"
tap_end
