/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/cleanup.h"
#include "host/docker.h"

static bool only(const char *s, size_t len, const char *allowed)
{
	return strspn(s, allowed) >= len;
}

bool docker_is_id(const char *s)
{
	return strlen(s) == DOCKER_ID_LEN && only(s, DOCKER_ID_LEN, "0123456789abcdef");
}

bool docker_is_mount_id(const char *s)
{
	return strnlen(s, DOCKER_ID_LEN) == DOCKER_ID_LEN &&
	       only(s, DOCKER_ID_LEN, "0123456789abcdef") &&
	       (s[DOCKER_ID_LEN] == '\0' || strcmp(s + DOCKER_ID_LEN, "-init") == 0);
}

bool docker_is_layer_dir(const char *s)
{
	size_t len = strlen(s);

	return len >= 2 && len <= 128 && s[0] != '-' &&
	       only(s, len, "0123456789abcdefghijklmnopqrstuvwxyz-");
}

bool docker_is_link_name(const char *s)
{
	size_t len = strlen(s);

	return len > 0 && len <= 64 && only(s, len, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ");
}

bool docker_is_volume_name(const char *s)
{
	size_t len = strlen(s);

	return len > 0 && len <= 255 && s[0] != '.' && s[0] != '_' && s[0] != '-' &&
	       only(s, len, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_.-");
}

static const char *remap_number(const char *s, uint32_t *out)
{
	uint64_t n = 0;
	const char *p = s;

	for (; *p >= '0' && *p <= '9' && n <= UINT32_MAX; p++)
		n = n * 10 + (uint64_t)(*p - '0');
	*out = (uint32_t)n;
	return p > s && n <= UINT32_MAX ? p : NULL;
}

bool docker_is_remap_dir(const char *s, uint32_t *uid, uint32_t *gid)
{
	const char *p = remap_number(s, uid);

	if (p == NULL || *p != '.')
		return false;
	p = remap_number(p + 1, gid);
	return p != NULL && *p == '\0';
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

int docker_read_word(int dir_fd, const char *path, size_t max, struct buf *out,
		     struct sl_error *err)
{
	size_t start = 0;
	int rc;

	*out = BUF_INIT(max);
	rc = root_read_file(dir_fd, path, ROOT_NO_LINKS, out, err);
	if (rc == 0 && buf_append(out, "", 0) < 0)
		rc = sl_fail(err, SL_ENOMEM, 0, "read");
	if (rc == 0 && strlen(out->data) != out->len)
		rc = sl_fail(err, SL_EFORMAT, 0, "'%s' holds a NUL byte", path);
	if (rc < 0) {
		buf_clear(out);
		return rc;
	}
	/* the daemon trims what it reads, so trailing lines are no damage */
	while (out->len > 0 && is_space(out->data[out->len - 1]))
		out->data[--out->len] = '\0';
	while (start < out->len && is_space(out->data[start]))
		start++;
	out->len -= start;
	memmove(out->data, out->data + start, out->len + 1);
	return 0;
}
