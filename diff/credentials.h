/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Credentials that are known by their form: of clouds, code hosts, messengers and clusters. What
 * was found is named by its kind; the credential itself is handed to nobody.
 */
#ifndef DIFF_CREDENTIALS_H
#define DIFF_CREDENTIALS_H

#include <strandline/base.h>

/* The kind of one in a text ("an access key of AWS"), static; NULL: none was found. */
const char *credentials_find(struct sl_bytes text);

#endif
