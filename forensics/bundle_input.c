/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "forensics/bundle_read.h"

struct sl_bundle_input {
	struct rfile *file;
};

static void free_identities(struct age_identities **ids)
{
	age_identities_free(*ids);
}

#define AUTO_IDENTITIES CLEANUP(free_identities) struct age_identities

int bundle_unlock(struct rfile **file, const struct age_identities *ids, struct sl_error *err)
{
	AUTO_IDENTITIES *none = NULL;
	struct rfile *plain = NULL;
	uint8_t head[AGE_SNIFF_BYTES];
	size_t len = 0;
	int rc = rfile_head(*file, head, sizeof(head), &len, err);

	if (rc < 0 || !age_sniff(head, len))
		return rc;
	if (ids == NULL)
		rc = age_identities_new(&none, err);
	if (rc == 0)
		rc = rfile_age(&plain, *file, ids != NULL ? ids : none, err);
	if (rc == 0)
		*file = plain;
	return rc;
}

static int read_secrets(struct age_identities *ids, const struct sl_bundle_unlock *unlock,
			struct sl_error *err)
{
	int rc = 0;

	if (unlock != NULL && unlock->passphrase != NULL)
		rc = age_identities_passphrase(ids, unlock->passphrase, strlen(unlock->passphrase),
					       err);
	if (rc == 0 && unlock != NULL && unlock->identities != NULL)
		rc = age_identities_parse(ids, unlock->identities, strlen(unlock->identities), err);
	return rc;
}

int sl_bundle_input_open(struct sl_bundle_input **out, int fd,
			 const struct sl_bundle_unlock *unlock, struct sl_error *err)
{
	CLEANUP(rfile_closep) struct rfile *file = NULL;
	AUTO_IDENTITIES *ids = NULL;
	int rc = rfile_from_fd(&file, fd, err);

	*out = NULL;
	if (rc == 0)
		rc = age_identities_new(&ids, err);
	if (rc == 0)
		rc = read_secrets(ids, unlock, err);
	if (rc == 0)
		rc = bundle_unlock(&file, ids, err);
	if (rc < 0)
		return rc;
	*out = calloc(1, sizeof(**out));
	if (*out == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "bundle");
	(*out)->file = take_ptr(&file);
	return 0;
}

void sl_bundle_input_free(struct sl_bundle_input *in)
{
	if (in == NULL)
		return;
	rfile_close(in->file);
	free(in);
}

int sl_bundle_open_input(struct sl_bundle_reader **out, struct sl_bundle_input *in,
			 struct sl_error *err)
{
	return bundle_reader_open(out, in->file, BUNDLE_READ_THREADS, err);
}

int sl_bundle_verify_input(struct sl_bundle_input *in, const struct sl_verify_options *options,
			   struct sl_verify_result *out, struct sl_error *err)
{
	return bundle_verify(in->file, options, out, err);
}

int sl_bundle_extract_input(struct sl_bundle_input *in, uint64_t seq, int out_fd,
			    struct sl_error *err)
{
	return bundle_extract(in->file, seq, out_fd, err);
}
