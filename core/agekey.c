/* SPDX-License-Identifier: Apache-2.0 */
#include "core/agekey.h"

#include <stdlib.h>
#include <string.h>

#include "core/bech32.h"
#include "core/cleanup.h"
#include "core/clock.h"
#include "core/secret.h"

#define RECIPIENT_PREFIX "age"
#define IDENTITY_PREFIX "age-secret-key-"
/* Longest line of a key file; keys of ours are far shorter, those of ssh are not. */
#define LINE_MAX_BYTES (8u << 10)
/* Largest file of identities that was under a passphrase. */
#define PLAIN_FILE_MAX ((size_t)64 << 10)

static bool begins(const char *text, size_t len, const char *with)
{
	size_t n = strlen(with);

	return len >= n && strncasecmp(text, with, n) == 0;
}

static int check_passphrase(const char *passphrase, size_t len, struct sl_error *err)
{
	if (len == 0)
		return sl_fail(err, SL_EINVAL, 0, "the passphrase is empty");
	if (len > AGE_PASSPHRASE_MAX)
		return sl_fail(err, SL_ELIMIT, 0, "passphrase of more than %d bytes",
			       AGE_PASSPHRASE_MAX);
	if (memchr(passphrase, '\0', len) != NULL)
		return sl_fail(err, SL_EINVAL, 0, "the passphrase holds a zero byte");
	return 0;
}

/*
 * Call @add with each line that is not empty and no comment, as age reads key files: a carriage
 * return before the line feed does not count. At least one such line.
 */
static int each_line(const char *text, size_t len, const char *what,
		     int (*add)(void *to, const char *line, size_t len, struct sl_error *err),
		     void *to, struct sl_error *err)
{
	size_t found = 0, number = 0;

	while (len > 0) {
		const char *feed = memchr(text, '\n', len), *line = text;
		size_t n = feed == NULL ? len : (size_t)(feed - text);
		int rc;

		number++;
		text += feed == NULL ? n : n + 1;
		len -= feed == NULL ? n : n + 1;
		if (n > 0 && line[n - 1] == '\r')
			n--;
		if (n == 0 || line[0] == '#')
			continue;
		/* what stands in the line may be a secret: it is not repeated */
		rc = n > LINE_MAX_BYTES ? sl_fail(err, SL_EFORMAT, 0, "too long")
					: add(to, line, n, err);
		if (rc < 0)
			return sl_wrap(err, rc, "line %zu", number);
		found++;
	}
	return found > 0 ? 0 : sl_fail(err, SL_EFORMAT, 0, "no %s in it", what);
}

/* ---- recipients ---- */

int age_recipients_new(struct age_recipients **out, struct sl_error *err)
{
	*out = calloc(1, sizeof(**out));
	return *out != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "recipients");
}

void age_recipients_free(struct age_recipients *r)
{
	if (r == NULL)
		return;
	secret_free(r->passphrase, AGE_PASSPHRASE_MAX);
	free(r);
}

int age_recipients_add(struct age_recipients *r, const char *text, size_t len, struct sl_error *err)
{
	if (r->count == AGE_RECIPIENTS_MAX)
		return sl_fail(err, SL_ELIMIT, 0, "more than %d recipients", AGE_RECIPIENTS_MAX);
	if (bech32_decode(r->keys[r->count], AGE_KEY_SIZE, RECIPIENT_PREFIX, text, len) == 0 &&
	    text[0] == 'a') {
		r->count++;
		return 0;
	}
	if (begins(text, len, "ssh-"))
		return sl_fail(err, SL_EUNSUPPORTED, 0,
			       "an ssh key is no recipient here: make one with 'strandline keygen "
			       "--age'");
	if (begins(text, len, IDENTITY_PREFIX))
		return sl_fail(err, SL_EINVAL, 0,
			       "that is an identity, which is secret: give its recipient, age1...");
	/* a plugin's recipient is age1NAME1...; '1' is no character of the data part */
	if (begins(text, len, "age1") && memchr(text + 4, '1', len - 4) != NULL)
		return sl_fail(err, SL_EUNSUPPORTED, 0, "recipients of age plugins are not known");
	return sl_fail(err, SL_EINVAL, 0, "no age recipient (age1...), or a mistyped one");
}

static int add_recipient(void *to, const char *line, size_t len, struct sl_error *err)
{
	return age_recipients_add(to, line, len, err);
}

int age_recipients_parse(struct age_recipients *r, const char *text, size_t len,
			 struct sl_error *err)
{
	return each_line(text, len, "recipient", add_recipient, r, err);
}

int age_recipients_passphrase(struct age_recipients *r, const char *passphrase, size_t len,
			      struct sl_error *err)
{
	int rc = check_passphrase(passphrase, len, err);

	if (rc < 0)
		return rc;
	if (r->passphrase == NULL)
		r->passphrase = secret_new(AGE_PASSPHRASE_MAX);
	if (r->passphrase == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "passphrase");
	memcpy(r->passphrase, passphrase, len);
	r->passphrase_len = len;
	return 0;
}

size_t age_recipients_count(const struct age_recipients *r)
{
	return r->count;
}

/* ---- identities ---- */

int age_identities_new(struct age_identities **out, struct sl_error *err)
{
	struct age_identities *ids = calloc(1, sizeof(*ids));

	*out = NULL;
	if (ids == NULL || (ids->secrets = secret_new(sizeof(*ids->secrets))) == NULL) {
		free(ids);
		return sl_fail(err, SL_ENOMEM, 0, "identities");
	}
	*out = ids;
	return 0;
}

void age_identities_free(struct age_identities *ids)
{
	if (ids == NULL)
		return;
	secret_free(ids->secrets, sizeof(*ids->secrets));
	free(ids);
}

static int add_identity(void *to, const char *line, size_t len, struct sl_error *err)
{
	struct age_identities *ids = to;
	uint8_t *secret = ids->secrets->keys[ids->count];
	int rc;

	if (ids->count == AGE_IDENTITIES_MAX - 1)
		return sl_fail(err, SL_ELIMIT, 0, "more than %d identities",
			       AGE_IDENTITIES_MAX - 1);
	if (bech32_decode(secret, AGE_KEY_SIZE, IDENTITY_PREFIX, line, len) == 0 &&
	    line[0] == 'A') {
		rc = age_x25519_public(secret, ids->recipients[ids->count], err);
		ids->count += rc == 0;
		return rc;
	}
	if (begins(line, len, "age-plugin-"))
		return sl_fail(err, SL_EUNSUPPORTED, 0, "identities of age plugins are not known");
	if (begins(line, len, "-----begin"))
		return sl_fail(err, SL_EUNSUPPORTED, 0, "an ssh key is no identity here");
	if (begins(line, len, "age1"))
		return sl_fail(err, SL_EINVAL, 0, "that is a recipient, which opens nothing");
	return sl_fail(err, SL_EFORMAT, 0, "no age identity (AGE-SECRET-KEY-1...)");
}

/* An identity file that is an age file itself, for a passphrase. */
static int parse_encrypted(struct age_identities *ids, const char *text, size_t len,
			   struct sl_error *err)
{
	struct rfile *sealed = NULL, *plain = NULL;
	char *opened = secret_new(PLAIN_FILE_MAX);
	size_t got = 0;
	int rc = opened == NULL ? sl_fail(err, SL_ENOMEM, 0, "identities")
				: rfile_from_memory(&sealed, text, len, err);

	if (rc == 0)
		rc = rfile_age(&plain, sealed, ids, err);
	if (rc < 0)
		rfile_close(sealed);
	if (rc == 0)
		rc = rfile_fill(plain, 0, opened, PLAIN_FILE_MAX, &got, err);
	if (rc == 0 && (plain->is_cut || got == PLAIN_FILE_MAX))
		rc = sl_fail(err, SL_EFORMAT, 0, "it was cut, or holds more than identities");
	if (rc == 0)
		rc = each_line(opened, got, "identity", add_identity, ids, err);
	rfile_close(plain);
	secret_free(opened, PLAIN_FILE_MAX);
	return rc;
}

int age_identities_parse(struct age_identities *ids, const char *text, size_t len,
			 struct sl_error *err)
{
	if (age_sniff((const uint8_t *)text, len))
		return parse_encrypted(ids, text, len, err);
	return each_line(text, len, "identity", add_identity, ids, err);
}

int age_identities_passphrase(struct age_identities *ids, const char *passphrase, size_t len,
			      struct sl_error *err)
{
	int rc = check_passphrase(passphrase, len, err);

	if (rc < 0)
		return rc;
	memcpy(ids->secrets->passphrase, passphrase, len);
	ids->passphrase_len = len;
	ids->has_passphrase = true;
	return 0;
}

/* ---- a new one ---- */

static void upper(char *text)
{
	for (; *text != '\0'; text++)
		if (*text >= 'a' && *text <= 'z')
			*text = (char)(*text - 'a' + 'A');
}

int age_keygen(struct buf *identity_file, char recipient[AGE_RECIPIENT_SIZE], struct sl_error *err)
{
	uint8_t secret[AGE_KEY_SIZE], public[AGE_KEY_SIZE];
	char identity[AGE_IDENTITY_SIZE], at[CLOCK_TEXT_SIZE];
	int rc = age_x25519_generate(secret, err);

	if (rc == 0)
		rc = age_x25519_public(secret, public, err);
	if (rc == 0) {
		bech32_encode(recipient, RECIPIENT_PREFIX, public, sizeof(public));
		bech32_encode(identity, IDENTITY_PREFIX, secret, sizeof(secret));
		upper(identity);
		clock_format(at, (struct sl_time){.sec = clock_now().sec});
		/* one reservation: growing would leave copies of the secret on the heap */
		if (buf_reserve(identity_file, 256) < 0 ||
		    buf_printf(identity_file, "# created: %s\n# public key: %s\n%s\n", at,
			       recipient, identity) < 0)
			rc = sl_fail(err, SL_ENOMEM, 0, "identity");
	}
	explicit_bzero(secret, sizeof(secret));
	explicit_bzero(identity, sizeof(identity));
	return rc;
}
