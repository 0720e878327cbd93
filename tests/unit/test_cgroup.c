/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "host/cgroup.h"

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define UID "12345678-1234-1234-1234-123456789abc"
#define UID_SLICE "12345678_1234_1234_1234_123456789abc"

static const struct row {
	const char *what, *text;
	const char *id;     /* "" none; "?..." a guess */
	const char *engine; /* "" nothing tells */
	const char *pod_uid;
} rows[] = {
	{"docker, systemd", "0::/system.slice/docker-" A ".scope\n", A, "docker", ""},
	{"docker, cgroupfs", "0::/docker/" A "\n", A, "docker", ""},
	{"docker, rootless",
	 "0::/user.slice/user-1000.slice/user@1000.service/user.slice/docker-" A ".scope\n", A,
	 "docker", ""},
	{"systemd's way where systemd is not asked", "0::/system.slice:docker:" A "\n", A, "docker",
	 ""},
	{"systemd runs in the container", "0::/docker/" A "/system.slice/nginx.service\n", A,
	 "docker", ""},
	{"containerd in a pod, systemd",
	 "0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_SLICE
	 ".slice/cri-containerd-" A ".scope\n",
	 A, "containerd", UID},
	{"a pod with all resources guaranteed",
	 "0::/kubepods.slice/kubepods-pod" UID_SLICE ".slice/cri-containerd-" A ".scope\n", A,
	 "containerd", UID},
	{"in a pod, cgroupfs", "0::/kubepods/besteffort/pod" UID "/" A "\n", A, "", UID},
	{"a static pod",
	 "0::/kubepods/pod"
	 "0123456789abcdef0123456789abcdef"
	 "/" A "\n",
	 A, "", "0123456789abcdef0123456789abcdef"},
	{"kind: a node in docker, a pod in the node",
	 "0::/docker/" B "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod" UID_SLICE
	 ".slice/cri-containerd-" A ".scope\n",
	 A, "containerd", UID},
	{"docker in docker", "0::/docker/" B "/docker/" A "\n", A, "docker", ""},
	{"docker in a pod", "0::/kubepods/pod" UID "/" B "/docker/" A "\n", A, "docker", UID},
	{"cri-o", "0::/kubepods.slice/kubepods-pod" UID_SLICE ".slice/crio-" A ".scope/container\n",
	 A, "cri-o", UID},
	{"cri-o's monitor", "0::/kubepods.slice/crio-conmon-" A ".scope\n", "", "", ""},
	{"podman", "0::/machine.slice/libpod-" A ".scope/container\n", A, "podman", ""},
	{"podman, cgroupfs", "0::/libpod_parent/libpod-" A "\n", A, "podman", ""},
	{"podman in a unit", "0::/system.slice/web.service/libpod-payload-" A "\n", A, "podman",
	 ""},
	{"podman's monitor", "0::/machine.slice/libpod-conmon-" A ".scope\n", "", "", ""},
	{"nerdctl", "0::/system.slice/nerdctl-" A ".scope\n", A, "containerd", ""},
	{"ctr", "0::/default/c1\n", "?default/c1", "", ""},
	{"runc, systemd", "0::/system.slice/runc-web.scope\n", "web", "other", ""},
	{"runc, cgroupfs", "0::/web\n", "", "", ""},
	{"a service", "0::/system.slice/nginx.service\n", "", "", ""},
	{"a log-in", "0::/user.slice/user-0.slice/session-1.scope\n", "", "", ""},
	{"from inside of a cgroup namespace", "0::/\n", "", "", ""},
	{"from beside of it", "0::/../../other\n", "", "", ""},
	{"too short an id", "0::/docker/aaaaaaaaaaaa\n", "?docker/aaaaaaaaaaaa", "", ""},
	{"no digits of an id",
	 "0::/system.slice/docker-"
	 "AAAA"
	 ".scope\n",
	 "", "", ""},
	{"version 1: systemd's hierarchy knows most",
	 "12:pids:/docker/" B "\n9:name=systemd:/docker/" B "/docker/" A "\n0::/\n", A, "docker",
	 ""},
	{"version 1: only one hierarchy is used",
	 "12:freezer:/docker/" A "\n9:name=systemd:/init.scope\n0::/\n", A, "docker", ""},
	{"hybrid: a name beats a deeper guess",
	 "9:name=systemd:/a/b\n0::/system.slice/docker-" A ".scope\n", A, "docker", ""},
	{"colons in a path", "0::/a:b:c/docker-" A ".scope\n", A, "docker", ""},
	{"nothing", "", "", "", ""},
};

static void the_innermost_container_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];
		AUTO_FREE char *id = NULL;
		struct cgroup c;

		if (cgroup_parse(&c, r->text, strlen(r->text), NULL) < 0)
			fail_msg("%s: refused", r->what);
		assert_true(asprintf(&id, "%s%.*s", c.is_guess ? "?" : "", (int)c.id.len,
				     c.id.len > 0 ? c.id.data : "") >= 0);
		if (strcmp(id, r->id) != 0)
			fail_msg("%s: id %s", r->what, id);
		if (strcmp(c.engine != NULL ? c.engine : "", r->engine) != 0)
			fail_msg("%s: engine %s", r->what, c.engine);
		if (strcmp(c.pod_uid, r->pod_uid) != 0)
			fail_msg("%s: pod %s", r->what, c.pod_uid);
		if (c.is_monitor != (strstr(r->what, "monitor") != NULL))
			fail_msg("%s: monitor", r->what);
	}
}

static void both_freezers_are_known(void **state)
{
	static const char text[] = "7:cpu,freezer:/f\n2:name=systemd:/docker/" A "\n0::/u\n";
	struct cgroup c;

	(void)state;
	assert_int_equal(cgroup_parse(&c, text, sizeof(text) - 1, NULL), 0);
	assert_memory_equal(c.freezer.data, "/f\n", 3);
	assert_int_equal(c.freezer.len, 2);
	assert_memory_equal(c.unified.data, "/u\n", 3);
	assert_int_equal(c.path.len, strlen("/docker/" A));
}

static void what_is_no_group_is_refused(void **state)
{
	static const char *const bad[] = {"\n", "0", "0:", "0:a", "0::", "0::relative", "docker\n"};
	struct cgroup c;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (cgroup_parse(&c, bad[i], strlen(bad[i]), NULL) != -SL_EFORMAT)
			fail_msg("taken: %s", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_innermost_container_is_named),
		cmocka_unit_test(both_freezers_are_known),
		cmocka_unit_test(what_is_no_group_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
