/* SPDX-License-Identifier: Apache-2.0 */
/* What each engine's record becomes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "host/settings_read.h"
#include "unit/fake_cstore.h"
#include "unit/fake_ctrd.h"
#include "unit/fake_docker.h"
#include "unit/settings_kit.h"

#define STOPPED "\"StartedAt\":\"2026-01-01T00:00:00Z\""

/* A container of a fake root with its settings. */
static struct sl_container *load(const char *root, const char *word)
{
	struct host_options options = {.root = root};
	struct sl_error err = SL_ERROR_INIT;
	struct sl_container *c = NULL;
	struct host *h = NULL;

	if (host_open(&h, &options, &err) < 0 || host_find_container(h, word, &c, &err) < 0 ||
	    host_container_settings(h, c, &err) < 0)
		fail_msg("%s: %s", word, sl_error_text(&err));
	host_close(h);
	return c;
}

static void assert_says(const struct sl_settings *s, const char *const *parts, size_t count)
{
	AUTO_FREE char *json = kit_json(s);

	for (size_t i = 0; i < count; i++)
		if (strstr(json, parts[i]) == NULL)
			fail_msg("no %s in %s", parts[i], json);
}
#define ASSERT_SAYS(s, parts) assert_says(s, parts, ARRAY_SIZE(parts))

#define NAMELESS "4444444444444444444444444444444444444444444444444444444444444444"

static const char docker_config[] =
	",\"Path\":\"/entry\",\"Args\":[\"-x\",\"y z\"],\"NoNewPrivileges\":false,"
	"\"AppArmorProfile\":\"docker-default\",\"SeccompProfile\":\"\","
	"\"ProcessLabel\":\"system_u:system_r:container_t:s0:c12,c98\","
	"\"MountPoints\":{\"/data\":{\"Source\":\"\",\"Destination\":\"/data\",\"RW\":true,"
	"\"Name\":\"" NAMELESS "\",\"Driver\":\"local\",\"Type\":\"volume\",\"Propagation\":\"\"},"
	"\"/etc/app\":{\"Source\":\"/srv/app\",\"Destination\":\"/etc/app\",\"RW\":false,"
	"\"Type\":\"bind\",\"Propagation\":\"rprivate\"}}";

static const char docker_hostconfig[] =
	"{\"Binds\":[\"/srv/app:/etc/app:ro\",\"/:/host\"],\"Privileged\":false,"
	"\"CapAdd\":[\"CAP_SYS_ADMIN\",\"net_admin\"],\"CapDrop\":null,\"PidMode\":\"host\","
	"\"NetworkMode\":\"bridge\",\"IpcMode\":\"private\",\"UTSMode\":\"\",\"UsernsMode\":\"\","
	"\"CgroupnsMode\":\"private\",\"ReadonlyRootfs\":false,\"Tmpfs\":{\"/run\":\"ro,size=1m\"},"
	"\"Devices\":[{\"PathOnHost\":\"/dev/sda\",\"PathInContainer\":\"/dev/x\","
	"\"CgroupPermissions\":\"rwm\"}],\"DeviceCgroupRules\":[\"c 13:* rwm\"],"
	"\"Memory\":268435456,\"PidsLimit\":null,\"NanoCpus\":1500000000,\"CpuQuota\":0,"
	"\"CpuPeriod\":0,\"PortBindings\":{\"80/tcp\":[{\"HostIp\":\"\",\"HostPort\":\"8080\"}]},"
	"\"RestartPolicy\":{\"Name\":\"on-failure\",\"MaximumRetryCount\":3},"
	"\"Sysctls\":{\"net.core.somaxconn\":\"99\"},\"MaskedPaths\":[\"/proc/kcore\"],"
	"\"ReadonlyPaths\":[\"/proc/sys\"]}";

static void a_docker_container_is_what_its_two_documents_say(void **state)
{
	static const char *const parts[] = {
		"\"user\":null",
		"\"privileged\":false",
		"\"capabilities\":null",
		"\"cap_add\":[\"NET_ADMIN\",\"SYS_ADMIN\"],\"cap_drop\":[]",
		"\"no_new_privileges\":false,\"seccomp\":\"default\"",
		"\"apparmor\":\"docker-default\",\"selinux\":\"system_u:system_r:container_t:s0\"",
		"\"pid_namespace\":\"host\",\"network\":\"bridge\",\"ipc_namespace\":\"private\"",
		"\"uts_namespace\":\"private\",\"user_namespace\":\"unasked\"",
		"\"mounts\":[{\"path\":\"/data\",\"type\":\"volume\",\"source\":\"" NAMELESS
		"\",\"rw\":true,\"propagation\":null},{\"path\":\"/etc/app\",\"type\":\"bind\","
		"\"source\":\"/srv/app\",\"rw\":false,\"propagation\":\"rprivate\"},"
		"{\"path\":\"/host\",\"type\":\"bind\",\"source\":\"/\",\"rw\":true,"
		"\"propagation\":null},{\"path\":\"/run\",\"type\":\"tmpfs\",\"source\":null,"
		"\"rw\":false,\"propagation\":null}]",
		"\"devices\":[\"/dev/sda:/dev/x:rwm\"],\"device_rules\":[\"c 13:* rwm\"]",
		"\"masked_paths\":[\"/proc/kcore\"],\"read_only_paths\":[\"/proc/sys\"]",
		"\"read_only_root\":false",
		"\"memory_limit\":\"268435456\",\"pids_limit\":\"unlimited\",\"cpu_limit\":\"1."
		"500\"",
		"\"ports\":[\":8080:80/tcp\"]",
		"\"command\":[\"/entry\",\"-x\",\"y z\"],\"working_directory\":\"/srv\"",
		"\"restart_policy\":\"on-failure:3\",\"sysctls\":[\"net.core.somaxconn=99\"]",
		"\"live_capabilities\":null",
	};
	char *root = fake_root();
	struct fake_image image;
	struct sl_container *c;
	char id[65];

	(void)state;
	fake_docker_image(root, "web:1", &image);
	fake_docker_container(root, &image, '7', "web", STOPPED, docker_config);
	fake_file(root, docker_hostconfig, DR "/containers/%s/hostconfig.json", fake_id(id, '7'));
	c = load(root, "web");
	ASSERT_SAYS(c->settings, parts);
	assert_null(c->settings->gap);
	/* a volume without a name is the same volume in the next container */
	assert_string_equal(c->settings->mounts[0].likeness, "<nameless>");
	sl_container_free(c);
	fake_root_remove(root);
}

static void without_one_docker_document_its_half_is_unknown(void **state)
{
	static const char *const parts[] = {"\"privileged\":null",   "\"cap_add\":null",
					    "\"seccomp\":null",      "\"mounts\":null",
					    "\"memory_limit\":null", "\"command\":[\"/entry\""};
	char *root = fake_root();
	struct fake_image image;
	struct sl_container *c;
	char id[65];

	(void)state;
	fake_docker_image(root, "web:1", &image);
	fake_docker_container(root, &image, '7', "web", STOPPED, docker_config);
	fake_file(root, "{torn", DR "/containers/%s/hostconfig.json", fake_id(id, '7'));
	c = load(root, "web");
	ASSERT_SAYS(c->settings, parts);
	assert_non_null(strstr(c->settings->gap, "hostconfig.json"));
	sl_container_free(c);
	fake_root_remove(root);
}

static const char spec[] =
	"{\"process\":{\"user\":{\"uid\":1000,\"gid\":50},\"args\":[\"nginx\",\"-g\"],"
	"\"env\":[\"PATH=/bin\",\"TOKEN=hunter2\"],\"cwd\":\"/\",\"capabilities\":{\"bounding\":"
	"[\"CAP_CHOWN\",\"CAP_SYS_PTRACE\"],\"effective\":[\"CAP_KILL\"]},\"noNewPrivileges\":true,"
	"\"apparmorProfile\":\"cri-containerd.apparmor.d\"},\"root\":{\"path\":\"rootfs\","
	"\"readonly\":true},\"mounts\":[{\"destination\":\"/proc\",\"type\":\"proc\"},"
	"{\"destination\":\"/etc/hosts\",\"type\":\"bind\",\"source\":"
	"\"/var/lib/kubelet/pods/0a1b2c3d-1111-2222-3333-444455556666/etc-hosts\","
	"\"options\":[\"rbind\",\"rprivate\",\"rw\"]},{\"destination\":\"/sys\",\"type\":\"sysfs\","
	"\"source\":\"/sys\",\"options\":[\"rbind\",\"ro\",\"rshared\"]}],"
	"\"linux\":{\"resources\":{\"devices\":[{\"allow\":false,\"access\":\"rwm\"},{\"allow\":"
	"true,"
	"\"type\":\"c\",\"major\":1,\"minor\":3,\"access\":\"rw\"}],\"memory\":{\"limit\":1048576},"
	"\"pids\":{\"limit\":0},\"cpu\":{\"quota\":50000,\"period\":100000}},\"namespaces\":"
	"[{\"type\":\"pid\"},{\"type\":\"ipc\",\"path\":\"/proc/1/ns/ipc\"},{\"type\":\"mount\"}],"
	"\"devices\":[{\"path\":\"/dev/fuse\",\"type\":\"c\",\"major\":10,\"minor\":229}],"
	"\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[]},"
	"\"maskedPaths\":[\"/proc/kcore\"],\"sysctl\":{\"net.ipv4.ip_forward\":\"1\"}}}";

static const char *const spec_says[] = {
	"\"user\":\"1000:50\",\"privileged\":false,\"capabilities\":[\"CHOWN\",\"SYS_PTRACE\"],"
	"\"cap_add\":null",
	"\"no_new_privileges\":true,\"seccomp\":\"filter, else SCMP_ACT_ERRNO\"",
	"\"apparmor\":\"cri-containerd.apparmor.d\",\"selinux\":\"none\"",
	"\"pid_namespace\":\"private\",\"network\":\"host\",\"ipc_namespace\":\"joined\"",
	"\"uts_namespace\":\"host\",\"user_namespace\":\"host\",\"cgroup_namespace\":\"host\"",
	"{\"path\":\"/sys\",\"type\":\"bind\",\"source\":\"/sys\",\"rw\":false,"
	"\"propagation\":\"rshared\"}]",
	"\"devices\":[\"c 10:229 /dev/fuse\"]",
	"\"device_rules\":[\"allow c 1:3 rw\",\"deny a *:* rwm\"]",
	"\"masked_paths\":[\"/proc/kcore\"],\"read_only_paths\":[],\"read_only_root\":true",
	"\"memory_limit\":\"1048576\",\"pids_limit\":\"unlimited\",\"cpu_limit\":\"0.500\"",
	"\"ports\":null,\"environment\":[\"PATH\",\"TOKEN\"],\"command\":[\"nginx\",\"-g\"]",
	"\"working_directory\":\"/\",\"restart_policy\":",
	"\"sysctls\":[\"net.ipv4.ip_forward=1\"]",
};

static void assert_restart(const struct sl_settings *s, const char *want)
{
	const char *got = sl_settings_get(s, SL_SETTING_RESTART);

	if ((got == NULL) != (want == NULL) || (got != NULL && strcmp(got, want) != 0))
		fail_msg("restarts: %s", got != NULL ? got : "unknown");
}

static void a_containerd_container_is_what_its_specification_says(void **state)
{
	struct fake_ctrd f;
	struct fake_ctrd_image image;
	struct sl_container *c;
	AUTO_FREE char *json = NULL;

	(void)state;
	fake_ctrd_start(&f);
	fake_ctrd_image(&f, "default", 1, &image);
	fake_ctrd_container(&f, "default", "web", &image, spec);
	fake_ctrd_finish(&f);
	c = load(f.root, "web");
	ASSERT_SAYS(c->settings, spec_says);
	/* no label asks the restart monitor to look after it */
	assert_restart(c->settings, "no");
	json = kit_json(c->settings);
	if (strstr(json, "hunter2") != NULL)
		fail_msg("the value of a variable was kept");
	sl_container_free(c);
	fake_root_remove(f.root);
}

static void a_container_of_podman_is_what_its_config_json_says(void **state)
{
	struct fake_cstore f;
	struct sl_container *c;
	char id[65];

	(void)state;
	fake_cstore_begin(&f, fake_root(), "localhost/web:1");
	fake_cstore_container(
		&f, '7',
		",\"names\":[\"web\"],\"metadata\":\"{\\\"image-name\\\":\\\"web:1\\\"}\"");
	fake_cstore_container(
		&f, '8',
		",\"names\":[\"made\"],\"metadata\":\"{\\\"image-name\\\":\\\"web:1\\\"}\"");
	fake_cstore_write(&f);
	fake_file(f.root, spec, GR "/overlay-containers/%s/userdata/config.json",
		  fake_cid(id, '7'));
	c = load(f.root, "web");
	ASSERT_SAYS(c->settings, spec_says);
	/* only Podman's database has it */
	assert_restart(c->settings, NULL);
	sl_container_free(c);
	/* never started: nothing is known, and nothing went unread */
	c = load(f.root, "made");
	assert_null(c->settings->gap);
	for (int i = 0; i < SL_SETTINGS; i++)
		assert_false(c->settings->values[i].is_known);
	sl_container_free(c);
	fake_root_remove(f.root);
	fake_cstore_clear(&f);
}

static struct sl_settings *from_oci(const char *text, int want, struct sl_error *err)
{
	struct sl_settings *s = NULL;
	struct sl_container c = {.id = (char *)(uintptr_t) "web"};
	struct jval *doc = NULL;

	assert_int_equal(jval_parse(&doc, text, strlen(text), NULL), 0);
	assert_int_equal(sl_settings_new(&s, NULL), 0);
	assert_int_equal(settings_oci(s, &c, doc, err), want);
	sl_settings_settle(s);
	jval_free(doc);
	return s;
}

static const struct {
	const char *what, *os, *word;
} profiles[] = {
	{"no filter", "{}", "unconfined"},
	{"a filter that lets everything pass",
	 "{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\"}}", "filter, else SCMP_ACT_ALLOW"},
	{"one that is none", "{\"seccomp\":true}", "unconfined"},
	{"one without an action", "{\"seccomp\":{}}", "filter, else ?"},
};

static void a_seccomp_profile_is_called_by_what_it_does_else(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(profiles); i++) {
		AUTO_FREE char *text = NULL;
		struct sl_settings *s;

		assert_true(asprintf(&text, "{\"process\":{},\"linux\":%s}", profiles[i].os) >= 0);
		s = from_oci(text, 0, NULL);
		if (!sl_settings_is(s, SL_SETTING_SECCOMP, profiles[i].word))
			fail_msg("%s: %s", profiles[i].what,
				 sl_settings_get(s, SL_SETTING_SECCOMP));
		sl_settings_free(s);
	}
}

static void everything_allowed_and_every_capability_is_privileged(void **state)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(65536);
	struct sl_settings *s;

	(void)state;
	for (int all = 0; all < 2; all++) {
		static const char *const caps =
			"CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID "
			"SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW "
			"IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT "
			"SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD "
			"LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG "
			"WAKE_ALARM BLOCK_SUSPEND AUDIT_READ";
		const char *p = caps;

		buf_reset(&text);
		(void)buf_append_str(&text, "{\"process\":{\"capabilities\":{\"bounding\":[");
		while (*p != '\0') {
			size_t n = strcspn(p, " ");

			(void)buf_printf(&text, "%s\"CAP_%.*s\"", p == caps ? "" : ",", (int)n, p);
			p += n + (p[n] == ' ');
		}
		(void)buf_printf(&text,
				 "]}},\"linux\":{\"resources\":{\"devices\":[{\"allow\":%s,"
				 "\"access\":\"rwm\"}]}}}",
				 all ? "true" : "false");
		assert_int_equal(text.status, 0);
		s = from_oci(text.data, 0, NULL);
		assert_true(sl_settings_is(s, SL_SETTING_PRIVILEGED, all ? "true" : "false"));
		sl_settings_free(s);
	}
}

static void more_values_than_the_bound_fail_the_document(void **state)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT((size_t)1 << 20);
	struct sl_error err = SL_ERROR_INIT;

	(void)state;
	(void)buf_append_str(&text, "{\"linux\":{},\"process\":{\"args\":[\"a\"");
	for (int i = 0; i < SL_SETTING_VALUES_MAX; i++)
		(void)buf_append_str(&text, ",\"b\"");
	(void)buf_append_str(&text, "]}}");
	sl_settings_free(from_oci(text.data, -SL_ELIMIT, &err));
	assert_non_null(strstr(sl_error_text(&err), "command: more than 4096 values"));
	sl_error_clear(&err);
}

static void what_is_no_specification_is_refused(void **state)
{
	static const char *const texts[] = {"{}", "{\"process\":{}}", "{\"linux\":{}}", "[]",
					    "{\"process\":[],\"linux\":{}}"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		sl_settings_free(from_oci(texts[i], -SL_EFORMAT, NULL));
}

static void what_is_drawn_for_each_container_is_no_difference(void **state)
{
	static const struct {
		const char *source, *likeness;
	} rows[] = {
		{"/var/lib/kubelet/pods/0a1b2c3d-1111-2222-3333-444455556666/etc-hosts",
		 "/var/lib/kubelet/pods/<pod>/etc-hosts"},
		{"/var/lib/kubelet/pods/0a1b2c3d-1111-2222-3333-444455556666/volumes/"
		 "kubernetes.io~projected/kube-api-access-x7k2p",
		 "/var/lib/kubelet/pods/<pod>/volumes/kubernetes.io~projected/kube-api-access-"},
		{"/var/lib/kubelet/pods/0a1b2c3d-1111-2222-3333-444455556666/containers/web/"
		 "1a2b3c4d",
		 "/var/lib/kubelet/pods/<pod>/containers/web/"},
		{"/run/x/7777777777777777777777777777777777777777777777777777777777777777/hosts",
		 "/run/x/<id>/hosts"},
		{"/run/x/8888888888888888888888888888888888888888888888888888888888888888/hosts",
		 "/run/x/8888888888888888888888888888888888888888888888888888888888888888/hosts"},
		{"/srv/containers/web/1a2b3c4d", "/srv/containers/web/1a2b3c4d"},
	};
	struct sl_pod pod = {.uid = (char *)(uintptr_t) "0a1b2c3d-1111-2222-3333-444455556666"};
	char id[65];
	struct sl_container c = {.id = (char *)(uintptr_t)fake_id(id, '7'), .pod = &pod};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sl_settings *s = NULL;

		assert_int_equal(sl_settings_new(&s, NULL), 0);
		assert_int_equal(
			settings_mount(s, &c, "/m", "bind", rows[i].source, NULL, true, NULL), 0);
		assert_string_equal(s->mounts[0].likeness, rows[i].likeness);
		assert_string_equal(s->mounts[0].source, rows[i].source);
		sl_settings_free(s);
	}
}

static void the_kernel_says_what_a_process_may(void **state)
{
	static const char status[] =
		"Name:\tCapBnd:\nSeccomp_filters:\t1\nCapBnd:\t0000000000200001\n"
		"NoNewPrivs:\t1\nSeccomp:\t2\n";
	static const char *const parts[] = {
		"\"live_capabilities\":[\"CHOWN\",\"SYS_ADMIN\"],\"live_no_new_privileges\":true,"
		"\"live_seccomp\":\"filter\""};
	struct sl_settings *s = NULL;

	(void)state;
	assert_int_equal(sl_settings_new(&s, NULL), 0);
	assert_int_equal(settings_status(s, status, strlen(status), NULL), 0);
	sl_settings_settle(s);
	ASSERT_SAYS(s, parts);
	sl_settings_free(s);
}

static const struct {
	const char *what, *text, *value;
	enum sl_setting setting;
} limits[] = {
	{"version 2's word", "max\n", "unlimited", SL_SETTING_LIVE_MEMORY_LIMIT},
	{"version 1's number", "9223372036854771712\n", "unlimited", SL_SETTING_LIVE_MEMORY_LIMIT},
	{"a number", "1048576\n", "1048576", SL_SETTING_LIVE_MEMORY_LIMIT},
	{"zero is a limit", "0\n", "0", SL_SETTING_LIVE_PIDS_LIMIT},
	{"no number", "many\n", NULL, SL_SETTING_LIVE_PIDS_LIMIT},
	{"nothing", "", NULL, SL_SETTING_LIVE_PIDS_LIMIT},
	{"half a processor", "50000 100000\n", "0.500", SL_SETTING_LIVE_CPU_LIMIT},
	{"all processors", "max 100000\n", "unlimited", SL_SETTING_LIVE_CPU_LIMIT},
	{"version 1's", "-1 100000\n", "unlimited", SL_SETTING_LIVE_CPU_LIMIT},
	{"no period", "50000\n", NULL, SL_SETTING_LIVE_CPU_LIMIT},
	{"a period of none", "50000 0\n", "unlimited", SL_SETTING_LIVE_CPU_LIMIT},
};

static void limits_are_read_of_both_versions(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		struct sl_settings *s = NULL;
		const char *got;

		assert_int_equal(sl_settings_new(&s, NULL), 0);
		assert_int_equal(settings_limit(s, limits[i].setting, limits[i].text,
						strlen(limits[i].text), NULL),
				 0);
		got = sl_settings_get(s, limits[i].setting);
		if ((got == NULL) != (limits[i].value == NULL) ||
		    (got != NULL && strcmp(got, limits[i].value) != 0))
			fail_msg("%s: %s", limits[i].what, got != NULL ? got : "unknown");
		sl_settings_free(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_docker_container_is_what_its_two_documents_say),
		cmocka_unit_test(without_one_docker_document_its_half_is_unknown),
		cmocka_unit_test(a_containerd_container_is_what_its_specification_says),
		cmocka_unit_test(a_container_of_podman_is_what_its_config_json_says),
		cmocka_unit_test(a_seccomp_profile_is_called_by_what_it_does_else),
		cmocka_unit_test(everything_allowed_and_every_capability_is_privileged),
		cmocka_unit_test(more_values_than_the_bound_fail_the_document),
		cmocka_unit_test(what_is_no_specification_is_refused),
		cmocka_unit_test(what_is_drawn_for_each_container_is_no_difference),
		cmocka_unit_test(the_kernel_says_what_a_process_may),
		cmocka_unit_test(limits_are_read_of_both_versions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
