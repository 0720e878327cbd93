/* SPDX-License-Identifier: Apache-2.0 */
/* What a store says of a container, and what a /proc of plain files says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "host/live.h"
#include "unit/fake_root.h"

#define ID "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define OTHER "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

#define ZOMBIE "5 (x) Z 1 7 7 0 -1 0 1 2 3 4 5 6 7 8 20 0 1 0 50 4"

static void fake_process(const char *root, int pid, int ns, const char *cgroup)
{
	AUTO_FREE char *text = NULL;
	char link[32];

	assert_true(asprintf(&text, "%d (x) S 1 7 7 0 -1 0 1 2 3 4 5 6 7 8 20 0 1 0 %d 4", pid,
			     pid * 10) >= 0);
	fake_file(root, text, "proc/%d/stat", pid);
	(void)snprintf(link, sizeof(link), "mnt:[%d]", ns);
	fake_link(root, link, "proc/%d/ns/mnt", pid);
	fake_link(root, "net:[77]", "proc/%d/ns/net", pid);
	fake_dir(root, "roots/%d", ns);
	(void)snprintf(link, sizeof(link), "../../roots/%d", ns);
	fake_link(root, link, "proc/%d/root", pid);
	fake_file(root, cgroup, "proc/%d/cgroup", pid);
	fake_file(root, "1 2 0:3 / / rw - ext4 /dev/vda rw\n", "proc/%d/mountinfo", pid);
}

static const struct row {
	const char *what;
	enum sl_container_state state; /* as the store says */
	int64_t pid;
	const char *ns, *id;
	const char *cgroup;      /* of process 5; NULL: there is none */
	const char *file, *text; /* one more file */
	enum sl_container_state settled;
	int64_t settled_pid;
} rows[] = {
	{"the store cannot say, and a group bears its id", SL_STATE_UNKNOWN, 0, NULL, ID,
	 "0::/docker/" ID "\n", NULL, NULL, SL_STATE_RUNNING, 5},
	{"containerd's client names the group after namespace and id", SL_STATE_UNKNOWN, 0,
	 "default", "c1", "0::/default/c1\n", NULL, NULL, SL_STATE_RUNNING, 5},
	{"the same id in another namespace", SL_STATE_UNKNOWN, 0, "default", "c1", "0::/other/c1\n",
	 NULL, NULL, SL_STATE_EXITED, 0},
	{"nothing bears it", SL_STATE_UNKNOWN, 0, NULL, ID, "0::/docker/" OTHER "\n", NULL, NULL,
	 SL_STATE_EXITED, 0},
	{"its monitor is not it", SL_STATE_UNKNOWN, 0, NULL, ID,
	 "0::/machine.slice/libpod-conmon-" ID ".scope\n", NULL, NULL, SL_STATE_EXITED, 0},
	{"an outer container is not it", SL_STATE_UNKNOWN, 0, NULL, ID,
	 "0::/docker/" ID "/docker/" OTHER "\n", NULL, NULL, SL_STATE_EXITED, 0},
	{"running, as the store says", SL_STATE_RUNNING, 5, NULL, ID, "0::/docker/" ID "\n", NULL,
	 NULL, SL_STATE_RUNNING, 5},
	{"it went down with the machine", SL_STATE_RUNNING, 6, NULL, ID, NULL, NULL, NULL,
	 SL_STATE_EXITED, 0},
	{"another process has its number", SL_STATE_RUNNING, 5, NULL, ID, "0::/docker/" OTHER "\n",
	 NULL, NULL, SL_STATE_EXITED, 0},
	{"it runs under another number", SL_STATE_RUNNING, 6, NULL, ID, "0::/docker/" ID "\n", NULL,
	 NULL, SL_STATE_RUNNING, 5},
	{"between two restarts", SL_STATE_RUNNING, 0, NULL, ID, NULL, NULL, NULL, SL_STATE_RUNNING,
	 0},
	{"a group's name does not outweigh a store", SL_STATE_EXITED, 0, NULL, ID,
	 "0::/docker/" ID "\n", NULL, NULL, SL_STATE_EXITED, 0},
	{"created", SL_STATE_CREATED, 0, NULL, ID, NULL, NULL, NULL, SL_STATE_CREATED, 0},
	{"frozen", SL_STATE_UNKNOWN, 0, NULL, ID, "0::/docker/" ID "\n",
	 "sys/fs/cgroup/docker/" ID "/cgroup.events", "populated 1\nfrozen 1\n", SL_STATE_PAUSED,
	 5},
	{"not frozen", SL_STATE_UNKNOWN, 0, NULL, ID, "0::/docker/" ID "\n",
	 "sys/fs/cgroup/docker/" ID "/cgroup.events", "populated 1\nfrozen 0\n", SL_STATE_RUNNING,
	 5},
	{"thawed behind the store's back", SL_STATE_PAUSED, 5, NULL, ID, "0::/docker/" ID "\n",
	 "sys/fs/cgroup/docker/" ID "/cgroup.events", "frozen 0\n", SL_STATE_RUNNING, 5},
	{"paused, and the kernel cannot be asked", SL_STATE_PAUSED, 5, NULL, ID,
	 "0::/docker/" ID "\n", NULL, NULL, SL_STATE_PAUSED, 5},
	{"frozen the old way", SL_STATE_UNKNOWN, 0, NULL, ID,
	 "7:freezer:/docker/" ID "\n2:name=systemd:/docker/" ID "\n",
	 "sys/fs/cgroup/freezer/docker/" ID "/freezer.state", "FROZEN\n", SL_STATE_PAUSED, 5},
	{"a path that climbs is not followed", SL_STATE_UNKNOWN, 0, NULL, ID,
	 "0::/../docker/" ID "\n", "sys/fs/docker/" ID "/cgroup.events", "frozen 1\n",
	 SL_STATE_RUNNING, 5},
	{"it was killed, and nobody has waited for it", SL_STATE_RUNNING, 5, NULL, ID,
	 "0::/docker/" ID "\n", "proc/5/stat", ZOMBIE, SL_STATE_EXITED, 0},
	{"the same, and the store cannot say", SL_STATE_UNKNOWN, 0, NULL, ID, "0::/docker/" ID "\n",
	 "proc/5/stat", ZOMBIE, SL_STATE_EXITED, 0},
	{"only an inner namespace's processes are here", SL_STATE_UNKNOWN, 0, NULL, ID, NULL,
	 "proc/1/ns/.", NULL, SL_STATE_UNKNOWN, 0},
	{"and a process that is not among them may run elsewhere", SL_STATE_RUNNING, 6, NULL, ID,
	 NULL, "proc/1/ns/.", NULL, SL_STATE_UNKNOWN, 0},
};

static void settle(const struct row *r, struct sl_container *c)
{
	char *root = fake_root();
	struct host h = {.place = {.root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC)}};

	fake_process(root, 1, 100, "0::/init.scope\n");
	fake_link(root, r->file != NULL && r->text == NULL ? "pid:[5]" : "pid:[4026531836]",
		  "proc/1/ns/pid");
	if (r->cgroup != NULL)
		fake_process(root, 5, 200, r->cgroup);
	if (r->text != NULL)
		fake_file(root, r->text, "%s", r->file);
	h.place.proc_fd = openat(h.place.root_fd, "proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	c->state = r->state;
	c->pid = r->pid;
	c->id = strdup(r->id);
	c->ns = r->ns != NULL ? strdup(r->ns) : NULL;
	assert_int_equal(live_settle(&h, c, NULL), 0);
	live_close(h.live);
	close(h.place.proc_fd);
	close(h.place.root_fd);
	fake_root_remove(root);
}

static void a_state_is_what_the_kernel_bears_out(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];
		struct sl_container *c = NULL;

		assert_int_equal(sl_container_new(&c, NULL), 0);
		settle(r, c);
		if (c->state != r->settled || c->pid != r->settled_pid)
			fail_msg("%s: %s, process %d", r->what, sl_state_name(c->state),
				 (int)c->pid);
		if (c->has_pid_start != (c->pid > 0) ||
		    (c->pid > 0 && (c->pid_start != (uint64_t)c->pid * 10 ||
				    c->namespaces.net != 77 || c->namespaces.ipc != 0)))
			fail_msg("%s: start %d", r->what, (int)c->pid_start);
		sl_container_free(c);
	}
}

static void without_proc_the_store_is_believed(void **state)
{
	struct host h = {.place = {.root_fd = -1, .proc_fd = -1}};
	struct sl_container c = {.state = SL_STATE_RUNNING, .pid = 5};

	(void)state;
	assert_int_equal(live_settle(&h, &c, NULL), 0);
	assert_int_equal(c.state, SL_STATE_RUNNING);
	assert_int_equal(c.pid, 0);
	assert_null(h.live);
}

static int keep(void *payload, const struct sl_gap *gap)
{
	return buf_printf(payload, "%s: %s\n", gap->what.data, gap->why);
}

static void hidden_processes_are_one_gap(void **state)
{
	char *root = fake_root();
	CLEANUP(buf_clear) struct buf log = BUF_INIT(1000);
	struct host h = {.place = {.root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC)}};

	(void)state;
	fake_process(root, 5, 200, "0::/\n");
	h.place.proc_fd = openat(h.place.root_fd, "proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(live_look(&h, keep, &log, NULL), 0);
	assert_string_equal(log.data,
			    "/proc: processes of other users are hidden (hidepid): run as "
			    "root: Permission denied\n");
	live_close(h.live);
	close(h.place.proc_fd);
	close(h.place.root_fd);
	fake_root_remove(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_state_is_what_the_kernel_bears_out),
		cmocka_unit_test(without_proc_the_store_is_believed),
		cmocka_unit_test(hidden_processes_are_one_gap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
