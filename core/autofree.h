/* SPDX-License-Identifier: Apache-2.0 */
/* The library's own objects, released at the end of their scope. */
#ifndef CORE_AUTOFREE_H
#define CORE_AUTOFREE_H

#include <strandline/container.h>
#include <strandline/image.h>

#include "core/cleanup.h"

#define AUTO_IMAGE CLEANUP(sl_image_freep)
#define AUTO_CONTAINER CLEANUP(sl_container_freep)

static inline void sl_image_freep(struct sl_image *const *image)
{
	sl_image_free(*image);
}

static inline void sl_container_freep(struct sl_container *const *c)
{
	sl_container_free(*c);
}

#endif
