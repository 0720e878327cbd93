/* SPDX-License-Identifier: Apache-2.0 */
/* Resources that release themselves at the end of their scope. */
#ifndef CORE_CLEANUP_H
#define CORE_CLEANUP_H

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define CLEANUP(fn) __attribute__((cleanup(fn)))
#define AUTO_FREE CLEANUP(cleanup_freep)
#define AUTO_CLOSE CLEANUP(cleanup_closep)

static inline void cleanup_freep(void *p)
{
	free(*(void **)p);
}

/* Closing must not disturb the errno that is about to be reported. */
static inline void cleanup_closep(const int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	errno = saved;
}

/* Hand the resource to the caller: the cleanup sees an empty variable. */
static inline int take_fd(int *fd)
{
	int out = *fd;

	*fd = -1;
	return out;
}

#define take_ptr(pp)                                                                               \
	(__extension__({                                                                           \
		__typeof__(*(pp)) out_ = *(pp);                                                    \
		*(pp) = NULL;                                                                      \
		out_;                                                                              \
	}))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* The struct of this type whose member is at ptr. */
#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#endif
