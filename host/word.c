/* SPDX-License-Identifier: Apache-2.0 */
#include "host/word.h"

#include <string.h>

#include "core/cleanup.h"
#include "core/quote.h"
#include "host/machine.h"

#define POD "pod:"
#define ATTEMPT_DIGITS 9

const char *word_engine(const struct word *w)
{
	return w->engine[0] != '\0' ? w->engine : NULL;
}

void word_clear(struct word *w)
{
	free(w->ns);
	free(w->pod);
	free(w->container);
	*w = (struct word){.rest = ""};
}

static void take_engine(struct word *w)
{
	const char *colon = strchr(w->rest, ':');
	size_t len = colon != NULL ? (size_t)(colon - w->rest) : 0;

	if (colon == NULL || len >= sizeof(w->engine) || !host_engine_known(w->rest, len))
		return;
	memcpy(w->engine, w->rest, len);
	w->rest = colon + 1;
}

static int fail_pod(const char *text, struct sl_error *err)
{
	AUTO_FREE char *shown = quote_dup(text, strlen(text));

	return sl_fail(err, SL_EINVAL, 0,
		       "'%s' is no pod: give pod:NAMESPACE/POD[/CONTAINER], with @N or @previous "
		       "behind for another attempt",
		       shown != NULL ? shown : "?");
}

/* 0; 1 when what follows the @ is no attempt. */
static int parse_attempt(struct word *w, const char *text)
{
	size_t digits = strspn(text, "0123456789");

	if (strcmp(text, "previous") == 0) {
		w->pick = ATTEMPT_PREVIOUS;
		return 0;
	}
	if (digits == 0 || digits > ATTEMPT_DIGITS || text[digits] != '\0')
		return 1;
	w->pick = ATTEMPT_NUMBER;
	for (size_t i = 0; i < digits; i++)
		w->attempt = w->attempt * 10 + (uint32_t)(text[i] - '0');
	return 0;
}

/* POD, NAMESPACE/POD or NAMESPACE/POD/CONTAINER, of @len bytes. 1 when it is none of them. */
static int parse_pod(struct word *w, const char *text, size_t len, struct sl_error *err)
{
	const char *end = text + len;
	const char *pod = memchr(text, '/', len);
	const char *container = pod != NULL ? memchr(pod + 1, '/', (size_t)(end - pod - 1)) : NULL;
	const char *pod_end = container != NULL ? container : end;

	if (pod != NULL)
		w->ns = strndup(text, (size_t)(pod - text));
	pod = pod != NULL ? pod + 1 : text;
	w->pod = strndup(pod, (size_t)(pod_end - pod));
	if (container != NULL)
		w->container = strndup(container + 1, (size_t)(end - container - 1));
	if (w->pod == NULL || (pod != text && w->ns == NULL) ||
	    (container != NULL && w->container == NULL))
		return sl_fail(err, SL_ENOMEM, 0, "reference");
	return *w->pod == '\0' ||
	       (container != NULL && (*w->container == '\0' || strchr(w->container, '/') != NULL));
}

int word_parse(struct word *out, const char *text, struct sl_error *err)
{
	const char *at;
	int rc;

	*out = (struct word){.rest = text};
	if (*text == '/') {
		out->kind = WORD_PATH;
		return 0;
	}
	if (strncmp(text, POD, strlen(POD)) != 0) {
		take_engine(out);
		return 0;
	}
	out->kind = WORD_POD;
	text += strlen(POD);
	at = strchrnul(text, '@');
	rc = *at == '@' ? parse_attempt(out, at + 1) : 0;
	if (rc == 0)
		rc = parse_pod(out, text, (size_t)(at - text), err);
	if (rc == 1)
		rc = fail_pod(out->rest, err);
	if (rc < 0)
		word_clear(out);
	return rc;
}
