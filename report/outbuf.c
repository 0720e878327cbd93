/* SPDX-License-Identifier: Apache-2.0 */
#include "report/outbuf.h"

/* One finding may be large (megabytes of attributes, base64), a document never stays in memory. */
#define OUT_MAX_BYTES ((size_t)256 << 20)
#define OUT_PIECE ((size_t)32 << 10)

void outbuf_init(struct outbuf *o, struct ostream *to)
{
	*o = (struct outbuf){.to = to, .buf = BUF_INIT(OUT_MAX_BYTES)};
}

int outbuf_flush(struct outbuf *o, struct sl_error *err)
{
	int rc = o->buf.status;

	if (rc < 0)
		return sl_fail(err, rc == -SL_ELIMIT ? SL_ELIMIT : SL_ENOMEM, 0, "report output");
	rc = ostream_write(o->to, o->buf.data, o->buf.len, err);
	if (o->buf.cap > 4 * OUT_PIECE)
		buf_clear(&o->buf); /* one giant must not stay for ever */
	else
		buf_reset(&o->buf);
	return rc;
}

int outbuf_maybe_flush(struct outbuf *o, struct sl_error *err)
{
	if (o->buf.status == 0 && o->buf.len < OUT_PIECE)
		return 0;
	return outbuf_flush(o, err);
}

void outbuf_clear(struct outbuf *o)
{
	buf_clear(&o->buf);
}
