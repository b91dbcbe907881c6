#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "milter/tool/hidden_query.h"

enum { ROOM = 64 * 1024 };

/* As it was copied from what hides it. */
static bool
is_hidden(const char *word)
{
	size_t letters = 0;

	word += *word == '<';
	if (*word != '~')
		return false;
	while (word[1 + letters] >= 'a' && word[1 + letters] <= 'p')
		letters++;
	return letters == PRIVACY_HASH &&
	    (word[1 + letters] == '@' || word[1 + letters] == '>' || word[1 + letters] == '\0');
}

/* Domains and ids of ours are shown as they are. */
static bool
is_name(const char *word)
{
	return word != NULL && (strchr(word, '@') != NULL || word[0] == '<') && !is_hidden(word);
}

static const char *
hide(const struct hidden_query *query, const char *word,
    const char *(*how)(const struct privacy *, struct arena *, const char *))
{
	const struct privacy by = privacy_by(&query->key);

	return is_name(word) ? how(&by, query->arena, word) : word;
}

bool
hidden_query_open(struct hidden_query *query, const char *state_dir, struct tries_query *asked)
{
	*query = (struct hidden_query){ .names = is_name(asked->rcpt) || is_name(asked->from) || is_name(asked->handle),
		.got = PRIVACY_KEY_NONE };
	if (!query->names)
		return true;
	query->got = privacy_key_read(state_dir, &query->key, &query->why);
	if (query->got != PRIVACY_KEY_READ)
		return true;
	query->arena = arena_open(ROOM);
	if (query->arena == NULL)
		return false;
	asked->hidden_by = query->key.id;
	asked->hidden_rcpt = hide(query, asked->rcpt, privacy_address);
	asked->hidden_from = hide(query, asked->from, privacy_address);
	asked->hidden_handle = hide(query, asked->handle, privacy_message_id);
	return !arena_failed(query->arena);
}

void
hidden_query_close(struct hidden_query *query)
{
	explicit_bzero(&query->key, sizeof query->key);
	arena_close(query->arena);
}

void
hidden_query_note(struct hidden_query *query, const struct recorded *recorded)
{
	bool ours = query->got == PRIVACY_KEY_READ && strcmp(recorded->hidden_by, query->key.id) == 0;

	query->closed += query->names && recorded->hidden_by[0] != '\0' && !ours;
}

int
hidden_query_settle(const struct hidden_query *query)
{
	unsigned long long closed = query->closed;
	char text[1024];

	if (closed == 0)
		return 0;
	if (query->got == PRIVACY_KEY_READ) {
		fprintf(stderr,
		    "greenlane: local parts in %llu of the verdicts are hidden by another key than this host's; ask the host that wrote "
		    "them, or for the domain alone\n",
		    closed);
		return 0;
	}
	fault_write(&query->why, text, sizeof text);
	fprintf(stderr,
	    "greenlane: local parts in %llu of the verdicts are hidden (log.privacy), and without the key none is found: %s%s\n",
	    closed, text,
	    query->got == PRIVACY_KEY_WITHHELD ? "; ask as root or as the user of greenlaned, or for the domain alone"
					       : "");
	return query->got == PRIVACY_KEY_WITHHELD ? EX_NOPERM : 0;
}
