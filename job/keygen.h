/* SPDX-License-Identifier: Apache-2.0 */
/* Make a long-term signing key. */
#ifndef JOB_KEYGEN_H
#define JOB_KEYGEN_H

#include <strandline/error.h>

/* Create @path (PKCS#8 PEM, mode 0600) and @path.pub (SubjectPublicKeyInfo PEM). Neither may exist.
 * With a passphrase, which may be NULL, the private key is encrypted.
 */
int job_keygen(const char *path, const char *passphrase, struct sl_error *err);

#endif
