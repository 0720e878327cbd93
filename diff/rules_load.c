/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/rules_load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/quote.h"
#include "core/root.h"
#include "core/yaml.h"
#include "diff/benign.h"

#define FILES_MAX 256
#define GLOB_MAX 1024 /* bytes of one pattern */

/* ---- memory ---- */

/* Takes @p over, also on failure. */
static int own(struct rules_loaded *l, void *p, void (*free_p)(void *p), struct sl_error *err)
{
	if (l->owned_count == l->owned_room) {
		size_t wanted = l->owned_room == 0 ? 64 : l->owned_room * 2;
		void **owned = reallocarray(l->owned, wanted, sizeof(*owned));
		void (**frees)(void *) = NULL;

		if (owned != NULL) {
			l->owned = owned;
			frees = reallocarray(l->free_owned, wanted, sizeof(*frees));
		}
		if (frees == NULL) {
			free_p(p);
			return sl_fail(err, SL_ENOMEM, 0, "rules");
		}
		l->free_owned = frees;
		l->owned_room = wanted;
	}
	l->owned[l->owned_count] = p;
	l->free_owned[l->owned_count++] = free_p;
	return 0;
}

static void free_doc(void *doc)
{
	ydoc_free(doc);
}

void rules_loaded_clear(struct rules_loaded *l)
{
	while (l->owned_count > 0) {
		l->owned_count--;
		l->free_owned[l->owned_count](l->owned[l->owned_count]);
	}
	free(l->owned);
	free(l->free_owned);
	free(l->items);
	*l = (struct rules_loaded){0};
}

/* ---- one rule's parts; each returns 0, also when its key is missing, or negative ---- */

struct loader {
	struct rules_loaded *to;
	const struct ynode *map; /* the rule */
	struct rule *rule;
	struct sl_error *err;
};

static int take_list(struct loader *l, const char *key, const char *const **out)
{
	const struct ynode *list = NULL, *n;
	const char **texts;
	size_t count = 0;
	int rc = ynode_texts(l->map, key, &list, l->err);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	texts = calloc(ynode_len(list) + 1, sizeof(*texts));
	if (texts == NULL)
		return sl_fail(l->err, SL_ENOMEM, 0, "rules");
	for (n = ynode_first(list); n != NULL; n = ynode_next(n))
		texts[count++] = ynode_scalar(n);
	*out = texts;
	return own(l->to, texts, free, l->err);
}

/* Paths are as the container sees them, without the slash in front. */
static int check_globs(const struct loader *l, const char *key, bool is_name)
{
	const struct ynode *n = ynode_first(ynode_get(l->map, key));

	for (; n != NULL; n = ynode_next(n)) {
		const char *glob = ynode_scalar(n);

		if (strlen(glob) > GLOB_MAX)
			return ynode_fail(n, l->err, "a pattern of more than %d bytes; shorten it",
					  GLOB_MAX);
		if (is_name && strchr(glob, '/') != NULL)
			return ynode_fail(n, l->err,
					  "a slash in a name; patterns with one belong into paths");
		if (glob[0] == '/' || glob[strlen(glob) - 1] == '/' || strstr(glob, "//") != NULL)
			return ynode_fail(n, l->err,
					  "a slash too many; write etc/passwd, not /etc/passwd, "
					  "and dir/** for what lies in dir");
	}
	return 0;
}

static int take_globs(struct loader *l)
{
	int rc = take_list(l, "paths", &l->rule->paths);

	if (rc == 0)
		rc = take_list(l, "except", &l->rule->except);
	if (rc == 0)
		rc = take_list(l, "names", &l->rule->names);
	if (rc == 0)
		rc = check_globs(l, "paths", false);
	if (rc == 0)
		rc = check_globs(l, "except", false);
	return rc == 0 ? check_globs(l, "names", true) : rc;
}

/* A word of a rule file, and the bits that it stands for. */
struct bit_word {
	const char *word;
	fact_set bits;
};

/* The bits of all words under @key, into @out as well. 0; 1 when the key is missing; negative. */
static int take_words(const struct ynode *map, const char *key, const struct bit_word *words,
		      size_t count, const char *complaint, fact_set *out, struct sl_error *err)
{
	const struct ynode *list = NULL, *n;
	int rc = ynode_texts(map, key, &list, err);

	for (n = rc == 0 ? ynode_first(list) : NULL; n != NULL; n = ynode_next(n)) {
		size_t i = 0;

		while (i < count && strcmp(words[i].word, ynode_scalar(n)) != 0)
			i++;
		if (i == count)
			return ynode_fail(n, err, "%s", complaint);
		*out |= words[i].bits;
	}
	return rc;
}

static int take_changes(struct loader *l)
{
	static const struct bit_word words[] = {
		{"added", KIND(ADDED)},       {"modified", KIND(MODIFIED)},
		{"metadata", KIND(METADATA)}, {"deleted", KIND(DELETED)},
		{"type", KIND(TYPE)},         {"written", KINDS_WRITTEN},
		{"any", KINDS_ALL},
	};
	fact_set kinds = 0;
	int rc = take_words(l->map, "changes", words, ARRAY_SIZE(words),
			    "no kind of change; it is one of: added, modified, metadata, deleted, "
			    "type, written (added, modified or type), any",
			    &kinds, l->err);

	l->rule->kinds |= (uint32_t)kinds;
	return rc == 1 ? ynode_missing(l->map, "changes", l->err) : rc;
}

static int take_set(const struct loader *l, const struct ynode *signals, const char *key,
		    fact_set *out)
{
	const struct ynode *list = NULL, *n;
	int rc = ynode_texts(signals, key, &list, l->err);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	for (n = ynode_first(list); n != NULL; n = ynode_next(n)) {
		fact_set bits = facts_find(ynode_scalar(n));
		AUTO_FREE char *quoted = NULL;

		*out |= bits;
		if (bits != 0)
			continue;
		quoted = quote_short(ynode_scalar(n), strlen(ynode_scalar(n)));
		return ynode_fail(n, l->err, "unknown signal \"%s\"; docs/rules.md lists them",
				  quoted != NULL ? quoted : "?");
	}
	return 0;
}

static int take_signals(struct loader *l)
{
	static const char *const known[] = {"any", "all", "none", NULL};
	const struct ynode *signals = ynode_get(l->map, "signals");
	struct rule *r = l->rule;
	int rc;

	if (signals == NULL)
		return 0;
	rc = ynode_expect_map(signals, known, l->err);
	if (rc == 0)
		rc = take_set(l, signals, "any", &r->any);
	if (rc == 0)
		rc = take_set(l, signals, "all", &r->all);
	if (rc == 0)
		rc = take_set(l, signals, "none", &r->none);
	if (rc == 0 && (r->all & r->none) != 0)
		return ynode_fail(signals, l->err,
				  "asks for and against the same signal; it "
				  "would never match");
	return rc;
}

static int take_types(struct loader *l, const struct ynode *shape)
{
	static const struct bit_word words[] = {{"file", FACT_REGULAR},
						{"directory", FACT_DIRECTORY},
						{"socket", FACT_SOCKET},
						{"fifo", FACT_FIFO},
						{"link", FACT_LINK}};
	int rc = take_words(shape, "types", words, ARRAY_SIZE(words),
			    "no type; it is one of: file, directory, socket, fifo, link",
			    &l->rule->types, l->err);

	return rc < 0 ? rc : 0;
}

static int take_shape(struct loader *l)
{
	static const char *const known[] = {"types", "max-size", "owner", "content", NULL};
	static const char *const owners[] = {"any", "root", "service", NULL};
	static const char *const contents[] = {"any", "text", "number", NULL};
	static const fact_set content_facts[] = {0, FACT_TEXT, FACT_NUMBER};
	const struct ynode *shape = ynode_get(l->map, "shape");
	unsigned int owner = 0, content = 0;
	int rc;

	if (shape == NULL)
		return 0;
	rc = ynode_expect_map(shape, known, l->err);
	if (rc == 0)
		rc = take_types(l, shape);
	if (rc == 0) {
		rc = ynode_u64(shape, "max-size", &l->rule->size_max, l->err);
		l->rule->has_size_max = rc == 0;
	}
	if (rc >= 0)
		rc = ynode_word(shape, "owner", owners, &owner, l->err);
	if (rc >= 0)
		rc = ynode_word(shape, "content", contents, &content, l->err);
	l->rule->owner = (enum rule_owner)owner;
	l->rule->content = content_facts[content];
	return rc < 0 ? rc : 0;
}

/* "T1548" or "T1548.001" */
static bool is_technique(const char *text)
{
	size_t len = strlen(text);

	return (len == 5 || (len == 9 && text[5] == '.')) && text[0] == 'T' &&
	       strspn(text + 1, "0123456789") == 4 &&
	       (len == 5 || strspn(text + 6, "0123456789") == 3);
}

static int take_attack(struct loader *l)
{
	const struct ynode *list = NULL, *n;
	size_t count = 0;
	int rc = ynode_texts(l->map, "attack", &list, l->err);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	for (n = ynode_first(list); n != NULL; n = ynode_next(n)) {
		if (!is_technique(ynode_scalar(n)))
			return ynode_fail(n, l->err,
					  "no technique of ATT&CK; write T1234 or T1234.001");
		if (count == RULE_ATTACK_MAX)
			return ynode_fail(n, l->err, "more than %d techniques; keep the nearest",
					  RULE_ATTACK_MAX);
		l->rule->attack[count++] = ynode_scalar(n);
	}
	return 0;
}

static int take_effect(struct loader *l)
{
	static const char *const effects[] = {"false", "true", "info", NULL};
	static const char *const severities[] = {"info", "low", "medium", "high", "critical", NULL};
	unsigned int effect = 0, severity = 0;
	int has_severity = ynode_word(l->map, "severity", severities, &severity, l->err);
	int rc = has_severity < 0 ? has_severity
				  : ynode_word(l->map, "benign", effects, &effect, l->err);

	if (rc < 0)
		return rc;
	if (effect == RULE_RAISES && has_severity == 1)
		return ynode_missing(l->map, "severity", l->err);
	if (effect != RULE_RAISES && has_severity == 0)
		return ynode_fail(ynode_get(l->map, "severity"), l->err,
				  "a benign rule has no severity; take it out");
	l->rule->effect = (enum rule_effect)effect;
	l->rule->severity = (enum sl_severity)severity;
	return 0;
}

static bool is_id(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && len <= 64 && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

static int take_id(struct loader *l)
{
	const struct rules_loaded *to = l->to;
	const char *id = NULL;
	int rc = ynode_text(l->map, "id", &id, l->err);

	if (rc != 0)
		return rc < 0 ? rc : ynode_missing(l->map, "id", l->err);
	if (!is_id(id))
		return ynode_fail(ynode_get(l->map, "id"), l->err,
				  "an id is at most 64 small letters, digits and hyphens");
	for (size_t i = 0; i < to->count; i++)
		if (strcmp(to->items[i].id, id) == 0)
			return ynode_fail(ynode_get(l->map, "id"), l->err,
					  "the rule \"%s\" is also in %s, line %u; keep one", id,
					  to->items[i].file, to->items[i].line);
	l->rule->id = id;
	return 0;
}

static int take_reason(struct loader *l)
{
	int rc = ynode_text(l->map, "reason", &l->rule->reason, l->err);

	if (rc != 0)
		return rc < 0 ? rc : ynode_missing(l->map, "reason", l->err);
	if (strlen(l->rule->reason) > 200 || strchr(l->rule->reason, '\n') != NULL)
		return ynode_fail(ynode_get(l->map, "reason"), l->err,
				  "a reason is one sentence on one line, of at most 200 bytes");
	return 0;
}

/* A rule that fits everything says nothing; a benign one has bounds of its own. */
static int judge(const struct loader *l)
{
	const struct rule *r = l->rule;
	const char *why = r->effect != RULE_RAISES ? benign_objects(r) : NULL;

	if (why != NULL)
		return ynode_fail(l->map, l->err, "the benign rule \"%s\" %s", r->id, why);
	if (r->paths == NULL && r->names == NULL && r->any == 0 && r->all == 0)
		return ynode_fail(l->map, l->err,
				  "the rule \"%s\" fits everything; give paths, names or signals",
				  r->id);
	return 0;
}

static int load_rule(struct loader *l)
{
	static const char *const known[] = {"id",         "severity", "benign",  "attack", "reason",
					    "references", "changes",  "signals", "paths",  "except",
					    "names",      "shape",    NULL};
	static int (*const parts[])(struct loader *) = {take_id,     take_effect,  take_attack,
							take_reason, take_changes, take_signals,
							take_globs,  take_shape};
	int rc = ynode_expect_map(l->map, known, l->err);

	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(parts); i++)
		rc = parts[i](l);
	if (rc == 0)
		rc = take_list(l, "references", &l->rule->references);
	return rc == 0 ? judge(l) : rc;
}

/* ---- files ---- */

static int add_rule(struct rules_loaded *to, const struct rule *r, struct sl_error *err)
{
	if (to->count == to->room) {
		size_t wanted = to->room == 0 ? 64 : to->room * 2;
		struct rule *grown = reallocarray(to->items, wanted, sizeof(*grown));

		if (grown == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "rules");
		to->items = grown;
		to->room = wanted;
	}
	to->items[to->count++] = *r;
	return 0;
}

static int load_doc(struct rules_loaded *to, const struct ynode *root, struct sl_error *err)
{
	static const char *const known[] = {"attack_version", "rules", NULL};
	const struct ynode *rules = ynode_get(root, "rules"), *n;
	const char *version = NULL;
	int rc = ynode_expect_map(root, known, err);

	if (rc == 0)
		rc = ynode_text(root, "attack_version", &version, err);
	if (rc == 1)
		rc = ynode_missing(root, "attack_version", err);
	if (rc == 0 && rules == NULL)
		rc = ynode_missing(root, "rules", err);
	if (rc == 0 && ynode_kind(rules) != YNODE_LIST)
		rc = ynode_fail(rules, err, "\"rules\" should be a list of rules");
	for (n = rc == 0 ? ynode_first(rules) : NULL; n != NULL && rc == 0; n = ynode_next(n)) {
		struct rule r = {.attack_version = version,
				 .file = ynode_file(n),
				 .line = (unsigned int)ynode_line(n)};
		struct loader l = {.to = to, .map = n, .rule = &r, .err = err};

		if (to->count == GLOBSET_MAX)
			return ynode_fail(n, err, "more than %d rules", GLOBSET_MAX);
		rc = load_rule(&l);
		if (rc == 0)
			rc = add_rule(to, &r, err);
	}
	return rc;
}

/* Takes the document over. */
static int load(struct rules_loaded *to, struct ydoc *doc, struct sl_error *err)
{
	int rc = own(to, doc, free_doc, err);

	return rc < 0 ? rc : load_doc(to, ydoc_root(doc), err);
}

int rules_load_text(struct rules_loaded *l, const char *file, const void *text, size_t len,
		    struct sl_error *err)
{
	struct ydoc *doc = NULL;
	int rc = ydoc_parse(&doc, file, text, len, err);

	return rc < 0 ? rc : load(l, doc, err);
}

int rules_load_file(struct rules_loaded *l, const char *path, struct sl_error *err)
{
	struct ydoc *doc = NULL;
	int rc = ydoc_read(&doc, path, err);

	return rc < 0 ? rc : load(l, doc, err);
}

static bool is_rule_file(const char *name)
{
	size_t len = strlen(name);

	return name[0] != '.' && len > 5 && strcmp(name + len - 5, ".yaml") == 0;
}

int rules_load_dir(struct rules_loaded *l, const char *path, struct sl_error *err)
{
	CLEANUP(root_names_clear) struct root_names names = {0};
	AUTO_FREE char *quoted = quote_short(path, strlen(path));
	AUTO_CLOSE int fd = root_open_dir(path, err);
	size_t found = 0;
	int rc = fd < 0 ? fd : root_list(fd, &names, FILES_MAX, err);

	for (size_t i = 0; rc >= 0 && i < names.count; i++) {
		AUTO_FREE char *file = NULL;

		if (!is_rule_file(names.names[i]))
			continue;
		found++;
		if (asprintf(&file, "%s/%s", path, names.names[i]) < 0) {
			file = NULL;
			return sl_fail(err, SL_ENOMEM, 0, "rules");
		}
		rc = rules_load_file(l, file, err);
	}
	if (rc >= 0 && found == 0)
		return sl_fail(err, SL_EINVAL, 0, "%s: no file there ends in .yaml",
			       quoted != NULL ? quoted : "rules");
	return rc < 0 ? rc : 0;
}
