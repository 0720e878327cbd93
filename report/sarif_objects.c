/* SPDX-License-Identifier: Apache-2.0 */
/* Single objects of a SARIF log: results, notifications, locations. */
#include <inttypes.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/encode.h"
#include "core/quote.h"
#include "report/document.h"
#include "report/report.h"
#include "report/sarif.h"
#include "report/tablerow.h"
#include "report/verdict.h"
#include "report/words.h"

#define TEXT_BYTES ((size_t)16 << 20)
/* Mounts that a message names; all of them stand in the properties of the run. */
#define MOUNTS_NAMED 32

const char *sarif_rule_id(struct buf *out, const struct sl_finding *f)
{
	if (f->rule_count > 0)
		return f->rules[0];
	buf_reset(out);
	(void)buf_printf(out, "drift/%s", tablerow_word(f));
	return out->data != NULL ? out->data : "drift";
}

const char *sarif_level(enum sl_severity severity)
{
	if (severity >= SL_SEVERITY_HIGH)
		return "error";
	return severity == SL_SEVERITY_MEDIUM ? "warning" : "note";
}

/*
 * A message may hold links, "[text](target)", and placeholders, "{0}": what comes from evidence
 * shall be neither. Brackets are written like all else that is quoted, braces are doubled
 * (SARIF 2.1.0, 3.11.5 and 3.11.6).
 */
void sarif_text(struct jout *j, const char *key, const char *text)
{
	CLEANUP(buf_clear) struct buf safe = BUF_INIT(4 * TEXT_BYTES);

	for (const char *p = text; *p != '\0'; p++) {
		char c = *p;

		if (c == '[' || c == ']')
			(void)buf_printf(&safe, "\\x%02x", (unsigned int)c);
		else
			(void)buf_append_char(&safe, c);
		if (c == '{' || c == '}')
			(void)buf_append_char(&safe, c);
	}
	if (safe.status < 0)
		j->out->status = safe.status;
	jout_key(j, key);
	jout_object(j);
	jout_key_str(j, "text", safe.data != NULL ? safe.data : "");
	jout_object_end(j);
}

static void message(struct jout *j, const struct buf *text)
{
	if (text->status < 0)
		j->out->status = text->status;
	sarif_text(j, "message", text->data != NULL ? text->data : "");
}

/* Every byte but the unreserved ones and the slash as %XX (RFC 3986): nothing of it is a scheme. */
static void put_uri(struct jout *j, struct sl_bytes path)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-._~/";
	CLEANUP(buf_clear) struct buf uri = BUF_INIT(TEXT_BYTES);

	for (size_t i = 0; i < path.len; i++) {
		char c = path.data[i];

		if (c != '\0' && strchr(plain, c) != NULL)
			(void)buf_append_char(&uri, c);
		else
			(void)buf_printf(&uri, "%%%02X", (unsigned int)(uint8_t)c);
	}
	if (uri.status < 0)
		j->out->status = uri.status;
	jout_key_str(j, "uri", uri.len > 0 ? uri.data : "./");
}

/* An empty path is the root of the container: what is no file is found there. */
static void physical(struct jout *j, struct sl_bytes path, bool with_line)
{
	jout_key(j, "physicalLocation");
	jout_object(j);
	jout_key(j, "artifactLocation");
	jout_object(j);
	put_uri(j, path);
	jout_key_str(j, "uriBaseId", "CONTAINER");
	jout_object_end(j);
	/* a whole file needs none, but code hosts take no result without */
	if (with_line) {
		jout_key(j, "region");
		jout_object(j);
		jout_key_u64(j, "startLine", 1);
		jout_object_end(j);
	}
	jout_object_end(j);
}

/* Names come from a store: any bytes. */
static void quoted_key(struct jout *j, const char *key, const char *before, const char *between,
		       struct sl_bytes bytes)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(TEXT_BYTES);

	if (before != NULL)
		(void)quote_bytes(&text, before, strlen(before));
	(void)buf_append_str(&text, between);
	if (quote_bytes(&text, bytes.data, bytes.len) < 0)
		j->out->status = text.status;
	jout_key_str(j, key, text.data);
}

static struct sl_bytes label_of(const struct sl_subject *subject)
{
	const char *label = sl_container_label(subject->container);

	return (struct sl_bytes){label, strlen(label)};
}

static void logical_container(struct jout *j, const struct sl_subject *subject)
{
	jout_object(j);
	quoted_key(j, "name", NULL, "", label_of(subject));
	quoted_key(j, "fullyQualifiedName", subject->container->engine, "/", label_of(subject));
	jout_key_str(j, "kind", subject->after != NULL ? "image" : "container");
	jout_object_end(j);
}

/* In the container, and in its file @path, if that is known. */
static void container_location(struct jout *j, const struct sl_subject *subject,
			       const struct sl_bytes *path)
{
	jout_key(j, "locations");
	jout_array(j);
	jout_object(j);
	if (path != NULL)
		physical(j, *path, false);
	jout_key(j, "logicalLocations");
	jout_array(j);
	logical_container(j, subject);
	jout_array_end(j);
	jout_object_end(j);
	jout_array_end(j);
}

static void locations(struct jout *j, const struct sl_finding *f, const struct sl_subject *subject)
{
	jout_key(j, "locations");
	jout_array(j);
	jout_object(j);
	physical(j, f->change != NULL ? f->change->path : (struct sl_bytes){"", 0}, true);
	jout_key(j, "logicalLocations");
	jout_array(j);
	if (f->change == NULL) {
		jout_object(j);
		quoted_key(j, "name", NULL, "", f->subject);
		quoted_key(j, "fullyQualifiedName", label_of(subject).data, "/", f->subject);
		jout_key_str(j, "kind", sl_finding_kind_name(f->kind));
		jout_object_end(j);
	}
	logical_container(j, subject);
	jout_array_end(j);
	jout_object_end(j);
	jout_array_end(j);
}

static void suppression(struct jout *j, const char *justification)
{
	jout_object(j);
	jout_key_str(j, "kind", "external");
	jout_key_str(j, "status", "accepted");
	jout_key_str(j, "justification", justification);
	jout_object_end(j);
}

/* Either every result of a run has a list of these, or none (3.27.23): an empty one says "none". */
static void suppressions(struct jout *j, const struct sl_finding *f)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(TEXT_BYTES);
	char until[CLOCK_TEXT_SIZE];

	jout_key(j, "suppressions");
	jout_array(j);
	if (f->cause != SL_CAUSE_NONE) {
		words_cause(&text, f);
		suppression(j, text.data);
	}
	if (f->notes.ack_by != NULL) {
		buf_reset(&text);
		(void)buf_printf(&text, "acknowledged by %s", f->notes.ack_by);
		if (f->notes.has_ack_until) {
			clock_format(until, f->notes.ack_until);
			(void)buf_printf(&text, " until %s", until);
		}
		if (f->notes.ack_reason != NULL)
			(void)buf_printf(&text, ": %s", f->notes.ack_reason);
		suppression(j, text.data);
	}
	jout_array_end(j);
}

static void properties(struct jout *j, const struct sl_finding *f)
{
	jout_key(j, "properties");
	jout_object(j);
	jout_key(j, "tags");
	jout_array(j);
	for (size_t i = 0; i < f->attack_count; i++)
		jout_str(j, f->attack[i]);
	jout_array_end(j);
	jout_key(j, "finding");
	jout_object(j);
	report_finding_members(j, f);
	jout_object_end(j);
	jout_object_end(j);
}

/* The second is the only one that code hosts tell results of two runs apart by: "HASH:COUNT". */
static void fingerprints(struct jout *j, const struct sl_finding *f)
{
	char text[2 * sizeof(f->id) + 3];

	hex_encode(text, f->id, sizeof(f->id));
	jout_key(j, "partialFingerprints");
	jout_object(j);
	jout_key_str(j, "strandlineFindingId/v1", text);
	memcpy(text + 2 * sizeof(f->id), ":1", sizeof(":1"));
	jout_key_str(j, "primaryLocationLineHash", text);
	jout_object_end(j);
}

static bool is_touched(const struct sl_finding *f)
{
	return f->change != NULL && f->change->kind == SL_CHANGE_TOUCHED;
}

void sarif_result(struct jout *j, const struct sl_finding *f, const struct sl_subject *subject,
		  int64_t index)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(TEXT_BYTES);

	jout_object(j);
	jout_key_str(j, "ruleId", sarif_rule_id(&text, f));
	if (index >= 0) {
		jout_key(j, "ruleIndex");
		jout_i64(j, index);
	}
	/* what is no failure has no level but "none" (3.27.10) */
	jout_key_str(j, "kind", is_touched(f) ? "informational" : "fail");
	jout_key_str(j, "level", is_touched(f) ? "none" : sarif_level(f->severity));
	buf_reset(&text);
	(void)buf_printf(&text, "%s ", tablerow_word(f));
	tablerow_path(&text, f);
	(void)buf_append_str(&text, ": ");
	tablerow_detail(&text, f);
	message(j, &text);
	locations(j, f, subject);
	fingerprints(j, f);
	suppressions(j, f);
	properties(j, f);
	jout_object_end(j);
}

static void start_notification(struct jout *j, const char *id, const char *level,
			       const struct buf *text)
{
	jout_object(j);
	jout_key(j, "descriptor");
	jout_object(j);
	jout_key_str(j, "id", id);
	jout_object_end(j);
	jout_key_str(j, "level", level);
	message(j, text);
}

void sarif_gap(struct jout *j, const struct sl_gap *gap, const struct sl_subject *subject)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(TEXT_BYTES);
	char room[WORDS_GAP_ERROR_SIZE];

	(void)buf_append_str(&text, gap->is_path ? "not read: /" : "not read: ");
	(void)quote_bytes(&text, gap->what.data, gap->what.len);
	(void)buf_printf(&text, ": %s%s", gap->why, words_gap_error(gap, room));
	if (gap->below)
		(void)buf_append_str(&text, " (and everything beneath)");
	start_notification(j, "gap", "error", &text);
	container_location(j, subject, gap->is_path ? &gap->what : NULL);
	jout_key(j, "properties");
	jout_object(j);
	jout_key(j, "gap");
	jout_object(j);
	document_gap(j, gap);
	jout_object_end(j);
	jout_object_end(j);
	jout_object_end(j);
}

static void caveat(struct jout *j, const struct sl_subject *subject, const char *id,
		   const char *level, const char *words)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(4096);

	(void)buf_append_str(&text, words);
	start_notification(j, id, level, &text);
	container_location(j, subject, NULL);
	jout_object_end(j);
}

static void mounts(struct buf *out, const struct sl_container *c)
{
	for (size_t i = 0; i < c->mount_count && i < MOUNTS_NAMED; i++) {
		(void)buf_append_str(out, i > 0 ? ", " : ": ");
		(void)quote_bytes(out, c->mounts[i].path, strlen(c->mounts[i].path));
		(void)buf_append_str(out, " (");
		(void)quote_bytes(out, c->mounts[i].type, strlen(c->mounts[i].type));
		(void)buf_append_char(out, ')');
	}
	if (c->mount_count > MOUNTS_NAMED)
		(void)buf_printf(out, " and %zu more", c->mount_count - MOUNTS_NAMED);
}

static void not_compared(struct jout *j, const struct sl_subject *subject)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(TEXT_BYTES);

	(void)buf_append_str(&text, "Mounts of this container were not compared, for they have no "
				    "baseline");
	mounts(&text, subject->container);
	start_notification(j, "not-compared", "note", &text);
	container_location(j, subject, NULL);
	jout_object_end(j);
}

/* Looked through all the same, because that was asked for. */
static void scanned(struct jout *j, const struct sl_subject *subject, const struct sl_scanned *s)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(TEXT_BYTES);

	(void)buf_append_str(&text, "scanned: ");
	(void)quote_bytes(&text, s->path, strlen(s->path));
	(void)buf_append_str(&text, " (");
	(void)quote_bytes(&text, s->type, strlen(s->type));
	(void)buf_append_str(&text, "): ");
	words_scanned(&text, s);
	start_notification(j, "scanned", s->complete ? "note" : "warning", &text);
	container_location(j, subject, NULL);
	jout_object_end(j);
}

void sarif_caveats(struct jout *j, const struct sl_summary *sum)
{
	const struct sl_subject *subject = sum->subject;
	enum sl_trust trust = sl_subject_trust(subject);

	if (trust == SL_TRUST_RECORDED || trust == SL_TRUST_ON_DISK)
		caveat(j, subject, "unproven-layers", "warning",
		       "No finding does not mean that this container equals its image: what it "
		       "was compared with is not proven.");
	if (subject->quick)
		caveat(j, subject, "quick", "warning",
		       "Contents were compared by size and XXH3 only: no equality is claimed.");
	if (subject->container->mount_count > 0)
		not_compared(j, subject);
	for (size_t i = 0; i < sum->scanned_count; i++)
		scanned(j, subject, &sum->scanned[i]);
}
