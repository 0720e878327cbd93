/* SPDX-License-Identifier: Apache-2.0 */
/* Bech32 (BIP 173) without its limit of 90 characters, as age writes keys. */
#ifndef CORE_BECH32_H
#define CORE_BECH32_H

#include <strandline/base.h>

/* Characters of prefix and @len bytes, and a NUL. */
#define BECH32_SIZE(prefix_len, len) ((prefix_len) + 1 + ((len)*8 + 4) / 5 + 6 + 1)

/*
 * Lower case. @prefix: lower-case letters, digits and dashes; @out holds
 * BECH32_SIZE(strlen(prefix), len) bytes.
 */
void bech32_encode(char *out, const char *prefix, const uint8_t *bytes, size_t len);
/*
 * Exactly @len bytes under @prefix (lower case); the text is all lower or all upper case.
 * 0; -SL_EFORMAT.
 */
int bech32_decode(uint8_t *out, size_t len, const char *prefix, const char *text, size_t text_len);

#endif
