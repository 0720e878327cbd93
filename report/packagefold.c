/* SPDX-License-Identifier: Apache-2.0 */
#include "report/packagefold.h"

#include "core/quote.h"

bool packagefold_applies(const struct sl_finding *f)
{
	return f->change != NULL && f->notes.package != NULL && f->notes.listed_as == NULL;
}

uint64_t packagefold_from(enum sl_severity severity)
{
	/* what matters is not hidden behind a package that anybody could have written down */
	static const uint64_t from[] = {4, 4, 64, 128, 1024};

	return from[severity];
}

void packagefold_of(struct buf *out, const struct sl_finding *f)
{
	const struct sl_package *p = f->notes.package;

	if (f->change == NULL || p == NULL)
		return;
	(void)buf_append_str(out, " of package ");
	(void)quote_bytes(out, p->name.data, p->name.len);
	if (p->version.len > 0) {
		(void)buf_append_char(out, ' ');
		(void)quote_bytes(out, p->version.data, p->version.len);
	}
	(void)buf_append_str(out, " (unverified)");
}

const char *packagefold_digest(const struct sl_finding *f)
{
	const struct sl_package *p = f->notes.package;

	if (p == NULL || !p->has_digest)
		return "";
	return p->digest_equal ? "with the digest that it records"
			       : "with another digest than it records";
}

void packagefold_key(struct buf *out, const struct sl_finding *f)
{
	(void)buf_append_str(out, PACKAGEFOLD_KEY);
	(void)buf_printf(out, "%d|%s|", f->notes.package->is_in_image, packagefold_digest(f));
	packagefold_of(out, f);
}
