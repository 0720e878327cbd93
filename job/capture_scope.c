/* SPDX-License-Identifier: Apache-2.0 */
#include "job/capture_scope.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/quote.h"
#include "diff/glob.h"

#define PATTERN_MAX ((size_t)4096)

/* What was given, and the same with everything beneath it. */
struct pattern {
	const char *given; /* borrowed */
	char *itself, *beneath;
};

struct capture_filter {
	struct pattern *includes, *excludes;
	size_t include_count, exclude_count;
	uint64_t max_file;
	struct buf why;
};

static int compile(struct pattern *p, const char *given, struct sl_error *err)
{
	const char *body = given + strspn(given, "/");
	const char *anywhere = strchr(given, '/') == NULL ? "**/" : "";
	size_t len = strlen(body);

	while (len > 0 && body[len - 1] == '/')
		len--;
	if (len == 0 || len > PATTERN_MAX) {
		AUTO_FREE char *shown = quote_dup(given, strlen(given));

		return sl_fail(err, SL_EINVAL, 0, "pattern '%s': %s", shown != NULL ? shown : "?",
			       len == 0 ? "fits no path" : "longer than 4096 bytes");
	}
	p->given = given;
	if (asprintf(&p->itself, "%s%.*s", anywhere, (int)len, body) < 0)
		p->itself = NULL;
	if (asprintf(&p->beneath, "%s%.*s/**", anywhere, (int)len, body) < 0)
		p->beneath = NULL;
	return p->itself != NULL && p->beneath != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "pattern");
}

static int compile_all(struct pattern **out, const char *const *given, size_t count, size_t *done,
		       struct sl_error *err)
{
	int rc = 0;

	if (count == 0)
		return 0;
	*out = calloc(count, sizeof(**out));
	if (*out == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "patterns");
	*done = count;
	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = compile(&(*out)[i], given[i], err);
	return rc;
}

static void free_all(struct pattern *patterns, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(patterns[i].itself);
		free(patterns[i].beneath);
	}
	free(patterns);
}

int capture_filter_new(struct capture_filter **out, const struct capture_scope *scope,
		       struct sl_error *err)
{
	struct capture_filter *f = malloc(sizeof(*f));
	int rc;

	if (f == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "patterns");
	*f = (struct capture_filter){.max_file = scope->max_file, .why = BUF_INIT(8 * PATTERN_MAX)};
	rc = compile_all(&f->includes, scope->include, scope->include_count, &f->include_count,
			 err);
	if (rc == 0)
		rc = compile_all(&f->excludes, scope->exclude, scope->exclude_count,
				 &f->exclude_count, err);
	if (rc < 0)
		capture_filter_free(f);
	else
		*out = f;
	return rc;
}

void capture_filter_free(struct capture_filter *f)
{
	if (f == NULL)
		return;
	free_all(f->includes, f->include_count);
	free_all(f->excludes, f->exclude_count);
	buf_clear(&f->why);
	free(f);
}

static const struct pattern *first_fit(const struct pattern *patterns, size_t count,
				       struct sl_bytes path)
{
	for (size_t i = 0; i < count; i++) {
		const struct pattern *p = &patterns[i];

		if (glob_match(p->itself, strlen(p->itself), path.data, path.len) ||
		    glob_match(p->beneath, strlen(p->beneath), path.data, path.len))
			return p;
	}
	return NULL;
}

const char *capture_filter_rule(struct capture_filter *f, const struct sl_entry *e)
{
	const struct pattern *p = first_fit(f->excludes, f->exclude_count, e->path);

	buf_reset(&f->why);
	if (p != NULL) {
		(void)buf_append_str(&f->why, "left out by --exclude ");
		(void)quote_bytes(&f->why, p->given, strlen(p->given));
		return f->why.data;
	}
	if (f->include_count > 0 && first_fit(f->includes, f->include_count, e->path) == NULL)
		return "left out: no --include names it";
	if (f->max_file == 0 || e->size <= f->max_file)
		return NULL;
	(void)buf_printf(&f->why, "left out: larger than %" PRIu64 " bytes (--max-file)",
			 f->max_file);
	return f->why.data;
}
