/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence and trusted files must not make OpenSSL ask for a passphrase on the terminal. */
#include <string.h>

#include <openssl/ui.h>

#include "core/sign.h"
#include "core/signchain.h"
#include "core/signpub.h"
#include "unit/cmocka_all.h"

static unsigned int asked;

static int count(UI *ui)
{
	(void)ui;
	asked++;
	return 0;
}

#define ENCRYPTED(what)                                                                            \
	"-----BEGIN " what "-----\nProc-Type: 4,ENCRYPTED\n"                                       \
	"DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n"                               \
	"MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA=\n-----END " what "-----\n"

static void what_has_no_passphrase_is_not_asked_for_one(void **state)
{
	static const char certificate[] = ENCRYPTED("CERTIFICATE"), key[] = ENCRYPTED("PUBLIC KEY");
	UI_METHOD *method = UI_create_method("counts");
	struct signroots *roots = NULL;
	struct signpub *read = NULL;
	uint8_t raw[SIGN_PUBLIC_SIZE];

	(void)state;
	assert_int_equal(UI_method_set_opener(method, count), 0);
	UI_set_default_method(method);
	assert_int_equal(signroots_new(&roots, NULL), 0);
	assert_int_equal(signroots_add(roots, certificate, strlen(certificate), NULL), -SL_EFORMAT);
	assert_int_equal(signpub_read(&read, key, strlen(key), NULL), -SL_EFORMAT);
	assert_int_equal(sign_public_pem_parse(key, strlen(key), raw, NULL), -SL_EFORMAT);
	assert_int_equal(asked, 0);
	signroots_free(roots);
	UI_destroy_method(method);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_has_no_passphrase_is_not_asked_for_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
