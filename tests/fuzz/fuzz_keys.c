/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that say whom to trust, or who may read: public keys and certificates in PEM and DER, age
 * identities and recipients, keys of responders, digests that somebody expects. Lists of them may
 * come from a stranger.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/age.h"
#include "core/bech32.h"
#include "core/cleanup.h"
#include "core/encode.h"
#include "core/sign.h"
#include "core/signchain.h"
#include "core/signpub.h"
#include "job/expect.h"
#include "job/keyfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good)
{
	if (!good)
		abort();
}

/* A key that was never seen verifies nothing; and its name is that of its bytes. */
static void read_public(const char *text, size_t size)
{
	static const uint8_t sig[SIGN_SIZE];
	uint8_t key[SIGN_PUBLIC_SIZE], again[SIGN_PUBLIC_SIZE], spki[SIGN_SPKI_SIZE];
	CLEANUP(buf_clear) struct buf pem = BUF_INIT(4096);
	struct signpub *pub = NULL;

	if (sign_public_pem_parse(text, size, key, NULL) == 0) {
		must(sign_public_pem(key, &pem) == 0);
		must(sign_public_pem_parse(pem.data, pem.len, again, NULL) == 0);
		must(memcmp(key, again, sizeof(key)) == 0);
	}
	if (sign_spki_parse((const uint8_t *)text, size, key) == 0) {
		sign_spki(key, spki);
		must(size == sizeof(spki) && memcmp(spki, text, size) == 0);
	}
	if (signpub_read(&pub, text, size, NULL) < 0)
		return;
	must(signpub_bits(pub) >= 256);
	for (int form = SIGNPUB_ECDSA_DER; form <= SIGNPUB_PURE; form++)
		must(signpub_verify(pub, (enum signpub_form)form, SIGNPUB_SHA256, text, size, sig,
				    sizeof(sig), NULL) < 0);
	signpub_free(pub);
}

static void read_private(const char *text, size_t size)
{
	struct sign_key *key = NULL;
	struct keyfile file = {0};

	if (sign_key_read(&key, text, size, "x", NULL) == 0)
		sign_key_free(key);
	if (keyfile_from_text(&file, text, size, NULL) == 0)
		must(file.text[file.len] == '\0' && file.len <= size);
	keyfile_clear(&file);
}

/* Certificates in PEM are whom to trust, in DER who signed. */
static void read_certificates(const char *text, size_t size)
{
	struct signroots *roots = NULL;
	struct signchain *chain = NULL;
	struct signpub *key = NULL;
	AUTO_FREE char *signer = NULL;

	must(signroots_new(&roots, NULL) == 0 && signchain_new(&chain, NULL) == 0);
	must(signroots_add(roots, text, size, NULL) < 0 || signroots_count(roots) > 0);
	if (signchain_add(chain, text, size, NULL) == 0) {
		must(signchain_signer(chain, &signer, NULL) < 0 ||
		     utf8_valid(signer, strlen(signer)));
		(void)signchain_key(chain, &key, NULL);
		must(signchain_check(chain, roots, (struct sl_time){.sec = 1800000000}, NULL) < 0);
	}
	signpub_free(key);
	signchain_free(chain);
	signroots_free(roots);
}

static void read_age(const char *text, size_t size)
{
	struct age_recipients *to = NULL;
	struct age_identities *ids = NULL;
	uint8_t bytes[32];
	char again[BECH32_SIZE(3, 32)];

	must(age_recipients_new(&to, NULL) == 0 && age_identities_new(&ids, NULL) == 0);
	must(age_recipients_parse(to, text, size, NULL) < 0 || age_recipients_count(to) > 0);
	must(age_identities_parse(ids, text, size, NULL) < 0 || !age_identities_empty(ids));
	age_recipients_free(to);
	age_identities_free(ids);
	if (bech32_decode(bytes, sizeof(bytes), "age", text, size) == 0) {
		bech32_encode(again, "age", bytes, sizeof(bytes));
		must(strlen(again) == size && strncasecmp(again, text, size) == 0);
	}
}

static void read_digests(const char *text, size_t size)
{
	struct sl_image *image = NULL;

	must(sl_image_new(&image, "x", NULL) == 0);
	must(expect_list(image, text, size, NULL) != 0);
	sl_image_free(image);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;

	if (size == 0 || size > 16384)
		return 0;
	read_public(text, size);
	read_private(text, size);
	read_certificates(text, size);
	read_age(text, size);
	read_digests(text, size);
	return 0;
}
