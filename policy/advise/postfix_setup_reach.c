#include <stdlib.h>
#include <string.h>

#include "policy/advise/postfix_setup_parts.h"

/* In place of a master.cf that was not shown. */
static const struct postfix_service unseen = {
	.name = "smtp", .type = "inet", .command = "smtpd", .chroot = "-", .processes = "-", .options = ""
};

static const char *
place(const struct postfix_service *service, const char *name)
{
	return postfix_override(service, name).at == NULL ? "main.cf" : "master.cf";
}

/* ---- the smtpd that takes the mail ---- */

static void
advise_override(const struct postfix_host *host, const struct postfix_service *smtpd, struct text *out)
{
	struct span list = postfix_override(smtpd, "smtpd_milters");
	const char *own = postfix_address(host, host->site->milter), *copy;

	if (list.at == NULL || span_is(list, "$smtpd_milters"))
		return;
	list = postfix_in_force(host, smtpd, "smtpd_milters");
	copy = arena_copy(host->arena, list.at, list.length);
	if (own != NULL && copy != NULL && postfix_holds(list, own))
		postfix_order(host, copy, out);
	else
		text_format(out,
		    "# Warning: %s/%s in master.cf has -o smtpd_milters=%.*s,\n"
		    "# which replaces the line above; add greenlane there, too.\n\n",
		    smtpd->name, smtpd->type, (int)list.length, list.at);
}

static void
advise_no_milters(const struct postfix_host *host, const struct postfix_service *smtpd, struct text *out)
{
	static const char name[] = "receive_override_options";

	if (postfix_holds(postfix_in_force(host, smtpd, name), "no_milters"))
		text_format(out,
		    "# Warning: %s/%s has %s=no_milters (%s): it asks no milter, so\n"
		    "# greenlane judges nothing there. Take no_milters away; it belongs only to an smtpd that takes mail\n"
		    "# back from a content filter.\n\n",
		    smtpd->name, smtpd->type, name, place(smtpd, name));
}

/* ---- filters that hand mail back ---- */

/* Does an smtpd take back what a filter hands on? `filter` is what brings mail to the filter. */
static bool
takes_back(const struct postfix_host *host, const struct postfix_service *service, const char *filter)
{
	if (strcmp(service->command, "smtpd") != 0 || strcmp(service->type, "inet") != 0 ||
	    postfix_takes_mail(service) || postfix_in_force(host, service, filter).length > 0)
		return false;
	return postfix_is_local(service) || postfix_override(service, filter).at != NULL;
}

/* Loopback for a path and for this host's own name, "ADDRESS" for another name, which nobody looks up here. */
static const char *
address_unread(struct span value)
{
	bool path = value.length > 5 && strncmp(value.at, "unix:", 5) == 0;
	bool named = memchr(value.at, '.', value.length) != NULL || memchr(value.at, '[', value.length) != NULL;

	return !path && named && !postfix_holds(value, "localhost") ? "ADDRESS" : "127.0.0.1";
}

/* "smtp:[192.0.2.7]:10024" and "192.0.2.7:10024": where the filter is, and so its mail comes from. */
static const char *
filter_address(const struct postfix_host *host, struct span value)
{
	const char *bracket = memchr(value.at, '[', value.length);
	struct span rest = value;
	struct address address;

	if (bracket != NULL) {
		rest = (struct span){ bracket + 1, value.length - (size_t)(bracket + 1 - value.at) };
		rest = span_cut(&rest, ']');
	}
	while (rest.length > 0) {
		struct span piece = bracket == NULL ? span_cut(&rest, ':') : rest;
		const char *copy = arena_copy(host->arena, piece.at, piece.length);

		if (copy != NULL && address_read(copy, &address))
			return copy;
		if (bracket != NULL)
			break;
	}
	return address_unread(value);
}

/* Is it a gateway of ours: does greenlane look behind it for the client? Of a name: is there any gateway? */
static bool
is_gateway(const struct postfix_host *host, const char *text)
{
	struct address address;
	bool named = !address_read(text, &address);

	for (size_t i = 0; i < host->site->relay_count; i++) {
		const struct relay *relay = &host->site->relays[i];

		if (relay->kind == RELAY_GATEWAY && (named || prefixes_hold(&relay->networks, &address)))
			return true;
	}
	return false;
}

static void
write_relay(const char *name, const char *address, struct text *out)
{
	text_format(out, "#     relays = ( { name = \"%s\"; kind = \"gateway\"; networks = [ \"%s\" ]; } );\n", name,
	    address);
}

/* ---- smtpd_proxy_filter ---- */

static void
write_behind_proxy(const struct postfix_host *host, const struct postfix_service *smtpd, struct text *out)
{
	const char *own = postfix_address(host, host->site->milter);
	bool seen = false;

	if (own == NULL)
		return;
	if (postfix_asks_milter(host, smtpd))
		text_format(out, "# In master.cf, at %s/%s:\n#     -o smtpd_milters=\n", smtpd->name, smtpd->type);
	for (size_t i = 0; i < host->service_count; i++) {
		const struct postfix_service *behind = &host->services[i];

		if (!takes_back(host, behind, "smtpd_proxy_filter"))
			continue;
		seen = true;
		if (!postfix_asks_milter(host, behind))
			text_format(out, "# In master.cf, at %s/%s, and without no_milters:\n#     -o smtpd_milters=%s\n",
			    behind->name, behind->type, own);
	}
	if (!seen)
		text_format(out,
		    "# In master.cf, at the smtpd behind the proxy, which was not seen:\n#     -o smtpd_milters=%s\n",
		    own);
}

/* Does what comes out of the proxy meet greenlane, which looks behind it, and nothing in front? */
static bool
is_judged_behind(const struct postfix_host *host, const struct postfix_service *smtpd, const char *address)
{
	bool asked = false;

	for (size_t i = 0; i < host->service_count; i++)
		asked = asked ||
		    (takes_back(host, &host->services[i], "smtpd_proxy_filter") &&
			postfix_asks_milter(host, &host->services[i]));
	return asked && !postfix_asks_milter(host, smtpd) && is_gateway(host, address);
}

static void
advise_proxy(const struct postfix_host *host, const struct postfix_service *smtpd, struct span proxy, struct text *out)
{
	const char *address = filter_address(host, proxy);

	if (is_judged_behind(host, smtpd, address)) {
		text_format(out, "# greenlane judges behind the smtpd_proxy_filter of %s/%s.\n\n", smtpd->name,
		    smtpd->type);
		return;
	}
	text_format(out,
	    "# Warning: with smtpd_proxy_filter (%s/%s: %.*s) a milter there sees neither header nor\n"
	    "# body: greenlane judges nothing. Use content_filter in its place, or have greenlane asked behind the\n"
	    "# proxy, where it holds mail that it would refuse.\n",
	    smtpd->name, smtpd->type, (int)proxy.length, proxy.at);
	write_behind_proxy(host, smtpd, out);
	if (!is_gateway(host, address)) {
		text_put(out,
		    "# In greenlane.conf, without which all mail would be the proxy's own (and exempt, if it is on this host):\n");
		write_relay("proxy", address, out);
	}
	text_put(out,
	    "# Mail of your own users must not pass the proxy (submission: -o smtpd_proxy_filter=): behind it,\n"
	    "# nobody has logged in, and a program of this host is a hidden client.\n\n");
}

/* ---- content_filter ---- */

/* Does it hand mail back through sendmail(1), as a pipe(8) does? */
static bool
is_pipe(const struct postfix_host *host, struct span filter)
{
	struct span transport = span_cut(&filter, ':');

	for (size_t i = 0; i < host->service_count; i++)
		if (span_is(transport, host->services[i].name) && strcmp(host->services[i].command, "pipe") == 0)
			return true;
	return false;
}

/* The filter's way back; false where there is none to be seen. */
static bool
advise_way_back(const struct postfix_host *host, struct span filter, struct text *out)
{
	bool seen = false;

	for (size_t i = 0; i < host->service_count; i++) {
		const struct postfix_service *back = &host->services[i];

		if (!takes_back(host, back, "content_filter"))
			continue;
		seen = true;
		if (postfix_asks_milter(host, back))
			text_format(out,
			    "# Warning: mail that content_filter (%.*s) hands back at %s/%s\n"
			    "# would ask greenlane a second time: it comes from this host then, is exempt, and loses the\n"
			    "# results of the first time. In master.cf add to %s/%s:\n"
			    "#     -o smtpd_milters=\n\n",
			    (int)filter.length, filter.at, back->name, back->type, back->name, back->type);
	}
	return seen;
}

static void
advise_content_filter(const struct postfix_host *host, struct span filter, struct text *out)
{
	const char *address = filter_address(host, filter);

	if (is_pipe(host, filter) || is_gateway(host, address) || advise_way_back(host, filter, out))
		return;
	text_format(out,
	    "# Warning: content_filter (%.*s) has no smtpd of its own in master.cf to hand mail back to.\n"
	    "# What comes back to another asks greenlane a second time, as mail of the filter, and loses the results\n"
	    "# of the first time. Give the filter an smtpd with -o smtpd_milters=, or write in greenlane.conf:\n",
	    (int)filter.length, filter.at);
	write_relay("content-filter", address, out);
	text_char(out, '\n');
}

static void
advise_smtpd(const struct postfix_host *host, const struct postfix_service *smtpd, struct text *out)
{
	struct span proxy = postfix_in_force(host, smtpd, "smtpd_proxy_filter");

	if (proxy.length > 0) {
		advise_proxy(host, smtpd, proxy, out);
		return;
	}
	advise_override(host, smtpd, out);
	advise_no_milters(host, smtpd, out);
}

/* ---- all of it ---- */

static void
advise_maps(const struct postfix_host *host, struct text *out)
{
	const char *maps = postfix_setting(host, "smtpd_milter_maps");

	if (maps != NULL && maps[0] != '\0')
		text_format(out,
		    "# Warning: smtpd_milter_maps (%s) replaces smtpd_milters for the\n"
		    "# clients that it lists; greenlane must be in its right-hand sides, too\n"
		    "# (greenlane export cidr writes such a map).\n\n",
		    maps);
}

/* Mail by sendmail(1), which asks non_smtpd_milters. */
static void
advise_sendmail(const struct postfix_host *host, struct span filter, struct text *out)
{
	struct span list = postfix_in_force(host, &unseen, "non_smtpd_milters");
	const char *own = postfix_address(host, host->site->milter);

	if (!postfix_is_yes(list))
		return;
	if (filter.length > 0 && own != NULL && postfix_holds(list, own))
		text_format(out,
		    "# Warning: non_smtpd_milters has greenlane. Mail that content_filter (%.*s) hands back through\n"
		    "# sendmail(1) is exempt, and loses the results of the first time. Take greenlane out of it.\n\n",
		    (int)filter.length, filter.at);
	else
		text_put(out, "# non_smtpd_milters stays as it is: mail from this host's own users is exempt anyway.\n\n");
}

void
postfix_reach(const struct postfix_host *host, struct text *out)
{
	struct span filter = { "", 0 };
	bool seen = false;

	for (size_t i = 0; i <= host->service_count; i++) {
		const struct postfix_service *smtpd = i < host->service_count ? &host->services[i] : &unseen;

		if (i < host->service_count ? !postfix_takes_mail(smtpd) : seen)
			continue;
		seen = true;
		advise_smtpd(host, smtpd, out);
		if (filter.length == 0)
			filter = postfix_in_force(host, smtpd, "content_filter");
	}
	if (filter.length > 0)
		advise_content_filter(host, filter, out);
	advise_maps(host, out);
	advise_sendmail(host, filter, out);
}
