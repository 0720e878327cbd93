/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text in front of an age file: a version line, a stanza for each recipient, a MAC. Read as
 * strictly as the specification asks: one way to write each thing, nothing left over.
 */
#ifndef CORE_AGEHEADER_H
#define CORE_AGEHEADER_H

#include <strandline/error.h>

#include "core/age.h"
#include "core/ageseal.h"

#define AGE_FILE_KEY_SIZE 16

/* Arguments and body bytes of a stanza that are kept; no stanza that is known here has more. */
enum { AGE_ARGS_KEPT = 3, AGE_BODY_KEPT = AGE_FILE_KEY_SIZE + AGE_TAG_SIZE };

struct age_stanza {
	struct sl_bytes args[AGE_ARGS_KEPT]; /* the first is the type; borrowed */
	size_t arg_count;
	uint8_t body[AGE_BODY_KEPT];
	size_t body_len; /* may be more than was kept */
};

struct age_header {
	const char *text;
	size_t len, pos;
	/* once the end was met */
	size_t mac_len; /* bytes that the MAC covers */
	uint8_t mac[AGE_KEY_SIZE];
};

/* Length of the header that begins at @bytes. 0; 1 when more bytes are needed; -SL_EFORMAT. */
int age_header_length(const char *bytes, size_t len, size_t *out, struct sl_error *err);
/* @text, exactly a header, is borrowed. */
int age_header_open(struct age_header *h, const char *text, size_t len, struct sl_error *err);
/* The next stanza. 0; 1 at the end, when the MAC was read; -SL_EFORMAT. */
int age_header_next(struct age_header *h, struct age_stanza *out, struct sl_error *err);
/* After the end. 0; -SL_EUNTRUSTED. */
int age_header_check(const struct age_header *h, const uint8_t file_key[AGE_FILE_KEY_SIZE],
		     struct sl_error *err);

/* Bytes in the form of arguments. 0 when it is exactly @len bytes; -SL_EFORMAT. */
int age_header_decode(uint8_t *out, size_t len, struct sl_bytes text);

/* ---- writing ---- */

int age_header_begin(struct buf *out);
/* @args holds type and arguments with their spaces. */
int age_header_stanza(struct buf *out, const char *args, const uint8_t *body, size_t len);
int age_header_encode(struct buf *out, const uint8_t *bytes, size_t len);
int age_header_finish(struct buf *out, const uint8_t file_key[AGE_FILE_KEY_SIZE],
		      struct sl_error *err);

#endif
