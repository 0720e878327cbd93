/* SPDX-License-Identifier: Apache-2.0 */
/* One item by its proof alone: what it proves, and what nobody can make it prove. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/digest.h"
#include "core/encode.h"
#include "core/note.h"
#include "core/tlogproof.h"
#include "forensics/bundle_read.h"
#include "forensics/itemproof.h"
#include "unit/bundle_maker.h"

static const char content[] = "the item\n";

/* Four segments; the item is record 4, in the second. */
struct sample {
	struct maker m;
	struct buf proof;
	char note[4][4096];
	char *key_pem;
};

static int prove(const struct maker *m, uint64_t seq, struct buf *out)
{
	struct rfile *file = maker_rfile(m->file.data, m->file.len);
	int rc;

	*out = BUF_INIT(ITEMPROOF_MAX_BYTES);
	rc = itemproof_write(file, seq, out, NULL);
	rfile_close(file);
	return rc;
}

static void end_segment(struct sample *s)
{
	unsigned int k = (unsigned int)s->m.segment;

	maker_segment(&s->m);
	memcpy(s->note[k], s->m.note, sizeof(s->m.note));
}

static void sample_make(struct sample *s, bool certified, bool is_unsigned)
{
	uint8_t public[SIGN_PUBLIC_SIZE];
	struct buf pem = BUF_INIT(4096);

	*s = (struct sample){0};
	maker_begin(&s->m, certified);
	s->m.is_unsigned = is_unsigned;
	(void)maker_file(&s->m, 1, "upper", "first", "x", 1, "");
	end_segment(s); /* record 2 */
	(void)maker_record(&s->m, "note", 0, "");
	assert_int_equal(maker_file(&s->m, 1, "upper", "item", content, sizeof(content) - 1, ""),
			 4);
	end_segment(s);
	(void)maker_record(&s->m, "note", 0, "");
	end_segment(s);
	maker_close(&s->m, "complete");
	memcpy(s->note[3], s->m.note, sizeof(s->m.note));
	maker_tail(&s->m);
	sign_key_public(s->m.long_key, public);
	assert_int_equal(sign_public_pem(public, &pem), 0);
	s->key_pem = buf_take(&pem);
	assert_int_equal(prove(&s->m, 4, &s->proof), 0);
}

static void sample_clear(struct sample *s)
{
	maker_clear(&s->m);
	buf_clear(&s->proof);
	free(s->key_pem);
}

static enum sl_verdict judge(const struct buf *proof, const char *bytes, size_t len,
			     const struct sl_verify_options *options)
{
	static const struct sl_verify_options none = {0};
	struct item item;
	enum sl_verdict verdict;

	assert_int_equal(
		item_begin(&item, proof->data, proof->len, options == NULL ? &none : options, NULL),
		0);
	item_data(&item, bytes, len);
	assert_int_equal(item_end(&item, NULL), 0);
	assert_true((item.verdict == SL_VERDICT_BROKEN) == (item.fault != NULL));
	verdict = item.verdict;
	item_clear(&item);
	return verdict;
}

static enum sl_verdict judge_note(const struct sample *s, const char *note)
{
	struct sl_verify_options options = {.note = note, .note_len = strlen(note)};

	return judge(&s->proof, content, sizeof(content) - 1, &options);
}

static void the_verdict_says_what_the_item_is_bound_to(void **state)
{
	struct sl_verify_options key = {0}, fingerprint = {0},
				 wrong = {.fingerprint = "0000-0000-0000-0000-0000-0000-0000-0000"};
	struct sample s, other;

	(void)state;
	sample_make(&s, true, false);
	sample_make(&other, true, false);
	key.key_pem = s.key_pem;
	fingerprint.fingerprint = s.m.fingerprint;
	assert_int_equal(judge(&s.proof, content, 9, NULL), SL_VERDICT_SELF_CONSISTENT);
	assert_int_equal(judge(&s.proof, content, 9, &fingerprint), SL_VERDICT_ANCHORED);
	assert_int_equal(judge(&s.proof, content, 9, &key), SL_VERDICT_SIGNED);
	assert_int_equal(judge(&s.proof, content, 9, &wrong), SL_VERDICT_BROKEN);
	/* a checkpoint that was kept: before the item, of its segment, the last one */
	assert_int_equal(judge_note(&s, s.note[0]), SL_VERDICT_ANCHORED);
	assert_int_equal(judge_note(&s, s.note[1]), SL_VERDICT_ANCHORED);
	assert_int_equal(judge_note(&s, s.note[3]), SL_VERDICT_ANCHORED);
	/* one in between is not in the proof: it neither binds nor contradicts */
	assert_int_equal(judge_note(&s, s.note[2]), SL_VERDICT_SELF_CONSISTENT);
	assert_int_equal(judge_note(&s, other.note[3]), SL_VERDICT_BROKEN);
	key.key_pem = other.key_pem;
	assert_int_equal(judge(&s.proof, content, 9, &key), SL_VERDICT_BROKEN);
	sample_clear(&s);
	sample_clear(&other);
}

static void another_content_is_broken(void **state)
{
	struct sample s;

	(void)state;
	sample_make(&s, false, false);
	assert_int_equal(judge(&s.proof, "the item.", 9, NULL), SL_VERDICT_BROKEN);
	assert_int_equal(judge(&s.proof, content, 8, NULL), SL_VERDICT_BROKEN);
	assert_int_equal(judge(&s.proof, content, 10, NULL), SL_VERDICT_BROKEN);
	sample_clear(&s);
}

static void without_signatures_nothing_binds(void **state)
{
	struct sl_verify_options options = {0};
	struct sample s;

	(void)state;
	sample_make(&s, false, true);
	options.fingerprint = s.m.fingerprint;
	assert_int_equal(judge(&s.proof, content, 9, &options), SL_VERDICT_UNSIGNED);
	sample_clear(&s);
}

/* Whatever is changed, a good verdict is about the very same record of the very same bundle. */
static void check_changed(const struct sample *s, const char *bytes, size_t len)
{
	struct sl_verify_options options = {.fingerprint = s->m.fingerprint};
	struct item item;

	assert_int_equal(item_begin(&item, bytes, len, &options, NULL), 0);
	item_data(&item, content, sizeof(content) - 1);
	assert_int_equal(item_end(&item, NULL), 0);
	if (item.verdict != SL_VERDICT_BROKEN) {
		assert_int_equal(item.seq, 4);
		assert_string_equal(item.bundle_id, s->m.bundle);
		assert_int_equal(item.verdict, SL_VERDICT_ANCHORED);
	}
	item_clear(&item);
}

static void every_byte_counts(void **state)
{
	struct sample s;
	size_t broken = 0;

	(void)state;
	sample_make(&s, false, false);
	for (size_t i = 0; i < s.proof.len; i++) {
		char was = s.proof.data[i];
		struct sl_verify_options options = {.fingerprint = s.m.fingerprint};

		s.proof.data[i] = (char)(was ^ (1 << i % 7));
		check_changed(&s, s.proof.data, s.proof.len);
		broken += judge(&s.proof, content, 9, &options) == SL_VERDICT_BROKEN;
		s.proof.data[i] = was;
	}
	/* harmless: signatures of the last checkpoint, which is there for comparison alone */
	assert_in_range(broken, s.proof.len - 200, s.proof.len);
	for (size_t i = 0; i < s.proof.len; i++)
		check_changed(&s, s.proof.data, i);
	sample_clear(&s);
}

/* A note over a tree of @lines, signed as that of @epoch. */
static void forge(struct buf *out, const struct maker *m, const char *const *lines, size_t count,
		  size_t item, unsigned int epoch, const struct sign_key *key)
{
	struct buf note = BUF_INIT(4096);
	struct sha256 *hash = NULL;
	struct merkle_proof proof;
	struct merkle_watch w;
	struct merkle tree;
	uint8_t root[SL_SHA256_SIZE];
	char name[128];

	assert_int_equal(sha256_new(&hash, NULL), 0);
	merkle_init(&tree, hash);
	for (size_t i = 0; i < count; i++) {
		if (i == item)
			merkle_watch(&tree, &w);
		assert_int_equal(merkle_append(&tree, lines[i], strlen(lines[i]), NULL), 0);
	}
	assert_int_equal(merkle_prove(&tree, &w, &proof, NULL), 0);
	assert_int_equal(merkle_root(&tree, root, NULL), 0);
	(void)snprintf(name, sizeof(name), "strandline/bundle/%s", m->bundle);
	assert_int_equal(note_checkpoint(&note, name, count, root), 0);
	(void)snprintf(name, sizeof(name), "strandline/bundle/%s/epoch/%u", m->bundle, epoch);
	assert_int_equal(note_sign(&note, note.len, name, key, NULL), 0);
	assert_int_equal(tlogproof_write(out, lines[item], strlen(lines[item]), item, &proof,
					 (struct sl_bytes){note.data, note.len}),
			 0);
	buf_clear(&note);
	sha256_free(hash);
}

static void split(const char *text, const char **lines, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *feed = strchr(text, '\n');

		assert_non_null(feed);
		lines[i] = strndup(text, (size_t)(feed + 1 - text));
		text = feed + 1;
	}
}

/* Somebody who came during segment 1 holds key 1, and everything that is public. */
static void a_later_key_rewrites_no_earlier_record(void **state)
{
	struct sl_verify_options options = {0};
	const char *lines[3] = {0}, *forged[4];
	struct buf proof = BUF_INIT(ITEMPROOF_MAX_BYTES), good;
	struct sample s = {0};
	char *fake, *at;

	(void)state;
	maker_begin(&s.m, false);
	(void)maker_file(&s.m, 1, "upper", "first", "x", 1, "");
	maker_record(&s.m, "note", 0, "");
	s.m.journal.data[s.m.journal.len] = '\0';
	split(s.m.journal.data, lines, 3);
	maker_segment(&s.m);
	assert_int_equal(prove(&s.m, 1, &good), 0);
	options.fingerprint = s.m.fingerprint;
	assert_int_equal(judge(&good, "x", 1, &options), SL_VERDICT_ANCHORED);

	/* record 1 of another content, in a tree that key 1 signs */
	fake = strdup(lines[1]);
	at = strstr(fake, "\"bytes\":1");
	while (at != NULL) {
		at[8] = '2';
		at = strstr(at, "\"bytes\":1");
	}
	forged[0] = lines[0];
	forged[1] = fake;
	forged[2] = lines[2];
	forged[3] = lines[2];
	/* behind the open record alone: nothing names key 1 */
	assert_int_equal(buf_append(&proof, good.data,
				    (size_t)(strstr(good.data + 10, "c2sp.org") - good.data)),
			 0);
	forge(&proof, &s.m, forged, 4, 1, 1, s.m.key);
	assert_int_equal(judge(&proof, "x", 1, &options), SL_VERDICT_BROKEN);
	/* signed as if it were segment 0 */
	buf_reset(&proof);
	forge(&proof, &s.m, forged, 4, 0, 0, s.m.key);
	forge(&proof, &s.m, forged, 4, 1, 0, s.m.key);
	assert_int_equal(judge(&proof, "x", 1, &options), SL_VERDICT_BROKEN);
	buf_clear(&good);

	for (size_t i = 0; i < 3; i++)
		free((void *)(uintptr_t)lines[i]);
	free(fake);
	buf_clear(&good);
	buf_clear(&proof);
	maker_clear(&s.m);
}

static void a_record_needs_the_key_of_its_own_segment(void **state)
{
	struct sl_verify_options options = {0};
	struct sample s = {0};
	struct buf link, proof = BUF_INIT(ITEMPROOF_MAX_BYTES);
	const char *lines[3] = {0}, *tree[5];
	const char *item;

	(void)state;
	maker_begin(&s.m, false);
	(void)maker_file(&s.m, 1, "upper", "first", "x", 1, "");
	s.m.journal.data[s.m.journal.len] = '\0';
	split(s.m.journal.data, lines, 2);
	maker_segment(&s.m); /* key 1 is there now, and signs what its holder wants */
	for (size_t i = 0; i < 5; i++)
		tree[i] = lines[i % 2];
	/* the true links, out of a true proof of an item in segment 1 */
	(void)maker_file(&s.m, 1, "upper", "second", "y", 1, "");
	forge(&proof, &s.m, tree, 5, 1, 1, s.m.key);
	maker_close(&s.m, "complete");
	maker_tail(&s.m);
	assert_int_equal(prove(&s.m, 3, &link), 0);
	options.fingerprint = s.m.fingerprint;
	assert_int_equal(judge(&link, "y", 1, &options), SL_VERDICT_ANCHORED);
	/* open record and link, then the forged proof in place of the item's */
	item = strstr(strstr(link.data + 1, "c2sp.org") + 1, "c2sp.org");
	assert_non_null(item);
	link.len = (size_t)(item - link.data);
	assert_int_equal(buf_append(&link, proof.data, proof.len), 0);
	assert_int_equal(judge(&link, "x", 1, &options), SL_VERDICT_BROKEN);
	free((void *)(uintptr_t)lines[0]);
	free((void *)(uintptr_t)lines[1]);
	buf_clear(&link);
	buf_clear(&proof);
	maker_clear(&s.m);
}

static void a_file_in_parts_is_proved_as_a_whole(void **state)
{
	enum { SIZE = 50000 };
	char *bytes = malloc(SIZE);
	struct maker m;
	struct buf proof;
	uint64_t seq;

	(void)state;
	for (size_t i = 0; i < SIZE; i++)
		bytes[i] = (char)(i * 7);
	maker_begin(&m, false);
	seq = maker_parts(&m, "large", bytes, SIZE, 9000);
	maker_close(&m, "complete");
	maker_tail(&m);
	assert_int_equal(prove(&m, seq, &proof), 0);
	assert_int_equal(judge(&proof, bytes, SIZE, NULL), SL_VERDICT_SELF_CONSISTENT);
	bytes[SIZE / 2] ^= 1;
	assert_int_equal(judge(&proof, bytes, SIZE, NULL), SL_VERDICT_BROKEN);
	buf_clear(&proof);
	maker_clear(&m);
	free(bytes);
}

/* A file of @size with "abc" at 100: what its record says of it, and what is judged. */
static enum sl_verdict judge_sparse(const char *size, const char *hash, const void *item,
				    size_t len, int *proved)
{
	enum sl_verdict verdict = SL_VERDICT_BROKEN;
	char text[1024], digest[65];
	uint8_t raw[SL_SHA256_SIZE];
	struct maker m;
	struct buf proof;
	uint64_t seq;

	assert_int_equal(sha256_once("abc", 3, raw, NULL), 0);
	hex_encode(digest, raw, sizeof(raw));
	maker_begin(&m, false);
	maker_member(&m, "d/00000001/s.part0000", "abc", 3);
	(void)snprintf(text, sizeof(text),
		       ",\"role\":\"upper\",\"path\":\"/s\",\"of\":1,\"k\":0,\"map\":[[100,3]],"
		       "\"stored\":{\"member\":\"d/00000001/s.part0000\",\"bytes\":3,"
		       "\"sha256\":\"%s\"}",
		       digest);
	(void)maker_record(&m, "part", 1, text);
	(void)snprintf(
		text, sizeof(text),
		",\"role\":\"upper\",\"src\":{\"path\":\"/s\",\"type\":\"file\"},\"stored\":"
		"{\"parts\":1,\"of\":1,\"bytes\":3,\"size\":%s},\"hash\":{\"sha256\":\"%s\"}",
		size, hash);
	seq = maker_record(&m, "file", 1, text);
	maker_close(&m, "complete");
	maker_tail(&m);
	*proved = prove(&m, seq, &proof);
	if (*proved == 0)
		verdict = judge(&proof, item, len, NULL);
	buf_clear(&proof);
	maker_clear(&m);
	return verdict;
}

static void a_file_with_holes_is_proved_with_them(void **state)
{
	static uint8_t whole[5000];
	uint8_t raw[SL_SHA256_SIZE];
	char digest[65];
	int proved;

	(void)state;
	memcpy(whole + 100, "abc", 3);
	assert_int_equal(sha256_once(whole, sizeof(whole), raw, NULL), 0);
	hex_encode(digest, raw, sizeof(raw));
	assert_int_equal(judge_sparse("5000", digest, whole, sizeof(whole), &proved),
			 SL_VERDICT_SELF_CONSISTENT);
	assert_int_equal(judge_sparse("5000", digest, whole, sizeof(whole) - 1, &proved),
			 SL_VERDICT_BROKEN);
	assert_int_equal(judge_sparse("5000", digest, "abc", 3, &proved), SL_VERDICT_BROKEN);
	whole[4000] = 1;
	assert_int_equal(judge_sparse("5000", digest, whole, sizeof(whole), &proved),
			 SL_VERDICT_BROKEN);
	/* shorter than its data, and so long that nobody can hash it */
	(void)judge_sparse("2", digest, whole, sizeof(whole), &proved);
	assert_int_equal(proved, -SL_EFORMAT);
	(void)judge_sparse("\"9000000000000000000\"", digest, whole, sizeof(whole), &proved);
	assert_int_equal(proved, -SL_EUNSUPPORTED);
}

static void what_has_no_content_or_no_checkpoint_is_not_proved(void **state)
{
	struct buf proof;
	struct sample s;

	(void)state;
	sample_make(&s, false, false);
	assert_int_equal(prove(&s.m, 3, &proof), -SL_ENOTFOUND);
	buf_clear(&proof);
	assert_int_equal(prove(&s.m, 999, &proof), -SL_ENOTFOUND);
	buf_clear(&proof);
	s.m.file.len -= s.m.file.len / 3; /* what is attested before a cut stays provable */
	assert_int_equal(prove(&s.m, 1, &proof), 0);
	assert_int_equal(judge(&proof, "x", 1, NULL), SL_VERDICT_SELF_CONSISTENT);
	buf_clear(&proof);
	sample_clear(&s);
}

static void a_file_that_shrank_ends_in_zeros(void **state)
{
	static const char line[] =
		"{\"v\":1,\"seq\":3,\"prev\":\""
		"0000000000000000000000000000000000000000000000000000000000000000\",\"t\":"
		"\"2026-11-22T15:00:14.000204773Z\",\"boot_ns\":\"1\",\"type\":\"file\",\"target\":"
		"1,"
		"\"read\":{\"bytes\":1,\"short\":true},\"stored\":{\"parts\":1,\"of\":2,\"bytes\":"
		"3},"
		"\"hash\":{\"sha256\":"
		"\"2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881\"}}\n";
	struct item item = {0};

	(void)state;
	assert_int_equal(item_content_of(line, sizeof(line) - 1, &item.content, NULL), 0);
	assert_int_equal(item.content.bytes, 3);
	assert_int_equal(item.content.read, 1);
	for (int i = 0; i < 2; i++) {
		item.verdict = SL_VERDICT_ANCHORED;
		item.seen = 0;
		item.has_rest = false;
		assert_int_equal(sha256_new(&item.hash, NULL), 0);
		item_data(&item, i == 0 ? "x\0\0" : "x\0y", 3);
		assert_int_equal(item_end(&item, NULL), 0);
		assert_int_equal(item.verdict, i == 0 ? SL_VERDICT_ANCHORED : SL_VERDICT_BROKEN);
		sha256_free(item.hash);
		item.hash = NULL;
	}
	item_clear(&item);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_verdict_says_what_the_item_is_bound_to),
		cmocka_unit_test(another_content_is_broken),
		cmocka_unit_test(without_signatures_nothing_binds),
		cmocka_unit_test(every_byte_counts),
		cmocka_unit_test(a_later_key_rewrites_no_earlier_record),
		cmocka_unit_test(a_record_needs_the_key_of_its_own_segment),
		cmocka_unit_test(a_file_in_parts_is_proved_as_a_whole),
		cmocka_unit_test(a_file_with_holes_is_proved_with_them),
		cmocka_unit_test(what_has_no_content_or_no_checkpoint_is_not_proved),
		cmocka_unit_test(a_file_that_shrank_ends_in_zeros),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
