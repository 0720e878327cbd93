/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a document goes: standard output, or a file that appears under its name only when it is
 * whole.
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include "core/ostream.h"

struct output {
	struct ostream *stream;
	char *final_path;     /* NULL when written in place */
	char *temporary_path; /* until it is renamed */
	bool is_terminal;
};

/* NULL or "-" is standard output; devices and pipes are written in place. */
int output_open(struct output *out, const char *path, struct sl_error *err);
/*
 * Not over what is read, however it is called. -SL_EINVAL when @path is the same file as @input;
 * NULL, standard streams and what is not there yet are none.
 */
int output_spares(const char *path, const char *input, struct sl_error *err);
/* Everything is written: finish, reach the disk, rename. */
int output_commit(struct output *out, struct sl_error *err);
/* A short document at once. */
struct buf;
int output_text(const char *path, const struct buf *text, struct sl_error *err);
/* A list at once. */
struct columns;
int output_columns(const char *path, struct columns *columns, struct sl_error *err);
/* Close; what was not committed is removed. */
void output_clear(struct output *out);

#endif
