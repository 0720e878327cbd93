/* SPDX-License-Identifier: Apache-2.0 */
#include <strandline/finding.h>

#include <string.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/digest.h"

static const char *const kind_names[] = {
	[SL_FINDING_FILE] = "file",     [SL_FINDING_PROCESS] = "process",
	[SL_FINDING_CONFIG] = "config", [SL_FINDING_POSTURE] = "posture",
	[SL_FINDING_LAYER] = "layer",   [SL_FINDING_ORPHAN] = "orphan",
};

static const char *const severity_names[] = {
	[SL_SEVERITY_INFO] = "info",         [SL_SEVERITY_LOW] = "low",
	[SL_SEVERITY_MEDIUM] = "medium",     [SL_SEVERITY_HIGH] = "high",
	[SL_SEVERITY_CRITICAL] = "critical",
};

static const char *const cause_names[] = {
	[SL_CAUSE_NONE] = "none",
	[SL_CAUSE_ENGINE] = "engine",
	[SL_CAUSE_RULE] = "rule",
	[SL_CAUSE_POLICY] = "policy",
};

const char *sl_finding_kind_name(enum sl_finding_kind kind)
{
	return (size_t)kind < ARRAY_SIZE(kind_names) ? kind_names[kind] : "unknown";
}

const char *sl_severity_name(enum sl_severity severity)
{
	return (size_t)severity < ARRAY_SIZE(severity_names) ? severity_names[severity] : "unknown";
}

const char *sl_cause_name(enum sl_cause cause)
{
	return (size_t)cause < ARRAY_SIZE(cause_names) ? cause_names[cause] : "unknown";
}

int sl_severity_parse(const char *word, enum sl_severity *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(severity_names); i++) {
		if (strcmp(word, severity_names[i]) == 0) {
			*out = (enum sl_severity)i;
			return 0;
		}
	}
	return -SL_EINVAL;
}

/* Lengths go in front, so that no two lists of fields run into the same bytes. */
static void add_field(struct buf *b, const void *bytes, size_t len)
{
	uint8_t prefix[8];

	for (int i = 0; i < 8; i++)
		prefix[i] = (uint8_t)((uint64_t)len >> (56 - 8 * i));
	(void)buf_append(b, prefix, sizeof(prefix));
	if (len > 0)
		(void)buf_append(b, bytes, len);
}

static void add_text(struct buf *b, const char *text)
{
	add_field(b, text, strlen(text));
}

int sl_finding_identify(struct sl_finding *f, struct sl_bytes container_name,
			const uint8_t image_id[SL_SHA256_SIZE], struct sl_error *err)
{
	const struct sl_change *c = f->change;
	const struct sl_entry *after = c != NULL ? c->after : NULL;
	struct sl_bytes about = c != NULL ? c->path : f->subject;
	bool has_digest = after != NULL && (after->fields & SL_ENTRY_SHA256) != 0;
	const char *found = c == NULL ? f->notes.found : NULL;
	struct buf b = BUF_INIT(SIZE_MAX);
	uint8_t digest[SL_SHA256_SIZE];
	int rc;

	if (has_digest)
		memcpy(digest, after->sha256, sizeof(digest));
	else if (found != NULL && sha256_once(found, strlen(found), digest, err) < 0)
		return -SL_ENOMEM;
	add_field(&b, container_name.data, container_name.len);
	add_field(&b, image_id, image_id != NULL ? SL_SHA256_SIZE : 0);
	add_text(&b, sl_finding_kind_name(f->kind));
	add_field(&b, about.data, about.len);
	add_text(&b, c != NULL ? sl_change_name(c->kind) : "");
	add_field(&b, digest, has_digest || found != NULL ? SL_SHA256_SIZE : 0);
	rc = b.status < 0 ? sl_fail(err, SL_ENOMEM, 0, "finding id")
			  : sha256_once(b.data, b.len, f->id, err);
	buf_clear(&b);
	return rc;
}
