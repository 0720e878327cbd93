/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Docker keeps no layer blobs. tar-split.json.gz has every byte of a layer's tar but the files'
 * contents, which lie in the layer's directory: together they are the tar again, byte for byte.
 */
#ifndef SNAPSHOT_TARSPLIT_H
#define SNAPSHOT_TARSPLIT_H

#include "core/buf.h"
#include "core/istream.h"

/*
 * The tar as a stream. @lines is the inflated JSON, taken over on success; @dir_fd, the layer's
 * directory, is borrowed.
 *
 * -SL_EUNTRUSTED names the first file that is missing, of another size or type, or whose bytes
 * have another checksum than tar-split noted (which anyone can forge: the diff_id proves).
 */
int tarsplit_open(struct istream **out, struct istream *lines, int dir_fd, struct sl_error *err);

/* Files that do not fit tar-split's notes, in the order of the tar. */
struct tarsplit_damage {
	struct buf names; /* as in the tar, each ended by NUL; what goes beyond its maximum is lost
			   */
	uint64_t count;
};

/*
 * From here on such a file does not end the stream: it is noted, and zeros stand for bytes that are
 * not there. The digest of the tar is lost by that, but its headers and the other files are not.
 * @damage is borrowed, and written to by whoever reads the stream.
 */
void tarsplit_go_on(struct istream *tarsplit, struct tarsplit_damage *damage);

/*
 * Open the regular file @path of a layer directory. No link is followed as the last component;
 * links among its parents are resolved inside the directory, as the engine did when it unpacked.
 */
int tarsplit_open_file(int dir_fd, const char *path, struct sl_error *err);

#endif
