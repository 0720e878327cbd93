/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/tarentry.h"

#include <sys/stat.h>

int tarentry_type(const struct tarhead *head, struct sl_bytes name, uint32_t *out)
{
	switch (head->type) {
	case '\0': /* the oldest tars marked directories by their name alone */
		*out = name.len > 0 && name.data[name.len - 1] == '/' ? S_IFDIR : S_IFREG;
		return 0;
	case '0':
	case '7':
	case 'S':
		*out = S_IFREG;
		return 0;
	case '1':
		*out = 0; /* whatever its target is */
		return 0;
	case '2':
		*out = S_IFLNK;
		return 0;
	case '3':
		*out = S_IFCHR;
		return 0;
	case '4':
		*out = S_IFBLK;
		return 0;
	case '5':
		*out = S_IFDIR;
		return 0;
	case '6':
		*out = S_IFIFO;
		return 0;
	default:
		return -SL_EUNSUPPORTED;
	}
}

static void set_times(struct sl_entry *e, const struct tarhead *head, const struct tarspecial *s)
{
	uint32_t has = s->has_pax ? s->pax.fields : 0;

	e->mtime = (has & TARPAX_MTIME) != 0 ? s->pax.mtime : (struct sl_time){.sec = head->mtime};
	e->fields |= SL_ENTRY_MTIME;
	if (e->mtime.nsec == 0)
		e->flags |= SL_ENTRY_COARSE_TIME;
	if ((has & TARPAX_ATIME) != 0) {
		e->atime = s->pax.atime;
		e->fields |= SL_ENTRY_ATIME;
	}
	if ((has & TARPAX_CTIME) != 0) {
		e->ctime = s->pax.ctime;
		e->fields |= SL_ENTRY_CTIME;
	}
}

static int set_owner(struct sl_entry *e, const struct tarhead *head, const struct tarspecial *s,
		     struct sl_error *err)
{
	uint32_t has = s->has_pax ? s->pax.fields : 0;
	int64_t uid = (has & TARPAX_UID) != 0 ? s->pax.uid : head->uid;
	int64_t gid = (has & TARPAX_GID) != 0 ? s->pax.gid : head->gid;

	if (uid < 0 || uid > UINT32_MAX || gid < 0 || gid > UINT32_MAX)
		return sl_fail(err, SL_EFORMAT, 0, "owner is out of range");
	e->uid = (uint32_t)uid;
	e->gid = (uint32_t)gid;
	return 0;
}

static int set_device(struct sl_entry *e, const struct tarhead *head, struct sl_error *err)
{
	if (!S_ISCHR(e->mode) && !S_ISBLK(e->mode))
		return 0;
	if (head->major < 0 || head->major > UINT32_MAX || head->minor < 0 ||
	    head->minor > UINT32_MAX)
		return sl_fail(err, SL_EFORMAT, 0, "device number is out of range");
	e->rdev_major = (uint32_t)head->major;
	e->rdev_minor = (uint32_t)head->minor;
	return 0;
}

int tarentry_describe(struct sl_entry *e, const struct tarhead *head, const struct tarspecial *s,
		      struct sl_error *err)
{
	int rc;

	e->mode |= head->mode;
	e->fields |= SL_ENTRY_XATTRS;
	if (s->has_pax) {
		e->xattrs = s->pax.xattrs;
		e->xattr_count = s->pax.xattr_count;
		if (s->pax.has_foreign)
			e->flags |= SL_ENTRY_AMBIGUOUS;
	}
	set_times(e, head, s);
	rc = set_owner(e, head, s, err);
	return rc < 0 ? rc : set_device(e, head, err);
}
