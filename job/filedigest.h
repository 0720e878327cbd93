/* SPDX-License-Identifier: Apache-2.0 */
/* Size and SHA-256 of a file as it lies there. */
#ifndef JOB_FILEDIGEST_H
#define JOB_FILEDIGEST_H

#include <signal.h>

#include <strandline/error.h>

struct filedigest {
	uint64_t bytes;
	uint8_t sha256[SL_SHA256_SIZE];
};

/*
 * A regular file, links followed. One that changes meanwhile is -SL_EIO: nothing is said of it.
 * -SL_ECANCELLED soon after *@stop (may be NULL) is not 0.
 */
int filedigest_read(struct filedigest *out, const char *path, const volatile sig_atomic_t *stop,
		    struct sl_error *err);

#endif
