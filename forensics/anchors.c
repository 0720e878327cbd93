/* SPDX-License-Identifier: Apache-2.0 */
#include "forensics/anchors.h"

#include <string.h>

#include "core/note.h"

/* As people write it down: any case, groups separated by dashes, colons, blanks or nothing. */
static int parse_fingerprint(char out[SIGN_FINGERPRINT_SIZE], const char *text,
			     struct sl_error *err)
{
	size_t digits = 0, n = 0;

	for (; *text != '\0'; text++) {
		char c = *text;

		if (c >= 'A' && c <= 'F')
			c = (char)(c - 'A' + 'a');

		if (c == '-' || c == ':' || c == ' ')
			continue;
		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')) || digits == 32)
			return sl_fail(err, SL_EINVAL, 0,
				       "fingerprint is not 8 groups of 4 hexadecimal digits");
		if (digits > 0 && digits % 4 == 0)
			out[n++] = '-';
		out[n++] = c;
		digits++;
	}
	out[n] = '\0';
	if (digits != 32)
		return sl_fail(err, SL_EINVAL, 0,
			       "fingerprint is not 8 groups of 4 hexadecimal digits");
	return 0;
}

static int parse_noted(struct chain_anchor *out, const char *text, size_t len, struct sl_error *err)
{
	static const char prefix[] = "strandline/bundle/";
	struct checkpoint c = {0};
	struct note n;
	int rc = note_parse(&n, text, len, err);

	if (rc == 0)
		rc = note_checkpoint_parse(&c, n.text, err);
	if (rc < 0)
		return sl_wrap(err, -SL_EINVAL, "noted checkpoint");
	if (c.origin.len != strlen(prefix) + CHAIN_BUNDLE_DIGITS || c.size == 0 ||
	    memcmp(c.origin.data, prefix, strlen(prefix)) != 0)
		return sl_fail(err, SL_EINVAL, 0, "noted checkpoint: not one of a bundle");
	memcpy(out->bundle, c.origin.data + strlen(prefix), CHAIN_BUNDLE_DIGITS);
	out->bundle[CHAIN_BUNDLE_DIGITS] = '\0';
	out->size = c.size;
	memcpy(out->root, c.root, sizeof(out->root));
	return 0;
}

int anchors_parse(struct anchors *a, const struct sl_verify_options *o, struct sl_error *err)
{
	int rc = 0;

	*a = (struct anchors){
		.has_fingerprint = o->fingerprint != NULL,
		.has_key = o->key_pem != NULL,
		.has_note = o->note != NULL,
	};
	if (a->has_fingerprint)
		rc = parse_fingerprint(a->fingerprint, o->fingerprint, err);
	if (rc == 0 && o->key_pem != NULL &&
	    sign_public_pem_parse(o->key_pem, strlen(o->key_pem), a->key, err) < 0)
		rc = sl_wrap(err, -SL_EINVAL, "long-term key");
	if (rc == 0 && a->has_note)
		rc = parse_noted(&a->note, o->note, o->note_len, err);
	return rc;
}

int anchors_check(const struct anchors *a, const struct chain *c, bool *fingerprint, bool *key,
		  struct sl_error *err)
{
	if (a->has_fingerprint) {
		if (strcmp(a->fingerprint, c->fingerprint) != 0)
			return sl_fail(err, SL_EUNTRUSTED, 0,
				       "fingerprint is %s, not the noted one", c->fingerprint);
		*fingerprint = true;
	}
	if (a->has_key && c->has_cert) {
		if (memcmp(a->key, c->long_key, SIGN_PUBLIC_SIZE) != 0)
			return sl_fail(err, SL_EUNTRUSTED, 0,
				       "certified by another long-term key than the given one");
		*key = true;
	}
	return 0;
}
