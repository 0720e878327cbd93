/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/fileid.h"

#include <fcntl.h>
#include <string.h>
#include <sys/vfs.h>

#include <linux/magic.h>

#define XFS_MAGIC 0x58465342

/*
 * Here a write through a mapping moves the change time when it first touches a page, and handles
 * carry the generation of the inode. On tmpfs such a write moves nothing, ever; what FUSE and
 * network file systems say of times is their server's word.
 */
static bool is_reliable(uint64_t type)
{
	return type == EXT4_SUPER_MAGIC || type == XFS_MAGIC || type == BTRFS_SUPER_MAGIC;
}

struct fileid_fs fileid_fs(int dir_fd)
{
	struct fileid_fs fs = {0};
	struct statfs st;

	if (fstatfs(dir_fd, &st) < 0)
		return fs;
	fs.type = (uint64_t)st.f_type;
	memcpy(&fs.id, &st.f_fsid, sizeof(fs.id));
	fs.is_reliable = is_reliable(fs.type);
	return fs;
}

static void append(struct sl_file_id *out, const void *bytes, size_t len)
{
	memcpy(out->bytes + out->len, bytes, len);
	out->len += len;
}

bool fileid_of(const struct fileid_fs *fs, int dir_fd, const char *name, uint64_t dev,
	       struct sl_file_id *out)
{
	union {
		struct file_handle handle;
		uint8_t room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} h = {.handle = {.handle_bytes = MAX_HANDLE_SZ}};
	int mount;

	_Static_assert(sizeof(fs->type) + sizeof(fs->id) + sizeof(dev) +
				       sizeof(h.handle.handle_type) + MAX_HANDLE_SZ <=
			       SL_FILE_ID_MAX,
		       "an identity has room for every handle");
	out->len = 0;
	if (!fs->is_reliable || name_to_handle_at(dir_fd, name, &h.handle, &mount, 0) < 0 ||
	    h.handle.handle_bytes > MAX_HANDLE_SZ)
		return false;
	append(out, &fs->type, sizeof(fs->type));
	append(out, &fs->id, sizeof(fs->id));
	append(out, &dev, sizeof(dev));
	append(out, &h.handle.handle_type, sizeof(h.handle.handle_type));
	append(out, h.room + sizeof(struct file_handle), h.handle.handle_bytes);
	return true;
}
