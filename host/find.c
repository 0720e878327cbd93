/* SPDX-License-Identifier: Apache-2.0 */
/* What a word on the command line means: containers of the stores. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/quote.h"
#include "host/attempt.h"
#include "host/live.h"
#include "host/machine.h"
#include "host/word.h"

/* Candidates that a message about an ambiguous word shows. */
#define SHOWN_MAX 10

/*
 * How well a row fits, the better the greater. An exact name or id beats the beginning of an id, as
 * with the engines' own commands, and a workload beats all that is none: nobody can take a
 * container's place by leaving a directory of its name behind.
 */
enum fit {
	FIT_NONE,
	FIT_ORPHAN_PREFIX,
	FIT_ORPHAN,
	FIT_OTHER_PREFIX,
	FIT_PREFIX,
	FIT_OTHER,
	FIT_NAME,
	FIT_ID,
};

/* An id that an engine made up; where people choose ids, as with ctr, an id is a name. */
static bool is_made_up(const char *id)
{
	return strlen(id) == 64 && strspn(id, "0123456789abcdef") == 64;
}

static enum fit name_fit(const struct store_name *row, const char *word)
{
	bool exact = strcmp(row->id, word) == 0;
	bool named = row->name != NULL && strcmp(row->name, word) == 0;
	bool begins = *word != '\0' && strncmp(row->id, word, strlen(word)) == 0;

	switch (row->kind) {
	case SL_CONTAINER_ORPHAN:
		return exact ? FIT_ORPHAN : begins ? FIT_ORPHAN_PREFIX : FIT_NONE;
	case SL_CONTAINER_SANDBOX:
		return exact ? FIT_OTHER : begins ? FIT_OTHER_PREFIX : FIT_NONE;
	case SL_CONTAINER_BUILD:
		return exact || named ? FIT_OTHER : begins ? FIT_OTHER_PREFIX : FIT_NONE;
	case SL_CONTAINER_WORKLOAD:
		break;
	}
	if (exact && is_made_up(row->id))
		return FIT_ID;
	return exact || named ? FIT_NAME : begins ? FIT_PREFIX : FIT_NONE;
}

static bool same_or_null(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

static enum fit pod_fit(const struct store_name *row, const struct word *w)
{
	const struct sl_pod *pod = row->pod;

	if (row->kind != SL_CONTAINER_WORKLOAD || pod == NULL || !same_or_null(pod->name, w->pod))
		return FIT_NONE;
	if (w->ns != NULL && !same_or_null(pod->ns, w->ns))
		return FIT_NONE;
	return w->container == NULL || same_or_null(pod->container, w->container) ? FIT_NAME
										  : FIT_NONE;
}

static enum fit row_fit(const struct store_name *row, const struct word *w)
{
	if (w->kind == WORD_POD)
		return pod_fit(row, w);
	if (*w->rest == '\0' || (word_engine(w) != NULL && strcmp(w->engine, row->engine) != 0))
		return FIT_NONE;
	return name_fit(row, w->rest);
}

/* The rows of a list that fit best; owned, the rows are the list's. */
struct fits {
	const struct store_name **rows;
	size_t count;
	enum fit best;
};

static void fits_clear(struct fits *f)
{
	free((void *)f->rows);
}

static int fits_of(struct fits *out, const struct store_list *list, const struct word *word,
		   struct sl_error *err)
{
	/* an array of pointers: NOLINTNEXTLINE(bugprone-sizeof-expression) */
	out->rows = (const struct store_name **)calloc(list->count + 1, sizeof(*out->rows));
	if (out->rows == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "container list");
	out->best = FIT_ORPHAN_PREFIX;
	for (size_t i = 0; i < list->count; i++) {
		enum fit fit = row_fit(&list->rows[i], word);

		if (fit > out->best) {
			out->best = fit;
			out->count = 0;
		}
		if (fit == out->best)
			out->rows[out->count++] = &list->rows[i];
	}
	/* a name is a container's, however often it was made; an id is one attempt's */
	if (out->best == FIT_NAME)
		out->count = attempts_settle(out->rows, out->count, word);
	return 0;
}

/* ---- what is said when it is not one ---- */

static void say_row(struct buf *text, const struct store_name *row)
{
	const struct sl_pod *pod = row->pod;

	(void)buf_printf(text, " %s:", row->engine);
	(void)quote_bytes(text, row->id, strnlen(row->id, 16));
	(void)buf_append_str(text, row->name != NULL || pod != NULL ? " (" : "");
	if (pod != NULL) {
		const char *parts[] = {pod->ns, pod->name, pod->container};

		(void)buf_append_str(text, "pod:");
		for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
			const char *part = parts[i] != NULL ? parts[i] : "";

			(void)buf_append_str(text, i > 0 ? "/" : "");
			(void)quote_bytes(text, part, strlen(part));
		}
		(void)buf_printf(text, "@%u", pod->attempt);
	} else if (row->name != NULL) {
		(void)quote_bytes(text, row->name, strlen(row->name));
	}
	(void)buf_append_str(text, row->name != NULL || pod != NULL ? ")" : "");
}

static int fail_ambiguous(const struct word *word, const struct fits *f, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(65536);

	(void)quote_bytes(&text, word->rest, strlen(word->rest));
	(void)buf_printf(&text, "' fits %zu containers:", f->count);
	for (size_t i = 0; i < f->count && i < SHOWN_MAX; i++) {
		(void)buf_append_str(&text, i > 0 ? "," : "");
		say_row(&text, f->rows[i]);
	}
	if (f->count > SHOWN_MAX)
		(void)buf_append_str(&text, ", ...");
	return sl_fail(err, SL_EAMBIGUOUS, 0, "'%s", text.data != NULL ? text.data : "");
}

int host_fail_missing(const struct host *h, const char *kind, const char *word, size_t unread,
		      struct sl_error *err)
{
	AUTO_FREE char *shown = quote_dup(word, strlen(word));

	if (h->miss_count > 0)
		return sl_fail(err, h->misses[0].why.code, 0, "no %s '%s' was found, but: %s", kind,
			       shown != NULL ? shown : "?", sl_error_text(&h->misses[0].why));
	if (unread > 0)
		return sl_fail(err, SL_ENOTFOUND, 0, "no %s '%s' (%zu could not be read)", kind,
			       shown != NULL ? shown : "?", unread);
	return sl_fail(err, SL_ENOTFOUND, 0, "no %s '%s'", kind, shown != NULL ? shown : "?");
}

static int count_gap(void *payload, const struct sl_gap *gap)
{
	(void)gap;
	++*(size_t *)payload;
	return 0;
}

/* ---- by path ---- */

/* Is this the container whose writable directory @st is? 0 and @out; 1 when not. */
static int try_path(struct host *h, const struct store_name *row, const struct stat *st,
		    struct sl_container **out, size_t *unread, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	struct sl_container *c = NULL;
	struct stat upper;
	int rc = host_load(h, row, &c, &why);

	if (rc == -SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "container");
	if (rc < 0) {
		++*unread;
		return 1;
	}
	if (c->stack.upper_fd >= 0 && fstat(c->stack.upper_fd, &upper) == 0 &&
	    upper.st_dev == st->st_dev && upper.st_ino == st->st_ino) {
		*out = c;
		return 0;
	}
	sl_container_free(c);
	return 1;
}

static int find_by_path(struct host *h, const char *path, struct sl_container **out,
			struct sl_error *err)
{
	CLEANUP(store_list_clear) struct store_list list = {0};
	AUTO_CLOSE int fd = root_open_subdir(h->place.root_fd, path, ROOT_FOLLOW_INSIDE, err);
	AUTO_FREE char *shown = quote_dup(path, strlen(path));
	size_t unread = 0;
	struct stat st;
	int rc;

	if (fd < 0)
		return sl_wrap(err, fd, "upper directory");
	if (fstat(fd, &st) < 0)
		return sl_fail(err, SL_EIO, errno, "stat '%s'", shown != NULL ? shown : "?");
	rc = host_names(h, NULL, true, &list, count_gap, &unread, err);
	for (size_t i = 0; rc == 0 && i < list.count; i++) {
		rc = try_path(h, &list.rows[i], &st, out, &unread, err);
		if (rc != 1)
			return rc;
		rc = 0;
	}
	if (rc < 0)
		return rc;
	return host_fail_missing(h, "container or orphan with the upper directory", path, unread,
				 err);
}

/* ---- by name ---- */

static void forget(struct store_list *list, struct fits *fits, size_t *unread)
{
	fits_clear(fits);
	*fits = (struct fits){0};
	store_list_clear(list);
	*unread = 0;
}

/* List the containers; only if none fits, what runs and no store knows; then what is none. */
static int list_fits(struct host *h, const struct word *word, struct store_list *list,
		     struct fits *fits, size_t *unread, struct sl_error *err)
{
	int rc = host_names(h, word_engine(word), false, list, count_gap, unread, err);

	if (rc == 0)
		rc = fits_of(fits, list, word, err);
	if (rc < 0 || fits->count > 0 || word->kind == WORD_POD)
		return rc;
	forget(list, fits, unread);
	rc = h->place.ns == NULL ? host_others(h, list, err) : 0;
	if (rc == 0)
		rc = fits_of(fits, list, word, err);
	if (rc < 0 || fits->count > 0)
		return rc;
	forget(list, fits, unread);
	rc = host_names(h, word_engine(word), true, list, count_gap, unread, err);
	return rc == 0 ? fits_of(fits, list, word, err) : rc;
}

/* One is in the other; a name of a letter or two is in too much. */
static bool holds(const char *name, const char *word)
{
	return name != NULL && (strcasestr(name, word) != NULL ||
				(strlen(name) > 2 && strcasestr(word, name) != NULL));
}

/* What a person may have meant by a word that fits nothing: one of these has it in its name. */
static bool is_near(const struct store_name *row, const struct word *w)
{
	const char *word = w->kind == WORD_POD ? w->pod : w->rest;

	if (row->kind != SL_CONTAINER_WORKLOAD || word == NULL || *word == '\0')
		return false;
	return holds(row->name, word) || strncmp(row->id, word, strlen(word)) == 0 ||
	       (row->pod != NULL &&
		(holds(row->pod->name, word) || holds(row->pod->container, word)));
}

/* Of whatever engine, for it may be the engine that is wrong. */
static void say_near(struct buf *text, struct host *h, const struct word *word)
{
	CLEANUP(store_list_clear) struct store_list list = {0};
	size_t unread = 0, near = 0;

	if (host_names(h, NULL, false, &list, count_gap, &unread, NULL) < 0)
		return;
	for (size_t i = 0; i < list.count; i++) {
		if (!is_near(&list.rows[i], word) || near++ >= SHOWN_MAX)
			continue;
		(void)buf_append_str(text, near > 1 ? "," : "; similar:");
		say_row(text, &list.rows[i]);
	}
	if (near > SHOWN_MAX)
		(void)buf_append_str(text, ", ...");
}

static int fail_none(struct host *h, const struct word *word, const struct store_list *list,
		     size_t unread, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(65536);
	int rc;

	for (size_t i = 0; i < list->count; i++)
		unread += list->rows[i].kind != SL_CONTAINER_ORPHAN && list->rows[i].name == NULL;
	rc = host_fail_missing(h, "container", word->rest, unread, err);
	if (err == NULL)
		return rc;
	(void)buf_append_str(&text, sl_error_text(err));
	say_near(&text, h, word);
	return text.status < 0 ? rc : sl_fail(err, -rc, 0, "%s", text.data);
}

/* In a pod that is asked for whole, each container counts once, and all are of one namespace. */
static bool is_one_pod(const struct fits *f)
{
	for (size_t i = 1; i < f->count; i++)
		if (!same_or_null(f->rows[i]->pod->ns, f->rows[0]->pod->ns))
			return false;
	return true;
}

int host_find_container(struct host *h, const char *word, struct sl_container **out,
			struct sl_error *err)
{
	CLEANUP(store_list_clear) struct store_list list = {0};
	CLEANUP(fits_clear) struct fits fits = {0};
	CLEANUP(word_clear) struct word w = {0};
	size_t unread = 0;
	int rc = word_parse(&w, word, err);

	if (rc == 0 && w.kind == WORD_PATH)
		return find_by_path(h, w.rest, out, err);
	if (rc == 0)
		rc = list_fits(h, &w, &list, &fits, &unread, err);
	if (rc < 0)
		return rc;
	if (fits.count > 1)
		return fail_ambiguous(&w, &fits, err);
	return fits.count == 1 ? host_load(h, fits.rows[0], out, err)
			       : fail_none(h, &w, &list, unread, err);
}

static int hand_over_pod(struct host *h, const struct fits *fits,
			 int (*each)(void *payload, struct sl_container *c), host_gap_fn gap,
			 void *payload, struct sl_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < fits->count; i++) {
		CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
		struct sl_container *c = NULL;

		rc = host_load(h, fits->rows[i], &c, &why);
		if (rc == 0)
			rc = each(payload, c);
		else if (rc == -SL_ENOMEM)
			rc = sl_fail(err, SL_ENOMEM, 0, "container");
		else
			rc = store_gap(gap, payload, fits->rows[i]->id, &why);
	}
	return rc;
}

int host_find_containers(struct host *h, const char *word,
			 int (*each)(void *payload, struct sl_container *c), host_gap_fn gap,
			 void *payload, struct sl_error *err)
{
	CLEANUP(store_list_clear) struct store_list list = {0};
	CLEANUP(fits_clear) struct fits fits = {0};
	CLEANUP(word_clear) struct word w = {0};
	struct sl_container *c = NULL;
	size_t unread = 0;
	int rc = word_parse(&w, word, err);

	if (rc == 0 && w.kind == WORD_POD)
		rc = list_fits(h, &w, &list, &fits, &unread, err);
	if (rc < 0)
		return rc;
	if (fits.count > 1)
		return is_one_pod(&fits) ? hand_over_pod(h, &fits, each, gap, payload, err)
					 : fail_ambiguous(&w, &fits, err);
	rc = host_find_container(h, word, &c, err);
	return rc < 0 ? rc : each(payload, c);
}
