/* SPDX-License-Identifier: Apache-2.0 */
#include "report/tableframe.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/encode.h"
#include "core/quote.h"
#include "report/verdict.h"
#include "report/words.h"

/* Names from a store are evidence too. */
static void quoted(struct buf *out, const char *text)
{
	if (text == NULL)
		(void)buf_append_str(out, "unknown");
	else
		(void)quote_bytes(out, text, strlen(text));
}

static void header_pod(struct buf *out, const struct sl_pod *pod)
{
	if (pod == NULL)
		return;
	(void)buf_printf(out, "%-10s ", "pod");
	quoted(out, pod->ns != NULL ? pod->ns : "");
	(void)buf_append_char(out, '/');
	quoted(out, pod->name);
	if (pod->container != NULL) {
		(void)buf_append_char(out, '/');
		quoted(out, pod->container);
	}
	(void)buf_printf(out, ", attempt %" PRIu32 "\n", pod->attempt);
}

static void header_container(struct buf *out, const struct sl_container *c)
{
	(void)buf_append_str(out, "container  ");
	quoted(out, c->name != NULL ? c->name : c->id);
	(void)buf_append_str(out, " (");
	quoted(out, c->engine);
	if (c->id != NULL && c->name != NULL) {
		(void)buf_append_char(out, ' ');
		(void)quote_bytes(out, c->id, strnlen(c->id, 12));
	}
	(void)buf_printf(out, "), %s\n", sl_state_name(c->state));
	header_pod(out, c->pod);
	if (c->kind == SL_CONTAINER_WORKLOAD)
		return;
	(void)buf_printf(out, "%-10s %s", "kind", sl_container_kind_name(c->kind));
	if (c->note != NULL) {
		(void)buf_append_str(out, ": ");
		(void)quote_bytes(out, c->note, strlen(c->note));
	}
	(void)buf_append_char(out, '\n');
}

static void header_image(struct buf *out, const char *label, const struct sl_subject_image *i)
{
	char text[DIGEST_TEXT_SIZE];

	(void)buf_printf(out, "%-10s ", label);
	quoted(out, i->ref);
	if (i->has_digest) {
		digest_format(text, i->digest);
		(void)buf_printf(out, "\ndigest     %s (%s; anchored to: %s)", text,
				 i->digest_verified ? "verified" : "a claim, not verified",
				 sl_anchor_name(i->anchor));
	} else if (i->anchor != SL_ANCHOR_HOST) {
		(void)buf_printf(out, "\nanchor     %s", sl_anchor_name(i->anchor));
	}
	if (i->has_id) {
		digest_format(text, i->id);
		(void)buf_printf(out, "\nimage id   %s", text);
	}
	if (i->signer != NULL) {
		(void)buf_append_str(out, "\nsigned by  ");
		quoted(out, i->signer);
	}
	(void)buf_append_char(out, '\n');
}

static void header_layers(struct buf *out, const struct sl_subject_image *i)
{
	char when[CLOCK_TEXT_SIZE];

	(void)buf_printf(out, "layers     %s", verdict_trust(i->trust));
	if (i->has_checked_at) {
		clock_format_short(when, i->checked_at);
		(void)buf_printf(out, "; layer directories checked %s UTC", when);
	}
	(void)buf_append_char(out, '\n');
}

void frame_header(struct buf *out, const struct sl_subject *s)
{
	const struct sl_subject_image *after = s->after;
	const struct sl_subject_image *image = &s->image;

	if (after == NULL)
		header_container(out, s->container);
	header_image(out, after == NULL ? "image" : "before", image);
	header_layers(out, image);
	if (s->has_last_check && !image->has_checked_at) {
		char when[CLOCK_TEXT_SIZE];

		clock_format_short(when, s->last_check_at);
		(void)buf_printf(out, "last check %s (%s UTC, against: %s)\n",
				 s->last_check_verdict, when, s->last_check_method);
	}
	if (after != NULL) {
		header_image(out, "after", after);
		header_layers(out, after);
	}
	if (s->quick)
		(void)buf_append_str(out, "quick      contents compared by size and XXH3 only: "
					  "no claim of equality\n");
}

void frame_add_gap(struct frame_tally *t, const struct sl_gap *gap)
{
	struct buf *out = &t->gap_lines;
	char room[WORDS_GAP_ERROR_SIZE];

	if (t->gaps++ >= FRAME_GAP_LINES)
		return;
	(void)buf_printf(out, "  %s", gap->is_path ? "/" : "");
	(void)quote_bytes(out, gap->what.data, gap->what.len);
	(void)buf_printf(out, ": %s%s%s\n", gap->why, words_gap_error(gap, room),
			 gap->below ? " (and everything beneath)" : "");
}

/* "found      3 changes: 1 critical, 2 low (2 added, 1 modified)" */
static void footer_found(struct buf *out, const struct sl_counts *c)
{
	const char *separator = ": ";
	uint64_t total = 0;

	for (int s = 0; s <= SL_SEVERITY_CRITICAL; s++)
		total += c->by_severity[s];
	(void)buf_append_str(out, "found      ");
	words_plural(out, total, "finding", "findings");
	for (int s = SL_SEVERITY_CRITICAL; s >= 0; s--) {
		if (c->by_severity[s] == 0)
			continue;
		(void)buf_append_str(out, separator);
		words_count(out, c->by_severity[s]);
		(void)buf_printf(out, " %s", sl_severity_name((enum sl_severity)s));
		separator = ", ";
	}
	separator = " (";
	for (int kind = 0; kind < SL_CHANGE_KINDS; kind++) {
		if (c->by_kind[kind] == 0 || kind == SL_CHANGE_TOUCHED)
			continue;
		(void)buf_append_str(out, separator);
		words_count(out, c->by_kind[kind]);
		(void)buf_printf(out, " %s", sl_change_name((enum sl_change_kind)kind));
		separator = ", ";
	}
	(void)buf_append_str(out, *separator == ',' ? ")\n" : "\n");
}

static void footer_explained(struct buf *out, uint64_t total, const struct frame_tally *t)
{
	const char *separator = ": ";

	if (total == 0)
		return;
	(void)buf_append_str(out, "explained  ");
	words_plural(out, total, "change", "changes");
	for (int cause = SL_CAUSE_NONE + 1; cause < FRAME_CAUSES; cause++) {
		if (t->explained[cause] == 0)
			continue;
		(void)buf_append_str(out, separator);
		words_count(out, t->explained[cause]);
		(void)buf_printf(out, " by %s", sl_cause_name((enum sl_cause)cause));
		separator = ", ";
	}
	(void)buf_append_char(out, '\n');
}

static void footer_posture(struct buf *out, uint64_t total, bool listed)
{
	if (total == 0)
		return;
	(void)buf_append_str(out, "posture    ");
	words_plural(out, total, "note", "notes");
	(void)buf_append_str(out, listed ? "\n" : "; --posture lists them\n");
}

static void footer_rest(struct buf *out, const struct sl_counts *c)
{
	if (c->by_kind[SL_CHANGE_TOUCHED] > 0) {
		(void)buf_append_str(out, "touched    ");
		words_plural(out, c->by_kind[SL_CHANGE_TOUCHED], "entry", "entries");
		(void)buf_append_str(out, " in which nothing changed\n");
	}
	if (c->cached > 0) {
		(void)buf_append_str(out, "cached     ");
		words_plural(out, c->cached, "file", "files");
		(void)buf_append_str(out, " not read again: digests of an earlier run, no proof "
					  "(--paranoid reads all)\n");
	}
	if (c->raced > 0) {
		(void)buf_append_str(out, "raced      ");
		words_plural(out, c->raced, "name", "names");
		(void)buf_append_str(out, " vanished while walking\n");
	}
}

static void footer_gaps(struct buf *out, const struct frame_tally *t)
{
	if (t->gaps == 0)
		return;
	(void)buf_append_str(out, "unread     ");
	words_plural(out, t->gaps, "gap", "gaps");
	(void)buf_append_str(out, ":\n");
	if (t->gap_lines.len > 0)
		(void)buf_append(out, t->gap_lines.data, t->gap_lines.len);
	if (t->gaps > FRAME_GAP_LINES) {
		(void)buf_append_str(out, "  and ");
		words_count(out, t->gaps - FRAME_GAP_LINES);
		(void)buf_append_str(out, " more\n");
	}
}

static void mounts(struct buf *out, const struct sl_container *c, bool rw)
{
	const char *separator = ": ";
	uint64_t count = 0;

	for (size_t i = 0; i < c->mount_count; i++)
		count += c->mounts[i].rw == rw;
	if (count == 0)
		return;
	(void)buf_append_str(out, "not compared: ");
	words_plural(out, count, rw ? "writable mount" : "read-only mount",
		     rw ? "writable mounts" : "read-only mounts");
	for (size_t i = 0; i < c->mount_count; i++) {
		const struct sl_mount *m = &c->mounts[i];

		if (m->rw != rw)
			continue;
		(void)buf_append_str(out, separator);
		quoted(out, m->path);
		(void)buf_append_str(out, " (");
		quoted(out, m->type);
		(void)buf_append_char(out, ')');
		separator = ", ";
	}
	(void)buf_append_char(out, '\n');
}

static void footer_frozen(struct buf *out, const struct sl_summary *sum)
{
	if (sum->was_frozen)
		(void)buf_printf(out, "frozen     for %" PRIu64 " ms while it was read\n",
				 (sum->frozen_ns + 999999) / 1000000);
}

static void footer_scanned(struct buf *out, const struct sl_summary *sum)
{
	for (size_t i = 0; i < sum->scanned_count; i++) {
		const struct sl_scanned *s = &sum->scanned[i];

		(void)buf_append_str(out, "scanned    ");
		quoted(out, s->path);
		(void)buf_append_str(out, ": ");
		words_scanned(out, s);
		(void)buf_append_char(out, '\n');
	}
}

void frame_footer(struct buf *out, const struct sl_summary *sum, const struct frame_tally *t)
{
	footer_found(out, &sum->counts);
	footer_explained(out, sum->counts.explained, t);
	footer_posture(out, sum->counts.posture, t->posture_listed);
	footer_rest(out, &sum->counts);
	footer_gaps(out, t);
	footer_frozen(out, sum);
	for (size_t i = 0; i < sum->note_count; i++)
		(void)buf_printf(out, "note       %s\n", sum->notes[i]);
	footer_scanned(out, sum);
	mounts(out, sum->subject->container, true);
	mounts(out, sum->subject->container, false);
	(void)buf_append_str(out, "verdict    ");
	verdict_sentence(out, sum, t->gaps);
	(void)buf_append_char(out, '\n');
}
