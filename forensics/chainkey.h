/* SPDX-License-Identifier: Apache-2.0 */
/* The part of a bundle's chain that is keys and signatures (bundle format, section 5). */
#ifndef FORENSICS_CHAINKEY_H
#define FORENSICS_CHAINKEY_H

#include "core/note.h"
#include "forensics/chain.h"

/* Key 0, fingerprint, certificate and digests of the head from the open record. */
int chainkey_open(struct chain *c, const struct jval *record, struct sl_error *err);
/* The key of segment @next from the record that ends the one before. */
int chainkey_epoch(struct chain *c, const struct jval *record, uint64_t next, struct sl_error *err);
int chainkey_close(struct chain *c, const struct jval *record, struct sl_error *err);
/* The checkpoint and the key file of a segment signed by @key. */
int chainkey_note(struct chain *c, const struct segment *g, const uint8_t key[SIGN_PUBLIC_SIZE],
		  struct sl_error *err);
/* Text of a note, and its signatures if it has any: a bare text is an unsigned checkpoint. */
int chainkey_parse_note(struct note *out, struct sl_bytes bytes, struct sl_error *err);
/* Signed by @key as the checkpoint of segment @epoch, or unsigned like all before. */
int chainkey_signatures(struct chain *c, const struct note *n, uint64_t epoch,
			const uint8_t key[SIGN_PUBLIC_SIZE], struct sl_error *err);
/* 0 when the checkpoint names the bundle of the open record as its origin. */
int chainkey_origin(const struct chain *c, const struct checkpoint *said, struct sl_error *err);

#endif
