#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "milter/store/greylist_requests.h"
#include "milter/tool/cmd.h"
#include "milter/tool/greylist_ask.h"
#include "milter/tool/greylist_copy.h"
#include "milter/tool/greylist_print.h"
#include "policy/config/policy_keys.h"
#include "policy/util/json_read.h"

enum { ROWS = 100, TUPLES = 20 }; /* shown without --all */

static const char all_states[] = "waiting,due,pass,known,free,expired";
static const char unpassed[] = "waiting,due,pass"; /* mail is still to come */
static const char passable[] = "waiting,due,pass,expired";

/* What the command line asks for. */
struct wanted {
	const char *sender, *rcpt, *client;
	bool json, all;
};

struct look {
	const struct wanted *wanted;
	struct greylist_ask *ask;
	struct text reply, next; /* next: where the next piece begins */
	struct greylist_table table;
	size_t shown, matched, by_domain, changed, counts[TUPLE_STATES];
	int64_t oldest, now;
	struct text key; /* of the first tuple, as in a request */
	void (*show)(struct look *, struct span tuples);
	enum greylist_alone_may alone;
};

/* ---- pieces ---- */

static void
write_request(const struct look *look, const char *verb, const char *states, size_t most, struct text *out)
{
	const struct wanted *wanted = look->wanted;

	text_format(out, "%s most=%zu states=%s", verb, most, states);
	if (wanted->sender != NULL)
		greylist_request_add(out, "sender", span_of(wanted->sender));
	if (wanted->rcpt != NULL)
		greylist_request_add(out, "rcpt", span_of(wanted->rcpt));
	if (wanted->client != NULL)
		greylist_request_add(out, "client", span_of(wanted->client));
	if (look->next.length > 0)
		greylist_request_add(out, "from", (struct span){ look->next.bytes, look->next.length });
	out->cut = out->cut || look->next.cut;
}

static void
keep_key(struct look *look, struct span tuple)
{
	struct text key;

	text_clear(&look->key);
	text_open(&key, GREYLIST_KEY_MAX + 1);
	json_read_unquote(json_read_member(tuple, "key"), &key);
	greylist_request_add(&look->key, "key", (struct span){ key.bytes, key.length });
	look->key.cut = look->key.cut || key.cut;
	text_close(&key);
}

static void
take_reply(struct look *look)
{
	struct span reply = { look->reply.bytes, look->reply.length }, piece = json_read_member(reply, "piece");
	struct span tuples = json_read_member(reply, "tuples"), rest = tuples, tuple,
		    counts = json_read_member(piece, "counts");
	int64_t oldest = json_read_integer(json_read_member(piece, "oldest"));

	look->now = json_read_integer(json_read_member(piece, "now"));
	look->matched += (size_t)json_read_integer(json_read_member(piece, "matched"));
	look->by_domain += (size_t)json_read_integer(json_read_member(piece, "by_domain"));
	look->changed += (size_t)json_read_integer(json_read_member(piece, "changed"));
	for (unsigned i = 0; i < TUPLE_STATES; i++)
		look->counts[i] += (size_t)json_read_integer(
		    json_read_member(counts, greylist_tuple_word((enum greylist_tuple_state)i)));
	if (oldest != 0 && (look->oldest == 0 || oldest < look->oldest))
		look->oldest = oldest;
	if (look->shown == 0 && json_read_next(&rest, &tuple))
		keep_key(look, tuple);
	if (look->show != NULL)
		look->show(look, tuples);
	for (rest = tuples; json_read_next(&rest, &tuple);)
		look->shown++;
	text_clear(&look->next);
	json_read_unquote(json_read_member(piece, "next"), &look->next);
}

/* Asks for all pieces, and shows `limit` tuples at most; the rest is counted. An exit status. */
static int
look_through(struct look *look, const char *verb, const char *states, size_t limit)
{
	struct text words;
	int status;

	text_open(&words, 64 * 1024);
	do {
		size_t left = limit - look->shown;

		text_clear(&words);
		write_request(look, verb, states, left < GREYLIST_PIECE ? left : GREYLIST_PIECE, &words);
		status = greylist_ask(look->ask, &words, look->alone, &look->reply);
		if (status != 0)
			break;
		take_reply(look);
	} while (look->next.length > 0 || look->next.cut);
	text_close(&words);
	return status;
}

/* ---- what is shown ---- */

static void
show_rows(struct look *look, struct span tuples)
{
	struct span rest = tuples, tuple;

	if (json_read_next(&rest, &tuple))
		greylist_print_rows(&look->table, tuples, look->now);
}

static void
show_tuples(struct look *look, struct span tuples)
{
	struct span rest = tuples, tuple;

	while (json_read_next(&rest, &tuple))
		greylist_print_tuple(tuple, look->now);
}

static void
show_json(struct look *look, struct span tuples)
{
	struct span rest = tuples, tuple;
	bool begun = look->shown > 0;

	while (json_read_next(&rest, &tuple)) {
		printf("%s%.*s", begun ? ",\n" : "[", (int)tuple.length, tuple.at);
		begun = true;
	}
}

static void
end_json(const struct look *look)
{
	puts(look->shown > 0 ? "]" : "[]");
}

static const char *
plural(size_t count)
{
	return count == 1 ? "" : "s";
}

static void
say_more(const struct look *look)
{
	if (look->matched > look->shown)
		printf("... and %zu more; narrow it with --sender, --rcpt or --client, or see all of them with --all\n",
		    look->matched - look->shown);
}

/* An address asks for the tuples of its network; where SPF passed there is none in the key. */
static void
say_by_domain(const struct look *look)
{
	if (look->by_domain > 0)
		fprintf(stderr,
		    "greenlane: %zu more match but for the client: SPF passed, so they are kept by domain; leave --client "
		    "out, or write --client @DOMAIN\n",
		    look->by_domain);
}

static int
say_nothing(const struct look *look, const char *states)
{
	size_t all = 0;

	for (unsigned i = 0; i < TUPLE_STATES; i++)
		all += look->counts[i];
	if (states == unpassed && all > 0)
		fprintf(stderr,
		    "greenlane: nothing waits; %zu tuple%s that passed or expired %s not shown, --all shows %s\n", all,
		    plural(all), all == 1 ? "is" : "are", all == 1 ? "it" : "them");
	else
		fputs("greenlane: nothing found\n", stderr);
	return 1;
}

/* ---- list, show, stats ---- */

static int
look_and_show(struct look *look, const char *states, size_t limit)
{
	bool json = look->wanted->json;
	int status;

	look->show = json ? show_json : look->show;
	limit = json || look->wanted->all ? SIZE_MAX : limit;
	status = look_through(look, "list", states, limit);
	if (status != 0)
		return status;
	if (json)
		end_json(look);
	else
		say_more(look);
	say_by_domain(look);
	return look->matched > 0 ? 0 : say_nothing(look, states);
}

static int
run_list(struct look *look)
{
	look->show = show_rows;
	return look_and_show(look, look->wanted->all ? all_states : unpassed, ROWS);
}

static int
run_show(struct look *look)
{
	look->show = show_tuples;
	return look_and_show(look, all_states, TUPLES);
}

static void
print_stats(const struct look *look)
{
	static const char *const means[TUPLE_STATES] = { [TUPLE_WAITING] = "their next try waits, if it comes now",
		[TUPLE_DUE] = "their next try passes",
		[TUPLE_PASS] = "let pass by an administrator",
		[TUPLE_KNOWN] = "they have passed",
		[TUPLE_FREE] = "exempt: they passed auto_pass times",
		[TUPLE_EXPIRED] = "the next sweep drops them" };
	char when[AGE_TEXT], age[AGE_TEXT];

	for (unsigned i = 0; i < TUPLE_STATES; i++)
		printf("%-8s %9zu  %s\n", greylist_tuple_word((enum greylist_tuple_state)i), look->counts[i], means[i]);
	if (look->oldest != 0)
		printf("oldest that has not passed: first try %s, %s ago\n", greylist_time(look->oldest, when),
		    greylist_age(look->now - look->oldest, age));
}

static int
run_stats(struct look *look)
{
	int status = look_through(look, "list", all_states, 0);

	if (status != 0)
		return status;
	if (!look->wanted->json) {
		print_stats(look);
	} else {
		putchar('{');
		for (unsigned i = 0; i < TUPLE_STATES; i++)
			printf("\"%s\":%zu,", greylist_tuple_word((enum greylist_tuple_state)i), look->counts[i]);
		printf("\"oldest\":%lld}\n", (long long)look->oldest);
	}
	say_by_domain(look);
	return 0;
}

/* ---- pass, forget ---- */

struct change {
	const char *verb, *states, *done, *so_far;
};

/* Nobody answers: it may have been done all the same. */
static void
say_so_far(struct look *look, const struct change *change)
{
	struct span reply = { look->reply.bytes, look->reply.length };

	look->changed += (size_t)json_read_integer(json_read_member(reply, "changed"));
	fprintf(stderr, "greenlane: %s%zu tuple%s %s %s before that; run it again, which is safe and does the rest\n",
	    reply.length == 0 ? "at least " : "", look->changed, plural(look->changed),
	    look->changed == 1 ? "was" : "were", change->so_far);
}

static void
look_again(struct look *look)
{
	look->shown = look->matched = look->by_domain = 0;
	text_clear(&look->next);
	look->show = look->wanted->json ? show_json : show_rows;
}

/* Exactly the tuple that was found: others may have come meanwhile. */
static int
change_one(struct look *look, const struct change *change)
{
	struct text words;
	int status;

	look_again(look);
	text_open(&words, 64 * 1024);
	text_format(&words, "%s states=%s%s", change->verb, change->states, look->key.bytes);
	words.cut = words.cut || look->key.cut;
	status = greylist_ask(look->ask, &words, look->alone, &look->reply);
	text_close(&words);
	if (status == 0)
		take_reply(look);
	return status;
}

static int
change_all(struct look *look, const struct change *change)
{
	look_again(look);
	if (!look->wanted->json)
		look->show = NULL; /* there may be very many */
	return look_through(look, change->verb, change->states, SIZE_MAX);
}

static int
refuse_several(struct look *look, const struct change *change)
{
	int status;

	look_again(look);
	status = look_through(look, "list", change->states, ROWS);
	if (status != 0)
		return status;
	if (look->wanted->json)
		end_json(look);
	else
		say_more(look);
	fprintf(stderr, "greenlane: %zu tuples match, and nothing was changed; narrow it, or %s all of them with --all\n",
	    look->matched, change->verb);
	say_by_domain(look);
	return 1;
}

static int
change_none(const struct look *look, const struct change *change)
{
	size_t passed = look->counts[TUPLE_KNOWN] + look->counts[TUPLE_FREE];

	if (look->wanted->json)
		end_json(look);
	say_by_domain(look);
	if (change->states != passable || passed == 0)
		return say_nothing(look, change->states);
	fprintf(stderr, "greenlane: %zu tuple%s match%s, and pass%s already; nothing was changed\n", passed,
	    plural(passed), passed == 1 ? "es" : "", passed == 1 ? "es" : "");
	return 0;
}

static int
run_change(struct look *look, const struct change *change)
{
	int status;

	look->alone = GREYLIST_ALONE_CHANGES;
	status = look_through(look, "list", change->states, 1);
	if (status != 0)
		return status;
	if (look->matched == 0)
		return change_none(look, change);
	if (look->matched > 1 && !look->wanted->all)
		return refuse_several(look, change);
	status = look->wanted->all ? change_all(look, change) : change_one(look, change);
	if (status == EX_UNAVAILABLE)
		say_so_far(look, change);
	if (status != 0)
		return status;
	if (look->wanted->json)
		end_json(look);
	else
		printf("%zu tuple%s %s\n", look->changed, plural(look->changed), change->done);
	say_by_domain(look);
	return look->changed > 0 ? 0 : 1;
}

static int
run_pass(struct look *look)
{
	static const struct change change = { "pass", passable, "let pass at the next try", "let pass" };

	return run_change(look, &change);
}

static int
run_forget(struct look *look)
{
	static const struct change change = { "forget", all_states, "forgotten", "forgotten" };

	return run_change(look, &change);
}

/* ---- the command ---- */

static const struct action_row {
	const char *name;
	int (*run)(struct look *);
	bool narrow; /* it needs to be told which tuples */
} actions[] = { { "list", run_list, false }, { "show", run_show, true }, { "pass", run_pass, true },
	{ "forget", run_forget, true }, { "stats", run_stats, false } };

static const struct action_row *
find_action(const char *name)
{
	enum { COUNT = sizeof actions / sizeof actions[0] };
	const char *names[COUNT + 1] = { [COUNT] = "copy" }, *meant;

	for (size_t i = 0; i < COUNT; i++) {
		names[i] = actions[i].name;
		if (strcmp(name, names[i]) == 0)
			return &actions[i];
	}
	meant = keys_nearest(name, names, COUNT + 1);
	if (meant != NULL)
		fprintf(stderr, "greenlane: unknown command 'greylist %.60s'; did you mean '%s'?\n", name, meant);
	else
		fprintf(stderr, "greenlane: '%.60s' is not list, show, pass, forget, stats or copy\n", name);
	return NULL;
}

static int
run_action(const char *config, const struct action_row *action, const struct wanted *wanted)
{
	struct look look = { .wanted = wanted, .ask = greylist_ask_open(config), .alone = GREYLIST_ALONE_READS };
	int status = EX_OSERR;

	text_open(&look.reply, GREYLIST_REPLY_MAX);
	text_open(&look.next, STORE_KEY_ROOM);
	text_open(&look.key, strlen(" key=") + 4 * GREYLIST_KEY_MAX);
	if (look.ask != NULL)
		status = action->run(&look);
	text_close(&look.reply);
	text_close(&look.next);
	text_close(&look.key);
	greylist_ask_close(look.ask);
	return status;
}

/* It copies all, and asks no daemon but one that keeps what is copied to. */
static int
run_copy(const char *config, int count, char **words, const struct wanted *wanted)
{
	if (count == 2 && wanted->sender == NULL && wanted->rcpt == NULL && wanted->client == NULL && !wanted->all)
		return greylist_copy(config, words[0], words[1], wanted->json);
	fputs("greenlane: copy needs two stores and no tuples; write \"copy lmdb:/var/lib/greenlane/greylist "
	      "redis:192.0.2.1:6379\"\n",
	    stderr);
	return cmd_usage(&cmd_greylist);
}

/* No address is longer; and what is empty is only a sender. */
static bool
is_sound(const struct wanted *wanted)
{
	struct greylist_query query;
	struct fault why = { .text = "" };
	bool sound = true;

	if ((wanted->sender != NULL && strlen(wanted->sender) > GREYLIST_VALUE_MAX) ||
	    (wanted->rcpt != NULL && strlen(wanted->rcpt) > GREYLIST_VALUE_MAX))
		sound = fault_set(&why, "no address is longer than %d bytes", GREYLIST_VALUE_MAX);
	else if (wanted->rcpt != NULL && wanted->rcpt[0] == '\0')
		sound = fault_set(&why, "--rcpt is empty; write an address or a domain");
	else if (wanted->client != NULL)
		sound = greylist_query_client(&query, wanted->client, &why);
	if (!sound)
		cmd_fault(&why);
	return sound;
}

static int
run(const char *config, int argc, char **argv)
{
	static const struct option own[] = { { "sender", required_argument, NULL, 's' },
		{ "rcpt", required_argument, NULL, 'r' }, { "client", required_argument, NULL, 'i' },
		{ "json", no_argument, NULL, 'j' }, { "all", no_argument, NULL, 'a' }, { NULL, 0, NULL, 0 } };
	struct wanted wanted = { NULL, NULL, NULL, false, false };
	const struct action_row *action;
	int option;

	while ((option = cmd_option(&cmd_greylist, &config, argc, argv, own)) != -1) {
		switch (option) {
		case 's':
			wanted.sender = optarg;
			break;
		case 'r':
			wanted.rcpt = optarg;
			break;
		case 'i':
			wanted.client = optarg;
			break;
		case 'j':
			wanted.json = true;
			break;
		case 'a':
			wanted.all = true;
			break;
		default:
			return cmd_usage(&cmd_greylist);
		}
	}
	if (optind < argc && strcmp(argv[optind], "copy") == 0)
		return run_copy(config, argc - optind - 1, argv + optind + 1, &wanted);
	if (argc - optind != 1 || (action = find_action(argv[optind])) == NULL || !is_sound(&wanted))
		return cmd_usage(&cmd_greylist);
	if (action->narrow && wanted.sender == NULL && wanted.rcpt == NULL && wanted.client == NULL) {
		fprintf(stderr, "greenlane: %s which tuples? write --sender, --rcpt or --client\n", action->name);
		return cmd_usage(&cmd_greylist);
	}
	return run_action(config, action, &wanted);
}

const struct command cmd_greylist = { "greylist",
	"list|show|pass|forget|stats|copy FROM TO [--rcpt A] [--sender A] [--client IP] [--json] [--all]",
	"show who waits and how long still, let one pass now, forget one, or copy all to another store", run };
