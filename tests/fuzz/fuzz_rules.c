/* SPDX-License-Identifier: Apache-2.0 */
/* Rule files of strangers: what is taken can be matched, and no benign rule is without bounds. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "diff/benign.h"
#include "diff/rules_load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void match(const struct ruleset *set)
{
	static const struct sl_entry elf = {.mode = S_IFREG | 0644, .size = 9};
	static const char *const paths[] = {"srv/x", "run/a.pid", "usr/bin/ls", "etc/shadow"};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		struct sl_change c = {.path = {paths[i], strlen(paths[i])},
				      .after = &elf,
				      .head = "\177ELF",
				      .head_len = 4};
		struct sl_finding f = {0};

		rules_apply(set, &f, &c, facts_of(&c, NULL));
		if (f.cause != SL_CAUSE_NONE)
			abort(); /* an ELF was explained */
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(rules_loaded_clear) struct rules_loaded l = {0};
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	struct ruleset set;
	int rc = rules_load_text(&l, "f.yaml", data, size, &err);

	if (rc < 0 && strncmp(sl_error_text(&err), "f.yaml:", 7) != 0)
		abort();
	if (rc < 0)
		return 0;
	for (size_t i = 0; i < l.count; i++)
		if (l.items[i].kinds == 0 ||
		    (l.items[i].effect != RULE_RAISES && benign_objects(&l.items[i]) != NULL))
			abort();
	if (ruleset_init(&set, l.items, l.count, NULL, 0, NULL) == 0) {
		match(&set);
		ruleset_clear(&set);
	}
	return 0;
}
