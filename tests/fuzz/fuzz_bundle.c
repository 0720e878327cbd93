/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a bundle: a verdict, records, never a crash. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <strandline/bundle.h>

#include "unit/bundle_maker.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good)
{
	if (!good)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct sl_verify_options options = {0};
	const struct sl_bundle_record *record;
	struct sl_bundle_reader *reader;
	struct sl_verify_result r;
	int fd = maker_fd(data, size);

	if (sl_bundle_verify(fd, &options, &r, NULL) == 0) {
		/* what is not closed as complete is never called intact */
		must(r.verdict <= SL_VERDICT_INCOMPLETE ||
		     (r.closed && r.status == SL_BUNDLE_COMPLETE));
		must(r.attested <= r.records);
		sl_verify_result_clear(&r);
	}
	(void)lseek(fd, 0, SEEK_SET);
	if (sl_bundle_open(&reader, fd, NULL) == 0) {
		while (sl_bundle_next(reader, &record, NULL) == 0)
			must(record->line[record->len] == '\0');
		sl_bundle_reader_free(reader);
	}
	return 0;
}
