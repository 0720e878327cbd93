/* SPDX-License-Identifier: Apache-2.0 */
/* Proof that layer directories on disk are still the layers of their images. */
#ifndef JOB_CHECK_H
#define JOB_CHECK_H

#include <strandline/check.h>
#include <strandline/container.h>

#include "job/job.h"

struct check_request {
	const char *const *containers; /* names, as people give them */
	size_t container_count;
	const char *image; /* this image's directories instead */
	const char *platform;
	bool all;      /* every image of every store, and what containers have besides */
	bool no_index; /* do not store what images are that are not known yet */
	bool accept_unproven;
};

/*
 * Check each directory once and tell the sink; what became of it is kept in the database.
 *
 * @param[out] status  0 everything is proven and intact, 1 something was tampered with, 3 nothing
 *                     was, but something is unproven or went unread
 * @return 0; negative when no statement at all can be made
 */
int job_check(const struct job *job, const struct check_request *request,
	      struct sl_check_sink *sink, int *status, struct sl_error *err);

struct host;

struct sl_image;

struct check_how {
	bool no_index; /* as above */
	void (*guard)(
		struct sl_image *image); /* called before a directory of it is read; or NULL */
	struct sl_baselines **kept;      /* gets the database, open, for who goes on; or NULL */
};

/*
 * The same for one container of a host that is open, without begin and end. Into @totals.
 */
int job_check_container(const struct job *job, struct host *host,
			const struct sl_container *container, const struct check_how *how,
			struct sl_check_sink *sink, struct sl_check_totals *totals,
			struct sl_error *err);

#endif
