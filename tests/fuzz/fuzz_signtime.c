/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "core/signtime.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The bytes as a time stamp, and as a question to one. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t digest[SL_SHA256_SIZE] = {1};
	struct signtime *t = NULL;

	if (signtime_parse(&t, data, size, NULL) != 0)
		return 0;
	if (signtime_signer(t) == NULL || strchr(signtime_signer(t), '\n') != NULL)
		abort();
	(void)signtime_answers(t, data, size, NULL);
	if (signtime_covers(t, digest, NULL) == 0)
		abort();
	if (signtime_trust(t, "", 0, NULL) == 0)
		abort();
	signtime_free(t);
	return 0;
}
