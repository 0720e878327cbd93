/* SPDX-License-Identifier: Apache-2.0 */
/* Formats: Linux net/ipv4/tcp_ipv4.c, net/unix/af_unix.c, net/packet, net/netlink. */
#include "host/nettable.h"

#include <string.h>
#include <sys/socket.h>

#include "core/cleanup.h"

#define FIELDS_MAX 10
/* Linux: include/linux/net.h, __SO_ACCEPTCON */
#define FLAG_ACCEPTS 0x10000u

static const struct nettable tables[] = {
	{"tcp", NETTABLE_INET},
	{"tcp6", NETTABLE_INET6},
	{"udp", NETTABLE_INET},
	{"udp6", NETTABLE_INET6},
	{"udplite", NETTABLE_INET},
	{"udplite6", NETTABLE_INET6},
	{"raw", NETTABLE_INET},
	{"raw6", NETTABLE_INET6},
	{"icmp", NETTABLE_INET},
	{"icmp6", NETTABLE_INET6},
	{"unix", NETTABLE_UNIX},
	{"packet", NETTABLE_PACKET},
	{"netlink", NETTABLE_NETLINK},
	{"route", NETTABLE_OTHER},
	{"ipv6_route", NETTABLE_OTHER},
	{"arp", NETTABLE_OTHER},
	{"if_inet6", NETTABLE_OTHER},
	{"fib_trie", NETTABLE_OTHER},
	{"dev", NETTABLE_OTHER},
	{"dev_mcast", NETTABLE_OTHER},
	{"igmp", NETTABLE_OTHER},
	{"igmp6", NETTABLE_OTHER},
	{"ptype", NETTABLE_OTHER},
	{"protocols", NETTABLE_OTHER},
	{"sockstat", NETTABLE_OTHER},
	{"sockstat6", NETTABLE_OTHER},
	{"snmp", NETTABLE_OTHER},
	{"snmp6", NETTABLE_OTHER},
	{"netstat", NETTABLE_OTHER},
	{"ip_tables_names", NETTABLE_OTHER},
	{"ip6_tables_names", NETTABLE_OTHER},
	{"nf_conntrack", NETTABLE_OTHER},
	{"nf_conntrack_expect", NETTABLE_OTHER},
	{"sctp/eps", NETTABLE_OTHER},
	{"sctp/assocs", NETTABLE_OTHER},
	{"vlan/config", NETTABLE_OTHER},
};

const struct nettable *nettables(size_t *count)
{
	*count = ARRAY_SIZE(tables);
	return tables;
}

/* ---- fields ---- */

static int digit_of(char c, unsigned int base)
{
	int value = c >= '0' && c <= '9'   ? c - '0'
		    : c >= 'a' && c <= 'f' ? c - 'a' + 10
		    : c >= 'A' && c <= 'F' ? c - 'A' + 10
					   : 99;

	return value < (int)base ? value : -1;
}

static bool number(struct sl_bytes f, unsigned int base, uint64_t max, uint64_t *out)
{
	uint64_t n = 0;

	for (size_t i = 0; i < f.len; i++) {
		int digit = digit_of(f.data[i], base);

		if (digit < 0 || n > (max - (uint64_t)digit) / base)
			return false;
		n = n * base + (uint64_t)digit;
	}
	*out = n;
	return f.len > 0;
}

static bool number32(struct sl_bytes f, unsigned int base, uint32_t *out)
{
	uint64_t n = 0;
	bool ok = number(f, base, UINT32_MAX, &n);

	*out = (uint32_t)n;
	return ok;
}

/* The first fields of a line; *behind: what follows the last one, without the blank. */
static size_t split(struct sl_bytes line, struct sl_bytes *fields, size_t max,
		    struct sl_bytes *behind)
{
	const char *at = line.data, *end = line.data + line.len;
	size_t count = 0;

	while (count < max) {
		const char *from;

		while (at < end && *at == ' ')
			at++;
		if (at == end)
			break;
		from = at;
		while (at < end && *at != ' ')
			at++;
		fields[count++] = (struct sl_bytes){from, (size_t)(at - from)};
	}
	at += at < end;
	*behind = (struct sl_bytes){at, (size_t)(end - at)};
	return count;
}

/* "0100007F:0016": words of the machine's own order, which are bytes as on the wire in memory. */
static bool address(struct sl_bytes f, size_t size, struct netaddress *out)
{
	uint64_t port;

	if (f.len < 2 * size + 2 || f.data[2 * size] != ':' ||
	    !number((struct sl_bytes){f.data + 2 * size + 1, f.len - 2 * size - 1}, 16, UINT16_MAX,
		    &port))
		return false;
	for (size_t i = 0; i < size; i += 4) {
		uint32_t word;

		if (!number32((struct sl_bytes){f.data + 2 * i, 8}, 16, &word))
			return false;
		memcpy(out->bytes + i, &word, sizeof(word));
	}
	out->port = (uint16_t)port;
	return true;
}

/* ---- lines ---- */

/* "0: 0100007F:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 12345 ..." */
static bool read_inet(struct sl_bytes line, size_t size, struct netsocket *out)
{
	struct sl_bytes f[FIELDS_MAX], behind;

	return split(line, f, FIELDS_MAX, &behind) == FIELDS_MAX &&
	       address(f[1], size, &out->local) && address(f[2], size, &out->remote) &&
	       number32(f[3], 16, &out->state) && number32(f[7], 10, &out->uid) &&
	       number(f[9], 10, UINT64_MAX, &out->inode);
}

/* "0000000000000000: 00000002 00000000 00010000 0001 01 12345 /run/x" */
static bool read_unix(struct sl_bytes line, struct netsocket *out)
{
	struct sl_bytes f[7];
	uint32_t flags;

	if (split(line, f, 7, &out->path) != 7 || f[0].data[f[0].len - 1] != ':' ||
	    !number32(f[3], 16, &flags))
		return false;
	out->is_listening = (flags & FLAG_ACCEPTS) != 0;
	return number32(f[4], 16, &out->type) && number32(f[5], 16, &out->state) &&
	       number(f[6], 10, UINT64_MAX, &out->inode);
}

/* "0000000000000000 3      3    0003   2     1       0      0      12345" */
static bool read_packet(struct sl_bytes line, struct netsocket *out)
{
	struct sl_bytes f[9], behind;

	return split(line, f, 9, &behind) == 9 && number32(f[2], 10, &out->type) &&
	       number32(f[3], 16, &out->protocol) && number32(f[4], 10, &out->interface) &&
	       number32(f[7], 10, &out->uid) && number(f[8], 10, UINT64_MAX, &out->inode);
}

/* "0000000000000000 0   1234 00000000 0 0 0 2 0 12345" */
static bool read_netlink(struct sl_bytes line, struct netsocket *out)
{
	struct sl_bytes f[FIELDS_MAX], behind;

	return split(line, f, FIELDS_MAX, &behind) == FIELDS_MAX &&
	       number32(f[1], 10, &out->protocol) && number(f[2], 10, UINT64_MAX, &out->portid) &&
	       number(f[9], 10, UINT64_MAX, &out->inode);
}

static bool read_line(enum nettable_form form, struct sl_bytes line, struct netsocket *out)
{
	switch (form) {
	case NETTABLE_INET:
		return read_inet(line, 4, out);
	case NETTABLE_INET6:
		return read_inet(line, 16, out);
	case NETTABLE_UNIX:
		return read_unix(line, out);
	case NETTABLE_PACKET:
		return read_packet(line, out);
	case NETTABLE_NETLINK:
		return read_netlink(line, out);
	case NETTABLE_OTHER:
		break;
	}
	return false;
}

int nettable_next(enum nettable_form form, struct sl_bytes *rest, struct netsocket *out,
		  struct sl_error *err)
{
	struct sl_bytes line = *rest;
	const char *feed;

	if (rest->len == 0)
		return 1;
	feed = memchr(rest->data, '\n', rest->len);
	if (feed != NULL)
		line.len = (size_t)(feed - rest->data);
	rest->data += line.len + (feed != NULL);
	rest->len -= line.len + (feed != NULL);
	*out = (struct netsocket){0};
	return read_line(form, line, out) ? 0 : sl_fail(err, SL_EFORMAT, 0, "no socket");
}

/* ---- states: Linux include/net/tcp_states.h, include/uapi/linux/net.h ---- */

static const char *tcp_state(uint32_t state)
{
	static const char *const names[] = {
		NULL,         "established", "syn-sent",    "syn-received", "fin-wait-1",
		"fin-wait-2", "time-wait",   "closed",      "close-wait",   "last-ack",
		"listen",     "closing",     "syn-received"};

	return state < ARRAY_SIZE(names) ? names[state] : NULL;
}

static const char *unix_state(uint32_t state)
{
	static const char *const names[] = {"free", "unconnected", "connecting", "connected",
					    "disconnecting"};

	return state < ARRAY_SIZE(names) ? names[state] : NULL;
}

const char *nettable_state(enum nettable_form form, const char *name, const struct netsocket *s)
{
	if (form == NETTABLE_UNIX)
		return s->is_listening ? "listen" : unix_state(s->state);
	if (form != NETTABLE_INET && form != NETTABLE_INET6)
		return NULL;
	if (strncmp(name, "tcp", 3) == 0)
		return tcp_state(s->state);
	/* those without connections are 7 until they have a peer */
	return s->state == 1 ? "established" : s->state == 7 ? "unconnected" : NULL;
}
