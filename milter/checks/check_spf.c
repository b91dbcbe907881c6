#include <sys/socket.h>

#include <netinet/in.h>

#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <spf2/spf.h>

#include "milter/checks/check_spf.h"
#include "policy/dns/spf_gate.h"
#include "policy/dns/spf_write.h"
#include "policy/mail/mailbox.h"
#include "policy/util/domain.h"

enum {
	NAME_MAX_TEXT = 253,
	WORD_MAX = 255 /* bytes of a local part or HELO name; no more fits in a DNS name */
};

/* One check: what the hook needs to answer libspf2's questions. */
struct check {
	struct resolver *resolver;
	struct budget *budget;
	struct arena *arena;
	struct address client;
	const char *domain;     /* the one checked, in normal form */
	enum standing standing; /* of the domain */
	struct spf_gate *gate;
	SPF_dns_rr_t *spare; /* the hook's answer when memory runs out */
	bool failed;
};

/* ---- questions ---- */

/* The name of the client's PTR record, whatever address libspf2 was given for the client. */
static void
reverse_name(const struct address *client, char out[DNS_NAME_TEXT])
{
	const uint8_t *b = client->bytes;
	size_t used = 0;

	if (client->family == ADDRESS_V4) {
		snprintf(out, DNS_NAME_TEXT, "%u.%u.%u.%u.in-addr.arpa", b[3], b[2], b[1], b[0]);
		return;
	}
	for (size_t i = 16; i-- > 0;)
		used += (size_t)snprintf(out + used, DNS_NAME_TEXT - used, "%x.%x.", b[i] & 15, b[i] >> 4);
	snprintf(out + used, DNS_NAME_TEXT - used, "ip6.arpa");
}

/* Raw bytes in presentation form; false when DNS cannot carry them, or if not ASCII (RFC 8616, 4). */
static bool
name_of_raw(const char *raw, char out[DNS_NAME_TEXT])
{
	size_t used = 0;

	if (strlen(raw) > NAME_MAX_TEXT + 1)
		return false;
	for (; *raw != '\0'; raw++) {
		if ((unsigned char)*raw > 0x7f)
			return false;
		if (*raw == '\\')
			out[used++] = '\\';
		out[used++] = *raw;
	}
	out[used] = '\0';
	return true;
}

/* The client chooses its own names; through macros the mail also shapes others, and the names that those lead to. */
static enum standing
standing_of(struct check *check, const char *domain, enum dns_type type)
{
	bool below = check->standing > STANDING_BELOW && spf_gate_is_shaped(check->gate, domain);

	if (type == DNS_PTR || spf_gate_asks_client(check->gate))
		return STANDING_STRANGER;
	if (below && type == DNS_TXT)
		check->standing = STANDING_BELOW;
	return below ? STANDING_BELOW : check->standing;
}

/* False: the name is impossible, so it does not exist. The gate still counts it, as "". */
static bool
question_make(const struct check *check, const char *domain, enum dns_type type, struct dns_question *out)
{
	char name[DNS_NAME_TEXT];

	*out = (struct dns_question){ .type = type };
	if (type == DNS_PTR)
		reverse_name(&check->client, name);
	else if (!name_of_raw(spf_gate_name(check->gate, domain), name))
		return false;
	if (dns_question_make(out, name, type))
		return true;
	out->name[0] = '\0';
	return false;
}

/* Does the name resolve to the client's address? */
static bool
is_validated(struct check *check, const char *name)
{
	bool v4 = check->client.family == ADDRESS_V4;
	struct dns_question question;
	struct dns_answer answer;

	if (strchr(name, '\\') != NULL || !dns_question_make(&question, name, v4 ? DNS_A : DNS_AAAA))
		return false;
	resolver_ask(check->resolver, &question, check->budget, check->arena, &answer);
	for (size_t i = 0; i < answer.count; i++)
		if (answer.records[i].length == (v4 ? 4 : 16) &&
		    memcmp(answer.records[i].bytes, check->client.bytes, answer.records[i].length) == 0)
			return true;
	return false;
}

/* How well a validated name suits %{p} (RFC 7208, 7.3): the domain itself, one below it, any. */
static unsigned
name_rank(const char *name, const char *domain)
{
	char normal[DOMAIN_TEXT];

	if (!domain_read(name, strlen(name), normal, NULL) || !domain_is_under(normal, domain))
		return 1;
	return strcmp(normal, domain) == 0 ? 3 : 2;
}

/* The client's validated name for %{p}; on DNS errors it is "unknown". */
static const char *
client_name(struct check *check)
{
	struct dns_question question = { .type = DNS_PTR };
	const char *found = "unknown";
	struct dns_answer answer;
	unsigned best = 0;

	reverse_name(&check->client, question.name);
	resolver_ask(check->resolver, &question, check->budget, check->arena, &answer);
	for (size_t i = 0; answer.status == DNS_FOUND && i < answer.count && i < SPF_PTR_LIMIT; i++) {
		const char *name = (const char *)answer.records[i].bytes;
		unsigned rank = is_validated(check, name) ? name_rank(name, check->domain) : 0;

		if (rank > best) {
			best = rank;
			found = name;
		}
	}
	return found;
}

static void
question_ask(struct check *check, const char *domain, enum dns_type type, struct dns_answer *seen)
{
	struct dns_answer answer = { .status = DNS_NXDOMAIN };
	struct dns_question question;
	bool can_be = question_make(check, domain, type, &question);

	*seen = (struct dns_answer){ .status = DNS_EMPTY };
	if (!spf_gate_ask(check->gate, &question))
		return;
	question.standing = standing_of(check, domain, type);
	if (can_be)
		resolver_ask(check->resolver, &question, check->budget, check->arena, &answer);
	if (spf_gate_wants_name(check->gate, &question, &answer))
		spf_gate_give_name(check->gate, client_name(check));
	spf_gate_answer(check->gate, &question, &answer, seen);
}

/* ---- answers in libspf2's form ---- */

static SPF_dns_stat_t
h_error_of(enum dns_status status)
{
	static const SPF_dns_stat_t map[] = {
		[DNS_FOUND] = NETDB_SUCCESS,
		[DNS_EMPTY] = NO_DATA,
		[DNS_NXDOMAIN] = HOST_NOT_FOUND,
		[DNS_TEMPORARY] = TRY_AGAIN,
	};

	return map[status];
}

static bool
record_put(SPF_dns_rr_t *rr, int index, ns_type type, const struct dns_record *record)
{
	SPF_dns_rr_data_t *data;

	if (SPF_dns_rr_buf_realloc(rr, index, (size_t)record->length + 1) != SPF_E_SUCCESS)
		return false;
	data = rr->rr[index];
	if (type == ns_t_a)
		memcpy(&data->a, record->bytes, sizeof data->a);
	else if (type == ns_t_aaaa)
		memcpy(&data->aaaa, record->bytes, sizeof data->aaaa);
	else /* ptr, mx and txt are at the same place; the gate lets no NUL through */
		memcpy(data, record->bytes, (size_t)record->length + 1);
	return true;
}

static SPF_dns_rr_t *
rr_of_answer(SPF_dns_server_t *server, const char *domain, ns_type type, const struct dns_answer *answer)
{
	SPF_dns_rr_t *rr = SPF_dns_rr_new_init(server, domain, type, 0, h_error_of(answer->status));

	for (size_t i = 0; rr != NULL && i < answer->count; i++) {
		if (!record_put(rr, (int)i, type, &answer->records[i])) {
			SPF_dns_rr_free(rr);
			return NULL;
		}
		rr->num_rr = (int)i + 1;
	}
	return rr;
}

/* libspf2's hook. Never returns NULL: libspf2 would abort. */
static SPF_dns_rr_t *
lookup(SPF_dns_server_t *server, const char *domain, ns_type type, int should_cache)
{
	struct check *check = server->hook;
	struct dns_answer seen = { .status = DNS_NXDOMAIN }; /* type 99 (RFC 7208, 3.1), and all others */
	SPF_dns_rr_t *rr;

	(void)should_cache;
	switch ((int)type) {
	case DNS_A:
	case DNS_AAAA:
	case DNS_MX:
	case DNS_PTR:
	case DNS_TXT:
		question_ask(check, domain, (enum dns_type)type, &seen);
		break;
	}
	rr = rr_of_answer(server, domain, type, &seen);
	if (rr == NULL) {
		rr = check->spare;
		check->spare = NULL;
		check->failed = true;
	}
	return rr;
}

/* ---- the check ---- */

/* At most WORD_MAX bytes, copied into the arena; NULL without memory. */
static const char *
word_copy(struct arena *arena, const char *from, size_t length)
{
	return arena_copy(arena, from, length < WORD_MAX ? length : WORD_MAX);
}

/* The values of the macros; false without memory. */
static bool
view_make(const struct check *check, const struct spf_query *query, const char *local, struct spf_view *out)
{
	*out = (struct spf_view){ .client = check->client, .sender_domain = check->domain, .domain = check->domain };
	out->local = local[0] == '\0' ? "postmaster" /* RFC 7208, 4.3 */
				      : word_copy(check->arena, local, strlen(local));
	out->helo = word_copy(check->arena, query->helo, strlen(query->helo));
	return out->local != NULL && out->helo != NULL;
}

static SPF_errcode_t
client_set(SPF_request_t *request, const struct address *client)
{
	struct in6_addr v6;
	struct in_addr v4;

	if (client->family == ADDRESS_V4) {
		memcpy(&v4, client->bytes, sizeof v4);
		return SPF_request_set_ipv4(request, v4);
	}
	memcpy(&v6, client->bytes, sizeof v6);
	return SPF_request_set_ipv6(request, v6);
}

static const enum auth_result results[] = {
	[SPF_RESULT_INVALID] = AUTH_PERMERROR, /* include or redirect to nothing, loops */
	[SPF_RESULT_NEUTRAL] = AUTH_NEUTRAL,
	[SPF_RESULT_PASS] = AUTH_PASS,
	[SPF_RESULT_FAIL] = AUTH_FAIL,
	[SPF_RESULT_SOFTFAIL] = AUTH_SOFTFAIL,
	[SPF_RESULT_NONE] = AUTH_NONE,
	[SPF_RESULT_TEMPERROR] = AUTH_TEMPERROR,
	[SPF_RESULT_PERMERROR] = AUTH_PERMERROR,
};

/* The gate's result overrides libspf2's; our own failures override both. */
static enum auth_result
result_of(struct check *check, SPF_response_t *response)
{
	SPF_errcode_t error = response == NULL ? SPF_E_NO_MEMORY : SPF_response_errcode(response);

	check->failed = check->failed || error == SPF_E_NO_MEMORY;
	if (check->failed)
		return AUTH_TEMPERROR;
	if (spf_gate_is_permerror(check->gate))
		return AUTH_PERMERROR;
	if (spf_gate_is_temperror(check->gate) || error == SPF_E_DNS_ERROR)
		return AUTH_TEMPERROR;
	return results[SPF_response_result(response)];
}

/* libspf2 learns only the client and the domain of the mail: the gate expands all macros. The HELO name is set
 * because libspf2 aborts without one. */
static enum auth_result
library_ask(struct check *check)
{
	/* without destroy libspf2 does not free it, so it may be on the stack */
	SPF_dns_server_t dns = { .lookup = lookup, .name = "greenlane", .hook = check };
	struct address client = spf_alias(check->client, &check->client);
	enum auth_result result = AUTH_TEMPERROR;
	SPF_response_t *response = NULL;
	SPF_request_t *request = NULL;
	SPF_server_t *server = SPF_server_new_dns(&dns, 0);
	bool asked = false;

	check->spare = SPF_dns_rr_new_init(&dns, "", ns_t_any, 0, TRY_AGAIN);
	if (server == NULL || check->spare == NULL || (request = SPF_request_new(server)) == NULL)
		goto out;
	/* the gate counts; libspf2's own limits are off by one */
	if (SPF_server_set_max_dns_mech(server, 1000) != SPF_E_SUCCESS ||
	    SPF_server_set_max_dns_ptr(server, 1000) != SPF_E_SUCCESS ||
	    SPF_server_set_max_dns_mx(server, 1000) != SPF_E_SUCCESS || client_set(request, &client) != SPF_E_SUCCESS ||
	    SPF_request_set_helo_dom(request, check->domain) != SPF_E_SUCCESS ||
	    SPF_request_set_env_from(request, check->domain) != 0)
		goto out;
	SPF_request_query_mailfrom(request, &response);
	asked = true;
	result = result_of(check, response);
out:
	check->failed = check->failed || !asked;
	if (response != NULL)
		SPF_response_free(response);
	if (request != NULL)
		SPF_request_free(request);
	if (server != NULL)
		SPF_server_free(server);
	if (check->spare != NULL)
		SPF_dns_rr_free(check->spare);
	return result;
}

static _Thread_local jmp_buf *way_out; /* the handler is told nothing of the check that it ends */

static void give_up(const char *file, int line, const char *why) __attribute__((noreturn));

static void
give_up(const char *file, int line, const char *why)
{
	(void)file, (void)line, (void)why;
	if (way_out == NULL)
		abort();
	longjmp(*way_out, 1);
}

static void
set_handler(void)
{
	SPF_error_handler = give_up;
}

/* In some places libspf2 ends the process where it has no memory. What it has allocated for this check is not freed then. */
static enum auth_result
library_try(struct check *check)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	enum auth_result result = AUTH_TEMPERROR;
	jmp_buf out;

	(void)pthread_once(&once, set_handler);
	way_out = &out;
	if (setjmp(out) == 0)
		result = library_ask(check);
	else
		check->failed = true;
	way_out = NULL;
	return result;
}

/* A fully qualified domain name, in normal form (RFC 7208, 4.3)? */
static bool
is_checkable(const char *domain, char normal[DOMAIN_TEXT])
{
	return domain_read(domain, strlen(domain), normal, NULL) && domain_labels(normal) > 1;
}

/* The gate's text is in the arena, as the facts are; libspf2 refuses what passed the gate for one reason only. */
static const char *
why_of(const struct check *check)
{
	const char *why = spf_gate_why(check->gate);

	return why[0] != '\0' ? why : "an include or redirect forms a loop";
}

struct silence
check_spf(struct resolver *resolver, struct budget *budget, struct arena *arena, const struct spf_query *query,
    struct spf_fact *out, struct spf_detail *detail)
{
	struct check check = { .resolver = resolver, .budget = budget, .arena = arena, .client = query->client };
	const char *at = strrchr(query->mail_from, '@'), *domain;
	struct mailbox sender;
	char normal[DOMAIN_TEXT];
	struct silence none = { NULL, false };
	struct spf_view view;
	bool checkable;

	*out = (struct spf_fact){ .result = AUTH_NONE, .by_helo = *query->mail_from == '\0' };
	if (!mailbox_read_path(arena, query->mail_from, &sender)) /* a bare domain, or nonsense */
		sender = (struct mailbox){ "", at == NULL ? query->mail_from : at + 1, "" };
	domain = out->by_helo ? query->helo : sender.domain;
	checkable = is_checkable(domain, normal);
	out->domain = arena_string(arena, checkable ? normal : domain);
	if (out->domain == NULL) {
		out->domain = "";
		out->result = AUTH_TEMPERROR;
		return none;
	}
	if (!checkable || query->client.family == ADDRESS_NONE)
		return none;
	if (query->client.family == ADDRESS_V6) /* a mapped address is IPv4 (RFC 7208, 5) */
		check.client = address_of_v6(query->client.bytes);
	check.domain = normal;
	check.standing = query->standing;
	check.gate = view_make(&check, query, sender.local, &view) ? spf_gate_open(arena, &view) : NULL;
	out->result = check.gate == NULL ? AUTH_TEMPERROR : library_try(&check);
	if (check.gate == NULL || check.failed)
		arena_fail(arena); /* DNS is not to blame */
	if (detail != NULL && out->result == AUTH_PERMERROR)
		detail->why = why_of(&check);
	if (detail != NULL && out->result == AUTH_PASS)
		detail->narrow = spf_gate_is_narrow(check.gate);
	return check.gate != NULL && out->result == AUTH_TEMPERROR ? spf_gate_silence(check.gate) : none;
}
