/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as text and back: hexadecimal, base64 (RFC 4648), UTF-8 checking. */
#ifndef CORE_ENCODE_H
#define CORE_ENCODE_H

#include <strandline/base.h>

#include "core/buf.h"

/* out must hold 2 * len + 1 bytes. */
void hex_encode(char *out, const void *bytes, size_t len);
/* Exactly 2 * len digits, in lower case. Returns 0, or -SL_EFORMAT. */
int hex_decode(void *out, size_t len, const char *text, size_t text_len);

/* "sha256:" + 64 lower-case digits, nothing else. Returns 0, or -SL_EFORMAT. */
int digest_parse(uint8_t out[SL_SHA256_SIZE], const char *text, size_t text_len);
#define DIGEST_TEXT_SIZE (7 + 64 + 1)
void digest_format(char out[DIGEST_TEXT_SIZE], const uint8_t digest[SL_SHA256_SIZE]);

/* Standard alphabet, padded. */
int base64_encode(struct buf *out, const void *bytes, size_t len);
/* Strict: padding required, no white space, no stray bits. Returns 0, -SL_EFORMAT, -SL_ENOMEM... */
int base64_decode(struct buf *out, const char *text, size_t len);
/* The same strictness for the URL-safe alphabet of JOSE, which has no padding (RFC 7515, 2). */
int base64url_decode(struct buf *out, const char *text, size_t len);

/* Well-formed UTF-8 without surrogates or overlong forms (Unicode 15, table 3-7). */
bool utf8_valid(const char *text, size_t len);
/* Length of the well-formed sequence at text, 0 when there is none; *code is its scalar value. */
size_t utf8_next(const char *text, size_t len, uint32_t *code);

#endif
