/* SPDX-License-Identifier: Apache-2.0 */
/* What the user brought from outside of a bundle to bind it to, parsed. */
#ifndef FORENSICS_ANCHORS_H
#define FORENSICS_ANCHORS_H

#include <strandline/bundle.h>

#include "forensics/chain.h"

struct anchors {
	bool has_fingerprint, has_key, has_note;
	char fingerprint[SIGN_FINGERPRINT_SIZE];
	uint8_t key[SIGN_PUBLIC_SIZE];
	struct chain_anchor note;
};

/* 0, or -SL_EINVAL for what is none of these things. */
int anchors_parse(struct anchors *a, const struct sl_verify_options *o, struct sl_error *err);

/*
 * Hold fingerprint and key against the open record that @c has seen; what binds is told. 0, or
 * -SL_EUNTRUSTED when it is another one.
 */
int anchors_check(const struct anchors *a, const struct chain *c, bool *fingerprint, bool *key,
		  struct sl_error *err);

#endif
