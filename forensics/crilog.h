/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines of Kubernetes' container logs, which conmon writes as "k8s-file", too: an RFC 3339 time,
 * the stream, tags separated by colons ("P": more of this line follows; "F"), and the text, with
 * one space between.
 */
#ifndef FORENSICS_CRILOG_H
#define FORENSICS_CRILOG_H

#include "forensics/logline.h"

/* Parse one line, its line feed left out. As dockerlog_parse(). */
int crilog_parse(struct logline *out, struct buf *text, const char *line, size_t len);

#endif
