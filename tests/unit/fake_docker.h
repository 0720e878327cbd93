/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A docker data root on a fake root, laid out as the daemon lays it out: an image of two layers and
 * any number of containers on it. What a test is about it then changes by hand.
 */
#ifndef TESTS_FAKE_DOCKER_H
#define TESTS_FAKE_DOCKER_H

#include <strandline/container.h>

#include "core/buf.h"
#include "host/host.h"
#include "unit/fake_root.h"

#define DR "var/lib/docker"
#define FAKE_LAYERS 2

struct fake_image {
	char id[65];                   /* of the config */
	char diff_id[FAKE_LAYERS][65]; /* bottom first */
	char chain_id[FAKE_LAYERS][65];
	char cache_id[FAKE_LAYERS][65]; /* directories in overlay2 */
};

/* 64 times the same digit: an id. */
const char *fake_id(char out[65], char digit);

/* Write an image named @name ("web:1"), and repositories.json for it alone. */
void fake_docker_image(const char *root, const char *name, struct fake_image *out);

/*
 * Write a container with id @digit x 64 on @image. Its mount id is @digit in the first place and
 * zeros; @state is the inside of the State object, @more further members of config.v2.json
 * (",\"Key\":..."), or "".
 */
void fake_docker_container(const char *root, const struct fake_image *image, char digit,
			   const char *name, const char *state, const char *more);

/* The mount id of that container. */
const char *fake_mount_id(char out[65], char digit);

/* List into @log: "NAME STATE\n" or "gap WHAT: WHY\n". Fails the test when the walk fails. */
void fake_docker_list(const char *root, struct buf *log);

#endif
