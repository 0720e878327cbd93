/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/capture_args.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "cli/app.h"
#include "core/cleanup.h"

#define DEADLINE_MAX (7u * 24 * 3600)
/* All objects of the image that travel with a bundle, together. */
#define BEFORE_TOTAL ((uint64_t)64 << 20)

int capture_args_check(const struct capture_args *a, unsigned int format, struct sl_error *err)
{
	if (a->marker != SL_MARKER_OVERLAY_TRUSTED && a->upper == NULL)
		return sl_fail(err, SL_EINVAL, 0, "--marker goes with --upper");
	if (a->passphrase && a->passphrase_file != NULL)
		return sl_fail(err, SL_EINVAL, 0,
			       "--passphrase and --passphrase-file exclude each other");
	if (format != FORMAT_TABLE && !a->dry_run)
		return sl_fail(err, SL_EINVAL, 0, "--format goes with --dry-run");
	if ((a->volumes || a->check) && (a->upper != NULL || a->rootfs != NULL))
		return sl_fail(err, SL_EINVAL, 0, "%s goes with a container",
			       a->volumes ? "--volumes" : "--check");
	if (a->no_findings && (a->policies.count > 0 || a->hashes.count > 0 || a->yara != NULL))
		return sl_fail(err, SL_EINVAL, 0,
			       "--no-findings excludes --policy, --hashes and --yara");
	if (a->output == NULL && !a->dry_run)
		return sl_fail(err, SL_EINVAL, 0, "where to? give -o FILE, or -o - for a pipe");
	if (a->freeze_limit < 1 || a->freeze_limit > CAPTURE_FREEZE_MAX)
		return sl_fail(err, SL_EINVAL, 0, "--freeze-limit must be 1 to %d seconds",
			       CAPTURE_FREEZE_MAX);
	if ((a->upper != NULL || a->rootfs != NULL) &&
	    (a->freeze || a->registers || a->memory > CAPTURE_MEMORY_NONE))
		return sl_fail(err, SL_EINVAL, 0,
			       "--memory, --registers and --freeze go with a container");
	return 0;
}

/* Bytes of one file that seconds are enough for. */
#define TRIAGE_FILE ((uint64_t)1 << 20)

static struct capture_scope scope_of(const struct capture_args *a)
{
	struct capture_scope scope = {.include = a->include.items,
				      .include_count = a->include.count,
				      .exclude = a->exclude.items,
				      .exclude_count = a->exclude.count,
				      .max_file = a->max_file,
				      .max_bytes = a->max_bytes,
				      .max_holes = a->max_holes};

	if (scope.max_file == 0 && a->profile == CAPTURE_TRIAGE)
		scope.max_file = TRIAGE_FILE;
	return scope;
}

/* "90", "90s", "15m", "2h". */
static int duration(const char *text, unsigned int *out, struct sl_error *err)
{
	static const struct {
		char unit;
		unsigned int seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}};
	char *end = NULL;
	unsigned long n;

	if (text == NULL)
		return 0;
	errno = 0;
	n = strtoul(text, &end, 10);
	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (*end == units[i].unit && end[1] == '\0' && n <= UINT_MAX / units[i].seconds) {
			n *= units[i].seconds;
			end++;
			break;
		}
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || n == 0 ||
	    n > DEADLINE_MAX)
		return sl_fail(err, SL_EINVAL, 0,
			       "--deadline: give seconds, or a number with s, m or h behind it, "
			       "a week at most");
	*out = (unsigned int)n;
	return 0;
}

int capture_args_request(struct capture_request *out, const struct capture_args *a,
			 const struct operands *words, struct sl_error *err)
{
	*out = (struct capture_request){.containers = (const char *const *)words->items,
					.container_count = words->count,
					.upper = a->upper,
					.rootfs = a->rootfs,
					.marker = (enum sl_marker)a->marker,
					.image = a->image,
					.output = a->output,
					.sidecar = a->sidecar,
					.key_file = a->key,
					.profile = (enum capture_profile)a->profile,
					.scope = scope_of(a),
					.before_bytes = a->before,
					.before_total = BEFORE_TOTAL,
					.case_name = a->case_name,
					.exhibit = a->exhibit,
					.operator_name = a->operator_name,
					.authority = a->authority,
					.reason = a->reason,
					.no_findings = a->no_findings,
					.memory = (enum capture_memory)a->memory,
					.memory_limit = a->memory_limit,
					.memory_registers = a->registers,
					.freeze_seconds = a->freeze ? a->freeze_limit : 0,
					.volumes = a->volumes,
					.check = a->check,
					.enrich = {.policies = a->policies.items,
						   .policy_count = a->policies.count,
						   .hashes = a->hashes.items,
						   .hash_count = a->hashes.count,
						   .yara = a->yara}};
	return duration(a->deadline, &out->deadline, err);
}
