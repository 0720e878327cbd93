/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/restamp.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static uint64_t xattr_bytes(const struct sl_entry *e)
{
	uint64_t total = 0;

	for (size_t i = 0; i < e->xattr_count; i++)
		total += strlen(e->xattrs[i].name) + e->xattrs[i].size;
	return total;
}

int restamp_join(struct sl_entry *out, const struct sl_entry *base, const struct sl_entry *over,
		 const char *without, struct sl_xattr **list, struct sl_error *err)
{
	size_t b = 0, o = 0, n = 0, b_end = base->xattr_count, o_end = over->xattr_count;

	if (xattr_bytes(base) + xattr_bytes(over) > RESTAMP_MAX_XATTRS)
		return sl_fail(err, SL_ELIMIT, 0, "more than %u bytes of attributes on one object",
			       RESTAMP_MAX_XATTRS);
	*list = calloc(b_end + o_end + 1, sizeof(**list));
	if (*list == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "attribute list");
	while (b < b_end || o < o_end) {
		int order = b == b_end   ? 1
			    : o == o_end ? -1
					 : strcmp(base->xattrs[b].name, over->xattrs[o].name);

		if (order >= 0)
			(*list)[n++] = over->xattrs[o++];
		else if (without == NULL || strcmp(base->xattrs[b].name, without) != 0)
			(*list)[n++] = base->xattrs[b];
		b += order <= 0;
	}
	out->xattrs = *list;
	out->xattr_count = n;
	return 0;
}

static bool same_xattrs(const struct sl_entry *a, const struct sl_entry *b)
{
	if (a->xattr_count != b->xattr_count)
		return false;
	for (size_t i = 0; i < a->xattr_count; i++) {
		const struct sl_xattr *x = &a->xattrs[i], *y = &b->xattrs[i];

		if (strcmp(x->name, y->name) != 0 || x->size != y->size ||
		    (x->size > 0 && memcmp(x->value, y->value, x->size) != 0))
			return false;
	}
	return true;
}

int restamp_link(struct sl_entry *shared, const struct sl_entry *link, struct sl_xattr **list,
		 bool *changed, struct sl_error *err)
{
	struct sl_entry was = *shared;
	int rc = restamp_join(shared, &was, link, "security.capability", list, err);

	if (rc < 0)
		return rc;
	shared->uid = link->uid;
	shared->gid = link->gid;
	/* the mode and time of a symbolic link are left alone */
	if (!S_ISLNK(was.mode)) {
		shared->mode = (was.mode & S_IFMT) | (link->mode & 07777);
		shared->mtime = link->mtime;
		shared->flags &= ~(uint32_t)SL_ENTRY_COARSE_TIME;
		shared->flags |= link->flags & (uint32_t)SL_ENTRY_COARSE_TIME;
	}
	*changed = was.uid != shared->uid || was.gid != shared->gid || was.mode != shared->mode ||
		   was.mtime.sec != shared->mtime.sec || was.mtime.nsec != shared->mtime.nsec ||
		   !same_xattrs(&was, shared);
	return 0;
}
