/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a mount comes from, and what of that is the same when the container is made anew. Ids,
 * names of nameless volumes and the kubelet's random words are drawn for each container; everything
 * else is somebody's decision.
 */
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "host/settings_read.h"

#define HEX_ID_LEN 64
/* Shorter ids are names that a person chose. */
#define DRAWN_ID_MIN 32
#define TOKEN "kube-api-access-"
#define TOKEN_LOT 5
#define PODS "/var/lib/kubelet/pods/"

/* Append @text, every @from in it replaced. */
static void put_replaced(struct buf *out, const char *text, const char *from, const char *to)
{
	size_t len = from != NULL ? strlen(from) : 0;
	const char *at;

	while (len >= DRAWN_ID_MIN && (at = strstr(text, from)) != NULL) {
		(void)buf_append(out, text, (size_t)(at - text));
		(void)buf_append_str(out, to);
		text = at + len;
	}
	(void)buf_append_str(out, text);
}

static int replace(char **text, const char *from, const char *to)
{
	CLEANUP(buf_clear) struct buf out = BUF_INIT(SL_SETTINGS_BYTES_MAX);

	if (from == NULL)
		return 0;
	put_replaced(&out, *text, from, to);
	if (out.status < 0)
		return out.status;
	free(*text);
	*text = buf_take(&out);
	return *text != NULL ? 0 : -SL_ENOMEM;
}

/* ".../kube-api-access-x7k2p", and the log of how it ended, ".../containers/NAME/1a2b3c4d". */
static void cut_lot(char *text)
{
	char *token = strstr(text, TOKEN);
	char *name = strrchr(text, '/');

	if (token != NULL && strlen(token) == strlen(TOKEN) + TOKEN_LOT && token > text &&
	    token[-1] == '/')
		token[strlen(TOKEN)] = '\0';
	else if (name != NULL && strncmp(text, PODS, strlen(PODS)) == 0 &&
		 strstr(text, "/containers/") != NULL && strlen(name + 1) == 8 &&
		 strspn(name + 1, "0123456789abcdef") == 8)
		name[1] = '\0';
}

static int likeness(char **out, const struct sl_container *c, const char *type, const char *source)
{
	int rc;

	*out = NULL;
	if (source == NULL)
		return 0;
	if (strcmp(type, "volume") == 0 && strlen(source) == HEX_ID_LEN &&
	    strspn(source, "0123456789abcdef") == HEX_ID_LEN)
		source = "<nameless>";
	*out = strdup(source);
	if (*out == NULL)
		return -SL_ENOMEM;
	rc = replace(out, c->id, "<id>");
	if (rc == 0 && c->pod != NULL)
		rc = replace(out, c->pod->uid, "<pod>");
	if (rc == 0 && c->pod != NULL)
		rc = replace(out, c->pod->sandbox, "<sandbox>");
	if (rc == 0)
		cut_lot(*out);
	return rc;
}

int settings_mount(struct sl_settings *out, const struct sl_container *c, const char *path,
		   const char *type, const char *source, const char *propagation, bool rw,
		   struct sl_error *err)
{
	struct sl_setting_mount m = {.path = (char *)(uintptr_t)path,
				     .type = (char *)(uintptr_t)type,
				     .source = (char *)(uintptr_t)source,
				     .propagation = (char *)(uintptr_t)propagation,
				     .rw = rw};
	AUTO_FREE char *like = NULL;
	int rc = likeness(&like, c, type, source);

	if (rc < 0)
		return sl_fail(err, rc == -SL_ELIMIT ? SL_ELIMIT : SL_ENOMEM, 0, "mounts");
	m.likeness = like;
	return sl_settings_add_mount(out, &m, err);
}
