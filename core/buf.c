/* SPDX-License-Identifier: Apache-2.0 */
#include "core/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <strandline/error.h>

#include "core/cleanup.h"

int buf_reserve(struct buf *b, size_t extra)
{
	size_t need, cap;
	char *data;

	if (b->status != 0)
		return b->status;
	if (extra > b->max || b->len > b->max - extra)
		return b->status = -SL_ELIMIT;
	need = b->len + extra + 1;
	if (need <= b->cap)
		return 0;
	cap = b->cap < 64 ? 64 : b->cap;
	while (cap < need)
		cap += cap / 2;
	data = realloc(b->data, cap);
	if (data == NULL)
		return b->status = -SL_ENOMEM;
	b->data = data;
	b->cap = cap;
	return 0;
}

/* Most of what is appended does. With room for the NUL. */
static bool fits(const struct buf *b, size_t extra)
{
	return b->status == 0 && b->len < b->cap && extra < b->cap - b->len && b->len <= b->max &&
	       extra <= b->max - b->len;
}

int buf_append(struct buf *b, const void *bytes, size_t len)
{
	if (!fits(b, len) && (buf_reserve(b, len) < 0 || b->data == NULL))
		return b->status;
	if (len > 0)
		memcpy(b->data + b->len, bytes, len);
	b->len += len;
	b->data[b->len] = '\0';
	return 0;
}

int buf_append_str(struct buf *b, const char *s)
{
	return buf_append(b, s, strlen(s));
}

int buf_append_char(struct buf *b, char c)
{
	if (!fits(b, 1))
		return buf_append(b, &c, 1);
	b->data[b->len++] = c;
	b->data[b->len] = '\0';
	return 0;
}

int buf_append_number(struct buf *b, uint64_t n)
{
	char digits[20]; /* of UINT64_MAX */
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	return buf_append(b, digits + at, sizeof(digits) - at);
}

/* What the format borrows may lie in @b itself: nothing is moved before it was used. */
int buf_printf(struct buf *b, const char *fmt, ...)
{
	AUTO_FREE char *longer = NULL;
	char text[256];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < sizeof(text))
		return buf_append(b, text, (size_t)n);
	va_start(ap, fmt);
	n = vasprintf(&longer, fmt, ap);
	va_end(ap);
	if (n < 0) {
		longer = NULL;
		return b->status != 0 ? b->status : (b->status = -SL_ENOMEM);
	}
	return buf_append(b, longer, (size_t)n);
}

void buf_reset(struct buf *b)
{
	b->len = 0;
	b->status = 0;
	if (b->data != NULL)
		b->data[0] = '\0';
}

void buf_clear(struct buf *b)
{
	free(b->data);
	*b = BUF_INIT(b->max);
}

char *buf_take(struct buf *b)
{
	char *out;

	if (b->data == NULL && buf_append(b, "", 0) < 0)
		return NULL;
	out = b->data;
	b->data = NULL;
	b->len = b->cap = 0;
	b->status = 0;
	return out;
}
