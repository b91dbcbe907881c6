/*
 * address_name_t.c - which names hold an address, and which are a host's own.
 */
#include "policy/mail/address_name.h"
#include "t/lib/tap.h"

static const struct {
	const char *address, *name;
	bool holds;
} rows[] = {
	{ "203.0.113.5", "dsl-203-0-113-5.isp.example", true },
	{ "203.0.113.5", "5.113.0.203.dyn.isp.example", true },
	{ "203.0.113.5", "host203-0-113-005.isp.example", true },
	{ "203.0.113.5", "113-5.pool.isp.example", true },
	{ "203.0.113.5", "cb007105.isp.example", true },
	{ "203.0.113.5", "ip203000113005.isp.example", true },
	{ "203.0.113.5", "mail.shop.example", false },
	{ "203.0.113.5", "mx5.shop.example", false },
	{ "203.0.113.5", "mx5.113shop.example", true },
	{ "203.0.113.5", "mx-113-50.shop.example", false },
	{ "203.0.113.5", "mx-1113-5.shop.example", false },
	{ "203.0.113.5", "99999999999999999999-5.shop.example", false },
	{ "203.0.113.5", "", false },
	{ "2001:db8::1234:5678", "1234-5678.v6.isp.example", true },
	{ "2001:db8::1234:5678", "5678.1234.v6.isp.example", true },
	{ "2001:db8::1234:5678", "p0000000012345678.isp.example", true },
	{ "2001:db8::1234:5678", "mail.shop.example", false },
	{ "2001:db8::1234:5678", "5678.shop.example", false },
};

int
main(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct address address;

		ok(address_read(rows[i].address, &address) && address_name_holds(rows[i].name, &address) == rows[i].holds,
		    "'%s' %s %s", rows[i].name, rows[i].holds ? "holds" : "does not hold", rows[i].address);
	}
	ok(!address_name_holds("mail.shop.example", &(struct address){ .family = ADDRESS_NONE }),
	    "no address is in no name");
	return done();
}
