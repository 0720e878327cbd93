/* SPDX-License-Identifier: Apache-2.0 */
/* POSIX access control lists: the value of system.posix_acl_access and _default. */
#ifndef DIFF_ACL_H
#define DIFF_ACL_H

#include <strandline/base.h>

#include "core/buf.h"

/*
 * Append the list as getfacl's short form writes it: "u::rw-,u:33:rwx,g::r--,m::rwx,o::---"
 * (linux/posix_acl_xattr.h). Of a very long list the first 64 entries, and how many there are more.
 * 0; -SL_EFORMAT, with nothing appended, when it is no such value; -SL_ENOMEM, -SL_ELIMIT.
 */
int acl_format(struct buf *out, const void *value, size_t len);

/* Does it let a user or group that it names write? What is no such value may do so. */
bool acl_grants_write(const void *value, size_t len);

#endif
