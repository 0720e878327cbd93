/* SPDX-License-Identifier: Apache-2.0 */
/* What a process says of itself: the input as mappings, arguments, environment and code. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/proccode.h"
#include "host/procargs.h"
#include "host/procleads.h"
#include "host/procmaps.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct sl_bytes part, const uint8_t *data, size_t size)
{
	const uint8_t *at = (const uint8_t *)part.data;

	if (at < data || at > data + size || part.len > (size_t)(data + size - at))
		abort();
}

static void read_maps(struct sl_bytes rest)
{
	const struct sl_bytes all = rest;
	struct procmaps_row row;
	size_t left = rest.len + 1;
	int rc;

	while ((rc = procmaps_next(&rest, &row, NULL)) != 1) {
		if (rest.len >= left)
			abort(); /* it does not come nearer to the end */
		left = rest.len;
		if (rc == 0)
			check(row.path, (const uint8_t *)all.data, all.len);
	}
}

static void read_arguments(struct sl_bytes all)
{
	static const char *const programs[] = {"/bin/bash", "/bin/busybox", "/usr/bin/python3",
					       "/usr/bin/php"};
	CLEANUP(buf_clear) struct buf joined = BUF_INIT(64);
	struct sl_bytes found, rest = all;
	size_t texts = 0;

	while (procargs_next(&rest, &found))
		if (texts++ > all.len)
			abort();
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
		if (!procargs_script(all, programs[i], &found))
			continue;
		check(found, (const uint8_t *)all.data, all.len);
		if (found.len == 0 || memchr(found.data, '\0', found.len) != NULL)
			abort();
	}
	procargs_join(&joined, all);
	if (joined.status < 0 || joined.len > joined.max)
		abort();
	(void)procargs_is_shebang(all, all.data, all.len);
	found = procargs_variable(all, "LD_PRELOAD");
	if (found.data != NULL && strncmp(found.data, "LD_PRELOAD=", 11) != 0)
		abort();
}

static int see_lead(void *payload, const struct procleads_lead *lead)
{
	const struct sl_bytes *all = payload;

	check(lead->path, (const uint8_t *)all->data, all->len);
	if (lead->by == NULL || lead->path.len == 0)
		abort();
	return 0;
}

static void read_leads(struct sl_bytes all)
{
	static const char *const programs[] = {"/usr/bin/node", "/usr/bin/java", "/usr/bin/ruby",
					       "/usr/bin/php8.2"};
	struct sl_bytes rest = all, variable;

	while (procargs_next(&rest, &variable))
		if (procleads_variable(variable, see_lead, &all) != 0)
			abort();
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
		if (procleads_arguments(all, programs[i], see_lead, &all) != 0)
			abort();
	if (procleads_code(all, see_lead, &all) != 0)
		abort();
	(void)procargs_module(all, "/usr/bin/python3", &variable);
	(void)procargs_script(all, "/usr/bin/java", &variable);
}

static void judge_code(struct sl_bytes all)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT((size_t)16 * 1024);

	procargs_join(&text, all);
	if (text.data == NULL)
		return;
	(void)proccode_judge("/bin/sh", text.data);
	(void)proccode_judge("/usr/bin/busybox", text.data);
	(void)proccode_judge("/usr/bin/socat", text.data);
	(void)proccode_judge("/usr/bin/python3", text.data);
	(void)proccode_line(text.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sl_bytes all = {(const char *)data, size};

	if (size == 0)
		return 0;
	read_maps(all);
	read_arguments(all);
	read_leads(all);
	judge_code(all);
	return 0;
}
