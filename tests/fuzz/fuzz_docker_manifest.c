/* SPDX-License-Identifier: Apache-2.0 */
/* manifest.json of docker save from arbitrary bytes, and the names in it. */
#include "snapshot/dockerdoc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {NULL, "web", "web:1.0", "localhost:5000/a@sha256:0",
					    "0123456789abcdef"};
	const struct dockerdoc_image *image;
	uint8_t digest[SL_SHA256_SIZE];
	struct dockerdoc doc;
	const char *tag;

	if (dockerdoc_parse(&doc, data, size, NULL) < 0)
		return 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (dockerdoc_pick(&doc, names[i], &image, &tag, NULL) == 0)
			(void)dockerdoc_named_digest(image->config, digest);
	dockerdoc_clear(&doc);
	return 0;
}
