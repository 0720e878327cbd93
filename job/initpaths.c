/* SPDX-License-Identifier: Apache-2.0 */
#include "job/initpaths.h"

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "job/view.h"

/* In canonical order. Reference: moby, daemon/initlayer/setup_unix.go; what was there is removed
 * first, so that a file of the image can be an empty one in every container. */
static const char *const paths[] = {
	"",    ".dockerenv",   "dev",       "dev/console", "dev/pts",         "dev/shm",
	"etc", "etc/hostname", "etc/hosts", "etc/mtab",    "etc/resolv.conf", "proc",
	"sys",
};

struct initpaths {
	struct sl_source source;
	struct sl_source *tree; /* owned */
	size_t next;
};

static struct initpaths *from(struct sl_source *src)
{
	return container_of(src, struct initpaths, source);
}

static int initpaths_next(struct sl_source *src, const struct sl_entry **out, struct sl_error *err)
{
	struct initpaths *p = from(src);
	int rc = 1;

	while (rc == 1 && p->next < ARRAY_SIZE(paths)) {
		const char *path = paths[p->next++];

		rc = view_find(p->tree, (struct sl_bytes){path, strlen(path)}, out, err);
	}
	return rc;
}

static int initpaths_seek(struct sl_source *src, struct sl_bytes path, struct sl_error *err)
{
	struct initpaths *p = from(src);

	(void)err;
	for (p->next = 0; p->next < ARRAY_SIZE(paths); p->next++)
		if (sl_path_compare((struct sl_bytes){paths[p->next], strlen(paths[p->next])},
				    path) >= 0)
			break;
	return 0;
}

static int initpaths_open_content(struct sl_source *src, struct sl_content **out,
				  struct sl_error *err)
{
	return sl_source_open(from(src)->tree, out, err);
}

static const struct sl_gap *initpaths_gap(struct sl_source *src)
{
	return sl_source_gap(from(src)->tree);
}

static void initpaths_close(struct sl_source *src)
{
	struct initpaths *p = from(src);

	sl_source_close(p->tree);
	free(p);
}

int initpaths_open(struct sl_source **out, struct sl_source *tree, struct sl_error *err)
{
	static const struct sl_source_ops ops = {.next = initpaths_next,
						 .seek = initpaths_seek,
						 .open = initpaths_open_content,
						 .gap = initpaths_gap,
						 .close = initpaths_close};
	struct initpaths *p = calloc(1, sizeof(*p));

	if (p == NULL) {
		sl_source_close(tree);
		return sl_fail(err, SL_ENOMEM, 0, "init layer");
	}
	*p = (struct initpaths){.source.ops = &ops, .tree = tree};
	*out = &p->source;
	return 0;
}
