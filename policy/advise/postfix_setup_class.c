#include <string.h>

#include "policy/advise/postfix_setup_parts.h"

enum { FOUND_MAX = 8 };

/* What a policy server is, by its address; a mark with a colon is the address's end. The first row that fits. */
static const struct server {
	const char *mark, *name;
	enum kind { OTHER, GREYLISTER, BOTH } kind;
} servers[] = {
	{ ":10023", "postgrey", GREYLISTER },
	{ ":60000", "postgrey", GREYLISTER },
	{ "postgrey", "postgrey", GREYLISTER },
	{ ":2501", "SQLgrey", GREYLISTER },
	{ ":2525", "gld", GREYLISTER },
	{ ":5525", "gross", GREYLISTER },
	{ ":10031", "policyd (cluebringer)", BOTH },
	{ ":7777", "iRedAPD", BOTH },
	{ "grey", "a greylister", GREYLISTER },
	{ "gray", "a greylister", GREYLISTER },
	{ "gld", "gld", GREYLISTER },
	{ "spf", "an SPF checker", OTHER },
	{ "quota", "a quota check", OTHER },
	{ ":12340", "Dovecot's quota check", OTHER },
};

/* The lists that smtpd goes through for a recipient, in its order; then those that come too late. */
static const struct list {
	const char *name;
	bool late; /* smtpd asks without a recipient: the delegate has nothing to say there */
} lists[] = {
	{ "smtpd_client_restrictions", false },
	{ "smtpd_helo_restrictions", false },
	{ "smtpd_sender_restrictions", false },
	{ "smtpd_relay_restrictions", false },
	{ "smtpd_recipient_restrictions", false },
	{ "smtpd_data_restrictions", true },
	{ "smtpd_end_of_data_restrictions", true },
};

enum { RECIPIENT = 4 }; /* index of smtpd_recipient_restrictions */

struct survey {
	const struct postfix_host *host;
	const char *delegate;               /* its address for smtpd */
	struct span greylisters[FOUND_MAX]; /* their addresses, each once */
	size_t greylister_count;
	bool delegated;      /* some list already asks the delegate */
	struct text unknown; /* a line for each policy server that is not in the table */
};

/* ---- words of a list ---- */

static bool
takes_argument(struct span word)
{
	static const char *const begins[] = { "check_", "reject_rbl_client", "reject_rhsbl_", "permit_dnswl_client",
		"permit_rhswl_client", "sleep" };

	for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++)
		if (word.length >= strlen(begins[i]) && strncmp(word.at, begins[i], strlen(begins[i])) == 0)
			return true;
	return false;
}

/* "{ inet:127.0.0.1:10023, timeout=10s }" to "inet:127.0.0.1:10023" */
static struct span
address_of(struct span argument)
{
	if (argument.length > 0 && argument.at[0] == '{') {
		argument.at++;
		argument.length--;
		argument = span_trim(argument);
		for (size_t i = 0; i < argument.length; i++)
			if (strchr(" \t\r\n,}", argument.at[i]) != NULL)
				argument.length = i;
	}
	return argument;
}

static bool
ends(struct span span, const char *with)
{
	size_t length = strlen(with);

	return span.length >= length && memcmp(span.at + span.length - length, with, length) == 0;
}

static const struct server *
server_of(struct span address)
{
	for (size_t i = 0; i < sizeof servers / sizeof servers[0]; i++)
		if (servers[i].mark[0] == ':' ? ends(address, servers[i].mark) : postfix_holds(address, servers[i].mark))
			return &servers[i];
	return NULL;
}

static bool
is_delegate(const struct survey *survey, struct span address)
{
	return survey->delegate[0] != '\0' && span_is(address, survey->delegate);
}

static bool
is_greylister(const struct survey *survey, struct span word, struct span argument)
{
	const struct server *server;

	if (!span_is(word, "check_policy_service") || is_delegate(survey, address_of(argument)))
		return false;
	server = server_of(address_of(argument));
	return server != NULL && server->kind != OTHER;
}

/* One member of a list: a word, with its argument where it takes one. */
struct member {
	struct span word, argument, whole;
};

static bool
take_member(const struct span *words, size_t count, size_t *at, struct member *out)
{
	if (*at >= count)
		return false;
	out->word = out->whole = words[(*at)++];
	out->argument = (struct span){ "", 0 };
	if (takes_argument(out->word) && *at < count) {
		out->argument = words[(*at)++];
		out->whole.length = (size_t)(out->argument.at + out->argument.length - out->whole.at);
	}
	return true;
}

/* ---- what is there ---- */

static void
add_greylister(struct survey *survey, struct span argument)
{
	for (size_t i = 0; i < survey->greylister_count; i++)
		if (survey->greylisters[i].length == argument.length &&
		    memcmp(survey->greylisters[i].at, argument.at, argument.length) == 0)
			return;
	if (survey->greylister_count < FOUND_MAX)
		survey->greylisters[survey->greylister_count++] = argument;
}

static void
survey_list(struct survey *survey, const char *name)
{
	const char *value = postfix_setting(survey->host, name);
	struct span words[POSTFIX_WORDS_MAX];
	size_t count = value == NULL ? 0 : postfix_words(value, words, POSTFIX_WORDS_MAX), at = 0;
	struct member member;

	while (take_member(words, count, &at, &member)) {
		struct span address = address_of(member.argument);

		if (!span_is(member.word, "check_policy_service"))
			continue;
		if (is_delegate(survey, address))
			survey->delegated = true;
		else if (is_greylister(survey, member.word, member.argument))
			add_greylister(survey, member.argument);
		else if (server_of(address) == NULL)
			text_format(&survey->unknown, "#     %.*s in %s\n", (int)address.length, address.at, name);
	}
}

/* ---- what to write ---- */

static const char *
class_name(const struct survey *survey)
{
	return survey->host->site->greylist_class;
}

static void
write_delegate(const struct survey *survey, bool first, struct text *out)
{
	text_format(out, "%scheck_policy_service { %s, default_action=%s, timeout=10s }", first ? "\n    " : ",\n    ",
	    survey->delegate, class_name(survey));
}

/* What a list must have in front of a greylister, and has not. */
struct lacks {
	bool networks, users;
};

/* Do users log in at an smtpd that goes through the list in main.cf? */
static bool
users_log_in(const struct postfix_host *host, const char *list)
{
	const char *setting = postfix_setting(host, "smtpd_sasl_auth_enable");
	bool seen = false;

	for (size_t i = 0; i < host->service_count; i++) {
		const struct postfix_service *service = &host->services[i];

		if (strcmp(service->command, "smtpd") != 0)
			continue;
		seen = true;
		if (postfix_is_yes(postfix_in_force(host, service, "smtpd_sasl_auth_enable")) &&
		    postfix_override(service, list).at == NULL)
			return true;
	}
	return !seen && postfix_is_yes(span_of(setting == NULL ? "" : setting));
}

/* Does the list hold a greylister? *lacks is what keeps our own users from it (or the delegate). */
static bool
holds_greylister(const struct survey *survey, const struct list *list, const struct span *words, size_t count,
    struct lacks *lacks)
{
	bool networks = false, users = !users_log_in(survey->host, list->name), found = false;
	struct member member;

	*lacks = (struct lacks){ false, false };
	for (size_t at = 0; take_member(words, count, &at, &member);) {
		bool greylists = is_greylister(survey, member.word, member.argument);

		networks = networks || span_is(member.word, "permit_mynetworks");
		users = users || span_is(member.word, "permit_sasl_authenticated");
		if (greylists || is_delegate(survey, address_of(member.argument))) {
			lacks->networks = lacks->networks || !networks;
			lacks->users = lacks->users || !users;
		}
		found = found || greylists;
	}
	return found;
}

/* The list again, with the delegate in place of the first greylister and the others gone. */
static void
rewrite_list(struct survey *survey, const struct list *list, const struct span *words, size_t count, struct text *out)
{
	struct member member;
	bool first = true;

	text_format(out, "# greenlane replaces the greylister here%s.\n",
	    list->late ? "; smtpd asks it for each recipient instead" : "");
	postfix_line(out, list->name);
	for (size_t at = 0; take_member(words, count, &at, &member);) {
		bool greylists = is_greylister(survey, member.word, member.argument);

		if (greylists && (survey->delegated || list->late))
			continue;
		if (greylists)
			write_delegate(survey, first, out);
		else
			postfix_member(out, first, member.whole);
		survey->delegated = survey->delegated || greylists;
		first = false;
	}
	text_put(out, "\n\n");
}

static void
advise_list(struct survey *survey, const struct list *list, struct text *out)
{
	const char *value = postfix_setting(survey->host, list->name);
	struct span words[POSTFIX_WORDS_MAX];
	size_t count = value == NULL ? 0 : postfix_words(value, words, POSTFIX_WORDS_MAX);
	struct lacks lacks;
	bool found = holds_greylister(survey, list, words, count, &lacks);

	if (found)
		rewrite_list(survey, list, words, count, out);
	if ((lacks.networks || lacks.users) && !list->late)
		text_format(out,
		    "# Warning: nothing in %s lets your own users pass before that;\n"
		    "# put %s%s%s in front.\n\n",
		    list->name, lacks.networks ? "permit_mynetworks" : "", lacks.networks && lacks.users ? " and " : "",
		    lacks.users ? "permit_sasl_authenticated" : "");
}

/* Greylisters were only where smtpd asks without a recipient: the delegate goes at the end of the recipients' list. */
static void
append_delegate(struct survey *survey, struct text *out)
{
	const char *value = postfix_setting(survey->host, lists[RECIPIENT].name);
	struct span words[POSTFIX_WORDS_MAX];
	struct member member;
	size_t count, at = 0;
	bool first = true;

	if (value == NULL || value[0] == '\0')
		value = "permit_mynetworks permit_sasl_authenticated reject_unauth_destination";
	count = postfix_words(value, words, POSTFIX_WORDS_MAX);
	text_put(out, "# smtpd asks greenlane for each recipient, after all that is configured here.\n");
	postfix_line(out, lists[RECIPIENT].name);
	for (; take_member(words, count, &at, &member); first = false)
		postfix_member(out, first, member.whole);
	write_delegate(survey, first, out);
	text_put(out, "\n\n");
	survey->delegated = true;
}

/* Adds the name to smtpd_restriction_classes, unless it is there. */
static void
write_classes(const struct survey *survey, struct text *out)
{
	const char *value = postfix_setting(survey->host, "smtpd_restriction_classes");
	struct span words[POSTFIX_WORDS_MAX];
	size_t count = value == NULL ? 0 : postfix_words(value, words, POSTFIX_WORDS_MAX);

	for (size_t i = 0; i < count; i++)
		if (span_is(words[i], class_name(survey)))
			return;
	postfix_line(out, "smtpd_restriction_classes");
	for (size_t i = 0; i < count; i++)
		text_format(out, " %.*s,", (int)words[i].length, words[i].at);
	text_format(out, " %s\n", class_name(survey));
}

static void
write_class(const struct survey *survey, struct text *out)
{
	const char *value = postfix_setting(survey->host, class_name(survey));
	struct span words[POSTFIX_WORDS_MAX];
	size_t count = value == NULL ? 0 : postfix_words(value, words, POSTFIX_WORDS_MAX), at = 0;
	struct member member;
	bool first = true;

	text_put(out,
	    "# The class that greenlane names for mail it does not vouch for: that mail meets the greylister.\n");
	write_classes(survey, out);
	postfix_line(out, class_name(survey));
	for (; take_member(words, count, &at, &member); first = false)
		postfix_member(out, first, member.whole);
	for (size_t i = 0; i < survey->greylister_count; i++) {
		struct span argument = survey->greylisters[i];

		if (value != NULL && memmem(value, strlen(value), argument.at, argument.length) != NULL)
			continue;
		text_format(out, "%scheck_policy_service %.*s", first ? "\n    " : ",\n    ", (int)argument.length,
		    argument.at);
		first = false;
	}
	text_put(out, "\n\n");
}

static void
describe(const struct survey *survey, struct text *out)
{
	const struct postfix_setup_site *site = survey->host->site;

	for (size_t i = 0; i < survey->greylister_count; i++) {
		struct span address = address_of(survey->greylisters[i]);
		const struct server *server = server_of(address);

		text_format(out, "# %.*s is %s, which delays what greenlane vouches for unless it is in a class.\n",
		    (int)address.length, address.at, server->name);
		if (server->kind == BOTH)
			text_format(out,
			    "# Warning: %s does more than greylisting; vouched mail would skip the rest of\n"
			    "# it, too.\n",
			    server->name);
	}
	if (site->delegate[0] == '\0')
		text_format(out,
		    "# greenlane.conf needs this line, and greenlaned a restart after that:\n"
		    "#     delegate = { listen = \"unix:%s%s%s\"; };\n",
		    postfix_chrooted(survey->host) ? postfix_spool(survey->host) : "",
		    postfix_chrooted(survey->host) ? "/" : "", survey->delegate + 5);
	if (site->greylists)
		text_put(out,
		    "# Warning: greenlane greylists strangers itself; with another greylister they wait twice. Write\n"
		    "# greylist = { store = \"none\"; }; in greenlane.conf, or remove the other one.\n");
	text_char(out, '\n');
}

static void
warn_of_relay(const struct survey *survey, struct text *out)
{
	const char *relay = postfix_setting(survey->host, "smtpd_relay_restrictions");
	const char *recipient = postfix_setting(survey->host, lists[RECIPIENT].name);

	if (relay == NULL || strstr(relay, "_unauth_destination") != NULL)
		return; /* the default has it */
	if (recipient == NULL || strstr(recipient, "_unauth_destination") == NULL)
		text_put(out,
		    "# Warning: neither smtpd_relay_restrictions nor smtpd_recipient_restrictions has\n"
		    "# reject_unauth_destination: this host may relay mail for anybody.\n\n");
}

static void
write_advice(struct survey *survey, struct text *out)
{
	describe(survey, out);
	write_class(survey, out);
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
		advise_list(survey, &lists[i], out);
	if (!survey->delegated)
		append_delegate(survey, out);
}

void
postfix_class(const struct postfix_host *host, struct text *out)
{
	static const char usual[] = "unix:/run/greenlane/delegate.sock", jailed[] = "unix:greenlane/delegate.sock";
	struct survey survey = { .host = host };

	survey.delegate = host->site->delegate[0] != '\0' ? postfix_address(host, host->site->delegate)
	    : postfix_chrooted(host)                      ? jailed
							  : usual;
	if (survey.delegate == NULL)
		return;
	text_open(&survey.unknown, POSTCONF_MAX);
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
		survey_list(&survey, lists[i].name);
	if (survey.greylister_count > 0)
		write_advice(&survey, out);
	else if (survey.delegated)
		text_put(out, "# smtpd already asks greenlane's delegate, and no greylister beside it.\n\n");
	else
		text_put(out, "# No greylister was found in smtpd's restrictions: no class is needed.\n\n");
	if (survey.unknown.length > 0)
		text_format(out,
		    "# Policy servers that greenlane does not know; if one greylists, it belongs in the class %s:\n"
		    "%s\n",
		    class_name(&survey), survey.unknown.bytes);
	warn_of_relay(&survey, out);
	text_inherit(out, &survey.unknown);
	text_close(&survey.unknown);
}
