/* SPDX-License-Identifier: Apache-2.0 */
/* What a container can do to its machine through a directory of it. */
#ifndef DIFF_MOUNTRISK_H
#define DIFF_MOUNTRISK_H

#include <strandline/settings.h>

enum mount_risk {
	MOUNT_HARMLESS,  /* as far as its path tells: what a link leads to is not followed */
	MOUNT_SENSITIVE, /* a directory of the system's, or one that holds such */
	MOUNT_SOCKET,    /* an engine's socket, or a directory that holds one */
	MOUNT_ROOT,      /* all of the machine */
};

/* Anything but a bind of a path is harmless. */
enum mount_risk mount_risk(const struct sl_setting_mount *m);

#endif
