/* SPDX-License-Identifier: Apache-2.0 */
/* Every document of an OCI layout from arbitrary bytes. */
#include "snapshot/ocidoc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ocidoc_index index;
	struct ocidoc_manifest manifest;
	struct ocidoc_config config;

	if (ocidoc_parse_index(&index, data, size, NULL) == 0)
		ocidoc_index_clear(&index);
	if (ocidoc_parse_manifest(&manifest, data, size, NULL) == 0)
		ocidoc_manifest_clear(&manifest);
	if (ocidoc_parse_config(&config, data, size, NULL) == 0)
		ocidoc_config_clear(&config);
	(void)ocidoc_check_layout(data, size, NULL);
	return 0;
}
