/* SPDX-License-Identifier: Apache-2.0 */
/* Names that are made to be misread, and links that leave the container by a detour. */
#include "unit/cmocka_all.h"

#include <string.h>

#include "core/cleanup.h"
#include "diff/facts.h"

static struct sl_bytes bytes(const char *text)
{
	return (struct sl_bytes){text, strlen(text)};
}

static const struct {
	const char *name;
	bool is_deceptive;
} names[] = {
	{"\xd0\xb0pt", true},                                       /* a Cyrillic a */
	{"b\xce\xbfot", true},                                      /* a Greek o */
	{"\xef\xbd\x83url", true},                                  /* a wide c */
	{"passwd\xe2\x80\xa4", true},                               /* a dot that is none */
	{"\xd0\xbe\xd1\x82\xd1\x87\xd1\x91\xd1\x82_v2.pdf", false}, /* a report, in Russian */
	{"\xd1\x81\xd0\xb0\xd0\xbe", false},                        /* nothing Latin in it */
	{"r\xc3\xa9sum\xc3\xa9.pdf", false},
	{"\xe6\x97\xa5\xe6\x9c\xac.txt", false},
	{"ls\xe2\x80\x90l", true},  /* a hyphen that is none */
	{"kap\xc4\xb1.txt", false}, /* a door, in Turkish */
	{"apt", false},
	{"\xff\xfe", false}, /* no UTF-8 */
	{"ls ", true},
	{"...", true},
};

static void letters_of_other_scripts_do_not_pass_for_latin(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (facts_is_deceptive(bytes(names[i].name)) != names[i].is_deceptive)
			fail_msg("row %zu: %s", i, names[i].name);
}

static const struct {
	const char *path, *target;
	bool is_out;
} links[] = {
	{"opt/h", "/proc/1/root", true},
	{"opt/h", "../proc/1/root", true},
	{"opt/h", "../../../proc/1/root", true},
	{"opt/h", "/./proc//1/cwd", true},
	{"opt/h", "/etc/../proc/self/exe", true},
	{"opt/h", "/sys/fs/cgroup", true},
	{"a/b/c/d", "../../../sys/x", true},
	{"opt/h", "/proc/1/cwd/../../..", true}, /* up from where that leads */
	{"opt/h", "/proc/self/fd/7/../..", true},
	{"opt/h", "/proc/thread-self/root/../etc", true},
	{"opt/h", "/dev/fd/7/../..", true},
	{"opt/h", "/dev/fd/7", true},
	{"var/log/x", "/dev/fd/1", false},
	{"opt/h", "/proc/sys/../../etc", false},
	{"opt/h", "proc/1/root", false},
	{"proc", "1/root", false},
	{"etc/mtab", "/proc/self/mounts", false},
	{"etc/mtab", "../proc/self/mounts", false},
	{"dev/stdout", "/proc/self/fd/1", false},
	{"dev/stdout", "/proc/self/fd/11", true},
	{"dev/fd", "/proc/self/fd", false},
	{"opt/h", "/proc", false},
	{"opt/h", "/proc/../etc", false},
	{"opt/h", "/process/1", false},
	{"opt/h", "", false},
};

static void links_are_followed_through_their_dots(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		if (facts_leads_out(bytes(links[i].path), bytes(links[i].target)) !=
		    links[i].is_out)
			fail_msg("%s -> %s", links[i].path, links[i].target);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(letters_of_other_scripts_do_not_pass_for_latin),
		cmocka_unit_test(links_are_followed_through_their_dots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
