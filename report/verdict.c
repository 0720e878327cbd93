/* SPDX-License-Identifier: Apache-2.0 */
#include "report/verdict.h"

bool verdict_is_complete(const struct sl_summary *sum, uint64_t gaps)
{
	return sum->complete && gaps == 0 && sum->counts.gaps == 0;
}

static bool has_drift(const struct sl_counts *counts)
{
	uint64_t n = counts->other;

	for (int kind = 0; kind < SL_CHANGE_KINDS; kind++)
		if (kind != SL_CHANGE_TOUCHED)
			n += counts->by_kind[kind];
	/* what is risky by itself, where it was asked to count */
	for (int s = 0; s <= SL_SEVERITY_CRITICAL; s++)
		n += counts->by_severity[s];
	return n > 0;
}

enum verdict verdict_of(const struct sl_summary *sum, uint64_t gaps)
{
	enum sl_trust trust = sl_subject_trust(sum->subject);

	if (has_drift(&sum->counts))
		return VERDICT_DRIFT;
	if (!verdict_is_complete(sum, gaps))
		return VERDICT_INCOMPLETE;
	if (!sum->subject->quick && (trust == SL_TRUST_PROVEN || trust == SL_TRUST_SIGNED))
		return VERDICT_CLEAN;
	return VERDICT_UNPROVEN;
}

const char *verdict_word(enum verdict verdict)
{
	static const char *const words[VERDICTS] = {"clean", "drift", "incomplete", "unproven"};

	return words[verdict];
}

static void drift_sentence(struct buf *out, const struct sl_summary *sum, uint64_t gaps)
{
	int worst = SL_SEVERITY_CRITICAL;

	while (worst > 0 && sum->counts.by_severity[worst] == 0)
		worst--;
	(void)buf_printf(out, "%s found, ", sum->subject->after != NULL ? "differences" : "drift");
	if (worst == SL_SEVERITY_INFO)
		(void)buf_append_str(out, "none of it at or above low");
	else
		(void)buf_printf(out, "worst: %s", sl_severity_name((enum sl_severity)worst));
	if (!verdict_is_complete(sum, gaps))
		(void)buf_append_str(out, "; and not everything was read");
}

static const char *unproven_sentence(const struct sl_subject *s)
{
	if (s->quick)
		return "nothing found by the quick comparison, which proves no equality";
	if (sl_subject_trust(s) == SL_TRUST_RECORDED)
		return "nothing found, but what was compared with is a recording that no image "
		       "proves";
	return "nothing found, but the layers are not proven to be the image's";
}

void verdict_sentence(struct buf *out, const struct sl_summary *sum, uint64_t gaps)
{
	switch (verdict_of(sum, gaps)) {
	case VERDICT_DRIFT:
		drift_sentence(out, sum, gaps);
		return;
	case VERDICT_INCOMPLETE:
		(void)buf_append_str(out, "incomplete: nothing found in what was read");
		return;
	case VERDICT_CLEAN:
		(void)buf_append_str(out, sum->subject->after != NULL
						  ? "no difference: the images show the same"
						  : "no drift: everything compared equals the "
						    "image");
		if (sum->counts.cached > 0)
			(void)buf_append_str(out, ", some of it as it was read in an earlier run");
		return;
	case VERDICT_UNPROVEN:
		(void)buf_append_str(out, unproven_sentence(sum->subject));
		return;
	}
}

const char *verdict_trust(enum sl_trust trust)
{
	switch (trust) {
	case SL_TRUST_PROVEN:
		return "proven against the image's digests";
	case SL_TRUST_SIGNED:
		return "imported under a trusted key";
	case SL_TRUST_RECORDED:
		return "as recorded earlier, not proven";
	case SL_TRUST_ON_DISK:
		return "as found on disk, not proven";
	}
	return "of unknown trust, not proven";
}
