#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libpsl.h>

#include "milter/state/refresh.h"
#include "policy/config/policy_text.h"
#include "policy/config/policy_value.h"
#include "policy/util/domain.h"
#include "t/lib/resolver_canned.h"
#include "t/lib/story_parts.h"
#include "t/lib/tap.h"

enum { LINE_MAX_BYTES = 64 * 1024, SLOW_MS = 4000 };

/* A resolver that counts; one story at a time. */
static struct story *playing;

void
story_fail(struct story *story, const char *fmt, ...)
{
	char text[2048];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	note("%s:%u: %s", story->path, story->line, text);
	story->failures++;
}

/* ---- DNS, clock, policy ---- */

static bool
is_slow(const struct story *story, const char *name)
{
	for (size_t i = 0; i < story->slow_count; i++)
		if (domain_is_under(name, story->slow[i]))
			return true;
	return false;
}

static bool
is_down(const struct story *story, const char *name)
{
	for (size_t i = 0; i < sizeof story->down / sizeof story->down[0]; i++)
		if (strcmp(story->down[i], ".") == 0 ||
		    (strncmp(story->down[i], "*.", 2) == 0 && strcmp(name, story->down[i] + 2) != 0 &&
			domain_is_under(name, story->down[i] + 2)) ||
		    (story->down[i][0] != '\0' && domain_is_under(name, story->down[i])))
			return true;
	return false;
}

/* A prefetched answer has come in the meantime, unless the name is slow. */
static bool
is_ahead(const struct story *story, const char *name)
{
	for (size_t i = 0; i < story->ahead_count; i++)
		if (strcmp(story->ahead[i], name) == 0 && !is_slow(story, name))
			return true;
	return false;
}

static void
count_ask(struct resolver *resolver, const struct dns_question *question, struct budget *budget, struct arena *arena,
    struct dns_answer *out)
{
	(void)resolver;
	playing->asked++;
	playing->asked_for[question->standing]++;
	if (is_slow(playing, question->name))
		budget->left_ms -= budget->left_ms < SLOW_MS ? budget->left_ms : SLOW_MS;
	if (is_down(playing, question->name) || (budget->left_ms == 0 && !is_ahead(playing, question->name))) {
		*out = (struct dns_answer){ .status = DNS_TEMPORARY };
		return;
	}
	resolver_ask(playing->canned, question, budget, arena, out);
}

static void
count_prefetch(struct resolver *resolver, const struct dns_question *question)
{
	(void)resolver;
	if (playing->ahead_count < AHEAD_MAX)
		snprintf(playing->ahead[playing->ahead_count++], sizeof playing->ahead[0], "%s", question->name);
}

static void
count_close(struct resolver *resolver)
{
	(void)resolver;
}

static const char *
find_vendor(void *context, const struct strings *folders, const char *name, const char **path, size_t *length,
    struct fault *why)
{
	struct story *story = context;

	(void)folders;
	for (size_t i = 0; i < story->vendor_count; i++)
		if (strcmp(story->vendors[i].name, name) == 0) {
			*path = story->vendors[i].name;
			*length = strlen(story->vendors[i].text);
			return story->vendors[i].text;
		}
	fault_set(why, "the story has no VENDOR %s", name);
	return NULL;
}

static const char *
find_networks(void *context, const char *vendor_file, const char *path, size_t *length, struct fault *why)
{
	const char *unused;

	(void)vendor_file;
	return find_vendor(context, NULL, path, &unused, length, why);
}

static const char *
find_drafts_vendor(void *context, const struct strings *folders, const char *name, const char **path, size_t *length,
    struct fault *why)
{
	char of_draft[300];
	const char *text;

	snprintf(of_draft, sizeof of_draft, "shadow:%s", name);
	text = find_vendor(context, folders, of_draft, path, length, why);
	return text != NULL ? text : find_vendor(context, folders, name, path, length, why);
}

static struct policy *
read_policy(struct story *story, const char *name, const char *text, const struct policy_files *files)
{
	struct faults *faults = faults_open();
	struct policy *policy = policy_text_load(name, text, strlen(text), files, faults);
	char line[1024];

	for (size_t i = 0; policy == NULL && i < faults->kept; i++) {
		fault_write(&faults->list[i].fault, line, sizeof line);
		story_fail(story, "%s", line);
	}
	faults_close(faults);
	return policy;
}

static const char *draft_of_all;

void
story_shadow(const char *config)
{
	draft_of_all = config;
}

/* Reads CONFIG and the vendors into a policy, as at a start or a reload: after a failed reload the old one stays. */
static void
load(struct story *story)
{
	static const char fallback[] = "authserv_id = \"mx.rx.example\"; vendors = ( { name = \"vendor\"; } );";
	const struct policy_files files = { story, find_vendor, find_networks, &story->suffixes };
	const struct policy_files drafts = { story, find_drafts_vendor, find_networks, &story->suffixes };
	const char *text = story->config != NULL ? story->config : fallback, *draft;
	struct policy *policy = read_policy(story, "CONFIG", text, &files);
	struct fault why;

	draft = story->draft != NULL ? story->draft : draft_of_all;
	if (policy != NULL && draft != NULL)
		policy->draft = read_policy(story, "SHADOW", draft[0] != '\0' ? draft : text, &drafts);
	if (policy == NULL || !refresh_adopt(story->refresh, policy, 1000, &why)) {
		story_fail(story, "the policy is not in force%s", story->loaded ? "" : ": the story ends here");
		story->over = !story->loaded;
		return;
	}
	story->loaded = true;
}

static bool
open_setup(struct story *story)
{
	struct fault why;

	story->zone = canned_zone_open();
	story->canned = resolver_canned(story->zone, &why);
	story->counting = (struct resolver){ .ask = count_ask, .prefetch = count_prefetch, .close = count_close };
	story->suffixes.psl = psl_builtin();
	story->dkim = dkim_verifier_open(&story->counting, &story->suffixes, &why);
	*story->services = (struct services){ .resolver = &story->counting,
		.dkim = story->dkim,
		.suffixes = &story->suffixes,
		.snapshots = snapshots_open(&why),
		.store = store_memory(10000, &why),
		.shadow = shadow_tally_open(&why),
		.usage = usage_open(&why) };
	story->services->unsure = story->store = story->services->store;
	story->refresh = refresh_open(&story->counting, story->services->snapshots, NULL, "", &why);
	story->now = 1772359200; /* 2026-03-01T10:00:00Z, unless the story says otherwise */
	story_clock_set(story->now);
	story_journal_clear();
	story_journal_watch(story->services->snapshots);
	return story->refresh != NULL && story->dkim != NULL && story->services->store != NULL;
}

static void
close_setup(struct story *story)
{
	story_journal_watch(NULL);
	refresh_close(story->refresh);
	shadow_tally_close(story->services->shadow);
	usage_close(story->services->usage);
	snapshots_close(story->services->snapshots);
	dkim_verifier_close(story->dkim);
	store_close(story->store);
	resolver_close(story->canned);
	canned_zone_close(story->zone);
	for (size_t i = 0; i < story->vendor_count; i++)
		free(story->vendors[i].text);
	free(story->config);
	free(story->draft);
}

/* ---- lines ---- */

/* Reads up to a line END into a given string. */
static char *
read_block(struct story *story)
{
	struct text text;
	char line[LINE_MAX_BYTES], *made;

	text_open(&text, 4 * 1024 * 1024);
	while (fgets(line, sizeof line, story->file) != NULL) {
		story->line++;
		if (strcmp(line, "END\n") == 0)
			break;
		text_put(&text, line);
	}
	made = strdup(text.bytes);
	text_close(&text);
	return made;
}

static void
unescape(char *text)
{
	char *write = text;
	unsigned byte;

	for (char *read = text; *read != '\0'; read++) {
		if (read[0] == '\\' && read[1] == 'x' && sscanf(read + 2, "%2x", &byte) == 1 &&
		    isxdigit((unsigned char)read[2]) && isxdigit((unsigned char)read[3])) {
			*write++ = (char)byte;
			read += 3;
		} else {
			*write++ = *read;
		}
	}
	*write = '\0';
}

static void
add_field(struct story *story, char *text, bool late)
{
	char *colon = strchr(text, ':');
	struct field *field = &story->fields[story->field_count];

	if (colon == NULL || story->field_count == FIELDS_MAX) {
		story_fail(story, "no header field: %s", text);
		return;
	}
	*colon = '\0';
	unescape(text);
	unescape(colon + 1);
	field->name = strdup(text);
	field->value = strdup(colon + 1);
	field->late = late;
	story->field_count++;
}

/* "HEADER-LONG From 9000 a@vendor.example": a display name of that many bytes before the address. */
static void
add_long_field(struct story *story, const char *words)
{
	char name[64], address[256], *field;
	unsigned length;

	if (sscanf(words, "%63s %u %255s", name, &length, address) != 3 || length > 60000)
		return;
	field = malloc(length + 512);
	if (field == NULL)
		return;
	snprintf(field, length + 512, "%s: %*s <%s>", name, (int)length, "x", address);
	for (char *c = field + strlen(name) + 2; *c == ' '; c++)
		*c = 'x';
	add_field(story, field, false);
	free(field);
}

static void
go_rcpt(struct story *story, char *words)
{
	unescape(words);
	story->reply = (struct story_reply){ .code = "" };
	story->player->rcpt(story->player, words, &story->reply);
}

/* "RCPT-TIMES 1000 <user@rx.example>": the same recipient that many times. */
static void
go_many_rcpts(struct story *story, char *words)
{
	unsigned count;
	int at = 0;

	if (sscanf(words, "%u %n", &count, &at) != 1 || at == 0 || count > FIELDS_MAX)
		story_fail(story, "no number of recipients: %s", words);
	else
		for (unsigned i = 0; i < count; i++)
			go_rcpt(story, words + at);
}

/* "HEADER-TIMES 5000 Name: value": the field that many times. */
static void
add_many_fields(struct story *story, const char *words)
{
	unsigned count;
	int at = 0;

	if (sscanf(words, "%u %n", &count, &at) != 1 || at == 0 || count > FIELDS_MAX) {
		story_fail(story, "no number of fields: %s", words);
		return;
	}
	for (unsigned i = 0; i < count; i++) {
		char *field = strdup(words + at);

		add_field(story, field, false);
		free(field);
	}
}

/* A line that starts with a blank continues the field before (a fold). */
static void
fold_field(struct story *story, const char *line)
{
	struct field *field = &story->fields[story->field_count - 1];
	char *joined;

	if (asprintf(&joined, "%s\n%s", field->value, line) < 0)
		return;
	free(field->value);
	field->value = joined;
}

/* "2026-03-01T10:00:00Z" or "+6m". */
static void
set_time(struct story *story, const char *words)
{
	struct tm tm = { 0 };
	int64_t ms;

	if (words[0] == '+' && value_duration(words + 1, &ms))
		story->now += ms / 1000;
	else if (strptime(words, "%Y-%m-%dT%H:%M:%SZ", &tm) != NULL)
		story->now = timegm(&tm);
	else
		story_fail(story, "no time: %s", words);
	story_clock_set(story->now);
}

static void
go_quit(struct story *story)
{
	if (story->connected)
		story->player->quit(story->player);
	story->connected = story->mailed = false;
	story_drop_mail(story);
}

/* "CONNECT 192.0.2.1 [name [port]]" or "CONNECT local". */
static void
go_connect(struct story *story, const char *words)
{
	char name[200] = "client.example";
	unsigned port = 4321;

	go_quit(story);
	if (!story->loaded)
		load(story);
	if (!story->loaded)
		return;
	sscanf(words, "%63s %199s %u", story->address, name, &port);
	snprintf(story->name, sizeof story->name, "%s", name);
	story->client = (struct story_client){ .text = story->address,
		.name = story->name,
		.port = (uint16_t)port,
		.daemon_name = story->daemon_name,
		.resolve = story->resolve[0] == '\0' ? NULL : story->resolve,
		.mta_name = story->mta_name[0] != '\0' ? story->mta_name : "mx.rx.example" };
	if (strcmp(story->address, "local") != 0 && !address_read(story->address, &story->client.address))
		story_fail(story, "no address: %s", story->address);
	story->player->connect(story->player, &story->client);
	story->connected = true;
}

static void
go_mail(struct story *story, const char *path)
{
	story_drop_mail(story);
	story_drop_ending(story);
	story->player->abort(story->player);
	story->asked = 0;
	for (size_t i = 0; i < STANDINGS; i++)
		story->asked_for[i] = 0;
	story->ahead_count = 0;
	story->verdicts = story_journal_verdicts();
	story_journal_forget_notice();
	story->player->mail(story->player, path, story->auth);
	story->mailed = true;
}

/* Only a buggy MTA would send these out of order; the players cannot handle that. */
static bool
comes_in_order(struct story *story, const char *verb)
{
	static const char *const in_session[] = { "HELO", "MAIL", "RSET", NULL };
	static const char *const in_mail[] = { "RCPT", "RCPT-TIMES", "RCPT-REFUSED", "EOM", NULL };

	for (size_t i = 0; in_session[i] != NULL; i++)
		if (strcmp(verb, in_session[i]) == 0 && !story->connected) {
			story_fail(story, "%s needs a CONNECT before it: the story ends here", verb);
			return false;
		}
	for (size_t i = 0; in_mail[i] != NULL; i++)
		if (strcmp(verb, in_mail[i]) == 0 && !story->mailed) {
			story_fail(story, "%s needs a MAIL before it: the story ends here", verb);
			return false;
		}
	return true;
}

/* "RCPT-REFUSED <path> 4.7.1 words": the MTA refused it before it asked us. */
static void
go_rcpt_refused(struct story *story, char *words)
{
	char path[512] = "", status[16] = "";
	int text = 0;

	if (sscanf(words, "%511s %15s %n", path, status, &text) < 2 || text == 0) {
		story_fail(story, "no path, status and text: %s", words);
		return;
	}
	unescape(path);
	unescape(words + text);
	story->player->rcpt_refused(story->player, path, status, words + text);
}

/* "AUTH user", "AUTH" (the macro is there, but empty), "AUTH none" (it is not there). */
static void
set_auth(struct story *story, const char *words)
{
	snprintf(story->auth_name, sizeof story->auth_name, "%s", words);
	story->auth = strcmp(words, "none") == 0 ? NULL : story->auth_name;
}

/* ---- a store that fails ---- */

static bool
broken_get(struct store *store, const char *key, size_t length, struct greylist_record *out, bool *known,
    struct fault *why)
{
	(void)store, (void)key, (void)length, (void)out, (void)known;
	return fault_set(why, "the store is in trouble");
}

static bool
broken_put(struct store *store, const char *key, size_t length, const struct greylist_record *record, struct fault *why)
{
	(void)store, (void)key, (void)length, (void)record;
	return fault_set(why, "the store is in trouble");
}

/* "STORE broken", "STORE works", "STORE shared" or "STORE alone". */
static void
set_store(struct story *story, const char *words)
{
	static struct store broken = { .get = broken_get, .put = broken_put };

	if (story->store != NULL)
		story->store->shared = strcmp(words, "shared") == 0;
	story->services->store = strcmp(words, "broken") == 0 ? &broken : story->store;
	story->services->unsure = story->services->store;
}

static void
keep_vendor(struct story *story, const char *words)
{
	struct named_text *vendor = NULL;
	char name[256] = "";

	sscanf(words, "%255s", name);
	for (size_t i = 0; i < story->vendor_count; i++)
		if (strcmp(story->vendors[i].name, name) == 0)
			vendor = &story->vendors[i];
	if (vendor == NULL && story->vendor_count < TEXTS_MAX)
		vendor = &story->vendors[story->vendor_count++];
	if (vendor == NULL)
		return;
	free(vendor->text);
	snprintf(vendor->name, sizeof vendor->name, "%s", name);
	vendor->text = read_block(story);
}

static void
keep_block(struct story *story, char **where)
{
	free(*where);
	*where = read_block(story);
}

static void
zone_line(struct story *story, const char *words)
{
	struct fault why;

	if (!canned_zone_line(story->zone, words, &why))
		story_fail(story, "ZONE: %s", why.text);
}

static void
drop_zone_name(struct story *story, const char *words)
{
	char name[512] = "";

	sscanf(words, "%511s", name);
	canned_zone_drop(story->zone, name, 0);
}

/* "DOWN vendor.example" puts the name into a free slot, "UP vendor.example" frees its slot. */
static void
set_down(struct story *story, const char *old, const char *new)
{
	for (size_t i = 0; i < sizeof story->down / sizeof story->down[0]; i++)
		if (strcmp(story->down[i], old) == 0) {
			snprintf(story->down[i], sizeof story->down[i], "%s", new);
			return;
		}
	story_fail(story, "no such name is down, or too many are: %s%s", old, new);
}

static bool
setup_line(struct story *story, const char *verb, char *words)
{
	if (strcmp(verb, "AT") == 0)
		set_time(story, words);
	else if (strcmp(verb, "CONFIG") == 0)
		keep_block(story, &story->config);
	else if (strcmp(verb, "SHADOW") == 0)
		keep_block(story, &story->draft);
	else if (strcmp(verb, "VENDOR") == 0)
		keep_vendor(story, words);
	else if (strcmp(verb, "ZONE") == 0)
		zone_line(story, words);
	else if (strcmp(verb, "ZONE-DROP") == 0)
		drop_zone_name(story, words);
	else if (strcmp(verb, "SLOW") == 0 && story->slow_count < 8)
		snprintf(story->slow[story->slow_count++], sizeof story->slow[0], "%s", words);
	else if (strcmp(verb, "DOWN") == 0)
		set_down(story, "", words);
	else if (strcmp(verb, "UP") == 0)
		set_down(story, words, "");
	else if (strcmp(verb, "KEY") == 0)
		story_publish_key(story, words);
	else if (strcmp(verb, "STORE") == 0)
		set_store(story, words);
	else if (strcmp(verb, "RELOAD") == 0)
		load(story);
	else if (strcmp(verb, "REFRESH") == 0)
		refresh_now(story->refresh, true);
	else
		return false;
	return true;
}

static bool
talk_line(struct story *story, const char *verb, char *words)
{
	struct player *player = story->player;

	if (strcmp(verb, "CONNECT") == 0)
		go_connect(story, words);
	else if (strcmp(verb, "DAEMON") == 0)
		snprintf(story->daemon_name, sizeof story->daemon_name, "%s", words);
	else if (strcmp(verb, "RESOLVE") == 0)
		snprintf(story->resolve, sizeof story->resolve, "%s", words);
	else if (strcmp(verb, "MTA") == 0)
		snprintf(story->mta_name, sizeof story->mta_name, "%s", words);
	else if (strcmp(verb, "AUTH") == 0)
		set_auth(story, words);
	else if (strcmp(verb, "HELO") == 0) {
		unescape(words);
		player->helo(player, words);
	} else if (strcmp(verb, "MAIL") == 0) {
		unescape(words);
		go_mail(story, words);
	} else if (strcmp(verb, "RCPT") == 0)
		go_rcpt(story, words);
	else if (strcmp(verb, "RCPT-TIMES") == 0)
		go_many_rcpts(story, words);
	else if (strcmp(verb, "RCPT-REFUSED") == 0)
		go_rcpt_refused(story, words);
	else if (strcmp(verb, "HEADER") == 0)
		add_field(story, words, false);
	else if (strcmp(verb, "HEADER-LATE") == 0)
		add_field(story, words, true);
	else if (strcmp(verb, "HEADER-LONG") == 0)
		add_long_field(story, words);
	else if (strcmp(verb, "HEADER-TIMES") == 0)
		add_many_fields(story, words);
	else if (strcmp(verb, "SIGN") == 0 && story->signature_count < 16)
		snprintf(story->signatures[story->signature_count++], sizeof story->signatures[0], "%s", words);
	else if (strcmp(verb, "BODY") == 0)
		keep_block(story, &story->body);
	else if (strcmp(verb, "BODY-SENT") == 0)
		keep_block(story, &story->sent_body);
	else if (strcmp(verb, "EOM") == 0) {
		story_send(story);
		story->mailed = false;
	} else if (strcmp(verb, "RSET") == 0) {
		player->abort(player);
		story->mailed = false;
	} else if (strcmp(verb, "QUIT") == 0)
		go_quit(story);
	else
		return false;
	return true;
}

static void
play_line(struct story *story, char *line)
{
	char *words = line + strcspn(line, " \t");

	if (line[0] == '#') {
		if (story->title[0] == '\0')
			snprintf(story->title, sizeof story->title, "%s", line + 1 + strspn(line + 1, " "));
		return;
	}
	if ((line[0] == ' ' || line[0] == '\t') && story->field_count > 0) {
		fold_field(story, line);
		return;
	}
	if (line[0] == '\0')
		return;
	if (*words != '\0')
		*words++ = '\0';
	words += strspn(words, " \t");
	if (story->silent && strncmp(line, "EXPECT", 6) == 0)
		return;
	story->over = !comes_in_order(story, line);
	if (!story->over && !setup_line(story, line, words) && !talk_line(story, line, words) &&
	    !story_expects(story, line, words))
		story_fail(story, "unknown line: %s", line);
}

/* False: it cannot be played. Failures of the rest are counted in the story. */
static bool
play(struct story *story)
{
	char line[LINE_MAX_BYTES];

	playing = story;
	story->file = fopen(story->path, "re");
	if (story->file == NULL || !open_setup(story))
		return false;
	while (!story->over && fgets(line, sizeof line, story->file) != NULL) {
		story->line++;
		line[strcspn(line, "\n")] = '\0';
		play_line(story, line);
	}
	go_quit(story);
	story_drop_ending(story);
	fclose(story->file);
	close_setup(story);
	if (!story->silent && story_journal_difference()[0] != '\0') /* without memory it cannot be read back */
		story_fail(story, "a record is not enough: %s", story_journal_difference());
	return true;
}

static struct story story;

void
story_play(const char *path, struct player *player, struct services *services)
{
	story = (struct story){ .path = path, .player = player, .services = services };
	if (!play(&story)) {
		ok(false, "%s cannot be played", path);
		return;
	}
	ok(story.failures == 0, "%s: %s (%s)", strrchr(path, '/') ? strrchr(path, '/') + 1 : path, story.title,
	    player->name);
}

bool
story_rehearse(const char *path, struct player *player, struct services *services)
{
	story = (struct story){ .path = path, .player = player, .services = services, .silent = true };
	return play(&story) && story.failures == 0;
}
