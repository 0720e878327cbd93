/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A graph root of containers/storage on a fake root, laid out as the library lays it out: an image
 * of two layers, and any number of containers on it. What a test is about it then changes by hand.
 */
#ifndef TESTS_FAKE_CSTORE_H
#define TESTS_FAKE_CSTORE_H

#include <strandline/container.h>

#include "core/buf.h"
#include "host/host.h"
#include "unit/fake_root.h"

#define GR "var/lib/containers/storage"
#define RR "run/containers/storage"
#define FAKE_BASE "1111111111111111111111111111111111111111111111111111111111111111"
#define FAKE_TOP "2222222222222222222222222222222222222222222222222222222222222222"

struct fake_cstore {
	char *root;
	char image[65];                               /* its id: the digest of its config */
	struct buf layers, images, containers, hasty; /* the lists' rows so far */
};

/* Begin with the image, called @name, whose layers are FAKE_BASE and FAKE_TOP on it. */
void fake_cstore_begin(struct fake_cstore *f, char *root, const char *name);
/*
 * Add a container with id @digit x 64 on the image, its layer being "f" and 63 times the digit.
 * @more are further members of its row (",\"key\":..."), or "".
 */
void fake_cstore_container(struct fake_cstore *f, char digit, const char *more);
/* The same in volatile-containers.json. */
void fake_cstore_volatile(struct fake_cstore *f, char digit, const char *more);
/* The same as CRI-O writes it: its metadata from these words; @attempt of @name in @pod. */
void fake_cstore_crio(struct fake_cstore *f, char digit, char pod, const char *name, int attempt);
/* Add a layer's directory, links and row. @parent may be NULL; @more as above. */
void fake_cstore_layer(struct fake_cstore *f, const char *id, const char *parent, const char *more);
/* Write the lists. */
void fake_cstore_write(struct fake_cstore *f);
void fake_cstore_clear(struct fake_cstore *f);

/* That container's id and layer. */
const char *fake_cid(char out[65], char digit);
const char *fake_lid(char out[65], char digit);

#endif
