/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What lies beside a bundle, held against it: NAME.note, NAME.sha256, NAME.tsr and NAME.N.tsr,
 * NAME.custody.jsonl. Whoever can write to the folder can put anything there, so none of it changes
 * the verdict on the bundle for the worse; but what contradicts it is told.
 */
#ifndef JOB_BESIDE_H
#define JOB_BESIDE_H

#include <strandline/bundle.h>

#include "job/filedigest.h"
#include "job/sidecar.h"

#define BESIDE_TOKENS_MAX 64

struct beside_file {
	const char *kind; /* "note", "sha256", "timestamp", "custody" */
	char *name;       /* owned */
	bool contradicts;
	char *problem; /* owned; NULL: it agrees */
};

struct beside {
	struct sidecars at;
	struct buf *tokens; /* owned, with their number below */
	struct sl_token *token_list;
	size_t token_count;
	struct beside_file *files; /* what was found, in the order above */
	size_t count;
	bool contradicts; /* one of them does */
	bool has_digest;  /* of the bundle, once it was asked for */
	struct filedigest digest;
};

/* Find the files and read the tokens. @dir NULL: the bundle's folder. */
int beside_open(struct beside *out, const char *bundle, const char *dir, struct sl_error *err);
/* Hold them against what was found out about the bundle. @stop as for filedigest_read(). */
int beside_judge(struct beside *b, const char *bundle, const struct sl_verify_result *r,
		 const volatile sig_atomic_t *stop, struct sl_error *err);
void beside_clear(struct beside *b);

#endif
