/* SPDX-License-Identifier: Apache-2.0 */
/* An entry as the `file` record of a bundle shows it (docs/bundle-format.md section 4). */
#include <string.h>
#include <sys/stat.h>

#include "core/digest.h"
#include "core/encode.h"

#include "forensics/bundle_writer.h"

/* A path whose JSON is longer than this is named by its digest. */
#define PATH_MEMBER_BYTES (32u << 10)

static const char *type_name(const struct sl_entry *e)
{
	if ((e->flags & SL_ENTRY_WHITEOUT) != 0)
		return "whiteout";
	return (e->mode & S_IFMT) != 0 ? sl_type_name(e->mode) : NULL;
}

/*
 * Names are bytes, too, and a JSON object must not say a key twice: what is not UTF-8 becomes
 * "b64:" and base64, and so does a name that begins like that.
 */
static void xattr_key(struct jout *j, const char *name)
{
	struct buf key = BUF_INIT(SIZE_MAX / 4);

	if (utf8_valid(name, strlen(name)) && strncmp(name, "b64:", 4) != 0) {
		jout_key(j, name);
		return;
	}
	(void)buf_append_str(&key, "b64:");
	if (base64_encode(&key, name, strlen(name)) < 0)
		j->out->status = key.status;
	else
		jout_key(j, key.data);
	buf_clear(&key);
}

static void xattrs(struct jout *j, const struct sl_entry *e)
{
	jout_key(j, "xattrs");
	jout_object(j);
	for (size_t i = 0; i < e->xattr_count; i++) {
		/* sorted: an archive that names one twice is met here */
		if (i > 0 && strcmp(e->xattrs[i].name, e->xattrs[i - 1].name) == 0)
			continue;
		xattr_key(j, e->xattrs[i].name);
		jout_base64(j, e->xattrs[i].value, e->xattrs[i].size);
	}
	jout_object_end(j);
}

static void times(struct jout *j, const struct sl_entry *e)
{
	if ((e->fields & SL_ENTRY_ATIME) != 0)
		jout_key_time(j, "atime", e->atime);
	if ((e->fields & SL_ENTRY_MTIME) != 0)
		jout_key_time(j, "mtime", e->mtime);
	if ((e->fields & SL_ENTRY_CTIME) != 0)
		jout_key_time(j, "ctime", e->ctime);
	if ((e->fields & SL_ENTRY_BTIME) != 0)
		jout_key_time(j, "btime", e->btime);
}

static void inode(struct jout *j, const struct sl_entry *e)
{
	jout_key_u64(j, "nlink", e->nlink);
	jout_key(j, "dev");
	jout_id(j, e->dev);
	jout_key(j, "ino");
	jout_id(j, e->ino);
}

static void rdev(struct jout *j, const struct sl_entry *e)
{
	jout_key(j, "rdev");
	jout_object(j);
	jout_key_u64(j, "major", e->rdev_major);
	jout_key_u64(j, "minor", e->rdev_minor);
	jout_object_end(j);
}

static void overlay(struct jout *j, const struct sl_entry *e)
{
	if ((e->flags & SL_ENTRY_OPAQUE) != 0)
		jout_key_bool(j, "opaque", true);
	if ((e->flags & SL_ENTRY_ORIGIN) != 0)
		jout_key_bool(j, "origin", true);
	if (e->redirect.data != NULL)
		jout_bytes(j, "redirect", "", e->redirect);
	if ((e->flags & SL_ENTRY_METACOPY) != 0)
		jout_key_bool(j, "metacopy", true);
}

int file_src(struct buf *out, const struct sl_entry *e, bool with_xattrs)
{
	const char *type = type_name(e);
	struct jout j;

	jout_begin(&j, out);
	jout_object(&j);
	jout_bytes(&j, "path", "/", e->path);
	if (type != NULL)
		jout_key_str(&j, "type", type);
	if (e->mode != 0) {
		jout_key(&j, "mode");
		jout_mode(&j, e->mode);
		jout_key_u64(&j, "uid", e->uid);
		jout_key_u64(&j, "gid", e->gid);
	}
	if (S_ISREG(e->mode))
		jout_key_u64(&j, "size", e->size);
	if ((e->fields & SL_ENTRY_INODE) != 0)
		inode(&j, e);
	if (S_ISCHR(e->mode) || S_ISBLK(e->mode))
		rdev(&j, e);
	times(&j, e);
	if ((e->fields & SL_ENTRY_XATTRS) != 0 && with_xattrs)
		xattrs(&j, e);
	if (e->target.data != NULL)
		jout_bytes(&j, "link", "", e->target);
	overlay(&j, e);
	jout_object_end(&j);
	return jout_end(&j);
}

void file_stored(struct jout *j, const char *key, const struct writer_stored *s)
{
	jout_key(j, key);
	jout_object(j);
	jout_key_str(j, "member", s->member);
	jout_key_u64(j, "bytes", s->bytes);
	jout_key_hex(j, "sha256", s->sha256, sizeof(s->sha256));
	jout_object_end(j);
}

int file_path(struct buf *out, const struct sl_entry *e)
{
	(void)buf_append_char(out, '/');
	return buf_append(out, e->path.data, e->path.len);
}

int file_path_member(struct jout *j, const struct buf *path, struct sl_error *err)
{
	uint8_t digest[SL_SHA256_SIZE];
	int rc;

	/* a byte takes at most six in JSON */
	if (path->len <= PATH_MEMBER_BYTES / 6) {
		jout_bytes(j, "path", "", (struct sl_bytes){path->data, path->len});
		return 0;
	}
	rc = sha256_once(path->data, path->len, digest, err);
	if (rc == 0)
		jout_key_hex(j, "path_sha256", digest, sizeof(digest));
	return rc;
}
