/* SPDX-License-Identifier: Apache-2.0 */
/* LD_PRELOAD: the wall clock jumps by CLOCKSTEP seconds once it was read CLOCKSTEP_AFTER times. */
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

int clock_gettime(clockid_t id, struct timespec *out)
{
	static int (*next)(clockid_t, struct timespec *);
	static unsigned long reads;
	const char *step = getenv("CLOCKSTEP"), *after = getenv("CLOCKSTEP_AFTER");
	int rc;

	if (next == NULL)
		next = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
	rc = next(id, out);
	if (rc == 0 && id == CLOCK_REALTIME && step != NULL && after != NULL &&
	    __atomic_add_fetch(&reads, 1, __ATOMIC_SEQ_CST) > strtoul(after, NULL, 10))
		out->tv_sec += strtol(step, NULL, 10);
	return rc;
}
