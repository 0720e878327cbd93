/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writer as a program, for scripts that look at what it wrote: bundle_write HOW FILE [BYTES |
 * KEY] small FILE [KEY.pem]  a few files of every kind, closed; prints the fingerprint many FILE
 * COUNT       so many files of 1 MiB, then one of 4 KiB, then so many again, closed endless FILE
 * files until it is killed; prints a line for each checkpoint and each file fill FILE BYTES files
 * of so many random bytes until no more fits, then closes starve FILE           many records, a
 * line of input, a file that does not fit, then closes verdict FILE          prints what the
 * verifier says With $RECIPIENTS the bundle is encrypted to these.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/cleanup.h"
#include "unit/bundle_written.h"

static void print_checkpoint(void *payload, const char *note, size_t len)
{
	const char *origin_end = memchr(note, '\n', len);

	(void)payload;
	printf("checkpoint %d\n", origin_end != NULL ? atoi(origin_end + 1) : -1);
	(void)fflush(stdout);
}

/* The same bytes for the same seed; 0 is a text that compresses. */
static int store(struct sl_bundle_writer *w, const char *path, uint64_t size, uint32_t seed,
		 struct sl_error *err)
{
	struct fake_content how = {.size = size, .seed = seed * 7919, .is_random = seed != 0};
	struct sl_entry e = regular(path, size);
	struct sl_bundle_file file = {.role = "upper", .entry = &e, .content = fake_content(&how)};

	return sl_bundle_add_file(w, &file, NULL, err);
}

static int write_small(struct sl_bundle_writer *w, struct sl_error *err)
{
	static char wide[90000];
	static const struct sl_xattr xattr = {"user.wide", wide, sizeof(wide)};
	struct sl_gap gap = {.what = {"secret", 6}, .why = "cannot be read", .sys = EACCES};
	struct sl_entry e = regular("with attributes", 5);
	struct fake_content how = {.size = 5};
	struct sl_bundle_file file = {.role = "upper", .entry = &e};
	char deep[300];
	int rc;

	(void)memset(deep, 'd', sizeof(deep) - 1);
	deep[150] = '/';
	deep[sizeof(deep) - 1] = '\0';
	e.xattrs = &xattr;
	e.xattr_count = 1;
	e.fields |= SL_ENTRY_XATTRS;
	file.content = fake_content(&how);
	rc = sl_bundle_add_file(w, &file, NULL, err);
	if (rc == 0)
		rc = store(w, "etc/pass wd\n\x1b[31m", 3000, 0, err);
	if (rc == 0)
		rc = store(w, "../../escape", 3000, 0, err);
	if (rc == 0)
		rc = store(w, "empty", 0, 0, err);
	if (rc == 0)
		rc = store(w, deep, 20, 0, err);
	deep[120] = '\0';
	if (rc == 0)
		rc = store(w, deep, 20, 0, err);
	if (rc == 0)
		rc = sl_bundle_sync(w, err);
	if (rc == 0)
		rc = store(w, "large", 40 * MIB, 0, err);
	if (rc == 0)
		rc = sl_bundle_gap(w, 0, &gap, err);
	return rc == 0 ? sl_bundle_close(w, SL_BUNDLE_COMPLETE, err) : rc;
}

static int write_many(struct sl_bundle_writer *w, uint64_t count, struct sl_error *err)
{
	char path[32];
	int rc = 0;

	for (uint64_t i = 0; i < 2 * count && rc == 0; i++) {
		if (i == count)
			rc = store(w, "the/item", 4096, 3, err);
		(void)snprintf(path, sizeof(path), "file-%" PRIu64, i);
		if (rc == 0)
			rc = store(w, path, MIB, 0, err);
	}
	return rc == 0 ? sl_bundle_close(w, SL_BUNDLE_COMPLETE, err) : rc;
}

static int write_endless(struct sl_bundle_writer *w, struct sl_error *err)
{
	uint32_t seed = 0;
	int rc = 0;

	while (rc == 0) {
		rc = store(w, "again", 300000, ++seed, err);
		printf("stored %" PRIu64 "\n", seed * UINT64_C(300000));
		(void)fflush(stdout);
	}
	return rc;
}

/* As capture does it: what no longer fits is a gap, and the end says why. */
static int write_fill(struct sl_bundle_writer *w, uint64_t bytes, struct sl_error *err)
{
	struct sl_gap gap = {.what = {"file", 4}, .why = "no space", .sys = ENOSPC};
	uint32_t seed = 0;
	int rc = 0;

	for (int refused = 0; refused < 3;) {
		rc = store(w, "file", bytes, ++seed, err);
		if (rc == 0)
			continue;
		if (rc != -SL_EIO || err->sys != ENOSPC)
			return rc;
		refused++;
		rc = sl_bundle_gap(w, 0, &gap, err);
		if (rc == 0)
			rc = sl_bundle_sync(w, err);
		if (rc < 0)
			return rc;
	}
	printf("full\n");
	return sl_bundle_close(w, SL_BUNDLE_NOSPACE, err);
}

/* Between the two, somebody else takes every block that is not ours. */
static int write_starve(struct sl_bundle_writer *w, struct sl_error *err)
{
	struct sl_gap gap = {.what = {"file", 4}, .why = "no space", .sys = ENOSPC};
	char line[16];
	int rc;

	rc = store(w, "random", 2 * MIB, 1, err);
	if (rc == 0)
		rc = sl_bundle_sync(w, err);
	for (int i = 0; i < 5000 && rc == 0; i++)
		rc = sl_bundle_record(w, "action", 0, "\"what\":\"nothing\"", NULL, err);
	printf("ready\n");
	(void)fflush(stdout);
	if (rc < 0 || fgets(line, sizeof(line), stdin) == NULL)
		return rc < 0 ? rc : -SL_EINVAL;
	rc = store(w, "file", 40 * MIB, 1, err);
	if (rc != -SL_EIO || err->sys != ENOSPC)
		return -SL_EINVAL;
	for (int i = 0; i < 100; i++) {
		rc = sl_bundle_gap(w, 0, &gap, err);
		if (rc < 0)
			return rc;
	}
	return sl_bundle_close(w, SL_BUNDLE_NOSPACE, err);
}

static int print_verdict(const char *path)
{
	struct sl_verify_options options = {.threads = 1};
	struct sl_error err = SL_ERROR_INIT;
	struct sl_verify_result r;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || sl_bundle_verify(fd, &options, &r, &err) < 0) {
		(void)fprintf(stderr, "%s: %s\n", path, sl_error_text(&err));
		sl_error_clear(&err);
		return 2;
	}
	printf("%s %s %" PRIu64 " %s\n", sl_verdict_name(r.verdict),
	       r.closed ? sl_bundle_status_name(r.status) : "open", r.attested,
	       r.fault != NULL ? r.fault : "");
	sl_verify_result_clear(&r);
	return 0;
}

static char *read_key(const char *path)
{
	char text[4096] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		return NULL;
	close(fd);
	return strdup(text);
}

int main(int argc, char **argv)
{
	struct sl_bundle_options options = {
		.threads = 2, .checkpoint = print_checkpoint, .recipients = getenv("RECIPIENTS")};
	struct sl_error err = SL_ERROR_INIT;
	struct sl_bundle_writer *w = NULL;
	AUTO_FREE char *key = NULL;
	int rc, fd;

	if (argc > 2 && strcmp(argv[1], "verdict") == 0)
		return print_verdict(argv[2]);
	fd = argc > 2 ? open(argv[2], O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;

	if (fd < 0) {
		perror("output");
		return 2;
	}
	if (strcmp(argv[1], "small") == 0 && argc > 3)
		options.key_pem = key = read_key(argv[3]);
	rc = sl_bundle_create(&w, fd, &options, &err);
	if (rc == 0)
		printf("fingerprint %s\n", sl_bundle_fingerprint(w));
	if (rc == 0 && strcmp(argv[1], "small") == 0)
		rc = write_small(w, &err);
	else if (rc == 0 && argc > 3 && strcmp(argv[1], "many") == 0)
		rc = write_many(w, strtoull(argv[3], NULL, 10), &err);
	else if (rc == 0 && strcmp(argv[1], "endless") == 0)
		rc = write_endless(w, &err);
	else if (rc == 0 && strcmp(argv[1], "starve") == 0)
		rc = write_starve(w, &err);
	else if (rc == 0 && argc > 3)
		rc = write_fill(w, strtoull(argv[3], NULL, 10), &err);
	sl_bundle_writer_free(w);
	if (rc < 0)
		(void)fprintf(stderr, "%s\n", sl_error_text(&err));
	sl_error_clear(&err);
	return rc < 0 ? 1 : 0;
}
