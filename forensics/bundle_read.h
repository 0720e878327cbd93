/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reading half of strandline/bundle.h over any struct rfile: for those who put something
 * between it and the descriptor, or read one bundle several times.
 */
#ifndef FORENSICS_BUNDLE_READ_H
#define FORENSICS_BUNDLE_READ_H

#include <strandline/bundle.h>

#include "core/age.h"
#include "core/rfile.h"

/*
 * Put decryption around *file when its first bytes ask for it; @ids NULL: there are none. *file
 * stays what it was on failure, with the codes of rfile_age().
 */
int bundle_unlock(struct rfile **file, const struct age_identities *ids, struct sl_error *err);

/* Threads that decompress, for whoever will read most of a bundle. */
#define BUNDLE_READ_THREADS 2

/*
 * sl_bundle_open(); @file is borrowed until the reader is freed. @threads: BUNDLE_READ_THREADS, or
 * 0 for who wants the first records alone: then no frame is decompressed before it is due.
 */
int bundle_reader_open(struct sl_bundle_reader **out, struct rfile *file, unsigned int threads,
		       struct sl_error *err);
/* sl_bundle_verify() */
int bundle_verify(struct rfile *file, const struct sl_verify_options *options,
		  struct sl_verify_result *out, struct sl_error *err);
/* sl_bundle_extract(). -SL_EUNSUPPORTED for what can be read only once. */
int bundle_extract(struct rfile *file, uint64_t seq, int out_fd, struct sl_error *err);
/* The same, handed to @take piece by piece before it is known whether it matches. */
typedef int (*bundle_data_fn)(void *payload, const uint8_t *bytes, size_t len,
			      struct sl_error *err);
int bundle_extract_each(struct rfile *file, uint64_t seq, bundle_data_fn take, void *payload,
			struct sl_error *err);

#endif
