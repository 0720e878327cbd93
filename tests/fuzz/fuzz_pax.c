/* SPDX-License-Identifier: Apache-2.0 */
/* PAX records from arbitrary bytes: what comes out lies inside them and is in order. */
#include <stdlib.h>
#include <string.h>

#include "snapshot/tarpax.h"

#define MAX_XATTRS 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void check_name(struct sl_bytes name)
{
	must(name.data == NULL || strlen(name.data) == name.len);
}

static void check(const struct tarpax *p)
{
	size_t total = 0;

	check_name(p->path);
	check_name(p->link);
	check_name(p->sparse_name);
	must(p->mtime.nsec < 1000000000 && p->atime.nsec < 1000000000);
	for (size_t i = 0; i < p->xattr_count; i++) {
		const struct sl_xattr *x = &p->xattrs[i];

		must(x->value != NULL && x->name[0] != '\0');
		must(i == 0 || strcmp(p->xattrs[i - 1].name, x->name) < 0);
		total += x->size;
	}
	must(total <= MAX_XATTRS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf body = BUF_INIT(1 << 20), pairs = BUF_INIT(1 << 20);
	struct sl_limits limits = SL_LIMITS_DEFAULT;
	struct tarpax p = {0};

	limits.xattrs = MAX_XATTRS;
	if (buf_append(&body, data, size) == 0 &&
	    tarpax_parse(&p, &body, &pairs, &limits, NULL) == 0)
		check(&p);
	tarpax_clear(&p);
	buf_clear(&body);
	buf_clear(&pairs);
	return 0;
}
