/* SPDX-License-Identifier: Apache-2.0 */
/* Which processes are a container's, and where their files lie, by a /proc of plain files. */
#include "unit/proc_machine.h"

static void a_containers_processes_are_those_of_its_group_and_namespaces(void **state)
{
	struct fixture *f = *state;

	machine(f);
	process(f, 2, 100, 101, "0::/docker/" ID "x\n", "/bin/sh", ARGS("sh"));
	process(f, 3, 100, 101, "0::/docker/" OTHER "\n", "/bin/sh", ARGS("sh"));
	process(f, 4, 300, 301, "0::/docker/" OTHER "\n", "/bin/sh", ARGS("sh"));
	process(f, 30, 100, 101, OURS, "/bin/sh", ARGS("sh"));
	process(f, 31, 201, 200, "0::/user.slice\n", "/bin/sh", ARGS("sh"));
	process(f, 32, 201, 250, "0::/user.slice\n", "/bin/sh", ARGS("sh"));
	process(f, 33, 201, 251, "0::/docker/" OTHER "\n", "/bin/sh", ARGS("sh"));
	process(f, 34, 400, 401, "0::/docker/" ID "/inner\n", "/bin/sh", ARGS("sh"));
	assert_int_equal(look(f), 0);
	assert_int_equal(f->found.gap_count, 0);
	assert_int_equal(f->found.count, 5);
	assert_int_equal(by_pid(f, 20)->place, SL_PLACE_CGROUP | SL_PLACE_PID | SL_PLACE_MOUNTS);
	assert_int_equal(by_pid(f, 30)->place,
			 SL_PLACE_CGROUP | SL_PLACE_HOST_PID | SL_PLACE_HOST_MOUNT);
	assert_int_equal(by_pid(f, 31)->place, SL_PLACE_NO_CGROUP | SL_PLACE_PID | SL_PLACE_MOUNTS);
	assert_int_equal(by_pid(f, 32)->place, SL_PLACE_NO_CGROUP | SL_PLACE_PID);
	assert_null(by_pid(f, 33)); /* another container of the same pod */
	assert_int_equal(by_pid(f, 34)->place, SL_PLACE_CGROUP | SL_PLACE_OTHER_PID);
}

static void a_file_lies_where_its_mount_and_the_writable_directory_say(void **state)
{
	struct fixture *f = *state;
	const struct sl_process *p;

	machine(f);
	process(f, 21, 201, 200, OURS, "/tmp/evil", ARGS("[kworker/0:1]\0\x1b[2J"));
	process(f, 22, 201, 200, OURS, "/bin/sh", ARGS("sh\0/tmp/x.sh"));
	process(f, 23, 201, 200, OURS, "/bin/sh", ARGS("sh\0-c\0/tmp/x.sh"));
	assert_int_equal(look(f), 0);
	p = by_pid(f, 20);
	assert_int_equal(f->found.objects[p->exe].origin, SL_ORIGIN_IMAGE);
	assert_string_equal(f->found.objects[p->exe].path, "/bin/sh");
	assert_int_equal(f->found.objects[p->exe].fd, -1);
	p = by_pid(f, 21);
	assert_int_equal(f->found.objects[p->exe].origin, SL_ORIGIN_UPPER);
	assert_string_equal(f->found.objects[p->exe].path, "/tmp/evil");
	assert_true(f->found.objects[p->exe].is_elf);
	assert_string_equal(p->command, "[kworker/0:1] \x1b[2J");
	assert_int_equal(p->uid, 33);
	assert_null(p->preload);
	p = by_pid(f, 22);
	assert_string_equal(f->found.objects[p->script].path, "/tmp/x.sh");
	assert_int_equal(f->found.objects[p->script].origin, SL_ORIGIN_UPPER);
	assert_int_equal(p->tracer, 20);
	assert_true(p->is_tracer_inside);
	p = by_pid(f, 23);
	assert_int_equal(p->script, SL_OBJECT_NONE);
	assert_string_equal(p->preload, "LD_PRELOAD=/bin/sh");
	assert_true(p->is_preload_known);
}

#define TEXT(text) (text), sizeof(text)

static const struct sl_process_lead *lead_by(const struct sl_process *p, const char *by)
{
	for (size_t i = 0; i < p->lead_count; i++)
		if (strcmp(p->leads[i].by, by) == 0)
			return &p->leads[i];
	return NULL;
}

static void variables_and_options_lead_to_files_by_where_they_lie(void **state)
{
	struct fixture *f = *state;
	const struct sl_process_lead *lead;
	const struct sl_process *p;

	machine(f);
	fake_file(f->root, "{}", "tree/tmp/hook.js");
	fake_file(f->root, "{}", "upper/tmp/hook.js");
	fake_file(f->root, "x", "tree/bin/node");
	process(f, 21, 201, 200, OURS, "/bin/node", ARGS("node\0--import\0/gone.mjs\0/bin/sh"));
	fake_bytes(f->root,
		   TEXT("A=/tmp/x.sh\0NODE_OPTIONS=-r /tmp/hook\0BASH_ENV=/none\0"
			"PYTHONPATH=/tmp:/none\0OPENSSL_CONF=/bin/sh"),
		   "proc/21/environ");
	assert_int_equal(look(f), 0);
	assert_int_equal(f->found.gap_count, 0);
	p = by_pid(f, 21);
	assert_int_equal(p->lead_count, 5);
	lead = lead_by(p, "NODE_OPTIONS");
	assert_string_equal(lead->path, "/tmp/hook.js");
	assert_string_equal(lead->variable, "NODE_OPTIONS=-r /tmp/hook");
	assert_int_equal(f->found.objects[lead->object].origin, SL_ORIGIN_UPPER);
	lead = lead_by(p, "BASH_ENV");
	assert_string_equal(lead->path, "/none");
	assert_int_equal(lead->object, SL_OBJECT_NONE);
	lead = lead_by(p, "PYTHONPATH");
	assert_string_equal(lead->path, "/tmp");
	assert_true(lead->is_directory);
	lead = lead_by(p, "OPENSSL_CONF");
	assert_int_equal(f->found.objects[lead->object].origin, SL_ORIGIN_IMAGE);
	lead = lead_by(p, "--import");
	assert_string_equal(lead->path, "/gone.mjs");
	assert_null(lead->variable);
	assert_int_equal(lead->object, SL_OBJECT_NONE);
}

static void a_module_lies_where_python_stands_or_looks(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *cwd = NULL;
	const struct sl_process *p;

	machine(f);
	fake_file(f->root, "x", "tree/bin/python3");
	fake_file(f->root, "x", "tree/tmp/pkg/__main__.py");
	fake_file(f->root, "x", "tree/srv/job.py");
	assert_true(asprintf(&cwd, "%s/tree/tmp", f->root) >= 0);
	process(f, 21, 201, 200, OURS, "/bin/python3", ARGS("python3\0-m\0pkg"));
	fake_link(f->root, cwd, "proc/21/cwd");
	process(f, 22, 201, 200, OURS, "/bin/python3", ARGS("python3\0-m\0job"));
	fake_link(f->root, cwd, "proc/22/cwd");
	fake_bytes(f->root, TEXT("PYTHONPATH=/none:/srv"), "proc/22/environ");
	process(f, 24, 201, 200, OURS, "/bin/python3", ARGS("python3\0-m\0http.server"));
	fake_link(f->root, cwd, "proc/24/cwd");
	process(f, 25, 201, 200, OURS, "/bin/python3", ARGS("python3\0/tmp/pkg"));
	assert_int_equal(look(f), 0);
	p = by_pid(f, 21);
	assert_string_equal(f->found.objects[p->script].path, "/tmp/pkg/__main__.py");
	p = by_pid(f, 22);
	assert_string_equal(f->found.objects[p->script].path, "/srv/job.py");
	assert_int_equal(by_pid(f, 24)->script, SL_OBJECT_NONE);
	p = by_pid(f, 25);
	assert_string_equal(f->found.objects[p->script].path, "/tmp/pkg/__main__.py");
}

static void what_a_process_may_and_calls_itself_is_told(void **state)
{
	struct fixture *f = *state;
	const struct sl_process *p;

	machine(f);
	fake_file(f->root, "\177ELF perl", "tree/bin/perl");
	fake_file(f->root, "#!/bin/sh", "tree/bin/wrapper");
	fake_link(f->root, "user:[500]", "proc/20/ns/user");
	process(f, 21, 201, 200, OURS, "/bin/perl", ARGS("/bin/sh -D\0x"));
	fake_link(f->root, "user:[501]", "proc/21/ns/user");
	fake_file(f->root,
		  "Pid:\t21\nCapInh:\t0\nCapPrm:\t200000\nCapEff:\t1\nCapBnd:\t0\nCapAmb:\t0\n"
		  "NoNewPrivs:\t0\nSeccomp:\t0\n",
		  "proc/21/status");
	process(f, 22, 201, 200, OURS, "/bin/perl", ARGS("/usr/sbin/httpd"));
	fake_link(f->root, "user:[500]", "proc/22/ns/user");
	process(f, 24, 201, 200, OURS, "/bin/perl", ARGS("/bin/wrapper\0x"));
	process(f, 25, 201, 200, OURS, "/bin/sh", ARGS("/bin/sh\0-c\0id; true"));
	process(f, 26, 201, 200, OURS, "/bin/perl", ARGS("nginx: worker process\0x"));
	process(f, 27, 201, 200, OURS, "/bin/perl", ARGS("-bash\0x"));
	process(f, 28, 201, 200, OURS, "/bin/perl", ARGS("gunicorn: master [app]\0x"));
	process(f, 29, 201, 200, OURS, "/bin/sh", ARGS("-bash\0x"));
	assert_int_equal(look(f), 0);
	assert_string_equal(by_pid(f, 26)->alias, "nginx");
	assert_string_equal(by_pid(f, 27)->alias, "-bash");
	assert_null(by_pid(f, 28)->alias); /* a title that applications give themselves */
	assert_null(by_pid(f, 29)->alias);
	p = by_pid(f, 21);
	assert_string_equal(p->alias, "/bin/sh");
	assert_true(p->has_caps);
	assert_int_equal(p->caps, 0x200001);
	assert_int_equal(p->seccomp, 0);
	assert_int_equal(p->no_new_privs, 0);
	assert_true(p->has_own_users);
	assert_null(p->code);
	p = by_pid(f, 22);
	assert_string_equal(p->alias, "/usr/sbin/httpd");
	assert_false(p->has_caps);
	assert_int_equal(p->seccomp, -1);
	assert_false(p->has_own_users);
	assert_null(by_pid(f, 24)->alias); /* a script's name */
	p = by_pid(f, 25);
	assert_null(p->alias);
	assert_string_equal(p->code, "/bin/sh -c id; true");
}

/* stat's start of the stack, field 28, tells a program from a mere child. */
static void stack(const struct fixture *f, int pid, int parent, int start)
{
	AUTO_FREE char *stat = NULL;

	assert_true(asprintf(&stat,
			     "%d (x) S %d 7 7 0 -1 0 1 2 3 4 5 6 7 8 20 0 1 0 %d 4 5 6 7 8 %d", pid,
			     parent, pid, start) >= 0);
	fake_file(f->root, stat, "proc/%d/stat", pid);
}

static void a_pipe_that_was_made_for_a_shell_is_told_with_who_writes_it(void **state)
{
	struct fixture *f = *state;

	machine(f);
	stack(f, 20, 1, 1000);
	fake_link(f->root, "pipe:[1]", "proc/20/fd/0");
	process(f, 21, 201, 200, OURS, "/bin/sh", ARGS("sh"));
	stack(f, 21, 20, 2000);
	fake_link(f->root, "pipe:[5]", "proc/21/fd/0");
	process(f, 22, 201, 200, OURS, "/bin/sh", ARGS("sh\0-c\0fetch"));
	stack(f, 22, 20, 3000);
	fake_link(f->root, "pipe:[5]", "proc/22/fd/1");
	/* a child of the same program, the pipe of its parent, its own parent's, and a script */
	process(f, 23, 201, 200, OURS, "/bin/sh", ARGS("sh"));
	stack(f, 23, 20, 1000);
	fake_link(f->root, "pipe:[6]", "proc/23/fd/0");
	process(f, 24, 201, 200, OURS, "/bin/sh", ARGS("sh"));
	stack(f, 24, 20, 4000);
	fake_link(f->root, "pipe:[1]", "proc/24/fd/0");
	process(f, 25, 201, 200, OURS, "/bin/sh", ARGS("sh\0-s\0disksup"));
	stack(f, 25, 22, 5000);
	fake_link(f->root, "pipe:[7]", "proc/25/fd/0");
	fake_link(f->root, "pipe:[7]", "proc/22/fd/9");
	process(f, 26, 201, 200, OURS, "/bin/sh", ARGS("sh\0/bin/sh"));
	stack(f, 26, 20, 6000);
	fake_link(f->root, "pipe:[8]", "proc/26/fd/0");
	fake_link(f->root, "/dev/null", "proc/22/fd/0");
	assert_int_equal(look(f), 0);
	assert_string_equal(by_pid(f, 21)->pipe, "pipe:[5]");
	assert_string_equal(by_pid(f, 21)->feeder, "x");
	assert_false(by_pid(f, 21)->is_fed_from_above);
	assert_null(by_pid(f, 21)->feeder_peer);
	assert_null(by_pid(f, 20)->pipe);
	assert_null(by_pid(f, 23)->pipe);
	assert_null(by_pid(f, 24)->pipe);
	assert_string_equal(by_pid(f, 25)->pipe, "pipe:[7]");
	assert_true(by_pid(f, 25)->is_fed_from_above);
	assert_null(by_pid(f, 26)->pipe);
}

static void who_writes_the_pipe_is_told_with_its_connection(void **state)
{
	struct fixture *f = *state;

	machine(f);
	fake_link(f->root, "/dev/null", "proc/20/fd/0");
	stack(f, 20, 1, 1000);
	process(f, 21, 201, 200, OURS, "/bin/sh", ARGS("sh"));
	stack(f, 21, 20, 2000);
	fake_link(f->root, "pipe:[5]", "proc/21/fd/0");
	fake_link(f->root, "pipe:[9]", "proc/21/fd/1");
	process(f, 22, 201, 200, OURS, "/bin/cat", ARGS("curl"));
	stack(f, 22, 20, 3000);
	fake_file(f->root, "x", "tree/bin/cat");
	fake_link(f->root, "pipe:[5]", "proc/22/fd/1");
	fake_link(f->root, "pipe:[9]", "proc/22/fd/0");
	fake_link(f->root, "socket:[77]", "proc/22/fd/5");
	fake_file(
		f->root,
		"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid "
		" "
		"timeout inode\n"
		"   0: 0100007F:A000 077100CB:115C 01 00000000:00000000 00:00000000 00000000     0 "
		"       0 77 1 0 20 4 30 10 -1\n",
		"proc/22/net/tcp");
	assert_int_equal(look(f), 0);
	assert_string_equal(by_pid(f, 21)->feeder_peer, "203.0.113.7:4444");
	assert_string_equal(by_pid(f, 21)->peer, "203.0.113.7:4444");
}

static void a_script_that_is_an_open_file_is_looked_at(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *link = NULL;
	const struct sl_process *p;

	machine(f);
	fake_link(f->root, "/dev/null", "proc/20/fd/0");
	process(f, 21, 201, 200, OURS, "/bin/sh", ARGS("sh\0/dev/fd/63"));
	fake_link(f->root, "pipe:[5]", "proc/21/fd/63");
	process(f, 22, 201, 200, OURS, "/bin/sh", ARGS("sh\0/proc/self/fd/4"));
	assert_true(asprintf(&link, "%s/tree/tmp/x.sh", f->root) >= 0);
	fake_link(f->root, link, "proc/22/fd/4");
	/* behind "sh -c '. FILE'" */
	process(f, 24, 201, 200, OURS, "/bin/sh", ARGS("sh\0-c\0. /x"));
	fake_link(f->root, "/dev/null", "proc/24/fd/0");
	fake_link(f->root, link, "proc/24/fd/10");
	fake_file(f->root, "pos:\t0\nflags:\t02100000\n", "proc/24/fdinfo/10");
	process(f, 25, 201, 200, OURS, "/bin/sh", ARGS("sh\0-c\0read <&10"));
	fake_link(f->root, "/dev/null", "proc/25/fd/0");
	fake_link(f->root, link, "proc/25/fd/10");
	fake_file(f->root, "pos:\t0\nflags:\t0100000\n", "proc/25/fdinfo/10");
	assert_int_equal(look(f), 0);
	assert_string_equal(by_pid(f, 21)->pipe, "pipe:[5]");
	p = by_pid(f, 22);
	assert_string_equal(f->found.objects[p->script].path, "/tmp/x.sh");
	p = by_pid(f, 24);
	assert_string_equal(f->found.objects[p->script].path, "/tmp/x.sh");
	assert_int_equal(by_pid(f, 25)->script, SL_OBJECT_NONE);
}

static void who_sees_all_packets_is_told(void **state)
{
	struct fixture *f = *state;

	machine(f);
	process(f, 21, 201, 200, OURS, "/bin/sh", ARGS("sh\0-c\0x"));
	fake_link(f->root, "socket:[31]", "proc/21/fd/3");
	process(f, 22, 201, 200, OURS, "/bin/sh", ARGS("sh\0-c\0x"));
	fake_link(f->root, "socket:[32]", "proc/22/fd/3");
	process(f, 24, 201, 200, OURS, "/bin/sh", ARGS("sh\0-c\0x"));
	fake_link(f->root, "socket:[33]", "proc/24/fd/3");
	fake_file(f->root,
		  "sk               RefCnt Type Proto  Iface R Rmem   User   Inode\n"
		  "0000000000000000 3      3    0003   0     1 0      0      31\n",
		  "proc/20/net/packet");
	fake_file(
		f->root,
		"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid "
		" "
		"timeout inode ref pointer drops\n"
		"   1: 00000000:0001 00000000:0000 07 00000000:00000000 00:00000000 00000000     0 "
		"       0 32 2 0000000000000000 0\n"
		"   6: 00000000:0006 00000000:0000 07 00000000:00000000 00:00000000 00000000     0 "
		"       0 33 2 0000000000000000 0\n",
		"proc/20/net/raw");
	assert_int_equal(look(f), 0);
	assert_int_equal(by_pid(f, 20)->sockets, 0);
	assert_int_equal(by_pid(f, 21)->sockets, SL_SOCKET_PACKET);
	assert_int_equal(by_pid(f, 22)->sockets, SL_SOCKET_RAW_OTHER);
	assert_int_equal(by_pid(f, 24)->sockets, SL_SOCKET_RAW);
}

static void a_name_that_ends_like_a_deleted_ones_is_a_name(void **state)
{
	struct fixture *f = *state;
	const struct sl_object *o;

	machine(f);
	fake_file(f->root, "x", "tree/tmp/a (deleted)");
	process(f, 21, 201, 200, OURS, "/tmp/a (deleted)", ARGS("a"));
	assert_int_equal(look(f), 0);
	o = &f->found.objects[by_pid(f, 21)->exe];
	assert_string_equal(o->path, "/tmp/a (deleted)");
	assert_false(o->is_unlinked);
}

static void what_is_mounted_there_is_no_part_of_the_tree(void **state)
{
	static const struct {
		const char *row; /* of the mount that the program is on */
		enum sl_origin origin;
		bool is_readonly, is_nested;
		const char *path;
	} rows[] = {
		{"0:41 / / rw - overlay overlay rw", SL_ORIGIN_MOUNT, false, true, "/tmp/evil"},
		{"8:1 /vol /tmp rw - ext4 /dev/sda rw", SL_ORIGIN_MOUNT, false, false, "/tmp/evil"},
		{"8:1 /vol /tmp ro,nosuid - ext4 /dev/sda rw", SL_ORIGIN_MOUNT, true, false,
		 "/tmp/evil"},
		{"0:42 / /tmp rw - tmpfs tmpfs rw", SL_ORIGIN_TMPFS, false, false, "/tmp/evil"},
		{"0:40 /srv /tmp rw - overlay overlay rw", SL_ORIGIN_IMAGE, false, false,
		 "/srv/evil"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct fixture *f;
		const struct sl_object *o;
		AUTO_FREE char *mounts = NULL;

		if (i > 0)
			assert_int_equal(setup(state), 0);
		f = *state;
		machine(f);
		process(f, 21, 201, 260, OURS, "/tmp/evil", ARGS("evil"));
		assert_true(asprintf(&mounts, "%llu 1 %s\n", (unsigned long long)f->mount,
				     rows[i].row) >= 0);
		fake_file(f->root, mounts, "proc/21/mountinfo");
		assert_int_equal(look(f), 0);
		o = &f->found.objects[by_pid(f, 21)->exe];
		if (o->origin != rows[i].origin || strcmp(o->path, rows[i].path) != 0 ||
		    (o->origin != SL_ORIGIN_IMAGE &&
		     (o->is_readonly != rows[i].is_readonly || o->is_nested != rows[i].is_nested)))
			fail_msg("%s: %s %s", rows[i].row, sl_origin_name(o->origin), o->path);
		if (i + 1 < ARRAY_SIZE(rows))
			teardown(state);
	}
}

static void a_mount_over_a_process_in_proc_is_seen_wherever_that_is(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *mounts = NULL;

	machine(f);
	assert_true(asprintf(&mounts,
			     "%llu 1 0:40 / / rw - overlay overlay rw\n"
			     "900 1 0:5 / /proc rw - proc proc rw\n"
			     "901 900 0:6 / /proc/kcore rw - tmpfs tmpfs rw\n"
			     "902 900 0:40 /x /proc/17 rw - overlay overlay rw\n"
			     "903 1 0:5 / /mnt/7 rw - proc proc rw\n"
			     "904 903 0:6 / /mnt/7/18/cmdline rw - tmpfs tmpfs rw\n"
			     "905 1 0:6 / /srv/19 rw - tmpfs tmpfs rw\n",
			     (unsigned long long)f->mount) >= 0);
	fake_file(f->root, mounts, "proc/20/mountinfo");
	assert_int_equal(look(f), 0);
	assert_int_equal(f->found.covered_count, 2);
	assert_string_equal(f->found.covered[0], "/proc/17");
	assert_string_equal(f->found.covered[1], "/mnt/7/18/cmdline");
}

static void what_cannot_be_read_is_a_gap_and_who_is_gone_is_not(void **state)
{
	struct fixture *f = *state;

	machine(f);
	process(f, 21, 201, 200, OURS, "/bin/gone", ARGS("x")); /* leads nowhere */
	process(f, 22, 201, 200, OURS, "/bin/gone", ARGS("x"));
	fake_file(f->root, "22 (x) R 1 7 7 0 -1 4 1 2 3 4 5 6 7 8 20 0 1 0 22 4", "proc/22/stat");
	assert_int_equal(look(f), 0);
	assert_int_equal(f->found.gap_count, 1);
	assert_string_equal(f->found.gaps[0].what, "process 21");
	assert_int_equal(f->found.raced, 1);
}

static void a_container_that_does_not_run_has_none(void **state)
{
	struct fixture *f = *state;

	f->container->pid = 0;
	assert_int_equal(look(f), 1);
	assert_int_equal(f->found.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_containers_processes_are_those_of_its_group_and_namespaces),
		TEST(a_file_lies_where_its_mount_and_the_writable_directory_say),
		TEST(variables_and_options_lead_to_files_by_where_they_lie),
		TEST(a_module_lies_where_python_stands_or_looks),
		TEST(what_a_process_may_and_calls_itself_is_told),
		TEST(a_pipe_that_was_made_for_a_shell_is_told_with_who_writes_it),
		TEST(who_writes_the_pipe_is_told_with_its_connection),
		TEST(a_script_that_is_an_open_file_is_looked_at),
		TEST(who_sees_all_packets_is_told),
		TEST(a_name_that_ends_like_a_deleted_ones_is_a_name),
		TEST(what_is_mounted_there_is_no_part_of_the_tree),
		TEST(a_mount_over_a_process_in_proc_is_seen_wherever_that_is),
		TEST(what_cannot_be_read_is_a_gap_and_who_is_gone_is_not),
		TEST(a_container_that_does_not_run_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
