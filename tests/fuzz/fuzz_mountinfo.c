/* SPDX-License-Identifier: Apache-2.0 */
/* A mountinfo document; the options of each overlay in it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "host/mountinfo.h"
#include "host/overlayopts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool lies_in(struct sl_bytes field, const uint8_t *data, size_t size)
{
	const uint8_t *at = (const uint8_t *)field.data;

	return at >= data && at <= data + size && field.len <= (size_t)(data + size - at) &&
	       memchr(at, '\n', field.len) == NULL;
}

static void read_options(struct sl_bytes text)
{
	struct overlayopts o;

	if (overlayopts_parse(&o, text, NULL) < 0)
		return;
	/* what every consumer relies on */
	if (o.lower_count <= o.data_count || o.lower_count > OVERLAY_LOWERS_MAX ||
	    (o.upper != NULL && o.upper[0] == '\0'))
		abort();
	for (size_t i = 0; i < o.lower_count; i++)
		if (o.lowers[i][0] == '\0')
			abort();
	overlayopts_clear(&o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mountinfo m = MOUNTINFO_INIT((const char *)data, size);
	struct mountinfo_row row;
	size_t left = size + 1;
	int rc;

	while ((rc = mountinfo_next(&m, &row, NULL)) != 1) {
		CLEANUP(buf_clear) struct buf point = BUF_INIT(4096);

		if (m.left >= left || rc == -SL_ELIMIT)
			break;
		left = m.left;
		if (rc < 0)
			continue;
		if (!lies_in(row.root, data, size) || !lies_in(row.point, data, size) ||
		    !lies_in(row.type, data, size) || !lies_in(row.source, data, size) ||
		    !lies_in(row.options, data, size))
			abort();
		if (mountinfo_decode(&point, row.point, NULL) == 0 && point.len > row.point.len)
			abort();
		if (mountinfo_is(row.type, "overlay"))
			read_options(row.options);
	}
	if (rc != 1 && rc != -SL_ELIMIT)
		abort(); /* it does not come nearer to the end */
	return 0;
}
