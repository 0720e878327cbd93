/* SPDX-License-Identifier: Apache-2.0 */
/* What signed payloads claim, bundles, and files of signatures, from arbitrary bytes. */
#include <stdlib.h>

#include "snapshot/sigclaim.h"
#include "snapshot/sigfile.h"
#include "snapshot/signature.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void as_file(const uint8_t *data, size_t size)
{
	struct buf file = BUF_INIT(1u << 20), payload = BUF_INIT(1u << 20);
	struct sl_signatures *list = NULL;

	if (buf_append(&file, data, size) == 0 && buf_append_str(&payload, "{}") == 0)
		(void)sigfile_add(&list, "fuzz", &file, &payload, NULL);
	if (list != NULL && list->count > SIGNATURES_MAX)
		abort();
	signatures_free(list);
	buf_clear(&file);
	buf_clear(&payload);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sigbundle bundle;
	struct sigclaim claim;

	if (sigclaim_simple(data, size, &claim, NULL) == 0 && claim.count != 1)
		abort();
	if (sigclaim_statement(data, size, &claim, NULL) == 0 &&
	    (claim.count == 0 || claim.count > SIGCLAIM_MAX))
		abort();
	if (sigbundle_parse(&bundle, (const char *)data, size, NULL) == 0 &&
	    bundle.payload.len > size)
		abort();
	sigbundle_clear(&bundle);
	as_file(data, size);
	return 0;
}
