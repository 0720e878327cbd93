/* SPDX-License-Identifier: Apache-2.0 */
/* Where a path of a container comes from. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/output.h"
#include "cli/ps.h"
#include "core/cleanup.h"
#include "core/quote.h"
#include "job/locate.h"
#include "report/words.h"

struct inside {
	struct app *app;
	struct columns columns;
	struct buf text; /* above the columns */
	struct ps_document document;
};

/* Where it is on the host; NULL when that is not known. Owned. */
static char *host_path(const struct located_layer *l)
{
	char *path = NULL;

	if (l->stored == NULL || l->dir == NULL ||
	    asprintf(&path, "%s%s", l->dir, strcmp(l->stored, "/") == 0 ? "" : l->stored) < 0)
		return NULL;
	return path;
}

/* ---- a table ---- */

static int say_path(void *payload, const struct sl_container *c, const char *resolved,
		    const struct sl_mount *mount, bool shown)
{
	struct inside *in = payload;
	const char *label = sl_container_label(c);

	(void)buf_append_str(&in->text, "container  ");
	(void)quote_bytes(&in->text, label, strlen(label));
	(void)buf_append_str(&in->text, "\npath       ");
	(void)quote_bytes(&in->text, resolved, strlen(resolved));
	if (mount != NULL) {
		(void)buf_printf(&in->text, "\nmounted    %s at ", mount->type);
		(void)quote_bytes(&in->text, mount->path, strlen(mount->path));
		if (mount->source != NULL) {
			(void)buf_append_str(&in->text, " from ");
			(void)quote_bytes(&in->text, mount->source, strlen(mount->source));
		}
		(void)buf_append_str(&in->text, ": that is what the container sees");
	}
	if (!shown)
		(void)buf_append_str(&in->text, "\nis         not there");
	(void)buf_append_char(&in->text, '\n');
	return 0;
}

static const char *object_text(const struct located_layer *l)
{
	switch (l->object) {
	case OBJECT_DELETED:
		return "deletes it";
	case OBJECT_REPLACED:
		return "has no directory there";
	case OBJECT_FOUND:
		break;
	}
	return sl_type_name(l->mode);
}

static int layer_row(void *payload, const struct located_layer *l)
{
	struct columns *t = &((struct inside *)payload)->columns;
	AUTO_FREE char *path = host_path(l);
	char text[64];

	(void)snprintf(text, sizeof(text), "%s", located_name(l->what));
	if (l->has_layer)
		(void)snprintf(text, sizeof(text), "layer %zu", l->layer + 1);
	columns_cell(t, text);
	columns_cell(t, l->shown ? "yes" : "no");
	columns_cell(t, object_text(l));
	columns_cell(t, l->path);
	if (path == NULL && l->object == OBJECT_FOUND)
		columns_cell(t, "under another name: a renamed directory leads to it");
	else
		columns_cell(t, path != NULL ? path : l->dir);
	return 0;
}

static int gap_note(void *payload, const struct sl_gap *gap)
{
	ps_gap_note(((struct inside *)payload)->app, gap);
	return 0;
}

static int as_table(struct inside *in, const struct job *job, const char *container,
		    const char *path, int *status, struct sl_error *err)
{
	static const char *const headings[] = {"DIRECTORY", "SHOWN", "IS", "PATH", "ON THE HOST"};
	struct locate_inside_receiver receiver = {say_path, layer_row, gap_note, in};
	CLEANUP(output_clear) struct output output = {0};
	int rc;

	columns_init(&in->columns, headings, ARRAY_SIZE(headings));
	rc = job_locate_inside(job, container, path, &receiver, status, err);
	if (rc == 0)
		rc = output_open(&output, in->app->options.output, err);
	if (rc == 0)
		rc = ostream_write(output.stream, in->text.data, in->text.len, err);
	if (rc == 0)
		rc = columns_write(&in->columns, output.stream, err);
	return rc < 0 ? rc : output_commit(&output, err);
}

/* ---- JSON ---- */

static int path_json(void *payload, const struct sl_container *c, const char *resolved,
		     const struct sl_mount *mount, bool shown)
{
	struct jout *j = &((struct inside *)payload)->document.out;

	jout_key(j, "container");
	jout_object(j);
	ps_identity(j, c);
	ps_image(j, c->image_ref, c->has_image_id ? c->image_id : NULL);
	jout_object_end(j);
	jout_key_bytes(j, "path", resolved);
	jout_key_bool(j, "exists", shown);
	jout_key(j, "mount");
	if (mount != NULL) {
		jout_object(j);
		jout_key_bytes(j, "path", mount->path);
		jout_key_str(j, "type", mount->type);
		jout_key_bytes(j, "source", mount->source);
		jout_object_end(j);
	} else {
		jout_null(j);
	}
	jout_key(j, "directories");
	jout_array(j);
	return 0;
}

static int layer_json(void *payload, const struct located_layer *l)
{
	static const char *const objects[] = {"found", "deleted", "replaced"};
	struct jout *j = &((struct inside *)payload)->document.out;
	AUTO_FREE char *path = host_path(l);

	jout_object(j);
	jout_key_str(j, "what", located_name(l->what));
	ps_layer(j, l->has_layer, l->layer, l->has_diff_id ? l->diff_id : NULL);
	jout_key_bytes(j, "directory", l->dir);
	jout_key_str(j, "object", objects[l->object]);
	jout_key_bytes(j, "path", l->path);
	jout_key_bytes(j, "host_path", path);
	jout_key_str(j, "type", l->object == OBJECT_FOUND ? sl_type_name(l->mode) : NULL);
	jout_key_bool(j, "shown", l->shown);
	jout_object_end(j);
	return 0;
}

static int gap_json(void *payload, const struct sl_gap *gap)
{
	ps_document_gap(&((struct inside *)payload)->document, gap);
	return 0;
}

static int as_json(struct inside *in, const struct job *job, const char *container,
		   const char *path, int *status, struct sl_error *err)
{
	struct locate_inside_receiver receiver = {path_json, layer_json, gap_json, in};
	int rc;

	ps_document_begin(&in->document, "strandline.inside/1");
	rc = job_locate_inside(job, container, path, &receiver, status, err);
	if (rc < 0)
		return rc;
	jout_array_end(&in->document.out);
	return ps_document_end(&in->document, in->app, err);
}

int ps_inside(struct app *app, const struct job *job, const char *container, const char *path,
	      struct sl_error *err)
{
	struct inside in = {.app = app, .text = BUF_INIT((size_t)16 << 20)};
	int status = EXIT_DONE;
	int rc = app->options.format == FORMAT_JSON
			 ? as_json(&in, job, container, path, &status, err)
			 : as_table(&in, job, container, path, &status, err);

	columns_clear(&in.columns);
	buf_clear(&in.text);
	ps_document_clear(&in.document);
	return rc < 0 ? rc : status;
}
