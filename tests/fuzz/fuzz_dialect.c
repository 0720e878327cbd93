/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A name, NUL, a value: as a name in a directory, as an attribute, and the value as each of the
 * private ones, in every dialect. What is accepted has to keep what its header promises.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "snapshot/dialect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void check_name(const struct dialect *d, const char *name)
{
	dialect_key_fn key = dialect_key(d);

	for (int at_root = 0; at_root < 2; at_root++) {
		enum dialect_name kind = dialect_name(d, name, at_root == 1);

		check(kind == DIALECT_OBJECT || key != NULL);
		/* what a whiteout deletes has a name of its own, and sorts as that */
		if (kind == DIALECT_WHITEOUT)
			check(strcmp(key(name), name + strlen(DIALECT_WHITEOUT_PREFIX)) == 0 &&
			      key(name)[0] != '\0');
		if (kind == DIALECT_OBJECT && key != NULL)
			check(key(name) == name);
	}
}

static void check_attribute(const struct dialect *d, const char *name)
{
	const char *const *stats = dialect_stat_names(d);
	const char *stat_name = NULL;

	for (;; stats++) {
		struct dialect_reading r = dialect_attribute(d, name, stat_name);

		check(r.keep + r.drop <= strlen(name));
		check(r.kind == DIALECT_DATA || r.drop == 0);
		if (*stats == NULL)
			break;
		stat_name = *stats;
	}
}

static void check_value(const char *value, size_t len)
{
	struct dialect_stat stat;

	if (dialect_parse_stat(&stat, value, len)) {
		check(stat.has_type == ((stat.mode & S_IFMT) != 0));
		check(len >= 5);
	}
	if (dialect_redirect_is_valid((struct sl_bytes){value, len})) {
		check(len > 0 && memchr(value, '\0', len) == NULL && value[len - 1] != '/');
		check(value[0] == '/' || memchr(value, '/', len) == NULL);
		check(memmem(value, len, "/../", 4) == NULL);
	}
	(void)dialect_metacopy_is_valid(value, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *nul = size > 0 ? memchr(data, 0, size) : NULL;
	size_t name_len = nul != NULL ? (size_t)(nul - data) : size;
	size_t value_len = nul != NULL ? size - name_len - 1 : 0;
	char *name = malloc(name_len + 1), *value = malloc(value_len + 1);

	check(name != NULL && value != NULL);
	memcpy(name, data, name_len);
	name[name_len] = '\0';
	memcpy(value, data + size - value_len, value_len);
	for (int marker = SL_MARKER_NONE; marker <= SL_MARKER_AUFS; marker++) {
		const struct dialect *d = dialect_of((enum sl_marker)marker);

		check_name(d, name);
		check_attribute(d, name);
		(void)dialect_opaque(d, value, value_len);
	}
	check_value(value, value_len);
	free(name);
	free(value);
	return 0;
}
