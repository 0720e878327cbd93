/* SPDX-License-Identifier: Apache-2.0 */
/* A word that refers to a container or image, taken apart (the forms are in host.h). */
#ifndef HOST_WORD_H
#define HOST_WORD_H

#include <strandline/error.h>

enum word_kind {
	WORD_NAME, /* a name, an id or the beginning of one */
	WORD_PATH, /* of an upper directory */
	WORD_POD,
};

/* Which of the times that a container of a pod was made. */
enum word_attempt { ATTEMPT_BEST, ATTEMPT_PREVIOUS, ATTEMPT_NUMBER };

struct word {
	enum word_kind kind;
	char engine[16];  /* "": any */
	const char *rest; /* what stands behind the engine; borrowed */
	char *ns;         /* pod: its namespace, "" for pods without one; NULL: any. Owned */
	char *pod;        /* owned */
	char *container;  /* of the pod; NULL: all. Owned */
	enum word_attempt pick;
	uint32_t attempt;
};

/* Borrows @text. -SL_EINVAL for a malformed pod. */
int word_parse(struct word *out, const char *text, struct sl_error *err);
void word_clear(struct word *w);

/* The engine, or NULL when any will do. */
const char *word_engine(const struct word *w);

#endif
