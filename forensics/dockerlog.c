/* SPDX-License-Identifier: Apache-2.0 */
#include "forensics/dockerlog.h"

#include <string.h>

#include "core/clock.h"
#include "core/json.h"

int dockerlog_parse(struct logline *out, struct buf *text, const char *line, size_t len)
{
	struct jval *doc = NULL;
	const char *log, *stream, *time;
	int rc = len > DOCKERLOG_LINE_MAX ? -SL_EFORMAT : jval_parse(&doc, line, len, NULL);

	*out = (struct logline){0};
	if (rc < 0)
		return rc;
	log = jval_str(jval_get(doc, "log"));
	stream = jval_str(jval_get(doc, "stream"));
	time = jval_str(jval_get(doc, "time"));
	if (log == NULL || time == NULL || clock_parse(&out->time, time, strlen(time)) < 0)
		rc = -SL_EFORMAT;
	else
		rc = logline_text(text, log, strlen(log));
	if (stream != NULL)
		logline_stream(out, stream, strlen(stream));
	jval_free(doc);
	return rc;
}
