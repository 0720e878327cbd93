/* SPDX-License-Identifier: Apache-2.0 */
#include "host/overlayopts.h"

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "host/mountinfo.h"

void overlayopts_clear(struct overlayopts *o)
{
	free(o->upper);
	free(o->work);
	for (size_t i = 0; i < o->lower_count; i++)
		free(o->lowers[i]);
	free((void *)o->lowers);
	*o = (struct overlayopts){0};
}

/* Takes over what is in @path; nothing in it is -SL_EFORMAT. */
static int add_lower(struct overlayopts *o, struct buf *path, bool is_data, struct sl_error *err)
{
	char **grown;

	if (path->len == 0)
		return sl_fail(err, SL_EFORMAT, 0, "a lower directory without a name");
	if (!is_data && o->data_count > 0)
		return sl_fail(err, SL_EFORMAT, 0, "a lower directory below one for data only");
	if (o->lower_count == OVERLAY_LOWERS_MAX)
		return sl_fail(err, SL_ELIMIT, 0, "more than %d lower directories",
			       OVERLAY_LOWERS_MAX);
	grown = (char **)reallocarray((void *)o->lowers, o->lower_count + 1, sizeof(*grown));
	if (grown == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "overlay");
	o->lowers = grown;
	grown[o->lower_count] = buf_take(path);
	*path = BUF_INIT(OVERLAY_PATH_MAX);
	if (grown[o->lower_count] == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "overlay");
	o->lower_count++;
	o->data_count += is_data;
	return 0;
}

static int append(struct buf *path, char c, struct sl_error *err)
{
	int rc = buf_append_char(path, c);

	if (rc == -SL_ELIMIT)
		return sl_fail(err, SL_ELIMIT, 0, "a path longer than %d bytes", OVERLAY_PATH_MAX);
	return rc < 0 ? sl_fail(err, SL_ENOMEM, 0, "overlay") : 0;
}

/* "A:B::C", where a backslash stands before a colon of a name; after "::" come data directories. */
static int split_lowers(struct overlayopts *o, const char *text, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf path = BUF_INIT(OVERLAY_PATH_MAX);
	bool is_data = false;
	int rc = 0;

	for (const char *p = text; rc == 0 && *p != '\0'; p++) {
		if (*p == ':') {
			rc = add_lower(o, &path, is_data, err);
			is_data = p[1] == ':';
			p += is_data;
		} else {
			p += p[0] == '\\' && p[1] != '\0';
			rc = append(&path, *p, err);
		}
	}
	return rc < 0 ? rc : add_lower(o, &path, is_data, err);
}

/* The way mount(2) takes it: a backslash in front of anything stands for that. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from != '\0'; from++) {
		from += from[0] == '\\' && from[1] != '\0';
		*to++ = *from;
	}
	*to = '\0';
}

static int set_path(char **path, char *text, struct sl_error *err)
{
	if (*path != NULL)
		return sl_fail(err, SL_EFORMAT, 0, "an upper or work directory twice");
	if (*text == '\0')
		return sl_fail(err, SL_EFORMAT, 0, "an upper or work directory without a name");
	unescape(text);
	*path = strdup(text);
	return *path != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "overlay");
}

static int add_plain(struct overlayopts *o, const char *text, bool is_data, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf path = BUF_INIT(OVERLAY_PATH_MAX);
	int rc = buf_append_str(&path, text);

	if (rc < 0)
		return sl_fail(err, (enum sl_code) - rc, 0, "a path longer than %d bytes",
			       OVERLAY_PATH_MAX);
	return add_lower(o, &path, is_data, err);
}

static int set_option(struct overlayopts *o, struct sl_bytes key, char *value, struct sl_error *err)
{
	if (mountinfo_is(key, "upperdir"))
		return set_path(&o->upper, value, err);
	if (mountinfo_is(key, "workdir"))
		return set_path(&o->work, value, err);
	if (mountinfo_is(key, "lowerdir") && o->lower_count == 0)
		return split_lowers(o, value, err);
	if (mountinfo_is(key, "lowerdir"))
		return sl_fail(err, SL_EFORMAT, 0, "lower directories twice");
	/* fsconfig(2) escapes nothing but what every option has escaped */
	if (mountinfo_is(key, "lowerdir+"))
		return add_plain(o, value, false, err);
	if (mountinfo_is(key, "datadir+"))
		return add_plain(o, value, true, err);
	if (mountinfo_is(key, "userxattr"))
		o->userxattr = true;
	if (mountinfo_is(key, "volatile") ||
	    (mountinfo_is(key, "fsync") && strcmp(value, "volatile") == 0))
		o->is_volatile = true;
	return 0;
}

static int read_option(struct overlayopts *o, struct sl_bytes option, struct sl_error *err)
{
	/* a legacy list of 500 directories */
	CLEANUP(buf_clear) struct buf value = BUF_INIT((size_t)1024 * 1024);
	const char *equals = memchr(option.data, '=', option.len);
	size_t len = equals != NULL ? (size_t)(equals - option.data) : option.len;
	struct sl_bytes raw = {.data = "", .len = 0};
	int rc;

	if (equals != NULL)
		raw = (struct sl_bytes){equals + 1, option.len - len - 1};
	rc = mountinfo_decode(&value, raw, err);
	if (rc == 0)
		rc = set_option(o, (struct sl_bytes){option.data, len}, value.data, err);
	return rc;
}

int overlayopts_parse(struct overlayopts *out, struct sl_bytes options, struct sl_error *err)
{
	struct overlayopts own CLEANUP(overlayopts_clear) = {0};
	const char *at = options.data, *end = options.data + options.len;
	int rc = 0;

	*out = own;
	/* a comma of a name is escaped: what is split here must not be decoded yet */
	while (rc == 0 && at != NULL) {
		const char *comma = memchr(at, ',', (size_t)(end - at));
		size_t len = (size_t)((comma != NULL ? comma : end) - at);

		rc = read_option(&own, (struct sl_bytes){at, len}, err);
		at = comma != NULL ? comma + 1 : NULL;
	}
	if (rc == 0 && own.lower_count == own.data_count)
		rc = sl_fail(err, SL_EFORMAT, 0, "no lower directory");
	if (rc < 0)
		return rc;
	*out = own;
	own = (struct overlayopts){0};
	return 0;
}
