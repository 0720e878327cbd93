/* SPDX-License-Identifier: Apache-2.0 */
#include "job/recover.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/digest.h"
#include "core/encode.h"
#include "core/note.h"
#include "forensics/bundle_read.h"
#include "job/keyfile.h"
#include "job/verify.h"

#define NOTE_NAME "strandline/recovered"

/* Hashes what passes on its way to the report. */
struct hashing {
	struct ostream stream;
	struct ostream *to;
	struct sha256 *hash;
};

static int hashing_write(struct ostream *s, const void *bytes, size_t len, struct sl_error *err)
{
	struct hashing *h = container_of(s, struct hashing, stream);

	sha256_update(h->hash, bytes, len);
	return ostream_write(h->to, bytes, len, err);
}

static const struct ostream_ops hashing_ops = {.write = hashing_write};

static int make_directory(const char *path, struct sl_error *err)
{
	int fd;

	if (mkdir(path, 0700) < 0)
		return sl_fail(err, SL_EIO, errno, "make directory '%s'", path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? sl_fail(err, SL_EIO, errno, "open directory '%s'", path) : fd;
}

static int read_key(struct sign_key **out, const char *path, const char *passphrase,
		    struct sl_error *err)
{
	CLEANUP(keyfile_clear) struct keyfile text = {0};
	int rc = path == NULL ? 0 : keyfile_read(&text, path, err);

	if (rc == 0 && path != NULL)
		rc = sign_key_read(out, text.text, text.len, passphrase, err);
	return sl_wrap(err, rc, "key");
}

/* Who recovered vouches for the report, and for nothing in the bundle. */
static int sign_report(const struct recover_request *r, struct sha256 *hash,
		       const struct sign_key *key, struct sl_error *err)
{
	char hex[2 * SL_SHA256_SIZE + 1], now[CLOCK_TEXT_SIZE];
	uint8_t digest[SL_SHA256_SIZE];
	int rc = sha256_final(hash, digest, err);

	if (rc < 0)
		return rc;
	hex_encode(hex, digest, sizeof(digest));
	clock_format(now, clock_now());
	if (buf_printf(r->note, NOTE_NAME "\n%s\n%s\n", hex, now) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "note");
	return note_sign(r->note, r->note->len, NOTE_NAME, key, err);
}

int job_recover(const struct recover_request *request, struct recover_summary *out,
		struct sl_error *err)
{
	CLEANUP(rfile_closep) struct rfile *file = NULL;
	struct hashing hashing = {.stream = {&hashing_ops}, .to = request->report};
	struct recover_options options = {.report = &hashing.stream,
					  .source = request->bundle,
					  .dir_fd = -1,
					  .max_bytes = request->max_bytes};
	struct sign_key *key = NULL;
	AUTO_CLOSE int dir = -1;
	int rc = read_key(&key, request->key_file, request->key_passphrase, err);

	if (rc == 0)
		rc = bundle_file_open(&file, request->bundle, request->identities, request->stop,
				      err);
	if (rc == 0)
		rc = sha256_new(&hashing.hash, err);
	if (rc == 0 && request->directory != NULL) {
		dir = make_directory(request->directory, err);
		options.dir_fd = dir;
		rc = dir < 0 ? dir : 0;
	}
	if (rc == 0)
		rc = recover_run(file, &options, out, err);
	if (rc == 0 && key != NULL)
		rc = sign_report(request, hashing.hash, key, err);
	sign_key_free(key);
	sha256_free(hashing.hash);
	return rc;
}
