/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inclusion proofs as text (C2SP tlog-proof): a line that names the format, what the leaf is made
 * of ("extra", base64), its index, the hashes, an empty line, and the checkpoint as it was issued.
 */
#ifndef CORE_TLOGPROOF_H
#define CORE_TLOGPROOF_H

#include <strandline/error.h>

#include "core/buf.h"
#include "core/merkle.h"

/* Append one. @extra may be NULL; @note is whole lines. */
int tlogproof_write(struct buf *out, const void *extra, size_t extra_len, uint64_t index,
		    const struct merkle_proof *proof, struct sl_bytes note);

struct tlogproof {
	struct sl_bytes extra; /* base64, borrowed, not NUL-terminated; empty when there is none */
	uint64_t index;
	struct merkle_proof proof;
	struct sl_bytes note; /* borrowed; not judged */
};

/*
 * The proof that begins at @pos, which is moved behind it: several may stand one after the other.
 * 0; 1 at the end; -SL_EFORMAT.
 */
int tlogproof_next(struct tlogproof *out, const char *bytes, size_t len, size_t *pos,
		   struct sl_error *err);

#endif
