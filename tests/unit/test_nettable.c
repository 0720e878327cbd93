/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets out of the kernel's tables, and what of them is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>

#include "core/cleanup.h"
#include "host/nettable.h"
#include "host/procfds.h"

static struct sl_bytes bytes(const char *text)
{
	return (struct sl_bytes){text, strlen(text)};
}

static void lines_of_tcp_are_sockets(void **state)
{
	struct sl_bytes rest = bytes(
		"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid"
		"  timeout inode\n"
		"   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000"
		"  1000        0 12345 1 0000000000000000 100 0 0 10 0\n"
		"   1: 0100007F:8B2C 0200000A:01BB 01 00000000:00000000 00:00000000 00000000"
		"     0        0 777");
	struct netsocket s;
	struct in_addr peer;

	(void)state;
	assert_int_equal(nettable_next(NETTABLE_INET, &rest, &s, NULL), -SL_EFORMAT);
	assert_int_equal(nettable_next(NETTABLE_INET, &rest, &s, NULL), 0);
	assert_memory_equal(s.local.bytes, "\177\0\0\1", 4);
	assert_int_equal(s.local.port, 8080);
	assert_int_equal(s.uid, 1000);
	assert_int_equal(s.inode, 12345);
	assert_string_equal(nettable_state(NETTABLE_INET, "tcp", &s), "listen");
	assert_int_equal(nettable_next(NETTABLE_INET, &rest, &s, NULL), 0);
	memcpy(&peer, s.remote.bytes, sizeof(peer));
	assert_string_equal(inet_ntoa(peer), "10.0.0.2");
	assert_int_equal(s.remote.port, 443);
	assert_int_equal(s.inode, 777);
	assert_string_equal(nettable_state(NETTABLE_INET, "tcp", &s), "established");
	assert_int_equal(nettable_next(NETTABLE_INET, &rest, &s, NULL), 1);
}

static void six_addresses_are_in_the_order_of_the_wire(void **state)
{
	struct sl_bytes rest = bytes(
		"   0: B80D0120000000000000000001000000:0035 00000000000000000000000000000000:0000 "
		"07 "
		"00000000:00000000 00:00000000 00000000     0        0 9 2 0000000000000000 0\n");
	struct netsocket s;
	char text[INET6_ADDRSTRLEN];

	(void)state;
	assert_int_equal(nettable_next(NETTABLE_INET6, &rest, &s, NULL), 0);
	assert_non_null(inet_ntop(AF_INET6, s.local.bytes, text, sizeof(text)));
	assert_string_equal(text, "2001:db8::1");
	assert_int_equal(s.local.port, 53);
	assert_string_equal(nettable_state(NETTABLE_INET6, "udp6", &s), "unconnected");
}

static void names_of_unix_sockets_may_hold_blanks(void **state)
{
	struct sl_bytes rest =
		bytes("Num       RefCount Protocol Flags    Type St Inode Path\n"
		      "0000000000000000: 00000002 00000000 00010000 0001 01 4711 /run/a b\n"
		      "0000000000000000: 00000003 00000000 00000000 0001 03 4712\n");
	struct netsocket s;

	(void)state;
	assert_int_equal(nettable_next(NETTABLE_UNIX, &rest, &s, NULL), -SL_EFORMAT);
	assert_int_equal(nettable_next(NETTABLE_UNIX, &rest, &s, NULL), 0);
	assert_int_equal(s.path.len, 8);
	assert_memory_equal(s.path.data, "/run/a b", 8);
	assert_int_equal(s.inode, 4711);
	assert_string_equal(nettable_state(NETTABLE_UNIX, "unix", &s), "listen");
	assert_int_equal(nettable_next(NETTABLE_UNIX, &rest, &s, NULL), 0);
	assert_int_equal(s.path.len, 0);
	assert_string_equal(nettable_state(NETTABLE_UNIX, "unix", &s), "connected");
}

static void packet_and_netlink_sockets_are_known(void **state)
{
	struct sl_bytes packet = bytes("0000000000000000 3      3    0003   2     1       0      "
				       "33     9001  \n");
	struct sl_bytes netlink = bytes("0000000000000000 15  4242       00000001 0        0       "
					" 0     2        0        9002    \n");
	struct netsocket s;

	(void)state;
	assert_int_equal(nettable_next(NETTABLE_PACKET, &packet, &s, NULL), 0);
	assert_int_equal(s.type, 3);
	assert_int_equal(s.protocol, 3);
	assert_int_equal(s.interface, 2);
	assert_int_equal(s.uid, 33);
	assert_int_equal(s.inode, 9001);
	assert_int_equal(nettable_next(NETTABLE_NETLINK, &netlink, &s, NULL), 0);
	assert_int_equal(s.protocol, 15);
	assert_int_equal(s.portid, 4242);
	assert_int_equal(s.inode, 9002);
}

static void what_is_no_socket_is_refused_and_passed(void **state)
{
	static const struct {
		enum nettable_form form;
		const char *text;
	} rows[] = {
		{NETTABLE_INET, "\n"},
		{NETTABLE_INET, "0: 0100007F 00000000:0000 0A 0:0 0:0 0 0 0 1\n"},
		{NETTABLE_INET, "0: 0100007F:10000 00000000:0000 0A 0:0 0:0 0 0 0 1\n"},
		{NETTABLE_INET, "0: 010000ZF:0016 00000000:0000 0A 0:0 0:0 0 0 0 1\n"},
		{NETTABLE_INET, "0: 0100007F:0016 00000000:0000 0A 0:0 0:0 0 0 0\n"},
		{NETTABLE_INET,
		 "0: 0100007F:0016 00000000:0000 0A 0:0 0:0 0 0 0 99999999999999999999\n"},
		{NETTABLE_INET6, "0: 0100007F:0016 00000000:0000 0A 0:0 0:0 0 0 0 1\n"},
		{NETTABLE_UNIX, "0000 00000002 00000000 00010000 0001 01 4711 /x\n"},
		{NETTABLE_PACKET, "0000 3 3\n"},
		{NETTABLE_OTHER, "Iface\tDestination\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sl_bytes rest = bytes(rows[i].text);
		struct netsocket s;

		assert_int_equal(nettable_next(rows[i].form, &rest, &s, NULL), -SL_EFORMAT);
		assert_int_equal(nettable_next(rows[i].form, &rest, &s, NULL), 1);
	}
}

static void a_link_to_a_socket_has_its_number(void **state)
{
	static const struct {
		const char *link;
		uint64_t number;
	} rows[] = {
		{"socket:[12345]", 12345}, {"socket:[0]", 0},  {"socket:[]", 0},
		{"socket:[12", 0},         {"socket:[1x]", 0}, {"socket:[99999999999999999999]", 0},
		{"pipe:[12345]", 0},       {"/socket:[1]", 0}, {"", 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(procfds_socket(bytes(rows[i].link)), rows[i].number);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_tcp_are_sockets),
		cmocka_unit_test(six_addresses_are_in_the_order_of_the_wire),
		cmocka_unit_test(names_of_unix_sockets_may_hold_blanks),
		cmocka_unit_test(packet_and_netlink_sockets_are_known),
		cmocka_unit_test(what_is_no_socket_is_refused_and_passed),
		cmocka_unit_test(a_link_to_a_socket_has_its_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
