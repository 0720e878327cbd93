/* SPDX-License-Identifier: Apache-2.0 */
/* The sockets of a network namespace, as the kernel lists them in /proc/PID/net. */
#ifndef HOST_NETTABLE_H
#define HOST_NETTABLE_H

#include <strandline/error.h>

enum nettable_form {
	NETTABLE_INET,  /* tcp, udp, raw, icmp, udplite: addresses of four bytes */
	NETTABLE_INET6, /* the same of sixteen */
	NETTABLE_UNIX,
	NETTABLE_PACKET,
	NETTABLE_NETLINK,
	NETTABLE_OTHER, /* not of sockets, or of none that are understood: kept as it is */
};

/* A table that is looked for, "tcp6". */
struct nettable {
	const char *name;
	enum nettable_form form;
};

const struct nettable *nettables(size_t *count);

struct netaddress {
	uint8_t bytes[16]; /* as on the wire */
	uint16_t port;     /* of raw sockets: the protocol; of ping sockets: the identifier */
};

/* A line. Texts are borrowed from the document. */
struct netsocket {
	struct netaddress local, remote; /* NETTABLE_INET and INET6 */
	uint32_t state;                  /* as the kernel counts them; see nettable_state() */
	uint32_t uid;                    /* of its owner, seen from the reader; or of no meaning */
	uint64_t inode;                  /* 0: the kernel alone has it (TIME_WAIT) */
	uint32_t type;                   /* NETTABLE_UNIX, PACKET: SOCK_STREAM... */
	uint32_t protocol;               /* NETTABLE_PACKET: of Ethernet; NETLINK: its family */
	uint32_t interface;              /* NETTABLE_PACKET: 0: all */
	uint64_t portid;                 /* NETTABLE_NETLINK */
	bool is_listening;               /* NETTABLE_UNIX */
	struct sl_bytes path;            /* NETTABLE_UNIX; '@' stands for a NUL */
};

/*
 * Take the first line off @rest. 0; 1 at the end; -SL_EFORMAT for a line that is no socket, as the
 * table's heading: the call after it goes on. The kernel writes names of Unix sockets as they are:
 * one with a newline in it looks like several lines.
 */
int nettable_next(enum nettable_form form, struct sl_bytes *rest, struct netsocket *out,
		  struct sl_error *err);

/* "established", "listen"...; of Unix sockets "connected"...; NULL: unknown. Static. */
const char *nettable_state(enum nettable_form form, const char *name, const struct netsocket *s);

#endif
