/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "forensics/itemproof.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* No proof binds to a fingerprint that is nobody's. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct sl_verify_options nobody = {
		.fingerprint = "0000-0000-0000-0000-0000-0000-0000-0000"};
	static const struct sl_verify_options none = {0};
	struct item item;

	if (item_begin(&item, (const char *)data, size, &none, NULL) == 0) {
		item_data(&item, "x", 1);
		if (item_end(&item, NULL) == 0 && item.verdict > SL_VERDICT_SELF_CONSISTENT)
			abort();
	}
	item_clear(&item);
	if (item_begin(&item, (const char *)data, size, &nobody, NULL) == 0 &&
	    item.verdict != SL_VERDICT_BROKEN)
		abort();
	item_clear(&item);
	return 0;
}
