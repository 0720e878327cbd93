/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a policy: read, asked, warned of. What explains says on whose word. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "diff/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int tell(void *payload, const char *line)
{
	(void)payload;
	for (; *line != '\0'; line++)
		if ((unsigned char)*line < ' ')
			abort();
	return 0;
}

/* Does the text spell out every right that the finding needs? Escapes may spell anything. */
static bool grants(const struct sl_finding *f, const uint8_t *text, size_t size)
{
	uint32_t rights = policy_rights(f);

	for (uint32_t bit = 1; policy_right_name(bit) != NULL; bit <<= 1) {
		const char *name = policy_right_name(bit);

		if ((rights & bit) != 0 && memmem(text, size, name, strlen(name)) == NULL)
			return memchr(text, '\\', size) != NULL;
	}
	return true;
}

static void ask(struct policy *p, const char *path, uint32_t mode, const uint8_t *text, size_t size)
{
	const struct sl_entry after = {.path = {path, strlen(path)}, .mode = mode};
	const struct sl_change change = {
		.kind = SL_CHANGE_ADDED, .path = after.path, .after = &after};
	struct sl_finding f = {.kind = SL_FINDING_FILE, .change = &change};

	if (policy_explain(p, &f) &&
	    (f.cause_name == NULL || f.cause_by == NULL || !grants(&f, text, size)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct policy_subject subject = {.container = "web", .image = "nginx:1"};
	struct sl_time now = {.sec = 1800000000};
	struct policy *p = NULL;
	struct ydoc *doc = NULL;

	if (policy_new(&p, NULL) < 0)
		return 0;
	if (ydoc_parse(&doc, "policy", data, size, NULL) == 0 && policy_add(p, doc, NULL) == 0) {
		policy_begin(p, &subject, now);
		ask(p, "etc/passwd", S_IFREG | 0644, data, size);
		ask(p, "srv/x", S_IFREG | 04755, data, size);
		ask(p, "dev/x", S_IFBLK | 0600, data, size);
		ask(p, "srv/y", S_IFREG | 0600, data, size);
		(void)policy_warn(p, now, true, tell, NULL);
	}
	ydoc_free(doc);
	policy_free(p);
	return 0;
}
