/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "report/sarif.h"

#define SLOTS 8192 /* a power of two, four times as many as rules */

struct rule {
	char *id, *reason; /* reason: NULL when none was given */
	enum sl_severity worst;
	bool is_filed; /* results stand under it: then worst means something */
	char *attack[SL_FINDING_MAX_RULES];
	size_t attack_count;
};

struct sarif_rules {
	struct rule *items;
	size_t count, room;
	uint16_t slots[SLOTS]; /* place in items + 1; 0: free */
};

int sarif_rules_new(struct sarif_rules **out, struct sl_error *err)
{
	*out = calloc(1, sizeof(**out));
	return *out != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "report");
}

static uint16_t *slot_of(struct sarif_rules *r, const char *id)
{
	uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
	size_t at;

	for (const char *p = id; *p != '\0'; p++)
		hash = (hash ^ (uint8_t)*p) * 0x100000001b3u;
	at = (hash ^ hash >> 32) % SLOTS;
	while (r->slots[at] != 0 && strcmp(r->items[r->slots[at] - 1].id, id) != 0)
		at = (at + 1) % SLOTS;
	return &r->slots[at];
}

static int append(struct sarif_rules *r, uint16_t *slot, const char *id, const char *reason)
{
	struct rule rule = {.id = strdup(id)};

	if (reason != NULL)
		rule.reason = strndup(reason, SARIF_RULE_BYTES);
	if (r->count == r->room) {
		size_t room = r->room > 0 ? 2 * r->room : 32;
		struct rule *items = reallocarray(r->items, room, sizeof(*items));

		if (items != NULL) {
			r->items = items;
			r->room = room;
		}
	}
	if (rule.id == NULL || (reason != NULL && rule.reason == NULL) || r->count == r->room) {
		free(rule.id);
		free(rule.reason);
		return -SL_ENOMEM;
	}
	r->items[r->count++] = rule;
	*slot = (uint16_t)r->count;
	return 0;
}

/* The place of a rule, made when it is new; -1 when there are too many. */
static int place(struct sarif_rules *r, const char *id, const char *reason, int64_t *out)
{
	uint16_t *slot = slot_of(r, id);

	*out = -1;
	if (*slot == 0 && r->count == SARIF_RULES_MOST)
		return 0;
	if (*slot == 0 && append(r, slot, id, reason) < 0)
		return -SL_ENOMEM;
	*out = *slot - 1;
	return 0;
}

static int add_attack(struct rule *rule, const char *id)
{
	for (size_t i = 0; i < rule->attack_count; i++)
		if (strcmp(rule->attack[i], id) == 0)
			return 0;
	if (rule->attack_count == ARRAY_SIZE(rule->attack))
		return 0;
	rule->attack[rule->attack_count] = strdup(id);
	return rule->attack[rule->attack_count++] != NULL ? 0 : -SL_ENOMEM;
}

int sarif_rules_add(struct sarif_rules *r, const struct sl_finding *f, int64_t *index)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(4096);
	const char *id = sarif_rule_id(&text, f);
	int64_t other;
	int rc = place(r, id, f->rule_count > 0 ? f->reasons[0] : NULL, index);

	for (size_t i = 1; rc == 0 && i < f->rule_count; i++)
		rc = place(r, f->rules[i], f->reasons[i], &other);
	if (rc < 0 || *index < 0)
		return rc;
	r->items[*index].is_filed = true;
	if (f->severity > r->items[*index].worst)
		r->items[*index].worst = f->severity;
	/* with several rules it is not said which of them named the technique */
	for (size_t i = 0; f->rule_count == 1 && rc == 0 && i < f->attack_count; i++)
		rc = add_attack(&r->items[*index], f->attack[i]);
	return rc;
}

/* What viewers that know security severities sort by: 0 to 10. */
static const char *security_severity(enum sl_severity worst)
{
	static const char *const numbers[] = {
		[SL_SEVERITY_INFO] = "0.0",     [SL_SEVERITY_LOW] = "3.0",
		[SL_SEVERITY_MEDIUM] = "5.5",   [SL_SEVERITY_HIGH] = "8.0",
		[SL_SEVERITY_CRITICAL] = "9.5",
	};

	return numbers[worst];
}

static void rule_json(struct jout *j, const struct rule *rule)
{
	static const char *const texts[] = {"shortDescription", "fullDescription", "help"};
	const char *reason = rule->reason != NULL ? rule->reason : "A change that no rule names.";

	jout_object(j);
	jout_key_str(j, "id", rule->id);
	/* a viewer may show any of them, and a code host asks for all */
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		sarif_text(j, texts[i], reason);
	if (rule->is_filed) {
		jout_key(j, "defaultConfiguration");
		jout_object(j);
		jout_key_str(j, "level", sarif_level(rule->worst));
		jout_object_end(j);
	}
	jout_key(j, "properties");
	jout_object(j);
	jout_key(j, "tags");
	jout_array(j);
	jout_str(j, "security");
	for (size_t i = 0; i < rule->attack_count; i++)
		jout_str(j, rule->attack[i]);
	jout_array_end(j);
	if (rule->is_filed)
		jout_key_str(j, "security-severity", security_severity(rule->worst));
	jout_object_end(j);
	jout_object_end(j);
}

void sarif_rules_json(struct jout *j, const struct sarif_rules *r)
{
	jout_key(j, "rules");
	jout_array(j);
	for (size_t i = 0; i < r->count; i++)
		rule_json(j, &r->items[i]);
	jout_array_end(j);
}

void sarif_rules_free(struct sarif_rules *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < r->count; i++) {
		free(r->items[i].id);
		free(r->items[i].reason);
		for (size_t k = 0; k < r->items[i].attack_count; k++)
			free(r->items[i].attack[k]);
	}
	free(r->items);
	free(r);
}
