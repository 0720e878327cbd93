/* SPDX-License-Identifier: Apache-2.0 */
#include "job/encryption.h"

#include <string.h>

#include "core/cleanup.h"
#include "core/root.h"

#define RECIPIENTS_TEXT_MAX ((size_t)256 << 10)

static void free_recipients(struct age_recipients **r)
{
	age_recipients_free(*r);
}

#define AUTO_RECIPIENTS CLEANUP(free_recipients) struct age_recipients
#define AUTO_KEYFILE CLEANUP(keyfile_clear) struct keyfile

static bool has_passphrase(const struct passphrase_given *p)
{
	return p->file != NULL || p->typed != NULL;
}

static int read_passphrase(struct keyfile *out, const struct passphrase_given *p,
			   struct sl_error *err)
{
	int rc = p->typed != NULL ? keyfile_from_text(out, p->typed, strlen(p->typed), err)
				  : keyfile_read_line(out, p->file, err);

	if (rc == 0 && out->len == 0)
		rc = sl_fail(err, SL_EINVAL, 0, "the passphrase is empty");
	return rc;
}

/* ---- to whom ---- */

/* A copy as text, which the bundle writer reads again; @judge says early what is wrong with it. */
static int add_text(struct encryption *e, struct age_recipients *judge, const char *text,
		    size_t len, struct sl_error *err)
{
	int rc = age_recipients_parse(judge, text, len, err);

	if (rc == 0 && (buf_append(&e->recipients, text, len) < 0 ||
			buf_append_char(&e->recipients, '\n') < 0))
		rc = sl_fail(err, SL_ELIMIT, 0, "too many recipients");
	return rc;
}

static int add_word(struct encryption *e, struct age_recipients *judge, const char *word,
		    struct sl_error *err)
{
	int rc = age_recipients_add(judge, word, strlen(word), err);

	if (rc == 0 && buf_printf(&e->recipients, "%s\n", word) < 0)
		rc = sl_fail(err, SL_ELIMIT, 0, "too many recipients");
	return rc < 0 ? sl_wrap(err, rc, "--recipient") : 0;
}

static int add_file(struct encryption *e, struct age_recipients *judge, const char *path,
		    struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(KEYFILE_MAX);
	int rc = root_read_named(path, &text, err);

	if (rc == 0)
		rc = add_text(e, judge, text.data != NULL ? text.data : "", text.len, err);
	return rc < 0 ? sl_wrap(err, rc, "recipients of '%s'", path) : 0;
}

int encryption_open(struct encryption *out, const struct encryption_request *request,
		    struct sl_error *err)
{
	AUTO_RECIPIENTS *judge = NULL;
	int rc;

	*out = (struct encryption){.recipients = BUF_INIT(RECIPIENTS_TEXT_MAX)};
	if (!has_passphrase(&request->passphrase) && request->recipient_count == 0 &&
	    request->file_count == 0)
		return 1;
	if (has_passphrase(&request->passphrase)) {
		if (request->recipient_count > 0 || request->file_count > 0)
			return sl_fail(err, SL_EINVAL, 0,
				       "either recipients or a passphrase, not both");
		return read_passphrase(&out->passphrase, &request->passphrase, err);
	}
	rc = age_recipients_new(&judge, err);
	for (size_t i = 0; rc == 0 && i < request->recipient_count; i++)
		rc = add_word(out, judge, request->recipients[i], err);
	for (size_t i = 0; rc == 0 && i < request->file_count; i++)
		rc = add_file(out, judge, request->files[i], err);
	if (rc == 0)
		out->count = age_recipients_count(judge);
	return rc;
}

void encryption_clear(struct encryption *e)
{
	buf_clear(&e->recipients);
	keyfile_clear(&e->passphrase);
}

/* ---- with what ---- */

static int add_identities(struct age_identities *ids, const char *path, struct sl_error *err)
{
	AUTO_KEYFILE file = {0};
	int rc = keyfile_read(&file, path, err);

	if (rc == 0)
		rc = age_identities_parse(ids, file.text, file.len, err);
	return rc < 0 ? sl_wrap(err, rc, "identity file '%s'", path) : 0;
}

int unlock_open(struct age_identities **out, const struct unlock_request *request,
		struct sl_error *err)
{
	AUTO_KEYFILE passphrase = {0};
	int rc = age_identities_new(out, err);

	/* first: an identity file may be encrypted with it */
	if (rc == 0 && has_passphrase(&request->passphrase)) {
		rc = read_passphrase(&passphrase, &request->passphrase, err);
		if (rc == 0)
			rc = age_identities_passphrase(*out, passphrase.text, passphrase.len, err);
	}
	for (size_t i = 0; rc == 0 && i < request->identity_count; i++)
		rc = add_identities(*out, request->identity_files[i], err);
	return rc;
}
