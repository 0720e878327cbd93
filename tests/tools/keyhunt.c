/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyhunt dump PID FILE: copy all memory that a process can write; keys are in no other.
 * keyhunt find FILE BUNDLE: which private keys of a bundle's epochs are in it? Every aligned 32
 * bytes that look random are tried as an Ed25519 seed. Prints a line for each epoch: its number,
 * and "found" or "gone".
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include <strandline/bundle.h>

#include "core/cleanup.h"
#include "core/encode.h"
#include "core/json.h"
#include "core/sign.h"

#define EPOCHS_MAX 1024
#define SEED 32
#define STEP 8
#define CHUNK (1u << 20)

struct hunt {
	uint8_t keys[EPOCHS_MAX][SIGN_PUBLIC_SIZE];
	bool found[EPOCHS_MAX];
	size_t count;
	uint64_t tried;
};

static bool take_key(struct hunt *h, const char *line, size_t len)
{
	struct jval *doc = NULL;
	const char *text;
	CLEANUP(buf_clear) struct buf der = BUF_INIT(4096);
	bool ok;

	if (jval_parse(&doc, line, len, NULL) < 0)
		return false;
	text = jval_str(jval_path(doc, "key", "spki", NULL));
	ok = text != NULL && h->count < EPOCHS_MAX &&
	     base64_decode(&der, text, strlen(text)) == 0 &&
	     sign_spki_parse((const uint8_t *)der.data, der.len, h->keys[h->count]) == 0;
	h->count += ok;
	jval_free(doc);
	return ok;
}

/* Every epoch's public key, up to the one that was announced last. */
static bool read_bundle(struct hunt *h, const char *path)
{
	const struct sl_bundle_record *r;
	struct sl_bundle_reader *reader;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool ok = true;

	if (fd < 0 || sl_bundle_open(&reader, fd, NULL) < 0)
		return false;
	while (ok && sl_bundle_next(reader, &r, NULL) == 0)
		if (strcmp(r->type, "open") == 0 || strcmp(r->type, "epoch") == 0)
			ok = take_key(h, r->line, r->len);
	sl_bundle_reader_free(reader);
	return ok && h->count > 0;
}

/* 32 random bytes have 30 different ones; fewer than 24 has one seed in 50,000. */
static bool looks_random(const uint8_t *bytes)
{
	uint64_t seen[4] = {0};
	int count = 0;

	for (size_t i = 0; i < SEED; i++)
		seen[bytes[i] / 64] |= (uint64_t)1 << bytes[i] % 64;
	for (size_t i = 0; i < 4; i++)
		count += __builtin_popcountll(seen[i]);
	return count >= 24;
}

static void try_seed(struct hunt *h, const uint8_t *seed)
{
	uint8_t public[SIGN_PUBLIC_SIZE];
	size_t len = sizeof(public);
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, SEED);

	h->tried++;
	if (key == NULL || EVP_PKEY_get_raw_public_key(key, public, &len) != 1)
		abort();
	for (size_t i = 0; i < h->count; i++)
		if (memcmp(public, h->keys[i], sizeof(public)) == 0)
			h->found[i] = true;
	EVP_PKEY_free(key);
}

static bool search(struct hunt *h, const char *path)
{
	static uint8_t chunk[CHUNK + SEED];
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	for (off_t at = 0; (n = pread(fd, chunk, sizeof(chunk), at)) > 0; at += CHUNK)
		for (ssize_t i = 0; i + SEED <= n && i < (ssize_t)CHUNK; i += STEP)
			if (looks_random(chunk + i))
				try_seed(h, chunk + i);
	return n == 0;
}

static bool is_empty(const uint8_t page[4096])
{
	return page[0] == 0 && memcmp(page, page + 1, 4095) == 0;
}

/* A sanitizer's shadow spans terabytes, and holds no bytes of the program. */
#define MAPPING_MAX ((uint64_t)1 << 32)

static bool copy(int mem, uint64_t from, uint64_t to, FILE *out)
{
	static uint8_t page[4096];

	if (to - from > MAPPING_MAX)
		return true;
	for (uint64_t at = from; at < to; at += sizeof(page))
		/* what cannot be read is a guard page */
		if (pread(mem, page, sizeof(page), (off_t)at) == sizeof(page) && !is_empty(page) &&
		    fwrite(page, sizeof(page), 1, out) != 1)
			return false;
	return true;
}

static bool dump(const char *pid, const char *to)
{
	char path[64], line[512];
	AUTO_CLOSE int mem = -1;
	FILE *maps, *out = fopen(to, "wbe");
	bool ok = true;

	(void)snprintf(path, sizeof(path), "/proc/%s/mem", pid);
	mem = open(path, O_RDONLY | O_CLOEXEC);
	(void)snprintf(path, sizeof(path), "/proc/%s/maps", pid);
	maps = fopen(path, "re");
	if (mem < 0 || maps == NULL || out == NULL)
		return false;
	while (ok && fgets(line, sizeof(line), maps) != NULL) {
		uint64_t begin, end;
		char mode[5];

		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s", &begin, &end, mode) == 3 &&
		    mode[1] == 'w')
			ok = copy(mem, begin, end, out);
	}
	(void)fclose(maps);
	return fclose(out) == 0 && ok;
}

int main(int argc, char **argv)
{
	static struct hunt h;

	if (argc == 4 && strcmp(argv[1], "dump") == 0)
		return dump(argv[2], argv[3]) ? 0 : 2;
	if (argc != 4 || strcmp(argv[1], "find") != 0 || !read_bundle(&h, argv[3]) ||
	    !search(&h, argv[2])) {
		printf("keyhunt dump PID FILE | find FILE BUNDLE: cannot read them\n");
		return 2;
	}
	for (size_t i = 0; i < h.count; i++)
		printf("%zu %s\n", i, h.found[i] ? "found" : "gone");
	fprintf(stderr, "%" PRIu64 " tried\n", h.tried);
	return 0;
}
