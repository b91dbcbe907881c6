/*
 * sources_t.c - what a vendor publishes, unfolded: a zone, a source, and what comes of it, by row.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/sources/sources.h"
#include "policy/util/text.h"
#include "t/lib/canned_zone.h"
#include "t/lib/tap.h"

enum { DONE = UNFOLDING_DONE, TEMPORARY = UNFOLDING_TEMPORARY, BROKEN = UNFOLDING_BROKEN };

#define V "vendor.example"
#define TEN_HOSTS                                                                                                       \
	V " MX 10 h0." V "\n" V " MX 10 h1." V "\n" V " MX 10 h2." V "\n" V " MX 10 h3." V "\n" V " MX 10 h4." V "\n" V \
	  " MX 10 h5." V "\n" V " MX 10 h6." V "\n" V " MX 10 h7." V "\n" V " MX 10 h8." V "\n" V " MX 10 h9." V "\n"   \
	  "h9." V " A 192.0.2.9\n"
#define TEN_A "a a a a a a a a a a"

static const struct {
	const char *what;
	enum source_kind kind;
	const char *zone; /* lines */
	int state;
	const char *wanted; /* DONE: "network path; ..." in the order found; else the fault */
	const char *asked;  /* why, "" when all is listed */
	long long ttl;      /* -1: not looked at */
} rows[] = {
	/* hosts */
	{ "a: both families", SOURCE_A, V " 300 A 192.0.2.1\n" V " 60 AAAA 2001:db8::1", DONE,
	    "192.0.2.1 " V "; 2001:db8::1 " V, "", 60 },
	{ "a: several addresses, a double once", SOURCE_A, V " A 192.0.2.1\n" V " A 192.0.2.2\n" V " A 192.0.2.1", DONE,
	    "192.0.2.1 " V "; 192.0.2.2 " V, "", -1 },
	{ "a: no AAAA is fine", SOURCE_A, V " 300 A 192.0.2.1", DONE, "192.0.2.1 " V, "", 300 },
	{ "a: no A is fine", SOURCE_A, V " 300 AAAA 2001:db8::1", DONE, "2001:db8::1 " V, "", 300 },
	{ "a: through an alias", SOURCE_A, V " CNAME h." V "\nh." V " A 192.0.2.1", DONE, "192.0.2.1 " V, "", -1 },
	{ "a: a mapped AAAA does not count", SOURCE_A, V " A 192.0.2.1\n" V " AAAA ::ffff:192.0.2.2", DONE,
	    "192.0.2.1 " V, "", -1 },
	{ "a: nothing there", SOURCE_A, V " TXT hello", BROKEN, V ": no address (A or AAAA)", "", -1 },
	{ "a: no such name", SOURCE_A, "", BROKEN, V ": the name does not exist", "", -1 },
	{ "a: trouble with A", SOURCE_A, V " A SERVFAIL\n" V " AAAA 2001:db8::1", TEMPORARY, V ": no answer for A", "",
	    -1 },
	{ "a: trouble with AAAA after an A", SOURCE_A, V " A 192.0.2.1\n" V " AAAA TIMEOUT", TEMPORARY,
	    V ": no answer for AAAA", "", -1 },
	{ "a: a bogus answer", SOURCE_A, V " A BOGUS", TEMPORARY, V ": the answer for A fails DNSSEC", "", -1 },
	{ "mx: the addresses of every host", SOURCE_MX,
	    V " 600 MX 10 h1." V "\n" V " 600 MX 20 h2." V "\nh1." V " 300 A 192.0.2.1\nh2." V " 900 AAAA 2001:db8::2",
	    DONE, "192.0.2.1 " V " > h1." V "; 2001:db8::2 " V " > h2." V, "", 300 },
	{ "mx: a host without addresses beside one", SOURCE_MX,
	    V " MX 10 gone." V "\n" V " MX 20 h2." V "\nh2." V " A 192.0.2.2", DONE, "192.0.2.2 " V " > h2." V, "", -1 },
	{ "mx: ten hosts", SOURCE_MX, TEN_HOSTS, DONE, "192.0.2.9 " V " > h9." V, "", -1 },
	{ "mx: eleven hosts", SOURCE_MX, TEN_HOSTS V " MX 10 h10." V, BROKEN,
	    V ": more than 10 MX hosts (RFC 7208, 4.6.4)", "", -1 },
	{ "mx: none", SOURCE_MX, V " A 192.0.2.1", BROKEN, V ": no MX host with an address", "", -1 },
	{ "mx: the null MX", SOURCE_MX, V " MX 0 .", BROKEN, V ": no MX host with an address", "", -1 },
	{ "mx: trouble with one host", SOURCE_MX,
	    V " MX 10 h1." V "\n" V " MX 10 h2." V "\nh1." V " A 192.0.2.1\nh2." V " A SERVFAIL", TEMPORARY,
	    V " > h2." V ": no answer for A", "", -1 },

	/* the record */
	{ "spf: networks of both families", SOURCE_SPF,
	    V " 300 TXT \"v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 ip4:198.51.100.7 -all\"", DONE,
	    "192.0.2.0/24 " V " > ip4; 2001:db8::/32 " V " > ip6; 198.51.100.7 " V " > ip4", "", 300 },
	{ "spf: host bits are cleared", SOURCE_SPF, V " TXT \"v=spf1 ip4:192.0.2.77/24 -all\"", DONE,
	    "192.0.2.0/24 " V " > ip4", "", -1 },
	{ "spf: duplicates once", SOURCE_SPF, V " TXT \"v=spf1 ip4:192.0.2.1 ip4:192.0.2.1/32 +ip4:192.0.2.1 -all\"",
	    DONE, "192.0.2.1 " V " > ip4", "", -1 },
	{ "spf: a network inside another stays", SOURCE_SPF, V " TXT \"v=spf1 ip4:192.0.2.0/24 ip4:192.0.2.1 -all\"",
	    DONE, "192.0.2.0/24 " V " > ip4; 192.0.2.1 " V " > ip4", "", -1 },
	{ "spf: nobody sends", SOURCE_SPF, V " TXT \"v=spf1 -all\"", DONE, "", "", -1 },
	{ "spf: other texts beside it", SOURCE_SPF,
	    V " TXT \"v=spf10 +all\"\n" V " TXT hello\n" V " TXT \"v=spf1 ip4:192.0.2.1 ~all\"", DONE,
	    "192.0.2.1 " V " > ip4", "", -1 },
	{ "spf: no end", SOURCE_SPF, V " TXT \"v=spf1 ip4:192.0.2.1\"", DONE, "192.0.2.1 " V " > ip4", "", -1 },
	{ "spf: a neutral end is an end", SOURCE_SPF, V " TXT \"v=spf1 ip4:192.0.2.1 ?all ip4:192.0.2.2\"", DONE,
	    "192.0.2.1 " V " > ip4", "", -1 },
	{ "spf: nothing after the end is read", SOURCE_SPF, V " TXT \"v=spf1 -all include:gone." V " +all\"", DONE, "",
	    "", -1 },
	{ "spf: no record", SOURCE_SPF, V " TXT hello", BROKEN, V ": no SPF record", "", -1 },
	{ "spf: no such name", SOURCE_SPF, "", BROKEN, V ": no SPF record, the name does not exist", "", -1 },
	{ "spf: two records", SOURCE_SPF, V " TXT \"v=spf1 -all\"\n" V " TXT \"v=spf1 ~all\"", BROKEN,
	    V ": two SPF records", "", -1 },
	{ "spf: trouble", SOURCE_SPF, V " TXT SERVFAIL", TEMPORARY, V ": no answer for TXT", "", -1 },
	{ "spf: bogus", SOURCE_SPF, V " TXT BOGUS", TEMPORARY, V ": the answer for TXT fails DNSSEC", "", -1 },
	{ "spf: it passes everybody", SOURCE_SPF, V " TXT \"v=spf1 ip4:192.0.2.1 +all\"", BROKEN,
	    V ": '+all' passes the whole internet", "", -1 },
	{ "spf: all alone means +all", SOURCE_SPF, V " TXT \"v=spf1 all\"", BROKEN,
	    V ": '+all' passes the whole internet", "", -1 },
	{ "spf: everybody but one is everybody", SOURCE_SPF, V " TXT \"v=spf1 -ip4:192.0.2.1 +all\"", BROKEN,
	    V ": '+all' passes the whole internet", V " > -ip4:192.0.2.1", -1 },
	{ "spf: the whole of IPv4", SOURCE_SPF, V " TXT \"v=spf1 ip4:0.0.0.0/0 -all\"", BROKEN,
	    V " > ip4: 0.0.0.0/0 is too broad", "", -1 },
	{ "spf: half of IPv4", SOURCE_SPF, V " TXT \"v=spf1 ip4:128.0.0.0/1 -all\"", BROKEN,
	    V " > ip4: 128.0.0.0/1 is too broad", "", -1 },
	{ "spf: as broad as a holder can be", SOURCE_SPF, V " TXT \"v=spf1 ip4:17.0.0.0/8 ip6:2600::/16 -all\"", DONE,
	    "17.0.0.0/8 " V " > ip4; 2600::/16 " V " > ip6", "", -1 },
	{ "spf: the whole of IPv6", SOURCE_SPF, V " TXT \"v=spf1 ip6:::/0 -all\"", BROKEN,
	    V " > ip6: ::/0 is too broad", "", -1 },
	{ "spf: a little too broad", SOURCE_SPF, V " TXT \"v=spf1 ip6:2600::/15 -all\"", BROKEN,
	    V " > ip6: 2600::/15 is too broad", "", -1 },
	{ "spf: too broad though one is taken out", SOURCE_SPF, V " TXT \"v=spf1 -ip4:192.0.2.1 ip4:0.0.0.0/0 -all\"",
	    BROKEN, V " > ip4: 0.0.0.0/0 is too broad", V " > -ip4:192.0.2.1", -1 },
	{ "spf: too broad by an address", SOURCE_SPF, V " A 192.0.2.1\n" V " TXT \"v=spf1 a/0 -all\"", BROKEN,
	    V " > a: 0.0.0.0/0 is too broad", "", -1 },

	/* hosts in the record */
	{ "spf: a and mx of the name itself", SOURCE_SPF,
	    V " A 192.0.2.1\n" V " MX 1 h." V "\nh." V " A 192.0.2.2\n" V " TXT \"v=spf1 a mx -all\"", DONE,
	    "192.0.2.1 " V " > a; 192.0.2.2 " V " > mx > h." V, "", -1 },
	{ "spf: a and mx of other names", SOURCE_SPF,
	    "o." V " A 192.0.2.1\no." V " AAAA 2001:db8::1\np." V " MX 1 o." V "\n" V " TXT \"v=spf1 mx:P." V " a:O." V
	    ". -all\"",
	    DONE, "192.0.2.1 " V " > mx:P." V " > o." V "; 2001:db8::1 " V " > mx:P." V " > o." V, "", -1 },
	{ "spf: networks around hosts", SOURCE_SPF,
	    V " A 192.0.2.77\n" V " AAAA 2001:db8::77\n" V " MX 1 " V "\n" V " TXT \"v=spf1 a/24//64 mx/25//65 -all\"",
	    DONE,
	    "192.0.2.0/24 " V " > a; 2001:db8::/64 " V " > a; 192.0.2.0/25 " V " > mx > " V "; 2001:db8::/65 " V
	    " > mx > " V,
	    "", -1 },
	{ "spf: the smallest time of all answers", SOURCE_SPF,
	    V " 900 TXT \"v=spf1 a:h." V " include:i." V " -all\"\nh." V " 45 A 192.0.2.1\ni." V " 600 TXT \"v=spf1 -all\"",
	    DONE, "192.0.2.1 " V " > a:h." V, "", 45 },
	{ "spf: two empty hosts are borne", SOURCE_SPF, V " TXT \"v=spf1 a:x." V " mx:y." V " ip4:192.0.2.1 -all\"",
	    DONE, "192.0.2.1 " V " > ip4", "", -1 },
	{ "spf: three are not", SOURCE_SPF, V " TXT \"v=spf1 a:x." V " mx:y." V " a:z." V " -all\"", BROKEN,
	    V " > a:z." V ": more than 2 look-ups without an answer (RFC 7208, 4.6.4)", "", -1 },
	{ "spf: hosts without AAAA are not void look-ups", SOURCE_SPF,
	    V " A 192.0.2.1\n" V " MX 1 " V "\nw." V " A 192.0.2.2\n" V " TXT \"v=spf1 a a:w." V " a:" V " mx -all\"",
	    DONE, "192.0.2.1 " V " > a; 192.0.2.2 " V " > a:w." V, "", -1 },
	{ "spf: empty hosts of an MX are not terms", SOURCE_SPF, TEN_HOSTS V " TXT \"v=spf1 mx -all\"", DONE,
	    "192.0.2.9 " V " > mx > h9." V, "", -1 },
	{ "spf: eleven hosts of an MX", SOURCE_SPF, TEN_HOSTS V " MX 1 hx." V "\n" V " TXT \"v=spf1 mx -all\"", BROKEN,
	    V " > mx: more than 10 MX hosts (RFC 7208, 4.6.4)", "", -1 },
	{ "spf: the null MX has no hosts", SOURCE_SPF, V " MX 0 .\n" V " TXT \"v=spf1 mx ip4:192.0.2.1 -all\"", DONE,
	    "192.0.2.1 " V " > ip4", "", -1 },
	{ "spf: trouble with a host", SOURCE_SPF, "h." V " A TIMEOUT\n" V " TXT \"v=spf1 ip4:192.0.2.1 a:h." V " -all\"",
	    TEMPORARY, V " > a:h." V ": no answer for A", "", -1 },
	{ "spf: a name that DNS cannot carry has no address", SOURCE_SPF,
	    V " TXT \"v=spf1 a:x..y." V " ip4:192.0.2.1 -all\"", DONE, "192.0.2.1 " V " > ip4", "", -1 },

	/* includes */
	{ "spf: an include", SOURCE_SPF,
	    V " TXT \"v=spf1 include:_spf." V " -all\"\n_spf." V " TXT \"v=spf1 ip4:192.0.2.0/24 ~all\"", DONE,
	    "192.0.2.0/24 " V " > _spf." V " > ip4", "", -1 },
	{ "spf: includes in their order, deep before wide", SOURCE_SPF,
	    V " TXT \"v=spf1 include:b." V " include:d." V " -all\"\nb." V " TXT \"v=spf1 ip4:192.0.2.1 include:c." V
	      " -all\"\nc." V " TXT \"v=spf1 ip4:192.0.2.2\"\nd." V " TXT \"v=spf1 ip4:192.0.2.3\"",
	    DONE,
	    "192.0.2.1 " V " > b." V " > ip4; 192.0.2.2 " V " > b." V " > c." V " > ip4; 192.0.2.3 " V " > d." V " > ip4",
	    "", -1 },
	{ "spf: the same include by two ways is not a loop, its path is the first", SOURCE_SPF,
	    V " TXT \"v=spf1 include:b." V " include:c." V " -all\"\nb." V " TXT \"v=spf1 include:c." V " -all\"\nc." V
	      " TXT \"v=spf1 ip4:192.0.2.2\"",
	    DONE, "192.0.2.2 " V " > b." V " > c." V " > ip4", "", -1 },
	{ "spf: hosts in an include are those of its own name", SOURCE_SPF,
	    V " A 192.0.2.1\n" V " TXT \"v=spf1 include:b." V " -all\"\nb." V " A 192.0.2.2\nb." V " TXT \"v=spf1 a -all\"",
	    DONE, "192.0.2.2 " V " > b." V " > a", "", -1 },
	{ "spf: an include without a record", SOURCE_SPF,
	    V " TXT \"v=spf1 include:_spf.x.example -all\"\n_spf.x.example TXT hello", BROKEN,
	    V " > _spf.x.example: no SPF record", "", -1 },
	{ "spf: an include of a name that does not exist", SOURCE_SPF,
	    V " TXT \"v=spf1 ip4:192.0.2.1 include:_spf.x.example -all\"", BROKEN,
	    V " > _spf.x.example: no SPF record, the name does not exist", "", -1 },
	{ "spf: an include of a name that DNS cannot carry", SOURCE_SPF, V " TXT \"v=spf1 include:x..example -all\"",
	    BROKEN, V " > x..example: no SPF record, the name does not exist", "", -1 },
	{ "spf: an include with two records", SOURCE_SPF,
	    V " TXT \"v=spf1 include:b." V "\"\nb." V " TXT \"v=spf1 -all\"\nb." V " TXT \"v=spf1 -all\"", BROKEN,
	    V " > b." V ": two SPF records", "", -1 },
	{ "spf: an include in trouble", SOURCE_SPF,
	    V " TXT \"v=spf1 ip4:192.0.2.1 include:b." V " -all\"\nb." V " TXT SERVFAIL", TEMPORARY,
	    V " > b." V ": no answer for TXT", "", -1 },
	{ "spf: an include that passes everybody", SOURCE_SPF,
	    V " TXT \"v=spf1 include:b." V " -all\"\nb." V " TXT \"v=spf1 +all\"", BROKEN,
	    V " > b." V ": '+all' passes the whole internet", "", -1 },
	{ "spf: a loop of one", SOURCE_SPF, V " TXT \"v=spf1 include:" V " -all\"", BROKEN, V " > " V ": a loop", "", -1 },
	{ "spf: a loop of three, in another case", SOURCE_SPF,
	    V " TXT \"v=spf1 include:b." V "\"\nb." V " TXT \"v=spf1 include:c." V "\"\nc." V
	      " TXT \"v=spf1 include:VENDOR.example.\"",
	    BROKEN, V " > b." V " > c." V " > " V ": a loop", "", -1 },
	{ "spf: a loop by redirect", SOURCE_SPF, V " TXT \"v=spf1 redirect=b." V "\"\nb." V " TXT \"v=spf1 include:" V "\"",
	    BROKEN, V " > b." V " > " V ": a loop", "", -1 },
	{ "spf: ten terms that ask", SOURCE_SPF, V " A 192.0.2.1\n" V " TXT \"v=spf1 " TEN_A " -all\"", DONE,
	    "192.0.2.1 " V " > a", "", -1 },
	{ "spf: eleven terms that ask", SOURCE_SPF, V " A 192.0.2.1\n" V " TXT \"v=spf1 " TEN_A " mx -all\"", BROKEN,
	    V " > mx: more than 10 terms that ask DNS (RFC 7208, 4.6.4)", "", -1 },
	{ "spf: an eleventh that cannot be listed", SOURCE_SPF,
	    V " A 192.0.2.1\n" V " TXT \"v=spf1 " TEN_A " exists:%{i}.x.example -all\"", BROKEN,
	    V " > exists:%{i}.x.example: more than 10 terms that ask DNS (RFC 7208, 4.6.4)", "", -1 },
	{ "spf: an eleventh in an include", SOURCE_SPF,
	    V " A 192.0.2.1\n" V " TXT \"v=spf1 a a a a a a a a a include:b." V " -all\"\nb." V " TXT \"v=spf1 mx -all\"",
	    BROKEN, V " > b." V " > mx: more than 10 terms that ask DNS (RFC 7208, 4.6.4)", "", -1 },
	{ "spf: an eleventh by redirect", SOURCE_SPF, V " A 192.0.2.1\n" V " TXT \"v=spf1 " TEN_A " redirect=b." V "\"",
	    BROKEN, V " > redirect=b." V ": more than 10 terms that ask DNS (RFC 7208, 4.6.4)", "", -1 },
	{ "spf: a redirect", SOURCE_SPF,
	    V " TXT \"v=spf1 redirect=_spf." V " ip4:192.0.2.1\"\n_spf." V " A 192.0.2.3\n_spf." V
	      " TXT \"v=spf1 ip4:192.0.2.2 a -all\"",
	    DONE, "192.0.2.1 " V " > ip4; 192.0.2.2 " V " > _spf." V " > ip4; 192.0.2.3 " V " > _spf." V " > a", "", -1 },
	{ "spf: a redirect beside an end is nothing", SOURCE_SPF,
	    V " TXT \"v=spf1 ip4:192.0.2.1 redirect=gone.example ?all\"", DONE, "192.0.2.1 " V " > ip4", "", -1 },
	{ "spf: a redirect to nowhere", SOURCE_SPF, V " TXT \"v=spf1 ip4:192.0.2.1 redirect=gone.example\"", BROKEN,
	    V " > gone.example: no SPF record, the name does not exist", "", -1 },
	{ "spf: a redirect to somebody who passes everybody", SOURCE_SPF,
	    V " TXT \"v=spf1 redirect=b." V "\"\nb." V " TXT \"v=spf1 all\"", BROKEN,
	    V " > b." V ": '+all' passes the whole internet", "", -1 },

	/* what cannot be listed */
	{ "asked: exists", SOURCE_SPF, V " TXT \"v=spf1 ip4:192.0.2.1 exists:%{i}._spf." V " ip4:192.0.2.2 -all\"",
	    DONE, "192.0.2.1 " V " > ip4; 192.0.2.2 " V " > ip4", V " > exists:%{i}._spf." V, -1 },
	{ "spf: exists of a plain name that has an address passes everybody", SOURCE_SPF,
	    V " TXT \"v=spf1 ip4:192.0.2.1 exists:on." V " -all\"\n"
	      "on." V " A 127.0.0.2",
	    BROKEN, V " > exists:on." V ": 0.0.0.0/0 is too broad", "", -1 },
	{ "spf: exists of a plain name that has none passes nobody", SOURCE_SPF,
	    V " TXT \"v=spf1 ip4:192.0.2.1 exists:on." V " -all\"\n"
	      "on." V " AAAA 2001:db8::1",
	    DONE, "192.0.2.1 " V " > ip4", "", -1 },
	{ "spf: too broad by an address of a name with a macro", SOURCE_SPF, V " TXT \"v=spf1 a:%{d}/0 -all\"", BROKEN,
	    V ": a:%{d} is too broad", V " > a:%{d}", -1 },
	{ "spf: too broad by an IPv6 address of a name with a macro", SOURCE_SPF, V " TXT \"v=spf1 mx:%{d}//15 -all\"",
	    BROKEN, V ": mx:%{d} is too broad", V " > mx:%{d}", -1 },
	{ "asked: not too broad by an address of a name with a macro", SOURCE_SPF,
	    V " TXT \"v=spf1 a:%{d}/8//16 -all\"", DONE, "", V " > a:%{d}", -1 },
	{ "asked: ptr", SOURCE_SPF, V " TXT \"v=spf1 ptr -all\"", DONE, "", V " > ptr", -1 },
	{ "asked: macros in an include", SOURCE_SPF, V " TXT \"v=spf1 include:%{ir}.%{v}._spf." V " ip4:192.0.2.1 -all\"",
	    DONE, "192.0.2.1 " V " > ip4", V " > include:%{ir}.%{v}._spf." V, -1 },
	{ "asked: macros in a and mx, the first is named", SOURCE_SPF, V " TXT \"v=spf1 a:%{d} mx:%{d2} -all\"", DONE,
	    "", V " > a:%{d}", -1 },
	{ "asked: macros in a redirect", SOURCE_SPF, V " TXT \"v=spf1 ip4:192.0.2.1 redirect=%{d}.x.example\"", DONE,
	    "192.0.2.1 " V " > ip4", V " > redirect=%{d}.x.example", -1 },
	{ "asked: the path is named", SOURCE_SPF,
	    V " TXT \"v=spf1 include:b." V " -all\"\nb." V " TXT \"v=spf1 include:c." V "\"\nc." V
	      " TXT \"v=spf1 ip4:192.0.2.1 ptr\"",
	    DONE, "192.0.2.1 " V " > b." V " > c." V " > ip4", V " > b." V " > c." V " > ptr", -1 },
	{ "asked: what comes after an exception is not believed", SOURCE_SPF,
	    V " A 192.0.2.9\n" V " TXT \"v=spf1 ip4:198.51.100.1 -ip4:192.0.2.1 ip4:192.0.2.0/24 a -all\"", DONE,
	    "198.51.100.1 " V " > ip4", V " > -ip4:192.0.2.1", -1 },
	{ "asked: a soft exception is one", SOURCE_SPF, V " TXT \"v=spf1 ~ip4:192.0.2.0/28 ip4:192.0.2.0/24 -all\"",
	    DONE, "", V " > ~ip4:192.0.2.0/28", -1 },
	{ "asked: a neutral exception by host is one", SOURCE_SPF,
	    V " TXT \"v=spf1 ?a:x.example ip4:192.0.2.0/24 -all\"", DONE, "", V " > ?a:x.example", -1 },
	{ "asked: a negative include is not unfolded", SOURCE_SPF,
	    V " TXT \"v=spf1 ip4:192.0.2.1 -include:b." V " ip4:192.0.2.2 -all\"\nb." V
	      " TXT \"v=spf1 ip4:192.0.2.3 -all\"",
	    DONE, "192.0.2.1 " V " > ip4", V " > -include:b." V, -1 },
	{ "asked: an exception holds for includes after it", SOURCE_SPF,
	    V " TXT \"v=spf1 -ip4:192.0.2.1 include:b." V " -all\"\nb." V " TXT \"v=spf1 ip4:192.0.2.0/24 -all\"", DONE,
	    "", V " > -ip4:192.0.2.1", -1 },
	{ "asked: an exception holds for a redirect after it", SOURCE_SPF,
	    V " TXT \"v=spf1 -ip4:192.0.2.1 redirect=b." V "\"\nb." V " TXT \"v=spf1 ip4:192.0.2.0/24 -all\"", DONE, "",
	    V " > -ip4:192.0.2.1", -1 },
	{ "asked: an exception inside an include stays inside", SOURCE_SPF,
	    V " TXT \"v=spf1 include:b." V " include:c." V " ip4:198.51.100.1 -all\"\nb." V
	      " TXT \"v=spf1 ip4:192.0.2.9 -ip4:192.0.2.1 ip4:192.0.2.0/24 -all\"\nc." V " TXT \"v=spf1 ip4:203.0.113.1\"",
	    DONE, "198.51.100.1 " V " > ip4; 192.0.2.9 " V " > b." V " > ip4; 203.0.113.1 " V " > c." V " > ip4",
	    V " > b." V " > -ip4:192.0.2.1", -1 },
	{ "asked: what comes after an exception must be valid", SOURCE_SPF,
	    V " TXT \"v=spf1 -ip4:192.0.2.1 include:b." V " -all\"\nb." V " TXT \"v=spf1 +all\"", BROKEN,
	    V " > b." V ": '+all' passes the whole internet", V " > -ip4:192.0.2.1", -1 },
};
enum { ROWS = sizeof rows / sizeof *rows };

static struct canned_zone *
zone_of(const char *lines)
{
	struct canned_zone *zone = canned_zone_open();

	canned_zone_text(zone, lines);
	return zone;
}

/* Asks the zone until there is nothing to ask; returns how many questions there were. */
static int
run(struct unfolding *u, const struct canned_zone *zone)
{
	struct dns_question question;
	struct dns_answer answer;
	int count = 0;

	for (; count < 1000 && unfolding_next(u, &question); count++) {
		canned_zone_answer(zone, &question, &answer);
		unfolding_answer(u, &answer);
	}
	return count;
}

static void
networks_write(const struct unfolding *u, struct text *out)
{
	size_t count;
	const struct source_network *networks = unfolding_networks(u, &count);
	char text[PREFIX_TEXT];

	for (size_t i = 0; i < count; i++)
		text_format(out, "%s%s %s", i == 0 ? "" : "; ", prefix_write(&networks[i].prefix, text), networks[i].path);
}

static void
test_row(size_t i)
{
	struct source source = { .kind = rows[i].kind, .name = V, .text = "spf:" V };
	struct canned_zone *zone = zone_of(rows[i].zone);
	struct unfolding *u = unfolding_open(&source);
	struct text text;
	struct fault why;

	text_open(&text, 4096);
	is_number(unfolding_state(u, NULL), UNFOLDING_ASKS, "%s (asks)", rows[i].what);
	run(u, zone);
	is_number(unfolding_state(u, &why), rows[i].state, "%s (state)", rows[i].what);
	networks_write(u, &text);
	if (rows[i].state == DONE)
		is(text.bytes, rows[i].wanted, "%s", rows[i].what);
	else
		is(why.text, rows[i].wanted, "%s", rows[i].what);
	ok(rows[i].state == DONE || text.length == 0, "%s (nothing of half a list)", rows[i].what);
	is(unfolding_asked_why(u), rows[i].asked, "%s (asked)", rows[i].what);
	is_number(unfolding_is_asked(u), rows[i].asked[0] != '\0', "%s (is asked)", rows[i].what);
	if (rows[i].ttl >= 0)
		is_number(unfolding_ttl(u), rows[i].ttl, "%s (time)", rows[i].what);
	text_close(&text);
	unfolding_close(u);
	canned_zone_close(zone);
}

/* ---- lists of one's own ---- */

static void
test_lists(void)
{
	static const char *const networks[] = { "192.0.2.0/24", "2001:db8::/32", "192.0.2.0/24", "192.0.2.7" };
	struct prefix prefixes[4];
	struct source source = { .kind = SOURCE_CIDR,
		.name = "",
		.text = "cidr:...",
		.prefixes = prefixes,
		.prefix_count = 4 };
	struct dns_question question;
	struct unfolding *u;
	struct text text;
	struct fault why;

	for (size_t i = 0; i < 4; i++)
		ok(prefix_read(networks[i], &prefixes[i], NULL), "list: %s reads", networks[i]);
	text_open(&text, 4096);
	u = unfolding_open(&source);
	is_number(unfolding_state(u, &why), DONE, "cidr: done at once");
	ok(!unfolding_next(u, &question), "cidr: asks nothing");
	networks_write(u, &text);
	is(text.bytes, "192.0.2.0/24 cidr; 2001:db8::/32 cidr; 192.0.2.7 cidr", "cidr: each network once");
	ok(!unfolding_is_asked(u) && unfolding_ttl(u) == UINT32_MAX, "cidr: nothing to ask again");
	unfolding_close(u);

	source.kind = SOURCE_FILE;
	source.name = "/etc/greenlane/networks";
	u = unfolding_open(&source);
	text_clear(&text);
	networks_write(u, &text);
	is(text.bytes,
	    "192.0.2.0/24 /etc/greenlane/networks; 2001:db8::/32 /etc/greenlane/networks; 192.0.2.7 /etc/greenlane/networks",
	    "file: its path is named");
	unfolding_close(u);

	prefixes[3] = (struct prefix){ { .family = ADDRESS_V6 }, 0 };
	u = unfolding_open(&source);
	is_number(unfolding_state(u, &why), BROKEN, "file: too broad a network breaks it");
	is(why.text, "/etc/greenlane/networks: ::/0 is too broad", "file: and is named");
	unfolding_close(u);

	source.prefix_count = 0;
	u = unfolding_open(&source);
	is_number(unfolding_state(u, &why), DONE, "file: an empty one is not a fault");
	unfolding_close(u);
	unfolding_close(NULL);
	text_close(&text);
}

/* A long list is an administrator's own business: no ceiling but the table's, each network once. */
static void
test_long_list(void)
{
	enum { COUNT = 2 * SOURCE_NETWORKS_MAX };
	struct prefix *prefixes = calloc(COUNT, sizeof *prefixes);
	struct source source = { .kind = SOURCE_FILE, .name = "long", .text = "", .prefixes = prefixes, .prefix_count = COUNT };
	struct unfolding *u;
	size_t count;

	if (prefixes == NULL)
		return;
	for (uint32_t i = 0; i < COUNT; i++) { /* every other one is the double of the one before */
		uint8_t bytes[4] = { 10, (uint8_t)(i >> 17), (uint8_t)(i >> 9), (uint8_t)(i >> 1) };

		prefixes[i] = (struct prefix){ address_of_v4(bytes), 32 };
	}
	u = unfolding_open(&source);
	is_number(unfolding_state(u, NULL), DONE, "file: a long one is done");
	unfolding_networks(u, &count);
	is_number((long long)count, COUNT / 2, "file: each of a hundred thousand networks once");
	unfolding_close(u);
	free(prefixes);
}

/* ---- questions ---- */

static void
test_questions(void)
{
	static const struct dns_answer nothing = { .status = DNS_EMPTY };
	struct source source = { .kind = SOURCE_A, .name = "Host.Vendor.Example.", .text = "" };
	struct unfolding *u = unfolding_open(&source);
	struct dns_question question;

	ok(unfolding_next(u, &question) && unfolding_next(u, &question), "a question stays open until it is answered");
	is(question.name, "host.vendor.example", "it is asked in lower case");
	is_number(question.type, DNS_A, "A first");
	unfolding_answer(u, &nothing);
	ok(unfolding_next(u, &question), "then another");
	is_number(question.type, DNS_AAAA, "AAAA second");
	unfolding_answer(u, &nothing);
	ok(!unfolding_next(u, &question), "then none");
	unfolding_answer(u, &nothing);
	is_number(unfolding_state(u, NULL), BROKEN, "an answer nobody asked for changes nothing");
	unfolding_close(u);

	source.kind = SOURCE_SPF;
	source.name = "a..b";
	u = unfolding_open(&source);
	ok(!unfolding_next(u, &question), "a name that DNS cannot carry is not asked");
	is_number(unfolding_state(u, NULL), BROKEN, "it is broken at once");
	unfolding_close(u);
}

/* Counts what an include tree may cost: eleven records, ten hosts an MX, two families. */
static void
test_cost(void)
{
	struct canned_zone *zone = zone_of(TEN_HOSTS V " TXT \"v=spf1 mx mx mx mx mx mx mx mx mx mx -all\"");
	struct source source = { .kind = SOURCE_SPF, .name = V, .text = "" };
	struct unfolding *u = unfolding_open(&source);

	is_number(run(u, zone), 1 + 10 * (1 + 10 * 2), "the dearest tree has a known price in questions");
	is_number(unfolding_state(u, NULL), DONE, "and is done");
	unfolding_close(u);
	canned_zone_close(zone);
}

/* ---- hostile answers ---- */

/* Answers every MX question with ten hosts and every address question with as many as fit, all
 * different: the only tree that reaches the ceiling of networks. */
static void
answer_flood(const struct dns_question *question, uint32_t *next, struct dns_answer *out)
{
	static struct dns_record records[DNS_RECORDS_MAX];
	static uint8_t bytes[DNS_RECORDS_MAX][16];
	static const char text[] =
	    "v=spf1 mx:0.example mx:1.example mx:2.example mx:3.example mx:4.example mx:5.example mx:6.example"
	    " mx:7.example mx:8.example mx:9.example -all";

	*out = (struct dns_answer){ .status = DNS_FOUND, .ttl = 60, .count = DNS_RECORDS_MAX, .records = records };
	if (question->type == DNS_TXT) {
		records[0] = (struct dns_record){ .length = sizeof text - 1, .bytes = (const uint8_t *)text };
		out->count = 1;
		return;
	}
	for (size_t i = 0; i < DNS_RECORDS_MAX; i++, ++*next) {
		memcpy(bytes[i], &(uint8_t[16]){ 32, (uint8_t)(*next >> 16), (uint8_t)(*next >> 8), (uint8_t)*next, 1 },
		    16);
		records[i] = (struct dns_record){ .length = question->type == DNS_A ? 4 : 16, .bytes = bytes[i] };
	}
	if (question->type == DNS_MX) {
		out->count = 10;
		for (size_t i = 0; i < 10; i++)
			records[i].length = (uint16_t)snprintf((char *)bytes[i], 16, "h%zu.%.8s", i, question->name);
	}
}

static void
test_flood(void)
{
	struct source source = { .kind = SOURCE_SPF, .name = V, .text = "" };
	struct unfolding *u = unfolding_open(&source);
	struct dns_question question;
	struct dns_answer answer;
	struct fault why;
	uint32_t next = 0;
	int count = 0;

	while (count++ < 1000 && unfolding_next(u, &question)) {
		answer_flood(&question, &next, &answer);
		unfolding_answer(u, &answer);
	}
	is_number(unfolding_state(u, &why), BROKEN, "flood: too many networks break the source");
	ok(strstr(why.text, ": more than 100000 networks") != NULL, "flood: the fault says so: %s", why.text);
	unfolding_close(u);
}

/* Records of a wrong length, a record that breaks the SPF grammar, names as long as DNS allows. */
static void
test_odd_answers(void)
{
	static const uint8_t bytes[16] = { 192, 0, 2, 1 };
	static const struct dns_record short_one = { .length = 3, .bytes = bytes },
				       wrong = { .length = 16, .bytes = bytes };
	static const struct dns_record nul = { .length = 13, .bytes = (const uint8_t *)"v=spf1 a\0 -al" };
	struct source source = { .kind = SOURCE_A, .name = V, .text = "" };
	struct unfolding *u = unfolding_open(&source);
	struct dns_question question;
	struct fault why;

	unfolding_answer(u, &(struct dns_answer){ .status = DNS_FOUND, .count = 1, .records = &wrong });
	unfolding_answer(u, &(struct dns_answer){ .status = DNS_FOUND, .count = 1, .records = &short_one });
	is_number(unfolding_state(u, &why), BROKEN, "odd: addresses of a wrong length are none");
	unfolding_close(u);

	source.kind = SOURCE_SPF;
	u = unfolding_open(&source);
	unfolding_answer(u, &(struct dns_answer){ .status = DNS_FOUND, .count = 1, .records = &nul });
	is_number(unfolding_state(u, &why), BROKEN, "odd: an SPF record that breaks the grammar");
	ok(strncmp(why.text, V ": ", sizeof V + 1) == 0 && strlen(why.text) > sizeof V + 5, "odd: it is a fault: %s",
	    why.text);
	unfolding_close(u);

	u = unfolding_open(&source);
	unfolding_answer(u, &(struct dns_answer){ .status = DNS_EMPTY, .count = 1, .records = &nul });
	is_number(unfolding_state(u, &why), BROKEN, "odd: records of an empty answer are not read");
	is(why.text, V ": no SPF record", "odd: and it says there are none");
	ok(!unfolding_next(u, &question), "odd: a broken source asks nothing");
	unfolding_close(u);
}

/* A chain of ten includes with the longest names: paths and faults stay below their ceilings. */
static void
test_long_paths(void)
{
	struct source source = { .kind = SOURCE_SPF, .name = V, .text = "" };
	struct unfolding *u = unfolding_open(&source);
	char labels[4 * 60 + 1] = "", record[512];
	const struct source_network *networks;
	struct dns_question question;
	struct fault why;
	size_t count = 0;
	int depth = 0;

	for (int i = 0; i < 4; i++)
		strcat(labels, ".aaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff");
	for (; depth < 20 && unfolding_next(u, &question); depth++) {
		struct dns_record text = { .bytes = (const uint8_t *)record };

		text.length = (uint16_t)snprintf(record, sizeof record,
		    depth < 10 ? "v=spf1 include:i%d%s -all" : "v=spf1 ip4:192.0.2.%d -all", depth, labels);
		unfolding_answer(u, &(struct dns_answer){ .status = DNS_FOUND, .count = 1, .records = &text });
	}
	is_number(depth, 11, "long: ten includes below each other are followed");
	networks = unfolding_networks(u, &count);
	ok(count == 1 && strlen(networks[0].path) == SOURCE_PATH_MAX - 1 && strncmp(networks[0].path, "...", 3) == 0 &&
		strcmp(networks[0].path + SOURCE_PATH_MAX - 1 - 6, " > ip4") == 0,
	    "long: of a long path the end is kept");
	unfolding_close(u);

	u = unfolding_open(&source);
	for (depth = 0; depth < 20 && unfolding_next(u, &question); depth++) {
		struct dns_record text = { .bytes = (const uint8_t *)record };

		text.length = (uint16_t)snprintf(record, sizeof record, "v=spf1 include:i%d%s -all", depth, labels);
		unfolding_answer(u, &(struct dns_answer){ .status = DNS_FOUND, .count = 1, .records = &text });
	}
	is_number(unfolding_state(u, &why), BROKEN, "long: the eleventh breaks it");
	ok(strstr(why.text, ": more than 10 terms") != NULL, "long: a long path does not hide what is wrong");
	unfolding_close(u);
}

int
main(void)
{
	for (size_t i = 0; i < ROWS; i++)
		test_row(i);
	test_lists();
	test_long_list();
	test_questions();
	test_cost();
	test_flood();
	test_odd_answers();
	test_long_paths();
	return done();
}
