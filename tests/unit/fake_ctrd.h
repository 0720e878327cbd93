/* SPDX-License-Identifier: Apache-2.0 */
/* A containerd root on a fake root: images with snapshots, containers on them, pods. */
#ifndef TESTS_FAKE_CTRD_H
#define TESTS_FAKE_CTRD_H

#include "unit/fake_bolt.h"
#include "unit/fake_root.h"

#define CR "var/lib/containerd"
#define OVERLAYFS CR "/io.containerd.snapshotter.v1.overlayfs"

struct fake_ctrd {
	char *root;
	struct fake_bolt *meta, *snapshots;
	unsigned int next; /* directory */
};

struct fake_ctrd_image {
	char name[64], id[72], manifest[72], top[72]; /* digests as text */
};

void fake_ctrd_start(struct fake_ctrd *f);
/* An image of two layers in the namespace, unpacked; @n makes it unlike others. */
void fake_ctrd_image(struct fake_ctrd *f, const char *ns, unsigned int n,
		     struct fake_ctrd_image *out);
/* A snapshot of a kind (2 active, 3 committed); @parent is a key, or NULL. Returns its directory.
 */
unsigned int fake_ctrd_snapshot(struct fake_ctrd *f, const char *ns, const char *key, int kind,
				const char *parent);
/* A container with a snapshot of its own; @spec is JSON. */
void fake_ctrd_container(struct fake_ctrd *f, const char *ns, const char *id,
			 const struct fake_ctrd_image *image, const char *spec);
/* The Kubernetes plugin's metadata of a container or sandbox. */
void fake_ctrd_extension(struct fake_ctrd *f, const char *id, bool is_sandbox, const char *json);
/* Write both databases. */
void fake_ctrd_finish(struct fake_ctrd *f);

#endif
