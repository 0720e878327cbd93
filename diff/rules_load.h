/* SPDX-License-Identifier: Apache-2.0 */
/* Rules out of files: docs/rules.md is the format. */
#ifndef DIFF_RULES_LOAD_H
#define DIFF_RULES_LOAD_H

#include "diff/rules.h"

struct rules_loaded {
	struct rule *items;
	size_t count, room;
	void **owned; /* documents and lists that the rules borrow from */
	void (**free_owned)(void *p);
	size_t owned_count, owned_room;
};

/*
 * Add the rules of a document in memory, of a file, or of every "*.yaml" of a directory, in the
 * order of the names. An id that was loaded before is an error, as is everything that is not
 * understood: "FILE:LINE:COLUMN: what, what to do". Clear also after an error.
 */
int rules_load_text(struct rules_loaded *l, const char *file, const void *text, size_t len,
		    struct sl_error *err);
int rules_load_file(struct rules_loaded *l, const char *path, struct sl_error *err);
int rules_load_dir(struct rules_loaded *l, const char *path, struct sl_error *err);
void rules_loaded_clear(struct rules_loaded *l);

#endif
