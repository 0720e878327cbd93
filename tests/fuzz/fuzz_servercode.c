/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The size of the pieces, then a file: what is found in the whole is found in its pieces. The same
 * bytes as a beginning, as records of log-ins, and as a text with credentials.
 */
#include <stdint.h>
#include <stdlib.h>

#include "diff/contentscan.h"
#include "diff/credentials.h"
#include "diff/loginlog.h"
#include "diff/openings.h"
#include "diff/scrambled.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_otherwise(const uint8_t *data, size_t size)
{
	struct loginscan scan;
	struct loginlog log;

	(void)credentials_find((struct sl_bytes){(const char *)data, size});
	(void)scrambled_is_chance(data, size);
	(void)openings_signals(data, size);
	(void)openings_facts(data, size);
	loginscan_begin(&scan, size);
	loginscan_feed(&scan, (struct sl_bytes){(const char *)data, size / 3});
	loginscan_feed(&scan, (struct sl_bytes){(const char *)data + size / 3, size - size / 3});
	log = loginscan_end(&scan);
	if (log.wiped > log.records || log.records * 384 > size)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct contentscan whole = {0}, pieces = {0};
	size_t step;

	if (size == 0)
		return 0;
	step = (size_t)data[0] + 1;
	data++;
	size--;
	look_otherwise(data, size);
	contentscan_feed(&whole, data, size);
	for (size_t i = 0; i < size; i += step)
		contentscan_feed(&pieces, data + i, size - i < step ? size - i : step);
	if ((whole.signals & SL_SIGNAL_SERVER_CODE & ~pieces.signals) != 0)
		abort();
	if (contentscan_signals(contentscan_flags(whole.signals)) != whole.signals)
		abort();
	return 0;
}
