/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the tar stream inside good frames: reaches behind the checksum. */
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <strandline/bundle.h>

#include "unit/bundle_maker.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct sl_verify_options options = {0};
	struct sl_verify_result r;
	struct maker m = {
		.file = BUF_INIT(1 << 24), .tar = BUF_INIT(1 << 24), .table = BUF_INIT(1 << 16)};
	int fd;

	if (size > 1 << 20 || buf_append(&m.tar, data, size) < 0)
		return 0;
	maker_frame(&m);
	fd = maker_fd(m.file.data, m.file.len);
	if (sl_bundle_verify(fd, &options, &r, NULL) == 0)
		sl_verify_result_clear(&r);
	close(fd);
	maker_clear(&m);
	return 0;
}
