/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/rpmmake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put_number(struct buf *out, uint32_t n)
{
	uint8_t bytes[] = {(uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};

	if (buf_append(out, bytes, sizeof(bytes)) < 0)
		abort();
}

void rpmmake_entry(struct rpmmake *m, uint32_t tag, uint32_t type, uint32_t offset, uint32_t count)
{
	put_number(&m->index, tag);
	put_number(&m->index, type);
	put_number(&m->index, offset);
	put_number(&m->index, count);
	m->entries++;
}

void rpmmake_string(struct rpmmake *m, uint32_t tag, const char *text)
{
	rpmmake_entry(m, tag, 6, (uint32_t)m->values.len, 1);
	if (buf_append(&m->values, text, strlen(text) + 1) < 0)
		abort();
}

void rpmmake_strings(struct rpmmake *m, uint32_t tag, const char *const *texts)
{
	uint32_t count = 0;

	while (texts[count] != NULL)
		count++;
	rpmmake_entry(m, tag, 8, (uint32_t)m->values.len, count);
	for (; *texts != NULL; texts++)
		if (buf_append(&m->values, *texts, strlen(*texts) + 1) < 0)
			abort();
}

void rpmmake_numbers(struct rpmmake *m, uint32_t tag, const uint32_t *numbers, uint32_t count)
{
	while (m->values.len % 4 != 0)
		if (buf_append_char(&m->values, '\0') < 0)
			abort();
	rpmmake_entry(m, tag, 4, (uint32_t)m->values.len, count);
	for (uint32_t i = 0; i < count; i++)
		put_number(&m->values, numbers[i]);
}

void rpmmake_finish(struct rpmmake *m, struct buf *out)
{
	put_number(out, m->entries);
	put_number(out, (uint32_t)m->values.len);
	if (m->index.len > 0 && buf_append(out, m->index.data, m->index.len) < 0)
		abort();
	if (m->values.len > 0 && buf_append(out, m->values.data, m->values.len) < 0)
		abort();
	buf_clear(&m->index);
	buf_clear(&m->values);
	*m = RPMMAKE_INIT;
}

void rpmmake_package(struct buf *out, const char *name, const char *version, const char *sha256)
{
	struct rpmmake m = RPMMAKE_INIT;
	const char *names[] = {name, name, NULL};
	const char *digests[] = {sha256, "", NULL};
	const char *dirs[] = {"/usr/bin/", "/usr/share/", NULL};

	rpmmake_string(&m, 1000, name);
	rpmmake_string(&m, 1001, version);
	rpmmake_string(&m, 1002, "1.fc39");
	rpmmake_strings(&m, 1035, digests);
	rpmmake_numbers(&m, 1116, (const uint32_t[]){0, 1}, 2);
	rpmmake_strings(&m, 1117, names);
	rpmmake_strings(&m, 1118, dirs);
	rpmmake_numbers(&m, 5011, (const uint32_t[]){8}, 1);
	rpmmake_finish(&m, out);
}
