/* SPDX-License-Identifier: Apache-2.0 */
/* Every container found in every store. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/output.h"
#include "cli/ps.h"
#include "core/cleanup.h"
#include "core/clock.h"
#include "report/container.h"

/* Where rows and gaps go: one of two forms. */
struct listing {
	struct app *app;
	struct columns columns;
	struct ps_document document;
};

static int container_row(void *payload, const struct sl_container *c)
{
	struct columns *t = &((struct listing *)payload)->columns;
	char number[32], time[CLOCK_TEXT_SIZE];

	ps_identity_cells(t, c);
	columns_cell(t, sl_state_name(c->state));
	(void)snprintf(number, sizeof(number), "%" PRId64, c->pid);
	columns_cell(t, c->pid > 0 ? number : NULL);
	columns_cell(t, c->image_ref);
	clock_format_short(time, c->created);
	columns_cell(t, c->has_created ? time : NULL);
	columns_cell(t, c->note);
	columns_cell(t, c->stack.unsupported);
	return 0;
}

static void stack_json(struct jout *j, const struct sl_stack *stack)
{
	jout_key(j, "stack");
	jout_object(j);
	jout_key_str(j, "upper", stack->upper_path);
	jout_key(j, "lowers");
	jout_array(j);
	for (size_t i = 0; i < stack->lower_count; i++)
		jout_str(j, stack->lowers[i].dir_path);
	jout_array_end(j);
	jout_key_str(j, "marker", sl_marker_name(stack->marker));
	jout_key_bool(j, "whole_tree", stack->is_whole);
	jout_key_str(j, "unsupported", stack->unsupported);
	jout_object_end(j);
}

static void time_json(struct jout *j, const char *key, bool has, struct sl_time t)
{
	jout_key(j, key);
	if (has)
		jout_time(j, t);
	else
		jout_null(j);
}

static int container_json(void *payload, const struct sl_container *c)
{
	struct jout *j = &((struct listing *)payload)->document.out;

	jout_object(j);
	ps_identity(j, c);
	container_json_live(j, c);
	ps_image(j, c->image_ref, c->has_image_id ? c->image_id : NULL);
	time_json(j, "created", c->has_created, c->created);
	time_json(j, "started", c->has_started, c->started);
	time_json(j, "finished", c->has_finished, c->finished);
	jout_key_str(j, "driver", c->driver);
	jout_key_str(j, "store", c->store);
	stack_json(j, &c->stack);
	container_json_mounts(j, "mounts", c, true);
	jout_object_end(j);
	return 0;
}

static int gap_note(void *payload, const struct sl_gap *gap)
{
	ps_gap_note(((struct listing *)payload)->app, gap);
	return 0;
}

static int gap_json(void *payload, const struct sl_gap *gap)
{
	ps_document_gap(&((struct listing *)payload)->document, gap);
	return 0;
}

static void hidden_json(struct jout *j, const struct ps_hidden *hidden)
{
	jout_key(j, "hidden");
	jout_object(j);
	jout_key_u64(j, "sandboxes", hidden->sandboxes);
	jout_key_u64(j, "builds", hidden->builds);
	jout_object_end(j);
}

static int list_json(struct listing *l, const struct job *job, const struct ps_request *request,
		     int *status, struct sl_error *err)
{
	struct ps_receiver receiver = {container_json, gap_json, l};
	struct ps_hidden hidden;
	int rc;

	ps_document_begin(&l->document, "strandline.ps/1");
	jout_key(&l->document.out, "containers");
	jout_array(&l->document.out);
	rc = job_ps(job, request, &receiver, &hidden, status, err);
	if (rc < 0)
		return rc;
	jout_array_end(&l->document.out);
	hidden_json(&l->document.out, &hidden);
	return ps_document_end(&l->document, l->app, err);
}

static void hidden_note(struct app *app, const struct ps_hidden *hidden)
{
	if (hidden->sandboxes > 0)
		app_note(app, "not shown: %zu sandboxes of pods (--sandboxes)", hidden->sandboxes);
	if (hidden->builds > 0)
		app_note(app, "not shown: %zu working containers of image builds (--orphans)",
			 hidden->builds);
}

static int list_table(struct listing *l, const struct job *job, const struct ps_request *request,
		      int *status, struct sl_error *err)
{
	static const char *const headings[] = {"ENGINE",  "ID",    "NAME",    "POD",
					       "KIND",    "STATE", "PID",     "IMAGE",
					       "CREATED", "NOTE",  "NOT READ"};
	static const char *const optional[] = {"POD", "KIND", "NOTE"};
	struct ps_receiver receiver = {container_row, gap_note, l};
	struct ps_hidden hidden;
	int rc;

	columns_init(&l->columns, headings, ARRAY_SIZE(headings));
	for (size_t i = 0; i < ARRAY_SIZE(optional); i++)
		columns_optional(&l->columns, optional[i]);
	rc = job_ps(job, request, &receiver, &hidden, status, err);
	if (rc == 0)
		rc = output_columns(l->app->options.output, &l->columns, err);
	if (rc == 0)
		hidden_note(l->app, &hidden);
	return rc;
}

int ps_list(struct app *app, const struct job *job, const struct ps_request *request,
	    struct sl_error *err)
{
	struct listing l = {.app = app};
	int status = EXIT_DONE;
	int rc = app->options.format == FORMAT_JSON ? list_json(&l, job, request, &status, err)
						    : list_table(&l, job, request, &status, err);

	columns_clear(&l.columns);
	ps_document_clear(&l.document);
	return rc < 0 ? rc : status;
}
