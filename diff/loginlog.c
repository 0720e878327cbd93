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
static size_t record_size(uint64_t len)
{
	return len % 384 != 0 && len % LOGINLOG_RECORD_MAX == 0 ? LOGINLOG_RECORD_MAX : 384;
}

void loginscan_begin(struct loginscan *s, uint64_t len)
{
	*s = (struct loginscan){.size = record_size(len)};
}

static void count(struct loginscan *s, const char *record)
{
	s->found.records++;
	if (is_zeros(record, s->size)) {
		s->empty++;
		return;
	}
	s->found.wiped += s->empty;
	s->empty = 0;
}

void loginscan_feed(struct loginscan *s, struct sl_bytes bytes)
{
	while (bytes.len > 0) {
		size_t take = s->size - s->held < bytes.len ? s->size - s->held : bytes.len;

		if (take == s->size) {
			count(s, bytes.data);
		} else {
			memcpy(s->record + s->held, bytes.data, take);
			s->held += take;
			if (s->held == s->size) {
				count(s, s->record);
				s->held = 0;
			}
		}
		bytes.data += take;
		bytes.len -= take;
	}
}

struct loginlog loginscan_end(const struct loginscan *s)
{
	struct loginlog found = s->found;

	found.is_uneven = s->held > 0;
	return found;
}
