/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/apk.h"

#include <string.h>

#include "core/cleanup.h"
#include "core/encode.h"

#define SHA1_SIZE 20

static void keep(char out[PACKAGE_TEXT_MAX + 1], struct sl_bytes value)
{
	if (value.len > PACKAGE_TEXT_MAX || memchr(value.data, '\0', value.len) != NULL)
		value.len = 0;
	memcpy(out, value.data, value.len);
	out[value.len] = '\0';
}

/* The paragraph's package, once something needs it. 1: it has no name, and so nothing of it counts.
 */
static int add_package(struct apk_installed *a, struct sl_error *err)
{
	int rc;

	if (a->is_added)
		return 0;
	if (a->name[0] == '\0')
		return 1;
	rc = packagetable_add(a->table, "apk", (struct sl_bytes){a->name, strlen(a->name)},
			      (struct sl_bytes){a->version, strlen(a->version)}, &a->package, err);
	a->is_added = rc == 0;
	return rc;
}

static int start_file(struct apk_installed *a, struct sl_bytes name, struct sl_error *err)
{
	int rc = add_package(a, err);

	buf_reset(&a->path);
	if (rc != 0 || name.len == 0)
		return rc < 0 ? rc : 0;
	if (a->dir.len > 0) {
		(void)buf_append(&a->path, a->dir.data, a->dir.len);
		(void)buf_append_char(&a->path, '/');
	}
	if (buf_append(&a->path, name.data, name.len) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "packages");
	return packagetable_claim(a->table, a->package,
				  (struct sl_bytes){a->path.data, a->path.len}, PACKAGE_DIGEST_NONE,
				  NULL, 0, err);
}

static int add_digest(struct apk_installed *a, struct sl_bytes value, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf digest = BUF_INIT(SL_SHA256_SIZE);
	enum package_digest kind;

	if (a->path.len == 0 || value.len < 3 || value.data[0] != 'Q' ||
	    (value.data[1] != '1' && value.data[1] != '2') ||
	    base64_decode(&digest, value.data + 2, value.len - 2) < 0)
		return 0;
	kind = value.data[1] == '1' ? PACKAGE_DIGEST_SHA1 : PACKAGE_DIGEST_SHA256;
	if (digest.len != SHA1_SIZE &&
	    (kind == PACKAGE_DIGEST_SHA1 || digest.len != SL_SHA256_SIZE))
		return 0;
	return packagetable_claim(a->table, a->package,
				  (struct sl_bytes){a->path.data, a->path.len}, kind, digest.data,
				  digest.len, err);
}

static int start_dir(struct apk_installed *a, struct sl_bytes dir, struct sl_error *err)
{
	buf_reset(&a->dir);
	buf_reset(&a->path);
	if (dir.len > 0 && buf_append(&a->dir, dir.data, dir.len) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "packages");
	return 0;
}

int apk_installed_end(struct apk_installed *a, struct sl_error *err)
{
	int rc = add_package(a, err);

	a->name[0] = a->version[0] = '\0';
	a->is_added = false;
	buf_reset(&a->dir);
	buf_reset(&a->path);
	return rc < 0 ? rc : 0;
}

int apk_installed_line(struct apk_installed *a, struct sl_bytes line, struct sl_error *err)
{
	struct sl_bytes value;

	if (line.len == 0)
		return apk_installed_end(a, err);
	if (line.len < 2 || line.data[1] != ':')
		return 0;
	value = (struct sl_bytes){line.data + 2, line.len - 2};
	switch (line.data[0]) {
	case 'P':
		keep(a->name, value);
		return 0;
	case 'V':
		keep(a->version, value);
		return 0;
	case 'F':
		return start_dir(a, value, err);
	case 'R':
		return start_file(a, value, err);
	case 'Z':
		return add_digest(a, value, err);
	default:
		return 0;
	}
}

void apk_installed_clear(struct apk_installed *a)
{
	buf_clear(&a->dir);
	buf_clear(&a->path);
}
