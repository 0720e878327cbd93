/* SPDX-License-Identifier: Apache-2.0 */
/* What is in a bundle, said to people: a line for each record, and looking things up by path. */
#ifndef FORENSICS_INVENTORY_H
#define FORENSICS_INVENTORY_H

#include <strandline/bundle.h>

#include "core/buf.h"
#include "core/rfile.h"

/*
 * Append one line for a record, without a line feed: number, type, target, and what matters of it
 * (a file: role, kind, size, digest, path). Evidence bytes are quoted for a terminal. A record that
 * cannot be parsed is a line that says so.
 */
int inventory_line(struct buf *out, const struct sl_bundle_record *record, struct sl_error *err);

/*
 * The last file record of this path (with or without its leading slash) that has content. @role and
 * @target (0: any) narrow it down; @role may be NULL, which prefers "upper".
 * 0; -SL_ENOTFOUND; -SL_EAMBIGUOUS when containers share it. @file is borrowed for the call.
 */
int inventory_find(struct rfile *file, const char *path, const char *role, uint32_t target,
		   uint64_t *seq, struct sl_error *err);

/* The line of record @seq, without its line feed, into the empty @line. 0; -SL_ENOTFOUND. */
int inventory_record(struct rfile *file, uint64_t seq, struct buf *line, struct sl_error *err);

/*
 * The number of the container that @word means: its number before all else, its name, id or the
 * beginning of the id.
 * 0; -SL_ENOTFOUND, -SL_EAMBIGUOUS.
 */
int inventory_target(struct rfile *file, const char *word, uint32_t *out, struct sl_error *err);

#endif
