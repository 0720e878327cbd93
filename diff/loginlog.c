/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/loginlog.h"

#include <string.h>

#include "core/cleanup.h"

bool loginlog_is(struct sl_bytes path)
{
	static const char *const paths[] = {"var/log/wtmp", "var/log/btmp"};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (path.len == strlen(paths[i]) && memcmp(path.data, paths[i], path.len) == 0)
			return true;
	return false;
}

static bool is_zeros(const char *at, size_t len)
{
	return at[0] == 0 && memcmp(at, at + 1, len - 1) == 0;
}

/* reference: utmp(5); glibc has 384 bytes with 32-bit times, 400 on machines that never had these
 */
static size_t record_size(size_t len)
{
	return len % 384 != 0 && len % 400 == 0 ? 400 : 384;
}

void loginlog_read(struct loginlog *out, struct sl_bytes bytes)
{
	size_t size = record_size(bytes.len), empty = 0;

	*out = (struct loginlog){.records = bytes.len / size, .is_uneven = bytes.len % size != 0};
	for (size_t i = 0; i < out->records; i++) {
		if (is_zeros(bytes.data + i * size, size)) {
			empty++;
			continue;
		}
		out->wiped += empty;
		empty = 0;
	}
}
