/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_SIGNALS_H
#define CLI_SIGNALS_H

#include <signal.h>

/*
 * From now on SIGINT, SIGTERM and SIGHUP set the flag that is returned; the second of a kind ends
 * the program. SIGPIPE is ignored: a reader that left is an error like any other.
 */
const volatile sig_atomic_t *signals_watch(void);

#endif
