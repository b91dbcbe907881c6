/*
 * dmarc_tree.c - evaluates DMARC for trees of records that t/dmarc_tree.py makes up, so that it can compare.
 *
 *     dmarc_tree < TREES      each tree is lines: zone LINE (canned_zone.h), author DOMAIN, spf DOMAIN, dkim DOMAIN, end
 *
 * Prints a line a tree: the result by RFC 9989, policy, tag, testing, record, organisation, domains asked for the author.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/mail/dmarc.h"
#include "t/lib/canned_zone.h"

enum { SIGNATURES_MAX = 5, NAME_ROOM = 256 };

struct tree {
	struct canned_zone *zone;
	char author[NAME_ROOM], spf[NAME_ROOM], signers[SIGNATURES_MAX][NAME_ROOM];
	size_t signer_count;
};

static void
give_up(const char *what)
{
	fprintf(stderr, "dmarc_tree: %s\n", what);
	exit(2);
}

static void
tree_begin(struct tree *tree)
{
	*tree = (struct tree){ .zone = canned_zone_open() };
	if (tree->zone == NULL)
		give_up("out of memory");
}

static void
tree_line(struct tree *tree, const char *word, const char *rest)
{
	struct fault why = { 0 };

	if (strcmp(word, "author") == 0)
		snprintf(tree->author, sizeof tree->author, "%s", rest);
	else if (strcmp(word, "spf") == 0)
		snprintf(tree->spf, sizeof tree->spf, "%s", rest);
	else if (strcmp(word, "dkim") == 0 && tree->signer_count < SIGNATURES_MAX)
		snprintf(tree->signers[tree->signer_count++], NAME_ROOM, "%s", rest);
	else if (strcmp(word, "zone") != 0 || !canned_zone_line(tree->zone, rest, &why))
		give_up(why.text[0] != '\0' ? why.text : word);
}

static void
evaluate(const struct tree *tree, const struct facts *facts, struct arena *arena, struct dmarc_fact *out)
{
	static const struct suffix_list none = { NULL };
	unsigned walks = DMARC_WALKS_MAX;
	struct dns_question question;
	struct dns_answer answer;
	struct dmarc_check check;
	const char *start;

	dmarc_begin(&check, &none, facts, tree->author, &walks);
	while (dmarc_next(&check, &question, &start)) {
		canned_zone_answer(tree->zone, &question, &answer);
		dmarc_answer(&check, &answer);
	}
	dmarc_finish(&check, arena, out);
}

static void
tree_print(const struct tree *tree)
{
	struct dkim_fact dkim[SIGNATURES_MAX];
	struct facts facts = { .via = "", .dkim = dkim, .dkim_count = tree->signer_count };
	struct arena *arena = arena_open(64 * 1024);
	struct dmarc_fact got;

	if (arena == NULL)
		give_up("out of memory");
	facts.spf = (struct spf_fact){ tree->spf[0] == '\0' ? AUTH_NONE : AUTH_PASS, false, tree->spf };
	for (size_t i = 0; i < tree->signer_count; i++)
		dkim[i] = (struct dkim_fact){ .d = tree->signers[i],
			.s = "s",
			.result = AUTH_PASS,
			.counts = true,
			.passes = true,
			.why = "" };
	evaluate(tree, &facts, arena, &got);
	printf("%s %s %s %s %s %s", auth_word(got.said), dmarc_policy_word(got.policy), got.tag == NULL ? "-" : got.tag,
	    got.testing ? "test" : "-", got.domain[0] == '\0' ? "-" : got.domain,
	    got.organisation == NULL ? "-" : got.organisation);
	for (size_t i = 0; i < got.step_count; i++)
		printf(" %s", got.steps[i].domain);
	printf("\n");
	arena_close(arena);
}

int
main(void)
{
	static char line[8192];
	struct tree tree;

	tree_begin(&tree);
	while (fgets(line, sizeof line, stdin) != NULL) {
		char *rest = line + strcspn(line, " \n");

		if (*rest == ' ')
			*rest++ = '\0';
		rest[strcspn(rest, "\n")] = '\0';
		if (strcmp(line, "end") != 0) {
			tree_line(&tree, line, rest);
			continue;
		}
		tree_print(&tree);
		canned_zone_close(tree.zone);
		tree_begin(&tree);
	}
	canned_zone_close(tree.zone);
	return 0;
}
