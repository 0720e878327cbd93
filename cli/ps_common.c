/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "cli/output.h"
#include "cli/ps.h"
#include "core/cleanup.h"
#include "core/quote.h"
#include "report/container.h"

#define HEX_ID 64
#define SHORT_ID 12

void ps_identity(struct jout *j, const struct sl_container *c)
{
	jout_key_str(j, "engine", c->engine);
	jout_key_str(j, "id", c->id);
	jout_key_str(j, "name", c->name);
	container_json_place(j, c);
	jout_key_str(j, "state", sl_state_name(c->state));
	jout_key(j, "pid");
	jout_i64(j, c->pid);
}

void ps_image(struct jout *j, const char *ref, const uint8_t *id)
{
	jout_key(j, "image");
	jout_object(j);
	jout_key_str(j, "ref", ref);
	jout_key(j, "id");
	if (id != NULL)
		jout_digest(j, id);
	else
		jout_null(j);
	jout_object_end(j);
}

void ps_layer(struct jout *j, bool has_layer, size_t layer, const uint8_t *diff_id)
{
	jout_key(j, "layer");
	if (!has_layer) {
		jout_null(j);
		return;
	}
	jout_object(j);
	jout_key_u64(j, "number", layer + 1);
	jout_key(j, "diff_id");
	if (diff_id != NULL)
		jout_digest(j, diff_id);
	else
		jout_null(j);
	jout_object_end(j);
}

void ps_document_begin(struct ps_document *d, const char *schema)
{
	d->text = BUF_INIT((size_t)256 << 20);
	d->gaps_text = BUF_INIT((size_t)16 << 20);
	jout_begin(&d->out, &d->text);
	jout_begin(&d->gaps, &d->gaps_text);
	jout_array(&d->gaps);
	jout_object(&d->out);
	jout_key_str(&d->out, "schema", schema);
}

void ps_document_gap(struct ps_document *d, const struct sl_gap *gap)
{
	struct jout *j = &d->gaps;

	jout_object(j);
	jout_bytes(j, "what", gap->is_path ? "/" : "", gap->what);
	jout_key_str(j, "why", gap->why);
	jout_key(j, "errno");
	jout_i64(j, gap->sys);
	jout_object_end(j);
}

int ps_document_end(struct ps_document *d, const struct app *app, struct sl_error *err)
{
	jout_array_end(&d->gaps);
	jout_key(&d->out, "gaps");
	if (d->gaps_text.status == 0)
		jout_raw(&d->out, d->gaps_text.data, d->gaps_text.len);
	jout_object_end(&d->out);
	(void)buf_append_char(&d->text, '\n');
	return output_text(app->options.output, &d->text, err);
}

void ps_document_clear(struct ps_document *d)
{
	buf_clear(&d->text);
	buf_clear(&d->gaps_text);
}

void ps_gap_note(struct app *app, const struct sl_gap *gap)
{
	AUTO_FREE char *what = quote_dup(gap->what.data, gap->what.len);

	app_note(app, "gap: %s%s: %s", gap->is_path ? "/" : "", what != NULL ? what : "?",
		 gap->why);
}

/* People type the beginning of 64 digits; what else is an id is shown whole. */
static void id_cell(struct columns *t, const struct sl_container *c)
{
	char cut[SHORT_ID + 1] = "";

	if (strlen(c->id) != HEX_ID || strspn(c->id, "0123456789abcdef") != HEX_ID) {
		columns_cell(t, c->id);
		return;
	}
	memcpy(cut, c->id, SHORT_ID);
	columns_cell(t, cut);
}

static void pod_cell(struct columns *t, const struct sl_pod *pod)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(65536);

	if (pod == NULL) {
		columns_cell(t, NULL);
		return;
	}
	(void)buf_printf(&text, "%s/%s", pod->ns != NULL ? pod->ns : "",
			 pod->name != NULL ? pod->name : "");
	if (pod->container != NULL)
		(void)buf_printf(&text, "/%s", pod->container);
	if (pod->attempt > 0)
		(void)buf_printf(&text, "@%u", pod->attempt);
	columns_cell(t, text.data);
}

void ps_identity_cells(struct columns *t, const struct sl_container *c)
{
	columns_cell(t, c->engine);
	id_cell(t, c);
	columns_cell(t, c->name);
	pod_cell(t, c->pod);
	columns_cell(t, c->kind == SL_CONTAINER_WORKLOAD ? NULL : sl_container_kind_name(c->kind));
}
