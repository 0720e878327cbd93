/* SPDX-License-Identifier: Apache-2.0 */
/* A key pair that everybody knows. */
#ifndef UNIT_AGE_KEYS_H
#define UNIT_AGE_KEYS_H

#include <string.h>

#include "core/agewrap.h"

/* 32 bytes of 0x42, and what age-keygen -y says of it. */
#define IDENTITY "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"
#define RECIPIENT "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"

static inline struct age_identities *our_identity(void)
{
	struct age_identities *ids;

	assert_int_equal(age_identities_new(&ids, NULL), 0);
	assert_int_equal(age_identities_parse(ids, IDENTITY, strlen(IDENTITY), NULL), 0);
	return ids;
}

#endif
