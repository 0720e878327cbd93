/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Print the merged view of an indexed image as a manifest for mtree, for scripts that let mtree and
 * other programs judge it:
 *
 *	dump_baseline DATABASE sha256:CONFIG [flags]
 *
 * With "flags", what entry flags say stands in a comment behind each line: "# ambiguous".
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <strandline/baseline.h>

#include "core/cleanup.h"
#include "core/encode.h"

/* Names as vis(3) writes them: octal where a byte is more than a letter. */
static void print_name(struct sl_bytes name)
{
	for (size_t i = 0; i < name.len; i++) {
		unsigned char c = (unsigned char)name.data[i];

		if (c > ' ' && c < 0x7f && strchr("\\#*?[=", c) == NULL)
			putchar(c);
		else
			printf("\\%03o", c);
	}
}

static void print_type(const struct sl_entry *e)
{
	switch (e->mode & S_IFMT) {
	case S_IFDIR:
		printf(" type=dir");
		break;
	case S_IFLNK:
		printf(" type=link link=");
		print_name(e->target);
		break;
	case S_IFCHR:
		printf(" type=char device=native,%" PRIu32 ",%" PRIu32, e->rdev_major,
		       e->rdev_minor);
		break;
	case S_IFBLK:
		printf(" type=block device=native,%" PRIu32 ",%" PRIu32, e->rdev_major,
		       e->rdev_minor);
		break;
	case S_IFIFO:
		printf(" type=fifo");
		break;
	default:
		printf(" type=file size=%" PRIu64, e->size);
		break;
	}
}

static void print_entry(const struct sl_entry *e, bool flags)
{
	char hex[2 * SL_SHA256_SIZE + 1];

	printf("./");
	print_name(e->path);
	print_type(e);
	if ((e->flags & SL_ENTRY_IMPLIED) == 0) {
		printf(" uid=%" PRIu32 " gid=%" PRIu32, e->uid, e->gid);
		if (!S_ISLNK(e->mode))
			printf(" mode=%04o", e->mode & 07777);
		/* directories are renewed by what is put into them; mtree counts fractions as text
		 */
		if (!S_ISDIR(e->mode))
			printf(" time=%" PRId64 ".%09" PRIu32, e->mtime.sec, e->mtime.nsec);
	}
	if ((e->fields & SL_ENTRY_SHA256) != 0) {
		hex_encode(hex, e->sha256, SL_SHA256_SIZE);
		printf(" sha256=%s", hex);
	}
	for (size_t i = 0; flags && i < e->xattr_count; i++)
		printf(" # %s=%zu", e->xattrs[i].name, e->xattrs[i].size);
	if (flags && (e->flags & SL_ENTRY_AMBIGUOUS) != 0)
		printf(" # ambiguous");
	if (flags && (e->flags & SL_ENTRY_UNRESOLVED) != 0)
		printf(" # unresolved");
	putchar('\n');
}

static int dump(const char *path, const char *image, bool flags, struct sl_error *err)
{
	struct sl_baselines *b = NULL;
	struct sl_source *src = NULL;
	uint8_t digest[SL_SHA256_SIZE];
	const struct sl_entry *e;
	int rc;

	if (digest_parse(digest, image, strlen(image)) < 0)
		return sl_fail(err, SL_EINVAL, 0, "no digest");
	rc = sl_baselines_open(&b, path, err);
	if (rc == 0)
		rc = sl_baselines_view(b, digest, NULL, 0, &src, err);
	if (rc == 0)
		printf("#mtree v2.0\n");
	while (rc == 0) {
		rc = sl_source_next(src, &e, err);
		/* the root is whoever's who made the directory */
		if (rc == 0 && e->path.len > 0)
			print_entry(e, flags);
		else if (rc == 0)
			printf(". type=dir\n");
	}
	sl_source_close(src);
	sl_baselines_close(b);
	return rc < 0 ? rc : 0;
}

int main(int argc, char **argv)
{
	struct sl_error err = SL_ERROR_INIT;
	int rc;

	if (argc < 3) {
		fprintf(stderr, "usage: dump_baseline DATABASE sha256:CONFIG [flags]\n");
		return 2;
	}
	rc = dump(argv[1], argv[2], argc > 3, &err);
	if (rc < 0)
		fprintf(stderr, "%s\n", sl_error_text(&err));
	sl_error_clear(&err);
	return rc < 0 ? 1 : 0;
}
