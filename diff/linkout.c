/* SPDX-License-Identifier: Apache-2.0 */
/* Links into what is the host's: a process's root or open files, the kernel's knobs. */
#include "diff/facts.h"

#include <string.h>

#include "core/buf.h"
#include "core/cleanup.h"

/* The last component goes, as ".." says; at the root it says nothing. */
static void go_up(struct buf *at)
{
	const char *slash = at->len > 0 ? memrchr(at->data, '/', at->len) : NULL;

	at->len = slash != NULL ? (size_t)(slash - at->data) : 0;
}

static bool is_beneath(const struct buf *at, const char *dir)
{
	size_t len = strlen(dir);

	return at->len > len && memcmp(at->data, dir, len) == 0;
}

/* "/proc/1/root", "/proc/self/fd/7": whoever goes up from there starts where that leads. */
static bool is_way_out(const struct buf *at)
{
	static const char *const ends[] = {"/root", "/cwd"};
	const char *slash = at->len > 0 ? memrchr(at->data, '/', at->len) : NULL;

	if (slash == NULL || !is_beneath(at, "/proc/"))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (at->len - (size_t)(slash - at->data) == strlen(ends[i]) &&
		    memcmp(slash, ends[i], strlen(ends[i])) == 0)
			return true;
	return slash - at->data >= 3 && memcmp(slash - 3, "/fd", 3) == 0;
}

/*
 * One by one, as the kernel does where no component is a link itself. False: at one that is, and
 * leads anywhere, the way goes up.
 */
static bool walk(struct buf *at, struct sl_bytes path)
{
	const char *next = path.data, *end = path.data + path.len;

	while (next < end) {
		const char *slash = memchr(next, '/', (size_t)(end - next));
		size_t len = (size_t)((slash != NULL ? slash : end) - next);

		if (len == 2 && memcmp(next, "..", 2) == 0) {
			if (is_way_out(at))
				return false;
			go_up(at);
		} else if (len > 0 && !(len == 1 && *next == '.')) {
			(void)buf_append_char(at, '/');
			(void)buf_append(at, next, len);
		}
		next += len + 1;
	}
	return true;
}

/* The links that runtimes and images have lead nowhere. */
static bool is_fine(const struct buf *at)
{
	static const char *const fine[] = {
		"/proc/self/fd",     "/proc/self/fd/0", "/proc/self/fd/1", "/proc/self/fd/2",
		"/proc/self/mounts", "/proc/mounts",    "/proc/kcore",     "/proc/net/pnp",
		"/proc/1/fd/1",      "/proc/1/fd/2"};

	for (size_t i = 0; i < ARRAY_SIZE(fine); i++)
		if (at->len == strlen(fine[i]) && memcmp(at->data, fine[i], at->len) == 0)
			return true;
	return false;
}

bool facts_leads_out(struct sl_bytes path, struct sl_bytes target)
{
	struct buf at = BUF_INIT(path.len + target.len + 16);
	bool is_out;

	if (target.len == 0 || target.data[0] != '/') {
		(void)walk(&at, path);
		go_up(&at);
	}
	/* what everybody calls it by */
	if (target.len > 8 && memcmp(target.data, "/dev/fd/", 8) == 0) {
		(void)buf_append_str(&at, "/proc/self");
		target.data += 4;
		target.len -= 4;
	}
	is_out = !walk(&at, target) || at.status != 0 || is_beneath(&at, "/sys/") ||
		 (is_beneath(&at, "/proc/") && !is_fine(&at));
	buf_clear(&at);
	return is_out;
}
