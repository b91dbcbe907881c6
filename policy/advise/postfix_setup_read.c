#include <string.h>

#include "policy/advise/postfix_setup_parts.h"

static const char blanks[] = " \t\r\n";

static struct span
take_word(struct span *rest)
{
	struct span word;

	*rest = span_trim(*rest);
	word = (struct span){ rest->at, 0 };
	while (word.length < rest->length && strchr(blanks, word.at[word.length]) == NULL)
		word.length++;
	rest->at += word.length;
	rest->length -= word.length;
	return word;
}

static const char *
keep(struct arena *arena, struct span span)
{
	return arena_copy(arena, span.at, span.length);
}

/* "name = value" */
static bool
read_setting(struct postfix_host *host, struct span line)
{
	struct postfix_setting *setting = &host->settings[host->setting_count];
	struct span rest = line, name = span_trim(span_cut(&rest, '='));

	setting->name = keep(host->arena, name);
	setting->value = keep(host->arena, span_trim(rest));
	host->setting_count++;
	return setting->name != NULL && setting->value != NULL;
}

/* "smtp inet n - y - - smtpd -o name=value": name, type, private, unpriv, chroot, wakeup, maxproc, command */
static bool
read_service(struct postfix_host *host, struct span line)
{
	struct postfix_service *service = &host->services[host->service_count];
	struct span rest = line, words[8];

	for (size_t i = 0; i < 8; i++)
		words[i] = take_word(&rest);
	service->name = keep(host->arena, words[0]);
	service->type = keep(host->arena, words[1]);
	service->chroot = keep(host->arena, words[4]);
	service->processes = keep(host->arena, words[6]);
	service->command = keep(host->arena, words[7]);
	service->options = keep(host->arena, span_trim(rest));
	host->service_count++;
	return service->name != NULL && service->type != NULL && service->chroot != NULL &&
	    service->processes != NULL && service->command != NULL && service->options != NULL;
}

/* A setting's second word is "="; a service has at least eight words. */
static bool
read_line(struct postfix_host *host, struct span line)
{
	struct span rest = line, word = take_word(&rest);
	size_t count = 1;

	if (word.length == 0 || word.at[0] == '#')
		return true;
	word = take_word(&rest);
	if (span_is(word, "="))
		return host->setting_count == POSTFIX_SETTINGS_MAX || read_setting(host, line);
	for (; word.length > 0; word = take_word(&rest))
		count++;
	if (count < 8 || host->service_count == POSTFIX_SERVICES_MAX)
		return true;
	return read_service(host, line);
}

/* A line that begins with a blank continues the one before (postconf -f, or a main.cf itself). */
static struct span
take_line(struct span *rest)
{
	struct span line = span_cut(rest, '\n');

	while (rest->length > 0 && (rest->at[0] == ' ' || rest->at[0] == '\t')) {
		struct span more = span_cut(rest, '\n');

		line.length = (size_t)(more.at + more.length - line.at);
	}
	return line;
}

bool
postfix_read(const struct postfix_setup_site *site, struct arena *arena, struct postfix_host *out)
{
	struct span rest = span_of(site->postconf);

	*out = (struct postfix_host){ .site = site, .arena = arena };
	out->settings = arena_take(arena, POSTFIX_SETTINGS_MAX * sizeof *out->settings);
	out->services = arena_take(arena, POSTFIX_SERVICES_MAX * sizeof *out->services);
	if (out->settings == NULL || out->services == NULL)
		return false;
	while (rest.length > 0)
		if (!read_line(out, take_line(&rest)))
			return false;
	return out->setting_count > 0;
}

/* The last one is in force, as in main.cf. */
const char *
postfix_setting(const struct postfix_host *host, const char *name)
{
	for (size_t i = host->setting_count; i-- > 0;)
		if (strcmp(host->settings[i].name, name) == 0)
			return host->settings[i].value;
	return NULL;
}

/* As take_word, but what stands in braces is one word. */
static struct span
take_argument(struct span *rest)
{
	struct span word;
	int depth = 0;

	*rest = span_trim(*rest);
	word = (struct span){ rest->at, 0 };
	for (; word.length < rest->length; word.length++) {
		depth += word.at[word.length] == '{';
		depth -= word.at[word.length] == '}' && depth > 0;
		if (depth == 0 && strchr(blanks, word.at[word.length]) != NULL)
			break;
	}
	rest->at += word.length;
	rest->length -= word.length;
	return word;
}

/* "name=value", or "{ name = value }" */
static bool
overrides(struct span word, const char *name, struct span *value)
{
	if (word.length > 1 && word.at[0] == '{' && word.at[word.length - 1] == '}')
		word = (struct span){ word.at + 1, word.length - 2 };
	if (!span_is(span_trim(span_cut(&word, '=')), name))
		return false;
	*value = span_trim(word);
	return true;
}

struct span
postfix_override(const struct postfix_service *service, const char *name)
{
	struct span rest = span_of(service->options), value = { NULL, 0 };

	for (struct span word = take_argument(&rest); word.length > 0; word = take_argument(&rest))
		if (span_is(word, "-o"))
			(void)overrides(take_argument(&rest), name, &value);
	return value;
}

/* The value of the setting that "$name", "${name}" or "$(name)" stands for; any other value as it is. */
static struct span
expand(const struct postfix_host *host, struct span value)
{
	struct span name = value;
	const char *copy, *found;

	if (name.length < 2 || name.at[0] != '$')
		return value;
	name = (struct span){ name.at + 1, name.length - 1 };
	if (name.length > 2 && (name.at[0] == '{' || name.at[0] == '('))
		name = (struct span){ name.at + 1, name.length - 2 };
	copy = keep(host->arena, name);
	found = copy == NULL ? NULL : postfix_setting(host, copy);
	return found == NULL ? value : span_of(found);
}

struct span
postfix_in_force(const struct postfix_host *host, const struct postfix_service *service, const char *name)
{
	struct span value = postfix_override(service, name);
	const char *setting = postfix_setting(host, name);

	if (value.at == NULL)
		value = span_of(setting == NULL ? "" : setting);
	return expand(host, value);
}

bool
postfix_is_yes(struct span value)
{
	return value.length > 0 && !span_is(value, "no");
}

size_t
postfix_words(const char *list, struct span *words, size_t room)
{
	size_t count = 0, length;
	int depth;

	while (list += strspn(list, " \t\r\n,"), *list != '\0' && count < room) {
		depth = 0;
		for (length = 0; list[length] != '\0'; length++) {
			depth += list[length] == '{';
			depth -= list[length] == '}' && depth > 0;
			if (depth == 0 && strchr(" \t\r\n,", list[length]) != NULL)
				break;
		}
		words[count++] = (struct span){ list, length };
		list += length;
	}
	return count;
}

bool
postfix_holds(struct span span, const char *needle)
{
	return memmem(span.at, span.length, needle, strlen(needle)) != NULL;
}
