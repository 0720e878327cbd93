/* SPDX-License-Identifier: Apache-2.0 */
/* Rule and policy files as documents: what is parsed holds together, what is not says where. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void get_everything(const struct ynode *map, const char *key)
{
	static const char *const words[] = {"low", "high", NULL};
	const struct ynode *list = NULL;
	struct sl_time time;
	const char *text;
	unsigned int word = 0;
	uint64_t n;

	if (ynode_text(map, key, &text, NULL) == 0 && text[0] == '\0')
		abort();
	(void)ynode_u64(map, key, &n, NULL);
	(void)ynode_time(map, key, &time, NULL);
	if (ynode_word(map, key, words, &word, NULL) == 0 && word > 1)
		abort();
	if (ynode_texts(map, key, &list, NULL) == 0 && ynode_len(list) == 0)
		abort();
}

/* Depth first without recursion: the depth is bounded. */
static size_t walk(const struct ynode *root)
{
	const struct ynode *stack[YDOC_MAX_DEPTH + 1];
	size_t depth = 0, count = 0;

	stack[depth++] = root;
	while (depth > 0) {
		const struct ynode *n = stack[--depth];
		const struct ynode *first = ynode_first(n);

		count++;
		if (ynode_kind(n) == YNODE_SCALAR && (first != NULL || ynode_scalar(n) == NULL))
			abort();
		if (ynode_next(n) != NULL)
			stack[depth++] = ynode_next(n);
		if (first != NULL)
			stack[depth++] = first;
		for (; first != NULL && ynode_kind(n) == YNODE_MAP; first = ynode_next(first)) {
			if (ynode_get(n, ynode_key(first)) != first)
				abort(); /* a key twice */
			get_everything(n, ynode_key(first));
		}
	}
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sl_error err = SL_ERROR_INIT;
	struct ydoc *doc = NULL;
	int rc = ydoc_parse(&doc, "f.yaml", data, size, &err);

	if (rc < 0 && (doc != NULL || strncmp(sl_error_text(&err), "f.yaml:", 7) != 0))
		abort();
	if (rc == 0 && walk(ydoc_root(doc)) > YDOC_MAX_NODES)
		abort();
	ydoc_free(doc);
	sl_error_clear(&err);
	return 0;
}
