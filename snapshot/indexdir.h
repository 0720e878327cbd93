/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an overlay with index=on keeps beside its upper directory. A file with several names in the
 * layers below is copied there first; a name shows the copy although the upper directory has
 * nothing by it, once the name that was written to is gone again.
 * reference: Linux, Documentation/filesystems/overlayfs.rst, "Index"
 */
#ifndef SNAPSHOT_INDEXDIR_H
#define SNAPSHOT_INDEXDIR_H

#include <stdbool.h>

/*
 * May names of the layers below show what the upper directory @upper_fd does not hold? Engines keep
 * the working directory beside it, by the name of work; true as well where none is found there.
 */
bool indexdir_may_hide(int upper_fd);

#endif
