/* SPDX-License-Identifier: Apache-2.0 */
/* A container on the page: what it was compared with, and how it ended. */
#include <inttypes.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/encode.h"
#include "report/html.h"
#include "report/verdict.h"
#include "report/words.h"

static void term(struct buf *out, const char *name)
{
	(void)buf_printf(out, "<dt>%s<dd>", name);
}

static void put_image(struct buf *out, const char *label, const struct sl_subject_image *i)
{
	char text[DIGEST_TEXT_SIZE];

	term(out, label);
	html_name(out, i->ref);
	if (i->has_digest) {
		digest_format(text, i->digest);
		(void)buf_printf(out, "<dd><code>%s</code> %s; anchored to: %s", text,
				 i->digest_verified ? "verified" : "a claim, not verified",
				 sl_anchor_name(i->anchor));
	}
	if (i->has_id) {
		digest_format(text, i->id);
		(void)buf_printf(out, "<dd><code>%s</code> image id", text);
	}
	if (i->signer != NULL) {
		(void)buf_append_str(out, "<dd>signed by ");
		html_name(out, i->signer);
	}
}

static void put_layers(struct buf *out, const struct sl_subject_image *i)
{
	char when[CLOCK_TEXT_SIZE];

	term(out, "layers");
	(void)buf_printf(out, "<strong class=\"trust %s\">%s</strong>: %s", sl_trust_name(i->trust),
			 sl_trust_name(i->trust), verdict_trust(i->trust));
	if (!i->has_checked_at)
		return;
	clock_format_short(when, i->checked_at);
	(void)buf_printf(out, "; layer directories checked %s UTC", when);
}

static void put_last_check(struct buf *out, const struct sl_subject *s)
{
	char when[CLOCK_TEXT_SIZE];

	if (!s->has_last_check)
		return;
	clock_format_short(when, s->last_check_at);
	term(out, "last check");
	(void)buf_printf(out, "%s (%s UTC, against: %s)", s->last_check_verdict, when,
			 s->last_check_method);
}

static void put_pod(struct buf *out, const struct sl_pod *pod)
{
	if (pod == NULL)
		return;
	term(out, "pod");
	html_name(out, pod->ns != NULL ? pod->ns : "");
	(void)buf_append_char(out, '/');
	html_name(out, pod->name);
	if (pod->container != NULL) {
		(void)buf_append_char(out, '/');
		html_name(out, pod->container);
	}
	(void)buf_printf(out, ", attempt %" PRIu32, pod->attempt);
}

static void put_scope(struct buf *out, const struct sl_subject *s)
{
	term(out, "compared");
	for (size_t i = 0; i < s->compared_count; i++) {
		(void)buf_append_str(out, i > 0 ? ", <code>" : "<code>");
		html_name(out, s->compared[i]);
		(void)buf_append_str(out, "</code>");
	}
	if (s->quick)
		(void)buf_append_str(out, "; contents by size and XXH3 only: no claim of equality");
	if (s->container->mount_count == 0)
		return;
	term(out, "not compared");
	for (size_t i = 0; i < s->container->mount_count; i++) {
		const struct sl_mount *m = &s->container->mounts[i];

		(void)buf_append_str(out, i > 0 ? "<dd><code>" : "<code>");
		html_name(out, m->path);
		(void)buf_append_str(out, "</code> ");
		html_name(out, m->type);
		(void)buf_append_str(out, m->rw ? ", writable" : ", read-only");
	}
}

void html_container(struct buf *out, const struct sl_subject *s, uint64_t number)
{
	const struct sl_container *c = s->container;

	(void)buf_printf(out, "<section class=c id=c%" PRIu64 "><header><h2>", number);
	html_name(out, sl_container_label(c));
	(void)buf_append_str(out, "</h2><dl>");
	term(out, s->after != NULL ? "subject" : "container");
	html_name(out, c->engine);
	if (c->id != NULL) {
		(void)buf_append_str(out, " <code>");
		html_name(out, c->id);
		(void)buf_append_str(out, "</code>");
	}
	(void)buf_printf(out, ", %s", sl_state_name(c->state));
	if (c->note != NULL) {
		(void)buf_append_str(out, "<dd>");
		html_name(out, c->note);
	}
	put_pod(out, c->pod);
	put_image(out, s->after == NULL ? "image" : "before", &s->image);
	put_layers(out, &s->image);
	if (s->after != NULL) {
		put_image(out, "after", s->after);
		put_layers(out, s->after);
	}
	put_last_check(out, s);
	put_scope(out, s);
	(void)buf_append_str(out, "</dl></header>\n<div class=fs>\n");
}

static uint64_t total(const struct sl_counts *counts)
{
	uint64_t n = 0;

	for (int level = 0; level <= SL_SEVERITY_CRITICAL; level++)
		n += counts->by_severity[level];
	return n;
}

/* A bar whose parts are as long as there are findings of a severity: thin ones stay visible. */
static void put_bar(struct buf *out, const struct sl_counts *counts)
{
	uint64_t all = total(counts), at = 0;

	if (all == 0)
		return;
	(void)buf_append_str(out, "<svg class=bar viewBox=\"0 0 1000 8\" preserveAspectRatio=none "
				  "aria-hidden=true>");
	for (int level = SL_SEVERITY_CRITICAL; level >= 0; level--) {
		uint64_t n = counts->by_severity[level];
		uint64_t width = (uint64_t)((double)n / (double)all * 1000);

		if (n == 0)
			continue;
		if (width < 12)
			width = 12;
		(void)buf_printf(out, "<rect class=%s x=%" PRIu64 " width=%" PRIu64 " height=8 />",
				 sl_severity_name((enum sl_severity)level), at, width);
		at += width;
	}
	(void)buf_append_str(out, "</svg>");
}

static void put_counts(struct buf *out, const struct sl_counts *counts)
{
	(void)buf_append_str(out, "<ul class=counts>");
	for (int level = SL_SEVERITY_CRITICAL; level >= 0; level--) {
		if (counts->by_severity[level] == 0)
			continue;
		(void)buf_printf(out, "<li class=%s><b>",
				 sl_severity_name((enum sl_severity)level));
		words_count(out, counts->by_severity[level]);
		(void)buf_printf(out, "</b> %s", sl_severity_name((enum sl_severity)level));
	}
	for (int kind = 0; kind < SL_CHANGE_KINDS; kind++) {
		if (counts->by_kind[kind] == 0)
			continue;
		(void)buf_append_str(out, "<li><b>");
		words_count(out, counts->by_kind[kind]);
		(void)buf_printf(out, "</b> %s", sl_change_name((enum sl_change_kind)kind));
	}
	if (counts->explained > 0) {
		(void)buf_append_str(out, "<li><b>");
		words_count(out, counts->explained);
		(void)buf_append_str(out, "</b> explained");
	}
	if (counts->cached > 0) {
		(void)buf_append_str(out, "<li><b>");
		words_count(out, counts->cached);
		(void)buf_append_str(out, "</b> not read again, by digests of an earlier run");
	}
	if (counts->raced > 0) {
		(void)buf_append_str(out, "<li><b>");
		words_count(out, counts->raced);
		(void)buf_append_str(out, "</b> vanished while walking");
	}
	(void)buf_append_str(out, "</ul>\n");
}

static void put_number(struct buf *out, const char *class, uint64_t n)
{
	(void)buf_printf(out, "<td class=\"n %s%s\">", class, n == 0 ? " zero" : "");
	words_count(out, n);
}

static void put_scanned(struct buf *out, const struct sl_summary *sum)
{
	if (sum->scanned_count == 0)
		return;
	(void)buf_append_str(out, "<table class=scanned><caption>Looked through without a baseline"
				  "</caption><thead><tr><th scope=col>mount<th scope=col>type"
				  "<th scope=col>entries<th scope=col>listed"
				  "<th scope=col>changed since the start<th scope=col>read"
				  "<tbody>\n");
	for (size_t i = 0; i < sum->scanned_count; i++) {
		const struct sl_scanned *s = &sum->scanned[i];

		(void)buf_append_str(out, "<tr><th scope=row><code>");
		html_name(out, s->path);
		(void)buf_append_str(out, "</code><td>");
		html_name(out, s->type);
		put_number(out, "", s->entries);
		put_number(out, "", s->listed);
		put_number(out, "", s->recent);
		(void)buf_printf(out, "<td>%s\n", s->complete ? "wholly" : "with gaps");
	}
	(void)buf_append_str(out, "</table>\n");
}

void html_outcome(struct buf *out, const struct sl_summary *sum, uint64_t gaps)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(4096);
	const char *word = verdict_word(verdict_of(sum, gaps));

	verdict_sentence(&text, sum, gaps);
	(void)buf_printf(out, "<div class=outcome><p class=\"verdict %s\">", word);
	if (text.data != NULL)
		html_text(out, text.data);
	(void)buf_append_str(out, "</p>\n");
	put_bar(out, &sum->counts);
	put_counts(out, &sum->counts);
	if (sum->was_frozen)
		(void)buf_printf(out, "<p>Its processes stood still for %" PRIu64 " ms.</p>\n",
				 (sum->frozen_ns + 999999) / 1000000);
	put_scanned(out, sum);
	(void)buf_append_str(out, "</div>\n");
}

void html_overview_row(struct buf *out, const struct sl_summary *sum, uint64_t gaps,
		       uint64_t number)
{
	const char *word = verdict_word(verdict_of(sum, gaps));

	(void)buf_printf(out, "<tr><th scope=row><a href=\"#c%" PRIu64 "\">", number);
	html_name(out, sl_container_label(sum->subject->container));
	(void)buf_append_str(out, "</a>");
	for (int level = SL_SEVERITY_CRITICAL; level >= 0; level--)
		put_number(out, sl_severity_name((enum sl_severity)level),
			   sum->counts.by_severity[level]);
	put_number(out, "explained", sum->counts.explained);
	put_number(out, "gaps", gaps > sum->counts.gaps ? gaps : sum->counts.gaps);
	(void)buf_printf(out, "<td>%s<td><span class=\"verdict %s\">%s</span>\n",
			 sl_trust_name(sl_subject_trust(sum->subject)), word, word);
}
