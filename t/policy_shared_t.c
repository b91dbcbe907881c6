/* Which differences of two greenlane.conf are the hosts' own, and which are another policy. */
#include <string.h>

#include "policy/config/policy_shared.h"
#include "policy/util/hash.h"
#include "t/lib/tap.h"

#define VENDORS "vendors = ( { name = \"acme\"; } );\n"

static uint64_t
hash_of(const char *text)
{
	struct arena *arena = arena_open(64 * 1024);
	struct fault why = { .text = "" };
	const struct node *root = tree_read(arena, "x.conf", text, strlen(text), &why);
	uint64_t hash = root == NULL ? 0 : policy_shared_hash(root, HASH_START);

	arena_close(arena);
	return hash;
}

static const struct {
	const char *name, *text;
	bool same;
} rows[] = {
	{ "comments and blanks are nothing", "# a host\n" VENDORS "\n\n", true },
	{ "a host has its own sockets", VENDORS "milter = { listen = \"inet:8895@192.0.2.1\"; };", true },
	{ "its own directory and user", VENDORS "state_dir = \"/x\"; user = \"x\";", true },
	{ "its own name servers", VENDORS "dns = { servers = [ \"192.0.2.53\" ]; };", true },
	{ "its own way to the greylist",
	    VENDORS "greylist = { store = \"redis:unix:/x\"; redis = { prefix = \"x:\"; }; };", true },
	{ "but the delay is everybody's", VENDORS "greylist = { delay = \"7m\"; };", false },
	{ "and so is the mode", VENDORS "mode = \"monitor\";", false },
	{ "the vendors", "vendors = ( { name = \"acme\"; mode = \"vouch\"; } );", false },
	{ "our own names", VENDORS "own = { domains = [ \"example.com\" ]; };", false },
	{ "what Postfix is told", VENDORS "delegate = { greylist_class = \"x\"; };", false },
	{ "but not where it asks", VENDORS "delegate = { listen = \"unix:/x\"; };", true },
};

int
main(void)
{
	uint64_t plain = hash_of(VENDORS);

	ok(plain != 0 && plain != hash_of(""), "a file has a number");
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint64_t hash = hash_of(rows[i].text);

		ok(hash != 0 && (hash == plain) == rows[i].same, "%s", rows[i].name);
	}
	ok(hash_of("own = { networks = [ ]; }; relays = ( );") != hash_of("relays = ( ); own = { networks = [ ]; };"),
	    "their order counts");
	return done();
}
