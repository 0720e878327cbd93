/* SPDX-License-Identifier: Apache-2.0 */
/* Header blocks of a pax archive, as far as a bundle may have them. */
#ifndef FORENSICS_PAXHEADER_H
#define FORENSICS_PAXHEADER_H

#include <strandline/error.h>

#include "forensics/membername.h"

#define PAX_BLOCK 512
/* Longest content of an extended header. */
#define PAX_EXTENDED_MAX (8u << 10)

/* What an extended header says about the member behind it. */
struct pax_extended {
	char path[MEMBERNAME_MAX + 1];
	size_t path_len; /* 0: not said */
	uint64_t size;
	bool has_size, has_mtime;
};

struct pax_header {
	char type;
	char name[MEMBERNAME_MAX + 1]; /* prefix and name joined */
	size_t name_len;
	uint64_t size;
};

bool pax_is_zero(const uint8_t block[PAX_BLOCK]);
/* Checksum, magic, name, size and type of one block. -SL_EFORMAT. */
int pax_header_parse(struct pax_header *out, const uint8_t block[PAX_BLOCK], struct sl_error *err);
/* "LENGTH KEY=VALUE\n" records. -SL_EFORMAT. */
int pax_extended_parse(struct pax_extended *out, const char *text, size_t len,
		       struct sl_error *err);

#endif
