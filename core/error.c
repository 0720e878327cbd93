/* SPDX-License-Identifier: Apache-2.0 */
#include <strandline/error.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"

static const char *const code_text[] = {
	[0] = "no error",
	[SL_ENOMEM] = "out of memory",
	[SL_EIO] = "input or output failed",
	[SL_EFORMAT] = "malformed input",
	[SL_EUNTRUSTED] = "does not match its digest or signature",
	[SL_ELIMIT] = "a limit was exceeded",
	[SL_EINVAL] = "invalid request",
	[SL_ENOTFOUND] = "not found",
	[SL_EAMBIGUOUS] = "ambiguous",
	[SL_EUNSUPPORTED] = "not supported",
	[SL_ECANCELLED] = "cancelled",
};

int(sl_fail)(struct sl_error *err, enum sl_code code, int sys, const char *fmt, ...)
{
	char text[128];
	char *msg = NULL;
	va_list ap;
	int n;

	/* an error that was passed on and never filled in: memory ran out, and no failure is none
	 */
	if ((int)code == 0)
		code = SL_ENOMEM;
	if (err == NULL)
		return -(int)code;

	va_start(ap, fmt);
	n = vasprintf(&msg, fmt, ap);
	va_end(ap);
	if (n < 0)
		msg = NULL;

	/* only now: the arguments may point into the old message */
	sl_error_clear(err);
	err->code = code;
	err->sys = sys;
	err->msg = msg;
	if (sys != 0 && msg != NULL) {
		char *joined = NULL;

		if (asprintf(&joined, "%s: %s", msg, strerror_r(sys, text, sizeof(text))) >= 0) {
			free(err->msg);
			err->msg = joined;
		}
	}
	return -(int)code;
}

int sl_wrap(struct sl_error *err, int rc, const char *fmt, ...)
{
	AUTO_FREE char *where = NULL;
	char *joined = NULL;
	va_list ap;
	int n;

	if (err == NULL || err->msg == NULL)
		return rc;

	va_start(ap, fmt);
	n = vasprintf(&where, fmt, ap);
	va_end(ap);
	if (n < 0) {
		where = NULL;
		return rc;
	}
	if (asprintf(&joined, "%s: %s", where, err->msg) < 0)
		return rc;

	free(err->msg);
	err->msg = joined;
	return rc;
}

const char *sl_error_text(const struct sl_error *err)
{
	if (err->msg != NULL)
		return err->msg;
	if ((size_t)err->code < ARRAY_SIZE(code_text) && code_text[err->code] != NULL)
		return code_text[err->code];
	return "unknown error";
}

void sl_error_clear(struct sl_error *err)
{
	free(err->msg);
	*err = SL_ERROR_INIT;
}
