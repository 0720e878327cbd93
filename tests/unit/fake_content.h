/* SPDX-License-Identifier: Apache-2.0 */
/* Contents of any size that misbehave on demand, for tests of whoever reads them. */
#ifndef TESTS_FAKE_CONTENT_H
#define TESTS_FAKE_CONTENT_H

#include <strandline/source.h>

struct fake_content {
	uint64_t size;     /* bytes that come */
	uint32_t seed;     /* which bytes: the same seed, the same bytes */
	bool is_random;    /* else a text that compresses */
	uint64_t fails_at; /* end with @sys after so many bytes, when sys is not 0 */
	int sys;
	bool changes;
	unsigned int *closed; /* counted up at close; may be NULL */
};

/* Byte @at of such a content. */
uint8_t fake_content_byte(const struct fake_content *f, uint64_t at);
struct sl_content *fake_content(const struct fake_content *how);

#endif
