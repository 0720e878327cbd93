/* SPDX-License-Identifier: Apache-2.0 */
#include "forensics/itemfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { STEM_MAX = 200 };

static const char unattested[] = ".unattested", partial[] = ".partial";

/* "d/00000017/usr/bin/evil" to "00000017-usr_bin_evil": no directory, no special name. */
static void make_name(char out[ITEMFILE_NAME_SIZE], const char *member, size_t len,
		      const char *suffix, unsigned int copy)
{
	char stem[STEM_MAX + 1];
	size_t n = 0;

	for (size_t i = 2; i < len && n < STEM_MAX; i++) {
		char c = member[i];

		stem[n++] = c != '/' ? c : memchr(member + 2, '/', i - 2) == NULL ? '-' : '_';
	}
	stem[n] = '\0';
	if (copy > 1)
		(void)snprintf(out, ITEMFILE_NAME_SIZE, "%s%s.%u", stem, suffix, copy);
	else
		(void)snprintf(out, ITEMFILE_NAME_SIZE, "%s%s", stem, suffix);
}

int itemfile_open(struct itemfile *f, int dir_fd, const char *member, size_t len)
{
	f->dir_fd = dir_fd;
	f->copy = 0;
	/* whose name is taken must not be lost: the first may be the forged one */
	do {
		make_name(f->name, member, len, unattested, ++f->copy);
		f->fd = openat(dir_fd, f->name,
			       O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	} while (f->fd < 0 && errno == EEXIST && f->copy < ITEMFILE_COPIES_MAX);
	if (f->fd < 0)
		f->copy = 0;
	return f->fd < 0 ? -SL_EIO : 0;
}

int itemfile_write(struct itemfile *f, const void *bytes, size_t len, struct sl_error *err)
{
	const char *p = bytes;

	while (f->fd >= 0 && len > 0) {
		ssize_t n = write(f->fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return sl_fail(err, SL_EIO, errno, "write '%s'", f->name);
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static void call_partial(const struct itemfile *f)
{
	char name[ITEMFILE_NAME_SIZE + sizeof(partial) + 4];
	unsigned int copy = 0;
	int rc;

	do {
		int len = snprintf(name, sizeof(name), "%s%s", f->name, partial);

		if (++copy > 1)
			(void)snprintf(name + len, sizeof(name) - (size_t)len, ".%u", copy);
		rc = renameat2(f->dir_fd, f->name, f->dir_fd, name, RENAME_NOREPLACE);
	} while (rc < 0 && errno == EEXIST && copy < ITEMFILE_COPIES_MAX);
	/* nothing may look whole that is not */
	if (rc < 0)
		(void)unlinkat(f->dir_fd, f->name, 0);
}

bool itemfile_close(struct itemfile *f, bool is_whole)
{
	if (f->fd < 0)
		return false;
	close(f->fd);
	f->fd = -1;
	if (!is_whole)
		call_partial(f);
	return true;
}

void itemfile_attest(int dir_fd, const char *member, size_t len, unsigned int copy)
{
	char from[ITEMFILE_NAME_SIZE], to[ITEMFILE_NAME_SIZE];

	make_name(from, member, len, unattested, copy);
	make_name(to, member, len, "", 1);
	(void)renameat2(dir_fd, from, dir_fd, to, RENAME_NOREPLACE);
}
