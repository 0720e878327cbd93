/* SPDX-License-Identifier: Apache-2.0 */
/* Names behind which a secret stands. */
#ifndef JOB_REDACTNAME_H
#define JOB_REDACTNAME_H

#include <strandline/base.h>

/* "db_password", "X-Api-Key", "--token". What is too long for a name may be anything: true. */
bool redactname_is_secret(struct sl_bytes name);
/* Of a JSON member: its strings are variables of an environment. */
bool redactname_is_environment(struct sl_bytes name);
/* A file of nothing but secrets, by its path: .pgpass, what is mounted at /run/secrets. */
bool redactname_is_secret_file(struct sl_bytes path);

#endif
