/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes bundles, honest and otherwise, into a directory: NAME.bundle, and NAME.verdict with what
 * sl_bundle_verify() says of it: the word, the fingerprint, what is wrong, and where (segment,
 * record, offset). A script asks the other verifiers.
 *
 *	bundle_corpus DIR           the corpus
 *	bundle_corpus --large FILE RECORDS BYTES [SOURCE]   one bundle for measuring, of synthetic
 *	                            bytes or of those of SOURCE
 *	bundle_corpus --verify FILE [THREADS]      print the verdict
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <strandline/bundle.h>

#include "core/cleanup.h"
#include "unit/bundle_maker.h"

struct corpus {
	const char *dir;
	int count;
};

static void write_file(const char *path, const void *bytes, size_t len)
{
	FILE *f = fopen(path, "wbe");

	if (f == NULL || fwrite(bytes, 1, len, f) != len || fclose(f) != 0) {
		perror(path);
		exit(2);
	}
}

static void print_verdict(int fd, unsigned int threads, FILE *out)
{
	struct sl_verify_options options = {.threads = threads};
	struct sl_verify_result r;
	struct sl_error err = SL_ERROR_INIT;

	if (sl_bundle_verify(fd, &options, &r, &err) < 0) {
		(void)fprintf(out, "none\n%s\n", sl_error_text(&err));
		sl_error_clear(&err);
		return;
	}
	(void)fprintf(out, "%s\n%s\n%s\n", sl_verdict_name(r.verdict), r.fingerprint,
		      r.has_fault ? r.fault : "");
	if (r.has_fault)
		(void)fprintf(out, "%llu %llu %llu\n", (unsigned long long)r.fault_segment,
			      (unsigned long long)r.fault_record,
			      (unsigned long long)r.fault_offset);
	sl_verify_result_clear(&r);
}

static void keep(struct corpus *c, const char *name, const void *bytes, size_t len)
{
	AUTO_FREE char *path = NULL, *verdict = NULL;
	AUTO_CLOSE int fd = maker_fd(bytes, len);
	FILE *f;

	if (asprintf(&path, "%s/%s.bundle", c->dir, name) < 0 ||
	    asprintf(&verdict, "%s/%s.verdict", c->dir, name) < 0)
		exit(2);
	write_file(path, bytes, len);
	f = fopen(verdict, "we");
	if (f == NULL)
		exit(2);
	print_verdict(fd, 0, f);
	(void)fclose(f);
	c->count++;
}

static void keep_and_clear(struct corpus *c, const char *name, struct maker *m)
{
	keep(c, name, m->file.data, m->file.len);
	maker_clear(m);
}

#define FILE_OF(name) maker_file(&m, 1, "upper", name, "content", 7, "")
#define CRIME(name, ...)                                                                           \
	do {                                                                                       \
		maker_begin(&m, false);                                                            \
		__VA_ARGS__;                                                                       \
		maker_segment(&m);                                                                 \
		maker_close(&m, "complete");                                                       \
		maker_tail(&m);                                                                    \
		keep_and_clear(c, name, &m);                                                       \
	} while (0)

static void crimes(struct corpus *c)
{
	struct maker m;

	CRIME("honest", FILE_OF("a"); FILE_OF("b/c~"));
	CRIME("long-name",
	      FILE_OF("usr/share/a-very-long-directory-name-that-needs-a-pax-header/"
		      "and-another-one-behind-it-so-that-it-passes-one-hundred-bytes"));
	CRIME("digest", m.wrong_digest = true; FILE_OF("a"));
	CRIME("missing-member", m.forget_payload = true; FILE_OF("a"));
	CRIME("unlisted-member", maker_member(&m, "d/00000009/x", "x", 1));
	CRIME("unlisted-own-number", FILE_OF("a"); maker_member(&m, "d/00000001/x", "x", 1));
	CRIME("duplicate", FILE_OF("a"); maker_member(&m, "d/00000001/a", "content", 7));
	CRIME("prev", m.break_prev = true; FILE_OF("a"));
	CRIME("hole", m.skip_seq = 1; FILE_OF("a"));
	CRIME("second-open", maker_record(&m, "open", 0, ""));
	CRIME("early-close", maker_record(&m, "close", 0, ",\"status\":\"complete\""));
	CRIME("no-json", maker_line(&m, "{}\n", 3));
	CRIME("control", maker_record(&m, "note", 0, ",\"a\":\t1"));
	CRIME("type", maker_record(&m, "No Te", 0, ""));
	CRIME("root", FILE_OF("a"); m.tree.edge[1][0] ^= 1);
	CRIME("other-key", FILE_OF("a"); sign_key_free(m.key);
	      (void)sign_key_generate(&m.key, NULL));
	CRIME("other-bundle", FILE_OF("a"); m.bundle[0] = m.bundle[0] == '0' ? '1' : '0');
	CRIME("other-epoch", maker_record(&m, "epoch", 0, ",\"epoch\":7"); maker_seal(&m));
	CRIME("not-utf8", maker_record(&m, "note", 0, ",\"a\":\"\xff\xfe\""));
	CRIME("unknown-type", maker_record(&m, "note", 0, ",\"a\":\"\xc3\xa4\""));
	CRIME("link", m.type = '2'; FILE_OF("link"));
	CRIME("hardlink", m.type = '1'; FILE_OF("link"));
	CRIME("directory", m.type = '5'; FILE_OF("dir"));
	CRIME("sparse", m.type = 'S'; FILE_OF("sparse"));
	CRIME("global", m.type = 'g'; FILE_OF("global"));
	CRIME("gnu-long", m.type = 'L'; FILE_OF("gnu-long"));
	CRIME("contiguous", m.type = '7'; FILE_OF("contiguous"));
	CRIME("dot-dot", FILE_OF("../../etc/passwd"));
	CRIME("double-slash", FILE_OF("a//b"));
	CRIME("blank", FILE_OF("a b"));
	CRIME("escape", FILE_OF("a\x1b[31m"));
	CRIME("line-feed", FILE_OF("a\nb"));
	CRIME("backslash", FILE_OF("a\\b"));
	CRIME("lower-percent", FILE_OF("a%2f"));
	CRIME("absolute", maker_member(&m, "/etc/passwd", "x", 1));
	CRIME("short-number", maker_member(&m, "d/1/x", "x", 1));
	CRIME("early-index", maker_member(&m, "j/index", "x", 1));
	CRIME("early-statement", maker_member(&m, "j/close.intoto.json", "x", 1));
	CRIME("other-journal", maker_member(&m, "j/000001.jsonl", "x\n", 2));
	CRIME("checksum", m.tar.data[10] = 'x');
	CRIME("dialect", memcpy(m.tar.data + 257, "ustar  ", 8));
}

#define MEMBERS(text) maker_record(&m, "file", 1, "," text)
#define SHA_OF_X "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
/* A record that names a member with one byte; the number and the digest as they are given. */
#define NAMES_X(bytes, sha256)                                                                     \
	maker_member(&m, "d/00000001/x", "x", 1);                                                  \
	MEMBERS("\"stored\":{\"member\":\"d/00000001/x\",\"bytes\":" bytes ",\"sha256\":\"" sha256 \
		"\"}")

/* JSON that its readers read differently. */
static void odd_records(struct corpus *c)
{
	struct maker m;
	char deep[200];

	CRIME("bytes-text", NAMES_X("\"1\"", SHA_OF_X));
	CRIME("bytes-real", NAMES_X("1.0", SHA_OF_X));
	CRIME("bytes-exponent", NAMES_X("1e0", SHA_OF_X));
	CRIME("bytes-zero-in-front", NAMES_X("\"01\"", SHA_OF_X));
	CRIME("bytes-negative", NAMES_X("-1", SHA_OF_X));
	CRIME("bytes-huge", NAMES_X("18446744073709551617", SHA_OF_X));
	CRIME("bytes-absent", maker_member(&m, "d/00000001/x", "x", 1);
	      MEMBERS("\"stored\":{\"member\":\"d/00000001/x\",\"sha256\":\"" SHA_OF_X "\"}"));
	CRIME("digest-capitals",
	      NAMES_X("1", "2D711642B726B04401627CA9FBAC32F5C8530FB1903CC4DB02258717921A4881"));
	CRIME("digest-with-blank", NAMES_X("1", SHA_OF_X " "));
	CRIME("member-no-text", MEMBERS("\"stored\":{\"member\":7,\"bytes\":1}"));
	CRIME("stored-a-list", MEMBERS("\"stored\":[1]"));
	CRIME("stored-a-text", MEMBERS("\"stored\":\"d/00000001/x\""));
	CRIME("key-twice", MEMBERS("\"a\":1,\"a\":2"));
	CRIME("key-twice-deep", MEMBERS("\"a\":{\"b\":1,\"b\":2}"));
	CRIME("type-twice", MEMBERS("\"type\":\"note\""));
	CRIME("stored-twice", maker_member(&m, "d/00000001/x", "x", 1);
	      MEMBERS("\"stored\":null,\"stored\":{\"member\":\"d/00000001/x\",\"bytes\":1,"
		      "\"sha256\":\"" SHA_OF_X "\"}"));
	CRIME("not-a-number", MEMBERS("\"a\":nan"));
	CRIME("capital-nan", MEMBERS("\"a\":NaN"));
	CRIME("infinity", MEMBERS("\"a\":1e999"));
	CRIME("integer-too-large", MEMBERS("\"a\":99999999999999999999"));
	CRIME("zero-in-front", MEMBERS("\"a\":01"));
	CRIME("plus", MEMBERS("\"a\":+1"));
	CRIME("dot-first", MEMBERS("\"a\":.5"));
	CRIME("dot-last", MEMBERS("\"a\":5."));
	CRIME("single-quotes", MEMBERS("\"a\":'b'"));
	CRIME("escaped-nul", MEMBERS("\"a\":\"\\u0000\""));
	CRIME("escaped-nul-in-key", MEMBERS("\"a\\u0000\":1"));
	CRIME("lone-surrogate", MEMBERS("\"a\":\"\\ud800\""));
	CRIME("lone-low-surrogate", MEMBERS("\"a\":\"\\udc00x\""));
	CRIME("surrogates", MEMBERS("\"a\":\"\\ud83d\\ude00\""));
	CRIME("encoded-surrogate", MEMBERS("\"a\":\"\xed\xa0\x80\""));
	CRIME("overlong", MEMBERS("\"a\":\"\xc0\xaf\""));
	CRIME("beyond-unicode", MEMBERS("\"a\":\"\xf4\x90\x80\x80\""));
	CRIME("noncharacter", MEMBERS("\"a\":\"\xef\xbf\xbf\""));
	CRIME("delete", MEMBERS("\"a\":\"\x7f\""));
	CRIME("bad-escape", MEMBERS("\"a\":\"\\x41\""));
	CRIME("comma-last", MEMBERS("\"a\":1,"));
	CRIME("comment", MEMBERS("\"a\":1/*b*/"));
	CRIME("two-objects", MEMBERS("\"a\":1}{\"b\":2"));
	CRIME("largest", MEMBERS("\"a\":[9223372036854775807,-9223372036854775808]"));
	CRIME("larger", MEMBERS("\"a\":9223372036854775808"));
	CRIME("smaller", MEMBERS("\"a\":-9223372036854775809"));
	CRIME("minus-zero", MEMBERS("\"a\":-0"));
	CRIME("quotes", MEMBERS("\"a\\\"\\\\\":{\"\\\\\":\"\\\\u0000 1.5 [[ \\\":\",\"b\":[]}"));
	CRIME("blanks", MEMBERS("  \"a\" : [ 1 , 2 ] "));
	for (size_t depth = 62; depth <= 65; depth++) {
		char name[32];
		int at = snprintf(deep, sizeof(deep), ",\"a\":");

		memset(deep + at, '[', depth);
		memset(deep + at + depth, ']', depth);
		deep[(size_t)at + 2 * depth] = '\0';
		(void)snprintf(name, sizeof(name), "depth-%zu", depth);
		CRIME(name, maker_record(&m, "note", 0, deep));
	}
}

#define FORGE(name, offset, bytes)                                                                 \
	CRIME(name, {                                                                              \
		size_t at = m.tar.len;                                                             \
		FILE_OF("a");                                                                      \
		maker_forge(&m, at, offset, bytes, sizeof(bytes) - 1);                             \
	})
#define EMPTY_GZIP "\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0"
#define EMPTY_FRAME "\x28\xb5\x2f\xfd\x24\0\x01\0\0\x99\xe9\xd8\x51"
#define WITNESS                                                                                    \
	"\xe2\x80\x94 example.com/witness "                                                        \
	"eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4" \
	"\n"

/* Archives and streams that programs read differently, or obey. */
static void odd_archives(struct corpus *c)
{
	struct maker m;

	FORGE("mode-setuid", 100, "0004755");
	CRIME("seek-table-inside", FILE_OF("a"); maker_segment(&m); maker_table(&m);
	      keep(c, "seek-table-alone", m.file.data, m.file.len));
	CRIME("gzip-inside", FILE_OF("a"); maker_segment(&m);
	      (void)buf_append(&m.file, EMPTY_GZIP, sizeof(EMPTY_GZIP) - 1);
	      keep(c, "gzip-at-the-end", m.file.data, m.file.len));
	maker_small(&m, false);
	(void)buf_append(&m.file, EMPTY_FRAME, sizeof(EMPTY_FRAME) - 1);
	keep_and_clear(c, "trailing-empty-frame", &m);
}

/* What nothing covers but its one form. */
static void odd_seals(struct corpus *c)
{
	struct maker m;

	CRIME("note-with-a-witness", m.behind_note = WITNESS);
	CRIME("note-with-a-line-feed", m.behind_note = "\n");
	CRIME("statement-with-a-blank", m.behind_close = " ");
	CRIME("statement-with-a-line-feed", m.behind_close = "\n");
	CRIME("statement-with-two", m.behind_close = "\n\n");
}

#define PART(k, name, map)                                                                         \
	maker_member(&m, name, "x", 1);                                                            \
	maker_record(&m, "part", 1,                                                                \
		     ",\"role\":\"upper\",\"path\":\"/s\",\"of\":1,\"k\":" k ",\"map\":" map       \
		     ",\"stored\":{\"member\":\"" name "\",\"bytes\":1,\"sha256\":\"" SHA_OF_X     \
		     "\"}")

/* Forms that came later: holes, further names, the clock, roles. */
/* A record whose head is made of these words. */
static void head(struct maker *m, const char *t, const char *boot, const char *type,
		 const char *target)
{
	AUTO_FREE char *line = NULL;

	if (asprintf(&line,
		     "{\"v\":1,\"seq\":%llu,\"prev\":\"%s\",\"t\":\"%s\",\"boot_ns\":\"%s\","
		     "\"type\":\"%s\",\"target\":%s}\n",
		     (unsigned long long)m->seq, m->prev, t, boot, type, target) < 0)
		exit(2);
	maker_line(m, line, strlen(line));
}

#define NOON "2026-12-31T12:00:00.000000000Z"
#define HEAD(name, ...) CRIME("head-" name, head(&m, __VA_ARGS__))

static void heads(struct corpus *c)
{
	struct maker m;

	HEAD("leap-second", "2026-12-31T23:59:60.000000000Z", "1", "note", "0");
	HEAD("second-61", "2026-12-31T23:59:61.000000000Z", "1", "note", "0");
	HEAD("month-0", "2026-00-31T23:59:59.000000000Z", "1", "note", "0");
	HEAD("three-digits", "2026-12-31T23:59:59.000Z", "1", "note", "0");
	HEAD("boot-of-19-digits", NOON, "9999999999999999999", "note", "0");
	HEAD("boot-of-20-digits", NOON, "10000000000000000000", "note", "0");
	HEAD("type-of-32", NOON, "1", "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn", "0");
	HEAD("type-of-33", NOON, "1", "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn", "0");
	HEAD("largest-target", NOON, "1", "note", "4294967295");
	HEAD("target-too-large", NOON, "1", "note", "4294967296");
	HEAD("blank", NOON, "1", "note", " 0");
}

static void later_records(struct corpus *c)
{
	struct maker m;

	CRIME("holes", PART("0", "d/00000001/s.part0000", "[[100,1]]");
	      PART("1", "d/00000002/s.part0001", "[[\"4000\",1]]");
	      MEMBERS("\"role\":\"upper\",\"src\":{\"path\":\"/"
		      "s\"},\"stored\":{\"parts\":2,\"of\":1,"
		      "\"bytes\":2,\"size\":5000}"));
	CRIME("nothing-but-a-hole", MEMBERS("\"role\":\"upper\",\"src\":{\"path\":\"/"
					    "s\"},\"stored\":{\"parts\":0,\"bytes\":0,"
					    "\"size\":\"9000000000000000000\"}"));
	CRIME("log-of-a-hole", maker_record(&m, "target", 1, ",\"name\":\"web\",\"id\":\"a\"");
	      MEMBERS("\"role\":\"log\",\"log_format\":\"json-file\",\"src\":{\"path\":\"/l\","
		      "\"type\":\"file\"},\"read\":{\"bytes\":0},\"stored\":{\"parts\":0,\"bytes\":"
		      "0,"
		      "\"size\":4000000000000}"));
	CRIME("map-overlaps", PART("0", "d/00000001/s.part0000", "[[0,1],[0,1]]"));
	CRIME("map-too-long", PART("0", "d/00000001/s.part0000", "[[18446744073709551615,1]]"));
	CRIME("further-name", FILE_OF("a"); MEMBERS("\"role\":\"upper\",\"src\":{\"path\":\"/"
						    "b\"},\"stored\":null,\"hardlink_of\":1"));
	CRIME("further-name-of-later", MEMBERS("\"role\":\"upper\",\"src\":{\"path\":\"/"
					       "b\"},\"stored\":null,\"hardlink_of\":99"));
	CRIME("clock", maker_record(&m, "clock", 0, ",\"step_ns\":\"-3600000000000\""));
	CRIME("clock-no-number", maker_record(&m, "clock", 0, ",\"step_ns\":[]"));
	CRIME("roles", (void)maker_file(&m, 1, "memory", "7.core", "x", 1, "");
	      (void)maker_file(&m, 1, "recovered", "memfd%3Aa", "y", 1, "");
	      (void)maker_file(&m, 9, "no such role", "z", "z", 1, ""));
	CRIME("attributes", maker_member(&m, "d/00000001/attributes.json", "x", 1);
	      MEMBERS("\"attributes\":{\"member\":\"d/00000001/attributes.json\",\"bytes\":1,"
		      "\"sha256\":\"" SHA_OF_X "\"},\"stored\":null"));
	CRIME("one-member-for-both", maker_member(&m, "d/00000001/x", "x", 1);
	      MEMBERS("\"attributes\":{\"member\":\"d/00000001/"
		      "x\",\"bytes\":1,\"sha256\":\"" SHA_OF_X
		      "\"},\"stored\":{\"member\":\"d/00000001/"
		      "x\",\"bytes\":1,\"sha256\":\"" SHA_OF_X "\"}"));
	CRIME("member-of-another", maker_member(&m, "d/00000002/x", "x", 1);
	      NAMES_X("1", SHA_OF_X));
	CRIME("names-a-journal", MEMBERS("\"stored\":{\"member\":\"j/000000.note\",\"bytes\":1,"
					 "\"sha256\":\"" SHA_OF_X "\"}"));
	CRIME("epoch-text", maker_record(&m, "note", 0, ",\"epoch\":\"1\""));
	CRIME("target-huge", maker_record(&m, "note", 4294967295u, ""));
	CRIME("upper-prefix", FILE_OF("a/attributes.json"));
	CRIME("long-component",
	      FILE_OF("~aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
}

static void whole_bundles(struct corpus *c)
{
	struct maker m;
	char *big = calloc(1, 300000);

	maker_small(&m, true);
	keep(c, "certified", m.file.data, m.file.len);
	for (size_t i = 0; i < 24; i++) {
		char name[32];
		size_t len = m.file.len * i / 24;

		(void)snprintf(name, sizeof(name), "cut-%02zu", i);
		keep(c, name, m.file.data, len);
	}
	for (size_t i = 1; i < 20; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "cut-end-%02zu", i);
		keep(c, name, m.file.data, m.file.len - i * 3);
	}
	for (size_t i = 0; i < 40; i++) {
		size_t at = (m.file.len - 1) * i / 39;
		char name[32];

		(void)snprintf(name, sizeof(name), "flip-%02zu", i);
		m.file.data[at] = (char)(m.file.data[at] ^ 0x41);
		keep(c, name, m.file.data, m.file.len);
		m.file.data[at] = (char)(m.file.data[at] ^ 0x41);
	}
	(void)buf_append(&m.file, "x", 1);
	keep(c, "trailing-byte", m.file.data, m.file.len);
	m.file.len--;
	(void)buf_append(&m.file, "\x50\x2a\x4d\x18\0\0\0\0", 8);
	keep_and_clear(c, "trailing-frame", &m);

	maker_begin(&m, false);
	for (int i = 0; i < 21; i++) {
		(void)FILE_OF("many");
		if (i % 3 == 0)
			maker_segment(&m);
	}
	if (big != NULL)
		(void)maker_parts(&m, "big", big, 300000, 90000);
	maker_close(&m, "complete");
	maker_tail(&m);
	keep_and_clear(c, "many-segments", &m);
	free(big);

	maker_begin(&m, false);
	maker_close(&m, "nospace");
	maker_tail(&m);
	keep_and_clear(c, "no-space", &m);
	maker_begin(&m, false);
	m.status = "complete";
	maker_close(&m, "aborted");
	maker_tail(&m);
	keep_and_clear(c, "statement-lies", &m);
	maker_begin(&m, false);
	m.is_unsigned = true;
	maker_segment(&m);
	maker_close(&m, "complete");
	maker_tail(&m);
	keep_and_clear(c, "unsigned", &m);
	maker_begin(&m, false);
	maker_segment(&m);
	m.is_unsigned = true;
	maker_close(&m, "complete");
	maker_tail(&m);
	keep_and_clear(c, "half-signed", &m);
	maker_begin(&m, false);
	maker_segment(&m);
	maker_tail(&m);
	keep_and_clear(c, "tail-without-close", &m);
	keep(c, "text", "hello, world\n", 13);
}

/* Bundles that were encrypted have skippable frames inside. */
static void padded_bundles(struct corpus *c)
{
	static const size_t cuts[] = {1, 2, 5, 9, 12, 16, 17, 40};
	size_t table, pad;
	struct maker m;

	maker_begin(&m, false);
	(void)FILE_OF("a");
	maker_segment(&m);
	pad = m.file.len;
	maker_skip(&m, 60000);
	maker_close(&m, "complete");
	maker_skip(&m, 0);
	maker_tail(&m);
	keep(c, "padded", m.file.data, m.file.len);
	table = m.file.len - 9 - m.table.len - 8;
	keep(c, "padded-no-table", m.file.data, table);
	keep(c, "padded-cut-in-padding", m.file.data, pad + 100);
	for (size_t i = 0; i < ARRAY_SIZE(cuts); i++) {
		char name[40];

		(void)snprintf(name, sizeof(name), "padded-cut-end-%02zu", cuts[i]);
		keep(c, name, m.file.data, m.file.len - cuts[i]);
	}
	/* the padding's own length, and what its entry says */
	m.file.data[pad + 4] ^= 1;
	keep(c, "padded-length", m.file.data, m.file.len);
	m.file.data[pad + 4] ^= 1;
	m.file.data[pad] ^= 1;
	keep(c, "padded-other-kind", m.file.data, m.file.len);
	m.file.data[pad] ^= 1;
	m.file.data[pad + 100] ^= 1;
	keep(c, "padded-not-zero", m.file.data, m.file.len);
	m.file.data[pad + 100] ^= 1;
	m.file.data[table + 8 + 12 * (size_t)(m.frames - 3) + 8] ^= 1;
	keep(c, "padded-entry", m.file.data, m.file.len);
	m.file.len = table;
	maker_skip(&m, 30);
	keep_and_clear(c, "padded-behind-the-end", &m);

	/* between the end of the archive and its table */
	maker_begin(&m, false);
	maker_close(&m, "complete");
	maker_tail(&m);
	table = m.file.len - 9 - m.table.len - 8;
	m.file.len = table;
	maker_skip(&m, 30);
	maker_table(&m);
	keep_and_clear(c, "padded-before-the-table", &m);

	/* no entry for it */
	maker_begin(&m, false);
	maker_segment(&m);
	maker_skip(&m, 30);
	m.frames--;
	m.table.len -= 12;
	maker_close(&m, "complete");
	maker_tail(&m);
	keep_and_clear(c, "padded-without-entry", &m);

	/* entries that run together: the frames begin elsewhere than they say */
	maker_begin(&m, false);
	maker_segment(&m);
	maker_skip(&m, 30);
	maker_skip(&m, 30);
	m.frames--;
	m.table.len -= 12;
	m.table.data[m.table.len - 12] = 76;
	maker_close(&m, "complete");
	maker_tail(&m);
	keep_and_clear(c, "padded-one-entry-for-two", &m);
}

static int make_large(const char *path, int records, size_t bytes, const char *source)
{
	FILE *from = source == NULL ? NULL : fopen(source, "rbe");
	char *content = malloc(bytes + 1);
	struct maker m;
	char name[64];

	if (content == NULL)
		return 2;
	maker_begin(&m, false);
	for (int i = 0; i < records; i++) {
		for (size_t k = 0; from == NULL && k < bytes; k++)
			content[k] = (char)((size_t)i * 31 + k * (k >> 3));
		if (from != NULL && fread(content, 1, bytes, from) != bytes)
			break;
		(void)snprintf(name, sizeof(name), "usr/lib/python3/dist-packages/file-%06d", i);
		(void)maker_file(&m, 1, "upper", name, content, bytes, "");
		if (m.tar.len + m.journal.len + 2 * (bytes + 1024) > 3u << 20)
			maker_segment(&m);
	}
	if (from != NULL)
		(void)fclose(from);
	maker_close(&m, "complete");
	maker_tail(&m);
	write_file(path, m.file.data, m.file.len);
	maker_clear(&m);
	free(content);
	return 0;
}

int main(int argc, char **argv)
{
	struct corpus c = {.dir = argc > 1 ? argv[1] : NULL};

	if ((argc == 5 || argc == 6) && strcmp(argv[1], "--large") == 0)
		return make_large(argv[2], atoi(argv[3]), (size_t)atol(argv[4]),
				  argc == 6 ? argv[5] : NULL);
	if (argc >= 3 && strcmp(argv[1], "--verify") == 0) {
		AUTO_CLOSE int fd = open(argv[2], O_RDONLY | O_CLOEXEC);

		print_verdict(fd, argc > 3 ? (unsigned int)atoi(argv[3]) : 1, stdout);
		return 0;
	}
	if (argc != 2)
		return 2;
	crimes(&c);
	odd_records(&c);
	odd_archives(&c);
	odd_seals(&c);
	heads(&c);
	later_records(&c);
	whole_bundles(&c);
	padded_bundles(&c);
	printf("%d bundles\n", c.count);
	return 0;
}
