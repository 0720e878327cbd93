/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The short names of layer directories, in "l" beside them: Docker's overlay2 and
 * containers/storage keep mount options short by them. A name is a link "../DIR/diff", and each
 * directory's file `link` says which one is its own, which serves when the link is lost.
 */
#ifndef HOST_LAYERLINKS_H
#define HOST_LAYERLINKS_H

#include <strandline/error.h>

struct layerlinks;

/*
 * The directory behind a name, as a heap string. @home_fd has the layer directories, @links_fd is
 * its "l" or -1; *links is the map that is made when a link is lost. -SL_ENOTFOUND when nothing
 * knows the name; -SL_EFORMAT when it leads elsewhere, or two directories claim it.
 */
int layerlinks_resolve(struct layerlinks **links, int home_fd, int links_fd, const char *name,
		       char **out, struct sl_error *err);
void layerlinks_free(struct layerlinks *links);

#endif
