/* SPDX-License-Identifier: Apache-2.0 */
/* Every container found in every store. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/app.h"
#include "cli/columns.h"
#include "cli/jobs.h"
#include "cli/output.h"
#include "core/cleanup.h"
#include "core/clock.h"
#include "core/encode.h"
#include "core/json.h"
#include "core/quote.h"
#include "job/ps.h"
#include "report/container.h"

struct ps_args {
	bool running;       /* only these */
	const char *engine; /* only of this engine */
	const char *image;  /* only of this image: reference, or beginning of its id */
};

/* Where rows and gaps go: one of two forms. */
struct listing {
	struct app *app;
	struct columns columns;
	struct buf text;
	struct jout containers, gaps; /* two arrays, written side by side */
	struct buf gaps_text;
};

static int container_row(void *payload, const struct sl_container *c)
{
	struct columns *t = &((struct listing *)payload)->columns;
	char short_id[13] = "", number[32], time[CLOCK_TEXT_SIZE];

	(void)snprintf(short_id, sizeof(short_id), "%s", c->id);
	columns_cell(t, c->engine);
	columns_cell(t, short_id);
	columns_cell(t, c->name);
	columns_cell(t, sl_state_name(c->state));
	(void)snprintf(number, sizeof(number), "%" PRId64, c->pid);
	columns_cell(t, c->pid > 0 ? number : NULL);
	columns_cell(t, c->image_ref);
	clock_format_short(time, c->created);
	columns_cell(t, c->has_created ? time : NULL);
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
	struct jout *j = &((struct listing *)payload)->containers;

	jout_object(j);
	jout_key_str(j, "engine", c->engine);
	jout_key_str(j, "id", c->id);
	jout_key_str(j, "name", c->name);
	jout_key_str(j, "state", sl_state_name(c->state));
	jout_key(j, "pid");
	jout_i64(j, c->pid);
	container_json_live(j, c);
	container_json_pod(j, c);
	jout_key(j, "image");
	jout_object(j);
	jout_key_str(j, "ref", c->image_ref);
	jout_key(j, "id");
	if (c->has_image_id)
		jout_digest(j, c->image_id);
	else
		jout_null(j);
	jout_object_end(j);
	time_json(j, "created", c->has_created, c->created);
	time_json(j, "started", c->has_started, c->started);
	time_json(j, "finished", c->has_finished, c->finished);
	jout_key_str(j, "driver", c->driver);
	jout_key_str(j, "store", c->store);
	stack_json(j, &c->stack);
	container_json_mounts(j, c);
	jout_object_end(j);
	return 0;
}

static int gap_note(void *payload, const struct sl_gap *gap)
{
	AUTO_FREE char *what = quote_dup(gap->what.data, gap->what.len);

	app_note(((struct listing *)payload)->app, "gap: %s: %s", what != NULL ? what : "?",
		 gap->why);
	return 0;
}

static int gap_json(void *payload, const struct sl_gap *gap)
{
	struct jout *j = &((struct listing *)payload)->gaps;

	jout_object(j);
	jout_bytes(j, "what", "", gap->what);
	jout_key_str(j, "why", gap->why);
	jout_key(j, "errno");
	jout_i64(j, gap->sys);
	jout_object_end(j);
	return 0;
}

static int list_json(struct listing *l, const struct job *job, const struct ps_request *request,
		     int *status, struct sl_error *err)
{
	struct ps_receiver receiver = {container_json, gap_json, l};
	int rc;

	jout_begin(&l->containers, &l->text);
	jout_begin(&l->gaps, &l->gaps_text);
	jout_array(&l->gaps);
	jout_object(&l->containers);
	jout_key_str(&l->containers, "schema", "strandline.ps/1");
	jout_key(&l->containers, "containers");
	jout_array(&l->containers);
	rc = job_ps(job, request, &receiver, status, err);
	if (rc < 0)
		return rc;
	jout_array_end(&l->containers);
	jout_array_end(&l->gaps);
	jout_key(&l->containers, "gaps");
	if (l->gaps_text.status == 0)
		jout_raw(&l->containers, l->gaps_text.data, l->gaps_text.len);
	jout_object_end(&l->containers);
	(void)buf_append_char(&l->text, '\n');
	return output_text(l->app->options.output, &l->text, err);
}

static int list_table(struct listing *l, const struct job *job, const struct ps_request *request,
		      int *status, struct sl_error *err)
{
	static const char *const headings[] = {"ENGINE", "ID",    "NAME",    "STATE",
					       "PID",    "IMAGE", "CREATED", "NOT READ"};
	struct ps_receiver receiver = {container_row, gap_note, l};
	CLEANUP(output_clear) struct output output = {0};
	int rc;

	columns_init(&l->columns, headings, ARRAY_SIZE(headings));
	rc = job_ps(job, request, &receiver, status, err);
	if (rc == 0)
		rc = output_open(&output, l->app->options.output, err);
	if (rc == 0)
		rc = columns_write(&l->columns, output.stream, err);
	return rc < 0 ? rc : output_commit(&output, err);
}

static int run(struct app *app, const void *args, const struct operands *words)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	CLEANUP(cli_job_clear) struct cli_job j = {0};
	struct listing l = {.app = app,
			    .text = BUF_INIT((size_t)256 << 20),
			    .gaps_text = BUF_INIT((size_t)16 << 20)};
	const struct ps_args *a = args;
	struct ps_request request = {a->running, a->engine, a->image};
	int status = EXIT_DONE;
	int rc = cli_job_init(&j, app, 0, &err);

	(void)words;
	if (rc == 0)
		rc = app->options.format == FORMAT_JSON
			     ? list_json(&l, &j.job, &request, &status, &err)
			     : list_table(&l, &j.job, &request, &status, &err);
	columns_clear(&l.columns);
	buf_clear(&l.text);
	buf_clear(&l.gaps_text);
	return rc < 0 ? app_fail(app, &err) : status;
}

#define AT(member) offsetof(struct ps_args, member)

static const struct opt options[] = {
	{"running", 0, OPT_FLAG, NULL, NULL, AT(running), "only containers that run or are paused"},
	{"engine", 0, OPT_TEXT, "ENGINE", NULL, AT(engine), "only containers of this engine"},
	{"image", 0, OPT_TEXT, "REF", NULL, AT(image),
	 "only containers of this image: a reference, or the beginning of its id"},
};
static const char *const formats[] = {"table", "json", NULL};

const struct command command_ps = {
	.name = "ps",
	.summary = "list every container that any store knows",
	.operands = "",
	.description = "List the containers of every engine's store, running or not, with engine, "
		       "image, state, process, pod and the directories they are made of. What "
		       "cannot be read is listed as a gap.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.formats = formats,
	.args_size = sizeof(struct ps_args),
	.exits = EXIT_WORKS,
	.examples = {{"strandline ps --running", "What runs here?"},
		     {"strandline ps --root /mnt/disk", "What was on this mounted disk?"}},
	.run = run,
};
