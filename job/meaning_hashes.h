/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What lists of known digests mean for changed files. A bad one makes the finding critical,
 * whatever explained it. A good one explains a new file and nothing else: a good program under
 * another one's name, in the place of an image's file, with special rights, or where the place is
 * what matters (settings, home directories, directories for temporary files) stays a finding.
 */
#ifndef JOB_MEANING_HASHES_H
#define JOB_MEANING_HASHES_H

#include "job/meaning.h"

/* Nothing where the request has no lists. */
int meaning_hashes(struct meaning *m, struct sl_error *err);

#endif
