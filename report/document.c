/* SPDX-License-Identifier: Apache-2.0 */
#include "report/document.h"

#include <string.h>

#include "report/container.h"
#include "report/report.h"
#include "report/settings.h"

void document_run(struct jout *j, const struct sl_run *run)
{
	document_run_as(j, DOCUMENT_SCHEMA, run);
}

void document_run_as(struct jout *j, const char *schema, const struct sl_run *run)
{
	jout_key_str(j, "schema", schema);
	jout_key(j, "tool");
	jout_object(j);
	jout_key_str(j, "name", "strandline");
	jout_key_str(j, "version", run->tool_version);
	jout_key_str(j, "command", run->command);
	jout_key(j, "fallbacks");
	jout_array(j);
	for (size_t i = 0; i < run->fallback_count; i++)
		jout_str(j, run->fallbacks[i]);
	jout_array_end(j);
	jout_object_end(j);
	jout_key(j, "host");
	jout_object(j);
	jout_key_str(j, "name", run->host_name);
	jout_key_str(j, "boot_id", run->boot_id);
	jout_key_str(j, "kernel", run->kernel);
	jout_key_str(j, "root", run->root);
	jout_object_end(j);
	jout_key_time(j, "started", run->started);
}

static void digest_or_null(struct jout *j, const char *key, bool has,
			   const uint8_t digest[SL_SHA256_SIZE])
{
	jout_key(j, key);
	if (has)
		jout_digest(j, digest);
	else
		jout_null(j);
}

static void scope(struct jout *j, const struct sl_subject *s)
{
	jout_key(j, "scope");
	jout_object(j);
	jout_key(j, "compared");
	jout_array(j);
	for (size_t i = 0; i < s->compared_count; i++)
		jout_str(j, s->compared[i]);
	jout_array_end(j);
	/* where a volume comes from is no part of the answer */
	container_json_mounts(j, "not_compared", s->container, false);
	jout_object_end(j);
}

static void image_members(struct jout *j, const struct sl_subject_image *i)
{
	jout_key_str(j, "ref", i->ref);
	digest_or_null(j, "digest", i->has_digest, i->digest);
	digest_or_null(j, "id", i->has_id, i->id);
	jout_key_bool(j, "digest_verified", i->digest_verified);
	jout_key_str(j, "anchor", sl_anchor_name(i->anchor));
	jout_key_str(j, "signer", i->signer);
}

static void time_or_null(struct jout *j, const char *key, bool has, struct sl_time t)
{
	jout_key(j, key);
	if (has)
		jout_time(j, t);
	else
		jout_null(j);
}

static void layers(struct jout *j, enum sl_trust trust, bool has_checked_at,
		   struct sl_time checked_at)
{
	jout_key(j, "layers");
	jout_object(j);
	jout_key_str(j, "trust", sl_trust_name(trust));
	time_or_null(j, "checked_at", has_checked_at, checked_at);
	jout_object_end(j);
}

/* The same of a container, with what became of its directories last. */
static void container_layers(struct jout *j, const struct sl_subject *s)
{
	jout_key(j, "layers");
	jout_object(j);
	jout_key_str(j, "trust", sl_trust_name(s->image.trust));
	time_or_null(j, "checked_at", s->image.has_checked_at, s->image.checked_at);
	jout_key(j, "checked");
	if (s->has_last_check) {
		jout_object(j);
		jout_key_time(j, "at", s->last_check_at);
		jout_key_str(j, "method", s->last_check_method);
		jout_key_str(j, "verdict", s->last_check_verdict);
		jout_object_end(j);
	} else {
		jout_null(j);
	}
	jout_object_end(j);
}

static void after_image(struct jout *j, const struct sl_subject_image *after)
{
	if (after == NULL)
		return;
	jout_key(j, "after_image");
	jout_object(j);
	image_members(j, after);
	layers(j, after->trust, after->has_checked_at, after->checked_at);
	jout_object_end(j);
}

void document_subject(struct jout *j, const struct sl_subject *s)
{
	const struct sl_container *c = s->container;

	jout_key_str(j, "engine", c->engine);
	jout_key_str(j, "id", c->id);
	jout_key_str(j, "name", c->name);
	jout_key_str(j, "state", sl_state_name(c->state));
	container_json_place(j, c);
	jout_key(j, "image");
	jout_object(j);
	image_members(j, &s->image);
	jout_object_end(j);
	container_layers(j, s);
	after_image(j, s->after);
	scope(j, s);
	jout_key_bool(j, "quick", s->quick);
}

void document_settings(struct jout *j, const struct sl_subject *s)
{
	jout_key(j, "settings");
	settings_json(j, s->container->settings, false);
}

void document_gap(struct jout *j, const struct sl_gap *gap)
{
	jout_bytes(j, "what", gap->is_path ? "/" : "", gap->what);
	jout_key_str(j, "why", gap->why);
	jout_key(j, "errno");
	if (gap->sys != 0)
		jout_i64(j, gap->sys);
	else
		jout_null(j);
	jout_key_bool(j, "is_path", gap->is_path);
	jout_key_bool(j, "below", gap->below);
}

void document_counts(struct jout *j, const struct sl_counts *counts)
{
	static const enum sl_change_kind drift[] = {SL_CHANGE_ADDED, SL_CHANGE_MODIFIED,
						    SL_CHANGE_METADATA, SL_CHANGE_DELETED,
						    SL_CHANGE_TYPE};

	jout_key(j, "counts");
	jout_object(j);
	for (size_t i = 0; i < sizeof(drift) / sizeof(drift[0]); i++)
		jout_key_u64(j, sl_change_name(drift[i]), counts->by_kind[drift[i]]);
	jout_key_u64(j, "explained", counts->explained);
	jout_key_u64(j, "touched", counts->by_kind[SL_CHANGE_TOUCHED]);
	jout_key_u64(j, "raced", counts->raced);
	jout_key_u64(j, "other", counts->other);
	jout_key_u64(j, "posture", counts->posture);
	jout_key(j, "severities");
	jout_object(j);
	for (int s = SL_SEVERITY_INFO; s <= SL_SEVERITY_CRITICAL; s++)
		jout_key_u64(j, sl_severity_name((enum sl_severity)s), counts->by_severity[s]);
	jout_object_end(j);
	jout_key_u64(j, "entries", counts->entries);
	jout_key_u64(j, "bytes_read", counts->bytes_read);
	jout_key_u64(j, "cached", counts->cached);
	jout_object_end(j);
}

static void scanned(struct jout *j, const struct sl_summary *sum)
{
	jout_key(j, "scanned");
	jout_array(j);
	for (size_t i = 0; i < sum->scanned_count; i++) {
		const struct sl_scanned *s = &sum->scanned[i];

		jout_object(j);
		jout_bytes(j, "path", "", (struct sl_bytes){s->path, strlen(s->path)});
		jout_key_str(j, "type", s->type);
		jout_key_u64(j, "entries", s->entries);
		jout_key_u64(j, "bytes", s->bytes);
		jout_key_u64(j, "listed", s->listed);
		jout_key_u64(j, "recent", s->recent);
		jout_key_bool(j, "complete", s->complete);
		jout_object_end(j);
	}
	jout_array_end(j);
}

void document_outcome(struct jout *j, const struct sl_summary *sum)
{
	if (sum->was_frozen) {
		jout_key(j, "frozen");
		jout_object(j);
		jout_key_time(j, "at", sum->frozen_at);
		jout_key_u64(j, "ns", sum->frozen_ns);
		jout_object_end(j);
	}
	if (sum->scanned_count > 0)
		scanned(j, sum);
	jout_key_bool(j, "complete", sum->complete);
	if (sum->note_count == 0)
		return;
	jout_key(j, "notes");
	jout_array(j);
	for (size_t i = 0; i < sum->note_count; i++)
		jout_str(j, sum->notes[i]);
	jout_array_end(j);
}

void report_summary_members(struct jout *j, const struct sl_summary *sum)
{
	document_subject(j, sum->subject);
	document_counts(j, &sum->counts);
	document_outcome(j, sum);
}
