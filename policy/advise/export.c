#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "policy/advise/export_parts.h"
#include "policy/util/aggregate.h"
#include "policy/util/date.h"
#include "policy/util/hash.h"
#include "policy/util/json_write.h"

enum { REMARK_MAX = 300 };

/* ---- what an entry says ---- */

/* How Postfix calls the address of our milter: "inet:8890@127.0.0.1" is "inet:127.0.0.1:8890" there. A socket in the queue
 * directory is called as from there: so a chrooted smtpd finds it, and any other one, too. */
static void
write_milter(struct text *out, const char *listen)
{
	static const char queue[] = "unix:/var/spool/postfix/";
	const char *at = strchr(listen, '@');

	if (strncmp(listen, queue, strlen(queue)) == 0)
		text_format(out, "unix:%s", listen + strlen(queue));
	else if (strncmp(listen, "local:", 6) == 0)
		text_format(out, "unix:%s", listen + 6);
	else if (strncmp(listen, "inet6:", 6) == 0 && at != NULL)
		text_format(out, "inet:[%s]:%.*s", at + 1, (int)(at - listen - 6), listen + 6);
	else if (strncmp(listen, "inet:", 5) == 0 && at != NULL)
		text_format(out, "inet:%s:%.*s", at + 1, (int)(at - listen - 5), listen + 5);
	else
		text_put(out, listen);
}

static void
write_value(struct text *out, const struct export_request *request)
{
	if (request->value[0] != '\0')
		text_put(out, request->value);
	else if (request->format == EXPORT_CIDR)
		write_milter(out, request->listen);
	else
		text_put(out, request->format == EXPORT_NFTABLES ? "inet greenlane" : "OK");
}

/* ---- what is listed ---- */

static bool
vouches_by_address(const struct vendor *vendor)
{
	for (size_t i = 0; i < vendor->vouch_count; i++)
		if ((vendor->vouch[i] & PROOF_LISTED) != 0)
			return true;
	return false;
}

/* Not asked for: another use, or not chosen by the vendor's tags. */
static bool
is_beside(const struct export_listing *listing, bool mail)
{
	return !listing->source->selected || (mail && listing->source->use != USE_MX);
}

/* Why its networks are left out; "" when they are not. */
static const char *
left_out(const struct export_listing *listing, const struct export_writer *writer)
{
	if (listing->source->vendor->mode == MODE_MONITOR)
		return "the vendor's mode is monitor";
	if (writer->mail && !vouches_by_address(listing->source->vendor))
		return "the vendor's vouch does not ask for listed";
	if (source_names_hosts(listing->source) && !writer->hosts)
		return "this format takes addresses alone, and no names of clients";
	return listing->missing;
}

static bool
is_listed(const struct export_listing *listing, const struct export_writer *writer)
{
	return !is_beside(listing, writer->mail) && left_out(listing, writer)[0] == '\0';
}

static void
add_host(struct export_lists *lists, const char *name)
{
	for (size_t i = 0; i < lists->host_count; i++)
		if (strcmp(lists->hosts[i], name) == 0)
			return;
	lists->hosts[lists->host_count++] = name;
}

/* Only those that deliver mail: no format has names for another use. False when out of memory. */
static bool
hosts_take(struct export_lists *lists, const struct export_request *request, const struct export_writer *writer)
{
	lists->hosts = calloc(request->count + 1, sizeof *lists->hosts);
	for (size_t i = 0; lists->hosts != NULL && i < request->count; i++) {
		const struct source *source = request->listings[i].source;

		if (source_names_hosts(source) && source->use == USE_MX && is_listed(&request->listings[i], writer))
			add_host(lists, source->name);
	}
	return lists->hosts != NULL;
}

/* False when out of memory. */
static bool
lists_take(struct export_lists *lists, const struct export_request *request, const struct export_writer *writer)
{
	size_t total[USES] = { 0 };

	for (size_t i = 0; i < request->count; i++)
		if (is_listed(&request->listings[i], writer))
			total[request->listings[i].source->use] += request->listings[i].count;
	for (unsigned use = 0; use < USES; use++) {
		struct prefix *all = calloc(total[use] + 1, sizeof *all);
		size_t count = 0;

		if (all == NULL)
			return false;
		lists->networks[use] = all;
		for (size_t i = 0; i < request->count; i++) {
			const struct export_listing *listing = &request->listings[i];

			if (listing->source->use != use || !is_listed(listing, writer) || listing->count == 0)
				continue;
			memcpy(all + count, listing->networks, listing->count * sizeof *all);
			count += listing->count;
		}
		lists->count[use] = aggregate_networks(all, count);
	}
	return hosts_take(lists, request, writer);
}

static void
lists_free(struct export_lists *lists)
{
	for (unsigned use = 0; use < USES; use++)
		free(lists->networks[use]);
	free(lists->hosts);
}

/* ---- the head ---- */

/* Part of a comment may come from DNS or a file name: nothing in it may end the line or be unreadable. */
static void
put_plain(struct text *out, const char *words)
{
	text_plain(out, words, REMARK_MAX);
	if (strnlen(words, REMARK_MAX + 1) > REMARK_MAX)
		text_put(out, "...");
}

/* "192 networks", "every client whose confirmed name is below it" */
static void
put_extent(struct text *out, const struct export_listing *listing)
{
	if (source_names_hosts(listing->source))
		text_put(out, "every client whose confirmed name is below it");
	else
		text_format(out, "%zu network%s", listing->count, text_s(listing->count));
}

static void
remark_listing(struct text *out, const struct export_listing *listing, const struct export_writer *writer)
{
	const struct source *source = listing->source;
	const char *why = left_out(listing, writer), *mark = writer->remark;

	text_format(out, "%s%s", mark, why[0] == '\0' ? "from " : "left out: ");
	put_plain(out, source->vendor->name);
	text_char(out, ' ');
	put_plain(out, source->text);
	if (why[0] == '\0') {
		text_put(out, ": ");
		put_extent(out, listing);
		text_format(out, "%s%s%s\n", writer->mail ? "" : " for ",
		    writer->mail ? "" : export_use_words[source->use],
		    source->exclusive ? "" : ", others may send from there");
	} else {
		text_put(out, ": ");
		put_plain(out, why);
		text_char(out, '\n');
	}
	if (listing->asked[0] == '\0')
		return;
	text_format(out, "%sin no list, only asked for each address: ", mark);
	put_plain(out, listing->asked);
	text_char(out, '\n');
}

static void
write_head(struct text *out, const struct export_request *request, const struct export_writer *writer, uint64_t sum)
{
	char when[DATE_TEXT];

	text_format(out, "%sgreenlane %s export %s\n", writer->remark, request->version,
	    export_format_words[request->format]);
	text_format(out, "%swritten %s; changes by hand do not stay\n", writer->remark, date_write(request->now, when));
	text_format(out, "%schecksum %016llx\n%s%s\n", writer->remark, (unsigned long long)sum, writer->remark,
	    writer->use);
	for (size_t i = 0; i < request->count; i++)
		if (!is_beside(&request->listings[i], writer->mail))
			remark_listing(out, &request->listings[i], writer);
}

/* ---- JSON has no comments: the head is members ---- */

static void
json_tags(struct text *out, const struct source *source)
{
	json_write_list(out, "tags");
	for (size_t i = 0; i < source->tag_count; i++) {
		json_write_comma(out);
		json_write_bytes(out, source->tags[i], strlen(source->tags[i]));
	}
	json_write_list_end(out);
}

/* The members of one, after its brace. */
static void
json_listing(struct text *out, const struct export_listing *listing)
{
	const struct source *source = listing->source;
	const char *why = left_out(listing, &export_writers[EXPORT_JSON]);
	char written[PREFIX_TEXT];

	json_write_string(out, "vendor", source->vendor->name);
	json_write_string(out, "source", source->text);
	json_write_string(out, "use", export_use_words[source->use]);
	json_tags(out, source);
	json_write_bool(out, "exclusive", source->exclusive);
	if (listing->asked[0] != '\0')
		json_write_string(out, "asked", listing->asked);
	if (why[0] != '\0')
		json_write_string(out, "left_out", why);
	if (why[0] == '\0' && source_names_hosts(source))
		json_write_string(out, "host", source->name);
	json_write_list(out, "networks");
	for (size_t i = 0; why[0] == '\0' && i < listing->count; i++) {
		json_write_comma(out);
		text_format(out, "\"%s\"", prefix_write(&listing->networks[i], written));
	}
	json_write_list_end(out);
	json_write_end(out);
}

static void
write_object(struct text *out, const struct export_request *request, const struct text *body, uint64_t sum)
{
	char when[DATE_TEXT];
	bool first = true;

	text_put(out, "{\"greenlane\":");
	json_write_bytes(out, request->version, strlen(request->version));
	text_format(out, ",\n\"written\":\"%s\"", date_write(request->now, when));
	text_format(out, ",\n\"checksum\":\"%016llx\",\n\"sources\":[", (unsigned long long)sum);
	for (size_t i = 0; i < request->count; i++) {
		if (is_beside(&request->listings[i], false))
			continue;
		text_put(out, first ? "\n{" : ",\n{");
		json_listing(out, &request->listings[i]);
		first = false;
	}
	text_put(out, "],\n\"networks\":");
	text_add(out, body->bytes, body->length);
	text_put(out, "}\n");
}

/* ---- the interface ---- */

bool
export_write(const struct export_request *request, struct text *out, struct fault *why)
{
	const struct export_writer *writer = &export_writers[request->format];
	struct export_lists lists = { .count = { 0 } };
	struct text body, value;
	bool done = false;
	uint64_t sum;

	text_open(&body, EXPORT_TEXT_MAX);
	text_open(&value, EXPORT_TEXT_MAX);
	write_value(&value, request);
	if (!lists_take(&lists, request, writer))
		goto out;
	writer->write(&body, &lists, value.bytes);
	sum = hash_bytes(HASH_START, body.bytes, body.length);
	if (writer->remark == NULL) {
		write_object(out, request, &body, sum);
	} else {
		write_head(out, request, writer, sum);
		text_add(out, body.bytes, body.length);
	}
	done = !body.cut && !value.cut && !out->cut;
out:
	if (!done)
		fault_set(why, "out of memory for the list, or it is larger than %d MiB", EXPORT_TEXT_MAX >> 20);
	lists_free(&lists);
	text_close(&body);
	text_close(&value);
	return done;
}

bool
export_same(struct span a, struct span b)
{
	struct span first_a = span_cut(&a, '\n'), first_b = span_cut(&b, '\n');

	(void)span_cut(&a, '\n');
	(void)span_cut(&b, '\n');
	return first_a.length == first_b.length && memcmp(first_a.at, first_b.at, first_a.length) == 0 &&
	    a.length == b.length && (a.length == 0 || memcmp(a.at, b.at, a.length) == 0);
}
