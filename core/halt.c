/* SPDX-License-Identifier: Apache-2.0 */
#include "core/halt.h"

#include "core/cleanup.h"

static int look(struct sl_tap *tap, const void *bytes, size_t len, struct sl_error *err)
{
	(void)bytes;
	(void)len;
	return halted(container_of(tap, struct halt_tap, tap)->stop, err);
}

void halt_tap_init(struct halt_tap *t, const volatile sig_atomic_t *stop)
{
	*t = (struct halt_tap){{look}, stop};
}
