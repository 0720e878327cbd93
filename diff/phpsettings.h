/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of PHP that entry points write: settings, and templates of the image that were filled in.
 */
#ifndef DIFF_PHPSETTINGS_H
#define DIFF_PHPSETTINGS_H

#include <strandline/base.h>

/*
 * Does @page state values and nothing else: constants, variables and arrays of literals? Nothing is
 * called, included or printed in it, and nothing stands outside of "<?php".
 */
bool phpsettings_only(struct sl_bytes page);

/*
 * Is @page the page @image but for what stands in quotes? One value a line: that of a constant, as
 * in define('NAME', 'VALUE'), or anywhere a random number of 32 hexadecimal digits or more. Nothing
 * is in a value that could end it or what it stands in.
 */
bool phpsettings_filled_in(struct sl_bytes image, struct sl_bytes page);

#endif
