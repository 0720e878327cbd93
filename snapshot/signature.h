/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures as they were found beside an image or in files: bytes, nothing of them verified. */
#ifndef SNAPSHOT_SIGNATURE_H
#define SNAPSHOT_SIGNATURE_H

#include <strandline/image.h>

#include "core/buf.h"

/* Bounds: of one image, and of each thing that is read for a signature. */
#define SIGNATURES_MAX 64
#define SIGNATURE_MAX_BYTES (256u << 10)

enum signature_kind {
	SIGNATURE_COSIGN,   /* base64 signature over a simple signing payload */
	SIGNATURE_BUNDLE,   /* sigstore bundle: DSSE envelope around an in-toto statement */
	SIGNATURE_NOTATION, /* Notary Project envelope in JWS */
	SIGNATURE_OTHER,    /* recognised or damaged, but nothing that can count */
};

struct signature {
	enum signature_kind kind;
	char *where;        /* for messages, harmless to print */
	struct buf text;    /* the base64 signature, or the envelope */
	struct buf payload; /* cosign: exactly the bytes that were signed */
	char *why;          /* other: why it cannot count */
};

struct sl_signatures {
	struct signature items[SIGNATURES_MAX];
	size_t count;
	size_t dropped; /* found, but more than fit */
};

/*
 * Append to @*list, made when it is NULL. The contents of @text and @payload move in; both may be
 * NULL. A signature too many is counted, not failed. Strings are copied.
 */
int signature_add(struct sl_signatures **list, enum signature_kind kind, const char *where,
		  struct buf *text, struct buf *payload, struct sl_error *err);
/* A signature that cannot count, and why. */
int signature_add_other(struct sl_signatures **list, const char *where, const char *why,
			struct sl_error *err);
/* NULL is fine. */
void signatures_free(struct sl_signatures *list);

#endif
