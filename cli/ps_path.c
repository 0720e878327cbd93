/* SPDX-License-Identifier: Apache-2.0 */
/* Whose a path of the host is. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/output.h"
#include "cli/ps.h"
#include "core/cleanup.h"
#include "core/encode.h"
#include "core/quote.h"
#include "job/locate.h"
#include "report/words.h"

/* Digits of an image id that a table shows. */
#define SHORT_ID 12

struct where {
	struct app *app;
	size_t owners;
	struct columns columns;
	struct buf text; /* above the columns */
	struct ps_document document;
};

/* ---- a table ---- */

static int say_path(void *payload, const struct located_path *p)
{
	struct where *w = payload;

	(void)buf_append_str(&w->text, "path   ");
	(void)quote_bytes(&w->text, p->path, strlen(p->path));
	if (!p->exists)
		(void)buf_append_str(&w->text, "\nis     not there (any more)\n");
	else
		(void)buf_printf(&w->text, "\nis     %s, %" PRIu64 " bytes\n",
				 sl_type_name(p->mode), p->size);
	return 0;
}

/* "layer 3", counted from 1 at the bottom, as index does. */
static void what_cell(struct columns *t, const struct located_owner *o)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "%s", located_name(o->what));
	if (o->has_layer)
		(void)snprintf(text, sizeof(text), "layer %zu", o->layer + 1);
	columns_cell(t, text);
}

/* The columns of a container: engine, id, name, pod, kind. */
static void image_cells(struct columns *t, const struct located_owner *o)
{
	char id[DIGEST_TEXT_SIZE] = "";

	digest_format(id, o->image_id);
	id[strlen("sha256:") + SHORT_ID] = '\0';
	columns_cell(t, o->engine);
	columns_cell(t, id + strlen("sha256:"));
	columns_cell(t, NULL);
	columns_cell(t, NULL);
	columns_cell(t, "image");
}

static int owner_row(void *payload, const struct located_owner *o)
{
	static const char *const shown[] = {"no", "yes", NULL};
	struct where *w = payload;
	struct columns *t = &w->columns;

	w->owners++;
	what_cell(t, o);
	if (o->container != NULL)
		ps_identity_cells(t, o->container);
	else
		image_cells(t, o);
	columns_cell(t, o->image);
	columns_cell(t, o->path);
	columns_cell(t, shown[o->shown]);
	columns_cell(t, o->hidden_by);
	return 0;
}

static int gap_note(void *payload, const struct sl_gap *gap)
{
	ps_gap_note(((struct where *)payload)->app, gap);
	return 0;
}

static int as_table(struct where *w, const struct job *job, const char *path, int *status,
		    struct sl_error *err)
{
	static const char *const headings[] = {"WHAT", "ENGINE", "ID",   "NAME",  "POD",
					       "KIND", "IMAGE",  "PATH", "SHOWN", "WHY NOT"};
	static const char *const optional[] = {"NAME", "POD", "KIND", "WHY NOT"};
	struct locate_receiver receiver = {say_path, owner_row, gap_note, w};
	CLEANUP(output_clear) struct output output = {0};
	int rc;

	columns_init(&w->columns, headings, ARRAY_SIZE(headings));
	for (size_t i = 0; i < ARRAY_SIZE(optional); i++)
		columns_optional(&w->columns, optional[i]);
	rc = job_locate(job, path, &receiver, status, err);
	if (rc == 0)
		rc = output_open(&output, w->app->options.output, err);
	if (rc == 0)
		rc = ostream_write(output.stream, w->text.data, w->text.len, err);
	if (rc == 0 && w->owners > 0)
		rc = columns_write(&w->columns, output.stream, err);
	if (rc == 0)
		rc = output_commit(&output, err);
	if (rc == 0 && w->owners == 0)
		app_note(w->app, "it belongs to nothing that a store knows");
	return rc;
}

/* ---- JSON ---- */

static int path_json(void *payload, const struct located_path *p)
{
	struct jout *j = &((struct where *)payload)->document.out;

	jout_key_bytes(j, "path", p->path);
	jout_key_bool(j, "exists", p->exists);
	jout_key_str(j, "type", p->exists ? sl_type_name(p->mode) : NULL);
	jout_key(j, "size");
	if (p->exists)
		jout_u64(j, p->size);
	else
		jout_null(j);
	jout_key(j, "owners");
	jout_array(j);
	return 0;
}

static void container_json(struct jout *j, const struct sl_container *c)
{
	jout_key(j, "container");
	if (c == NULL) {
		jout_null(j);
		return;
	}
	jout_object(j);
	ps_identity(j, c);
	jout_object_end(j);
}

static int owner_json(void *payload, const struct located_owner *o)
{
	struct where *w = payload;
	struct jout *j = &w->document.out;

	w->owners++;
	jout_object(j);
	jout_key_str(j, "what", located_name(o->what));
	jout_key_str(j, "engine", o->engine);
	container_json(j, o->container);
	ps_image(j, o->image, o->has_image_id ? o->image_id : NULL);
	ps_layer(j, o->has_layer, o->layer, o->has_diff_id ? o->diff_id : NULL);
	jout_key_bytes(j, "directory", o->dir);
	jout_key_bytes(j, "path", o->path);
	jout_key(j, "shown");
	if (o->shown == SHOWN_UNKNOWN)
		jout_null(j);
	else
		jout_bool(j, o->shown == SHOWN_YES);
	jout_key_str(j, "why_not", o->hidden_by);
	jout_object_end(j);
	return 0;
}

static int gap_json(void *payload, const struct sl_gap *gap)
{
	ps_document_gap(&((struct where *)payload)->document, gap);
	return 0;
}

static int as_json(struct where *w, const struct job *job, const char *path, int *status,
		   struct sl_error *err)
{
	struct locate_receiver receiver = {path_json, owner_json, gap_json, w};
	int rc;

	ps_document_begin(&w->document, "strandline.path/1");
	rc = job_locate(job, path, &receiver, status, err);
	if (rc < 0)
		return rc;
	jout_array_end(&w->document.out);
	return ps_document_end(&w->document, w->app, err);
}

int ps_path(struct app *app, const struct job *job, const char *path, struct sl_error *err)
{
	struct where w = {.app = app, .text = BUF_INIT((size_t)16 << 20)};
	int status = EXIT_DONE;
	int rc = app->options.format == FORMAT_JSON ? as_json(&w, job, path, &status, err)
						    : as_table(&w, job, path, &status, err);

	columns_clear(&w.columns);
	buf_clear(&w.text);
	ps_document_clear(&w.document);
	return rc < 0 ? rc : status;
}
