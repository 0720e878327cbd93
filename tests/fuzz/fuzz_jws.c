/* SPDX-License-Identifier: Apache-2.0 */
/* A notation envelope from arbitrary bytes, certificates and all; nobody is trusted. */
#include <stdlib.h>
#include <string.h>

#include "snapshot/jws.h"
#include "snapshot/sigtrust.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sl_image image = {.has_manifest_digest = true};
	struct sigtrust trust = {.now = {.sec = 1800000000}};
	struct signature s = {.kind = SIGNATURE_NOTATION, .text = BUF_INIT(1u << 20)};
	struct jws_target target;
	char *signer = NULL;

	(void)jws_target(data, size, &target, NULL);
	if (buf_append(&s.text, data, size) == 0 && signroots_new(&trust.authorities, NULL) == 0 &&
	    signroots_new(&trust.signing_authorities, NULL) == 0 &&
	    (sigtrust_judge(&trust, &s, &image, &signer, NULL) == 0 || signer != NULL))
		abort();
	sigtrust_clear(&trust);
	buf_clear(&s.text);
	return 0;
}
