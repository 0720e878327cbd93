/* SPDX-License-Identifier: Apache-2.0 */
/* Names of images as people and archives write them. */
#ifndef SNAPSHOT_IMAGENAME_H
#define SNAPSHOT_IMAGENAME_H

#include <strandline/base.h>

/*
 * Do both mean the same? "web", "web:latest", "library/web" and "docker.io/library/web:latest" do.
 */
bool imagename_same(const char *a, const char *b);

#endif
