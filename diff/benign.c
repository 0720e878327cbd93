/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/benign.h"

#include <string.h>
#include <sys/stat.h>

#include "core/buf.h"
#include "diff/glob.h"

/* ---- about a change ---- */

static size_t dot_components(const char *text, size_t len)
{
	size_t count = 0;

	for (size_t i = 0; i < len; i++)
		count += text[i] == '.' && (i == 0 || text[i - 1] == '/');
	return count;
}

/* Every hidden component of the path must be one that the rule expects there. */
static bool expects_dots(const struct rule *r, struct sl_bytes path)
{
	size_t dots = dot_components(path.data, path.len);

	if (dots == 0)
		return true;
	for (size_t i = 0; r->paths != NULL && r->paths[i] != NULL; i++) {
		size_t len = strlen(r->paths[i]);

		if (dot_components(r->paths[i], len) >= dots &&
		    glob_match(r->paths[i], len, path.data, path.len))
			return true;
	}
	return false;
}

static bool has_deceptive_parent(struct sl_bytes path)
{
	const char *at = path.data, *end = path.data + path.len;

	while (at < end) {
		const char *slash = memchr(at, '/', (size_t)(end - at));
		size_t len = (size_t)((slash != NULL ? slash : end) - at);

		if (facts_is_deceptive((struct sl_bytes){at, len}))
			return true;
		at += len + 1;
	}
	return false;
}

static bool may_speak_of_keys(const struct rule *r)
{
	return r->effect == RULE_CALMS && (r->all & FACT_AT_START) != 0;
}

bool benign_allows(const struct rule *r, const struct sl_change *c, fact_set facts)
{
	fact_set never = BENIGN_NEVER;

	/* servers make their keys when they first start: a rule about that says so */
	if (may_speak_of_keys(r) && (r->any & SL_SIGNAL_KEY) != 0)
		never = facts_without(never, SL_SIGNAL_KEY);
	/* Postfix says by an execute bit that a mail is complete */
	if ((r->all & facts & FACT_QUEUED_MAIL) != 0)
		never = facts_without(never, SL_SIGNAL_EXECUTABLE | FACT_EXEC_GAINED);
	/* everyone may search a directory */
	if (c->after != NULL && S_ISDIR(c->after->mode))
		never = facts_without(never, SL_SIGNAL_EXECUTABLE);
	if (c->kind == SL_CHANGE_TYPE || (facts & never) != 0)
		return false;
	if (c->after == NULL && (c->before == NULL || S_ISLNK(c->before->mode) ||
				 S_ISBLK(c->before->mode) || S_ISCHR(c->before->mode)))
		return false;
	if ((facts & FACT_REGULAR) != 0 && (facts & FACT_READ) == 0)
		return false;
	/* what lies with programs and libraries may be loaded, whatever it looks like */
	if ((facts & FACT_REGULAR) != 0 && (facts & (FACT_IN_BIN | SL_SIGNAL_IN_PATH)) != 0)
		return false;
	if (r->effect == RULE_EXPLAINS && (facts & FACT_REGULAR) != 0 && (facts & FACT_IN_LIB) != 0)
		return false;
	return expects_dots(r, c->path) && !has_deceptive_parent(c->path);
}

/* ---- about a rule ---- */

/* Nothing in it but wildcards. */
static bool is_everything(const char *glob)
{
	return glob[strspn(glob, "*?/")] == '\0';
}

/* A pattern's certain beginning lies in a directory of programs, or is one. */
static bool is_among_programs(const char *glob)
{
	size_t certain = strcspn(glob, "*?");
	struct buf inside = BUF_INIT(1 << 20);
	fact_set place = 0;

	(void)buf_append(&inside, glob, certain);
	(void)buf_append_char(&inside, 'x');
	if (inside.status == 0)
		place = facts_of_place((struct sl_bytes){inside.data, inside.len}, NULL);
	buf_clear(&inside);
	return (place & (FACT_IN_BIN | SL_SIGNAL_IN_PATH)) != 0;
}

/* Of the first minute a rule may speak wherever it does not except, and never to explain. */
static bool may_be_wide(const struct rule *r)
{
	return r->effect == RULE_CALMS && (r->all & FACT_AT_START) != 0 && r->except != NULL;
}

static const char *object_to_path(const struct rule *r, const char *glob)
{
	struct sl_bytes whole = {glob, strlen(glob)};

	if (is_everything(glob) && !may_be_wide(r))
		return "has a path that fits everything; say where";
	if (is_among_programs(glob))
		return "speaks of a directory of programs; take that path out";
	if ((facts_of_place(whole, NULL) & FACT_ACCOUNT_FILE) != 0)
		return "speaks of an account file; take that path out";
	return NULL;
}

const char *benign_objects(const struct rule *r)
{
	fact_set asked;

	if (r->severity != SL_SEVERITY_INFO)
		return "has a severity; benign rules have none";
	if (r->paths == NULL)
		return "has no paths; say where it applies";
	asked = r->all | r->any;
	if (may_speak_of_keys(r))
		asked = facts_without(asked, SL_SIGNAL_KEY);
	if ((asked & BENIGN_NEVER) != 0)
		return "asks for a signal that is never benign; docs/rules.md lists them";
	if (r->types == 0)
		return "has no types; say in \"shape\" which objects it is about";
	if ((r->types & FACT_LINK) != 0)
		return "speaks of links, which are never benign; name other types";
	if ((r->kinds & KIND(TYPE)) != 0)
		return "speaks of a change of type, which is never benign; name other changes";
	for (size_t i = 0; r->paths[i] != NULL; i++) {
		const char *why = object_to_path(r, r->paths[i]);

		if (why != NULL)
			return why;
	}
	return NULL;
}
