/* SPDX-License-Identifier: Apache-2.0 */
#include "host/ctrd_codec.h"

#include <string.h>

/* From year 1, where Go's times begin, to 1970. */
#define GO_EPOCH 62135596800
#define NSEC_MAX 999999999

/* Wire types of protobuf. */
enum {
	WIRE_VARINT = 0,
	WIRE_64 = 1,
	WIRE_BYTES = 2,
	WIRE_32 = 5,
};

int ctrd_uvarint(const char *bytes, size_t len, uint64_t *out, size_t *used, struct sl_error *err)
{
	uint64_t n = 0;

	for (size_t i = 0; i < len && i < 10; i++) {
		uint8_t byte = (uint8_t)bytes[i];

		if (i == 9 && byte > 1)
			break;
		n |= (uint64_t)(byte & 0x7f) << (7 * i);
		if (byte >= 0x80)
			continue;
		if (used == NULL && i + 1 != len)
			return sl_fail(err, SL_EFORMAT, 0, "%zu bytes behind a number",
				       len - i - 1);
		if (used != NULL)
			*used = i + 1;
		*out = n;
		return 0;
	}
	return sl_fail(err, SL_EFORMAT, 0, len < 10 ? "a number was cut" : "a number is too large");
}

static uint64_t big_endian(const char *bytes, size_t len)
{
	uint64_t n = 0;

	for (size_t i = 0; i < len; i++)
		n = n << 8 | (uint8_t)bytes[i];
	return n;
}

/* Version, seconds since year 1, nanoseconds, minutes of the zone (version 2: and its seconds). */
int ctrd_time(const char *bytes, size_t len, struct sl_time *out, struct sl_error *err)
{
	uint64_t nsec;
	int64_t sec;

	if (len == 0 || (bytes[0] != 1 && bytes[0] != 2) || len != (bytes[0] == 1 ? 15 : 16))
		return sl_fail(err, SL_EFORMAT, 0, "no time: %zu bytes", len);
	sec = (int64_t)big_endian(bytes + 1, 8);
	nsec = big_endian(bytes + 9, 4);
	if (nsec > NSEC_MAX || sec < INT64_MIN + GO_EPOCH)
		return sl_fail(err, SL_EFORMAT, 0, "no such time");
	*out = (struct sl_time){.sec = sec - GO_EPOCH, .nsec = (uint32_t)nsec};
	return 0;
}

/* How many bytes a field of @wire has behind its tag, and how many of these are its length. */
static int field_size(const char *at, size_t left, unsigned int wire, size_t *head, size_t *size,
		      struct sl_error *err)
{
	uint64_t n;
	int rc = 0;

	*head = 0;
	switch (wire) {
	case WIRE_VARINT:
		rc = ctrd_uvarint(at, left, &n, size, err);
		break;
	case WIRE_64:
		*size = 8;
		break;
	case WIRE_32:
		*size = 4;
		break;
	case WIRE_BYTES:
		rc = ctrd_uvarint(at, left, &n, head, err);
		if (rc == 0 && n > left - *head)
			rc = sl_fail(err, SL_EFORMAT, 0, "a field was cut");
		if (rc == 0)
			*size = (size_t)n;
		break;
	default:
		return sl_fail(err, SL_EFORMAT, 0, "a field of unknown kind %u", wire);
	}
	if (rc == 0 && *size > left - *head)
		rc = sl_fail(err, SL_EFORMAT, 0, "a field was cut");
	return rc;
}

int ctrd_any(const char *bytes, size_t len, struct ctrd_any *out, struct sl_error *err)
{
	size_t at = 0;

	*out = (struct ctrd_any){.type_url = "", .value = ""};
	while (at < len) {
		size_t used, head, size;
		uint64_t tag;
		int rc = ctrd_uvarint(bytes + at, len - at, &tag, &used, err);

		if (rc < 0)
			return rc;
		at += used;
		/* field numbers have 29 bits, and none is 0 */
		if (tag >> 32 != 0 || tag >> 3 == 0)
			return sl_fail(err, SL_EFORMAT, 0, "no such field");
		rc = field_size(bytes + at, len - at, tag & 7, &head, &size, err);
		if (rc < 0)
			return rc;
		if (tag >> 3 <= 2 && (tag & 7) != WIRE_BYTES)
			return sl_fail(err, SL_EFORMAT, 0, "a field of the wrong kind");
		if (tag >> 3 == 1) {
			out->type_url = bytes + at + head;
			out->type_url_len = size;
		} else if (tag >> 3 == 2) {
			out->value = bytes + at + head;
			out->value_len = size;
		}
		at += head + size;
	}
	return 0;
}
