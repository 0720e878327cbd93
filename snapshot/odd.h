/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of images that are not what they seem: worth a second look by whoever trusts the image.
 */
#ifndef SNAPSHOT_ODD_H
#define SNAPSHOT_ODD_H

#include <strandline/baseline.h>

/* Data in an image, but a marker to an overlay once it is unpacked there. */
bool odd_is_marker(const struct sl_entry *e);

#endif
