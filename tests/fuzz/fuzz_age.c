/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Age files for an identity that is known here. An input is either the file itself, or (first byte
 * odd) stanzas up to a zero byte and then what shall be wrong with each chunk: header and chunks
 * are sealed here, so that the way inside is open. A file read anywhere and the same through a pipe
 * must say the same.
 */
#include <stdlib.h>
#include <string.h>

#include "core/ageheader.h"
#include "core/cleanup.h"

#define IDENTITY "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"
/* The file key below, wrapped for it. */
#define STANZA                                                                                     \
	"-> X25519 BSL2EGWAMVM/tyKZbZ9PdXstudOh6/hxtB8Bmwyrw2w\n"                                  \
	"Z99EJSlYMFsGRta7xGJA4W8NBuj1Q/DfpjqOu41ABsA\n"
#define CHUNKS_MAX 4
#define FILE_MAX (1u << 20)

static const uint8_t file_key[AGE_FILE_KEY_SIZE] = "sixteen bytes..";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good)
{
	if (!good)
		abort();
}

/* ---- memory as a file, or as a pipe ---- */

struct memory {
	struct rfile base;
	const char *bytes;
	size_t len;
	uint64_t at;
};

static int memory_read_at(struct rfile *f, uint64_t offset, void *dst, size_t cap, size_t *len,
			  struct sl_error *err)
{
	struct memory *m = container_of(f, struct memory, base);

	(void)err;
	must(!f->is_forward || offset == m->at);
	if (offset >= m->len)
		return 1;
	*len = m->len - (size_t)offset < cap ? m->len - (size_t)offset : cap;
	memcpy(dst, m->bytes + offset, *len);
	m->at = offset + *len;
	return 0;
}

static int memory_head(struct rfile *f, void *dst, size_t cap, size_t *len, struct sl_error *err)
{
	struct memory *m = container_of(f, struct memory, base);

	(void)err;
	must(m->at == 0);
	*len = m->len < cap ? m->len : cap;
	memcpy(dst, m->bytes, *len);
	return 0;
}

static void memory_close(struct rfile *f)
{
	(void)f;
}

/* What reading it to its end says: a digest of sorts of the bytes, and how it ended. */
struct outcome {
	int rc;
	bool is_cut;
	uint64_t len, sum;
};

static struct outcome read_as(const struct buf *file, const struct age_identities *ids,
			      bool is_forward)
{
	static const struct rfile_ops ops = {
		.read_at = memory_read_at, .head = memory_head, .close = memory_close};
	static uint8_t got[50021];
	struct memory m = {.base = {.ops = &ops,
				    .size = is_forward ? RFILE_SIZE_UNKNOWN : file->len,
				    .is_forward = is_forward},
			   .bytes = file->data,
			   .len = file->len};
	struct rfile *f = NULL;
	struct outcome o = {.rc = rfile_age(&f, &m.base, ids, NULL)};

	while (o.rc == 0) {
		size_t n = 0;

		o.rc = rfile_read_at(f, o.len, got, sizeof(got), &n, NULL);
		for (size_t i = 0; i < n; i++)
			o.sum = o.sum * 31 + got[i];
		o.len += n;
		o.is_cut = f->is_cut;
	}
	rfile_close(f);
	return o;
}

/* ---- files with the right keys ---- */

enum { LAST = 1, OTHER_NUMBER = 2, SHORT = 4, FLIP = 8, TWICE = 16 };

static void seal_chunk(struct buf *file, struct age_chunks *chunks, uint64_t number, uint8_t how)
{
	static uint8_t plain[AGE_CHUNK_BYTES], sealed[AGE_CHUNK_BYTES + AGE_TAG_SIZE];
	size_t len = (how & SHORT) != 0 ? (size_t)(how >> 5) * 9000 : AGE_CHUNK_BYTES;

	if ((how & OTHER_NUMBER) != 0)
		number++;
	must(age_chunks_seal(chunks, number, (how & LAST) != 0, plain, len, sealed, NULL) == 0);
	if ((how & FLIP) != 0)
		sealed[len / 2] ^= 1;
	must(buf_append(file, sealed, len + AGE_TAG_SIZE) == 0);
	if ((how & TWICE) != 0)
		must(buf_append(file, sealed, len + AGE_TAG_SIZE) == 0);
}

static void build(struct buf *file, const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, '\0', size);
	size_t text = end == NULL ? size : (size_t)(end - data);
	static const uint8_t nonce[16];
	struct age_chunks *chunks;
	uint8_t key[AGE_KEY_SIZE];

	must(age_header_begin(file) == 0);
	must(buf_append(file, data, text) == 0);
	must(buf_append_str(file, STANZA) == 0);
	must(age_header_finish(file, file_key, NULL) == 0);
	must(buf_append(file, nonce, sizeof(nonce)) == 0);
	must(age_hkdf(file_key, sizeof(file_key), nonce, sizeof(nonce), "payload", key, NULL) == 0);
	must(age_chunks_new(&chunks, key, true, NULL) == 0);
	for (size_t i = 0; i < CHUNKS_MAX && text + 1 + i < size; i++)
		seal_chunk(file, chunks, i, data[text + 1 + i]);
	age_chunks_free(chunks);
	/* and, last of all, a cut */
	if (text + 1 + CHUNKS_MAX < size && file->len > data[size - 1])
		file->len -= data[size - 1];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(buf_clear) struct buf file = BUF_INIT(FILE_MAX);
	struct age_identities *ids;
	struct outcome anywhere, forward;

	if (size == 0 || size > AGE_HEADER_MAX * 2)
		return 0;
	must(age_identities_new(&ids, NULL) == 0);
	must(age_identities_parse(ids, IDENTITY, strlen(IDENTITY), NULL) == 0);
	if ((data[0] & 1) != 0)
		build(&file, data + 1, size - 1);
	else
		must(buf_append(&file, data + 1, size - 1) == 0);
	if (file.len == 0)
		(void)buf_append(&file, "a", 1);
	anywhere = read_as(&file, ids, false);
	forward = read_as(&file, ids, true);
	must(anywhere.rc == forward.rc && anywhere.len == forward.len &&
	     anywhere.sum == forward.sum);
	must(anywhere.rc != 1 || anywhere.is_cut == forward.is_cut);
	age_identities_free(ids);
	return 0;
}
