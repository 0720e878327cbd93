/* SPDX-License-Identifier: Apache-2.0 */
/* The key of an age file, wrapped for each who may have it, and found again. */
#ifndef CORE_AGEWRAP_H
#define CORE_AGEWRAP_H

#include "core/ageheader.h"
#include "core/agekey.h"

/* A whole header: one stanza for each recipient, or one for the passphrase. */
int age_wrap(struct buf *header, const struct age_recipients *r,
	     const uint8_t file_key[AGE_FILE_KEY_SIZE], struct sl_error *err);
/*
 * Read the header and find the file key with one of the identities. 0; -SL_EFORMAT;
 * -SL_EUNTRUSTED; -SL_ENOTFOUND when none fits; -SL_ELIMIT for too costly a passphrase.
 */
int age_unwrap(const char *header, size_t len, const struct age_identities *ids,
	       uint8_t file_key[AGE_FILE_KEY_SIZE], struct sl_error *err);

#endif
