/* SPDX-License-Identifier: Apache-2.0 */
/* Lines as they may be shown: without what opens a door. */
#ifndef DIFF_SECRETS_H
#define DIFF_SECRETS_H

#include "core/buf.h"
#include "diff/textfile.h"

/*
 * Append a line of a text file of this kind. Of a password's hash only how it was made is shown
 * ("$6$(masked)"), wherever in a line it stands; of a public key its type, fingerprint (as
 * ssh-keygen writes it) and comment. What marks an account as locked or without a password stays.
 * 0, -SL_ENOMEM or -SL_ELIMIT.
 */
int secrets_mask(struct buf *out, enum textfile what, struct sl_bytes line);

/*
 * The key in a line of authorized_keys: its type and its base64 text. False: there is none.
 */
bool secrets_find_key(struct sl_bytes line, struct sl_bytes *type, struct sl_bytes *key);

/* A field for a password that lets nobody in, and is no hash: "*", "!", "!!", "x" and the like. */
bool secrets_is_locked(struct sl_bytes password);

#endif
