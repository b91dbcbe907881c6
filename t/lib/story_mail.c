#include <stdlib.h>
#include <string.h>

#include "t/lib/canned_zone.h"
#include "t/lib/sign.h"
#include "t/lib/story_parts.h"

void
story_drop_ending(struct story *story)
{
	for (size_t i = 0; i < story->ending.inserted_count; i++)
		free(story->ending.inserted[i]);
	story->ending = (struct story_ending){ .removed_count = 0 };
	story->reply = (struct story_reply){ .code = "" };
}

void
story_drop_mail(struct story *story)
{
	for (size_t i = 0; i < story->field_count; i++) {
		free(story->fields[i].name);
		free(story->fields[i].value);
	}
	free(story->body);
	free(story->sent_body);
	story->body = story->sent_body = NULL;
	story->field_count = story->signature_count = 0;
}

static char *
to_crlf(const char *text)
{
	char *made = malloc(2 * strlen(text) + 1), *write = made;

	for (; made != NULL && *text != '\0'; text++) {
		if (*text == '\n')
			*write++ = '\r';
		*write++ = *text;
	}
	if (made != NULL)
		*write = '\0';
	return made;
}

static enum sign_kind
key_kind(const char *word)
{
	static const char *const
	    words[SIGN_KINDS] = { [SIGN_RSA_768] = "rsa768", [SIGN_RSA_1024] = "rsa1024", [SIGN_RSA_2048] = "rsa", [SIGN_ED25519] = "ed25519" };

	for (int i = 0; i < SIGN_KINDS; i++)
		if (strcmp(words[i], word) == 0)
			return (enum sign_kind)i;
	return SIGN_RSA_2048;
}

void
story_publish_key(struct story *story, char *words)
{
	char selector[128] = "", domain[256] = "", kind[32] = "rsa", option[32] = "", name[512];
	char *record;

	sscanf(words, "%127s %255s %31s %31s", selector, domain, kind, option);
	record = sign_record(sign_key(key_kind(kind)),
	    strcmp(option, "test") == 0          ? SIGN_TESTING
		: strcmp(option, "strict") == 0  ? SIGN_STRICT
		: strcmp(option, "revoked") == 0 ? SIGN_REVOKED
						 : 0);
	snprintf(name, sizeof name, "%s._domainkey.%s", selector, domain);
	if (record == NULL || !canned_zone_add(story->zone, name, DNS_TXT, 3600, 0, record, strlen(record)))
		story_fail(story, "no key could be made");
	free(record);
}

/* "SIGN selector domain [key=rsa] [a=rsa-sha1] [h=from:to] [l=10] [x=1] [t=1] [i=a@b] [simple]" */
static char *
make_signature(struct story *story, const char *order_text)
{
	char words[1024], *save = NULL, *word, selector[128], domain[256];
	struct sign_order order = { .key = sign_key(SIGN_RSA_2048) };
	static struct sign_field fields[FIELDS_MAX];
	size_t count = 0;

	snprintf(words, sizeof words, "%s", order_text);
	if (sscanf(words, "%127s %255s", selector, domain) != 2)
		return NULL;
	order.s = selector;
	order.d = domain;
	strtok_r(words, " ", &save);
	strtok_r(NULL, " ", &save);
	while ((word = strtok_r(NULL, " ", &save)) != NULL) {
		if (strncmp(word, "key=", 4) == 0)
			order.key = sign_key(key_kind(word + 4));
		else if (strncmp(word, "a=", 2) == 0)
			order.a = word + 2;
		else if (strncmp(word, "h=", 2) == 0)
			order.h = word + 2;
		else if (strncmp(word, "i=", 2) == 0)
			order.i = word + 2;
		else if (strncmp(word, "q=", 2) == 0)
			order.tag = word;
		else if (strncmp(word, "t=", 2) == 0)
			order.t = atoll(word + 2);
		else if (strncmp(word, "x=", 2) == 0)
			order.x = atoll(word + 2);
		else if (strncmp(word, "l=", 2) == 0) {
			order.partial = true;
			order.l = (size_t)atoll(word + 2);
		} else if (strcmp(word, "simple") == 0)
			order.simple = true;
		else
			story_fail(story, "SIGN: unknown word %s", word);
	}
	for (size_t i = 0; i < story->field_count; i++)
		if (!story->fields[i].late)
			fields[count++] = (struct sign_field){ story->fields[i].name, story->fields[i].value };
	return sign_message(&order, fields, count, story->body, strlen(story->body));
}

static void
send_fields(struct story *story, bool late)
{
	for (size_t i = 0; i < story->field_count; i++)
		if (story->fields[i].late == late)
			story->player->header(story->player, story->fields[i].name, story->fields[i].value);
}

void
story_send(struct story *story)
{
	struct player *player = story->player;
	const char *sent;
	char *body;

	if (story->body == NULL)
		story->body = strdup("Hello.\n");
	send_fields(story, true);
	for (size_t i = 0; i < story->signature_count; i++) {
		char *value = make_signature(story, story->signatures[i]);

		if (value == NULL)
			story_fail(story, "SIGN %s made no signature", story->signatures[i]);
		else
			player->header(player, "DKIM-Signature", value);
		free(value);
	}
	send_fields(story, false);
	player->headers_end(player);
	sent = story->sent_body != NULL ? story->sent_body : story->body;
	body = to_crlf(sent);
	player->body(player, body, strlen(body));
	free(body);
	player->end(player, &story->ending);
	story->reply = story->ending.reply;
	story_drop_mail(story);
}
