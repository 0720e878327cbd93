/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of recipients and identities, for the other files of the age family. */
#ifndef CORE_AGEKEY_H
#define CORE_AGEKEY_H

#include "core/age.h"
#include "core/ageseal.h"

struct age_recipients {
	uint8_t keys[AGE_RECIPIENTS_MAX][AGE_KEY_SIZE];
	size_t count;
	char *passphrase; /* AGE_PASSPHRASE_MAX bytes of secret memory, or NULL */
	size_t passphrase_len;
};

/* What stands on the pages. */
struct age_secrets {
	uint8_t keys[AGE_IDENTITIES_MAX][AGE_KEY_SIZE];
	char passphrase[AGE_PASSPHRASE_MAX];
};

struct age_identities {
	struct age_secrets *secrets;
	uint8_t recipients[AGE_IDENTITIES_MAX][AGE_KEY_SIZE]; /* their public halves */
	size_t count, passphrase_len;
	bool has_passphrase;
};

#endif
