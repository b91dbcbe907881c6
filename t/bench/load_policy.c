/* One message of milterload in Postfix's policy delegation protocol: a request at RCPT for each recipient. */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "t/bench/load.h"

enum { ANSWER_MAX = 65536 };

static void
request_put(struct load_worker *worker, const struct load_sender *sender, const char *rcpt, long number)
{
	text_format(&worker->line.out,
	    "request=smtpd_access_policy\nprotocol_state=RCPT\nprotocol_name=ESMTP\n"
	    "helo_name=%s\nqueue_id=%lX\nsender=%s\nrecipient=%s\nrecipient_count=0\n"
	    "client_address=%s\nclient_name=%s\nreverse_client_name=%s\n"
	    "instance=%x.%lx\nsize=0\n\n",
	    sender->helo, (unsigned long)number, sender->from, rcpt, sender->ip, sender->name, sender->name,
	    (unsigned)getpid(), (unsigned long)number);
}

/* Reads up to the empty line; NULL: it did not come. The text lasts until the next answer. */
static char *
answer_read(struct milter_client *line)
{
	do {
		size_t length = line->in.length - line->used;

		if (length > ANSWER_MAX) {
			milter_client_fail(line, "a policy answer without an end");
			return NULL;
		}
		if (!milter_client_fill(line, length + 1))
			return NULL;
	} while (line->in.length - line->used < 2 || memcmp(line->in.bytes + line->in.length - 2, "\n\n", 2) != 0);
	line->in.bytes[line->in.length - 1] = '\0';
	line->used = line->in.length;
	return line->in.bytes;
}

static bool
begins(const char *text, const char *word)
{
	return strncasecmp(text, word, strlen(word)) == 0;
}

/* LOAD_CONTINUE: the action refuses nothing. */
static enum load_verdict
action_judge(struct load_worker *worker, const char *action)
{
	if (begins(action, "defer") || *action == '4')
		return LOAD_TEMPFAIL;
	if (begins(action, "reject") || *action == '5')
		return LOAD_REJECT;
	if (begins(action, "discard"))
		return LOAD_DISCARD;
	if (begins(action, "prepend"))
		load_count(worker, LOAD_ADDHEADER);
	return LOAD_CONTINUE;
}

static enum load_verdict
request_judge(struct load_worker *worker, const struct load_sender *sender, const char *rcpt, long number)
{
	const char *answer;

	request_put(worker, sender, rcpt, number);
	worker->end_ns = monotonic_ns();
	answer = answer_read(&worker->line);
	if (answer == NULL)
		return LOAD_ERROR;
	if (worker->shown)
		fprintf(stderr, "policy -> %s\n", answer);
	if (!begins(answer, "action="))
		return load_error(worker, "bad policy answer %.40s", answer);
	return action_judge(worker, answer + strlen("action="));
}

enum load_verdict
load_policy_message(struct load_worker *worker, long number)
{
	enum load_verdict verdict = LOAD_ACCEPT;
	struct load_sender sender;
	char rcpt[LOAD_WORD];

	load_sender_make(worker->options, number, &sender);
	for (size_t i = 0; i < worker->options->rcpt_count && verdict != LOAD_ERROR; i++) {
		enum load_verdict one;

		load_expand(worker->options, number, worker->options->rcpts[i], rcpt);
		one = request_judge(worker, &sender, rcpt, number);
		verdict = one == LOAD_CONTINUE ? verdict : one;
	}
	return verdict;
}
