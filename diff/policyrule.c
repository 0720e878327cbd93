/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/policyrule.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "diff/glob.h"

#define GLOB_MAX 1024 /* bytes of one pattern */

static void clear_globs(struct policy_globs *g)
{
	for (size_t i = 0; i < g->count; i++)
		free(g->items[i]);
	free(g->items);
	*g = (struct policy_globs){0};
}

void policyrule_clear(struct policyrule *r)
{
	free(r->file);
	free(r->name);
	free(r->approved_by);
	free(r->reason);
	clear_globs(&r->containers);
	clear_globs(&r->pods);
	clear_globs(&r->images);
	clear_globs(&r->paths);
	clear_globs(&r->except);
	clear_globs(&r->subjects);
	*r = (struct policyrule){0};
}

/* ---- reading ---- */

static int read_globs(struct policy_globs *out, const struct ynode *map, const char *key,
		      struct sl_error *err)
{
	const struct ynode *list = NULL;
	int rc = ynode_texts(map, key, &list, err);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	out->items = calloc(ynode_len(list), sizeof(*out->items));
	if (out->items == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "policy");
	for (const struct ynode *n = ynode_first(list); n != NULL; n = ynode_next(n)) {
		if (strlen(ynode_scalar(n)) > GLOB_MAX)
			return ynode_fail(n, err, "a pattern of more than %d bytes; shorten it",
					  GLOB_MAX);
		out->items[out->count] = strdup(ynode_scalar(n));
		if (out->items[out->count++] == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "policy");
	}
	return 0;
}

/* No path of an entry has an empty component, "." or "..": such a pattern would never match. */
static bool has_odd_component(const char *path)
{
	for (const char *end; path != NULL; path = *end != '\0' ? end + 1 : NULL) {
		size_t len;

		end = strchrnul(path, '/');
		len = (size_t)(end - path);
		if (len == 0 || (len <= 2 && strspn(path, ".") == len))
			return true;
	}
	return false;
}

/* Paths are absolute in the file, and relative to the root in an entry. */
static int read_paths(struct policy_globs *out, const struct ynode *map, const char *key,
		      struct sl_error *err)
{
	int rc = read_globs(out, map, key, err);
	const struct ynode *n = ynode_first(ynode_get(map, key));

	for (size_t i = 0; rc == 0 && i < out->count; i++, n = ynode_next(n)) {
		char *path = out->items[i];

		if (path[0] != '/' || path[1] == '\0')
			return ynode_fail_scalar(n, err,
						 "should be a path that begins with / and goes on");
		if (has_odd_component(path + 1))
			return ynode_fail_scalar(n, err,
						 "matches no path: leave out //, /./, /../ and the "
						 "slash at its end");
		memmove(path, path + 1, strlen(path));
	}
	return rc;
}

static int read_copy(char **out, const struct ynode *map, const char *key, struct sl_error *err)
{
	const char *text = NULL;
	int rc = ynode_text(map, key, &text, err);

	if (rc > 0)
		return ynode_missing(map, key, err);
	if (rc < 0)
		return rc;
	*out = strdup(text);
	return *out == NULL ? sl_fail(err, SL_ENOMEM, 0, "policy") : 0;
}

static int fail_word(const struct ynode *n, const char *key,
		     const char *(*word_of)(unsigned int bit), struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf what = BUF_INIT(4096);

	(void)buf_printf(&what, "is none of the words for '%s'; they are: ", key);
	for (unsigned int bit = 0; word_of(bit) != NULL; bit++)
		(void)buf_printf(&what, "%s%s", bit > 0 ? ", " : "", word_of(bit));
	return what.status < 0 ? sl_fail(err, SL_ENOMEM, 0, "policy")
			       : ynode_fail_scalar(n, err, what.data);
}

/* A set of words, each a bit: @word_of(bit number) until it is NULL. */
static int read_set(uint32_t *out, const struct ynode *map, const char *key,
		    const char *(*word_of)(unsigned int bit), struct sl_error *err)
{
	const struct ynode *list = NULL;
	int rc = ynode_texts(map, key, &list, err);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	*out = 0;
	for (const struct ynode *n = ynode_first(list); n != NULL; n = ynode_next(n)) {
		unsigned int bit = 0;

		while (word_of(bit) != NULL && strcmp(word_of(bit), ynode_scalar(n)) != 0)
			bit++;
		if (word_of(bit) == NULL)
			return fail_word(n, key, word_of, err);
		*out |= 1u << bit;
	}
	return 0;
}

static const char *change_word(unsigned int bit)
{
	return bit < SL_CHANGE_TOUCHED ? sl_change_name((enum sl_change_kind)bit) : NULL;
}

/* What is about layers or about the settings' own risk is not for a policy of drift to explain. */
static const char *kind_word(unsigned int bit)
{
	return bit <= SL_FINDING_CONFIG ? sl_finding_kind_name((enum sl_finding_kind)bit) : NULL;
}

static const char *right_word(unsigned int bit)
{
	return policy_right_name(1u << bit);
}

const char *policy_right_name(uint32_t bit)
{
	static const char *const names[] = {"program", "setuid",  "capability", "account", "key",
					    "device",  "running", "matched",    "severe"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (bit == 1u << i)
			return names[i];
	return NULL;
}

static bool read_id(const char *text, size_t len, uint32_t *out)
{
	uint64_t n = 0;

	if (len == 0 || len > 10)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(text[i] - '0');
	}
	*out = (uint32_t)n;
	return n <= UINT32_MAX;
}

/* "101" or "101:0". */
static int read_owners(struct policyrule *r, const struct ynode *map, struct sl_error *err)
{
	const struct ynode *list = NULL;
	int rc = ynode_texts(map, "owners", &list, err);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	if (ynode_len(list) > POLICY_OWNERS_MAX)
		return ynode_fail(list, err, "more than %d owners", POLICY_OWNERS_MAX);
	for (const struct ynode *n = ynode_first(list); n != NULL; n = ynode_next(n)) {
		struct policy_owner *o = &r->owners[r->owner_count++];
		const char *text = ynode_scalar(n), *colon = strchr(text, ':');
		size_t uid_len = colon != NULL ? (size_t)(colon - text) : strlen(text);

		o->any_gid = colon == NULL;
		if (!read_id(text, uid_len, &o->uid) ||
		    (colon != NULL && !read_id(colon + 1, strlen(colon + 1), &o->gid)))
			return ynode_fail_scalar(n, err, "should be UID or UID:GID, in digits");
	}
	return 0;
}

static int read_bounds(struct policyrule *r, const struct ynode *n, struct sl_error *err)
{
	int rc = ynode_u64(n, "max_size", &r->max_size, err);

	r->has_max_size = rc == 0;
	if (rc >= 0) {
		rc = ynode_time(n, "expires", &r->expiry, err);
		r->has_expiry = rc == 0;
	}
	return rc < 0 ? rc : 0;
}

static int read_scope(struct policyrule *r, const struct ynode *n, struct sl_error *err)
{
	int rc = read_globs(&r->containers, n, "containers", err);

	if (rc == 0)
		rc = read_globs(&r->pods, n, "pods", err);
	if (rc == 0)
		rc = read_globs(&r->images, n, "images", err);
	if (rc == 0)
		rc = read_paths(&r->paths, n, "paths", err);
	if (rc == 0)
		rc = read_paths(&r->except, n, "except", err);
	return rc == 0 ? read_globs(&r->subjects, n, "subjects", err) : rc;
}

static int read_sets(struct policyrule *r, const struct ynode *n, struct sl_error *err)
{
	int rc;

	r->kinds = 1u << SL_FINDING_FILE;
	r->changes = (1u << SL_CHANGE_TOUCHED) - 1;
	rc = read_set(&r->kinds, n, "kinds", kind_word, err);
	if (rc == 0)
		rc = read_set(&r->changes, n, "changes", change_word, err);
	return rc == 0 ? read_set(&r->allow, n, "allow", right_word, err) : rc;
}

/* A rule that cannot match anything is a mistake, and found as one. */
static int check(const struct policyrule *r, const struct ynode *n, struct sl_error *err)
{
	bool files = (r->kinds & 1u << SL_FINDING_FILE) != 0;
	bool others = (r->kinds & ~(1u << SL_FINDING_FILE)) != 0;

	if (r->kinds == 0 || r->changes == 0)
		return ynode_fail(n, err, "it expects nothing: 'kinds' and 'changes' need a word");
	if (files && r->paths.count == 0)
		return ynode_missing(n, "paths", err);
	if (others && r->subjects.count == 0)
		return ynode_missing(n, "subjects", err);
	if (!files && r->paths.count + r->except.count > 0)
		return ynode_fail(n, err, "'paths' are for kind file, which 'kinds' does not name");
	if (!others && r->subjects.count > 0)
		return ynode_fail(n, err,
				  "'subjects' are for other kinds than file: name them in "
				  "'kinds'");
	return 0;
}

int policyrule_read(struct policyrule *out, const struct ynode *n, struct sl_error *err)
{
	static const char *const known[] = {"name",    "containers",  "pods",     "images",
					    "paths",   "except",      "subjects", "kinds",
					    "changes", "owners",      "max_size", "allow",
					    "expires", "approved_by", "reason",   NULL};
	int rc = ynode_expect_map(n, known, err);

	if (rc < 0)
		return rc;
	out->line = ynode_line(n);
	out->file = strdup(ynode_file(n));
	if (out->file == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "policy");
	rc = read_copy(&out->name, n, "name", err);
	if (rc == 0)
		rc = read_copy(&out->approved_by, n, "approved_by", err);
	if (rc == 0)
		rc = read_copy(&out->reason, n, "reason", err);
	if (rc == 0)
		rc = read_scope(out, n, err);
	if (rc == 0)
		rc = read_sets(out, n, err);
	if (rc == 0)
		rc = read_owners(out, n, err);
	if (rc == 0)
		rc = read_bounds(out, n, err);
	return rc == 0 ? check(out, n, err) : rc;
}

/* ---- asking ---- */

static bool any_matches(const struct policy_globs *g, const char *text, size_t len)
{
	for (size_t i = 0; i < g->count; i++)
		if (glob_match(g->items[i], strlen(g->items[i]), text, len))
			return true;
	return false;
}

static bool names(const struct policy_globs *g, const char *text)
{
	return text != NULL && any_matches(g, text, strlen(text));
}

/* Names of images have slashes, which a star does not cross: "*" alone is meant as anything. */
static bool names_image(const struct policy_globs *g, const struct policy_subject *s)
{
	return names(g, s->image) || names(g, s->image_id) || names(g, s->image_digest);
}

bool policyrule_is_about(const struct policyrule *r, const struct policy_subject *s)
{
	return (r->containers.count == 0 || names(&r->containers, s->container) ||
		names(&r->containers, s->id)) &&
	       (r->pods.count == 0 || names(&r->pods, s->pod)) &&
	       (r->images.count == 0 || names_image(&r->images, s));
}

static bool owner_fits(const struct policyrule *r, const struct sl_entry *after)
{
	if (r->owner_count == 0 || after == NULL)
		return true;
	for (size_t i = 0; i < r->owner_count; i++)
		if (r->owners[i].uid == after->uid &&
		    (r->owners[i].any_gid || r->owners[i].gid == after->gid))
			return true;
	return false;
}

static bool expects_change(const struct policyrule *r, const struct sl_change *c)
{
	return (r->changes & 1u << c->kind) != 0 &&
	       any_matches(&r->paths, c->path.data, c->path.len) &&
	       !any_matches(&r->except, c->path.data, c->path.len) && owner_fits(r, c->after) &&
	       !(r->has_max_size && c->after != NULL && c->after->size > r->max_size);
}

bool policyrule_expects(const struct policyrule *r, const struct sl_finding *f)
{
	if ((r->kinds & 1u << f->kind) == 0 || (policy_rights(f) & ~r->allow) != 0)
		return false;
	return f->change != NULL ? expects_change(r, f->change)
				 : any_matches(&r->subjects, f->subject.data, f->subject.len);
}

/* Nothing but wildcards between the slashes. */
static bool any_name_fits(const struct policy_globs *g)
{
	for (size_t i = 0; i < g->count; i++)
		if (strspn(g->items[i], "*?/") == strlen(g->items[i]))
			return true;
	return false;
}

bool policyrule_is_boundless(const struct policyrule *r)
{
	return any_name_fits(&r->paths) || any_name_fits(&r->subjects);
}
