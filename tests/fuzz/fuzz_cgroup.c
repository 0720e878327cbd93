/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/PID/cgroup, then (after a line "%%") /proc/PID/stat. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/cgroup.h"
#include "host/process.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_inside(struct sl_bytes part, struct sl_bytes whole)
{
	if (part.len > 0 &&
	    (part.data < whole.data || part.data + part.len > whole.data + whole.len))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *mark = memmem(data, size, "\n%%\n", 4);
	size_t len = mark != NULL ? (size_t)(mark - data) : size;
	struct sl_bytes whole = {(const char *)data, len};
	struct process_stat st;
	struct cgroup c;

	if (cgroup_parse(&c, data, len, NULL) == 0) {
		check_inside(c.path, whole);
		check_inside(c.unified, whole);
		check_inside(c.freezer, whole);
		check_inside(c.id, c.path);
		if (strspn(c.pod_uid, "0123456789abcdef-") != strlen(c.pod_uid) ||
		    (c.is_monitor && c.id.len > 0))
			abort();
	}
	if (mark != NULL &&
	    process_stat_parse(&st, (const char *)mark + 4, size - len - 4, NULL) == 0 &&
	    st.parent < 0)
		abort();
	return 0;
}
