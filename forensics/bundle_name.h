/* SPDX-License-Identifier: Apache-2.0 */
/* From an evidence path to the name of a payload member (docs/bundle-format.md section 2). */
#ifndef FORENSICS_BUNDLE_NAME_H
#define FORENSICS_BUNDLE_NAME_H

#include <strandline/error.h>

#include "core/buf.h"

#define BUNDLE_NAME_MAX 180
/* Longest member name: folder, number, NAME, part. */
#define BUNDLE_MEMBER_MAX 256
#define BUNDLE_ATTRIBUTES "attributes.json"

/*
 * Append NAME for a path of any bytes, which starts with '/'. A path whose first component would
 * be the name of the attributes member is named by its digest, too.
 */
int bundle_name(struct buf *out, const char *path, size_t len, struct sl_error *err);

/* Append "d/SSSSSSSS/NAME", with ".partKKKK" behind it unless @part is negative. */
int bundle_member(struct buf *out, uint64_t seq, const char *name, int64_t part);

#endif
