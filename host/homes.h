/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Directories of people in the examined root: engines that run without root keep their stores in
 * their homes, and what lasts until the next boot in run/user/UID.
 */
#ifndef HOST_HOMES_H
#define HOST_HOMES_H

#include <strandline/error.h>

/* Texts are lent for the call. */
struct home {
	const char *user; /* NULL: a directory in /home that etc/passwd does not know (LDAP...) */
	const char *dir;  /* absolute path inside the examined root */
	uint32_t uid, gid;
};

/*
 * Call @fn for each line of etc/passwd that has a home, then for each other directory in /home, of
 * whom its owner is. A file that cannot be read has no lines. A non-zero return ends it and is
 * returned.
 */
int homes_each(int root_fd, int (*fn)(void *payload, const struct home *home), void *payload);

/*
 * Call @fn with each "run/user/UID", without a slash in front. A directory that cannot be listed
 * has none. A non-zero return ends it and is returned.
 */
int homes_each_runtime_dir(int root_fd, int (*fn)(void *payload, const char *dir), void *payload);

/* One line without its end, taken apart in place. False: no home is named in it. */
bool home_parse(struct home *out, char *line);

#endif
