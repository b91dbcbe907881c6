#include <sys/stat.h>

#include "milter/state/config_files.h"
#include "milter/state/shadow_files.h"
#include "policy/util/text.h"

enum { SHOWN = 5 }; /* errors of a draft; greenlane check shows all */

static bool
is_same_file(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static void
say_errors(const char *path, const struct faults *of_draft, struct faults *faults)
{
	size_t shown = 0;

	faults_warn(faults, path, 0,
	    "the draft that 'shadow' names has %zu error%s and is not judged; mend it and reload", of_draft->errors,
	    text_s(of_draft->errors));
	for (size_t i = 0; i < of_draft->kept && shown < SHOWN; i++)
		if (of_draft->list[i].level == FAULT_ERROR) {
			faults_add(faults, FAULT_WARNING, &of_draft->list[i].fault);
			shown++;
		}
	if (shown < of_draft->errors)
		faults_warn(faults, path, 0, "and %zu more; greenlane check -c %s shows them", of_draft->errors - shown,
		    path);
}

/* The faults of the draft, apart. NULL without memory, or where one is an error. */
static struct policy *
read_draft(const char *path, struct faults *of_draft)
{
	struct policy *draft = config_files_read(path, of_draft);

	if (draft == NULL || draft->settings.shadow[0] == '\0')
		return draft;
	faults_error(of_draft, path, 0, "a draft has no draft of its own; take 'shadow' out of it");
	policy_free(draft);
	return NULL;
}

bool
shadow_files_read(struct policy *policy, const char *config, struct faults *faults)
{
	const char *path = policy->settings.shadow;
	struct faults *of_draft;

	if (path[0] == '\0')
		return true;
	if (is_same_file(path, config)) {
		faults_error(faults, config, 0,
		    "'shadow' names this very file; write the path of another one, which may begin as a copy");
		return false;
	}
	of_draft = faults_open();
	if (of_draft == NULL) {
		faults_warn(faults, path, 0, "out of memory for the draft that 'shadow' names; it is not judged");
		return true;
	}
	policy->draft = read_draft(path, of_draft);
	if (policy->draft == NULL)
		say_errors(path, of_draft, faults);
	faults_close(of_draft);
	return true;
}

struct policy *
shadow_files_load(const char *config, struct faults *faults)
{
	struct policy *policy = config_files_read(config, faults);

	if (policy == NULL || shadow_files_read(policy, config, faults))
		return policy;
	policy_free(policy);
	return NULL;
}

uint64_t
shadow_files_fingerprint(const struct policy *policy)
{
	const char *path = policy->settings.shadow;
	uint64_t hash = 0;

	if (path[0] == '\0')
		return 0;
	if (policy->draft == NULL)
		return config_files_hash(path, &hash) ? hash : 0;
	return config_files_fingerprint(path, policy->draft, &hash) ? hash : 0;
}
