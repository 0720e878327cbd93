/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Documents whose bytes are nothing but chance, as encryption leaves them: no format that people
 * name so begins like that.
 */
#ifndef DIFF_SCRAMBLED_H
#define DIFF_SCRAMBLED_H

#include <strandline/base.h>

/* So many bytes of a beginning are enough, and with fewer than the least nothing is said. */
#define SCRAMBLED_WINDOW 4096
#define SCRAMBLED_LEAST 256

/* By its name: text, settings, source, a page, an office's document, a picture. */
bool scrambled_is_document(struct sl_bytes path);

/*
 * A name with one ending more than the document's: @out is the document's path. False where there
 * is none, or where packers leave such a name beside or instead of the file.
 */
bool scrambled_original(struct sl_bytes path, struct sl_bytes *out);

/* Is this beginning of a file chance, and that of no known format? */
bool scrambled_is_chance(const void *bytes, size_t len);

#endif
