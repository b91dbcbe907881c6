#include <stdlib.h>
#include <string.h>

#include <libconfig.h>

#include "policy/config/policy_scan.h"
#include "policy/config/policy_tree.h"

/* Copies libconfig's tree and walks our own tokens along with it: both have the plain values in the order of
 * the text, and only ours have the line of each and the digits of a number. */
struct copying {
	struct arena *arena;
	const struct tokens *tokens;
	size_t next;
};

static bool
scalar_copy(struct copying *copying, const config_setting_t *from, struct node *to)
{
	const struct token *token;
	const char *string;

	if (copying->next == copying->tokens->count)
		return false;
	token = &copying->tokens->list[copying->next++];
	to->line = token->line;
	switch (token->kind) {
	case TOKEN_STRING:
		to->kind = NODE_STRING;
		if (config_setting_type(from) != CONFIG_TYPE_STRING)
			return false;
		string = config_setting_get_string(from);
		if (string == NULL) /* libconfig ran out of memory and does not report it */
			return false;
		to->text = arena_string(copying->arena, string);
		break;
	case TOKEN_NUMBER:
		to->kind = NODE_NUMBER;
		if (!config_setting_is_number(from))
			return false;
		to->text = arena_copy(copying->arena, token->text.at, token->text.length);
		break;
	case TOKEN_BOOL:
		to->kind = NODE_BOOL;
		if (config_setting_type(from) != CONFIG_TYPE_BOOL)
			return false;
		to->truth = config_setting_get_bool(from);
		break;
	}
	return to->text != NULL;
}

/* Recursion stops at SCAN_DEPTH_MAX: the scanner refused deeper text. */
static bool
node_copy(struct copying *copying, const config_setting_t *from, struct node *to)
{
	const char *name = from == NULL ? NULL : config_setting_name(from);
	struct node *children;
	int count;

	if (from == NULL)
		return false;
	*to = (struct node){ .name = "", .text = "", .line = config_setting_source_line(from) };
	if (name != NULL && (to->name = arena_string(copying->arena, name)) == NULL)
		return false;
	if (!config_setting_is_aggregate(from))
		return scalar_copy(copying, from, to);
	to->kind = config_setting_is_group(from) ? NODE_GROUP : NODE_LIST;
	count = config_setting_length(from);
	children = arena_take(copying->arena, (size_t)count * sizeof *children);
	if (children == NULL)
		return false;
	for (int i = 0; i < count; i++)
		if (!node_copy(copying, config_setting_get_elem(from, (unsigned)i), &children[i]))
			return false;
	to->children = children;
	to->count = (size_t)count;
	return true;
}

/* config_read_string needs a terminator, and a line feed after a comment on the last line. */
static char *
terminated(const char *text, size_t length)
{
	char *copy = malloc(length + 2);

	if (copy != NULL) {
		memcpy(copy, text, length);
		memcpy(copy + length, "\n", 2);
	}
	return copy;
}

const struct node *
tree_read(struct arena *arena, const char *file, const char *text, size_t length, struct fault *why)
{
	struct node *root = NULL, *made = arena_take(arena, sizeof *made);
	char *copy = terminated(text, length);
	struct tokens tokens = { 0 };
	struct copying copying = { .arena = arena, .tokens = &tokens };
	config_t config;

	config_init(&config);
	if (made == NULL || copy == NULL) {
		fault_at(why, file, 0, "out of memory");
		goto out;
	}
	if (!policy_scan(file, text, length, &tokens, why))
		goto out;
	if (!config_read_string(&config, copy)) {
		fault_at(why, file, (unsigned)config_error_line(&config),
		    "%s; write elements of one kind between '[' and ']'", config_error_text(&config));
		goto out;
	}
	if (!node_copy(&copying, config_root_setting(&config), made) || copying.next != tokens.count) {
		fault_at(why, file, 0, "too large for memory, or read differently by libconfig");
		goto out;
	}
	root = made;
out:
	config_destroy(&config);
	tokens_close(&tokens);
	free(copy);
	return root;
}

const struct node *
node_member(const struct node *group, const char *name)
{
	for (size_t i = 0; i < group->count; i++)
		if (strcmp(group->children[i].name, name) == 0)
			return &group->children[i];
	return NULL;
}
