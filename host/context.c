/* SPDX-License-Identifier: Apache-2.0 */
#include "host/context.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/root.h"
#include "host/machine.h"

#define LINK_MAX_BYTES ((size_t)64 << 10)

enum kind {
	OF_DISK,   /* a file */
	OF_LEDGER, /* a file to which lines are added */
	OF_DIR,    /* the regular files in it */
	OF_PROC,   /* in procfs */
	OF_NET,    /* in procfs, with the network only */
	OF_SYS,    /* in sysfs */
};

static const struct item {
	enum kind kind;
	const char *path;
} items[] = {
	{OF_PROC, "version"},
	{OF_PROC, "cmdline"},
	{OF_PROC, "uptime"},
	{OF_PROC, "loadavg"},
	{OF_PROC, "modules"},
	{OF_PROC, "meminfo"},
	{OF_PROC, "cpuinfo"},
	{OF_PROC, "swaps"},
	{OF_PROC, "partitions"},
	{OF_PROC, "filesystems"},
	{OF_PROC, "cgroups"},
	{OF_PROC, "1/mounts"},
	{OF_PROC, "1/mountinfo"},
	{OF_PROC, "1/cmdline"},
	{OF_PROC, "sys/kernel/tainted"},
	{OF_PROC, "sys/kernel/modules_disabled"},
	{OF_PROC, "sys/kernel/modprobe"},
	{OF_PROC, "sys/kernel/core_pattern"},
	{OF_PROC, "sys/kernel/kptr_restrict"},
	{OF_PROC, "sys/kernel/dmesg_restrict"},
	{OF_PROC, "sys/kernel/kexec_load_disabled"},
	{OF_PROC, "sys/kernel/perf_event_paranoid"},
	{OF_PROC, "sys/kernel/randomize_va_space"},
	{OF_PROC, "sys/kernel/unprivileged_bpf_disabled"},
	{OF_PROC, "sys/kernel/unprivileged_userns_clone"},
	{OF_PROC, "sys/kernel/yama/ptrace_scope"},
	{OF_PROC, "sys/kernel/seccomp/actions_avail"},
	{OF_PROC, "sys/kernel/hostname"},
	{OF_PROC, "sys/kernel/ns_last_pid"},
	{OF_PROC, "sys/user/max_user_namespaces"},
	{OF_PROC, "sys/fs/suid_dumpable"},
	{OF_PROC, "sys/fs/protected_symlinks"},
	{OF_PROC, "sys/fs/protected_hardlinks"},
	{OF_PROC, "sys/fs/protected_fifos"},
	{OF_PROC, "sys/fs/protected_regular"},
	{OF_PROC, "sys/fs/binfmt_misc/status"},
	{OF_PROC, "sys/vm/overcommit_memory"},
	{OF_PROC, "sys/vm/unprivileged_userfaultfd"},
	{OF_PROC, "sys/net/core/bpf_jit_enable"},
	{OF_PROC, "sys/net/ipv4/ip_forward"},
	{OF_PROC, "sys/net/ipv6/conf/all/forwarding"},
	{OF_SYS, "sys/kernel/security/lsm"},
	{OF_SYS, "sys/kernel/security/lockdown"},
	{OF_SYS, "sys/fs/selinux/enforce"},
	{OF_SYS, "sys/class/rtc/rtc0/since_epoch"},
	{OF_SYS, "sys/class/dmi/id/product_name"},
	{OF_SYS, "sys/class/dmi/id/sys_vendor"},
	{OF_NET, "1/net/tcp"},
	{OF_NET, "1/net/tcp6"},
	{OF_NET, "1/net/udp"},
	{OF_NET, "1/net/udp6"},
	{OF_NET, "1/net/raw"},
	{OF_NET, "1/net/raw6"},
	{OF_NET, "1/net/packet"},
	{OF_NET, "1/net/unix"},
	{OF_NET, "1/net/netlink"},
	{OF_NET, "1/net/arp"},
	{OF_NET, "1/net/route"},
	{OF_NET, "1/net/ipv6_route"},
	{OF_NET, "1/net/dev"},
	{OF_NET, "1/net/if_inet6"},
	{OF_NET, "1/net/fib_trie"},
	{OF_NET, "1/net/nf_conntrack"},
	{OF_DISK, "etc/os-release"},
	{OF_DISK, "etc/hostname"},
	{OF_DISK, "etc/machine-id"},
	{OF_DISK, "etc/timezone"},
	{OF_DISK, "etc/adjtime"},
	{OF_DISK, "etc/hosts"},
	{OF_DISK, "etc/resolv.conf"},
	{OF_DISK, "etc/fstab"},
	{OF_DISK, "etc/subuid"},
	{OF_DISK, "etc/subgid"},
	{OF_DISK, "etc/docker/daemon.json"},
	{OF_DISK, "etc/default/docker"},
	{OF_DISK, "etc/containerd/config.toml"},
	{OF_DISK, "etc/containers/storage.conf"},
	{OF_DISK, "etc/containers/containers.conf"},
	{OF_DISK, "etc/containers/registries.conf"},
	{OF_DISK, "etc/containers/policy.json"},
	{OF_DISK, "etc/crio/crio.conf"},
	{OF_DISK, "etc/crictl.yaml"},
	{OF_DISK, "var/lib/kubelet/config.yaml"},
	{OF_DIR, "etc/containerd/conf.d"},
	{OF_DIR, "etc/containers/storage.conf.d"},
	{OF_DIR, "etc/containers/containers.conf.d"},
	{OF_DIR, "etc/containers/registries.conf.d"},
	{OF_DIR, "etc/crio/crio.conf.d"},
	{OF_DIR, "etc/cni/net.d"},
	{OF_DIR, "etc/systemd/system/docker.service.d"},
	{OF_DIR, "etc/systemd/system/containerd.service.d"},
	{OF_DISK, "etc/sysctl.conf"},
	{OF_DIR, "etc/sysctl.d"},
	{OF_DIR, "run/systemd/sessions"},
	{OF_DISK, "run/utmp"},
	{OF_LEDGER, "var/log/wtmp"},
};

struct context {
	int (*each)(void *payload, const struct host_context_file *file);
	void *payload;
};

/* What is not there is not missed; what is no regular file has no descriptor. */
static int hand_over(const struct context *x, const struct item *item, const char *path, int dir_fd,
		     const char *name, enum root_follow follow)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	AUTO_CLOSE int fd = root_open_path(dir_fd, name, follow, &why);
	struct host_context_file file = {.path = path,
					 .fd = fd,
					 .is_kernel = item->kind == OF_PROC ||
						      item->kind == OF_NET || item->kind == OF_SYS,
					 .is_ledger = item->kind == OF_LEDGER};
	CLEANUP(buf_clear) struct buf link = BUF_INIT(LINK_MAX_BYTES);
	struct stat st;

	if (fd == -SL_ENOTFOUND)
		return 0;
	if (fd < 0) {
		file.fd = -1;
		file.sys = why.sys;
	} else if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		file.fd = -1;
		if (S_ISLNK(st.st_mode) && root_read_link(fd, "", &link, NULL) == 0)
			file.link = link.data;
	}
	return x->each(x->payload, &file);
}

/* Some add-ons have these directories mounted: what is a link there may be a container's. */
static int walk_dir(const struct context *x, const struct item *item, int root_fd,
		    struct sl_error *err)
{
	CLEANUP(root_names_clear) struct root_names names = {0};
	AUTO_CLOSE int fd = root_open_subdir(root_fd, item->path, ROOT_FOLLOW_INSIDE, NULL);
	int rc = 0;

	if (fd < 0 || root_list(fd, &names, STORE_NAMES_MAX, NULL) < 0)
		return 0;
	for (size_t i = 0; rc == 0 && i < names.count && i < HOST_CONTEXT_NAMES; i++) {
		AUTO_FREE char *path = NULL;
		struct stat st;

		if (fstatat(fd, names.names[i], &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    S_ISDIR(st.st_mode))
			continue;
		if (asprintf(&path, "/%s/%s", item->path, names.names[i]) < 0) {
			path = NULL;
			return sl_fail(err, SL_ENOMEM, 0, "context");
		}
		rc = hand_over(x, item, path, fd, names.names[i], ROOT_NO_LINKS);
	}
	return rc;
}

static int walk_item(const struct context *x, const struct host *h, const struct item *item,
		     struct sl_error *err)
{
	bool in_proc = item->kind == OF_PROC || item->kind == OF_NET;
	AUTO_FREE char *path = NULL;

	if (item->kind == OF_DIR)
		return walk_dir(x, item, h->place.root_fd, err);
	if (asprintf(&path, "%s/%s", in_proc ? "/proc" : "", item->path) < 0) {
		path = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "context");
	}
	return in_proc ? hand_over(x, item, path, h->place.proc_fd, item->path, ROOT_NO_LINKS)
		       : hand_over(x, item, path, h->place.root_fd, item->path, ROOT_FOLLOW_INSIDE);
}

int host_context(const struct host *h, bool network,
		 int (*each)(void *payload, const struct host_context_file *file), void *payload,
		 struct sl_error *err)
{
	const struct context x = {each, payload};
	bool is_live = host_is_live(h);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(items); i++) {
		enum kind kind = items[i].kind;

		if ((kind == OF_NET && !network) ||
		    (!is_live && (kind == OF_PROC || kind == OF_NET || kind == OF_SYS)))
			continue;
		rc = walk_item(&x, h, &items[i], err);
	}
	return rc;
}
