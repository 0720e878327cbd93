/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/platform.h"

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "core/cleanup.h"
#include "core/quote.h"

/* What uname calls machines, and what Go does. */
static const struct {
	const char *machine, *platform;
} machines[] = {
	{"x86_64", "linux/amd64"},    {"aarch64", "linux/arm64"},
	{"armv8l", "linux/arm/v7"},   {"armv7l", "linux/arm/v7"},
	{"armv6l", "linux/arm/v6"},   {"armv5tel", "linux/arm/v5"},
	{"i686", "linux/386"},        {"i586", "linux/386"},
	{"i386", "linux/386"},        {"ppc64le", "linux/ppc64le"},
	{"s390x", "linux/s390x"},     {"riscv64", "linux/riscv64"},
	{"mips64", "linux/mips64le"}, {"loongarch64", "linux/loong64"},
};

static const char *host_platform(const char *machine)
{
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++)
		if (strcmp(machines[i].machine, machine) == 0)
			return machines[i].platform;
	return NULL;
}

int platform_parse(struct platform *out, const char *text, struct sl_error *err)
{
	struct utsname host;
	char *slash;

	*out = (struct platform){0};
	if (text == NULL) {
		if (uname(&host) < 0 || (text = host_platform(host.machine)) == NULL)
			return sl_fail(err, SL_EUNSUPPORTED, 0,
				       "this machine has no platform name: give one");
	}
	out->text = strdup(text);
	if (out->text == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "platform");
	out->os = out->text;
	slash = strchr(out->text, '/');
	if (slash != NULL) {
		*slash = '\0';
		out->arch = slash + 1;
		slash = strchr(slash + 1, '/');
	}
	if (slash != NULL) {
		*slash = '\0';
		out->variant = slash + 1;
	}
	if (*out->os == '\0' || out->arch == NULL || *out->arch == '\0' ||
	    (out->variant != NULL && (*out->variant == '\0' || strchr(out->variant, '/')))) {
		AUTO_FREE char *shown = quote_dup(text, strlen(text));

		platform_clear(out);
		return sl_fail(err, SL_EINVAL, 0, "'%s' is no platform (os/arch[/variant])",
			       shown != NULL ? shown : "?");
	}
	return 0;
}

void platform_clear(struct platform *p)
{
	free(p->text);
	*p = (struct platform){0};
}

/* arm64 has one variant in practice, and may leave it out. */
static bool variant_suits(const struct platform *want, const char *variant)
{
	if (want->variant == NULL || variant == NULL)
		return true;
	return strcmp(want->variant, variant) == 0;
}

bool platform_suits(const struct platform *want, const char *os, const char *arch,
		    const char *variant)
{
	return os != NULL && arch != NULL && strcmp(want->os, os) == 0 &&
	       strcmp(want->arch, arch) == 0 && variant_suits(want, variant);
}
