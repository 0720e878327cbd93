/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of one package, said as one line to people: "37 files of package nginx 1.22 (unverified)
 * beneath /usr". Only what is as severe, for the same rules, and has or has not the digest that the
 * package recorded alike: a file that was smuggled into a package's list stands out where it is
 * worse than the others.
 */
#ifndef REPORT_PACKAGEFOLD_H
#define REPORT_PACKAGEFOLD_H

#include <strandline/finding.h>

#include "core/buf.h"

bool packagefold_applies(const struct sl_finding *f);
/* So many make one line. */
uint64_t packagefold_from(enum sl_severity severity);
/* " of package nginx 1.22 (unverified)"; nothing for what is of none. */
void packagefold_of(struct buf *out, const struct sl_finding *f);
/* "with the digest that it records"; empty where that is not known. Static. */
const char *packagefold_digest(const struct sl_finding *f);
/* What only files that may share a line have in common; begins with PACKAGEFOLD_KEY. */
#define PACKAGEFOLD_KEY "package|"
void packagefold_key(struct buf *out, const struct sl_finding *f);

#endif
