/* SPDX-License-Identifier: Apache-2.0 */
#include "report/rowarray.h"

int rowarray_write(struct jout *j, const char *key, struct rowspool *rows, struct outbuf *out,
		   struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf row = BUF_INIT(SIZE_MAX / 16);
	int rc = rowspool_rewind(rows, err);

	jout_key(j, key);
	jout_array(j);
	while (rc == 0 && (rc = rowspool_next(rows, &row, err)) == 0) {
		jout_raw(j, row.data, row.len);
		rc = outbuf_maybe_flush(out, err);
	}
	jout_array_end(j);
	return rc < 0 ? rc : 0;
}
