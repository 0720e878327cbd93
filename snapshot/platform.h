/* SPDX-License-Identifier: Apache-2.0 */
/* "os/arch[/variant]" as image indexes name machines. */
#ifndef SNAPSHOT_PLATFORM_H
#define SNAPSHOT_PLATFORM_H

#include <strandline/error.h>

/* Strings of any length, cut at the slashes of one allocation. */
struct platform {
	char *text;                      /* owned: "os\0arch\0variant" */
	const char *os, *arch, *variant; /* variant is NULL when none is asked for */
};

/* @text NULL means this host. -SL_EINVAL when it is no platform. */
int platform_parse(struct platform *out, const char *text, struct sl_error *err);
void platform_clear(struct platform *p);

/* Does an image for (@os, @arch, @variant), any of them NULL, suit @want? */
bool platform_suits(const struct platform *want, const char *os, const char *arch,
		    const char *variant);

#endif
