#include <string.h>

#include "policy/config/policy_shared.h"
#include "policy/util/hash.h"

/* Groups and keys that one host may have otherwise than another; two words: a key in a group. */
static const char *const of_a_host[][2] = { { "alert", "" }, { "authserv_id", "" }, { "control", "" },
	{ "delegate", "listen" }, { "dns", "" }, { "exports", "" }, { "greylist", "redis" }, { "greylist", "store" },
	{ "log", "" }, { "metrics", "" }, { "milter", "" }, { "shadow", "" }, { "socketmap", "" }, { "state_dir", "" },
	{ "user", "" }, { "vendor_path", "" } /* what lies there counts */ };

static bool
is_of_a_host(const char *group, const char *key)
{
	for (size_t i = 0; i < sizeof of_a_host / sizeof of_a_host[0]; i++) {
		const char *const *row = of_a_host[i];

		if (row[1][0] == '\0' ? group[0] == '\0' && strcmp(row[0], key) == 0
				      : strcmp(row[0], group) == 0 && strcmp(row[1], key) == 0)
			return true;
	}
	return false;
}

static uint64_t
hash_node(const struct node *node, uint64_t hash)
{
	unsigned char kind[] = { (unsigned char)node->kind, node->truth };

	hash = hash_bytes(hash, node->name, strlen(node->name) + 1);
	hash = hash_bytes(hash, kind, sizeof kind);
	hash = hash_bytes(hash, node->text, strlen(node->text) + 1);
	for (size_t i = 0; i < node->count; i++)
		hash = hash_node(&node->children[i], hash);
	return hash_bytes(hash, "}", 1);
}

uint64_t
policy_shared_hash(const struct node *root, uint64_t hash)
{
	for (size_t i = 0; i < root->count; i++) {
		const struct node *node = &root->children[i];

		if (is_of_a_host("", node->name))
			continue;
		if (node->kind != NODE_GROUP) {
			hash = hash_node(node, hash);
			continue;
		}
		for (size_t j = 0; j < node->count; j++)
			if (!is_of_a_host(node->name, node->children[j].name))
				hash = hash_node(&node->children[j], hash_string(hash, node->name));
	}
	return hash;
}
