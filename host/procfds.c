/* SPDX-License-Identifier: Apache-2.0 */
#include "host/procfds.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include <strandline/entry.h>

#include "core/cleanup.h"
#include "core/json.h"
#include "core/kernel.h"
#include "core/root.h"
#include "host/process.h"

#define FDINFO_MAX ((size_t)256 * 1024)

static void say_object(struct jout *j, int dir_fd, const char *name)
{
	/* the object itself, whatever it is: O_PATH does not open it */
	AUTO_CLOSE int fd = openat(dir_fd, name, O_PATH | O_CLOEXEC);
	struct statx st;

	if (fd < 0 ||
	    kernel_statx(fd, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC, &st) < 0)
		return;
	jout_key_str(j, "type", sl_type_name(st.stx_mode));
	jout_key(j, "mode");
	jout_mode(j, st.stx_mode);
	jout_key(j, "dev");
	jout_id(j, makedev(st.stx_dev_major, st.stx_dev_minor));
	jout_key(j, "ino");
	jout_id(j, st.stx_ino);
	jout_key(j, "size");
	jout_id(j, st.stx_size);
	jout_key_u64(j, "nlink", st.stx_nlink);
}

static void say_info(struct jout *j, int pid_fd, const char *name)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(FDINFO_MAX);
	CLEANUP(buf_clear) struct buf path = BUF_INIT(64);

	if (buf_printf(&path, "fdinfo/%s", name) < 0 ||
	    process_read_whole(pid_fd, path.data, &text, NULL) < 0 || text.len == 0)
		return;
	jout_bytes(j, "fdinfo", "", (struct sl_bytes){text.data, text.len});
}

static int list(int pid_fd, const char *dir, int *dir_fd, struct root_names *names,
		struct sl_error *err)
{
	*dir_fd = root_open_subdir(pid_fd, dir, ROOT_NO_LINKS, err);
	return *dir_fd < 0 ? *dir_fd : root_list(*dir_fd, names, PROCFDS_MAX, err);
}

int procfds_list(int pid_fd, bool is_light, struct buf *out, struct sl_error *err)
{
	CLEANUP(root_names_clear) struct root_names names = {0};
	AUTO_CLOSE int dir = -1;
	int rc = list(pid_fd, "fd", &dir, &names, err);

	for (size_t i = 0; rc == 0 && i < names.count; i++) {
		CLEANUP(buf_clear) struct buf link = BUF_INIT(8192);
		struct jout j;

		if (process_read_link(dir, names.names[i], &link, NULL) == -SL_ENOTFOUND)
			continue;
		jout_begin(&j, out);
		jout_object(&j);
		jout_key_u64(&j, "fd", strtoull(names.names[i], NULL, 10));
		if (link.len > 0)
			jout_bytes(&j, "link", "", (struct sl_bytes){link.data, link.len});
		say_object(&j, dir, names.names[i]);
		if (!is_light)
			say_info(&j, pid_fd, names.names[i]);
		jout_object_end(&j);
		(void)buf_append_char(out, '\n');
		if (out->status < 0)
			rc = sl_fail(err, (enum sl_code) - out->status, 0, "open files");
	}
	return rc;
}

int procfds_threads(int pid_fd, bool is_light, struct buf *out, struct sl_error *err)
{
	CLEANUP(root_names_clear) struct root_names names = {0};
	AUTO_CLOSE int dir = -1;
	int rc = list(pid_fd, "task", &dir, &names, err);

	(void)is_light;
	for (size_t i = 0; rc == 0 && i < names.count; i++) {
		AUTO_CLOSE int fd = root_open_subdir(dir, names.names[i], ROOT_NO_LINKS, NULL);

		if (fd < 0 || process_read(fd, "stat", out, NULL) < 0)
			continue; /* it has ended */
		if (out->status < 0)
			rc = sl_fail(err, (enum sl_code) - out->status, 0, "threads");
	}
	return rc;
}

int procfds_links(int pid_fd, int (*each)(void *payload, int64_t fd, struct sl_bytes link),
		  void *payload, struct sl_error *err)
{
	CLEANUP(root_names_clear) struct root_names names = {0};
	AUTO_CLOSE int dir = -1;
	int rc = list(pid_fd, "fd", &dir, &names, err);

	for (size_t i = 0; rc == 0 && i < names.count; i++) {
		CLEANUP(buf_clear) struct buf link = BUF_INIT(8192);

		if (process_read_link(dir, names.names[i], &link, NULL) < 0)
			continue;
		rc = each(payload, strtoll(names.names[i], NULL, 10),
			  (struct sl_bytes){link.data, link.len});
	}
	return rc;
}

uint64_t procfds_socket(struct sl_bytes link)
{
	static const char start[] = "socket:[";
	size_t n = sizeof(start) - 1;
	uint64_t number = 0;

	if (link.len < n + 2 || memcmp(link.data, start, n) != 0 || link.data[link.len - 1] != ']')
		return 0;
	for (size_t i = n; i < link.len - 1; i++) {
		if (link.data[i] < '0' || link.data[i] > '9' || number > (UINT64_MAX - 9) / 10)
			return 0;
		number = number * 10 + (uint64_t)(link.data[i] - '0');
	}
	return number;
}
