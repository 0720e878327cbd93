/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Digests that others recorded and that are broken. Whoever made a file could give it one of these
 * on purpose: an equal one proves nothing, only another one says that the file is another.
 */
#ifndef CORE_DIGESTWEAK_H
#define CORE_DIGESTWEAK_H

#include <strandline/source.h>

enum weak_kind { WEAK_MD5, WEAK_SHA1 };
#define WEAK_MAX_SIZE 20

struct weak;

/* -SL_EUNSUPPORTED where OpenSSL is told not to offer it (FIPS). */
int weak_new(struct weak **out, enum weak_kind kind, struct sl_error *err);
/* Hashes what it is given. Borrowed; lives as long as @w. */
struct sl_tap *weak_tap(struct weak *w);
/* Ends the message: *len bytes. */
int weak_final(struct weak *w, uint8_t out[WEAK_MAX_SIZE], size_t *len, struct sl_error *err);
void weak_free(struct weak *w); /* NULL is fine */

#endif
