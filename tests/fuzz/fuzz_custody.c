/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "forensics/custodychain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A key that is no secret, so that what a fuzzer writes can be signed. */
static const char key_pem[] = "-----BEGIN PRIVATE KEY-----\n"
			      "MC4CAQAwBQYDK2VwBCIEIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB\n"
			      "-----END PRIVATE KEY-----\n";

/* The line as it is, or, when it is none, as a payload that is signed. */
static int read_line(struct custody_line *out, const char *line, size_t len,
		     const struct sign_key *key)
{
	const struct sign_key *const keys[] = {key};
	struct buf envelope = BUF_INIT(CUSTODY_LINE_BYTES);
	int rc = custody_read(out, line, len, NULL);

	if (rc == 0)
		return 0;
	custody_line_clear(out);
	rc = dsse_write(&envelope, CUSTODY_TYPE, line, len - 1, keys, 1, NULL);
	if (rc == 0 && buf_append_char(&envelope, '\n') == 0)
		rc = custody_read(out, envelope.data, envelope.len, NULL);
	else
		*out = (struct custody_line){.payload = NULL};
	buf_clear(&envelope);
	return rc;
}

/* What was read can be written, and is the same event then. */
static void round_trip(const struct custody_line *l, const struct sign_key *key)
{
	struct buf again = BUF_INIT(2 * CUSTODY_LINE_BYTES);
	uint8_t public[SIGN_PUBLIC_SIZE];
	struct custody_line copy;

	sign_key_public(key, public);
	if (memcmp(public, l->event.key, sizeof(public)) == 0 &&
	    custody_write(&again, &l->event, key, NULL) == 0) {
		if (custody_read(&copy, again.data, again.len, NULL) != 0 ||
		    copy.event.seq != l->event.seq || copy.event.action != l->event.action ||
		    copy.event.has_until != l->event.has_until ||
		    copy.event.torn_bytes != l->event.torn_bytes)
			abort();
		custody_line_clear(&copy);
	}
	buf_clear(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct custody_chain chain = {.count = 0};
	const char *at = (const char *)data, *end;
	struct sign_key *key = NULL;

	if (sign_key_read(&key, key_pem, strlen(key_pem), NULL, NULL) < 0)
		abort();
	for (; (end = memchr(at, '\n', size)) != NULL; at = end + 1) {
		size_t len = (size_t)(end - at) + 1;
		struct custody_line l;

		size -= len;
		if (read_line(&l, at, len, key) == 0) {
			uint64_t before = chain.count;

			round_trip(&l, key);
			/* nobody guesses a digest: the rules are what is looked for */
			l.event.seq = chain.count;
			memcpy(l.event.prev, chain.last, sizeof(chain.last));
			if (chain.is_open && l.event.has_answers)
				memcpy(l.event.answers, chain.open_line, sizeof(chain.open_line));
			if ((custody_chain_add(&chain, &l, NULL) == 0) !=
			    (chain.count == before + 1))
				abort();
		}
		custody_line_clear(&l);
	}
	custody_chain_clear(&chain);
	sign_key_free(key);
	return 0;
}
