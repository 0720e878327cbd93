/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/exportnote.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/digest.h"
#include "core/encode.h"
#include "core/istream.h"

#define NAME "strandline.baselines/1"
#define BEGIN "\n#end\n" NAME "\n"
#define BEGIN_LEN (sizeof(BEGIN) - 1)
#define END_LEN (sizeof("\n#end\n") - 1)
#define TEXT_MAX 512

static int key_digest(uint8_t out[SL_SHA256_SIZE], const uint8_t key[SIGN_PUBLIC_SIZE],
		      struct sl_error *err)
{
	uint8_t spki[SIGN_SPKI_SIZE];

	sign_spki(key, spki);
	return sha256_once(spki, sizeof(spki), out, err);
}

static int put_text(struct buf *out, const uint8_t key[SL_SHA256_SIZE], uint64_t size,
		    const uint8_t digest[SL_SHA256_SIZE])
{
	char key_text[DIGEST_TEXT_SIZE], digits[2 * SL_SHA256_SIZE + 1];

	digest_format(key_text, key);
	hex_encode(digits, digest, SL_SHA256_SIZE);
	return buf_printf(out, NAME "\nkey %s\nsize %" PRIu64 "\nsha256 %s\n", key_text, size,
			  digits);
}

int exportnote_write(struct buf *out, uint64_t size, const uint8_t digest[SL_SHA256_SIZE],
		     const struct sign_key *key, struct sl_error *err)
{
	uint8_t public[SIGN_PUBLIC_SIZE], id[SL_SHA256_SIZE];
	int rc;

	sign_key_public(key, public);
	rc = key_digest(id, public, err);
	if (rc == 0 && put_text(out, id, size, digest) < 0)
		rc = sl_fail(err, SL_ENOMEM, 0, "signed note");
	return rc == 0 ? note_sign(out, out->len, NAME, key, err) : rc;
}

/* ---- reading ---- */

/* The last bytes of the file; *offset is where they stand in it. */
static int read_end(struct exportnote *n, int fd, size_t *len, uint64_t *offset,
		    struct sl_error *err)
{
	struct stat st;

	*len = 0;
	if (fstat(fd, &st) < 0)
		return sl_fail(err, SL_EIO, errno, "size of the file");
	*offset = st.st_size > EXPORTNOTE_MAX ? (uint64_t)st.st_size - EXPORTNOTE_MAX : 0;
	while (*len < sizeof(n->bytes)) {
		ssize_t got = pread(fd, n->bytes + *len, sizeof(n->bytes) - *len,
				    (off_t)(*offset + *len));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return sl_fail(err, SL_EIO, errno, "read");
		if (got == 0)
			break;
		*len += (size_t)got;
	}
	return 0;
}

/* The last place where a note begins: none of its lines looks like the end of what is signed. */
static const char *find_note(const char *bytes, size_t len)
{
	for (size_t at = len; at >= BEGIN_LEN; at--)
		if (memcmp(bytes + at - BEGIN_LEN, BEGIN, BEGIN_LEN) == 0)
			return bytes + at - BEGIN_LEN + END_LEN;
	return NULL;
}

static bool take_line(struct sl_bytes *rest, const char *before, struct sl_bytes *out)
{
	size_t len = strlen(before);
	const char *feed;

	if (rest->len < len || memcmp(rest->data, before, len) != 0)
		return false;
	feed = memchr(rest->data, '\n', rest->len);
	if (feed == NULL)
		return false;
	*out = (struct sl_bytes){rest->data + len, (size_t)(feed - rest->data) - len};
	rest->len -= (size_t)(feed + 1 - rest->data);
	rest->data = feed + 1;
	return true;
}

/* One spelling: what was read has to be what would be written. */
static int read_text(struct exportnote *n, struct sl_error *err)
{
	struct buf again CLEANUP(buf_clear) = BUF_INIT(TEXT_MAX);
	struct sl_bytes rest = n->note.text, name, key, size, digest;

	if (!take_line(&rest, NAME, &name) || !take_line(&rest, "key ", &key) ||
	    !take_line(&rest, "size ", &size) || !take_line(&rest, "sha256 ", &digest) ||
	    digest_parse(n->key, key.data, key.len) < 0 ||
	    hex_decode(n->digest, SL_SHA256_SIZE, digest.data, digest.len) < 0)
		return sl_fail(err, SL_EFORMAT, 0, "what is signed is no list of baselines");
	n->size = 0;
	for (size_t i = 0; i < size.len && i < 18; i++)
		n->size = n->size * 10 + (uint64_t)(size.data[i] - '0');
	(void)put_text(&again, n->key, n->size, n->digest);
	if (again.len != n->note.text.len || memcmp(again.data, n->note.text.data, again.len) != 0)
		return sl_fail(err, SL_EFORMAT, 0, "what is signed is no list of baselines");
	return 0;
}

int exportnote_read(struct exportnote *out, int fd, struct sl_error *err)
{
	const char *begin;
	uint64_t offset;
	size_t len;
	int rc = read_end(out, fd, &len, &offset, err);

	if (rc < 0)
		return rc;
	begin = find_note(out->bytes, len);
	if (begin == NULL)
		return sl_fail(err, SL_EFORMAT, 0,
			       "it is cut off or nobody signed it: no signature stands at its end");
	rc = note_parse(&out->note, begin, len - (size_t)(begin - out->bytes), err);
	if (rc < 0)
		return sl_wrap(err, rc, "signature at its end");
	if (out->note.count != 1)
		return sl_fail(err, SL_EFORMAT, 0, "it has %zu signatures: one is allowed",
			       out->note.count);
	rc = read_text(out, err);
	offset += (uint64_t)(begin - out->bytes);
	if (rc == 0 && out->size != offset)
		rc = sl_fail(err, SL_EUNTRUSTED, 0,
			     "it was edited after it was signed: %" PRIu64 " bytes were signed, "
			     "%" PRIu64 " are there",
			     out->size, offset);
	return rc;
}

/* ---- verifying ---- */

int exportnote_verify(const struct exportnote *n, const uint8_t (*keys)[SIGN_PUBLIC_SIZE],
		      size_t count, struct sl_error *err)
{
	char said[DIGEST_TEXT_SIZE];

	for (size_t i = 0; i < count; i++) {
		uint8_t id[SL_SHA256_SIZE];
		int rc = key_digest(id, keys[i], err);

		if (rc < 0)
			return rc;
		if (memcmp(id, n->key, sizeof(id)) != 0)
			continue;
		rc = note_verify(&n->note, NAME, keys[i], err);
		return rc == 0 ? 0
			       : sl_fail(err, SL_EUNTRUSTED, 0,
					 "the signature is not that of the key that it names: it "
					 "was forged, or edited after it was made");
	}
	digest_format(said, n->key);
	return sl_fail(err, SL_EUNTRUSTED, 0, "it is signed by key %s, which is not a given one",
		       said);
}

int exportnote_check(const struct exportnote *n, int fd, struct sl_error *err)
{
	char found_text[DIGEST_TEXT_SIZE], signed_text[DIGEST_TEXT_SIZE];
	uint8_t found[SL_SHA256_SIZE];
	struct istream *in = NULL;
	struct sha256 *hash = NULL;
	const uint8_t *bytes;
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	size_t len;
	int rc = own < 0 ? sl_fail(err, SL_EIO, errno, "file") : sha256_new(&hash, err);

	if (rc < 0 && own >= 0)
		(void)close(own);
	if (rc == 0)
		rc = istream_from_range(&in, own, 0, n->size, err);
	while (rc == 0 && (rc = istream_next(in, &bytes, &len, err)) == 0)
		sha256_update(hash, bytes, len);
	istream_close(in);
	if (rc == 1)
		rc = sha256_final(hash, found, err);
	sha256_free(hash);
	if (rc < 0 || memcmp(found, n->digest, sizeof(found)) == 0)
		return rc;
	digest_format(found_text, found);
	digest_format(signed_text, n->digest);
	return sl_fail(err, SL_EUNTRUSTED, 0,
		       "it was edited after it was signed: its text is %s, signed is %s",
		       found_text, signed_text);
}
