/* SPDX-License-Identifier: Apache-2.0 */
/* A machine with a container's processes: a /proc of plain files. */
#ifndef TESTS_PROC_MACHINE_H
#define TESTS_PROC_MACHINE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit/cmocka_all.h"

#include "core/cleanup.h"
#include "core/kernel.h"
#include "host/procscan.h"
#include "host/proctable.h"
#include "unit/fake_root.h"

#define ID "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define OTHER "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define OURS "0::/docker/" ID "\n"

struct fixture {
	char *root;
	struct host host;
	struct sl_container *container;
	struct sl_processes found;
	uint64_t mount;
};

static inline int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->root = fake_root();
	f->host.place.root_fd = open(f->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(kernel_mount_id(f->host.place.root_fd, &f->mount));
	fake_dir(f->root, "tree/tmp");
	fake_file(f->root, "\177ELF sh", "tree/bin/sh");
	fake_file(f->root, "\177ELF evil", "tree/tmp/evil");
	fake_file(f->root, "echo", "tree/tmp/x.sh");
	fake_file(f->root, "\177ELF evil", "upper/tmp/evil");
	fake_file(f->root, "echo", "upper/tmp/x.sh");
	fake_link(f->root, "/proc/self", "proc/self");
	f->host.place.proc_fd =
		openat(f->host.place.root_fd, "proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(sl_container_new(&f->container, NULL), 0);
	f->container->id = strdup(ID);
	f->container->cgroup = strdup("/docker/" ID);
	f->container->pid = 20;
	f->container->namespaces = (struct sl_namespaces){.mnt = 200, .pid = 201};
	f->container->stack.upper_fd =
		openat(f->host.place.root_fd, "upper", O_PATH | O_DIRECTORY | O_CLOEXEC);
	*state = f;
	return 0;
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;

	sl_processes_clear(&f->found);
	sl_container_free(f->container);
	proctable_free(f->host.table);
	close(f->host.place.proc_fd);
	close(f->host.place.root_fd);
	fake_root_remove(f->root);
	free(f);
	return 0;
}

/* A process of @pid_ns and @mnt_ns that runs @exe of the tree; @args end with a NUL each. */
static inline void process(const struct fixture *f, int pid, int pid_ns, int mnt_ns,
			   const char *cgroup, const char *exe, const char *args, size_t len)
{
	AUTO_FREE char *stat = NULL;
	AUTO_FREE char *link = NULL;
	AUTO_FREE char *mounts = NULL;
	AUTO_FREE char *status = NULL;
	AUTO_FREE char *ns = NULL;

	assert_true(asprintf(&stat, "%d (x) S 1 7 7 0 -1 0 1 2 3 4 5 6 7 8 20 0 1 0 %d 4", pid,
			     pid) >= 0);
	assert_true(asprintf(&mounts, "%llu 1 0:40 / / rw - overlay overlay rw\n",
			     (unsigned long long)f->mount) >= 0);
	assert_true(asprintf(&status, "Name:\tx\nTracerPid:\t%d\nUid:\t33\t33\t33\t33\n",
			     pid == 22 ? 20 : 0) >= 0);
	fake_file(f->root, stat, "proc/%d/stat", pid);
	fake_file(f->root, status, "proc/%d/status", pid);
	fake_file(f->root, "x\n", "proc/%d/comm", pid);
	fake_file(f->root, cgroup, "proc/%d/cgroup", pid);
	fake_file(f->root, mounts, "proc/%d/mountinfo", pid);
	fake_file(f->root, "", "proc/%d/maps", pid);
	fake_bytes(f->root, "A=1\0LD_PRELOAD=/bin/sh\0", pid == 23 ? 23 : 4, "proc/%d/environ",
		   pid);
	fake_bytes(f->root, args, len, "proc/%d/cmdline", pid);
	assert_true(asprintf(&ns, "pid:[%d]", pid_ns) >= 0);
	fake_link(f->root, ns, "proc/%d/ns/pid", pid);
	free(ns);
	assert_true(asprintf(&ns, "mnt:[%d]", mnt_ns) >= 0);
	fake_link(f->root, ns, "proc/%d/ns/mnt", pid);
	assert_true(asprintf(&link, "%s/tree", f->root) >= 0);
	fake_link(f->root, link, "proc/%d/root", pid);
	free(link);
	assert_true(asprintf(&link, "%s/tree%s", f->root, exe) >= 0);
	fake_link(f->root, link, "proc/%d/exe", pid);
}

#define ARGS(text) (text), sizeof(text)

static inline int look(struct fixture *f)
{
	return host_processes(&f->host, f->container, NULL, &f->found, NULL);
}

static inline const struct sl_process *by_pid(const struct fixture *f, int64_t pid)
{
	for (size_t i = 0; i < f->found.count; i++)
		if (f->found.items[i].pid == pid)
			return &f->found.items[i];
	return NULL;
}

static inline void machine(const struct fixture *f)
{
	process(f, 1, 100, 101, "0::/\n", "/bin/sh", ARGS("init"));
	process(f, 20, 201, 200, OURS, "/bin/sh", ARGS("sh"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
