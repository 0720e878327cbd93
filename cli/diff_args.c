/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/diff_args.h"

#include <string.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "job/crew.h"
#include "job/diff.h"

/* What can be compared; exactly one of these is asked for. */
enum {
	CONTAINERS = 1 << 0,
	ALL = 1 << 1,
	UPPER = 1 << 2,
	ROOTFS = 1 << 3,
	IMAGES = 1 << 4,
	BUNDLES = 1 << 5,
};
#define ENGINE_CONTAINERS (CONTAINERS | ALL)
#define ON_DISK (ENGINE_CONTAINERS | UPPER | ROOTFS)

static const char *const subject_words[] = {"containers", "--all",    "--upper",
					    "--rootfs",   "--images", "--bundles"};

static unsigned int subjects_of(const struct diff_args *a, const struct operands *words)
{
	unsigned int subjects = (a->all ? ALL : 0u) | (a->upper != NULL ? UPPER : 0u) |
				(a->rootfs != NULL ? ROOTFS : 0u) | (a->images ? IMAGES : 0u) |
				(a->bundles ? BUNDLES : 0u);

	return words->count > 0 && !a->images && !a->bundles ? subjects | CONTAINERS : subjects;
}

/* "containers, --all or --upper" of a set. */
static void say_subjects(struct buf *out, unsigned int subjects)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(subject_words); i++) {
		if ((subjects & 1u << i) == 0)
			continue;
		if (out->len > 0)
			(void)buf_append_str(out, subjects >> (i + 1) == 0 ? " or " : ", ");
		(void)buf_append_str(out, subject_words[i]);
	}
}

static int check_subject(const struct diff_args *a, const struct operands *words,
			 unsigned int subjects, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf said = BUF_INIT(256);

	if (subjects == 0 && a->image != NULL)
		return sl_fail(err, SL_EINVAL, 0,
			       "what shall be compared with the image? give --upper DIR or "
			       "--rootfs DIR, or name a container, which knows its image");
	if (subjects == 0)
		return sl_fail(err, SL_EINVAL, 0,
			       "what shall be compared? name containers, or give --all, --upper, "
			       "--rootfs, --images or --bundles");
	if ((subjects & (subjects - 1)) != 0) {
		say_subjects(&said, subjects);
		return sl_fail(err, SL_EINVAL, 0, "give either %s: they exclude each other",
			       said.data != NULL ? said.data : "one or the other");
	}
	if ((a->images || a->bundles) && words->count != 2)
		return sl_fail(err, SL_EINVAL, 0, "%s: before and after",
			       a->images ? "--images needs two images"
					 : "--bundles needs two bundles");
	if ((a->upper != NULL || a->rootfs != NULL) && a->image == NULL)
		return sl_fail(err, SL_EINVAL, 0, "--upper and --rootfs need --image");
	return 0;
}

/* Each option beside what it makes sense for. */
static int check_options(const struct diff_args *a, unsigned int subject, struct sl_error *err)
{
	const struct {
		bool given;
		const char *option;
		unsigned int subjects;
	} rows[] = {
		{a->unlock.identities.count > 0, "--identity", BUNDLES},
		{a->unlock.passphrase, "--passphrase", BUNDLES},
		{a->unlock.passphrase_file != NULL, "--passphrase-file", BUNDLES},
		{a->target != NULL, "--target", BUNDLES},
		{a->image != NULL, "--image", UPPER | ROOTFS},
		{a->marker != SL_MARKER_OVERLAY_TRUSTED, "--marker", UPPER},
		{a->stopped, "--stopped", ALL},
		{a->sandboxes, "--sandboxes", ALL},
		{a->orphans, "--orphans", ALL},
		{a->no_idle, "--no-idle", ALL},
		{a->parallel > 0, "--parallel", ENGINE_CONTAINERS},
		{a->volumes, "--volumes", ENGINE_CONTAINERS},
		{a->check, "--check", ENGINE_CONTAINERS},
		{a->freeze, "--freeze", ENGINE_CONTAINERS},
		{a->quick, "--quick", ON_DISK},
		{a->hashes.count > 0, "--hashes", ON_DISK},
		{a->yara != NULL, "--yara", ON_DISK},
		{a->policies.count > 0, "--policy", ON_DISK},
		{a->fail_on_new, "--fail-on-new", ON_DISK},
		{a->max_time != DIFF_NO_TIME, "--max-time", ON_DISK},
		{a->max_bytes != DIFF_NO_BYTES, "--max-bytes", ON_DISK},
	};
	CLEANUP(buf_clear) struct buf said = BUF_INIT(256);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!rows[i].given || (rows[i].subjects & subject) != 0)
			continue;
		say_subjects(&said, rows[i].subjects);
		return sl_fail(err, SL_EINVAL, 0, "%s goes with %s", rows[i].option,
			       said.data != NULL ? said.data : "something else");
	}
	return 0;
}

static int check_bounds(const struct diff_args *a, struct sl_error *err)
{
	if (!a->freeze && a->freeze_limit != DIFF_FREEZE_DEFAULT)
		return sl_fail(err, SL_EINVAL, 0, "--freeze-limit goes with --freeze");
	if (a->freeze_limit < 1 || a->freeze_limit > DIFF_FREEZE_MAX)
		return sl_fail(err, SL_EINVAL, 0, "--freeze-limit must be 1 to %d seconds",
			       DIFF_FREEZE_MAX);
	if (a->max_time == 0 || a->max_bytes == 0)
		return sl_fail(err, SL_EINVAL, 0,
			       "--max-time and --max-bytes must be more than 0; without them there "
			       "is no limit");
	if (a->parallel > CREW_MAX)
		return sl_fail(err, SL_EINVAL, 0, "--parallel must be 1 to %d", CREW_MAX);
	return 0;
}

static int check_shape(const struct diff_args *a, unsigned int format, struct sl_error *err)
{
	if (a->summary && a->tree)
		return sl_fail(err, SL_EINVAL, 0, "--summary and --tree exclude each other");
	if (a->summary && format != FORMAT_TABLE && format != FORMAT_JSONL)
		return sl_fail(err, SL_EINVAL, 0, "--summary goes with --format table or jsonl");
	if (a->show_ids && (a->summary || a->tree || format != FORMAT_TABLE))
		return sl_fail(err, SL_EINVAL, 0,
			       "--show-ids goes with the table; other formats have the ids");
	if (a->tree && format != FORMAT_TABLE)
		return sl_fail(err, SL_EINVAL, 0, "--tree goes with --format table");
	return 0;
}

int diff_args_check(const struct diff_args *a, const struct operands *words, unsigned int format,
		    struct sl_error *err)
{
	unsigned int subject = subjects_of(a, words);
	int rc = check_subject(a, words, subject, err);

	if (rc == 0)
		rc = check_options(a, subject, err);
	if (rc == 0)
		rc = check_bounds(a, err);
	return rc < 0 ? rc : check_shape(a, format, err);
}
