/* SPDX-License-Identifier: Apache-2.0 */
/* A whole dump: loaded or refused; what is loaded is whole, and comes back to the byte. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "snapshot/dump.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int no_problem(void *payload, const struct sl_baseline_problem *p)
{
	(void)payload;
	(void)p;
	abort();
}

/* What was accepted of @data is in @b. */
static void check(struct sl_baselines *b, const uint8_t *id, const uint8_t *data, size_t size)
{
	struct buf again CLEANUP(buf_clear) = BUF_INIT((size_t)64 << 20);
	struct sl_baseline_check found;
	struct ostream *out = NULL;

	if (ostream_to_buf(&out, &again, NULL) < 0 || dump_image(b, id, out, NULL) != 0 ||
	    ostream_finish(out, NULL) < 0)
		abort();
	ostream_close(out);
	if (again.len != size || memcmp(again.data, data, size) != 0)
		abort();
	if (sl_baselines_verify(b, id, no_problem, NULL, &found, NULL) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t id[SL_SHA256_SIZE];
	struct sl_index_result result;
	struct sl_baselines *b = NULL;
	struct istream *in = NULL;

	if (sl_baselines_open(&b, NULL, NULL) < 0 || istream_from_memory(&in, data, size, NULL) < 0)
		abort();
	if (dump_load(b, in, "fuzz", id, &result, NULL) == 0)
		check(b, id, data, size);
	istream_close(in);
	sl_baselines_close(b);
	return 0;
}
