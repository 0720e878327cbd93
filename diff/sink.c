/* SPDX-License-Identifier: Apache-2.0 */
#include <strandline/sink.h>

enum sl_trust sl_subject_trust(const struct sl_subject *subject)
{
	/* the enumeration goes from the best to the worst */
	if (subject->after != NULL && subject->after->trust > subject->image.trust)
		return subject->after->trust;
	return subject->image.trust;
}

int sl_sink_begin(struct sl_sink *s, const struct sl_run *run, struct sl_error *err)
{
	return s->ops->begin != NULL ? s->ops->begin(s, run, err) : 0;
}

int sl_sink_container(struct sl_sink *s, const struct sl_subject *subject, struct sl_error *err)
{
	return s->ops->container != NULL ? s->ops->container(s, subject, err) : 0;
}

int sl_sink_finding(struct sl_sink *s, const struct sl_finding *f, struct sl_error *err)
{
	return s->ops->finding != NULL ? s->ops->finding(s, f, err) : 0;
}

int sl_sink_gap(struct sl_sink *s, const struct sl_gap *gap, struct sl_error *err)
{
	return s->ops->gap != NULL ? s->ops->gap(s, gap, err) : 0;
}

int sl_sink_container_end(struct sl_sink *s, const struct sl_summary *sum, struct sl_error *err)
{
	return s->ops->container_end != NULL ? s->ops->container_end(s, sum, err) : 0;
}

int sl_sink_end(struct sl_sink *s, const struct sl_run *run, struct sl_error *err)
{
	return s->ops->end != NULL ? s->ops->end(s, run, err) : 0;
}

void sl_sink_close(struct sl_sink *s)
{
	if (s != NULL && s->ops->close != NULL)
		s->ops->close(s);
}
