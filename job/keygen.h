/* SPDX-License-Identifier: Apache-2.0 */
/* Make a long-term signing key, or one that opens encrypted bundles. */
#ifndef JOB_KEYGEN_H
#define JOB_KEYGEN_H

#include "core/age.h"

/* Create @path (PKCS#8 PEM, mode 0600) and @path.pub (SubjectPublicKeyInfo PEM). Neither may exist.
 * With a passphrase, which may be NULL, the private key is encrypted.
 */
int job_keygen(const char *path, const char *passphrase, struct sl_error *err);
/* Create @path, an age identity file (mode 0600). It may not exist. */
int job_keygen_age(const char *path, char recipient[AGE_RECIPIENT_SIZE], struct sl_error *err);

#endif
