/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Docker's own log format ("local", and its cache of logs that other drivers send away): messages
 * in protobuf, each with its length, 4 bytes big-endian, before and behind it.
 */
#ifndef FORENSICS_LOCALLOG_H
#define FORENSICS_LOCALLOG_H

#include "forensics/logline.h"

/* Longest message; Docker's own limit is a million bytes. */
#define LOCALLOG_MESSAGE_MAX (1u << 20)
/* Around each message. */
#define LOCALLOG_FRAME 4

/*
 * The length of the message that begins with the frame at @bytes (4 bytes); 0 when that is no
 * message's.
 */
size_t locallog_length(const void *bytes);

/* One message without its frame. As dockerlog_parse(). */
int locallog_parse(struct logline *out, struct buf *text, const void *bytes, size_t len);

#endif
