/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "core/note.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever parses keeps its promises: pieces lie inside the input, and no foreign key verifies. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t key[SIGN_PUBLIC_SIZE] = {1};
	const char *text = (const char *)data;
	struct checkpoint cp;
	struct note n;

	if (note_parse(&n, text, size, NULL) < 0)
		return 0;
	if (n.count == 0 || n.text.len == 0 || n.text.data != text || n.text.len >= size)
		abort();
	for (size_t i = 0; i < n.count; i++) {
		const struct note_signature *s = &n.signatures[i];

		if (s->name.data <= text || s->base64.data + s->base64.len >= text + size)
			abort();
	}
	(void)note_checkpoint_parse(&cp, n.text, NULL);
	if (note_verify(&n, "name", key, NULL) == 0)
		abort();
	return 0;
}
