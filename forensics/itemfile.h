/* SPDX-License-Identifier: Apache-2.0 */
/* A salvaged payload as a file of its own, under a name that says how far it can be believed. */
#ifndef FORENSICS_ITEMFILE_H
#define FORENSICS_ITEMFILE_H

#include <strandline/error.h>

#define ITEMFILE_NAME_SIZE 256
/* As many members of one name are written; a damaged bundle may have had some put in. */
#define ITEMFILE_COPIES_MAX 16

struct itemfile {
	int fd, dir_fd;
	unsigned int copy; /* from 1, of those of its name; 0 when none was created */
	char name[ITEMFILE_NAME_SIZE];
};

#define ITEMFILE_INIT ((struct itemfile){.fd = -1, .dir_fd = -1})

/* Create it as unattested. @member is the name of a payload member. -SL_EIO where that fails. */
int itemfile_open(struct itemfile *f, int dir_fd, const char *member, size_t len);
/* Nothing when it is not open. */
int itemfile_write(struct itemfile *f, const void *bytes, size_t len, struct sl_error *err);
/* What is not whole is called so. @return whether there was one */
bool itemfile_close(struct itemfile *f, bool is_whole);
/* That @copy turned out to be attested: it loses what its name had behind it. */
void itemfile_attest(int dir_fd, const char *member, size_t len, unsigned int copy);

#endif
