/* SPDX-License-Identifier: Apache-2.0 */
/* Make a long-term signing key. */
#ifndef JOB_KEYGEN_H
#define JOB_KEYGEN_H

#include <strandline/error.h>

/* Create @path (PKCS#8 PEM, mode 0600) and @path.pub (SubjectPublicKeyInfo PEM). Neither may exist.
 */
int job_keygen(const char *path, struct sl_error *err);

#endif
