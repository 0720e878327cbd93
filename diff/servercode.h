/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Code for a web server anywhere in a file: a picture with PHP behind its header is a picture to
 * whoever looks at its first bytes, and a program to a server that was told to run it.
 */
#ifndef DIFF_SERVERCODE_H
#define DIFF_SERVERCODE_H

#include <strandline/base.h>

/* What lies further back is not looked at. */
#define SERVERCODE_BYTES_MAX ((uint64_t)8 << 20)
/* The longest beginning that is told from others. */
#define SERVERCODE_MARK_MAX 32

/* Zero it, feed it all bytes in order. */
struct servercode {
	uint64_t seen;
	bool found;
	uint8_t tail[SERVERCODE_MARK_MAX]; /* what a mark may have begun in */
	size_t tail_len;
};

void servercode_feed(struct servercode *s, const void *bytes, size_t len);

/* All at once, as far as @len goes. */
bool servercode_in(const void *bytes, size_t len);

#endif
