/* SPDX-License-Identifier: Apache-2.0 */
#include "job/driftdocument.h"

#include <stdio.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/json.h"
#include "core/root.h"
#include "forensics/record.h"
#include "forensics/recordentry.h"

#define PATH_BYTES ((size_t)1 << 20)

struct reading {
	const struct driftdocument_events *events;
	struct recordentry before, after;
	struct buf path;
};

static void reading_clear(struct reading *g)
{
	recordentry_clear(&g->before);
	recordentry_clear(&g->after);
	buf_clear(&g->path);
}

static int fail_finding(struct sl_error *err, const char *what)
{
	return sl_fail(err, SL_EFORMAT, 0, "finding: '%s' is not what it should be", what);
}

static int read_word(const struct jval *o, const char *key, const char *(*word_of)(unsigned int n),
		     unsigned int *out, struct sl_error *err)
{
	const char *text = jval_str(jval_get(o, key));
	unsigned int n = 0;

	while (text != NULL && word_of(n) != NULL && strcmp(word_of(n), text) != 0)
		n++;
	if (text == NULL || word_of(n) == NULL)
		return fail_finding(err, key);
	*out = n;
	return 0;
}

static const char *kind_word(unsigned int n)
{
	return n <= SL_FINDING_ORPHAN ? sl_finding_kind_name((enum sl_finding_kind)n) : NULL;
}

static const char *severity_word(unsigned int n)
{
	return n <= SL_SEVERITY_CRITICAL ? sl_severity_name((enum sl_severity)n) : NULL;
}

static const char *change_word(unsigned int n)
{
	return n < SL_CHANGE_KINDS ? sl_change_name((enum sl_change_kind)n) : NULL;
}

static const char *cause_word(unsigned int n)
{
	return n <= SL_CAUSE_POLICY ? sl_cause_name((enum sl_cause)n) : NULL;
}

/* Signals of a later version are none of ours. */
static uint64_t read_signals(const struct jval *list)
{
	uint64_t out = 0;

	for (size_t i = 0; i < jval_len(list); i++) {
		const char *text = jval_str(jval_at(list, i));

		for (unsigned int bit = 0; text != NULL && bit < SL_SIGNAL_BITS; bit++) {
			const char *name = sl_signal_name(UINT64_C(1) << bit);

			if (name != NULL && strcmp(name, text) == 0)
				out |= UINT64_C(1) << bit;
		}
	}
	return out;
}

static int read_bytes(struct reading *g, const struct jval *o, const char *key, bool is_path,
		      struct sl_bytes *out, struct sl_error *err)
{
	size_t skip = is_path ? 1 : 0;

	buf_reset(&g->path);
	if ((is_path ? record_path : record_bytes)(o, key, &g->path) != 0 || g->path.len < skip ||
	    (is_path && g->path.data[0] != '/'))
		return fail_finding(err, key);
	*out = (struct sl_bytes){g->path.data != NULL ? g->path.data + skip : "",
				 g->path.len - skip};
	return 0;
}

static int read_side(struct recordentry *to, const struct jval *o, const char *key,
		     struct sl_bytes path, const struct sl_entry **out, struct sl_error *err)
{
	const struct jval *v = jval_get(o, key);

	*out = NULL;
	if (v == NULL || jval_type(v) == JVAL_NULL)
		return 0;
	*out = &to->entry;
	return recordentry_read(to, v, path, err);
}

static int read_change(struct reading *g, const struct jval *o, struct sl_change *c,
		       struct sl_error *err)
{
	unsigned int kind;
	int rc = read_word(o, "change", change_word, &kind, err);

	if (rc == 0)
		rc = read_bytes(g, o, "path", true, &c->path, err);
	if (rc == 0)
		rc = read_side(&g->before, o, "before", c->path, &c->before, err);
	if (rc == 0)
		rc = read_side(&g->after, o, "after", c->path, &c->after, err);
	if (rc < 0)
		return rc;
	c->kind = (enum sl_change_kind)kind;
	c->signals = read_signals(jval_get(o, "signals"));
	return 0;
}

static int read_finding(struct reading *g, const struct jval *o, struct sl_error *err)
{
	const struct jval *cause = jval_get(o, "explained_by");
	unsigned int kind, severity, by = SL_CAUSE_NONE;
	struct sl_change change = {0};
	struct sl_finding f = {0};
	int rc = read_word(o, "kind", kind_word, &kind, err);

	if (rc == 0)
		rc = read_word(o, "severity", severity_word, &severity, err);
	if (rc == 0 && jval_type(cause) == JVAL_OBJECT)
		rc = read_word(cause, "cause", cause_word, &by, err);
	if (rc == 0 && kind == SL_FINDING_FILE)
		rc = read_change(g, o, &change, err);
	else if (rc == 0)
		rc = read_bytes(g, o, "subject", false, &f.subject, err);
	if (rc < 0)
		return rc;
	f.signals = kind == SL_FINDING_FILE ? 0 : read_signals(jval_get(o, "signals"));
	f.kind = (enum sl_finding_kind)kind;
	f.severity = (enum sl_severity)severity;
	f.cause = (enum sl_cause)by;
	f.cause_name = jval_str(jval_get(cause, "name"));
	f.change = kind == SL_FINDING_FILE ? &change : NULL;
	return g->events->finding(g->events->payload, &f, err);
}

static int read_container(struct reading *g, const struct jval *o, struct sl_error *err)
{
	const struct jval *pod = jval_get(o, "pod"), *image = jval_get(o, "image");
	const char *name = jval_str(jval_get(pod, "name")),
		   *ns = jval_str(jval_get(pod, "namespace"));
	struct policy_subject s = {.container = jval_str(jval_get(o, "name")),
				   .id = jval_str(jval_get(o, "id")),
				   .image = jval_str(jval_get(image, "ref")),
				   .image_id = jval_str(jval_get(image, "id"))};
	const struct jval *findings = jval_get(o, "findings");
	AUTO_FREE char *pod_name = NULL;
	bool verified = false;
	int rc;

	if (jval_type(findings) != JVAL_ARRAY)
		return sl_fail(err, SL_EFORMAT, 0, "a container without findings");
	if (name != NULL && asprintf(&pod_name, "%s/%s", ns != NULL ? ns : "", name) < 0) {
		pod_name = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "document");
	}
	s.pod = pod_name;
	if (s.container == NULL)
		s.container = s.id;
	if (jval_bool(jval_get(image, "digest_verified"), &verified) == 0 && verified)
		s.image_digest = jval_str(jval_get(image, "digest"));
	rc = g->events->container(g->events->payload, &s, jval_len(jval_get(o, "gaps")), err);
	for (size_t i = 0; rc == 0 && i < jval_len(findings); i++)
		rc = read_finding(g, jval_at(findings, i), err);
	return rc;
}

static int read_document(const struct jval *doc, const struct driftdocument_events *events,
			 struct sl_error *err)
{
	CLEANUP(reading_clear) struct reading g = {.events = events, .path = BUF_INIT(PATH_BYTES)};
	const struct jval *containers = jval_get(doc, "containers");
	const char *schema = jval_str(jval_get(doc, "schema"));
	int rc = 0;

	recordentry_init(&g.before);
	recordentry_init(&g.after);
	if (schema == NULL || strcmp(schema, "strandline.drift/1") != 0 ||
	    jval_type(containers) != JVAL_ARRAY)
		return sl_fail(err, SL_EFORMAT, 0,
			       "this is no document of 'strandline diff --format json'");
	for (size_t i = 0; rc == 0 && i < jval_len(containers); i++)
		rc = read_container(&g, jval_at(containers, i), err);
	return rc;
}

int driftdocument_read(const char *path, const struct driftdocument_events *events,
		       struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(DRIFTDOCUMENT_BYTES);
	struct jval *doc = NULL;
	int rc = root_read_named(path, &text, err);

	if (rc == 0) {
		rc = jval_parse_bounded(&doc, text.data, text.len, DRIFTDOCUMENT_VALUES, err);
		rc = rc < 0 ? sl_wrap(err, rc, "no whole document of 'diff --format json'") : 0;
	}
	if (rc == 0)
		rc = read_document(doc, events, err);
	jval_free(doc);
	return rc < 0 ? sl_wrap(err, rc, "'%s'", path) : 0;
}
