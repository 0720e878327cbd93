/* SPDX-License-Identifier: Apache-2.0 */
/* Where a bundle goes, and where its checkpoints go beside it. */
#ifndef JOB_CAPTURE_OUTPUT_H
#define JOB_CAPTURE_OUTPUT_H

#include <stdbool.h>

#include <strandline/error.h>

struct capture;

struct capture_output {
	int fd;           /* of the bundle; handed to the writer */
	int sidecar_fd;   /* directory for checkpoints, or -1 */
	bool to_stderr;   /* the bundle goes to standard output: checkpoints go to standard error */
	bool shares_disk; /* it grows on a file system that is captured from */
	unsigned int checkpoints;
};

/*
 * Create the file under its final name, never overwriting one; "-" is standard output. A place
 * beneath a captured container's own directories or its engine's store is refused, for checkpoints
 * too; on the same file system it is allowed, and told.
 */
int capture_output_open(struct capture_output *out, const struct capture *c, struct sl_error *err);
void capture_output_close(struct capture_output *out);

/* sl_bundle_options.checkpoint */
void capture_output_checkpoint(void *payload, const char *note, size_t len);

#endif
