/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Baselines that somebody signed for. The note at the end: what is read of it lies in the file. The
 * text: refused, or stored whole, and the store is sound afterwards.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "snapshot/exportnote.h"
#include "snapshot/import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Nobody has the key that this would be. */
static const uint8_t nobody[1][SIGN_PUBLIC_SIZE] = {{1}};

static int no_problem(void *payload, const struct sl_baseline_problem *p)
{
	(void)payload;
	(void)p;
	abort();
}

/* Opening a store takes longer than most inputs. Nothing is ever stored in this one. */
static struct sl_baselines *store(void)
{
	static struct sl_baselines *b;

	if (b == NULL && sl_baselines_open(&b, NULL, NULL) < 0)
		abort();
	return b;
}

static void read_note(const uint8_t *data, size_t size)
{
	AUTO_CLOSE int fd = memfd_create("file", MFD_CLOEXEC);
	struct exportnote note;
	struct import_result result;

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	if (exportnote_read(&note, fd, NULL) == 0) {
		if (note.size >= size || exportnote_verify(&note, nobody, 1, NULL) == 0)
			abort();
		(void)exportnote_check(&note, fd, NULL);
	}
	if (import_file(store(), fd, nobody, 1, &result, NULL) == 0)
		abort();
}

/* 0 when it was read; then, with @b its own, it is stored, too. */
static int read_text(struct sl_baselines *b, const uint8_t *data, size_t size, bool is_stored)
{
	struct import_result result = {.images = 0};
	struct sl_baseline_check found;
	struct import *im = NULL;
	struct istream *in = NULL;
	int rc;

	if (istream_from_memory(&in, data, size, NULL) < 0 || import_new(&im, b, NULL) < 0)
		abort();
	rc = import_read(im, in, NULL);
	if (rc == 0 && is_stored) {
		if (import_store(im, &result, NULL) < 0 || result.layers_known != 0 ||
		    sl_baselines_verify(b, NULL, no_problem, NULL, &found, NULL) != 0 ||
		    found.images != result.images || found.layers != result.layers ||
		    found.entries != result.entries)
			abort();
	}
	import_free(im);
	istream_close(in);
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sl_baselines *own = NULL;

	read_note(data, size);
	if (read_text(store(), data, size, false) < 0)
		return 0;
	if (sl_baselines_open(&own, NULL, NULL) < 0 || read_text(own, data, size, true) < 0)
		abort();
	sl_baselines_close(own);
	return 0;
}
