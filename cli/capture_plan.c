/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/capture_plan.h"

#include <inttypes.h>

#include "core/buf.h"
#include "core/json.h"

#define PLAN_BYTES_MAX ((size_t)64 << 20)

static int write_out(struct ostream *to, struct buf *text, struct sl_error *err)
{
	int rc = text->status < 0
			 ? sl_fail(err, SL_ENOMEM, 0, "plan")
			 : ostream_write(to, text->data != NULL ? text->data : "", text->len, err);

	buf_clear(text);
	return rc;
}

/* ---- for people ---- */

static void amount_line(struct buf *out, const char *what, const struct capture_amount *a)
{
	if (a->files > 0)
		(void)buf_printf(out, "  %-10s %" PRIu64 " files, %" PRIu64 " bytes\n", what,
				 a->files, a->bytes);
}

static void omission_lines(struct buf *out, const struct capture_omission *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		(void)buf_printf(out, "  omitted    %" PRIu64 " files, %" PRIu64 " bytes: %s\n",
				 list[i].amount.files, list[i].amount.bytes, list[i].why);
}

static void gap_lines(struct buf *out, const char *indent, const struct capture_omission *list,
		      size_t count)
{
	for (size_t i = 0; i < count; i++)
		(void)buf_printf(out, "%smissing    %s\n", indent, list[i].why);
}

static void target_text(struct buf *out, const struct capture_plan_target *t)
{
	(void)buf_printf(out, "\n%s (%s, %s)\n", t->label, t->engine, t->state);
	(void)buf_printf(out, "  records    %" PRIu64 " of the writable layer\n", t->objects);
	amount_line(out, "files", &t->upper);
	if (t->holes > 0)
		(void)buf_printf(out, "  holes      %" PRIu64 " bytes, which take no place\n",
				 t->holes);
	amount_line(out, "metadata", &t->metadata);
	amount_line(out, "logs", &t->logs);
	omission_lines(out, t->omissions, t->omission_count);
	gap_lines(out, "  ", t->gaps, t->gap_count);
}

int capture_plan_text(struct ostream *to, const struct capture_plan *p, struct sl_error *err)
{
	struct buf text = BUF_INIT(PLAN_BYTES_MAX);

	(void)buf_printf(&text, "profile    %s\nsteps     ", capture_profile_name(p->profile));
	for (size_t i = 0; i < p->step_count; i++)
		(void)buf_printf(&text, " %s", p->steps[i]);
	(void)buf_append_char(&text, '\n');
	gap_lines(&text, "", p->lost, p->lost_count);
	for (size_t i = 0; i < p->target_count; i++)
		target_text(&text, &p->targets[i]);
	(void)buf_printf(&text,
			 "\nfiles      %" PRIu64 ", %" PRIu64
			 " bytes before compression\nbundle     size not known: what steps find "
			 "out while they run, and how well it compresses, is not\n",
			 p->total.files, p->total.bytes);
	return write_out(to, &text, err);
}

/* ---- for programs ---- */

static void amount_json(struct jout *j, const char *key, const struct capture_amount *a)
{
	jout_key(j, key);
	jout_object(j);
	jout_key_u64(j, "files", a->files);
	jout_key_u64(j, "bytes", a->bytes);
	jout_object_end(j);
}

static void list_json(struct jout *j, const char *key, const struct capture_omission *list,
		      size_t count, bool with_amount)
{
	jout_key(j, key);
	jout_array(j);
	for (size_t i = 0; i < count; i++) {
		jout_object(j);
		jout_key_str(j, "why", list[i].why);
		if (with_amount) {
			jout_key_u64(j, "files", list[i].amount.files);
			jout_key_u64(j, "bytes", list[i].amount.bytes);
		}
		jout_object_end(j);
	}
	jout_array_end(j);
}

static void target_json(struct jout *j, const struct capture_plan_target *t)
{
	jout_object(j);
	jout_key_str(j, "engine", t->engine);
	jout_key_str(j, "id", t->id);
	jout_key_str(j, "name", t->label);
	jout_key_str(j, "state", t->state);
	jout_key_u64(j, "objects", t->objects);
	amount_json(j, "upper", &t->upper);
	jout_key_u64(j, "holes", t->holes);
	amount_json(j, "metadata", &t->metadata);
	amount_json(j, "logs", &t->logs);
	list_json(j, "left_out", t->omissions, t->omission_count, true);
	list_json(j, "missing", t->gaps, t->gap_count, false);
	jout_object_end(j);
}

int capture_plan_json(struct ostream *to, const struct capture_plan *p, struct sl_error *err)
{
	struct buf text = BUF_INIT(PLAN_BYTES_MAX);
	struct jout j;

	jout_begin(&j, &text);
	jout_object(&j);
	jout_key_str(&j, "schema", "strandline/capture-plan/1");
	jout_key_str(&j, "profile", capture_profile_name(p->profile));
	jout_key(&j, "steps");
	jout_array(&j);
	for (size_t i = 0; i < p->step_count; i++)
		jout_str(&j, p->steps[i]);
	jout_array_end(&j);
	list_json(&j, "missing", p->lost, p->lost_count, false);
	jout_key(&j, "containers");
	jout_array(&j);
	for (size_t i = 0; i < p->target_count; i++)
		target_json(&j, &p->targets[i]);
	jout_array_end(&j);
	amount_json(&j, "total", &p->total);
	jout_key(&j, "bundle_bytes");
	jout_null(&j);
	jout_object_end(&j);
	(void)buf_append_char(&text, '\n');
	return write_out(to, &text, err);
}
