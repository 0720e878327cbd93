/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/logprefix.h"

#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "diff/facts.h"

/* These are tables, written in place with every log-in. reference: lastlog(8), faillog(5) */
static bool is_table(struct sl_bytes name)
{
	static const char *const tables[] = {"lastlog", "faillog", "tallylog", "lastlog2.db"};

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		if (name.len == strlen(tables[i]) && memcmp(name.data, tables[i], name.len) == 0)
			return true;
	return false;
}

static bool is_log(struct sl_bytes path)
{
	static const char *const places[] = {"var/log/", "var/adm/", "run/log/"};

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (path.len > strlen(places[i]) &&
		    memcmp(path.data, places[i], strlen(places[i])) == 0)
			return !is_table(facts_last_component(path));
	return false;
}

uint64_t logprefix_wanted(const struct sl_entry *before, const struct sl_entry *after)
{
	if (before == NULL || after == NULL || !S_ISREG(before->mode) || !S_ISREG(after->mode) ||
	    after->size < before->size || !is_log(after->path))
		return 0;
	return before->size;
}

bool logprefix_is_rewritten(const struct pair *p)
{
	const struct reading *r = &p->after_read;

	return r->prefix > 0 && r->has_prefix && !r->is_unstable && p->before != NULL &&
	       p->before->size == r->prefix && (p->before->fields & SL_ENTRY_SHA256) != 0 &&
	       memcmp(p->before->sha256, r->prefix_sha256, SL_SHA256_SIZE) != 0;
}
