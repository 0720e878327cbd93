/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One question to a server over HTTP or HTTPS. libcurl is loaded when it is first asked for, so
 * that no other run waits for it; the static program has no network.
 */
#ifndef CORE_HTTPPOST_H
#define CORE_HTTPPOST_H

#include <signal.h>

#include <strandline/error.h>

#include "core/buf.h"

struct httppost {
	const char *url;  /* http:// or https:// */
	const char *type; /* Content-Type of the body */
	const char *accept;
	const void *body;
	size_t len;
	unsigned int seconds;              /* for all of it */
	const volatile sig_atomic_t *stop; /* may be NULL; set by a signal: -SL_ECANCELLED soon */
};

/*
 * Append the answer's body to @out, at most its maximum. Three redirections are followed, none of
 * them from https to http; proxies are those of the environment, as curl takes them.
 * -SL_EUNSUPPORTED: without libcurl; -SL_ELIMIT: the answer is larger; else -SL_EIO.
 */
int httppost(const struct httppost *post, struct buf *out, struct sl_error *err);

#endif
