#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "policy/review/status.h"
#include "policy/util/date.h"
#include "policy/util/json_write.h"
#include "policy/util/json_read.h"

static void
write_hex(struct text *out, const char *key, uint64_t number)
{
	char hex[17];

	snprintf(hex, sizeof hex, "%016" PRIx64, number);
	json_write_string(out, key, hex);
}

static void
write_mode(const struct status *status, struct text *out)
{
	json_write_key(out, "control");
	text_format(out, "%d", CONTROL_VERSION);
	json_write_string(out, "version", status->version);
	json_write_number(out, "pid", status->pid);
	json_write_number(out, "since", status->since);
	json_write_number(out, "now", status->now);
	json_write_string(out, "mode", status->monitor ? "monitor" : "enforce");
	if (status->policy[0] != '\0')
		json_write_string(out, "policy", status->policy);
	if (status->sources_fingerprint != 0)
		write_hex(out, "sources_fingerprint", status->sources_fingerprint);
}

static void
write_strings(struct text *out, const char *key, const struct status_strings *strings)
{
	json_write_list(out, key);
	for (size_t i = 0; i < strings->count; i++) {
		json_write_comma(out);
		json_write_bytes(out, strings->list[i], strlen(strings->list[i]));
	}
	json_write_list_end(out);
}

static void
write_last_by(const struct status_vendor *vendor, struct text *out)
{
	char last[DATE_TEXT];

	json_write_key(out, "last_by");
	json_write_begin(out);
	for (size_t i = 0; i < PROOFS; i++)
		if (vendor->last_by[i] != 0)
			json_write_string(out, proof_words[i], date_write(vendor->last_by[i], last));
	json_write_end(out);
}

static void
write_vendors(const struct status *status, struct text *out)
{
	json_write_list(out, "vendors");
	for (size_t i = 0; i < status->vendor_count; i++) {
		const struct status_vendor *vendor = &status->vendors[i];
		char last[DATE_TEXT];

		json_write_begin(out);
		json_write_string(out, "name", vendor->name);
		json_write_string(out, "mode", vendor->mode);
		json_write_bool(out, "lock_open", vendor->lock_open);
		json_write_number(out, "forged_passed", (int64_t)vendor->forged_passed);
		if (vendor->last != 0)
			json_write_string(out, "last", date_write(vendor->last, last));
		write_last_by(vendor, out);
		json_write_number(out, "sources", (int64_t)vendor->sources);
		json_write_number(out, "known", (int64_t)vendor->known);
		json_write_number(out, "networks", (int64_t)vendor->networks);
		json_write_end(out);
	}
	json_write_list_end(out);
}

static void
write_reload(const struct status *status, struct text *out)
{
	json_write_key(out, "reload");
	json_write_begin(out);
	json_write_number(out, "at", status->reload.at);
	json_write_bool(out, "ok", status->reload.ok);
	write_strings(out, "faults", &status->reload.faults);
	json_write_end(out);
	json_write_bool(out, "config_newer", status->config_newer);
}

static void
write_listeners(const struct status *status, struct text *out)
{
	json_write_list(out, "listeners");
	for (size_t i = 0; i < status->listener_count; i++) {
		const struct status_listener *listener = &status->listeners[i];

		json_write_begin(out);
		json_write_string(out, "name", listener->name);
		json_write_string(out, "address", listener->address);
		json_write_bool(out, "present", listener->present);
		json_write_bool(out, "reachable",
		    listener->present && listener->closed[0] == '\0' && !status_is_shut(listener));
		json_write_end(out);
	}
	json_write_list_end(out);
}

static void
write_mail(const struct status *status, struct text *out)
{
	json_write_key(out, "mta");
	json_write_begin(out);
	json_write_number(out, "last", status->mta.last);
	json_write_number(out, "sessions", status->mta.sessions);
	if (status->mta.libmilter != NULL) {
		json_write_string(out, "libmilter", status->mta.libmilter);
		json_write_number(out, "refused", (int64_t)status->mta.refused);
	}
	json_write_end(out);
	json_write_key(out, "verdicts");
	json_write_begin(out);
	for (size_t i = 0; i < ACTIONS; i++)
		json_write_number(out, action_word((enum action)i), (int64_t)status->verdicts[i]);
	json_write_end(out);
	json_write_key(out, "passed_by");
	json_write_begin(out);
	for (size_t i = PASSED_BY_NOTHING + 1; i < PASSED_BYS; i++)
		json_write_number(out, passed_by_word((enum passed_by)i), (int64_t)status->passed_by[i]);
	json_write_end(out);
}

static void
write_store(const struct status *status, struct text *out)
{
	json_write_key(out, "store");
	json_write_begin(out);
	json_write_string(out, "state", status->store.state);
	json_write_string(out, "name", status->store.name);
	if (status->store.since != 0)
		json_write_number(out, "since", status->store.since);
	if (status->store.since != 0 || !status->store.works)
		json_write_number(out, "passed", (int64_t)status->store.passed);
	json_write_end(out);
}

static void
write_dns(const struct status *status, struct text *out)
{
	if (status->dns.servers.count == 0)
		return;
	json_write_key(out, "dns");
	json_write_begin(out);
	write_strings(out, "servers", &status->dns.servers);
	json_write_number(out, "failing_since", status->dns.failing_since);
	json_write_end(out);
}

static void
write_sources(const struct status *status, struct text *out)
{
	json_write_list(out, "sources");
	for (size_t i = 0; i < status->source_count; i++) {
		const struct status_source *source = &status->sources[i];

		json_write_begin(out);
		json_write_string(out, "name", source->text);
		json_write_string(out, "vendor", source->vendor);
		json_write_number(out, "networks", (int64_t)source->networks);
		json_write_bool(out, "known", source->missing[0] == '\0');
		if (source->missing[0] != '\0')
			json_write_string(out, "missing", source->missing);
		if (source->failing[0] != '\0')
			json_write_string(out, "failing", source->failing);
		if (source->wrong[0] != '\0') {
			json_write_string(out, "wrong", source->wrong);
			json_write_number(out, "wrong_since", source->wrong_since);
		}
		json_write_end(out);
	}
	json_write_list_end(out);
}

static void
write_files(const struct status *status, struct text *out)
{
	if (status->files_most != 0)
		json_write_number(out, "files_used_up", (int64_t)status->files_most);
}

static void
write_journal(const struct status *status, struct text *out)
{
	json_write_key(out, "journal");
	json_write_begin(out);
	json_write_number(out, "dropped", (int64_t)status->journal.dropped);
	if (status->journal.dropped_at != 0)
		json_write_number(out, "dropped_at", status->journal.dropped_at);
	if (status->journal.stuck_since != 0) {
		json_write_number(out, "held", (int64_t)status->journal.held);
		json_write_number(out, "stuck_since", status->journal.stuck_since);
	}
	if (status->journal.record[0] != '\0') {
		json_write_string(out, "record", status->journal.record);
		json_write_bool(out, "writable", status->journal.record_failed_since == 0);
	}
	json_write_end(out);
}

/* Nothing where the store is not shared. */
static void
write_hosts(const struct status *status, struct text *out)
{
	if (status->host_count == 0)
		return;
	json_write_list(out, "hosts");
	for (size_t i = 0; i < status->host_count; i++) {
		const struct fleet_host *host = &status->hosts[i];

		json_write_begin(out);
		json_write_string(out, "name", host->name);
		json_write_bool(out, "own", i == 0);
		json_write_string(out, "version", host->version);
		write_hex(out, "policy", host->policy);
		json_write_number(out, "policy_since", host->since);
		write_hex(out, "sources_fingerprint", host->ranges);
		json_write_end(out);
	}
	json_write_list_end(out);
}

/* In the words of `greenlane replay --json`; nothing where there is no draft. */
static void
write_shadow(const struct status *status, struct text *out)
{
	if (status->shadow.path == NULL || status->shadow.path[0] == '\0')
		return;
	json_write_key(out, "shadow");
	json_write_begin(out);
	json_write_string(out, "path", status->shadow.path);
	json_write_bool(out, "loads", status->shadow.loads);
	json_write_number(out, "since", status->shadow.since);
	json_write_number(out, "judged", (int64_t)status->shadow.judged);
	json_write_number(out, "changed", (int64_t)status->shadow.changed);
	json_write_key(out, "not_judgeable");
	json_write_begin(out);
	for (size_t i = 0; i < status->shadow.cannot.count; i++)
		json_write_number(out, status->shadow.cannot.list[i].slug, (int64_t)status->shadow.cannot.list[i].count);
	json_write_end(out);
	json_write_end(out);
}

static void
write_exports(const struct status *status, struct text *out)
{
	json_write_list(out, "exports");
	for (size_t i = 0; i < status->export_count; i++) {
		const struct status_export *export = &status->exports[i];

		json_write_begin(out);
		json_write_string(out, "format", export->format);
		json_write_string(out, "file", export->file);
		json_write_bool(out, "fresh", export->fresh);
		json_write_bool(out, "reader_told", export->command[0] == '\0');
		if (export->trouble[0] != '\0')
			json_write_string(out, "trouble", export->trouble);
		json_write_end(out);
	}
	json_write_list_end(out);
}

static void
write_alert(const struct status_alert *alert, struct text *out)
{
	json_write_begin(out);
	json_write_string(out, "slug", alert->slug);
	if (alert->since != 0)
		json_write_number(out, "since", alert->since);
	json_write_string(out, "text", alert->text);
	json_write_string(out, "remedy", alert->remedy);
	if (alert->notice)
		json_write_bool(out, "notice", true);
	json_write_end(out);
}

static bool
has_ill(const struct status_alert *alerts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!alerts[i].notice)
			return true;
	return false;
}

static void
write_sandbox(const struct status *status, struct text *out)
{
	if (status->sandbox.state == NULL)
		return;
	json_write_key(out, "sandbox");
	json_write_begin(out);
	json_write_string(out, "state", status->sandbox.state);
	json_write_number(out, "abi", status->sandbox.abi);
	write_strings(out, "reads", &status->sandbox.reads);
	write_strings(out, "writes", &status->sandbox.writes);
	json_write_end(out);
}

void
status_write(const struct status *status, struct text *out)
{
	json_write_begin(out);
	write_mode(status, out);
	write_reload(status, out);
	write_listeners(status, out);
	write_mail(status, out);
	write_store(status, out);
	write_files(status, out);
	write_journal(status, out);
	write_sandbox(status, out);
	write_shadow(status, out);
	write_hosts(status, out);
	write_dns(status, out);
	write_vendors(status, out);
	write_sources(status, out);
	write_strings(out, "delegations", &status->delegations);
	write_strings(out, "partners", &status->partners);
	write_strings(out, "relays", &status->relays);
	write_strings(out, "outbound", &status->outbound);
	write_exports(status, out);
	json_write_bool(out, "ill", has_ill(status->alerts, status->alert_count));
	json_write_list(out, "alerts");
	for (size_t i = 0; i < status->alert_count; i++)
		write_alert(&status->alerts[i], out);
	text_put(out, "]}");
}

void
status_write_more(struct span json, const struct status_alert *alerts, size_t count, struct text *out)
{
	struct span ill = json_read_member(json, "ill"), rest = json_read_member(json, "alerts"), element;

	json_write_begin(out);
	if (ill.length > 0) { /* all before it, from its brace to its comma */
		size_t head = (size_t)(ill.at - json.at) - strlen("\"ill\":");

		text_clear(out);
		text_add(out, json.at, head - (json.at[head - 1] == ','));
	}
	json_write_bool(out, "ill", has_ill(alerts, count) || json_read_is_true(ill));
	json_write_list(out, "alerts");
	while (json_read_next(&rest, &element)) {
		json_write_comma(out);
		text_span(out, element);
	}
	for (size_t i = 0; i < count; i++)
		write_alert(&alerts[i], out);
	text_put(out, "]}");
}
