/* SPDX-License-Identifier: Apache-2.0 */
/* What an engine puts into its own copy of an image before it makes containers of it. */
#ifndef JOB_INITPATHS_H
#define JOB_INITPATHS_H

#include <strandline/source.h>

/*
 * The few objects of the whole tree @tree (taken over, also on failure) that Docker makes in its
 * init layer, as a layer: where drivers copy, that layer has everything else, too, which is the
 * image's to say.
 */
int initpaths_open(struct sl_source **out, struct sl_source *tree, struct sl_error *err);

#endif
