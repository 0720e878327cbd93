/* SPDX-License-Identifier: Apache-2.0 */
/* What a file is known by from run to run, where its times tell every change of its bytes. */
#ifndef SNAPSHOT_FILEID_H
#define SNAPSHOT_FILEID_H

#include <strandline/source.h>

/* A file system, as far as files on it can be told apart and their change times be relied on. */
struct fileid_fs {
	bool is_reliable;
	uint64_t type;
	uint64_t id;
};

/* Of the open directory @dir_fd, O_PATH will do. */
struct fileid_fs fileid_fs(int dir_fd);

/* The regular file @name in @dir_fd, which is on the device @dev of @fs. False: no telling. */
bool fileid_of(const struct fileid_fs *fs, int dir_fd, const char *name, uint64_t dev,
	       struct sl_file_id *out);

#endif
