/* SPDX-License-Identifier: Apache-2.0 */
/* The three questions that ps answers, each in a file of its own. All return an exit status. */
#ifndef CLI_PS_H
#define CLI_PS_H

#include <strandline/container.h>

#include "cli/app.h"
#include "cli/columns.h"
#include "core/json.h"
#include "job/ps.h"

/* What is there? */
int ps_list(struct app *app, const struct job *job, const struct ps_request *request,
	    struct sl_error *err);
/* Whose is this path of the host? */
int ps_path(struct app *app, const struct job *job, const char *path, struct sl_error *err);
/* Where does this path of a container come from? */
int ps_inside(struct app *app, const struct job *job, const char *container, const char *path,
	      struct sl_error *err);

/* A document under way: the gaps, met in between, are written beside the rest and go last. */
struct ps_document {
	struct buf text, gaps_text;
	struct jout out, gaps;
};

/* Open the object, and say which @schema it has. */
void ps_document_begin(struct ps_document *d, const char *schema);
void ps_document_gap(struct ps_document *d, const struct sl_gap *gap);
/* Close it, and write it out. */
int ps_document_end(struct ps_document *d, const struct app *app, struct sl_error *err);
void ps_document_clear(struct ps_document *d);

/* A gap, where there is no document: a note. */
void ps_gap_note(struct app *app, const struct sl_gap *gap);

/* Members of the open object: who a container is, and of which image. */
void ps_identity(struct jout *j, const struct sl_container *c);
void ps_image(struct jout *j, const char *ref, const uint8_t *id);
/* "layer": its number, from 1 at the bottom, and diff_id; or null */
void ps_layer(struct jout *j, bool has_layer, size_t layer, const uint8_t *diff_id);
/* Cells: engine, id, name, pod, kind. An id of 64 digits is cut where it is a container's. */
void ps_identity_cells(struct columns *t, const struct sl_container *c);

#endif
