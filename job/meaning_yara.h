/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operator's YARA rules over what is not the image's: changed files, files of mounts that are
 * looked through, and programs that run. A match is as severe as the rule says, else high, and
 * nothing explains it.
 */
#ifndef JOB_MEANING_YARA_H
#define JOB_MEANING_YARA_H

#include <strandline/process.h>

#include "core/buf.h"
#include "core/yarascan.h"
#include "job/meaning.h"

/* Of one file; it is in memory while it is looked at. */
#define YARA_BYTES_MAX ((size_t)32 << 20)
#define YARA_SECONDS 10
#define YARA_TOO_LARGE "larger than 32 MiB: no YARA rule was applied"

#define yara_matches yarascan_matches

struct yara_part;

int meaning_yara(struct meaning *m, struct sl_error *err);

/* An empty buffer for one file, the same each time. */
struct buf *yara_buffer(struct yara_part *p);
/* What matches its bytes. A failure is *why, static text; negative is memory only. */
int yara_find(struct yara_part *p, const struct buf *bytes, struct yara_matches *out,
	      const char **why, struct sl_error *err);
/* Of a file in a volume, told next under @path: for its finding. */
void yara_remember(struct yara_part *p, struct sl_bytes path, const struct yara_matches *matches);

/* The program that a process runs: @fd is O_PATH. A match is a finding of its own, which borrows
 * the command. */
int yara_program(struct yara_part *p, int fd, const char *path, const struct sl_process *process,
		 struct sl_error *err);

#endif
