/* SPDX-License-Identifier: Apache-2.0 */
#include "report/check_members.h"

#include <string.h>

static void sharers(struct jout *j, const char *key, const struct sl_check_sharer *list,
		    size_t count)
{
	jout_key(j, key);
	jout_array(j);
	for (size_t i = 0; i < count; i++) {
		jout_object(j);
		if (list[i].engine != NULL)
			jout_key_str(j, "engine", list[i].engine);
		jout_key_str(j, "id", list[i].id);
		jout_key_str(j, "name", list[i].name);
		jout_object_end(j);
	}
	jout_array_end(j);
}

void check_json_subject(struct jout *j, const struct sl_check_subject *s)
{
	jout_key(j, "diff_id");
	if (s->has_diff_id)
		jout_digest(j, s->diff_id);
	else
		jout_null(j);
	jout_key(j, "chain_id");
	jout_digest(j, s->chain_id);
	jout_key_bytes(j, "directory", s->directory);
	sharers(j, "images", s->images, s->image_count);
	sharers(j, "containers", s->containers, s->container_count);
}

void check_json_difference(struct jout *j, const struct sl_difference *d)
{
	jout_bytes(j, "path", "/", d->path);
	jout_key_str(j, "kind", sl_difference_kind_name(d->kind));
	jout_key_str(j, "what", d->what);
	jout_key_str(j, "name", d->name);
	jout_key_str(j, "before", d->before);
	jout_key_str(j, "after", d->after);
	jout_key_bool(j, "doubtful", d->is_doubtful);
}

static void counts(struct jout *j, const struct sl_check_counts *n)
{
	jout_key(j, "counts");
	jout_object(j);
	for (int i = 0; i < SL_DIFFERENCE_KINDS; i++)
		jout_key_u64(j, sl_difference_kind_name((enum sl_difference_kind)i), n->by_kind[i]);
	jout_key_u64(j, "doubtful", n->doubtful);
	jout_key_u64(j, "gaps", n->gaps);
	jout_key_u64(j, "entries", n->entries);
	jout_key_u64(j, "bytes", n->bytes);
	jout_object_end(j);
}

void check_json_result(struct jout *j, const struct sl_layer_check *c)
{
	jout_key_time(j, "checked_at", c->at);
	jout_key_str(j, "method", sl_check_method_name(c->method));
	jout_key_str(j, "trust", sl_trust_name(c->trust));
	jout_key_str(j, "verdict", sl_check_verdict_name(c->verdict));
	jout_key_str(j, "why", c->why);
	jout_key_str(j, "contradiction", c->contradiction);
	counts(j, &c->counts);
}

void check_json_contradiction(struct jout *j, const char *what, const char *why)
{
	jout_key_bytes(j, "what", what);
	jout_key_str(j, "why", why);
}

static const char *verdict_of(const struct sl_check_totals *t)
{
	if (t->by_verdict[SL_CHECK_TAMPERED] > 0 || t->contradictions > 0)
		return sl_check_verdict_name(SL_CHECK_TAMPERED);
	if (t->by_verdict[SL_CHECK_UNREAD] > 0 || t->gaps > 0)
		return sl_check_verdict_name(SL_CHECK_UNREAD);
	return sl_check_verdict_name(t->by_verdict[SL_CHECK_UNPROVEN] > 0 ? SL_CHECK_UNPROVEN
									  : SL_CHECK_INTACT);
}

void check_json_totals(struct jout *j, const struct sl_check_totals *t)
{
	jout_key(j, "layer_counts");
	jout_object(j);
	for (int i = SL_CHECK_INTACT; i <= SL_CHECK_TAMPERED; i++)
		jout_key_u64(j, sl_check_verdict_name((enum sl_check_verdict)i), t->by_verdict[i]);
	jout_object_end(j);
	counts(j, &t->counts);
	jout_key_str(j, "verdict", verdict_of(t));
}
