/* SPDX-License-Identifier: Apache-2.0 */
#include "job/meaning_credentials.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "diff/credentials.h"
#include "diff/facts.h"
#include "diff/magic.h"
#include "job/contents.h"

/* Files that hold a credential are small, and those that are read once more are counted. */
#define BYTES_MAX ((size_t)64 << 10)
#define FILES_MAX 512

struct credentials_part {
	const struct comparison *comparison;
	struct contents *contents; /* opened when first needed */
	size_t files;              /* read so far */
	struct buf bytes, message;
};

static void part_free(void *data)
{
	struct credentials_part *p = data;

	contents_free(p->contents);
	buf_clear(&p->bytes);
	buf_clear(&p->message);
	free(p);
}

static bool is_beneath(struct sl_bytes path, const char *dir)
{
	size_t len = strlen(dir);

	return path.len > len && memcmp(path.data, dir, len) == 0;
}

/* Where what was found is gathered, hidden or fetched. Settings of programs lie elsewhere. */
static bool is_unusual(struct sl_bytes path)
{
	static const char *const dirs[] = {"tmp/",       "var/tmp/",     "dev/shm/",
					   "var/www/",   "srv/www/",     "srv/http/",
					   "var/spool/", "var/backups/", "usr/share/nginx/"};
	struct sl_bytes name = facts_last_component(path), dir = path;

	if (name.len > 0 && name.data[0] == '.')
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		if (is_beneath(path, dirs[i]))
			return true;
	/* of homes only what lies there openly: programs have directories for what is theirs */
	dir.len -= name.len;
	return (dir.len == 5 && is_beneath(path, "root/")) ||
	       (is_beneath(path, "home/") && dir.len > 5 &&
		memchr(dir.data + 5, '/', dir.len - 6) == NULL);
}

/* New text that came later than what an entry point writes. */
static bool is_asked(const struct credentials_part *p, const struct sl_change *c)
{
	const uint64_t others = SL_SIGNAL_UNSTABLE | SL_SIGNAL_ELF | SL_SIGNAL_ARCHIVE;

	return (c->kind == SL_CHANGE_ADDED || c->kind == SL_CHANGE_MODIFIED) && c->after != NULL &&
	       S_ISREG(c->after->mode) && c->after->size > 0 && c->after->size <= BYTES_MAX &&
	       (c->signals & others) == 0 && is_unusual(c->path) &&
	       (magic_facts(c->head, c->head_len) & FACT_TEXT) != 0 &&
	       !facts_is_at_start(c->after, p->comparison->container);
}

static int read_file(struct credentials_part *p, const struct sl_change *c, struct sl_error *err)
{
	bool is_known = (c->after->fields & SL_ENTRY_SHA256) != 0;
	int rc = p->contents == NULL ? contents_open(&p->contents, p->comparison, err) : 0;

	buf_reset(&p->bytes);
	return rc < 0 ? rc
		      : contents_read(p->contents, CONTENTS_AFTER, c->path,
				      is_known ? c->after->sha256 : NULL, &p->bytes, err);
}

static void tell(struct credentials_part *p, struct sl_finding *f, const char *kind)
{
	buf_reset(&p->message);
	if (f->message != NULL)
		(void)buf_printf(&p->message, "%s; ", f->message);
	(void)buf_printf(&p->message, "has %s in it", kind);
	if (p->message.status == 0)
		f->message = p->message.data;
}

static int mark(void *payload, struct sl_finding *f, struct sl_change *c, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error failed = SL_ERROR_INIT;
	struct credentials_part *p = payload;
	const char *kind;
	int rc;

	if (!is_asked(p, c))
		return 0;
	if (p->files++ >= FILES_MAX) {
		c->signals |= SL_SIGNAL_PARTLY_SEARCHED;
		return 0;
	}
	rc = read_file(p, c, &failed);
	if (rc == -SL_ENOMEM || rc == -SL_ECANCELLED)
		return sl_fail(err, -rc, failed.sys, "%s", sl_error_text(&failed));
	if (rc < 0)
		return 0; /* it is not what was compared any more, or not there */
	kind = credentials_find((struct sl_bytes){p->bytes.data, p->bytes.len});
	if (kind == NULL)
		return 0;
	c->signals |= SL_SIGNAL_CREDENTIAL;
	tell(p, f, kind);
	return 0;
}

int meaning_add_credentials(struct meaning *m, struct sl_error *err)
{
	struct credentials_part *p = calloc(1, sizeof(*p));
	int rc;

	if (p == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "credentials");
	p->comparison = m->comparison;
	p->bytes = BUF_INIT(BYTES_MAX);
	p->message = BUF_INIT((size_t)20 << 10);
	rc = meaning_keep(m, p, part_free, err);
	return rc < 0 ? rc : meaning_mark(m, (struct drift_step){mark, p}, err);
}
