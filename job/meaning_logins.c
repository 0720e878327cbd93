/* SPDX-License-Identifier: Apache-2.0 */
#include "job/meaning_logins.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/digest.h"
#include "diff/loginlog.h"
#include "diff/naming.h"
#include "job/contents.h"

/* Of a longer one the records are not looked at, which is a gap. */
#define BYTES_MAX (UINT64_C(256) << 20)

struct logins_part {
	const struct comparison *comparison;
	struct buf message;
	struct sl_gap gap; /* of the finding at hand */
	bool has_gap;
};

/* One of them, while it is read. */
struct reading {
	struct sl_tap tap;
	struct loginscan scan;
	struct sha256 *hash;
};

static void part_free(void *data)
{
	struct logins_part *p = data;

	buf_clear(&p->message);
	free(p);
}

static int feed(struct sl_tap *tap, const void *bytes, size_t len, struct sl_error *err)
{
	struct reading *r = container_of(tap, struct reading, tap);

	(void)err;
	sha256_update(r->hash, bytes, len);
	loginscan_feed(&r->scan, (struct sl_bytes){bytes, len});
	return 0;
}

/* Are these the bytes that were compared? */
static int prove(struct reading *r, const struct sl_entry *e, struct sl_error *err)
{
	uint8_t digest[SL_SHA256_SIZE];
	int rc = sha256_final(r->hash, digest, err);

	if (rc == 0 && (e->fields & SL_ENTRY_SHA256) != 0 &&
	    memcmp(digest, e->sha256, sizeof(digest)) != 0)
		rc = sl_fail(err, SL_EUNTRUSTED, 0, "other bytes than were compared");
	return rc;
}

static int pour(struct reading *r, struct contents *contents, const struct sl_change *c,
		struct sl_error *err)
{
	struct sl_tap *taps[] = {&r->tap};
	struct sl_content *content = NULL;
	struct sl_read read = {0};
	int rc = contents_get(contents, CONTENTS_AFTER, c->path, &content, err);

	if (rc == 0)
		rc = sl_content_read(content, taps, 1, &read, err);
	sl_content_close(content);
	if (rc == 0 && (read.sys != 0 || read.is_short))
		rc = sl_fail(err, SL_EIO, read.sys, "could not be read to its end");
	return rc == 0 ? prove(r, c->after, err) : rc;
}

static int read_log(struct logins_part *p, const struct sl_change *c, struct loginlog *out,
		    struct sl_error *err)
{
	struct reading r = {.tap = {feed}};
	struct contents *contents = NULL;
	int rc = contents_open(&contents, p->comparison, err);

	loginscan_begin(&r.scan, c->after->size);
	if (rc == 0)
		rc = sha256_new(&r.hash, err);
	if (rc == 0)
		rc = pour(&r, contents, c, err);
	sha256_free(r.hash);
	contents_free(contents);
	*out = loginscan_end(&r.scan);
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

static void tell_long(struct logins_part *p, const struct sl_change *c)
{
	p->has_gap = true;
	p->gap = (struct sl_gap){.what = c->path,
				 .why = "it is longer than 256 MiB: its records of log-ins were "
					"not looked at",
				 .is_path = true};
}

static const struct sl_gap *next_gap(void *payload)
{
	struct logins_part *p = payload;

	if (!p->has_gap)
		return NULL;
	p->has_gap = false;
	return &p->gap;
}

static int mark(void *payload, struct sl_finding *f, struct sl_change *c, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error failed = SL_ERROR_INIT;
	struct logins_part *p = payload;
	struct loginlog log;
	int rc;

	if (c->after == NULL || !S_ISREG(c->after->mode) || c->after->size == 0 ||
	    !loginlog_is(c->path) || (c->signals & SL_SIGNAL_UNSTABLE) != 0)
		return 0;
	if (c->after->size > BYTES_MAX) {
		tell_long(p, c);
		return 0;
	}
	rc = read_log(p, c, &log, &failed);
	if (rc == -SL_ENOMEM || rc == -SL_ECANCELLED)
		return sl_fail(err, -rc, failed.sys, "%s", sl_error_text(&failed));
	if (rc < 0)
		return 0; /* it is not what was compared any more, or not there */
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
	p->message = BUF_INIT(4096);
	rc = meaning_keep(m, p, part_free, err);
	return rc < 0 ? rc : meaning_mark(m, (struct drift_step){mark, p, .gap = next_gap}, err);
}
