/* SPDX-License-Identifier: Apache-2.0 */
#include "job/meaning.h"

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "job/meaning_acks.h"
#include "job/meaning_copies.h"
#include "job/meaning_credentials.h"
#include "job/meaning_hashes.h"
#include "job/meaning_lines.h"
#include "job/meaning_logins.h"
#include "job/meaning_packages.h"
#include "job/meaning_policy.h"
#include "job/meaning_processes.h"
#include "job/meaning_rewritten.h"
#include "job/meaning_scrambled.h"
#include "job/meaning_settings.h"
#include "job/meaning_times.h"
#include "job/meaning_volumes.h"
#include "job/meaning_yara.h"

int meaning_keep(struct meaning *m, void *data, void (*free_data)(void *data), struct sl_error *err)
{
	if (m->part_count == MEANING_STEPS_MAX) {
		free_data(data);
		return sl_fail(err, SL_ELIMIT, 0, "parts of a comparison");
	}
	m->parts[m->part_count++] = (struct meaning_part){data, free_data, NULL};
	return 0;
}

static int add_step(struct drift_step *steps, size_t *count, struct drift_step step,
		    struct sl_error *err)
{
	if (*count == MEANING_STEPS_MAX)
		return sl_fail(err, SL_ELIMIT, 0, "steps of a comparison");
	steps[(*count)++] = step;
	return 0;
}

int meaning_mark(struct meaning *m, struct drift_step step, struct sl_error *err)
{
	return add_step(m->marks, &m->mark_count, step, err);
}

int meaning_judge(struct meaning *m, struct drift_step step, struct sl_error *err)
{
	return add_step(m->judges, &m->judge_count, step, err);
}

/* Room for one more of @size bytes each. */
static int grow(void **items, size_t count, size_t *room, size_t size, struct sl_error *err)
{
	size_t wanted = *room == 0 ? 16 : *room * 2;
	void *grown;

	if (count < *room)
		return 0;
	grown = reallocarray(*items, wanted, size);
	if (grown == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "findings");
	*items = grown;
	*room = wanted;
	return 0;
}

int meaning_finding(struct meaning *m, const struct sl_finding *f, struct sl_error *err)
{
	void *items = m->findings;
	int rc = grow(&items, m->finding_count, &m->finding_room, sizeof(*f), err);

	m->findings = items;
	if (rc == 0)
		m->findings[m->finding_count++] = *f;
	return rc;
}

int meaning_gap(struct meaning *m, const struct sl_gap *gap, struct sl_error *err)
{
	void *items = m->gaps;
	int rc = grow(&items, m->gap_count, &m->gap_room, sizeof(*gap), err);

	m->gaps = items;
	if (rc == 0)
		m->gaps[m->gap_count++] = *gap;
	return rc;
}

/* The store's own words about the container could not be read fully. */
static int add_metadata_gap(struct meaning *m, struct sl_error *err)
{
	const struct sl_container *c = m->comparison->container;
	const char *label = sl_container_label(c);
	struct sl_gap gap = {.what = {label, strlen(label)}, .why = c->metadata_gap};

	return c->metadata_gap == NULL ? 0 : meaning_gap(m, &gap, err);
}

static int add_layers(struct meaning *m, struct sl_error *err)
{
	const struct layerfindings *layers = &m->comparison->layers;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < layers->count; i++)
		rc = meaning_finding(m, &layers->items[i], err);
	return rc;
}

int meaning_open(struct meaning *m, const struct job *job, const struct meaning_request *request,
		 const struct comparison *comparison, struct sl_error *err)
{
	/* policies behind all that they judge, answers last of all */
	static int (*const parts[])(struct meaning * m, struct sl_error * err) = {
		add_metadata_gap,      add_layers,
		meaning_yara,          meaning_processes,
		meaning_settings,      meaning_add_lines,
		meaning_packages,      meaning_hashes,
		meaning_volumes,       meaning_copies,
		meaning_add_times,     meaning_add_logins,
		meaning_add_rewritten, meaning_add_credentials,
		meaning_add_scrambled, meaning_policy,
		meaning_acks,
	};
	int rc = 0;

	*m = (struct meaning){.job = job, .request = request, .comparison = comparison};
	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(parts); i++)
		rc = parts[i](m, err);
	if (rc < 0)
		meaning_close(m);
	return rc;
}

void meaning_on_finish(struct meaning *m, int (*finish)(void *data, struct sl_error *err))
{
	m->parts[m->part_count - 1].finish = finish;
}

int meaning_finish(struct meaning *m, struct sl_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < m->part_count; i++)
		if (m->parts[i].finish != NULL)
			rc = m->parts[i].finish(m->parts[i].data, err);
	return rc;
}

void meaning_close(struct meaning *m)
{
	while (m->part_count > 0) {
		const struct meaning_part *part = &m->parts[--m->part_count];

		part->free(part->data);
	}
	free(m->findings);
	free(m->gaps);
	*m = (struct meaning){0};
}
