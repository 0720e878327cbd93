/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The few encodings of containerd's values: Go's varints, Go's times, protobuf's Any. All take
 * bytes with their length and read nothing else; malformed ones are -SL_EFORMAT.
 */
#ifndef HOST_CTRD_CODEC_H
#define HOST_CTRD_CODEC_H

#include <strandline/error.h>

/*
 * The number at the beginning of @bytes, 7 bits a byte, the lowest first. *used is how many bytes
 * it took; NULL: it must be all of them.
 */
int ctrd_uvarint(const char *bytes, size_t len, uint64_t *out, size_t *used, struct sl_error *err);

/* Go's time.MarshalBinary, version 1 or 2. The zone it was written in is dropped. */
int ctrd_time(const char *bytes, size_t len, struct sl_time *out, struct sl_error *err);

/*
 * Both borrowed from the bytes that were decoded, NOT terminated by a NUL byte; empty when the
 * field is not there.
 */
struct ctrd_any {
	const char *type_url;
	size_t type_url_len;
	const char *value;
	size_t value_len;
};

/*
 * Fields may come in any order and again (the last one counts); unknown ones are passed over.
 * Protobuf's groups are refused: nobody writes them.
 */
int ctrd_any(const char *bytes, size_t len, struct ctrd_any *out, struct sl_error *err);

#endif
