/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HOST_NERDCTL_H
#define HOST_NERDCTL_H

#include <stdbool.h>

/*
 * Is this the directory that nerdctl keeps for the container (label nerdctl/state-dir)? Labels of
 * an image are among those of its container, but no image knows the id, which is in the name.
 */
bool nerdctl_is_state_dir(const char *dir, const char *ns, const char *id);

#endif
