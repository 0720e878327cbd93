/* SPDX-License-Identifier: Apache-2.0 */
#include "forensics/timeline.h"

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "forensics/bundle_read.h"
#include "forensics/eventsort.h"
#include "forensics/record.h"
#include "forensics/timelinefile.h"
#include "forensics/timelinelog.h"

enum { SORT_MEMORY = 16 << 20, TARGETS_MAX = 65536 };

/* Names of the containers of one bundle, by target number. */
struct names {
	char **items;
	size_t count;
};

static void names_clear(struct names *n)
{
	for (size_t i = 0; i < n->count; i++)
		free(n->items[i]);
	free(n->items);
	*n = (struct names){0};
}

static const char *names_get(const struct names *n, uint32_t target)
{
	return target < n->count ? n->items[target] : NULL;
}

static int names_set(struct names *n, uint64_t target, const char *name, struct sl_error *err)
{
	char *copy;

	if (target >= TARGETS_MAX)
		return sl_fail(err, SL_ELIMIT, 0, "more than %d containers", TARGETS_MAX);
	if (target >= n->count) {
		char **grown = reallocarray(n->items, target + 1, sizeof(*grown));

		if (grown == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "container names");
		memset(grown + n->count, 0, (target + 1 - n->count) * sizeof(*grown));
		n->items = grown;
		n->count = target + 1;
	}
	copy = strdup(name);
	if (copy == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "container name");
	free(n->items[target]);
	n->items[target] = copy;
	return 0;
}

/* One bundle being turned into events. */
struct reading {
	struct eventsort *sort;
	struct names names;
	struct timelinefile *files;
	struct timelinelogs logs;
	uint64_t next_target;
};

static struct sl_bytes bytes_of(const char *text)
{
	return (struct sl_bytes){text, text == NULL ? 0 : strlen(text)};
}

/* Container lifecycle out of the record that declares it. */
static int add_target(struct reading *g, const struct record *r, struct sl_error *err)
{
	static const struct {
		const char *key, *description, *message;
	} steps[] = {
		{"created", "Container Created", "container created"},
		{"started", "Container Started", "container started"},
		{"finished", "Container Finished", "container finished"},
	};
	const char *name = jval_str(jval_get(r->doc, "name"));
	uint64_t number;
	int rc = 0;

	if (name == NULL)
		name = jval_str(jval_get(r->doc, "id"));
	/* the record's own target number, else the order of declaration */
	number = r->target != SL_BUNDLE_TARGET_HOST ? r->target : g->next_target;
	g->next_target = number + 1;
	if (name != NULL)
		rc = names_set(&g->names, number, name, err);
	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(steps); i++) {
		const char *text = jval_str(jval_get(r->doc, steps[i].key));
		struct sl_event e = {
			.source = "container",
			.description = steps[i].description,
			.subject = bytes_of(name),
			.message = bytes_of(steps[i].message),
			.container = name,
			.seq = r->seq,
		};

		/* engines write year 1 for "never" */
		if (text != NULL && clock_parse(&e.time, text, strlen(text)) == 0 && e.time.sec > 0)
			rc = eventsort_add(g->sort, &e, err);
	}
	return rc;
}

/* What the capture itself did and when. */
static int add_step(struct reading *g, const struct record *r, const char *description,
		    const char *const keys[], size_t count, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf message = BUF_INIT(SL_BUNDLE_LINE_BYTES);
	const char *what = jval_str(jval_get(r->doc, "what"));
	struct sl_event e = {
		.time = r->time,
		.source = "capture",
		.description = description,
		.container = names_get(&g->names, r->target),
		.seq = r->seq,
	};

	(void)buf_append_str(&message, r->type);
	for (size_t i = 0; i < count; i++) {
		const char *text = jval_str(jval_get(r->doc, keys[i]));

		if (text != NULL)
			(void)buf_printf(&message, "%s%s", i == 0 ? ": " : ", ", text);
	}
	if (message.status < 0)
		return sl_fail(err, SL_ENOMEM, 0, "event");
	e.subject = bytes_of(what != NULL ? what : "capture");
	e.message = (struct sl_bytes){message.data, message.len};
	return eventsort_add(g->sort, &e, err);
}

static int add_record(struct reading *g, const struct record *r, struct sl_error *err)
{
	static const char *const action[] = {"what", "why", "result"},
				 *const gap[] = {"what", "why"}, *const end[] = {"status"},
				 *const open[] = {"bundle"};

	if (strcmp(r->type, "file") == 0) {
		int rc = timelinelogs_note(&g->logs, r, err);

		return rc < 0 ? rc
			      : timelinefile_add(g->files, r, names_get(&g->names, r->target), err);
	}
	if (strcmp(r->type, "target") == 0)
		return add_target(g, r, err);
	if (strcmp(r->type, "open") == 0)
		return add_step(g, r, "Capture Started", open, 1, err);
	if (strcmp(r->type, "action") == 0)
		return add_step(g, r, "Capture Action", action, 3, err);
	if (strcmp(r->type, "gap") == 0)
		return add_step(g, r, "Capture Gap", gap, 2, err);
	if (strcmp(r->type, "close") == 0)
		return add_step(g, r, "Capture Finished", end, 1, err);
	return 0;
}

static int read_records(struct reading *g, struct rfile *file, struct sl_error *err)
{
	const struct sl_bundle_record *record;
	struct sl_bundle_reader *reader;
	int rc = bundle_reader_open(&reader, file, err);

	if (rc < 0)
		return rc;
	while ((rc = sl_bundle_next(reader, &record, err)) == 0) {
		struct record r;

		rc = record_parse(&r, record->line, record->len, err);
		if (rc == 0)
			rc = add_record(g, &r, err);
		record_clear(&r);
		if (rc < 0)
			break;
	}
	sl_bundle_reader_free(reader);
	return rc < 0 ? rc : 0;
}

static int read_logs(struct reading *g, struct rfile *file, struct sl_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < g->logs.count; i++)
		rc = timelinelog_read(&g->logs.items[i], file, g->sort,
				      names_get(&g->names, g->logs.items[i].target), err);
	return rc;
}

static int read_bundle(struct eventsort *sort, struct rfile *file, struct sl_error *err)
{
	struct reading g = {.sort = sort, .next_target = 1};
	int rc = rfile_needs_twice(file, err);

	if (rc == 0)
		rc = timelinefile_new(&g.files, sort, err);
	if (rc == 0)
		rc = read_records(&g, file, err);
	if (rc == 0)
		rc = read_logs(&g, file, err);
	timelinefile_free(g.files);
	timelinelogs_clear(&g.logs);
	names_clear(&g.names);
	return rc;
}

int timeline_run(struct rfile *const *files, size_t count, struct sl_event_sink *sink,
		 struct sl_error *err)
{
	struct eventsort *sort;
	int rc = eventsort_new(&sort, SORT_MEMORY, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = read_bundle(sort, files[i], err);
	if (rc == 0)
		rc = sink->ops->begin(sink, err);
	if (rc >= 0)
		rc = eventsort_emit(sort, sink, count > 0 ? files[0]->stop : NULL, err);
	if (rc >= 0)
		rc = sink->ops->end(sink, err);
	eventsort_free(sort);
	return rc < 0 ? rc : 0;
}
