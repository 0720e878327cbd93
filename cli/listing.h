/* SPDX-License-Identifier: Apache-2.0 */
/* A command that lists what the database holds: as a table for people, as one JSON document. */
#ifndef CLI_LISTING_H
#define CLI_LISTING_H

#include "cli/app.h"
#include "cli/columns.h"
#include "core/json.h"
#include "job/job.h"

struct listing {
	const char *schema, *key; /* of the document, and of its one array */
	const char *const *headings;
	size_t heading_count;
	/* Add each row; add each element of the array. */
	int (*table)(const struct job *job, struct columns *to, struct sl_error *err);
	int (*json)(const struct job *job, struct jout *to, struct sl_error *err);
};

/* Returns an exit status; 1 when what is listed is not what was recorded. */
int listing_run(struct app *app, const struct listing *l);

/* What --format of such a command may be. */
extern const char *const listing_formats[];

#endif
