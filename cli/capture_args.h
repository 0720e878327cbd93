/* SPDX-License-Identifier: Apache-2.0 */
/* What was asked of capture, and whether it fits together. */
#ifndef CLI_CAPTURE_ARGS_H
#define CLI_CAPTURE_ARGS_H

#include "cli/options.h"
#include "job/capture.h"

struct capture_args {
	const char *output; /* the bundle; "-" is standard output */
	const char *key;    /* long-term signing key, PEM */
	const char *key_passphrase_file;
	const char *sidecar; /* directory for checkpoints */
	uint64_t before;     /* most bytes of each image file that changed */
	const char *case_name, *exhibit, *operator_name, *authority, *reason;
	const char *upper, *rootfs, *image;
	unsigned int marker;  /* enum sl_marker of upper */
	unsigned int profile; /* enum capture_profile */
	struct text_list include, exclude;
	uint64_t max_file, max_bytes; /* 0: no limit */
	uint64_t max_holes;
	const char *deadline;
	bool no_findings, dry_run, volumes, check;
	const char *yara;
	struct text_list recipients, recipient_files; /* the bundle is encrypted to these */
	const char *passphrase_file;
	bool passphrase;
	unsigned int memory; /* enum capture_memory */
	uint64_t memory_limit;
	bool registers;
	bool freeze;
	unsigned int freeze_limit; /* seconds */
	struct text_list rules, policies, hashes;
	unsigned int jobs;
};

/* -SL_EINVAL says which option goes with what instead. @format is that of the plan. */
int capture_args_check(const struct capture_args *a, unsigned int format, struct sl_error *err);

/* What the job is asked for; borrows from @a and @words. */
int capture_args_request(struct capture_request *out, const struct capture_args *a,
			 const struct operands *words, struct sl_error *err);

#endif
