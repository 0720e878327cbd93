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

static void read_note(const uint8_t *data, size_t size)
{
	AUTO_CLOSE int fd = memfd_create("file", MFD_CLOEXEC);
	struct exportnote note;
	struct import_result result;
	struct sl_baselines *b = NULL;

	if (fd < 0 || write(fd, data, size) != (ssize_t)size ||
	    sl_baselines_open(&b, NULL, NULL) < 0)
		abort();
	if (exportnote_read(&note, fd, NULL) == 0) {
		if (note.size >= size || exportnote_verify(&note, nobody, 1, NULL) == 0)
			abort();
		(void)exportnote_check(&note, fd, NULL);
	}
	if (import_file(b, fd, nobody, 1, &result, NULL) == 0)
		abort();
	sl_baselines_close(b);
}

static void read_text(const uint8_t *data, size_t size)
{
	struct import_result result = {.images = 0};
	struct sl_baseline_check found;
	struct sl_baselines *b = NULL;
	struct import *im = NULL;
	struct istream *in = NULL;

	if (sl_baselines_open(&b, NULL, NULL) < 0 ||
	    istream_from_memory(&in, data, size, NULL) < 0 || import_new(&im, b, NULL) < 0)
		abort();
	if (import_read(im, in, NULL) == 0) {
		if (import_store(im, &result, NULL) < 0 || result.layers_known != 0 ||
		    sl_baselines_verify(b, NULL, no_problem, NULL, &found, NULL) != 0 ||
		    found.images != result.images || found.layers != result.layers ||
		    found.entries != result.entries)
			abort();
	}
	import_free(im);
	istream_close(in);
	sl_baselines_close(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_note(data, size);
	read_text(data, size);
	return 0;
}
