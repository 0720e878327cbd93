/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/signals.h"

#include <stddef.h>

/* The one mutable global of the program: a handler has nothing else to write to. */
static volatile sig_atomic_t stop;

static void on_stop(int number)
{
	stop = number;
}

const volatile sig_atomic_t *signals_watch(void)
{
	static const int stopping[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action = {.sa_handler = on_stop, .sa_flags = (int)SA_RESETHAND};

	(void)sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(stopping) / sizeof(stopping[0]); i++) {
		struct sigaction before;

		/* nohup asked for SIGHUP to be ignored */
		if (sigaction(stopping[i], NULL, &before) == 0 && before.sa_handler == SIG_IGN)
			continue;
		(void)sigaction(stopping[i], &action, NULL);
	}
	action = (struct sigaction){.sa_handler = SIG_IGN};
	(void)sigaction(SIGPIPE, &action, NULL);
	return &stop;
}
