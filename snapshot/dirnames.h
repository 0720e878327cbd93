/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of one directory in byte order, in bounded memory: a directory with more names than
 * fit is listed again for each window of them.
 */
#ifndef SNAPSHOT_DIRNAMES_H
#define SNAPSHOT_DIRNAMES_H

#include <strandline/error.h>

/* Zero is empty. */
struct dirnames {
	/* what a name is ordered by and looked for; NULL: itself. Of two with the same key, the one
	   that is its own comes first. Set before reading. */
	const char *(*key)(const char *name);
	char *bytes; /* names, each with its NUL */
	size_t used, cap;
	size_t *at; /* where each name starts in bytes; sorted */
	size_t count, room;
	size_t next; /* index of the name to be taken next */
	bool part;   /* names before the first one here were left out */
	bool more;   /* names after the last one here were left out */
};

#define DIRNAMES_BUFFER 131072

/*
 * List the directory @fd (readable), keeping the lowest names at or after @from (NULL: all) that
 * fit in @max_bytes. @scratch holds DIRNAMES_BUFFER bytes, aligned for struct dirent64.
 *
 * Returns 0; -SL_EIO when listing broke off, with what was listed until then kept; -SL_ENOMEM.
 */
int dirnames_read(struct dirnames *n, int fd, const char *from, size_t max_bytes, void *scratch,
		  struct sl_error *err);

/* Make @name (@len bytes) or the first one after it next. False when that lies in another window.
 */
bool dirnames_position(struct dirnames *n, const char *name, size_t len);

/* The next name, or NULL at the end of this window; take also moves on. */
const char *dirnames_peek(const struct dirnames *n);
const char *dirnames_take(struct dirnames *n);

/* Bytes of memory in use. */
size_t dirnames_memory(const struct dirnames *n);
void dirnames_clear(struct dirnames *n);

#endif
