/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What several processes say together: who writes the pipe that an interpreter runs, and who holds
 * sockets that see more than what is sent to them. Few containers have either; in the others,
 * nobody's open files are listed for it.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "host/nettable.h"
#include "host/procfds.h"
#include "host/procread.h"
#include "host/sockowners.h"

/* Connections of one process that are looked for. */
#define SOCKETS_MAX 64
#define TABLE_MAX ((size_t)1 << 20)

/* ---- pipes ---- */

/* One process that may stand at the other end. */
struct holder {
	int pid_fd;
	const char *pipe, *outlet; /* outlet may be NULL */
	bool holds;                /* the pipe, and not only to read it */
	bool reads;                /* the outlet */
	uint64_t sockets[SOCKETS_MAX];
	size_t socket_count;
};

/* What the kernel does not tell may be so, but for the standard input. */
static bool may_write(int pid_fd, int64_t fd)
{
	CLEANUP(buf_clear) struct buf info = BUF_INIT(8192);
	char name[40];
	const char *flags;

	(void)snprintf(name, sizeof(name), "fdinfo/%" PRId64, fd);
	if (process_read(pid_fd, name, &info, NULL) < 0 || info.len == 0 ||
	    (flags = strstr(info.data, "flags:")) == NULL)
		return fd != 0;
	return (strtoul(flags + strlen("flags:"), NULL, 8) & O_ACCMODE) != O_RDONLY;
}

static int see_file(void *payload, int64_t fd, struct sl_bytes link)
{
	struct holder *h = payload;
	uint64_t socket = procfds_socket(link);

	if (link.len == strlen(h->pipe) && memcmp(link.data, h->pipe, link.len) == 0 &&
	    may_write(h->pid_fd, fd))
		h->holds = true;
	if (fd == 0 && h->outlet != NULL && link.len == strlen(h->outlet) &&
	    memcmp(link.data, h->outlet, link.len) == 0)
		h->reads = true;
	if (socket != 0 && h->socket_count < SOCKETS_MAX)
		h->sockets[h->socket_count++] = socket;
	return 0;
}

static int open_again(const struct procread *r, const struct sl_process *p)
{
	struct process_stat status;
	AUTO_CLOSE int fd = process_open_living(r->objects.proc_fd, p->pid, &status, NULL);

	return fd >= 0 && status.start == p->start ? take_fd(&fd) : -1;
}

static const struct sl_process *by_pid(const struct sl_processes *all, int64_t pid)
{
	for (size_t i = 0; i < all->count; i++)
		if (all->items[i].pid == pid)
			return &all->items[i];
	return NULL;
}

/* A program commands what it started itself: Erlang keeps shells so, for what the system says. */
static bool is_above(const struct sl_processes *all, const struct sl_process *p, int64_t pid)
{
	for (size_t depth = 0; p != NULL && depth <= all->count; depth++) {
		if (p->parent == pid)
			return true;
		p = by_pid(all, p->parent);
	}
	return false;
}

/* "busybox nc -l": the applet is what it is. */
static char *name_of(const struct sl_process *p)
{
	const char *applet = p->command != NULL ? strchr(p->command, ' ') : NULL;

	if (p->name == NULL || strcmp(p->name, "busybox") != 0 || applet == NULL)
		return strdup(p->name != NULL ? p->name : "");
	return strndup(applet + 1, strcspn(applet + 1, " "));
}

/* What stands beside it is told rather than what stands above, and of such what has a connection.
 */
static int ask_holder(const struct procread *r, struct sl_process *fed,
		      const struct sl_process *other, struct sl_error *err)
{
	AUTO_CLOSE int fd = open_again(r, other);
	bool above;
	struct holder h = {.pid_fd = fd, .pipe = fed->pipe, .outlet = fed->outlet};

	if (fd < 0 || procfds_links(fd, see_file, &h, NULL) < 0)
		return 0;
	/* "relay <fifo | sh >fifo": both its ends are of one connection */
	for (size_t i = 0; h.reads && fed->peer == NULL && i < h.socket_count; i++)
		fed->peer = procread_peer(fd, h.sockets[i]);
	if (!h.holds)
		return 0;
	above = is_above(r->objects.out, fed, other->pid);
	if (above && fed->feeder != NULL)
		return 0;
	if (fed->feeder == NULL || fed->is_fed_from_above || h.socket_count > 0) {
		free(fed->feeder);
		fed->is_fed_from_above = above;
		fed->feeder = name_of(other);
		if (fed->feeder == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "processes");
	}
	for (size_t i = 0; !above && fed->feeder_peer == NULL && i < h.socket_count; i++)
		fed->feeder_peer = procread_peer(fd, h.sockets[i]);
	return 0;
}

static int find_feeders(struct procread *r, struct sl_error *err)
{
	struct sl_processes *all = r->objects.out;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < all->count; i++) {
		struct sl_process *fed = &all->items[i];

		for (size_t k = 0; rc == 0 && fed->pipe != NULL && k < all->count; k++)
			if (k != i)
				rc = ask_holder(r, fed, &all->items[k], err);
	}
	return rc;
}

/* ---- raw sockets ---- */

struct raw {
	uint64_t inode;
	uint32_t kind;
};

struct raws {
	struct raw *items; /* owned */
	size_t count;
};

static void raws_clear(struct raws *all)
{
	free(all->items);
}

static uint32_t kind_of(enum nettable_form form, const struct netsocket *s)
{
	if (form == NETTABLE_PACKET)
		return SL_SOCKET_PACKET;
	return s->local.port == IPPROTO_TCP || s->local.port == IPPROTO_UDP ||
			       s->local.port == IPPROTO_RAW
		       ? SL_SOCKET_RAW
		       : SL_SOCKET_RAW_OTHER;
}

static int add_table(struct raws *all, int pid_fd, const char *name, enum nettable_form form,
		     struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(TABLE_MAX);
	struct sl_bytes rest;
	struct netsocket s;
	int rc;

	if (process_read_whole(pid_fd, name, &text, NULL) < 0)
		return 0;
	rest = (struct sl_bytes){text.data, text.len};
	while ((rc = nettable_next(form, &rest, &s, NULL)) != 1) {
		struct raw *grown;

		if (rc < 0 || s.inode == 0)
			continue;
		grown = reallocarray(all->items, all->count + 1, sizeof(*grown));
		if (grown == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "processes");
		all->items = grown;
		grown[all->count++] = (struct raw){s.inode, kind_of(form, &s)};
	}
	return 0;
}

static void mark(struct sl_processes *all, int64_t pid, uint32_t kind)
{
	for (size_t i = 0; i < all->count; i++)
		if (all->items[i].pid == pid)
			all->items[i].sockets |= kind;
}

static int mark_owners(struct procread *r, const struct raws *raws, struct sl_error *err)
{
	CLEANUP(sockowners_clear) struct sockowners owners = {0};
	struct sl_processes *all = r->objects.out;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < raws->count; i++)
		rc = sockowners_want(&owners, raws->items[i].inode, err);
	sockowners_settle(&owners);
	for (size_t i = 0; rc == 0 && i < all->count; i++)
		rc = sockowners_scan(&owners, r->objects.proc_fd, all->items[i].pid, err);
	sockowners_order(&owners);
	for (size_t i = 0; rc == 0 && i < raws->count; i++) {
		const struct sockowner *first;
		size_t n = sockowners_find(&owners, raws->items[i].inode, &first);

		for (size_t k = 0; k < n; k++)
			mark(all, first[k].pid, raws->items[i].kind);
	}
	return rc;
}

static int find_raw(struct procread *r, struct sl_error *err)
{
	CLEANUP(raws_clear) struct raws raws = {0};
	struct process_stat status;
	AUTO_CLOSE int fd =
		process_open_living(r->objects.proc_fd, r->objects.container->pid, &status, NULL);
	int rc;

	if (fd < 0)
		return 0;
	rc = add_table(&raws, fd, "net/packet", NETTABLE_PACKET, err);
	if (rc == 0)
		rc = add_table(&raws, fd, "net/raw", NETTABLE_INET, err);
	if (rc == 0)
		rc = add_table(&raws, fd, "net/raw6", NETTABLE_INET6, err);
	return rc == 0 && raws.count > 0 ? mark_owners(r, &raws, err) : rc;
}

int procread_peers(struct procread *r, struct sl_error *err)
{
	int rc = find_feeders(r, err);

	return rc == 0 ? find_raw(r, err) : rc;
}
