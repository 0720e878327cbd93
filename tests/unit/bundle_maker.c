/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/bundle_maker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <zstd.h>

#include "core/dsse.h"
#include "core/encode.h"
#include "core/note.h"

#define README "A bundle made for a test.\n"
#define SCRIPT "#!/bin/sh\n"

static void must(bool good)
{
	if (!good)
		abort();
}

static void hex_of(const void *bytes, size_t len, char out[65])
{
	uint8_t digest[SL_SHA256_SIZE];

	must(sha256_once(bytes, len, digest, NULL) == 0);
	hex_encode(out, digest, sizeof(digest));
}

static void put_le32(struct buf *b, uint32_t n)
{
	uint8_t bytes[4] = {(uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(n >> 16), (uint8_t)(n >> 24)};

	must(buf_append(b, bytes, 4) == 0);
}

/* {"type":1,"spki":"..."} of a public key */
static void key_json(struct buf *b, const struct sign_key *key)
{
	uint8_t public[SIGN_PUBLIC_SIZE], spki[SIGN_SPKI_SIZE];

	sign_key_public(key, public);
	sign_spki(public, spki);
	must(buf_append_str(b, "{\"type\":1,\"spki\":\"") == 0);
	must(base64_encode(b, spki, sizeof(spki)) == 0);
	must(buf_append_str(b, "\"}") == 0);
}

static void sum_up(char *block)
{
	unsigned int sum = 0;

	memset(block + 148, ' ', 8);
	for (int i = 0; i < 512; i++)
		sum += (unsigned char)block[i];
	(void)snprintf(block + 148, 8, "%06o", sum);
}

static void header(struct maker *m, const char *name, char type, size_t size)
{
	char block[512] = {0};

	must(strlen(name) <= 100);
	memcpy(block, name, strlen(name));
	(void)snprintf(block + 100, 8, "%07o", 0440);
	(void)snprintf(block + 108, 8, "%07o", 0);
	(void)snprintf(block + 116, 8, "%07o", 0);
	(void)snprintf(block + 124, 12, "%011zo", size);
	(void)snprintf(block + 136, 12, "%011o", 0);
	block[156] = type;
	memcpy(block + 257, "ustar\00000", 8);
	sum_up(block);
	must(buf_append(&m->tar, block, sizeof(block)) == 0);
}

void maker_forge(struct maker *m, size_t at, size_t offset, const void *bytes, size_t len)
{
	must(at + 512 <= m->tar.len && offset + len <= 512);
	memcpy(m->tar.data + at + offset, bytes, len);
	sum_up(m->tar.data + at);
}

static void content(struct maker *m, const void *bytes, size_t len)
{
	static const char zeros[512];

	must(buf_append(&m->tar, bytes, len) == 0);
	must(buf_append(&m->tar, zeros, (512 - len % 512) % 512) == 0);
}

void maker_pax(struct maker *m, const void *text, size_t len)
{
	header(m, "pax", 'x', len);
	content(m, text, len);
}

void maker_member(struct maker *m, const char *name, const void *bytes, size_t len)
{
	if (strlen(name) > 100) {
		char record[400];
		int n = snprintf(record, sizeof(record), "%03zu path=%s\n", strlen(name) + 10,
				 name);

		maker_pax(m, record, (size_t)n);
		header(m, "long", m->type == 0 ? '0' : m->type, len);
	} else {
		header(m, name, m->type == 0 ? '0' : m->type, len);
	}
	content(m, bytes, len);
	m->type = 0;
}

void maker_frame(struct maker *m)
{
	ZSTD_CCtx *ctx = ZSTD_createCCtx();
	size_t n, bound = ZSTD_compressBound(m->tar.len);

	must(ctx != NULL && m->tar.len <= 4u << 20);
	(void)ZSTD_CCtx_setParameter(ctx, ZSTD_c_checksumFlag, 1);
	must(buf_reserve(&m->file, bound) == 0);
	n = ZSTD_compress2(ctx, m->file.data + m->file.len, bound, m->tar.data, m->tar.len);
	must(!ZSTD_isError(n));
	m->file.len += n;
	put_le32(&m->table, (uint32_t)n);
	put_le32(&m->table, (uint32_t)m->tar.len);
	must(buf_append(&m->table, m->file.data + m->file.len - 4, 4) == 0);
	m->frames++;
	buf_reset(&m->tar);
	ZSTD_freeCCtx(ctx);
}

void maker_skip(struct maker *m, size_t len)
{
	maker_frame(m);
	put_le32(&m->file, 0x184D2A50);
	put_le32(&m->file, (uint32_t)len);
	for (size_t i = 0; i < len; i++)
		must(buf_append_char(&m->file, '\0') == 0);
	put_le32(&m->table, (uint32_t)len + 8);
	put_le32(&m->table, 0);
	put_le32(&m->table, 0);
	m->frames++;
}

void maker_line(struct maker *m, const char *line, size_t len)
{
	must(buf_append(&m->journal, line, len) == 0);
	must(merkle_append(&m->tree, line, len, NULL) == 0);
	hex_of(line, len, m->prev);
	m->seq++;
}

uint64_t maker_record(struct maker *m, const char *type, unsigned int target, const char *members)
{
	struct buf line = BUF_INIT(SIZE_MAX / 2);
	uint64_t seq = m->seq;

	if (m->break_prev)
		m->prev[5] = m->prev[5] == '0' ? '1' : '0';
	must(buf_printf(
		     &line,
		     "{\"v\":1,\"seq\":%llu,\"prev\":\"%s\",\"t\":\"2026-11-22T15:00:%02d.%09dZ\","
		     "\"boot_ns\":\"%llu\",\"type\":\"%s\",\"target\":%u%s}\n",
		     (unsigned long long)(seq + m->skip_seq), m->prev, (int)(seq % 60), 5,
		     (unsigned long long)(1000 + seq), type, target, members) == 0);
	m->break_prev = false;
	m->skip_seq = 0;
	maker_line(m, line.data, line.len);
	buf_clear(&line);
	return seq;
}

static void random_bundle_id(struct maker *m)
{
	uint8_t public[SIGN_PUBLIC_SIZE];
	struct sign_key *key;

	must(sign_key_generate(&key, NULL) == 0);
	sign_key_public(key, public);
	hex_encode(m->bundle, public, 16);
	sign_key_free(key);
}

static void append_cert(struct maker *m, struct buf *out)
{
	struct buf text = BUF_INIT(4096);
	uint8_t public[SIGN_PUBLIC_SIZE], spki[SIGN_SPKI_SIZE], sig[SIGN_SIZE];

	sign_key_public(m->key, public);
	sign_spki(public, spki);
	must(buf_printf(&text, "strandline bundle epoch 0\n%s\n", m->bundle) == 0);
	must(base64_encode(&text, spki, sizeof(spki)) == 0);
	must(buf_append_char(&text, '\n') == 0);
	must(sign_bytes(m->long_key, text.data, text.len, sig, NULL) == 0);
	must(buf_append_str(out, "{\"key\":") == 0);
	key_json(out, m->long_key);
	must(buf_append_str(out, ",\"sig\":\"") == 0);
	must(base64_encode(out, sig, sizeof(sig)) == 0);
	must(buf_append_str(out, "\"}") == 0);
	buf_clear(&text);
}

void maker_begin(struct maker *m, bool certified)
{
	struct buf open = BUF_INIT(1 << 16);
	uint8_t public[SIGN_PUBLIC_SIZE], spki[SIGN_SPKI_SIZE];
	char digest[65];

	*m = (struct maker){
		.file = BUF_INIT(SIZE_MAX / 2),
		.tar = BUF_INIT(SIZE_MAX / 2),
		.journal = BUF_INIT(SIZE_MAX / 2),
		.table = BUF_INIT(SIZE_MAX / 2),
		.has_cert = certified,
	};
	must(sha256_new(&m->hash, NULL) == 0);
	merkle_init(&m->tree, m->hash);
	must(sign_key_generate(&m->key, NULL) == 0 && sign_key_generate(&m->long_key, NULL) == 0);
	random_bundle_id(m);
	memset(m->prev, '0', 64);
	maker_member(m, "README.txt", README, strlen(README));
	maker_member(m, "verify.sh", SCRIPT, strlen(SCRIPT));

	sign_key_public(m->key, public);
	sign_spki(public, spki);
	hex_of(spki, sizeof(spki), digest);
	for (int i = 0; i < 8; i++)
		(void)snprintf(m->fingerprint + (ptrdiff_t)i * 5, 6, "%.4s%s",
			       digest + (ptrdiff_t)i * 4, i < 7 ? "-" : "");
	must(buf_printf(&open, ",\"bundle\":\"%s\",\"key\":", m->bundle) == 0);
	key_json(&open, m->key);
	must(buf_printf(&open, ",\"fingerprint\":\"%s\"", m->fingerprint) == 0);
	hex_of(README, strlen(README), digest);
	must(buf_printf(&open, ",\"readme_sha256\":\"%s\"", digest) == 0);
	hex_of(SCRIPT, strlen(SCRIPT), digest);
	must(buf_printf(&open, ",\"verify_sha256\":\"%s\",\"cert\":", digest) == 0);
	if (certified)
		append_cert(m, &open);
	else
		must(buf_append_str(&open, "null") == 0);
	must(buf_append_str(&open, ",\"tool\":{\"name\":\"maker\"}") == 0);
	(void)maker_record(m, "open", 0, open.data);
	buf_clear(&open);
}

void maker_clear(struct maker *m)
{
	buf_clear(&m->file);
	buf_clear(&m->tar);
	buf_clear(&m->journal);
	buf_clear(&m->table);
	sha256_free(m->hash);
	sign_key_free(m->key);
	sign_key_free(m->next_key);
	sign_key_free(m->long_key);
}

uint64_t maker_file(struct maker *m, unsigned int target, const char *role, const char *path,
		    const void *bytes, size_t len, const char *members)
{
	struct buf text = BUF_INIT(1 << 20);
	char name[512], digest[65];
	uint64_t seq;

	(void)snprintf(name, sizeof(name), "d/%08llu/%s", (unsigned long long)m->seq, path);
	if (!m->forget_payload)
		maker_member(m, name, bytes, len);
	m->forget_payload = false;
	hex_of(bytes, len, digest);
	if (m->wrong_digest)
		digest[0] = digest[0] == '0' ? '1' : '0';
	must(buf_printf(&text,
			",\"role\":\"%s\",\"src\":{\"path\":\"/%s\",\"type\":\"file\",\"mode\":"
			"\"0644\",\"uid\":0,\"gid\":0,\"size\":%zu%s},\"read\":{\"bytes\":%zu},"
			"\"stored\":{\"member\":\"%s\",\"bytes\":%zu,\"sha256\":\"%s\"},"
			"\"hash\":{\"sha256\":\"%s\"}",
			role, path, len, members, len, name, len, digest, digest) == 0);
	m->wrong_digest = false;
	seq = maker_record(m, "file", target, text.data);
	buf_clear(&text);
	return seq;
}

uint64_t maker_parts(struct maker *m, const char *path, const void *bytes, size_t len, size_t part)
{
	uint64_t of = m->seq;
	char text[1024], name[512], digest[65];
	unsigned int k = 0;

	for (size_t at = 0; at < len; at += part, k++) {
		size_t n = len - at < part ? len - at : part;

		(void)snprintf(name, sizeof(name), "d/%08llu/%s.part%04u",
			       (unsigned long long)m->seq, path, k);
		maker_member(m, name, (const char *)bytes + at, n);
		hex_of((const char *)bytes + at, n, digest);
		(void)snprintf(
			text, sizeof(text),
			",\"role\":\"upper\",\"path\":\"/%s\",\"of\":%llu,\"k\":%u,\"stored\":"
			"{\"member\":\"%s\",\"bytes\":%zu,\"sha256\":\"%s\"}",
			path, (unsigned long long)of, k, name, n, digest);
		(void)maker_record(m, "part", 1, text);
		if (k % 2 == 1)
			maker_segment(m);
	}
	hex_of(bytes, len, digest);
	(void)snprintf(
		text, sizeof(text),
		",\"role\":\"upper\",\"src\":{\"path\":\"/%s\",\"type\":\"file\",\"size\":%zu},"
		"\"stored\":{\"parts\":%u,\"of\":%llu,\"bytes\":%zu},\"hash\":{\"sha256\":"
		"\"%s\"}",
		path, len, k, (unsigned long long)of, len, digest);
	return maker_record(m, "file", 1, text);
}

static void sign_note(struct maker *m, struct buf *note, const char *last, const struct sign_key *k)
{
	char name[128];
	size_t text_len = (size_t)(strstr(note->data, "\n\n") == NULL
					   ? note->len
					   : (size_t)(strstr(note->data, "\n\n") + 1 - note->data));

	(void)snprintf(name, sizeof(name), "strandline/bundle/%s/%s", m->bundle, last);
	must(note_sign(note, text_len, name, k, NULL) == 0);
}

static void seal(struct maker *m, bool is_last)
{
	struct buf note = BUF_INIT(4096), pem = BUF_INIT(4096);
	uint8_t root[SL_SHA256_SIZE], public[SIGN_PUBLIC_SIZE];
	char name[128], epoch[32];

	(void)snprintf(name, sizeof(name), "j/%06llu.jsonl", (unsigned long long)m->segment);
	maker_member(m, name, m->journal.data, m->journal.len);
	buf_reset(&m->journal);
	(void)snprintf(name, sizeof(name), "strandline/bundle/%s", m->bundle);
	must(merkle_root(&m->tree, root, NULL) == 0);
	must(note_checkpoint(&note, name, m->seq, root) == 0);
	(void)snprintf(epoch, sizeof(epoch), "epoch/%llu", (unsigned long long)m->segment);
	if (!m->is_unsigned) {
		sign_note(m, &note, epoch, m->key);
		if (is_last && m->has_cert)
			sign_note(m, &note, "key", m->long_key);
	}
	if (m->behind_note != NULL)
		must(buf_append_str(&note, m->behind_note) == 0);
	m->behind_note = NULL;
	(void)snprintf(name, sizeof(name), "j/%06llu.note", (unsigned long long)m->segment);
	maker_member(m, name, note.data, note.len);
	(void)snprintf(m->note, sizeof(m->note), "%s", note.data);
	sign_key_public(m->key, public);
	must(sign_public_pem(public, &pem) == 0);
	(void)snprintf(name, sizeof(name), "j/%06llu.pub.pem", (unsigned long long)m->segment);
	maker_member(m, name, pem.data, pem.len);
	buf_clear(&note);
	buf_clear(&pem);
}

void maker_seal(struct maker *m)
{
	seal(m, false);
	maker_frame(m);
	if (m->next_key != NULL) {
		sign_key_free(m->key);
		m->key = m->next_key;
		m->next_key = NULL;
	}
	m->segment++;
}

void maker_segment(struct maker *m)
{
	struct buf text = BUF_INIT(4096);

	must(sign_key_generate(&m->next_key, NULL) == 0);
	must(buf_printf(&text, ",\"epoch\":%llu,\"key\":", (unsigned long long)(m->segment + 1)) ==
	     0);
	key_json(&text, m->next_key);
	(void)maker_record(m, "epoch", 0, text.data);
	buf_clear(&text);
	maker_seal(m);
}

void maker_close(struct maker *m, const char *status)
{
	struct buf text = BUF_INIT(8192), envelope = BUF_INIT(16384);
	const struct sign_key *keys[2] = {m->key, m->long_key};
	uint8_t root[SL_SHA256_SIZE];
	char hex[65], note[65];

	must(buf_printf(
		     &text,
		     ",\"status\":\"%s\",\"records\":%llu,\"payloads\":0,\"payload_bytes\":\"0\","
		     "\"gaps\":0,\"in_force\":[]",
		     status, (unsigned long long)m->seq + 1) == 0);
	(void)maker_record(m, "close", 0, text.data);
	seal(m, true);
	must(merkle_root(&m->tree, root, NULL) == 0);
	hex_encode(hex, root, sizeof(root));
	hex_of(m->note, strlen(m->note), note);
	buf_reset(&text);
	must(buf_printf(
		     &text,
		     "{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[{\"name\":"
		     "\"strandline/bundle/%s\",\"digest\":{\"sha256\":\"%s\"}}],\"predicateType\":"
		     "\"strandline/bundle-close/v1\",\"predicate\":{\"bundle\":\"%s\",\"status\":"
		     "\"%s\",\"records\":%llu,\"note_sha256\":\"%s\",\"finished\":"
		     "\"2026-11-22T15:00:14.000204773Z\"}}",
		     m->bundle, hex, m->bundle, m->status != NULL ? m->status : status,
		     (unsigned long long)m->seq, note) == 0);
	must(dsse_write(&envelope, DSSE_INTOTO_TYPE, text.data, text.len, keys,
			m->is_unsigned ? 0
			: m->has_cert  ? 2
				       : 1,
			NULL) == 0);
	if (m->behind_close != NULL)
		must(buf_append_str(&envelope, m->behind_close) == 0);
	maker_member(m, "j/close.intoto.json", envelope.data, envelope.len);
	maker_frame(m);
	buf_clear(&text);
	buf_clear(&envelope);
}

void maker_tail(struct maker *m)
{
	static const char index[] = "strandline-index 1\n";
	static const char zeros[1024];

	maker_member(m, "j/index", index, sizeof(index) - 1);
	maker_frame(m);
	must(buf_append(&m->tar, zeros, sizeof(zeros)) == 0);
	maker_frame(m);
	maker_table(m);
}

void maker_table(struct maker *m)
{
	uint32_t frames = m->frames;

	put_le32(&m->file, 0x184D2A5E);
	put_le32(&m->file, (uint32_t)m->table.len + 9);
	must(buf_append(&m->file, m->table.data, m->table.len) == 0);
	put_le32(&m->file, frames);
	must(buf_append_char(&m->file, (char)0x80) == 0);
	put_le32(&m->file, 0x8F92EAB1);
}

void maker_small(struct maker *m, bool certified)
{
	maker_begin(m, certified);
	(void)maker_record(m, "target", 0,
			   ",\"id\":1,\"engine\":\"docker\",\"name\":\"web\",\"state\":\"exited\","
			   "\"created\":\"2026-11-22T10:00:00.000000000Z\"");
	(void)maker_file(m, 1, "upper", "etc/passwd", "root:x:0:0::/:/bin/sh\n", 22,
			 ",\"mtime\":\"2026-11-22T11:00:00.500000000Z\"");
	(void)maker_file(m, 1, "upper", "var/empty", "", 0, "");
	maker_segment(m);
	(void)maker_file(m, 1, "before", "etc/passwd", "root:x:0:0::/:/sbin/nologin\n", 28, "");
	(void)maker_record(m, "gap", 1, ",\"what\":\"/proc\",\"why\":\"not read\",\"errno\":13");
	maker_close(m, "complete");
	maker_tail(m);
}

int maker_fd(const void *bytes, size_t len)
{
	int fd = memfd_create("bundle", MFD_CLOEXEC);

	must(fd >= 0 && write(fd, bytes, len) == (ssize_t)len && lseek(fd, 0, SEEK_SET) == 0);
	return fd;
}

struct rfile *maker_rfile(const void *bytes, size_t len)
{
	struct rfile *file = NULL;

	must(rfile_from_fd(&file, maker_fd(bytes, len), NULL) == 0);
	return file;
}
