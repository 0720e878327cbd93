/* SPDX-License-Identifier: Apache-2.0 */
/* A link's path, NUL, its target: an absolute one means the same wherever the link lies. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "diff/facts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	const char *nul = size > 0 ? memchr(text, 0, size) : NULL;
	struct sl_bytes path = {text, nul != NULL ? (size_t)(nul - text) : size}, target;
	bool is_out;

	target = (struct sl_bytes){text + path.len, size - path.len};
	if (nul != NULL)
		target = (struct sl_bytes){nul + 1, size - path.len - 1};
	is_out = facts_leads_out(path, target);
	if (target.len > 0 && target.data[0] == '/' &&
	    is_out != facts_leads_out((struct sl_bytes){"a/b", 3}, target))
		abort();
	(void)facts_is_deceptive(path);
	return 0;
}
