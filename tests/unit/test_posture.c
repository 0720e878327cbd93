/* SPDX-License-Identifier: Apache-2.0 */
/* What is risky by itself, and what is not as approved. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "diff/deviation.h"
#include "diff/mountrisk.h"
#include "diff/posture.h"
#include "job/approval.h"
#include "unit/settings_kit.h"

static int log_note(void *payload, const struct posture_note *n, struct sl_error *err)
{
	struct buf *log = payload;

	(void)err;
	assert_true(strncmp(n->check->section, "CIS Docker Benchmark 1.6, ", 26) == 0);
	return buf_printf(log, "%s%s %s", log->len > 0 ? ", " : "",
			  n->check->id + strlen("posture-"), sl_severity_name(n->severity));
}

#define MOUNT(source, rw, propagation)                                                             \
	"{\"mounts\":[{\"path\":\"/m\",\"type\":\"bind\",\"source\":\"" source "\",\"rw\":" rw     \
	",\"propagation\":" propagation "}]}"

static const struct {
	const char *settings, *notes;
} rows[] = {
	{"{\"working_directory\":\"/\"}", ""}, /* what is unknown is not judged */
	{"{\"privileged\":true}", "privileged critical"},
	{"{\"privileged\":false}", ""},
	{MOUNT("/var/run/docker.sock", "false", "null"), "engine-socket critical"},
	{MOUNT("/run/user/1000/podman/podman.sock", "true", "null"), "engine-socket critical"},
	{MOUNT("/run/", "true", "null"), "engine-socket critical"},
	{MOUNT("/srv/../run/containerd", "true", "null"), "engine-socket critical"},
	{MOUNT("/", "true", "null"), "sensitive-mount critical"},
	{MOUNT("/../..", "true", "null"), "sensitive-mount critical"},
	{MOUNT("/", "false", "null"), "sensitive-mount high"},
	{MOUNT("/etc", "false", "null"), "sensitive-mount medium"},
	{MOUNT("/etc/cron.d", "true", "null"), "sensitive-mount high"},
	{MOUNT("/etc/localtime", "false", "null"), ""},
	{MOUNT("/etcetera", "true", "null"), ""},
	{MOUNT("/var", "true", "null"), "sensitive-mount high"},
	{MOUNT("/var/lib/docker", "true", "null"), "sensitive-mount high"},
	{MOUNT("/srv/data", "true", "\"rshared\""), "propagation medium"},
	{MOUNT("/srv/data", "true", "\"rslave\""), ""},
	{"{\"network\":\"host\",\"pid_namespace\":\"host\",\"ipc_namespace\":\"host\","
	 "\"uts_namespace\":\"host\"}",
	 "host-network medium, host-pid high, host-ipc medium, host-uts low"},
	{"{\"network\":\"joined\",\"live_host_namespaces\":[\"net\",\"user\"]}",
	 "host-network medium"},
	{"{\"user_namespace\":\"host\"}", "host-user medium"},
	{"{\"user_namespace\":\"host\",\"capabilities\":[]}", ""},
	{"{\"cap_add\":[\"CHOWN\"]}", ""},
	{"{\"cap_add\":[\"SYS_ADMIN\"]}", "capabilities high"},
	{"{\"cap_add\":[\"ALL\"]}", "capabilities high"},
	{"{\"capabilities\":[\"CHOWN\"],\"live_capabilities\":[\"SYS_MODULE\"]}",
	 "capabilities high"},
	{"{\"seccomp\":\"unconfined\"}", "seccomp medium"},
	{"{\"seccomp\":\"default\",\"live_seccomp\":\"unconfined\"}", "seccomp medium"},
	{"{\"apparmor\":\"none\"}", ""}, /* whether the machine has it is unknown */
	{"{\"memory_limit\":\"unlimited\",\"pids_limit\":\"unlimited\"}",
	 "memory-limit low, pids-limit low"},
	{"{\"memory_limit\":\"1\",\"live_memory_limit\":\"unlimited\"}", ""},
	{"{\"live_pids_limit\":\"unlimited\"}", "pids-limit low"},
	{"{\"user\":\"0\"}", "root-user low"},
	{"{\"user\":\"root:adm\"}", "root-user low"},
	{"{\"user\":\"0:0\",\"user_namespace\":\"private\"}", ""},
	{"{\"user\":\"1000\"}", ""},
	{"{\"read_only_root\":false,\"no_new_privileges\":false}",
	 "writable-root low, new-privileges low"},
	{"{\"restart_policy\":\"always\"}", "restart low"},
	{"{\"restart_policy\":\"on-failure:0\"}", "restart low"},
	{"{\"restart_policy\":\"on-failure:6\"}", "restart low"},
	{"{\"restart_policy\":\"on-failure:5\"}", ""},
	{"{\"restart_policy\":\"no\"}", ""},
	{"{\"devices\":[\"/dev/sda:/dev/sda:rwm\"]}", "devices medium"},
};

static void each_risk_is_named_with_its_severity(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CLEANUP(buf_clear) struct buf log = BUF_INIT(4096);
		struct sl_settings *s = kit_settings(rows[i].settings);

		assert_int_equal(buf_append(&log, "", 0), 0);
		assert_int_equal(posture_judge(s, log_note, &log, NULL), 0);
		if (strcmp(log.data, rows[i].notes) != 0)
			fail_msg("%s: %s", rows[i].settings, log.data);
		sl_settings_free(s);
	}
}

static void apparmor_is_missed_where_the_machine_has_it(void **state)
{
	CLEANUP(buf_clear) struct buf log = BUF_INIT(4096);
	struct sl_settings *s = kit_settings("{\"apparmor\":\"none\"}");

	(void)state;
	s->has_host_apparmor = s->host_apparmor = true;
	assert_int_equal(posture_judge(s, log_note, &log, NULL), 0);
	assert_string_equal(log.data, "apparmor medium");
	sl_settings_free(s);
}

static void root_of_a_shifted_container_is_not_the_machines(void **state)
{
	CLEANUP(buf_clear) struct buf log = BUF_INIT(4096);
	struct sl_settings *s = kit_settings("{\"user\":\"0\"}");

	(void)state;
	s->is_shifted = true;
	assert_int_equal(posture_judge(s, log_note, &log, NULL), 0);
	assert_int_equal(log.len, 0);
	sl_settings_free(s);
}

/* ---- deviations ---- */

static int log_deviation(void *payload, const struct deviation *d, struct sl_error *err)
{
	struct buf *log = payload;

	(void)err;
	return buf_printf(log, "%s%s%s%s %s", log->len > 0 ? ", " : "", sl_setting_name(d->setting),
			  d->path != NULL ? " " : "", d->path != NULL ? d->path : "",
			  d->is_unread ? "unread" : sl_severity_name(d->severity));
}

static const struct {
	const char *approved, *now, *found;
} cases[] = {
	{"{\"privileged\":false}", "{\"privileged\":false}", ""},
	{"{\"privileged\":false}", "{\"privileged\":true}", "privileged critical"},
	{"{\"privileged\":true}", "{\"privileged\":false}", "privileged low"},
	{"{\"privileged\":null,\"user\":\"app\"}", "{\"privileged\":true,\"user\":\"app\"}",
	 ""}, /* was not known, not approved */
	{"{\"privileged\":false}", "{\"working_directory\":\"/\"}", "privileged unread"},
	{"{\"live_seccomp\":\"filter\"}", "{\"working_directory\":\"/\"}",
	 ""}, /* it does not run now */
	{"{\"live_seccomp\":\"filter\"}", "{\"live_seccomp\":\"unconfined\"}", "live_seccomp high"},
	{"{\"cap_add\":[\"CHOWN\",\"KILL\"]}", "{\"cap_add\":[\"KILL\",\"CHOWN\"]}", ""},
	{"{\"cap_add\":[\"CHOWN\"]}", "{\"cap_add\":[\"CHOWN\",\"KILL\"]}", "cap_add high"},
	{"{\"cap_add\":[\"CHOWN\"]}", "{\"cap_add\":[\"CHOWN\",\"SYS_ADMIN\"]}",
	 "cap_add critical"},
	{"{\"cap_add\":[\"CHOWN\"]}", "{\"cap_add\":[]}", "cap_add low"},
	{"{\"cap_drop\":[\"ALL\"]}", "{\"cap_drop\":[]}", "cap_drop high"},
	{"{\"masked_paths\":[\"/proc/kcore\"]}", "{\"masked_paths\":[]}", "masked_paths high"},
	{"{\"user\":\"1000\"}", "{\"user\":\"root\"}", "user high"},
	{"{\"user\":\"1000\"}", "{\"user\":\"1001\"}", "user medium"},
	{"{\"network\":\"bridge\"}", "{\"network\":\"host\"}", "network high"},
	{"{\"network\":\"bridge\"}", "{\"network\":\"none\"}", "network medium"},
	{"{\"memory_limit\":\"1\"}", "{\"memory_limit\":\"unlimited\"}", "memory_limit low"},
	{"{\"environment\":[\"A\"]}", "{\"environment\":[\"A\",\"LD_PRELOAD\"]}",
	 "environment medium"},
	{"{\"command\":[\"a\",\"b\"]}", "{\"command\":[\"b\",\"a\"]}", "command medium"},
	{"{\"mounts\":[]}", MOUNT("/srv/data", "true", "null"), "mounts /m medium"},
	{"{\"mounts\":[]}", MOUNT("/", "false", "null"), "mounts /m critical"},
	{"{\"mounts\":[]}", MOUNT("/run/docker.sock", "false", "null"), "mounts /m critical"},
	{"{\"mounts\":[]}", MOUNT("/etc", "true", "null"), "mounts /m high"},
	{MOUNT("/srv/data", "false", "null"), "{\"mounts\":[]}", "mounts /m low"},
	{MOUNT("/srv/data", "false", "null"), MOUNT("/srv/data", "true", "null"),
	 "mounts /m medium"},
	{MOUNT("/srv/data", "true", "null"), MOUNT("/srv/data", "true", "\"shared\""),
	 "mounts /m medium"},
	{MOUNT("/srv/data", "true", "null"), MOUNT("/srv/data", "true", "null"), ""},
	{"{\"unheard_of\":1,\"user\":\"5\"}", "{\"user\":\"5\"}", ""},
};

static void each_deviation_is_found_with_its_severity(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(buf_clear) struct buf log = BUF_INIT(4096);
		struct sl_settings *approved = kit_settings(cases[i].approved);
		struct sl_settings *now = kit_settings(cases[i].now);

		assert_int_equal(buf_append(&log, "", 0), 0);
		assert_int_equal(deviation_find(approved, now, log_deviation, &log, NULL), 0);
		if (strcmp(log.data, cases[i].found) != 0)
			fail_msg("%s -> %s: %s", cases[i].approved, cases[i].now, log.data);
		sl_settings_free(approved);
		sl_settings_free(now);
	}
}

static int log_sentence(void *payload, const struct deviation *d, struct sl_error *err)
{
	(void)err;
	return buf_printf(payload, "%s|%s|%s", d->sentence, d->expected, d->found);
}

static void a_sentence_says_what_came_and_what_went(void **state)
{
	CLEANUP(buf_clear) struct buf log = BUF_INIT(4096);
	struct sl_settings *approved = kit_settings("{\"cap_add\":[\"A\",\"B\"]}");
	struct sl_settings *now =
		kit_settings("{\"cap_add\":[\"B\",\"C\\u001b\",\"D\",\"E\",\"F\",\"G\",\"H\"]}");

	(void)state;
	assert_int_equal(deviation_find(approved, now, log_sentence, &log, NULL), 0);
	assert_string_equal(log.data,
			    "cap_add; new: C\\x1b, D, E, F, G and 1 more; gone: A|[\"A\",\"B\"]|"
			    "[\"B\",\"C\\u001b\",\"D\",\"E\",\"F\",\"G\",\"H\"]");
	sl_settings_free(approved);
	sl_settings_free(now);
}

/* ---- profiles and whose they are ---- */

static void a_profile_comes_back_as_it_was(void **state)
{
	static const char text[] =
		"{\"user\":\"0\",\"privileged\":true,\"cap_add\":[\"A\"],\"command\":[\"b\",\"a\"],"
		"\"mounts\":[{\"path\":\"/m\",\"type\":\"bind\",\"source\":\"/s\",\"rw\":true,"
		"\"propagation\":null}]}";
	struct sl_settings *s = kit_settings(text), *again;
	AUTO_FREE char *first = NULL;
	AUTO_FREE char *second = NULL;

	(void)state;
	assert_int_equal(approval_profile(&first, s, NULL), 0);
	again = kit_settings(first);
	assert_int_equal(approval_profile(&second, again, NULL), 0);
	assert_string_equal(first, second);
	assert_non_null(strstr(first, "\"command\":[\"b\",\"a\"]"));
	sl_settings_free(s);
	sl_settings_free(again);
}

static void settings_of_which_none_is_known_make_no_profile(void **state)
{
	struct sl_settings *s = NULL;
	char *profile = NULL;

	(void)state;
	assert_int_equal(sl_settings_new(&s, NULL), 0);
	assert_int_equal(approval_profile(&profile, s, NULL), -SL_ENOTFOUND);
	assert_null(profile);
	sl_settings_free(s);
}

static void a_profile_of_other_types_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"[]",
		"{\"user\":1}",
		"{\"privileged\":\"yes\"}",
		"{\"cap_add\":\"A\"}",
		"{\"cap_add\":[1]}",
		"{\"mounts\":[{\"path\":\"/m\"}]}",
		"{\"user\":\"0\"",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct sl_settings *s = NULL;

		if (approval_settings(&s, texts[i], NULL) >= 0)
			fail_msg("taken: %s", texts[i]);
	}
}

static const struct {
	const char *pod, *key;
} owners[] = {
	{"web-7d4b9c6f5d-x7k2p", "shop/web/nginx"}, /* Deployment */
	{"agent-x7k2p", "shop/agent/nginx"},        /* DaemonSet, Job */
	{"db-0", "shop/db/nginx"},                  /* StatefulSet */
	{"db-12", "shop/db/nginx"},
	{"web", "shop/web/nginx"},
	{"my-tool", "shop/my-tool/nginx"}, /* vowels: nobody drew that */
	{"web-7d4b9c6f5d", "shop/web-7d4b9c6f5d/nginx"},
	{"x7k2p", "shop/x7k2p/nginx"},
	{"-x7k2p", "shop/-x7k2p/nginx"},
};

static void pods_of_one_owner_share_a_key(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(owners); i++) {
		struct sl_pod pod = {.ns = (char *)(uintptr_t) "shop",
				     .name = (char *)(uintptr_t)owners[i].pod,
				     .container = (char *)(uintptr_t) "nginx"};
		struct sl_container c = {.engine = (char *)(uintptr_t) "containerd", .pod = &pod};
		AUTO_FREE char *key = NULL;

		assert_int_equal(approval_key(&key, APPROVAL_POD, &c, NULL), 0);
		assert_string_equal(key, owners[i].key);
	}
}

static void other_keys_name_engine_and_container_or_image(void **state)
{
	struct sl_container c = {.engine = (char *)(uintptr_t) "containerd",
				 .ns = (char *)(uintptr_t) "default",
				 .name = (char *)(uintptr_t) "web",
				 .image_ref = (char *)(uintptr_t) "nginx:1"};
	AUTO_FREE char *name = NULL;
	AUTO_FREE char *image = NULL;
	char *pod = NULL;

	(void)state;
	assert_int_equal(approval_key(&name, APPROVAL_NAME, &c, NULL), 0);
	assert_string_equal(name, "containerd:default/web");
	assert_int_equal(approval_key(&image, APPROVAL_IMAGE, &c, NULL), 0);
	assert_string_equal(image, "nginx:1");
	assert_int_equal(approval_key(&pod, APPROVAL_POD, &c, NULL), -SL_ENOTFOUND);
	c.image_ref = NULL;
	assert_int_equal(approval_key(&pod, APPROVAL_IMAGE, &c, NULL), -SL_ENOTFOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_risk_is_named_with_its_severity),
		cmocka_unit_test(apparmor_is_missed_where_the_machine_has_it),
		cmocka_unit_test(root_of_a_shifted_container_is_not_the_machines),
		cmocka_unit_test(each_deviation_is_found_with_its_severity),
		cmocka_unit_test(a_sentence_says_what_came_and_what_went),
		cmocka_unit_test(a_profile_comes_back_as_it_was),
		cmocka_unit_test(settings_of_which_none_is_known_make_no_profile),
		cmocka_unit_test(a_profile_of_other_types_is_refused),
		cmocka_unit_test(pods_of_one_owner_share_a_key),
		cmocka_unit_test(other_keys_name_engine_and_container_or_image),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
