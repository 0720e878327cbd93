/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Network namespaces of the containers, each once: the kernel's tables as they are, and their
 * sockets with who holds them.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/json.h"
#include "core/root.h"
#include "host/nettable.h"
#include "host/process.h"
#include "host/sockowners.h"
#include "job/capture_seen.h"

/* Most bytes of one table. */
#define TABLE_MAX ((size_t)32 << 20)
/* Bytes of a `net` record at which the next one begins. */
#define RECORD_FULL ((size_t)40 << 10)
#define RECORD_MAX ((size_t)60 << 10)
/* Holders of a socket that are listed; all are counted. */
#define OWNERS_MAX 16
#define SOCKET_TABLES_MAX 16
#define PIDS_MAX ((size_t)4 << 20)

/* One namespace under way. */
struct space {
	struct capture *capture;
	struct capture_target *target; /* the first container that is in it */
	uint64_t number;
	int64_t pid; /* the process that it was read through */
	size_t next; /* the table whose turn it is */
	struct buf tables[SOCKET_TABLES_MAX];
	const struct nettable *forms[SOCKET_TABLES_MAX];
	size_t table_count;
	struct sockowners owners;
	struct buf members; /* of the record under way */
	struct jout j;
	size_t listed, unowned;
	uint64_t part; /* of its records, from 0 */
};

static void space_clear(struct space *s)
{
	for (size_t i = 0; i < s->table_count; i++)
		buf_clear(&s->tables[i]);
	sockowners_clear(&s->owners);
	buf_clear(&s->members);
}

/* ---- tables ---- */

static int table_gap(struct space *s, const char *name, const struct sl_error *why,
		     struct sl_error *err)
{
	char what[80];

	(void)snprintf(what, sizeof(what), "network %" PRIu64 ": %s", s->number, name);
	return capture_gap_of(s->capture, s->target, what,
			      why->code == SL_ELIMIT ? "is larger than is kept: its beginning is"
						     : "cannot be read",
			      why->sys, err);
}

static int store_table(struct space *s, const struct nettable *table, const struct buf *text,
		       struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf path = BUF_INIT(256);
	struct sl_bytes bytes = {text->data != NULL ? text->data : "", text->len};

	if (buf_printf(&path, "%" PRIu64 "/%s", s->number, table->name) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "network");
	return capture_text(s->capture, s->target, "network", path.data, bytes, NULL, err);
}

/* 0; 1: the process that it is read through has ended. */
static int take_table(struct space *s, int pid_fd, const struct nettable *table,
		      struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	CLEANUP(buf_clear) struct buf text = BUF_INIT(TABLE_MAX);
	struct process_stat status;
	char name[48];
	int rc;

	(void)snprintf(name, sizeof(name), "net/%s", table->name);
	rc = process_read_whole(pid_fd, name, &text, &why);
	if (rc < 0 && process_stat(pid_fd, &status, NULL) < 0)
		return 1;
	if (rc == -SL_ENOTFOUND || why.sys == ENOENT)
		return 0; /* this kernel has none */
	rc = rc < 0 ? table_gap(s, table->name, &why, err) : 0;
	if (rc == 0 && (text.len > 0 || why.code == 0))
		rc = store_table(s, table, &text, err);
	if (rc == 0 && table->form != NETTABLE_OTHER && s->table_count < SOCKET_TABLES_MAX) {
		s->tables[s->table_count] = text;
		s->forms[s->table_count++] = table;
		text = BUF_INIT(0);
	}
	return rc;
}

static int take_tables(struct space *s, int pid_fd, struct sl_error *err)
{
	size_t count;
	const struct nettable *tables = nettables(&count);
	int rc = 0;

	while (rc == 0 && s->next < count) {
		rc = take_table(s, pid_fd, &tables[s->next], err);
		s->next += rc == 0;
	}
	return rc;
}

/* ---- sockets ---- */

static int each_socket(struct space *s,
		       int (*each)(struct space *s, const struct nettable *table,
				   const struct netsocket *socket, struct sl_error *err),
		       struct sl_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < s->table_count; i++) {
		struct sl_bytes rest = {s->tables[i].data, s->tables[i].len};
		struct netsocket socket;
		int more;

		while (rc == 0 &&
		       (more = nettable_next(s->forms[i]->form, &rest, &socket, NULL)) != 1)
			if (more == 0)
				rc = each(s, s->forms[i], &socket, err);
	}
	return rc;
}

static int want_socket(struct space *s, const struct nettable *table,
		       const struct netsocket *socket, struct sl_error *err)
{
	(void)table;
	return sockowners_want(&s->owners, socket->inode, err);
}

static int scan_members(struct space *s, struct sl_error *err)
{
	const struct capture *c = s->capture;
	int rc = 0;

	for (size_t i = 0; i < c->target_count; i++)
		for (size_t k = 0;
		     rc == 0 && c->targets[i].seen != NULL && k < c->targets[i].seen->members.count;
		     k++)
			rc = sockowners_scan(&s->owners, host_proc_fd(c->host),
					     c->targets[i].seen->members.items[k].pid, err);
	return rc;
}

static bool is_member(const struct capture *c, int64_t pid)
{
	for (size_t i = 0; i < c->target_count; i++)
		if (capture_seen_by_pid(c->targets[i].seen, pid) != NULL)
			return true;
	return false;
}

/* A socket may be held by anybody: by an engine, or by whoever made it before they moved on. */
static int scan_others(struct space *s, struct sl_error *err)
{
	CLEANUP(root_names_clear) struct root_names names = {0};
	int proc_fd = host_proc_fd(s->capture->host);
	int rc = 0;

	/* those that were not asked may be the owners */
	s->owners.unread += root_list(proc_fd, &names, PIDS_MAX, NULL) < 0;
	for (size_t i = 0; rc == 0 && i < names.count; i++) {
		int64_t pid = strtoll(names.names[i], NULL, 10);

		if (pid > 0 && !is_member(s->capture, pid))
			rc = sockowners_scan(&s->owners, proc_fd, pid, err);
	}
	return rc;
}

static int find_owners(struct space *s, struct sl_error *err)
{
	int rc = each_socket(s, want_socket, err);

	sockowners_settle(&s->owners);
	if (rc == 0)
		rc = scan_members(s, err);
	sockowners_order(&s->owners);
	if (rc == 0 && sockowners_missing(&s->owners) > 0) {
		rc = scan_others(s, err);
		sockowners_order(&s->owners);
	}
	return rc;
}

/* ---- records ---- */

static void begin_record(struct space *s)
{
	struct jout *j = &s->j;

	buf_reset(&s->members);
	jout_begin(j, &s->members);
	jout_object(j);
	jout_key(j, "netns");
	jout_id(j, s->number);
	jout_key_u64(j, "part", s->part++);
	jout_key(j, "pid");
	jout_i64(j, s->pid);
	jout_key(j, "targets");
	jout_array(j);
	for (size_t i = 0; i < s->capture->target_count; i++) {
		const struct capture_target *t = &s->capture->targets[i];

		for (size_t k = 0; t->seen != NULL && k < t->seen->members.count; k++)
			if (t->seen->members.items[k].net_ns == s->number) {
				jout_u64(j, t->id);
				break;
			}
	}
	jout_array_end(j);
	jout_key(j, "sockets");
	jout_array(j);
}

static int end_record(struct space *s, bool is_last, struct sl_error *err)
{
	struct jout *j = &s->j;

	jout_array_end(j);
	jout_key_bool(j, "more", !is_last);
	if (is_last) {
		jout_key_u64(j, "count", s->listed);
		jout_key_u64(j, "unowned", s->unowned);
		jout_key_u64(j, "processes_unread", s->owners.unread);
	}
	jout_object_end(j);
	if (jout_end(j) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "network record");
	s->members.data[s->members.len - 1] = '\0'; /* the braces are the writer's */
	return sl_bundle_record(s->capture->writer, "net", s->target->id, s->members.data + 1, NULL,
				err);
}

static void say_address(struct jout *j, const char *address, const char *port, bool is_wide,
			const struct netaddress *a)
{
	char text[INET6_ADDRSTRLEN];

	if (inet_ntop(is_wide ? AF_INET6 : AF_INET, a->bytes, text, sizeof(text)) != NULL)
		jout_key_str(j, address, text);
	jout_key_u64(j, port, a->port);
}

static void say_owners(struct space *s, uint64_t inode, bool is_kernel)
{
	const struct sockowner *owners = NULL;
	size_t count = inode != 0 ? sockowners_find(&s->owners, inode, &owners) : 0;
	struct jout *j = &s->j;

	jout_key(j, "owners");
	jout_array(j);
	for (size_t i = 0; i < count && i < OWNERS_MAX; i++) {
		jout_object(j);
		jout_key(j, "pid");
		jout_i64(j, owners[i].pid);
		jout_key(j, "fd");
		jout_i64(j, owners[i].fd);
		jout_object_end(j);
	}
	jout_array_end(j);
	if (count > OWNERS_MAX)
		jout_key_u64(j, "owner_count", count);
	s->unowned += inode != 0 && count == 0 && !is_kernel;
	if (is_kernel)
		jout_key_bool(j, "kernel", true);
}

static void say_kind(struct jout *j, enum nettable_form form, const struct netsocket *socket)
{
	switch (form) {
	case NETTABLE_INET:
	case NETTABLE_INET6:
		say_address(j, "local", "local_port", form == NETTABLE_INET6, &socket->local);
		say_address(j, "remote", "remote_port", form == NETTABLE_INET6, &socket->remote);
		jout_key_u64(j, "uid", socket->uid);
		break;
	case NETTABLE_UNIX:
		jout_key_u64(j, "socktype", socket->type);
		if (socket->path.len > 0)
			jout_bytes(j, "path", "", socket->path);
		break;
	case NETTABLE_PACKET:
		jout_key_u64(j, "socktype", socket->type);
		jout_key_u64(j, "protocol", socket->protocol);
		jout_key_u64(j, "interface", socket->interface);
		jout_key_u64(j, "uid", socket->uid);
		break;
	case NETTABLE_NETLINK:
		jout_key_u64(j, "protocol", socket->protocol);
		jout_key(j, "portid");
		jout_id(j, socket->portid);
		break;
	case NETTABLE_OTHER:
		break;
	}
}

static int say_socket(struct space *s, const struct nettable *table, const struct netsocket *socket,
		      struct sl_error *err)
{
	const char *state = nettable_state(table->form, table->name, socket);
	struct jout *j = &s->j;
	int rc = 0;

	jout_object(j);
	jout_key_str(j, "table", table->name);
	say_kind(j, table->form, socket);
	if (state != NULL)
		jout_key_str(j, "state", state);
	jout_key(j, "ino");
	jout_id(j, socket->inode);
	/* the kernel's own end of each netlink family */
	say_owners(s, socket->inode, table->form == NETTABLE_NETLINK && socket->portid == 0);
	jout_object_end(j);
	s->listed++;
	if (s->members.len > RECORD_FULL) {
		rc = end_record(s, false, err);
		begin_record(s);
	}
	return rc;
}

/* ---- namespaces ---- */

/* Through whichever of its processes lives. 0; 1: none does. */
static int take_through(struct space *s, const struct host_member *member, struct sl_error *err)
{
	AUTO_CLOSE int fd = host_member_open(s->capture->host, member, NULL);
	uint64_t now;

	if (fd < 0 || process_namespace(fd, "net", &now, NULL) < 0 || now != s->number)
		return 1;
	s->pid = member->pid;
	return take_tables(s, fd, err);
}

static int take_space(struct capture *c, struct capture_target *t, uint64_t number,
		      struct sl_error *err)
{
	CLEANUP(space_clear)
	struct space s = {
		.capture = c, .target = t, .number = number, .members = BUF_INIT(RECORD_MAX)};
	int rc = 1;

	for (size_t k = 0; rc == 1 && k < t->seen->members.count; k++)
		if (t->seen->members.items[k].net_ns == number)
			rc = take_through(&s, &t->seen->members.items[k], err);
	if (rc == 1)
		return capture_gap_of(c, t, "network", "its processes ended while it was read", 0,
				      err);
	if (rc == 0)
		rc = find_owners(&s, err);
	if (rc == 0 && s.owners.is_cut)
		rc = capture_gap_of(c, t, "network",
				    "some sockets are told without their owners: "
				    "there are too many",
				    0, err);
	if (rc < 0)
		return rc;
	begin_record(&s);
	rc = each_socket(&s, say_socket, err);
	return rc < 0 ? rc : end_record(&s, true, err);
}

/* Did an earlier process of an earlier container, or of this one, have it? */
static bool is_known(const struct capture *c, size_t target, size_t member, uint64_t number)
{
	for (size_t i = 0; i <= target; i++) {
		const struct capture_seen *seen = c->targets[i].seen;

		for (size_t k = 0; seen != NULL && k < (i == target ? member : seen->members.count);
		     k++)
			if (seen->members.items[k].net_ns == number)
				return true;
	}
	return false;
}

int capture_network(struct capture *c, struct sl_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc >= 0 && i < c->target_count; i++)
		rc = capture_look(c, &c->targets[i], err);
	rc = rc < 0 ? rc : 0;
	for (size_t i = 0; rc == 0 && i < c->target_count; i++) {
		struct capture_target *t = &c->targets[i];

		for (size_t k = 0; rc == 0 && t->seen != NULL && k < t->seen->members.count; k++) {
			uint64_t number = t->seen->members.items[k].net_ns;

			if (number != 0 && !is_known(c, i, k, number))
				rc = take_space(c, t, number, err);
		}
	}
	return rc;
}
