/* SPDX-License-Identifier: Apache-2.0 */
#include "forensics/bundle_tar.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define OCTAL_MAX 077777777777 /* eleven digits */
#define NAME_SIZE 100

/* POSIX.1-2001 ustar */
struct ustar {
	char name[NAME_SIZE];
	char mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8];
	char type;
	char link[100];
	char magic[6], version[2];
	char user[32], group[32];
	char major[8], minor[8];
	char prefix[155];
	char pad[12];
};
_Static_assert(sizeof(struct ustar) == TAR_BLOCK, "a tar header is one block");

static void octal(char *field, size_t len, uint64_t n)
{
	(void)snprintf(field, len, "%0*" PRIo64, (int)len - 1, n);
}

static void fill(struct ustar *u, char type, const char *name, uint64_t size, uint64_t mtime)
{
	const uint8_t *p = (const uint8_t *)u;
	size_t len = strlen(name);
	unsigned int sum = 0;

	*u = (struct ustar){.type = type, .magic = "ustar", .version = {'0', '0'}};
	memcpy(u->name, name, len < NAME_SIZE ? len : NAME_SIZE);
	octal(u->mode, sizeof(u->mode), 0440);
	octal(u->uid, sizeof(u->uid), 0);
	octal(u->gid, sizeof(u->gid), 0);
	octal(u->size, sizeof(u->size), size);
	octal(u->mtime, sizeof(u->mtime), mtime);
	octal(u->major, sizeof(u->major), 0);
	octal(u->minor, sizeof(u->minor), 0);
	memset(u->checksum, ' ', sizeof(u->checksum));
	for (size_t i = 0; i < sizeof(*u); i++)
		sum += p[i];
	/* six digits, NUL, space */
	(void)snprintf(u->checksum, sizeof(u->checksum), "%06o", sum);
}

/* "LENGTH path=NAME\n", where LENGTH counts itself. */
static size_t pax_path(char *out, size_t room, const char *name)
{
	size_t body = strlen(name) + sizeof(" path=\n") - 1, len = body + 1;
	int n = snprintf(NULL, 0, "%zu", len);

	while (body + (size_t)n != len) {
		len = body + (size_t)n;
		n = snprintf(NULL, 0, "%zu", len);
	}
	(void)snprintf(out, room, "%zu path=%s\n", len, name);
	return len;
}

int tar_header(struct tar_header *out, const char *name, uint64_t size, int64_t mtime_sec)
{
	uint64_t mtime = mtime_sec < 0 ? 0 : (uint64_t)mtime_sec;
	size_t len = strlen(name);
	struct ustar u;

	if (len > TAR_NAME_MAX || size > OCTAL_MAX)
		return -SL_ELIMIT;
	if (mtime > OCTAL_MAX)
		mtime = OCTAL_MAX;
	memset(out, 0, sizeof(*out));
	if (len > NAME_SIZE) {
		char *content = (char *)out->bytes + TAR_BLOCK;

		fill(&u, 'x', "PaxHeaders/path", pax_path(content, TAR_BLOCK, name), mtime);
		memcpy(out->bytes, &u, sizeof(u));
		out->len = 2 * (size_t)TAR_BLOCK;
	}
	fill(&u, '0', name, size, mtime);
	memcpy(out->bytes + out->len, &u, sizeof(u));
	out->len += TAR_BLOCK;
	return 0;
}

size_t tar_padding(uint64_t size)
{
	return (size_t)(-size % TAR_BLOCK);
}
