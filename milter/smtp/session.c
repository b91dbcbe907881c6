#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <libmilter/mfapi.h>

#include "milter/smtp/delay_alarm.h"
#include "milter/smtp/drain.h"
#include "milter/smtp/greylisting.h"
#include "milter/smtp/session.h"
#include "milter/system/clock.h"
#include "policy/mail/iprev.h"
#include "policy/mail/milter_packet.h"

enum { NAME_MAX_BYTES = 512 /* kept of HELO, host and macro values */ };

static const char POSTFIX[] = "Postfix"; /* begins its macro v; Sendmail's is a number */

static const struct services *services;
static atomic_uint sessions;
static _Atomic int64_t last_contact, contact_ticks;
static atomic_bool postfix_came;

struct session {
	struct smtp_client client;
	char name[NAME_MAX_BYTES], helo[NAME_MAX_BYTES];
	char confirmed[DOMAIN_TEXT];
	char daemon_name[NAME_MAX_BYTES], mta_name[NAME_MAX_BYTES];
	unsigned long waived;    /* SMFIP_NR_* that the MTA granted */
	struct message *message; /* NULL outside a mail, or if none could be opened: RCPT and the end then fail */
	bool leads;              /* header values keep their leading blank */
};

unsigned
session_count(void)
{
	return sessions;
}

int64_t
session_last_contact(void)
{
	return last_contact;
}

int64_t
session_contact_ticks(void)
{
	return contact_ticks;
}

bool
session_postfix_came(void)
{
	return postfix_came;
}

/* ---- small translations ---- */

static void
copy_name(char out[NAME_MAX_BYTES], const char *value)
{
	size_t length = value == NULL ? 0 : strnlen(value, NAME_MAX_BYTES - 1);

	memcpy(out, value == NULL ? "" : value, length);
	out[length] = '\0';
}

static const char *
macro(SMFICTX *ctx, const char *name)
{
	const char *value = smfi_getsymval(ctx, (char *)name);

	return value == NULL ? "" : value;
}

/*
 * libmilter passes on commands that come before a negotiation, or after "quit, but a new connection
 * follows": then there is no session, and smfi_getpriv returns NULL. MTAs do neither. Such a client goes on until
 * RCPT or the end of its message, where there is no message either, and gets a failure.
 */
static struct message *
message_of(const struct session *session)
{
	return session == NULL ? NULL : session->message;
}

/* The reply to a stage at which nothing is decided; none if the MTA waits for none. */
static sfsistat
go_on(const struct session *session, unsigned long waiver)
{
	return session != NULL && session->waived & waiver ? SMFIS_NOREPLY : SMFIS_CONTINUE;
}

/* libmilter takes the text as a format, so % is doubled. */
static sfsistat
give_reply(SMFICTX *ctx, const struct reply *reply)
{
	char text[2 * sizeof reply->text];
	size_t n = 0;

	for (const char *c = reply->text; *c != '\0'; c++) {
		if (*c == '%')
			text[n++] = '%';
		text[n++] = *c;
	}
	text[n] = '\0';
	/* if libmilter refuses the text, the MTA uses its own, with the same class of code */
	(void)smfi_setreply(ctx, (char *)reply->code, (char *)reply->enhanced, text);
	return reply->code[0] == '5' ? SMFIS_REJECT : SMFIS_TEMPFAIL;
}

static sfsistat
give_failure(SMFICTX *ctx)
{
	static const struct reply failure = { "451", "4.3.0", "greenlane is in trouble, please try again (own-failure)" };

	return give_reply(ctx, &failure);
}

static void
drop_message(struct session *session)
{
	if (session->message == NULL)
		return;
	message_close(session->message);
	session->message = NULL;
	drain_leave();
}

/* ---- callbacks ---- */

/* Makes a session under the policy in force; NULL: too many sessions, or out of memory. */
static struct session *
session_make(void)
{
	const struct snapshot *snapshot = snapshot_borrow(services->snapshots);
	struct session *session = NULL;
	unsigned most = 0;

	if (snapshot != NULL) {
		most = snapshot->judge.policy->settings.milter.max_sessions;
		if (sessions < most)
			session = calloc(1, sizeof *session);
	}
	if (session != NULL) {
		sessions++;
		session->client = (struct smtp_client){ .name = session->name,
			.helo = session->helo,
			.confirmed = session->confirmed,
			.daemon_name = session->daemon_name,
			.mta_name = session->mta_name,
			.replies_at_rcpt = greylisting_may_refuse_rcpt(&snapshot->judge) };
	} else {
		journal_say(services->journal, LOG_WARNING,
		    "a session is refused: %u are open, milter.max_sessions is %u", sessions, most);
	}
	snapshot_return(services->snapshots, snapshot);
	return session;
}

static struct session *
session_open(void)
{
	struct session *session;

	if (!drain_enter())
		return NULL;
	session = session_make();
	drain_leave();
	return session;
}

static void
session_close(struct session *session)
{
	if (session == NULL)
		return;
	drop_message(session);
	free(session);
	sessions--;
	drain_wake();
}

static void
ask_for_macros(SMFICTX *ctx)
{
	/* the MTA sends only the macros named here: fewer packets */
	smfi_setsymlist(ctx, SMFIM_CONNECT, (char *)"j v {daemon_name} {client_resolve}");
	smfi_setsymlist(ctx, SMFIM_HELO, (char *)"j");
	smfi_setsymlist(ctx, SMFIM_ENVFROM, (char *)"i {auth_authen}");
	/* the last three are about a recipient that was refused before us (SMFIP_RCPT_REJ) */
	smfi_setsymlist(ctx, SMFIM_ENVRCPT, (char *)"i {rcpt_mailer} {rcpt_host} {rcpt_addr}");
	smfi_setsymlist(ctx, SMFIM_DATA, (char *)"i");
	smfi_setsymlist(ctx, SMFIM_EOH, (char *)"i");
	smfi_setsymlist(ctx, SMFIM_EOM, (char *)"i");
}

static sfsistat
on_negotiate(SMFICTX *ctx, unsigned long offered_actions, unsigned long offered, unsigned long u2, unsigned long u3,
    unsigned long *actions, unsigned long *steps, unsigned long *o2, unsigned long *o3)
{
	/*
	 * Not RCPT: a command without a reply stays in the MTA's buffer until some command has one. If a client's
	 * only recipient is deferred and the client quits, the MTA would send everything together with the end
	 * of the connection, and libmilter's worker pool drops that: there would be no alarm.
	 */
	unsigned long waivers = SMFIP_NR_CONN | SMFIP_NR_HELO | SMFIP_NR_MAIL | SMFIP_NR_DATA | SMFIP_NR_HDR |
	    SMFIP_NR_EOH | SMFIP_NR_BODY;
	struct session *session;

	(void)u2;
	(void)u3;
	session_close(smfi_getpriv(ctx)); /* negotiating again starts a new session */
	session = session_open();
	smfi_setpriv(ctx, session);
	if (session == NULL)
		return SMFIS_REJECT;
	session->waived = waivers & offered;
	session->leads = offered & SMFIP_HDR_LEADSPC;
	*actions = (SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_QUARANTINE) & offered_actions;
	*steps = (waivers | SMFIP_HDR_LEADSPC | SMFIP_RCPT_REJ | SMFIP_NOUNKNOWN | SMFIP_NODATA) & offered;
	*o2 = *o3 = 0;
	ask_for_macros(ctx);
	return SMFIS_CONTINUE;
}

static void
take_address(struct smtp_client *client, const struct sockaddr *address)
{
	if (address == NULL)
		return;
	if (address->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)address;

		client->address = address_of_v4((const uint8_t *)&in->sin_addr);
		client->port = ntohs(in->sin_port);
	} else if (address->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)address;

		client->address = address_of_v6((const uint8_t *)&in->sin6_addr);
		client->port = ntohs(in->sin6_port);
	}
}

static sfsistat
on_connect(SMFICTX *ctx, char *name, struct sockaddr *address)
{
	struct session *session = smfi_getpriv(ctx);

	if (session == NULL)
		return go_on(session, SMFIP_NR_CONN);
	contact_ticks = clock_ticks(); /* first: it is valid as soon as last_contact is set */
	last_contact = clock_now();
	if (strncmp(macro(ctx, "v"), POSTFIX, strlen(POSTFIX)) == 0)
		postfix_came = true;
	copy_name(session->name, name);
	iprev_of_mta(session->name, macro(ctx, "{client_resolve}"), session->confirmed);
	copy_name(session->mta_name, macro(ctx, "j"));
	copy_name(session->daemon_name, macro(ctx, "{daemon_name}"));
	take_address(&session->client, address);
	return go_on(session, SMFIP_NR_CONN);
}

static sfsistat
on_helo(SMFICTX *ctx, char *name)
{
	struct session *session = smfi_getpriv(ctx);

	if (session == NULL)
		return go_on(session, SMFIP_NR_HELO);
	drop_message(session); /* RFC 5321 4.1.4; and a message keeps the HELO name that it began with */
	copy_name(session->helo, name);
	return go_on(session, SMFIP_NR_HELO);
}

static sfsistat
on_mail(SMFICTX *ctx, char **argv)
{
	struct session *session = smfi_getpriv(ctx);

	if (session == NULL)
		return go_on(session, SMFIP_NR_MAIL);
	drop_message(session);
	if (!drain_enter()) /* there is no message, so RCPT defers it */
		return go_on(session, SMFIP_NR_MAIL);
	session->message = message_open(services, &session->client, argv[0], macro(ctx, "{auth_authen}"));
	if (session->message == NULL)
		drain_leave();
	else
		message_queue_id(session->message, macro(ctx, "i"));
	return go_on(session, SMFIP_NR_MAIL);
}

static sfsistat
on_rcpt(SMFICTX *ctx, char **argv)
{
	struct session *session = smfi_getpriv(ctx);
	struct reply reply;

	if (message_of(session) == NULL)
		return give_failure(ctx);
	message_queue_id(session->message, macro(ctx, "i"));
	if (strcmp(macro(ctx, "{rcpt_mailer}"), "error") == 0) {
		delay_alarm_rcpt_refused(session->message, argv[0], macro(ctx, "{rcpt_host}"), macro(ctx, "{rcpt_addr}"));
		return SMFIS_CONTINUE;
	}
	if (!message_rcpt(session->message, argv[0], &reply))
		return give_reply(ctx, &reply);
	return SMFIS_CONTINUE;
}

static sfsistat
on_header(SMFICTX *ctx, char *name, char *value)
{
	struct session *session = smfi_getpriv(ctx);

	if (message_of(session) != NULL)
		message_header(session->message, name, value);
	return go_on(session, SMFIP_NR_HDR);
}

static sfsistat
on_headers_end(SMFICTX *ctx)
{
	struct session *session = smfi_getpriv(ctx);

	if (message_of(session) != NULL)
		(void)message_headers_end(session->message);
	return go_on(session, SMFIP_NR_EOH);
}

static sfsistat
on_body(SMFICTX *ctx, unsigned char *bytes, size_t length)
{
	struct session *session = smfi_getpriv(ctx);

	if (message_of(session) != NULL && message_wants_body(session->message))
		message_body(session->message, bytes, length);
	return go_on(session, SMFIP_NR_BODY);
}

/* With SMFIP_HDR_LEADSPC the MTA adds no blank after the colon: we do. */
static bool
insert(SMFICTX *ctx, const struct session *session, const char *value)
{
	char *body = NULL;
	bool done;

	if (value == NULL)
		return false;
	if (asprintf(&body, "%s%s", session->leads ? " " : "", value) < 0)
		return false;
	done = smfi_insheader(ctx, 0, (char *)"Authentication-Results", body) == MI_SUCCESS;
	free(body);
	return done;
}

/* From the last to the first, because each deletion shifts those after it (CVE-2022-48521). */
static bool
delete_forged(SMFICTX *ctx, const struct ending *ending)
{
	for (size_t i = ending->forged_count; i-- > 0;)
		if (smfi_chgheader(ctx, (char *)"Authentication-Results", (int)ending->forged[i], NULL) != MI_SUCCESS)
			return false;
	return true;
}

static bool
edit_headers(SMFICTX *ctx, const struct session *session, const struct ending *ending)
{
	if (!delete_forged(ctx, ending))
		return false;
	if (ending->results == NULL) /* exempt mail gets none */
		return true;
	return insert(ctx, session, ending->outcome) && insert(ctx, session, ending->results);
}

static sfsistat
carry_out(SMFICTX *ctx, const struct session *session, const struct ending *ending)
{
	if (ending->replies)
		return give_reply(ctx, &ending->reply);
	if (!edit_headers(ctx, session, ending))
		return give_failure(ctx);
	if (ending->action == ACTION_QUARANTINE && smfi_quarantine(ctx, (char *)ending->quarantine) != MI_SUCCESS)
		return give_failure(ctx);
	return SMFIS_CONTINUE;
}

static sfsistat
on_end(SMFICTX *ctx)
{
	struct session *session = smfi_getpriv(ctx);
	struct ending ending;
	sfsistat status;

	if (message_of(session) == NULL)
		return give_failure(ctx);
	message_queue_id(session->message, macro(ctx, "i"));
	message_end(session->message, &ending);
	status = carry_out(ctx, session, &ending);
	drop_message(session);
	return status;
}

static sfsistat
on_abort(SMFICTX *ctx)
{
	struct session *session = smfi_getpriv(ctx);

	if (session != NULL)
		drop_message(session);
	return SMFIS_CONTINUE;
}

static sfsistat
on_close(SMFICTX *ctx)
{
	session_close(smfi_getpriv(ctx));
	smfi_setpriv(ctx, NULL);
	return SMFIS_CONTINUE;
}

bool
session_register(const struct services *kept, struct fault *why)
{
	struct smfiDesc filter = {
		.xxfi_name = (char *)"greenlaned",
		.xxfi_version = SMFI_VERSION,
		.xxfi_flags = SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_QUARANTINE,
		.xxfi_connect = on_connect,
		.xxfi_helo = on_helo,
		.xxfi_envfrom = on_mail,
		.xxfi_envrcpt = on_rcpt,
		.xxfi_header = on_header,
		.xxfi_eoh = on_headers_end,
		.xxfi_body = on_body,
		.xxfi_eom = on_end,
		.xxfi_abort = on_abort,
		.xxfi_close = on_close,
		.xxfi_negotiate = on_negotiate,
	};

	services = kept;
	if (smfi_register(filter) != MI_SUCCESS)
		return fault_set(why, "libmilter did not accept the callbacks");
	if (smfi_setmaxdatasize(MILTER_PACKET_MAX) == 0) /* it hangs up above 65,535 bytes by default */
		return fault_set(why, "libmilter did not accept the packet size");
	return true;
}
