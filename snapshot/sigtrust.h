/* SPDX-License-Identifier: Apache-2.0 */
/* Whom an operator trusts to sign images, and the judgement on one signature. No network, no clock
 * of its own, no configuration files. */
#ifndef SNAPSHOT_SIGTRUST_H
#define SNAPSHOT_SIGTRUST_H

#include <strandline/image.h>

#include "core/signchain.h"
#include "core/signpub.h"
#include "snapshot/signature.h"

#define SIGTRUST_MAX_KEYS 64

struct sigtrust {
	struct signpub *keys[SIGTRUST_MAX_KEYS]; /* cosign and sigstore bundles */
	size_t key_count;
	struct signroots *authorities;         /* notation, trust store type "ca"; or NULL */
	struct signroots *signing_authorities; /* the same, type "signingAuthority"; or NULL */
	struct sl_time now;
};

void sigtrust_clear(struct sigtrust *t);

/*
 * Does this signature bind the image's manifest, or an index above it, to somebody trusted?
 * 0, and @signer says to whom (owned by the caller); else negative with the reason. -SL_ENOMEM is
 * the only one that is not about the signature.
 */
int sigtrust_judge(const struct sigtrust *t, const struct signature *s,
		   const struct sl_image *image, char **signer, struct sl_error *err);

#endif
