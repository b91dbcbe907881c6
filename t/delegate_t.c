/*
 * delegate_t.c - the policy delegation and the milter's messages see one session: SPF is asked once, and the
 * message's end keeps or revokes what was promised. The socket map says the same in its own words. Over real
 * sockets, with canned DNS that counts.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "milter/peers/delegate.h"
#include "milter/peers/socketmap.h"
#include "milter/smtp/message.h"
#include "t/lib/delegate_fixture.h"
#include "t/lib/resolver_canned.h"
#include "t/lib/scratch.h"
#include "t/lib/tap.h"

/* ---- DNS that counts ---- */

struct counted {
	struct resolver resolver; /* first */
	struct resolver *canned;
	atomic_int asked;
	atomic_bool fails; /* it finds no reply */
};

static void
counted_ask(struct resolver *resolver, const struct dns_question *question, struct budget *budget, struct arena *arena,
    struct dns_answer *out)
{
	struct counted *counted = (struct counted *)resolver;

	counted->asked++;
	if (counted->fails)
		*out = (struct dns_answer){ .status = DNS_TEMPORARY };
	else
		resolver_ask(counted->canned, question, budget, arena, out);
}

static void
counted_prefetch(struct resolver *resolver, const struct dns_question *question)
{
	(void)resolver;
	(void)question;
}

static void
counted_close(struct resolver *resolver)
{
	(void)resolver;
}

/* ---- the services ---- */

static const char *const zone_lines[] = {
	"plain.example TXT \"v=spf1 ip4:192.0.2.0/24 -all\"",
	"single.example TXT \"v=spf1 ip4:198.51.100.0/24 -all\"",
	"mute.example TXT \"v=spf1 ip4:203.0.113.0/28 -all\"",
	"mail.single.example TXT \"v=spf1 ip4:198.51.100.0/24 -all\"",
	"b.example TXT \"v=spf1 +all\"",
};

static struct counted dns = { .resolver = { .ask = counted_ask, .prefetch = counted_prefetch, .close = counted_close } };
static struct services services;
static struct suffix_list suffixes;
static char folder[] = "/tmp/greenlane-delegate-XXXXXX";

static bool
publish(const char *settings)
{
	struct fixture fixture;
	struct fault why;

	if (!fixture_open(&fixture, settings, "gate rival"))
		return false;
	return snapshot_publish(services.snapshots, fixture.policy, fixture.ranges, NULL, &why);
}

static bool
services_open(struct canned_zone *zone)
{
	struct fault why;

	for (size_t i = 0; i < sizeof zone_lines / sizeof zone_lines[0]; i++)
		if (!canned_zone_line(zone, zone_lines[i], &why))
			return false;
	dns.canned = resolver_canned(zone, &why);
	services = (struct services){ .resolver = &dns.resolver,
		.suffixes = &suffixes,
		.snapshots = snapshots_open(&why),
		.promises = promises_open(100, &why) };
	services.dkim = dkim_verifier_open(&dns.resolver, &suffixes, &why);
	return services.snapshots != NULL && services.promises != NULL && services.dkim != NULL && publish("");
}

/* ---- both protocols ---- */

static int mta = -1;

static struct request_server *
serve(const struct request_protocol *protocol, char address[160])
{
	struct request_server *server = NULL;
	struct fault why = { .text = "" };
	struct listener *listener;

	snprintf(address, 160, "unix:%s/%s", folder, protocol->name);
	listener = listener_open(address, &why);
	if (listener != NULL)
		server = request_server_open(protocol, &services, NULL, listener, 10, &why);
	if (server == NULL) {
		note("%s", why.text);
		exit(99);
	}
	return server;
}

static int
call(const char *address)
{
	struct sockaddr_un where = { .sun_family = AF_UNIX };
	int made = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(where.sun_path, sizeof where.sun_path, "%s", listener_path(address));
	if (connect(made, (struct sockaddr *)&where, sizeof where) != 0)
		exit(99);
	return made;
}

/* The reply to Postfix, without the line end. */
static const char *
ask(const char *client, unsigned port, const char *sender)
{
	static char reply[1024];
	char request[1024];
	size_t had = 0;
	int length = snprintf(request, sizeof request,
	    "request=smtpd_access_policy\nprotocol_state=RCPT\nclient_address=%s\nclient_port=%u\nhelo_name=mail.single.example\n"
	    "sender=%s\nrecipient=desk@rx.example\n\n",
	    client, port, sender);

	if (send(mta, request, (size_t)length, MSG_NOSIGNAL) != length)
		return "(gone)";
	while (had < 2 || memcmp(reply + had - 2, "\n\n", 2) != 0) {
		ssize_t got = recv(mta, reply + had, sizeof reply - 1 - had, 0);

		if (got <= 0)
			return "(closed)";
		had += (size_t)got;
	}
	reply[had - 2] = '\0';
	return reply;
}

/* Without its id, which always differs. */
static const char *
ask_forged(void)
{
	static char cut[1024];
	const char *reply = ask("198.18.0.1", 4, "x@mute.example"), *end = strstr(reply, " (nothing-proven, id ");

	snprintf(cut, sizeof cut, "%.*s", end == NULL ? 1000 : (int)(end - reply), reply);
	return cut;
}

static struct message *
mail(const char *client, uint16_t port, const char *sender)
{
	static struct smtp_client smtp_client; /* kept until the message is closed */

	smtp_client = (struct smtp_client){ .port = port,
		.name = "",
		.helo = "mail.single.example",
		.daemon_name = "",
		.mta_name = "mx.rx.example" };
	if (!address_read(client, &smtp_client.address))
		exit(99);
	return message_open(&services, &smtp_client, sender, "");
}

/* Questions since the last call. */
static int
asked(void)
{
	return atomic_exchange(&dns.asked, 0);
}

/* ---- tests ---- */

/* What Postfix 3.7 was seen to pass on, unquoted. */
static void
test_odd_senders(void)
{
	static const char *const senders[] = { "b..s@plain.example", "boss.@plain.example", "b)ss@plain.example",
		"b ss@plain.example", "b@ss@plain.example", "@plain.example", "b\001ss@plain.example" };

	for (size_t i = 0; i < sizeof senders / sizeof *senders; i++)
		is(ask("192.0.2.1", 30 + (unsigned)i, senders[i]), "action=DUNNO",
		    "a vendor's odd sender %zu is let past", i);
	asked();
}

static void
test_sharing(void)
{
	struct message *message;

	is(ask("192.0.2.1", 1, "b@plain.example"), "action=DUNNO", "a vendor's session is let past");
	ok(asked() > 0, "DNS was asked");
	message = mail("192.0.2.1", 1, "b@plain.example");
	is(auth_word(message_facts(message)->spf.result), "pass", "the milter knows SPF of the same session");
	is_number(asked(), 0, "without asking again");
	message_close(message);
	message = mail("192.0.2.1", 2, "b@plain.example");
	is(auth_word(message_facts(message)->spf.result), "pass", "another session's SPF it checks itself");
	ok(asked() > 0, "and asks");
	message_close(message);
	is(ask("192.0.2.1", 2, "b@plain.example"), "action=DUNNO", "what the milter has found out first");
	is_number(asked(), 0, "the delegate need not ask");
	is(ask("198.18.0.1", 3, "a@b.example"), "action=greylist", "a stranger's session is not");
	is_number(asked(), 0, "and nothing is asked about it");
	message = mail("198.18.0.1", 3, "a@b.example");
	is(auth_word(message_facts(message)->spf.result), "pass", "so the milter asks about it");
	ok(asked() > 0, "for its results header");
	message_close(message);
	is(ask_forged(),
	    "action=550 5.7.26 message refused: not proven to be from mute: neither address, SPF, DKIM nor DMARC supports "
	    "it",
	    "a forgery is refused");
	asked();
}

static void
end_mail(struct message *message, const char *from)
{
	struct ending ending;

	message_header(message, "From", from);
	message_header(message, "Subject", " hello");
	(void)message_headers_end(message);
	message_end(message, &ending);
	message_close(message);
}

static void
test_promises(void)
{
	struct promise_counts counts;

	ask("192.0.2.1", 10, "b@plain.example");
	end_mail(mail("192.0.2.1", 10, "b@plain.example"), " <desk@plain.example>");
	counts = promise_counts(services.promises);
	is_number((long long)counts.kept, 1, "a vendor's message keeps the promise");
	ask("198.51.100.1", 11, "b@cloud.example");
	end_mail(mail("198.51.100.1", 11, "b@cloud.example"), " <somebody@customer.example>");
	is_number((long long)promise_counts(services.promises).revoked, 1,
	    "a stranger's from an exclusive range revokes it");
	ask("198.18.0.1", 12, "a@b.example");
	end_mail(mail("198.18.0.1", 12, "a@b.example"), " <a@b.example>");
	counts = promise_counts(services.promises);
	is_number((long long)counts.kept, 1, "nothing was promised to a stranger");
	is_number((long long)counts.revoked, 1, "nor is anything revoked");
	ask("192.0.2.1", 13, "b@plain.example");
	if (!publish("mode = \"monitor\";"))
		exit(99);
	is(ask("192.0.2.1", 13, "b@plain.example"), "action=greylist", "in monitor mode the greylister is asked");
	end_mail(mail("192.0.2.1", 13, "b@plain.example"), " <x@customer.example>");
	is_number((long long)promise_counts(services.promises).revoked, 1, "which withdraws an earlier promise");
	if (!publish(""))
		exit(99);
}

static void
test_failing_dns(void)
{
	int before = dns.asked;

	dns.fails = true;
	is(ask("198.18.0.1", 20, "a@b.example"), "action=greylist", "a stranger gets a reply");
	is(ask("10.0.0.1", 21, "b@plain.example"), "action=DUNNO", "and so does one of our own");
	is_number(dns.asked - before, 0, "without a question to DNS, which may be slow");
	is(ask("198.18.0.1", 22, "b@mute.example"), "action=greylist", "DNS trouble refuses no vendor's name");
	dns.fails = false;
	is(ask_forged(),
	    "action=550 5.7.26 message refused: not proven to be from mute: neither address, SPF, DKIM nor DMARC supports "
	    "it",
	    "when it is over a forgery is");
}

/* ---- the socket map ---- */

static void
say(int to, const char *text)
{
	if (send(to, text, strlen(text), MSG_NOSIGNAL) != (ssize_t)strlen(text))
		note("only a part was sent");
}

/* Reads as many bytes as wanted, or until the connection is closed. */
static const char *
hear(int from, size_t wanted)
{
	static char text[256];
	size_t had = 0;

	while (had < wanted && had < sizeof text - 1) {
		ssize_t got = recv(from, text + had, wanted - had, 0);

		if (got <= 0)
			break;
		had += (size_t)got;
	}
	text[had] = '\0';
	return text;
}

static void
test_socketmap(void)
{
	static const struct {
		const char *name, *asked, *wanted;
	} rows[] = {
		{ "a vendor's sender", "35:greenlane 192.0.2.1,b@plain.example,", "8:OK WHITE," },
		{ "in the form of the envelope", "37:greenlane 192.0.2.1,<b@plain.example>,", "8:OK WHITE," },
		{ "a stranger's", "32:greenlane 198.18.0.1,a@b.example,", "9:NOTFOUND ," },
		{ "a relay of ours", "32:greenlane 198.18.0.5,a@b.example,", "8:OK WHITE," },
		{ "no address", "27:greenlane x,b@plain.example,", "29:PERM the key is CLIENT,SENDER," },
		{ "no sender", "9:greenlane,", "29:PERM the key is CLIENT,SENDER," },
		{ "two at once", "35:greenlane 192.0.2.1,b@plain.example,32:greenlane 198.18.0.1,a@b.example,",
		    "8:OK WHITE,9:NOTFOUND ," },
	};
	char address[160];
	struct request_server *server = serve(&socketmap_protocol, address);
	int asker = call(address);

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		say(asker, rows[i].asked);
		is(hear(asker, strlen(rows[i].wanted)), rows[i].wanted, "the socket map is asked for %s", rows[i].name);
	}
	say(asker, "9:NOTFOUND;1:");
	is(hear(asker, 1), "", "anything but a netstring ends the connection");
	close(asker);
	request_server_close(server);
}

int
main(void)
{
	struct canned_zone *zone = canned_zone_open();
	struct request_server *server;
	char address[160];

	if (!scratch_make(folder) || zone == NULL || !services_open(zone))
		return 99;
	server = serve(&delegate_protocol, address);
	mta = call(address);
	test_odd_senders();
	test_sharing();
	test_promises();
	test_failing_dns();
	test_socketmap();
	request_server_close(server);
	is(ask("192.0.2.1", 1, "b@plain.example"), "(gone)", "a closed listener answers no one");
	close(mta);
	promises_close(services.promises);
	dkim_verifier_close(services.dkim);
	snapshots_close(services.snapshots);
	resolver_close(dns.canned);
	canned_zone_close(zone);
	rmdir(folder);
	return done();
}
