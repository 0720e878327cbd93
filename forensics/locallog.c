/* SPDX-License-Identifier: Apache-2.0 */
#include "forensics/locallog.h"

#include <stdint.h>
#include <string.h>

#define NANO INT64_C(1000000000)

/* The fields that matter here, as Docker's entry.proto numbers them. */
enum { FIELD_SOURCE = 1, FIELD_TIME = 2, FIELD_LINE = 3 };
enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

struct cursor {
	const uint8_t *at, *end;
};

struct field {
	uint64_t number, value; /* value: of a varint, or the length of bytes */
	unsigned int wire;
	const uint8_t *bytes;
};

size_t locallog_length(const void *bytes)
{
	const uint8_t *b = bytes;
	size_t len = (size_t)b[0] << 24 | (size_t)b[1] << 16 | (size_t)b[2] << 8 | b[3];

	return len <= LOCALLOG_MESSAGE_MAX ? len : 0;
}

static int read_varint(struct cursor *c, uint64_t *out)
{
	*out = 0;
	for (unsigned int shift = 0; shift < 64 && c->at < c->end; shift += 7) {
		uint8_t byte = *c->at++;

		*out |= (uint64_t)(byte & 0x7f) << shift;
		if ((byte & 0x80) == 0)
			return 0;
	}
	return -SL_EFORMAT;
}

static int skip(struct cursor *c, uint64_t len, const uint8_t **bytes)
{
	if (len > (uint64_t)(c->end - c->at))
		return -SL_EFORMAT;
	*bytes = c->at;
	c->at += len;
	return 0;
}

static int read_field(struct cursor *c, struct field *out)
{
	uint64_t key;
	int rc = read_varint(c, &key);

	if (rc < 0)
		return rc;
	*out = (struct field){.number = key >> 3, .wire = (unsigned int)(key & 7)};
	switch (out->wire) {
	case WIRE_VARINT:
		return read_varint(c, &out->value);
	case WIRE_64:
		return skip(c, 8, &out->bytes);
	case WIRE_32:
		return skip(c, 4, &out->bytes);
	case WIRE_BYTES:
		rc = read_varint(c, &out->value);
		return rc < 0 ? rc : skip(c, out->value, &out->bytes);
	default:
		return -SL_EFORMAT;
	}
}

static void set_time(struct logline *out, uint64_t value)
{
	int64_t nano = (int64_t)value;
	bool is_early = nano % NANO < 0;

	out->time.sec = nano / NANO - is_early;
	out->time.nsec = (uint32_t)(nano % NANO + (is_early ? NANO : 0));
}

int locallog_parse(struct logline *out, struct buf *text, const void *bytes, size_t len)
{
	struct cursor c = {bytes, (const uint8_t *)bytes + len};
	const uint8_t *line = NULL;
	bool has_time = false;
	size_t line_len = 0;
	struct field f;

	*out = (struct logline){0};
	while (c.at < c.end) {
		int rc = read_field(&c, &f);

		if (rc < 0)
			return rc;
		if (f.number == FIELD_TIME && f.wire == WIRE_VARINT) {
			set_time(out, f.value);
			has_time = true;
		} else if (f.number == FIELD_SOURCE && f.wire == WIRE_BYTES) {
			logline_stream(out, (const char *)f.bytes, f.value);
		} else if (f.number == FIELD_LINE && f.wire == WIRE_BYTES) {
			line = f.bytes;
			line_len = f.value;
		}
	}
	if (!has_time)
		return -SL_EFORMAT;
	return line_len > 0 ? logline_text(text, (const char *)line, line_len) : 0;
}
