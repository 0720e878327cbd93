/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Code that the environment and the options of a process lead to. What the image has, and what the
 * operator configured, is no finding: nobody has to look at it again.
 */
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "job/procpart.h"

static enum procrule_id rule_of(const struct sl_object *o, bool is_directory)
{
	if (is_directory) {
		if (o->origin != SL_ORIGIN_MOUNT)
			return PROCRULE_SEARCHES_UPPER;
		return o->is_readonly ? PROCRULE_SEARCHES_READONLY : PROCRULE_SEARCHES_MOUNT;
	}
	if (o->origin != SL_ORIGIN_MOUNT)
		return PROCRULE_LOADS_UPPER;
	return o->is_readonly ? PROCRULE_LOADS_READONLY : PROCRULE_LOADS_MOUNT;
}

/* Whoever gets in may put something there, whoever made the directory. */
static bool is_for_all(const char *path)
{
	static const char *const places[] = {"/tmp", "/var/tmp", "/dev/shm", "/run/lock",
					     "/dev/mqueue"};

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (strcmp(path, places[i]) == 0)
			return true;
	return false;
}

static int is_known(struct procpart *p, const struct sl_process_lead *lead, bool *out,
		    struct sl_error *err)
{
	const struct sl_object *o;

	*out = true;
	if (lead->object == SL_OBJECT_NONE) {
		*out = imagebytes_has(&p->image, lead->path, S_IFREG) ||
		       imagebytes_has(&p->image, lead->path, S_IFDIR);
		return 0;
	}
	o = &p->processes.objects[lead->object];
	if (lead->is_directory && o->path != NULL && is_for_all(o->path)) {
		*out = false;
		return 0;
	}
	if (o->origin == SL_ORIGIN_IMAGE || o->engine != NULL)
		return 0;
	if (!lead->is_directory)
		return procpart_is_image(p, lead->object, out, err);
	*out = o->origin == SL_ORIGIN_UPPER && imagebytes_has(&p->image, o->path, S_IFDIR);
	return 0;
}

static int find_lead(struct procpart *p, const struct sl_process *process,
		     const struct sl_process_lead *lead, struct sl_error *err)
{
	const char *by = lead->by, *path = lead->path;
	enum procrule_id id =
		lead->variable != NULL ? PROCRULE_LOADS_MISSING : PROCRULE_LOADS_DELETED;
	bool known;
	int rc = is_known(p, lead, &known, err);

	if (rc < 0 || known || (lead->is_code && procpart_is_given_code(p, process, lead->path)))
		return rc;
	if (lead->object != SL_OBJECT_NONE) {
		id = rule_of(&p->processes.objects[lead->object], lead->is_directory);
		if (lead->is_code && id == PROCRULE_LOADS_UPPER)
			id = PROCRULE_LOADS_BY_CODE;
		path = procpart_path(&p->processes.objects[lead->object]);
	}
	return procpart_find(p, process, procpart_subject_with(path, by), id, NULL, err);
}

int procpart_judge_loads(struct procpart *p, const struct sl_process *process, struct sl_error *err)
{
	int rc = 0;

	/* of the machine's programs in its namespaces, the paths are the machine's */
	if ((process->place & SL_PLACE_HOST_MOUNT) != 0)
		return 0;
	for (size_t i = 0; rc == 0 && i < process->lead_count; i++) {
		const struct sl_process_lead *lead = &process->leads[i];

		if (lead->variable == NULL || procpart_configured(p, lead->variable) == NULL)
			rc = find_lead(p, process, lead, err);
	}
	return rc;
}
