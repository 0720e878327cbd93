/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Variables of an environment and options of an interpreter that make it, or the dynamic loader,
 * run code from elsewhere: which paths they name. Texts that a process can write.
 */
#ifndef HOST_PROCLEADS_H
#define HOST_PROCLEADS_H

#include <strandline/base.h>

struct procleads_lead {
	const char *by;       /* static: "NODE_OPTIONS", "-javaagent" */
	struct sl_bytes path; /* absolute or not; never empty */
	bool is_search;       /* what lies in this directory is found by its name */
	bool is_module;       /* without a slash it is a name that is looked up elsewhere */
	bool is_code;         /* a program in its arguments loads it */
	bool may_lack;        /* what is not there was perhaps never meant to be */
};

typedef int procleads_fn(void *payload, const struct procleads_lead *lead);

/* Is the variable ("NAME=VALUE") of this kind? LD_PRELOAD and LD_AUDIT are, and lead nowhere here.
 */
bool procleads_wants(struct sl_bytes variable);
/* Each path that it names. What @each returns but 0 ends it and is returned. */
int procleads_variable(struct sl_bytes variable, procleads_fn *each, void *payload);
/* The same of the options of a program, by @exe, its path. The program itself is not among them. */
int procleads_arguments(struct sl_bytes arguments, const char *exe, procleads_fn *each,
			void *payload);
/* Of a program in arguments ("sh -c TEXT"), joined: the files that it loads as code of its own. */
int procleads_code(struct sl_bytes text, procleads_fn *each, void *payload);

#endif
