/* SPDX-License-Identifier: Apache-2.0 */
/* Symbolic links that entry points make and unmake. No benign rule may speak of links. */
#ifndef DIFF_STARTLINKS_H
#define DIFF_STARTLINKS_H

#include <strandline/base.h>

/*
 * Does the link at @path, which leads to @target, do nothing but what entry points do? It sets the
 * time zone; switches on, by its own name, what lies in the directory of what is available; lets a
 * log go where the engine collects output; or gives an application's directory another place.
 */
bool startlinks_are_usual(struct sl_bytes path, struct sl_bytes target);

/* Is @path where links switch on what a server has available? */
bool startlinks_is_switch(struct sl_bytes path);

#endif
