/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process that may more than its container: started from the machine with rights that the
 * container was not given, or on its way out. What the container was given is a matter of posture.
 */
#include <stdio.h>
#include <string.h>

#include <strandline/settings.h>

#include "core/buf.h"
#include "core/capability.h"
#include "core/cleanup.h"
#include "job/procpart.h"

/* Those who come from outside altogether are found for that, and have all rights. */
static bool is_inside(const struct sl_process *process)
{
	return (process->place & SL_PLACE_MOUNTS) != 0 &&
	       (process->place & (SL_PLACE_HOST_PID | SL_PLACE_HOST_MOUNT | SL_PLACE_NO_CGROUP)) ==
		       0 &&
	       !process->has_own_users;
}

/* False: it is not known what the container may. */
static bool container_caps(const struct sl_settings *s, uint64_t *out)
{
	const struct sl_setting_value *v = &s->values[SL_SETTING_CAPABILITIES];

	if (!v->is_known)
		v = &s->values[SL_SETTING_LIVE_CAPABILITIES];
	if (!v->is_known)
		return false;
	*out = 0;
	for (size_t i = 0; i < v->count; i++) {
		int number = capability_number(v->items[i]);

		if (number >= 0)
			*out |= UINT64_C(1) << number;
	}
	return true;
}

static char *name_caps(uint64_t extra)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(4096);
	unsigned int shown = 0;

	for (unsigned int i = 0; i < CAPABILITIES; i++) {
		if ((extra >> i & 1) == 0)
			continue;
		if (shown == 3) {
			(void)buf_append_str(&text, "...");
			break;
		}
		(void)buf_append_str(&text, capability_name(i));
		(void)buf_append_char(&text, ' ');
		shown++;
	}
	while (text.len > 0 && text.data[text.len - 1] == ' ')
		text.data[--text.len] = '\0';
	return text.status < 0 ? NULL : buf_take(&text);
}

static int find_caps(struct procpart *p, const struct sl_process *process,
		     const struct sl_settings *s, struct sl_error *err)
{
	const char *path = procpart_exe_path(p, process);
	AUTO_FREE char *names = NULL;
	uint64_t given, extra;

	if (!process->has_caps || sl_settings_is(s, SL_SETTING_PRIVILEGED, "true") ||
	    !container_caps(s, &given))
		return 0;
	extra = process->caps & CAPABILITIES_ALL & ~given;
	if (extra == 0)
		return 0;
	names = name_caps(extra);
	if (names == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "processes");
	return procpart_find(p, process, procpart_subject_with(path, names), PROCRULE_CAPABILITIES,
			     NULL, err);
}

/* The first process may have put a filter on itself: the engine's own is what counts. */
static bool lacks_filter(const struct sl_process *process, const struct sl_settings *s)
{
	const char *set = sl_settings_get(s, SL_SETTING_SECCOMP);

	return process->seccomp == 0 && set != NULL && strcmp(set, "unconfined") != 0 &&
	       sl_settings_is(s, SL_SETTING_LIVE_SECCOMP, "filter") &&
	       !sl_settings_is(s, SL_SETTING_PRIVILEGED, "true");
}

static int find_unbound(struct procpart *p, const struct sl_process *process,
			const struct sl_settings *s, struct sl_error *err)
{
	const char *path = procpart_exe_path(p, process);
	int rc = find_caps(p, process, s, err);

	if (rc == 0 && lacks_filter(process, s))
		rc = procpart_find(p, process, procpart_subject_with(path, "no seccomp"),
				   PROCRULE_SECCOMP, NULL, err);
	if (rc == 0 && process->no_new_privs == 0 &&
	    sl_settings_is(s, SL_SETTING_NO_NEW_PRIVS, "true"))
		rc = procpart_find(p, process, procpart_subject_with(path, "new privileges"),
				   PROCRULE_NEW_PRIVILEGES, NULL, err);
	return rc;
}

static int find_sockets(struct procpart *p, const struct sl_process *process, struct sl_error *err)
{
	static const struct {
		uint32_t kind;
		enum procrule_id rule;
		const char *name;
	} kinds[] = {
		{SL_SOCKET_PACKET, PROCRULE_PACKET, "packet socket"},
		{SL_SOCKET_RAW, PROCRULE_RAW, "raw socket"},
		{SL_SOCKET_RAW_OTHER, PROCRULE_RAW_OTHER, "raw socket"},
	};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(kinds); i++)
		if ((process->sockets & kinds[i].kind) != 0)
			rc = procpart_find(
				p, process,
				procpart_subject_with(procpart_exe_path(p, process), kinds[i].name),
				kinds[i].rule, NULL, err);
	return rc;
}

int procpart_judge_confined(struct procpart *p, const struct sl_process *process,
			    struct sl_error *err)
{
	const struct sl_settings *s = p->meaning->comparison->container->settings;
	const char *path = procpart_exe_path(p, process);
	int rc = s != NULL && is_inside(process) ? find_unbound(p, process, s, err) : 0;

	if (rc == 0 && process->has_own_users)
		rc = procpart_find(p, process, procpart_subject_with(path, "own user namespace"),
				   PROCRULE_OWN_USERS, NULL, err);
	if (rc == 0 && process->own_root != NULL)
		rc = procpart_find(p, process, procpart_subject_with(path, process->own_root),
				   PROCRULE_OWN_ROOT, NULL, err);
	return rc == 0 ? find_sockets(p, process, err) : rc;
}
