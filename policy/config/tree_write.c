#include <string.h>

#include "policy/config/tree_write.h"
#include "policy/util/utf8.h"

/* libconfig's escapes; a terminal is not the file's to steer. */
static void
string_write(const char *string, struct text *out)
{
	size_t left = strlen(string);

	text_char(out, '"');
	for (size_t length; left > 0; string += length, left -= length) {
		length = utf8_plain(string, left);
		if (length == 0) {
			text_format(out, "\\x%02x", (unsigned char)*string);
			length = 1;
			continue;
		}
		if (*string == '"' || *string == '\\')
			text_char(out, '\\');
		text_add(out, string, length);
	}
	text_char(out, '"');
}

void
node_write(const struct node *node, struct text *out)
{
	bool groups = node->count > 0 && node->children[0].kind == NODE_GROUP;

	switch (node->kind) {
	case NODE_STRING:
		string_write(node->text, out);
		return;
	case NODE_NUMBER:
		text_put(out, node->text);
		return;
	case NODE_BOOL:
		text_put(out, node->truth ? "true" : "false");
		return;
	default:
		break;
	}
	text_put(out, node->kind == NODE_GROUP ? "{ " : groups ? "( " : "[ ");
	for (size_t i = 0; i < node->count; i++) {
		if (node->kind == NODE_GROUP)
			text_format(out, "%s = ", node->children[i].name);
		node_write(&node->children[i], out); /* as deep as policy_scan allows */
		text_put(out, node->kind == NODE_GROUP ? "; " : i + 1 < node->count ? ", " : " ");
	}
	text_put(out, node->kind == NODE_GROUP ? "}" : groups ? ")" : "]");
}
