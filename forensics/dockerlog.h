/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of Docker's json-file logs: {"log":"text\n","stream":"stdout","time":"RFC 3339"}. */
#ifndef FORENSICS_DOCKERLOG_H
#define FORENSICS_DOCKERLOG_H

#include "forensics/logline.h"

/* Longest line that is parsed; Docker itself cuts messages at 16 KiB. */
#define DOCKERLOG_LINE_MAX (256u << 10)

/*
 * Parse one line, its line feed left out; the text without its own is appended to @text, cut at
 * that buffer's maximum. 0; -SL_EFORMAT; -SL_ENOMEM.
 */
int dockerlog_parse(struct logline *out, struct buf *text, const char *line, size_t len);

#endif
