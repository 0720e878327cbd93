/* SPDX-License-Identifier: Apache-2.0 */
/* Facts that follow from where a path lies. */
#include "diff/facts.h"

#include <string.h>

#include "core/cleanup.h"

/* Programs, libraries and temporary files by convention; what PATH is set to is not known here. */
static const struct place {
	const char *dir; /* ends with a slash: strictly beneath */
	fact_set facts;
} places[] = {
	{"bin/", FACT_IN_BIN | SL_SIGNAL_IN_PATH},
	{"sbin/", FACT_IN_BIN | SL_SIGNAL_IN_PATH},
	{"usr/bin/", FACT_IN_BIN | SL_SIGNAL_IN_PATH},
	{"usr/sbin/", FACT_IN_BIN | SL_SIGNAL_IN_PATH},
	{"usr/local/bin/", SL_SIGNAL_IN_PATH},
	{"usr/local/sbin/", SL_SIGNAL_IN_PATH},
	{"lib/", FACT_IN_LIB},
	{"lib32/", FACT_IN_LIB},
	{"lib64/", FACT_IN_LIB},
	{"libx32/", FACT_IN_LIB},
	{"usr/lib/", FACT_IN_LIB},
	{"usr/lib32/", FACT_IN_LIB},
	{"usr/lib64/", FACT_IN_LIB},
	{"usr/libx32/", FACT_IN_LIB},
	{"usr/libexec/", FACT_IN_LIB},
	{"usr/local/lib/", FACT_IN_LIB},
	{"usr/local/lib64/", FACT_IN_LIB},
	{"usr/local/libexec/", FACT_IN_LIB},
	{"tmp/", SL_SIGNAL_IN_TEMP},
	{"var/tmp/", SL_SIGNAL_IN_TEMP},
	{"dev/shm/", SL_SIGNAL_IN_TEMP},
	{"run/", SL_SIGNAL_IN_TEMP},
	{"var/run/", SL_SIGNAL_IN_TEMP},
	{"var/lock/", SL_SIGNAL_IN_TEMP},
};

static const char *const account_files[] = {"etc/passwd",          "etc/shadow", "etc/group",
					    "etc/gshadow",         "etc/subuid", "etc/subgid",
					    "etc/security/opasswd"};

static fact_set directory_facts(struct sl_bytes path)
{
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		const char *dir = places[i].dir;

		/* asked for every path: most differ in the first byte */
		if (path.len > 0 && path.data[0] == dir[0] && path.len > strlen(dir) &&
		    memcmp(path.data, dir, strlen(dir)) == 0)
			return places[i].facts;
	}
	return 0;
}

static bool is_account_file(struct sl_bytes path)
{
	if (path.len == 0 || path.data[0] != 'e')
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(account_files); i++)
		if (path.len == strlen(account_files[i]) &&
		    memcmp(path.data, account_files[i], path.len) == 0)
			return true;
	return false;
}

/* A configured destination as a path of ours: no slash in front or at the end. */
static struct sl_bytes inside(const char *mount)
{
	size_t len;

	while (*mount == '/')
		mount++;
	len = strlen(mount);
	while (len > 0 && mount[len - 1] == '/')
		len--;
	return (struct sl_bytes){mount, len};
}

static enum facts_mount place(struct sl_bytes path, struct sl_bytes point)
{
	if (point.len == 0)
		return FACTS_APART;
	if (sl_path_within(path, point))
		return path.len == point.len ? FACTS_AT : FACTS_BENEATH;
	/* the other way round: NOLINTNEXTLINE(readability-suspicious-call-argument) */
	return sl_path_within(point, path) ? FACTS_ABOVE : FACTS_APART;
}

static bool begins(struct sl_bytes text, const char *start)
{
	return text.len > strlen(start) && memcmp(text.data, start, strlen(start)) == 0;
}

/* /bin and its like are links into /usr in most images. */
static bool is_of_usr(struct sl_bytes m)
{
	return begins(m, "bin/") || begins(m, "sbin/") || begins(m, "lib/") || begins(m, "lib64/");
}

enum facts_mount facts_place(struct sl_bytes path, const char *mount)
{
	struct sl_bytes m = inside(mount);
	enum facts_mount where = place(path, m);

	/* /var/run is a link to /run in most images: the stub appears there */
	if (where == FACTS_APART && begins(m, "var/run/"))
		where = place(path, (struct sl_bytes){m.data + 4, m.len - 4});
	if (where == FACTS_APART && begins(path, "usr/") && is_of_usr(m))
		where = place((struct sl_bytes){path.data + 4, path.len - 4}, m);
	return where;
}

static fact_set mount_facts(struct sl_bytes path, const struct sl_container *container)
{
	/* every runtime mounts these, whatever the configuration says */
	static const char *const always[] = {"proc", "sys", "dev"};
	enum facts_mount deepest = FACTS_APART;

	for (size_t i = 0; i < container->mount_count; i++) {
		enum facts_mount where = facts_place(path, container->mounts[i].path);

		if (where == FACTS_AT && deepest != FACTS_BENEATH)
			deepest = FACTS_AT;
		if (where == FACTS_BENEATH)
			deepest = FACTS_BENEATH;
	}
	for (size_t i = 0; container->id != NULL && i < ARRAY_SIZE(always); i++) {
		enum facts_mount where = facts_place(path, always[i]);

		if (where == FACTS_BENEATH)
			deepest = FACTS_BENEATH;
	}
	if (deepest == FACTS_BENEATH)
		return SL_SIGNAL_UNDER_MOUNT | FACT_BENEATH_MOUNT;
	return deepest == FACTS_AT ? (fact_set)SL_SIGNAL_UNDER_MOUNT : 0;
}

fact_set facts_of_place(struct sl_bytes path, const struct sl_container *container)
{
	fact_set facts = directory_facts(path);

	if (is_account_file(path))
		facts |= FACT_ACCOUNT_FILE;
	if (container != NULL)
		facts |= mount_facts(path, container);
	return facts;
}
