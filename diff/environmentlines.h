/* SPDX-License-Identifier: Apache-2.0 */
/* A container's own environment in /etc/environment, as entry points write it for cron. */
#ifndef DIFF_ENVIRONMENTLINES_H
#define DIFF_ENVIRONMENTLINES_H

#include <strandline/finding.h>
#include <strandline/settings.h>

/*
 * Do @lines, all that came and went, give values to variables that the container was given or that
 * a shell always has, and say no more? The values are known of those alone that may name code: such
 * a line must be as configured. PATH may lead to where the system keeps its programs.
 */
bool environmentlines_only(const struct sl_line *lines, size_t count, const struct sl_settings *s);

#endif
