/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/custody.h"

#include <inttypes.h>

#include "cli/app.h"
#include "core/cleanup.h"
#include "core/encode.h"

static void tell(struct app *app, const struct custody_request *q, const struct custody_added *a)
{
	char hash[2 * SL_SHA256_SIZE + 1];

	hex_encode(hash, a->hash, sizeof(a->hash));
	app_note(app, "%s recorded as line %" PRIu64 ", %s (write it down)",
		 custody_action_words[q->action], a->seq + 1, hash);
	if (a->contradicts)
		app_note(app, "the file is not what the first line of the record says");
}

int custody_run(struct app *app, const struct custody_args *args, enum custody_action action,
		const char *file)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	CLEANUP(passphrase_clear) struct passphrase passphrase = {.typed = NULL};
	CLEANUP(cli_identities_free) struct age_identities *identities = NULL;
	struct custody_request request = {.file = file,
					  .sidecars = args->sidecars,
					  .action = action,
					  .key.path = args->key,
					  .by = args->by,
					  .from = args->from,
					  .to = args->to,
					  .purpose = args->purpose,
					  .place = args->place,
					  .seal = args->seal,
					  .matter = args->matter,
					  .to_key = args->to_key,
					  .made = args->made,
					  .until = args->until,
					  .despite = args->despite,
					  .drop_torn = args->drop_torn,
					  .threads = app_jobs(args->jobs)};
	struct custody_added added = {0};
	int rc = args->key == NULL ? sl_fail(&err, SL_EINVAL, 0,
					     "who signs? give --key FILE, a private key of "
					     "'strandline keygen'")
				   : passphrase_for_key(&passphrase, args->key,
							args->key_passphrase_file, &err);

	request.key.passphrase = passphrase_text(&passphrase);
	if (rc == 0)
		rc = cli_unlock(&identities, &args->unlock, &err);
	request.identities = identities;
	request.stop = app->stop;
	if (rc == 0)
		rc = job_custody_add(&request, &added, &err);
	if (rc < 0) {
		(void)app_fail(app, &err);
		return rc == -SL_EUNTRUSTED ? EXIT_FOUND : EXIT_TROUBLE;
	}
	tell(app, &request, &added);
	return EXIT_DONE;
}

int custody_record_access(struct app *app, const struct custody_access *access, const char *file,
			  const char *sidecars, const struct sl_verify_result *verified,
			  struct sl_error *err)
{
	CLEANUP(passphrase_clear) struct passphrase passphrase = {.typed = NULL};
	struct custody_request request = {
		.file = file,
		.sidecars = sidecars,
		.action = verified != NULL ? CUSTODY_VERIFIED : CUSTODY_ACCESSED,
		.key.path = access->key,
		.by = access->by,
		.purpose = access->purpose,
		.verified = verified,
		/* a verification that failed is worth a line most of all */
		.despite = verified != NULL,
		.stop = app->stop};
	struct custody_added added;
	int rc;

	if (access->key == NULL) {
		if (access->passphrase_file == NULL && access->by == NULL &&
		    access->purpose == NULL)
			return 0;
		return sl_fail(err, SL_EINVAL, 0, "what is to be recorded? give --custody KEY");
	}
	rc = passphrase_for_key(&passphrase, access->key, access->passphrase_file, err);
	request.key.passphrase = passphrase_text(&passphrase);
	if (rc == 0)
		rc = job_custody_add(&request, &added, err);
	if (rc < 0)
		return sl_wrap(err, rc, "custody");
	tell(app, &request, &added);
	return 0;
}
