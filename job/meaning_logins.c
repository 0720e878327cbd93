/* SPDX-License-Identifier: Apache-2.0 */
#include "job/meaning_logins.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "diff/loginlog.h"
#include "diff/naming.h"
#include "job/contents.h"

#define BYTES_MAX ((size_t)1 << 20) /* of a longer one the records are not looked at */

struct logins_part {
	const struct comparison *comparison;
	struct buf bytes, message;
};

static void part_free(void *data)
{
	struct logins_part *p = data;

	buf_clear(&p->bytes);
	buf_clear(&p->message);
	free(p);
}

static int read_log(struct logins_part *p, const struct sl_change *c, struct sl_error *err)
{
	bool is_known = (c->after->fields & SL_ENTRY_SHA256) != 0;
	struct contents *contents = NULL;
	int rc = contents_open(&contents, p->comparison, err);

	buf_reset(&p->bytes);
	if (rc == 0)
		rc = contents_read(contents, CONTENTS_AFTER, c->path,
				   is_known ? c->after->sha256 : NULL, &p->bytes, err);
	contents_free(contents);
	return rc;
}

static void tell(struct logins_part *p, struct sl_finding *f, const struct loginlog *log)
{
	static const char *const attack[] = {"T1070.002"};

	buf_reset(&p->message);
	if (log->wiped > 0)
		(void)buf_printf(&p->message, "%zu of %zu records are nothing but zeros",
				 log->wiped, log->records);
	else
		(void)buf_append_str(&p->message, "its length is no number of records");
	if (p->message.status == 0)
		f->message = p->message.data;
	naming_add(f, "login-records-wiped", "records of log-ins were wiped or cut",
		   SL_SEVERITY_HIGH, attack, ARRAY_SIZE(attack));
}

static int mark(void *payload, struct sl_finding *f, struct sl_change *c, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error failed = SL_ERROR_INIT;
	struct logins_part *p = payload;
	struct loginlog log;
	int rc;

	if (c->after == NULL || !S_ISREG(c->after->mode) || c->after->size == 0 ||
	    c->after->size > BYTES_MAX || !loginlog_is(c->path) ||
	    (c->signals & SL_SIGNAL_UNSTABLE) != 0)
		return 0;
	rc = read_log(p, c, &failed);
	if (rc == -SL_ENOMEM || rc == -SL_ECANCELLED)
		return sl_fail(err, -rc, failed.sys, "%s", sl_error_text(&failed));
	if (rc < 0)
		return 0; /* it is not what was compared any more, or not there */
	loginlog_read(&log, (struct sl_bytes){p->bytes.data, p->bytes.len});
	if (log.wiped > 0 || log.is_uneven)
		tell(p, f, &log);
	return 0;
}

int meaning_add_logins(struct meaning *m, struct sl_error *err)
{
	struct logins_part *p = calloc(1, sizeof(*p));
	int rc;

	if (p == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "records of log-ins");
	p->comparison = m->comparison;
	p->bytes = BUF_INIT(BYTES_MAX);
	p->message = BUF_INIT(4096);
	rc = meaning_keep(m, p, part_free, err);
	return rc < 0 ? rc : meaning_mark(m, (struct drift_step){mark, p}, err);
}
