/* greenlane config: prints every setting in force, as a greenlane.conf. */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "milter/state/config_files.h"
#include "milter/tool/cmd.h"
#include "policy/config/policy_text.h"
#include "policy/config/policy_write.h"

static int
write_config(const char *config, const struct policy *policy, const struct config_texts *texts)
{
	struct fault why = { .text = "" };
	const struct node *root = config_texts_tree(texts, config, policy->arena, &why);
	struct text text;
	int status = EX_OSERR;

	if (root == NULL) {
		cmd_fault(&why);
		return EX_CONFIG;
	}
	text_open(&text, 2 * POLICY_TEXT_MAX);
	if (settings_write(root, &policy->settings, &text))
		status = output_put(&text);
	else
		fputs("greenlane: out of memory\n", stderr);
	text_close(&text);
	return status;
}

static int
run(const char *config, int argc, char **argv)
{
	struct config_texts *texts;
	struct policy *policy;
	int status;

	if (cmd_words(&cmd_config, &config, argc, argv) != 0)
		return cmd_usage(&cmd_config);
	policy = cmd_load_kept(config, &texts);
	if (policy == NULL)
		return EX_CONFIG;
	status = write_config(config, policy, texts);
	config_texts_free(texts);
	policy_free(policy);
	return status;
}

const struct command cmd_config = { "config", "", "print every setting in force, defaults marked, as a greenlane.conf",
	run };
