/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a drift document as members of the object that is open: for json and jsonl. */
#ifndef REPORT_DOCUMENT_H
#define REPORT_DOCUMENT_H

#include <strandline/sink.h>

#include "core/json.h"

#define DOCUMENT_SCHEMA "strandline.drift/1"

/* schema, tool, host, started */
void document_run(struct jout *j, const struct sl_run *run);
/* The same for a document of another schema. */
void document_run_as(struct jout *j, const char *schema, const struct sl_run *run);
/* engine, id, name, state, pod, image, layers, scope, quick */
void document_subject(struct jout *j, const struct sl_subject *subject);
/* what, why, errno, is_path, below */
/* "settings": what the container was told to be; too long for a record of a bundle. */
void document_settings(struct jout *j, const struct sl_subject *s);
void document_gap(struct jout *j, const struct sl_gap *gap);
/* counts */
void document_counts(struct jout *j, const struct sl_counts *counts);
/* Behind the gaps, last of a container: frozen, complete, notes. */
void document_outcome(struct jout *j, const struct sl_summary *sum);

#endif
