/* SPDX-License-Identifier: Apache-2.0 */
/* Rules out of files: what is understood, and what is complained about where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "diff/benign.h"
#include "diff/glob.h"
#include "diff/rules_load.h"

static void a_rule_says_what_its_file_says(void **state)
{
	static const char text[] =
		"attack_version: \"18\"\nrules:\n"
		"  - id: a-rule\n    severity: high\n    attack: [T1105, T1548.001]\n"
		"    reason: because\n    references: [there]\n"
		"    changes: [written, deleted]\n"
		"    signals: {all: [elf], any: [program, link], none: [in-temp]}\n"
		"    paths: [\"srv/**\"]\n    except: [srv/x]\n    names: [\"*.so\"]\n"
		"    shape: {max-size: 4K, owner: service}\n";
	CLEANUP(rules_loaded_clear) struct rules_loaded l = {0};
	const struct rule *r;

	(void)state;
	assert_int_equal(rules_load_text(&l, "f.yaml", text, strlen(text), NULL), 0);
	assert_int_equal(l.count, 1);
	r = &l.items[0];
	assert_string_equal(r->id, "a-rule");
	assert_int_equal(r->severity, SL_SEVERITY_HIGH);
	assert_int_equal(r->effect, RULE_RAISES);
	assert_string_equal(r->attack[1], "T1548.001");
	assert_null(r->attack[2]);
	assert_string_equal(r->attack_version, "18");
	assert_string_equal(r->references[0], "there");
	assert_int_equal(r->kinds, KINDS_WRITTEN | KIND(DELETED));
	assert_true(r->all == SL_SIGNAL_ELF && r->any == (FACT_PROGRAM | FACT_LINK));
	assert_true(r->none == SL_SIGNAL_IN_TEMP);
	assert_string_equal(r->paths[0], "srv/**");
	assert_null(r->paths[1]);
	assert_string_equal(r->except[0], "srv/x");
	assert_string_equal(r->names[0], "*.so");
	assert_true(r->has_size_max && r->size_max == 4096);
	assert_int_equal(r->owner, RULE_OWNER_SERVICE);
	assert_string_equal(r->file, "f.yaml");
	assert_int_equal(r->line, 3);
}

#define HEAD "attack_version: \"18\"\nrules:\n"
#define RULE(rest) HEAD "  - {id: a, reason: r, " rest "}\n"
#define BENIGN(rest) RULE("benign: true, changes: [added], " rest)
#define FILES ", shape: {types: [file]}"

static const struct complaint {
	const char *text, *why;
} complaints[] = {
	{"rules: []\n", "f.yaml:1:1: \"attack_version\" is missing; add it"},
	{"attack_version: \"18\"\n", "f.yaml:1:1: \"rules\" is missing; add it"},
	{"attack_version: \"18\"\nrules: {}\n", "f.yaml:2:8: \"rules\" should be a list of rules"},
	{HEAD "  - a\n", "f.yaml:3:5: a mapping (\"key: value\") should stand here"},
	{RULE("changes: [any], paths: [a]"), "f.yaml:3:5: \"severity\" is missing; add it"},
	{RULE("severity: bad, changes: [any]"),
	 "f.yaml:3:34: severity \"bad\"; it is one of: info, low, medium, high, critical"},
	{RULE("severity: low"), "f.yaml:3:5: \"changes\" is missing; add it"},
	{RULE("severity: low, changes: [any]"),
	 "f.yaml:3:5: the rule \"a\" fits everything; give paths, names or signals"},
	{RULE("severity: low, changes: [new], paths: [a]"),
	 "f.yaml:3:49: no kind of change; it is one of: added, modified, metadata, deleted, type, "
	 "written (added, modified or type), any"},
	{RULE("severity: low, changes: [any], signals: {all: [elv]}"),
	 "f.yaml:3:71: unknown signal \"elv\"; docs/rules.md lists them"},
	{RULE("severity: low, changes: [any], signals: {all: [elf], none: [elf]}"),
	 "f.yaml:3:64: asks for and against the same signal; it would never match"},
	{RULE("severity: low, changes: [any], paths: [/etc/x]"),
	 "f.yaml:3:63: a slash too many; write etc/passwd, not /etc/passwd, and dir/** for what "
	 "lies in dir"},
	{RULE("severity: low, changes: [any], names: [a/b]"),
	 "f.yaml:3:63: a slash in a name; patterns with one belong into paths"},
	{RULE("severity: low, changes: [any], attack: [T11], paths: [a]"),
	 "f.yaml:3:64: no technique of ATT&CK; write T1234 or T1234.001"},
	{HEAD "  - {id: A, reason: r, severity: low}\n",
	 "f.yaml:3:10: an id is at most 64 small letters, digits and hyphens"},
	{HEAD "  - &x {id: a, severity: low}\n",
	 "f.yaml:3:5: anchors (&), aliases (*) and tags (!) are not read; write it out, or put it "
	 "in quotes"},
	{HEAD "  - {id: a, reason: r, severity: low, changes: [any], names: [x]}\n"
	      "  - {id: a, reason: r, severity: low, changes: [any], names: [x]}\n",
	 "f.yaml:4:10: the rule \"a\" is also in f.yaml, line 3; keep one"},
	/* the bounds of what may be called benign */
	{BENIGN("severity: low, paths: [a]"),
	 "f.yaml:3:66: a benign rule has no severity; take it out"},
	{BENIGN("names: [a]" FILES),
	 "f.yaml:3:5: the benign rule \"a\" has no paths; say where it applies"},
	{BENIGN("paths: [\"**\"]" FILES),
	 "f.yaml:3:5: the benign rule \"a\" has a path that fits everything; say where"},
	{BENIGN("paths: [\"*/?\"]" FILES),
	 "f.yaml:3:5: the benign rule \"a\" has a path that fits everything; say where"},
	{BENIGN("paths: [a]"), "f.yaml:3:5: the benign rule \"a\" has no types; say in \"shape\" "
			       "which objects it is about"},
	{BENIGN("paths: [\"usr/bin/**\"]" FILES), "f.yaml:3:5: the benign rule \"a\" speaks of a "
						  "directory of programs; take that path out"},
	{BENIGN("paths: [usr/local/bin/x]" FILES), "f.yaml:3:5: the benign rule \"a\" speaks of a "
						   "directory of programs; take that path out"},
	{BENIGN("paths: [etc/shadow]" FILES),
	 "f.yaml:3:5: the benign rule \"a\" speaks of an account file; take that path out"},
	{BENIGN("paths: [a], signals: {all: [elf]}" FILES),
	 "f.yaml:3:5: the benign rule \"a\" asks for a signal that is never benign; docs/rules.md "
	 "lists them"},
	{BENIGN("paths: [a], signals: {any: [setuid, text]}" FILES),
	 "f.yaml:3:5: the benign rule \"a\" asks for a signal that is never benign; docs/rules.md "
	 "lists them"},
	{BENIGN("paths: [a], shape: {types: [link]}"),
	 "f.yaml:3:5: the benign rule \"a\" speaks of links, which are never benign; name other "
	 "types"},
	{RULE("benign: true, changes: [type], paths: [a]" FILES),
	 "f.yaml:3:5: the benign rule \"a\" speaks of a change of type, which is never benign; "
	 "name other changes"},
};

static void a_complaint_says_where_and_what_to_do(void **state)
{
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(complaints); i++) {
		const struct complaint *c = &complaints[i];
		CLEANUP(rules_loaded_clear) struct rules_loaded l = {0};
		CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
		int rc = rules_load_text(&l, "f.yaml", c->text, strlen(c->text), &err);

		if (rc == -SL_EFORMAT && strcmp(sl_error_text(&err), c->why) == 0)
			continue;
		print_error("%s: %d, got:\n %s\nwant:\n %s\n", c->text, rc, sl_error_text(&err),
			    c->why);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

/* ---- no benign rule, however written, says anything about these ---- */

#define REG(m, ...)                                                                                \
	(&(const struct sl_entry){.mode = S_IFREG | (m), .size = 10, .uid = 9, __VA_ARGS__})

static const uint8_t value[20] = {1, 0, 0, 2, 0, 0x20};
static const struct sl_xattr caps[] = {{"security.capability", value, sizeof(value)}};
static const struct sl_xattr user[] = {{"user.x", value, sizeof(value)}};
static const struct sl_entry link_entry = {.mode = S_IFLNK | 0777, .target = {"x", 1}};
static const struct sl_entry device = {.mode = S_IFCHR | 0600, .rdev_major = 1};

static const struct crime {
	const char *what, *path, *head;
	const struct sl_entry *after;
	uint64_t signals;
	enum sl_change_kind kind;
} crimes[] = {
	{"an ELF", "srv/x", "\177ELF", REG(0644), 0, 0},
	{"a script", "srv/x", "#!/b", REG(0644), 0, 0},
	{"something executable", "srv/x", "text", REG(0755), 0, 0},
	{"an archive", "srv/x", "PK\3\4", REG(0644), 0, 0},
	{"a private key", "srv/x", "-----BEGIN OPENS", REG(0600), 0, 0},
	{"a script for a web server", "srv/x", "<?php", REG(0644), 0, 0},
	{"setuid", "srv/x", "text", REG(04644), 0, 0},
	{"setgid", "srv/x", "text", REG(02644), 0, 0},
	{"capabilities", "srv/x", "text", REG(0644, .xattrs = caps, .xattr_count = 1), 0, 0},
	{"attributes", "srv/x", "text", REG(0644, .xattrs = user, .xattr_count = 1), 0, 0},
	{"writable for all", "srv/x", "text", REG(0666), 0, 0},
	{"an account file", "etc/passwd", "text", REG(0644), 0, 0},
	{"a link", "srv/x", NULL, &link_entry, 0, 0},
	{"a device", "srv/x", NULL, &device, 0, 0},
	{"unread bytes", "srv/x", NULL, REG(0644), 0, 0},
	{"a hidden name", "srv/.x", "text", REG(0644), 0, 0},
	{"a hidden directory", "srv/.x/y", "text", REG(0644), 0, 0},
	{"a deceptive directory", "srv/.../y", "text", REG(0644), 0, 0},
	{"a name that cannot be seen", "srv/a\xe2\x80\x8b/y", "text", REG(0644), 0, 0},
	{"among programs", "usr/bin/x", "text", REG(0644), 0, 0},
	{"among libraries", "usr/lib/x", "text", REG(0644), 0, 0},
	{"another type", "srv/x", "text", REG(0644), 0, SL_CHANGE_TYPE},
	{"what runs", "srv/x", "text", REG(0644), SL_SIGNAL_RUNNING, 0},
	{"what is mapped", "srv/x", "text", REG(0644), SL_SIGNAL_MAPPED, 0},
	{"what is known to be bad", "srv/x", "text", REG(0644), SL_SIGNAL_KNOWN_BAD, 0},
	{"what YARA names", "srv/x", "text", REG(0644), SL_SIGNAL_YARA, 0},
	{"a forged time", "srv/x", "text", REG(0644), SL_SIGNAL_FORGED_MTIME, 0},
};

static bool is_explained(const struct crime *crime)
{
	static const char *const paths[] = {"srv/**", "usr/**", "etc/**", NULL};
	const struct rule wide = {.id = "wide",
				  .reason = "all of it",
				  .effect = RULE_EXPLAINS,
				  .kinds = KINDS_ALL,
				  .types = FACT_REGULAR | FACT_LINK,
				  .paths = paths};
	struct sl_change c = {.kind = crime->kind,
			      .signals = crime->signals,
			      .path = {crime->path, strlen(crime->path)},
			      .before = crime->kind == SL_CHANGE_TYPE ? &link_entry : NULL,
			      .after = crime->after};
	struct sl_finding f = {.severity = SL_SEVERITY_LOW};
	CLEANUP(ruleset_clear) struct ruleset set;

	assert_int_equal(ruleset_init(&set, &wide, 1, NULL, 0, NULL), 0);
	if (crime->head != NULL) {
		c.head_len = (uint8_t)strlen(crime->head);
		memcpy(c.head, crime->head, c.head_len);
	}
	rules_apply(&set, &f, &c, facts_of(&c, NULL));
	return f.cause != SL_CAUSE_NONE || f.rule_count > 0;
}

static void no_benign_rule_explains_a_crime(void **state)
{
	const struct crime fine = {"text", "srv/x", "text", REG(0644), 0, 0};

	(void)state;
	assert_true(is_explained(&fine));
	for (size_t i = 0; i < ARRAY_SIZE(crimes); i++)
		if (is_explained(&crimes[i]))
			fail_msg("%s is explained", crimes[i].what);
}

static void a_rule_of_the_user_replaces_one_and_speaks_before_benign_ones(void **state)
{
	static const char *const paths[] = {"var/log/**", NULL};
	const struct rule own[] = {{.id = "miner",
				    .reason = "mine",
				    .severity = SL_SEVERITY_LOW,
				    .kinds = KINDS_ALL,
				    .paths = paths}};
	struct sl_change c = {
		.path = {"var/log/x", 9}, .after = REG(0644), .head = "text", .head_len = 4};
	struct sl_finding before = {0}, after = {0};
	CLEANUP(ruleset_clear) struct ruleset shipped, both;

	(void)state;
	assert_int_equal(ruleset_init(&shipped, rules_table, rules_count, NULL, 0, NULL), 0);
	assert_int_equal(ruleset_init(&both, rules_table, rules_count, own, 1, NULL), 0);
	assert_int_equal(both.replaced, 1);
	assert_int_equal(both.count, shipped.count);
	rules_apply(&shipped, &before, &c, facts_of(&c, NULL));
	assert_string_equal(before.cause_name, "log-growth");
	rules_apply(&both, &after, &c, facts_of(&c, NULL));
	assert_int_equal(after.cause, SL_CAUSE_NONE);
	assert_string_equal(after.rules[0], "miner");
	assert_int_equal(after.severity, SL_SEVERITY_LOW);
}

static void every_signal_and_fact_has_a_word_that_finds_it(void **state)
{
	(void)state;
	for (int i = 0; i < SL_SIGNAL_BITS; i++) {
		fact_set bit = (fact_set)1 << i;

		assert_non_null(facts_name(bit));
		assert_true(facts_find(facts_name(bit)) == bit);
	}
	for (int i = 0; i < FACT_COUNT; i++) {
		assert_non_null(facts_name(FACT(i)));
		assert_true(facts_find(facts_name(FACT(i))) == FACT(i));
	}
	assert_true(facts_find("program") == FACT_PROGRAM);
	assert_true(facts_find("") == 0);
}

/* Every pattern in the set finds what it finds alone. */
static void an_index_of_patterns_finds_what_each_finds_alone(void **state)
{
	static const char *const globs[] = {"etc/**",    "**/x",       "**/.ssh/**", "*.ko", "**",
					    "a?c",       "etc/passwd", "**/a*b",     "e*",   "*",
					    "**/*.so.*", "??",         "**/x/**/y"};
	static const char *const texts[] = {"",         "x",   "etc",     "etc/passwd", "etc/x",
					    "etc/",     "a/x", "a.ko",    "abc",        "a/.ssh/k",
					    ".ssh/k",   "axb", "q/ab",    "ab",         "e",
					    "l/a.so.1", "x/y", "a/x/b/y", "xx"};
	CLEANUP(globset_clear) struct globset set = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(globs); i++)
		assert_int_equal(globset_add(&set, globs[i], i, NULL), 0);
	globset_ready(&set);
	for (size_t t = 0; t < ARRAY_SIZE(texts); t++) {
		globset_bits got = {0};

		globset_match(&set, (struct sl_bytes){texts[t], strlen(texts[t])}, got);
		for (size_t i = 0; i < ARRAY_SIZE(globs); i++)
			if ((got[0] >> i & 1) !=
			    glob_match(globs[i], strlen(globs[i]), texts[t], strlen(texts[t])))
				fail_msg("'%s' and '%s'", globs[i], texts[t]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rule_says_what_its_file_says),
		cmocka_unit_test(a_complaint_says_where_and_what_to_do),
		cmocka_unit_test(no_benign_rule_explains_a_crime),
		cmocka_unit_test(a_rule_of_the_user_replaces_one_and_speaks_before_benign_ones),
		cmocka_unit_test(every_signal_and_fact_has_a_word_that_finds_it),
		cmocka_unit_test(an_index_of_patterns_finds_what_each_finds_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
