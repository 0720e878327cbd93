/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What drift is expected, as operators write it down (docs/policy.md): whose, where, of what kind,
 * until when, who approved it and why. A policy explains findings; it hides none.
 */
#ifndef DIFF_POLICY_H
#define DIFF_POLICY_H

#include <strandline/sink.h>

#include "core/buf.h"
#include "core/yaml.h"

struct policy;

/* Whom a policy is asked about. Texts borrowed for as long as it is asked; NULL: unknown. */
struct policy_subject {
	const char *container; /* its name, else its id */
	const char *id;
	const char *pod;          /* "NAMESPACE/POD", NULL: in none */
	const char *image;        /* as it was asked for */
	const char *image_id;     /* "sha256:..." */
	const char *image_digest; /* the same, of its manifest */
};

/* What must be granted by `allow`; named as there. */
enum policy_right {
	POLICY_PROGRAM = 1u << 0,    /* is or was an ELF file, a script, or executable */
	POLICY_SETUID = 1u << 1,     /* is setuid or setgid */
	POLICY_CAPABILITY = 1u << 2, /* carries file capabilities */
	POLICY_ACCOUNT = 1u << 3,    /* is an account file: /etc/passwd and its like */
	POLICY_KEY = 1u << 4,        /* is a private key */
	POLICY_DEVICE = 1u << 5,     /* is a device */
	POLICY_RUNNING = 1u << 6,    /* runs, or is mapped by what runs */
	POLICY_MATCHED = 1u << 7,    /* is known to be bad, or a YARA rule matches it */
	POLICY_SEVERE = 1u << 8,     /* none of these, and of high severity or worse all the same */
};

int policy_new(struct policy **out, struct sl_error *err);
void policy_free(struct policy *p); /* NULL is fine */
/* Add the rules of a document, which is copied. Errors name file, line and column. */
int policy_add(struct policy *p, const struct ydoc *doc, struct sl_error *err);
size_t policy_count(const struct policy *p);

/* From now on it is about this container, at this time. */
void policy_begin(struct policy *p, const struct policy_subject *subject, struct sl_time now);

/*
 * Explain @f if a rule expects it and nothing has explained it before; what it lends lives as long
 * as the policy. @return whether it did
 */
bool policy_explain(struct policy *p, struct sl_finding *f);

/*
 * What its rules were used for, as bytes for another process that has the same policy; there they
 * are added to what it knows.
 */
void policy_forget_tally(struct policy *p);
void policy_tally(const struct policy *p, struct buf *out);
void policy_add_tally(struct policy *p, const void *bytes, size_t len);

/* What @f would need beyond its place or subject: set of enum policy_right. */
uint32_t policy_rights(const struct sl_finding *f);
/* The word for one right; NULL for none. */
const char *policy_right_name(uint32_t bit);

/*
 * What is wrong with the rules at @now, a line each: expired, broader than is wise, and, once
 * @has_run, never asked about any container or without any finding. Non-zero from @tell is
 * returned.
 */
int policy_warn(const struct policy *p, struct sl_time now, bool has_run,
		int (*tell)(void *payload, const char *line), void *payload);

#endif
