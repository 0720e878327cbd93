/* SPDX-License-Identifier: Apache-2.0 */
#include "forensics/dockerlog.h"

#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/json.h"

static int append_text(struct buf *text, const char *log)
{
	size_t len = strlen(log), room = text->max - text->len;

	while (len > 0 && (log[len - 1] == '\n' || log[len - 1] == '\r'))
		len--;
	return buf_append(text, log, len < room ? len : room);
}

int dockerlog_parse(struct dockerlog_line *out, struct buf *text, const char *line, size_t len)
{
	struct jval *doc = NULL;
	const char *log, *stream, *time;
	int rc = len > DOCKERLOG_LINE_MAX ? -SL_EFORMAT : jval_parse(&doc, line, len, NULL);

	*out = (struct dockerlog_line){0};
	if (rc < 0)
		return rc;
	log = jval_str(jval_get(doc, "log"));
	stream = jval_str(jval_get(doc, "stream"));
	time = jval_str(jval_get(doc, "time"));
	if (log == NULL || time == NULL || clock_parse(&out->time, time, strlen(time)) < 0)
		rc = -SL_EFORMAT;
	else
		rc = append_text(text, log);
	if (stream != NULL && (strcmp(stream, "stdout") == 0 || strcmp(stream, "stderr") == 0))
		(void)snprintf(out->stream, sizeof(out->stream), "%s", stream);
	jval_free(doc);
	return rc;
}
