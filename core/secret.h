/* SPDX-License-Identifier: Apache-2.0 */
/* Memory for keys: locked, in no core dump, zeros after a fork, wiped when freed. */
#ifndef CORE_SECRET_H
#define CORE_SECRET_H

#include <stddef.h>

/* Pages of its own, zeroed. NULL when there is no memory; locking is best effort (RLIMIT_MEMLOCK).
 */
void *secret_new(size_t size);
/* NULL is fine. @size as it was asked for. */
void secret_free(void *secret, size_t size);

#endif
