/* SPDX-License-Identifier: Apache-2.0 */
/* How the verdict on one item is said. */
#ifndef CLI_ITEMRESULT_H
#define CLI_ITEMRESULT_H

#include "cli/app.h"
#include "job/item.h"

/* Print as the options want it. @return @status, or that of a failure */
int itemresult_print(struct app *app, const char *name, const struct item *item, int status,
		     struct sl_error *err);

#endif
