/* SPDX-License-Identifier: Apache-2.0 */
/* Which layer directories there are on this host, and who shares each. */
#ifndef JOB_CHECKPLAN_H
#define JOB_CHECKPLAN_H

#include <sys/types.h>

#include <strandline/check.h>
#include <strandline/container.h>

struct checkplan_sharers {
	struct sl_check_sharer *items; /* texts owned */
	size_t count, room;
};

/* A directory as a layer: one that stands for two layers is there twice. */
struct checkplan_row {
	uint8_t chain_id[SL_SHA256_SIZE];
	bool has_dir;
	dev_t dev;
	ino_t ino;
	struct checkplan_sharers images, containers;
	bool done;
};

struct checkplan {
	struct checkplan_row **rows; /* owned */
	size_t count, room;
};

/* The row of a directory as a layer, made when there is none. @dir_fd may be -1. 0, or negative. */
int checkplan_row(struct checkplan *p, const uint8_t chain_id[SL_SHA256_SIZE], int dir_fd,
		  struct checkplan_row **out, struct sl_error *err);

/* Every layer of the image has it among its images. */
int checkplan_add_image(struct checkplan *p, const struct sl_image *image, struct sl_error *err);

/* Whatever layer lies in a lower directory of the container has it among its containers. */
int checkplan_add_container(struct checkplan *p, const struct sl_container *c,
			    struct sl_error *err);

/* Note that the container has this one, unless that is known. */
int checkplan_share(struct checkplan_row *row, const struct sl_container *c, struct sl_error *err);

void checkplan_clear(struct checkplan *p);

#endif
