/* SPDX-License-Identifier: Apache-2.0 */
/* age files: known answers, both ways, and everything that must not open. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/agewrap.h"
#include "core/bech32.h"
#include "core/cleanup.h"
#include "core/encode.h"
#include "unit/age_keys.h"
#include "unit/bundle_maker.h"

#define PASSPHRASE "correct horse"
#define SEALED (AGE_CHUNK_BYTES + AGE_TAG_SIZE)
#define FILE_MAX (1u << 20)

static void from_hex(uint8_t *out, size_t len, const char *hex)
{
	assert_int_equal(hex_decode(out, len, hex, strlen(hex)), 0);
}

/* ---- known answers ---- */

static void bech32_is_that_of_bip_173(void **state)
{
	uint8_t bytes[32], want[32];
	char text[BECH32_SIZE(6, 20)];

	(void)state;
	assert_int_equal(bech32_decode(bytes, 0, "a", "A12UEL5L", 8), 0);
	assert_int_equal(bech32_decode(bytes, 0, "a", "a12uel5l", 8), 0);
	assert_int_equal(bech32_decode(bytes, 0, "a", "a12UEL5L", 8), -SL_EFORMAT);
	from_hex(want, 20, "00443214c74254b635cf84653a56d7c675be77df");
	assert_int_equal(bech32_decode(bytes, 20, "abcdef",
				       "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw", 45),
			 0);
	assert_memory_equal(bytes, want, 20);
	assert_int_equal(bech32_decode(bytes, 20, "abcdef",
				       "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxv", 45),
			 -SL_EFORMAT);
	bech32_encode(text, "abcdef", want, 20);
	assert_string_equal(text, "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw");
	/* every single wrong character is noticed */
	memset(want, 0x42, sizeof(want));
	for (size_t i = 0; i < strlen(IDENTITY); i++) {
		char typo[] = IDENTITY;

		typo[i] = typo[i] == 'Q' ? 'P' : 'Q';
		assert_int_equal(bech32_decode(bytes, 32, "age-secret-key-", typo, strlen(typo)),
				 -SL_EFORMAT);
	}
	assert_int_equal(bech32_decode(bytes, 32, "age-secret-key-", IDENTITY, strlen(IDENTITY)),
			 0);
	assert_memory_equal(bytes, want, 32);
}

static void x25519_is_that_of_rfc_7748(void **state)
{
	static const uint8_t zero[32], one[32] = {1}, base[32] = {9};
	uint8_t bob[32], alice[32], out[32], want[32];

	(void)state;
	/* 6.1: Bob's key, and what he shares with Alice */
	from_hex(bob, 32, "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
	from_hex(alice, 32, "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
	from_hex(want, 32, "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
	assert_int_equal(age_x25519_public(bob, out, NULL), 0);
	assert_memory_equal(out, want, 32);
	from_hex(want, 32, "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
	assert_int_equal(age_x25519(bob, alice, out, NULL), 0);
	assert_memory_equal(out, want, 32);
	/* 5.2, once */
	from_hex(want, 32, "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079");
	assert_int_equal(age_x25519(base, base, out, NULL), 0);
	assert_memory_equal(out, want, 32);
	assert_int_equal(age_x25519(bob, zero, out, NULL), -SL_EFORMAT);
	assert_int_equal(age_x25519(bob, one, out, NULL), -SL_EFORMAT);
}

static void derived_keys_are_those_of_the_rfcs(void **state)
{
	uint8_t secret[22], salt[13], out[32], want[32];

	(void)state;
	/* RFC 5869, A.1: the first block */
	memset(secret, 0x0b, sizeof(secret));
	from_hex(salt, sizeof(salt), "000102030405060708090a0b0c");
	from_hex(want, 32, "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf");
	assert_int_equal(age_hkdf(secret, sizeof(secret), salt, sizeof(salt),
				  "\xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9", out, NULL),
			 0);
	assert_memory_equal(out, want, 32);
	/* RFC 7914, 12: the first half of its third example */
	from_hex(want, 32, "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2");
	assert_int_equal(age_scrypt("pleaseletmein", 13, "SodiumChloride", 14, 14, out, NULL), 0);
	assert_memory_equal(out, want, 32);
}

static void an_identity_has_the_recipient_that_age_says(void **state)
{
	static const char file[] = "# created: today\r\n\r\n" IDENTITY "\r\n";
	struct age_identities *ids;
	char text[AGE_RECIPIENT_SIZE];

	(void)state;
	assert_int_equal(age_identities_new(&ids, NULL), 0);
	assert_int_equal(age_identities_parse(ids, file, strlen(file), NULL), 0);
	bech32_encode(text, "age", ids->recipients[0], AGE_KEY_SIZE);
	assert_string_equal(text, RECIPIENT);
	age_identities_free(ids);
}

static void other_kinds_of_keys_are_refused(void **state)
{
	static const struct {
		const char *text;
		int rc;
	} recipients[] =
		{
			{RECIPIENT, 0},
			{"AGE1ZVKYG2LQZRAA2LNJVQEJ32NKUU0UES2S82HZRYE869XEEXVN73EQUNUJWJ",
			 -SL_EINVAL},
			{RECIPIENT " ", -SL_EINVAL},
			{IDENTITY, -SL_EINVAL},
			{"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5", -SL_EUNSUPPORTED},
			{"age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t",
			 -SL_EUNSUPPORTED},
			{"", -SL_EINVAL},
		},
	  identities[] = {
		  {IDENTITY "\n", 0},
		  {"", -SL_EFORMAT},
		  {"# nothing\n", -SL_EFORMAT},
		  {" " IDENTITY "\n", -SL_EFORMAT},
		  {IDENTITY " \n", -SL_EFORMAT},
		  {RECIPIENT "\n", -SL_EINVAL},
		  {"age-secret-key-1gfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpq4egaex\n",
		   -SL_EFORMAT},
		  {"AGE-PLUGIN-YUBIKEY-1QQQQ\n", -SL_EUNSUPPORTED},
		  {"-----BEGIN OPENSSH PRIVATE KEY-----\n", -SL_EUNSUPPORTED},
		  {"-----BEGIN AGE ENCRYPTED FILE-----\n", -SL_EFORMAT},
	  };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(recipients); i++) {
		const char *text = recipients[i].text;
		struct age_recipients *r;

		assert_int_equal(age_recipients_new(&r, NULL), 0);
		assert_int_equal(age_recipients_add(r, text, strlen(text), NULL), recipients[i].rc);
		age_recipients_free(r);
	}
	for (size_t i = 0; i < ARRAY_SIZE(identities); i++) {
		const char *text = identities[i].text;
		struct age_identities *ids;

		assert_int_equal(age_identities_new(&ids, NULL), 0);
		assert_int_equal(age_identities_parse(ids, text, strlen(text), NULL),
				 identities[i].rc);
		age_identities_free(ids);
	}
}

/* ---- both ways ---- */

static uint8_t plain_byte(uint64_t at)
{
	return (uint8_t)(at * 31 + (at >> 16));
}

static void write_plain(struct ostream *s, uint64_t from, size_t len)
{
	AUTO_FREE uint8_t *bytes = malloc(len + 1);

	for (size_t i = 0; i < len; i++)
		bytes[i] = plain_byte(from + i);
	assert_int_equal(ostream_write(s, bytes, len, NULL), 0);
}

/* An age file of @len bytes in @out, written in pieces of @piece. */
static void encrypt(struct buf *out, size_t len, size_t piece)
{
	struct age_recipients *r;
	struct ostream *inner, *age;

	*out = BUF_INIT(FILE_MAX);
	assert_int_equal(age_recipients_new(&r, NULL), 0);
	assert_int_equal(age_recipients_add(r, RECIPIENT, strlen(RECIPIENT), NULL), 0);
	assert_int_equal(ostream_to_buf(&inner, out, NULL), 0);
	assert_int_equal(ostream_age(&age, inner, r, NULL), 0);
	age_recipients_free(r);
	for (size_t at = 0; at < len; at += piece)
		write_plain(age, at, len - at < piece ? len - at : piece);
	assert_int_equal(ostream_finish(age, NULL), 0);
	assert_true(ostream_age_written(age) == out->len);
	ostream_close(age);
}

/* What came of reading a file to its end. */
struct reading {
	int rc; /* of opening, else of the last read */
	bool is_cut;
	size_t len; /* good bytes; each was what it should be */
};

static struct rfile *pipe_of(const void *bytes, size_t len)
{
	struct rfile *f;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	if (fork() == 0) {
		(void)!write(ends[1], bytes, len);
		_exit(0);
	}
	close(ends[1]);
	assert_int_equal(rfile_from_fd(&f, ends[0], NULL), 0);
	return f;
}

static struct reading read_all(const void *bytes, size_t len, bool from_pipe)
{
	struct age_identities *ids = our_identity();
	struct rfile *inner = from_pipe ? pipe_of(bytes, len) : maker_rfile(bytes, len), *f;
	struct reading r = {.rc = rfile_age(&f, inner, ids, NULL)};
	static uint8_t got[10007];

	age_identities_free(ids);
	if (r.rc < 0) {
		rfile_close(inner);
		return r;
	}
	for (;;) {
		size_t n = 0;

		r.rc = rfile_read_at(f, r.len, got, sizeof(got), &n, NULL);
		if (r.rc != 0)
			break;
		for (size_t i = 0; i < n; i++)
			assert_int_equal(got[i], plain_byte(r.len + i));
		r.len += n;
	}
	r.is_cut = f->is_cut;
	if (!from_pipe && r.rc == 1)
		assert_true(f->size == r.len);
	rfile_close(f);
	return r;
}

static void what_was_written_is_read(void **state)
{
	static const size_t sizes[] = {0,
				       1,
				       AGE_CHUNK_BYTES - 1,
				       AGE_CHUNK_BYTES,
				       AGE_CHUNK_BYTES + 1,
				       2 * AGE_CHUNK_BYTES,
				       5 * AGE_CHUNK_BYTES + 17};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (size_t piece = 1000; piece <= 1000000; piece *= 1000) {
			struct buf file;

			encrypt(&file, sizes[i], piece);
			for (int from_pipe = 0; from_pipe < 2; from_pipe++) {
				struct reading r = read_all(file.data, file.len, from_pipe != 0);

				assert_int_equal(r.rc, 1);
				assert_int_equal(r.len, sizes[i]);
				assert_false(r.is_cut);
			}
			buf_clear(&file);
		}
	}
}

static void it_is_read_anywhere(void **state)
{
	struct age_identities *ids = our_identity();
	size_t total = 3 * AGE_CHUNK_BYTES + 5, n = 0;
	struct rfile *f;
	struct buf file;
	uint8_t got[100];

	(void)state;
	encrypt(&file, total, 5000);
	assert_int_equal(rfile_age(&f, maker_rfile(file.data, file.len), ids, NULL), 0);
	assert_true(f->size == total);
	for (uint64_t at = total + 200, i = 0; i < 400; i++) {
		at = (at * 48271 + 11) % (total + 300);
		if (rfile_read_at(f, at, got, sizeof(got), &n, NULL) == 1) {
			assert_true(at >= total);
			continue;
		}
		assert_int_equal(n, total - at < sizeof(got) ? total - at : sizeof(got));
		for (size_t k = 0; k < n; k++)
			assert_int_equal(got[k], plain_byte(at + k));
	}
	assert_int_equal(rfile_read_at(f, UINT64_MAX - 3, got, 1, &n, NULL), 1);
	rfile_close(f);
	age_identities_free(ids);
	buf_clear(&file);
}

static void a_sync_point_at_whole_chunks_loses_nothing(void **state)
{
	struct buf file = BUF_INIT(FILE_MAX);
	struct age_recipients *r;
	struct ostream *inner, *age;
	struct reading got;

	(void)state;
	assert_int_equal(age_recipients_new(&r, NULL), 0);
	assert_int_equal(age_recipients_add(r, RECIPIENT, strlen(RECIPIENT), NULL), 0);
	assert_int_equal(ostream_to_buf(&inner, &file, NULL), 0);
	assert_int_equal(ostream_age(&age, inner, r, NULL), 0);
	write_plain(age, 0, 2 * AGE_CHUNK_BYTES);
	assert_int_equal(ostream_sync_point(age, NULL), 0);
	got = read_all(file.data, file.len, false);
	assert_int_equal(got.len, 2 * AGE_CHUNK_BYTES);
	assert_true(got.is_cut);
	/* the format has no way to say that this was all */
	assert_int_equal(ostream_finish(age, NULL), -SL_EINVAL);
	ostream_close(age);
	age_recipients_free(r);
	buf_clear(&file);
}

static void a_passphrase_opens(void **state)
{
	struct buf file = BUF_INIT(FILE_MAX);
	struct age_identities *ids;
	struct age_recipients *r;
	struct ostream *inner, *age;
	struct rfile *f, *source;

	(void)state;
	assert_int_equal(age_recipients_new(&r, NULL), 0);
	assert_int_equal(age_recipients_passphrase(r, "", 0, NULL), -SL_EINVAL);
	assert_int_equal(age_recipients_passphrase(r, PASSPHRASE, strlen(PASSPHRASE), NULL), 0);
	assert_int_equal(ostream_to_buf(&inner, &file, NULL), 0);
	assert_int_equal(ostream_age(&age, inner, r, NULL), 0);
	write_plain(age, 0, 10);
	assert_int_equal(ostream_finish(age, NULL), 0);
	ostream_close(age);
	assert_int_equal(age_identities_new(&ids, NULL), 0);
	source = maker_rfile(file.data, file.len);
	assert_int_equal(rfile_age(&f, source, ids, NULL), -SL_ENOTFOUND);
	assert_int_equal(age_identities_passphrase(ids, "wrong", 5, NULL), 0);
	assert_int_equal(rfile_age(&f, source, ids, NULL), -SL_ENOTFOUND);
	assert_int_equal(age_identities_passphrase(ids, PASSPHRASE, strlen(PASSPHRASE), NULL), 0);
	assert_int_equal(rfile_age(&f, source, ids, NULL), 0);
	rfile_close(f);
	/* both is no file that age would open */
	assert_int_equal(age_recipients_add(r, RECIPIENT, strlen(RECIPIENT), NULL), 0);
	assert_int_equal(ostream_to_buf(&inner, &file, NULL), 0);
	assert_int_equal(ostream_age(&age, inner, r, NULL), -SL_EINVAL);
	ostream_close(inner);
	age_recipients_free(r);
	age_identities_free(ids);
	buf_clear(&file);
}

/* ---- cut and changed ---- */

static size_t payload_at(const struct buf *file)
{
	size_t len = 0;

	assert_int_equal(age_header_length(file->data, file->len, &len, NULL), 0);
	return len + 16;
}

static void a_bit_changed_anywhere_never_passes(void **state)
{
	struct buf file;

	(void)state;
	encrypt(&file, 300, 1000);
	for (size_t i = 0; i < file.len; i++) {
		for (int bit = 0; bit < 8; bit += 3) {
			struct reading r;

			file.data[i] = (char)(file.data[i] ^ (1 << bit));
			r = read_all(file.data, file.len, false);
			file.data[i] = (char)(file.data[i] ^ (1 << bit));
			assert_true(r.rc < 0 || (r.is_cut && r.len == 0));
		}
	}
	buf_clear(&file);
	/* in a chunk that is not the last it is no cut, and the chunks before it are good */
	encrypt(&file, 2 * AGE_CHUNK_BYTES + 100, 1000000);
	for (int from_pipe = 0; from_pipe < 2; from_pipe++) {
		struct reading r;

		file.data[payload_at(&file) + SEALED + 7] ^= 1;
		r = read_all(file.data, file.len, from_pipe != 0);
		file.data[payload_at(&file) + SEALED + 7] ^= 1;
		assert_int_equal(r.rc, -SL_EUNTRUSTED);
		assert_int_equal(r.len, AGE_CHUNK_BYTES);
	}
	buf_clear(&file);
}

static void a_cut_gives_whole_chunks_and_says_so(void **state)
{
	struct buf file;
	size_t start, step;

	(void)state;
	encrypt(&file, 2 * AGE_CHUNK_BYTES + 40, 1000000);
	start = payload_at(&file);
	for (size_t len = 0; len < file.len; len += step) {
		size_t in = len < start ? 0 : (len - start) % SEALED;

		for (int from_pipe = 0; from_pipe < 2; from_pipe++) {
			struct reading r = read_all(file.data, len, from_pipe != 0);

			if (len < start) {
				assert_int_equal(r.rc, -SL_EFORMAT);
				continue;
			}
			assert_int_equal(r.rc, 1);
			assert_true(r.is_cut);
			assert_int_equal(r.len, (len - start) / SEALED * AGE_CHUNK_BYTES);
		}
		step = len < start + 40 || in < 20 || in > SEALED - 20 ? 1 : 9001;
		if (in + step > SEALED - 19 && in < SEALED - 20)
			step = SEALED - 19 - in;
	}
	buf_clear(&file);
}

static void chunks_in_another_order_never_pass(void **state)
{
	struct buf file, other;
	struct reading r;
	size_t start;

	(void)state;
	encrypt(&file, 3 * AGE_CHUNK_BYTES + 40, 1000000);
	start = payload_at(&file);
	other = BUF_INIT(FILE_MAX);
	/* twice, swapped, left out, the last in front of the others */
	(void)buf_append(&other, file.data, start + SEALED);
	(void)buf_append(&other, file.data + start, file.len - start);
	r = read_all(other.data, other.len, false);
	assert_int_equal(r.rc, -SL_EUNTRUSTED);
	assert_int_equal(r.len, AGE_CHUNK_BYTES);
	buf_reset(&other);
	(void)buf_append(&other, file.data, start + SEALED);
	(void)buf_append(&other, file.data + start + 2 * SEALED, file.len - start - 2 * SEALED);
	r = read_all(other.data, other.len, true);
	assert_int_equal(r.rc, -SL_EUNTRUSTED);
	assert_int_equal(r.len, AGE_CHUNK_BYTES);
	buf_clear(&other);
	buf_clear(&file);
	/* bytes behind the last chunk: it is not the last any more */
	for (int from_pipe = 0; from_pipe < 2; from_pipe++) {
		encrypt(&file, 2 * AGE_CHUNK_BYTES, 1000000);
		(void)buf_append(&file, "x", 1);
		r = read_all(file.data, file.len, from_pipe != 0);
		assert_int_equal(r.rc, -SL_EUNTRUSTED);
		assert_int_equal(r.len, AGE_CHUNK_BYTES);
		buf_clear(&file);
	}
}

/* The specification allows one empty chunk: that of an empty file. */
static void an_empty_last_chunk_is_refused(void **state)
{
	static const uint8_t nonce[16] = {7};
	static uint8_t plain[AGE_CHUNK_BYTES], sealed[SEALED];
	CLEANUP(buf_clear) struct buf file = BUF_INIT(FILE_MAX);
	static const uint8_t file_key[AGE_FILE_KEY_SIZE] = "sixteen bytes..";
	struct age_recipients *r;
	struct age_chunks *chunks;
	uint8_t key[AGE_KEY_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(plain); i++)
		plain[i] = plain_byte(i);
	assert_int_equal(age_recipients_new(&r, NULL), 0);
	assert_int_equal(age_recipients_add(r, RECIPIENT, strlen(RECIPIENT), NULL), 0);
	assert_int_equal(age_wrap(&file, r, file_key, NULL), 0);
	age_recipients_free(r);
	(void)buf_append(&file, nonce, sizeof(nonce));
	assert_int_equal(
		age_hkdf(file_key, sizeof(file_key), nonce, sizeof(nonce), "payload", key, NULL),
		0);
	assert_int_equal(age_chunks_new(&chunks, key, true, NULL), 0);
	assert_int_equal(age_chunks_seal(chunks, 0, false, plain, sizeof(plain), sealed, NULL), 0);
	(void)buf_append(&file, sealed, SEALED);
	assert_int_equal(age_chunks_seal(chunks, 1, true, plain, 0, sealed, NULL), 0);
	(void)buf_append(&file, sealed, AGE_TAG_SIZE);
	age_chunks_free(chunks);
	for (int from_pipe = 0; from_pipe < 2; from_pipe++) {
		struct reading got = read_all(file.data, file.len, from_pipe != 0);

		assert_int_equal(got.rc, -SL_EUNTRUSTED);
		assert_int_equal(got.len, AGE_CHUNK_BYTES);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bech32_is_that_of_bip_173),
		cmocka_unit_test(x25519_is_that_of_rfc_7748),
		cmocka_unit_test(derived_keys_are_those_of_the_rfcs),
		cmocka_unit_test(an_identity_has_the_recipient_that_age_says),
		cmocka_unit_test(other_kinds_of_keys_are_refused),
		cmocka_unit_test(what_was_written_is_read),
		cmocka_unit_test(it_is_read_anywhere),
		cmocka_unit_test(a_sync_point_at_whole_chunks_loses_nothing),
		cmocka_unit_test(a_passphrase_opens),
		cmocka_unit_test(a_bit_changed_anywhere_never_passes),
		cmocka_unit_test(a_cut_gives_whole_chunks_and_says_so),
		cmocka_unit_test(chunks_in_another_order_never_pass),
		cmocka_unit_test(an_empty_last_chunk_is_refused),
	};

	(void)signal(SIGCHLD, SIG_IGN); /* nobody waits for who fills the pipes */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
