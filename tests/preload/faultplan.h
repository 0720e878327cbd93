/* SPDX-License-Identifier: Apache-2.0 */
/* Which of a program's calls fails: "KIND:N:ERRNO[:always]". Calls are counted from 1, each kind
 * for itself. */
#ifndef TESTS_PRELOAD_FAULTPLAN_H
#define TESTS_PRELOAD_FAULTPLAN_H

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define FAULTPLAN_KINDS 16

struct faultplan {
	size_t kind;
	unsigned long at; /* 0: never */
	int number;
	bool always; /* all from then on */
	unsigned long counts[FAULTPLAN_KINDS];
};

/* @text may be NULL. */
static inline void faultplan_parse(struct faultplan *p, const char *text, const char *const kinds[],
				   size_t count)
{
	char kind[8] = "", how[8] = "";

	if (text == NULL)
		return;
	p->always = sscanf(text, "%7[^:]:%lu:%d:%7s", kind, &p->at, &p->number, how) == 4;
	for (size_t k = 0; k < count; k++)
		if (strcmp(kind, kinds[k]) == 0)
			p->kind = k;
}

/* Is it this call's turn to fail? Then with errno. */
static inline bool faultplan_fails(struct faultplan *p, size_t kind)
{
	unsigned long n = __atomic_add_fetch(&p->counts[kind], 1, __ATOMIC_SEQ_CST);

	if (p->at == 0 || kind != p->kind || n < p->at || (n > p->at && !p->always))
		return false;
	errno = p->number;
	return true;
}

#endif
