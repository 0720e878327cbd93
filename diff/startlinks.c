/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/startlinks.h"

#include <string.h>

#include "core/cleanup.h"

static bool begins(struct sl_bytes text, const char *start)
{
	return text.len >= strlen(start) && memcmp(text.data, start, strlen(start)) == 0;
}

static bool ends(struct sl_bytes text, const char *end)
{
	size_t len = strlen(end);

	return text.len >= len && memcmp(text.data + text.len - len, end, len) == 0;
}

static bool is(struct sl_bytes text, const char *word)
{
	return text.len == strlen(word) && begins(text, word);
}

static bool climbs(struct sl_bytes target)
{
	return target.len == 0 || memmem(target.data, target.len, "..", 2) != NULL;
}

/* What stands before the last slash and what behind it; false: there is none. */
static bool split(struct sl_bytes path, struct sl_bytes *dir, struct sl_bytes *name)
{
	const char *slash = path.len > 0 ? memrchr(path.data, '/', path.len) : NULL;
	size_t at;

	if (slash == NULL)
		return false;
	at = (size_t)(slash - path.data);
	*dir = (struct sl_bytes){path.data, at};
	*name = (struct sl_bytes){slash + 1, path.len - at - 1};
	return name->len > 0;
}

/* What systemd's and Dovecot's own start leaves. */
static bool is_fixed(struct sl_bytes path, struct sl_bytes target)
{
	static const struct {
		const char *path, *target;
	} links[] = {
		{"run/shm", "/dev/shm"},
		{"var/lib/dbus/machine-id", "/etc/machine-id"},
		{"etc/mtab", "../proc/self/mounts"},
		{"run/dovecot/dovecot.conf", "/etc/dovecot/dovecot.conf"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		if (is(path, links[i].path) && is(target, links[i].target))
			return true;
	return false;
}

static bool is_time_zone(struct sl_bytes path, struct sl_bytes target)
{
	return is(path, "etc/localtime") && begins(target, "/usr/share/zoneinfo/") &&
	       !climbs(target);
}

/* ---- what is available and what is enabled ---- */

#define ENABLED "-enabled"
#define AVAILABLE "-available"

bool startlinks_is_switch(struct sl_bytes path)
{
	struct sl_bytes dir, name;

	return begins(path, "etc/") && split(path, &dir, &name) && ends(dir, ENABLED);
}

/* "../mods-available/x.load" or "/etc/apache2/mods-available/x.load", of mods-enabled/x.load. */
static bool is_switched_on(struct sl_bytes path, struct sl_bytes target)
{
	struct sl_bytes dir, name, from, same, beside, kind;
	size_t stem;

	if (!startlinks_is_switch(path) || !split(path, &dir, &name) ||
	    !split(target, &from, &same) || same.len != name.len ||
	    memcmp(same.data, name.data, name.len) != 0 || !ends(from, AVAILABLE))
		return false;
	stem = dir.len - strlen(ENABLED);
	from.len -= strlen(AVAILABLE);
	if (from.len == stem + 1 && from.data[0] == '/')
		return memcmp(from.data + 1, dir.data, stem) == 0;
	dir.len = stem;
	return split(dir, &beside, &kind) && begins(from, "../") && from.len == kind.len + 3 &&
	       memcmp(from.data + 3, kind.data, kind.len) == 0;
}

/* "/etc/php/8.2/mods-available/gd.ini", of etc/php/8.2/fpm/conf.d/20-gd.ini. */
static bool is_php_module(struct sl_bytes path, struct sl_bytes target)
{
	struct sl_bytes dir, name, from, same;

	if (!begins(path, "etc/php/") || !split(path, &dir, &name) || !ends(dir, "/conf.d") ||
	    !begins(target, "/etc/php/") || climbs(target) || !split(target, &from, &same) ||
	    !ends(from, "/mods-available"))
		return false;
	if (name.len > 3 && name.data[2] == '-')
		name = (struct sl_bytes){name.data + 3, name.len - 3};
	return name.len == same.len && memcmp(name.data, same.data, name.len) == 0;
}

/* ---- logs ---- */

static bool is_output(struct sl_bytes path, struct sl_bytes target)
{
	static const char *const outputs[] = {"/dev/stdout",  "/dev/stderr",     "/dev/fd/1",
					      "/dev/fd/2",    "/proc/self/fd/1", "/proc/self/fd/2",
					      "/proc/1/fd/1", "/proc/1/fd/2"};

	for (size_t i = 0; begins(path, "var/log/") && i < ARRAY_SIZE(outputs); i++)
		if (is(target, outputs[i]))
			return true;
	return false;
}

/* ---- an application's own ---- */

/* Where applications keep what is theirs, and nobody looks for programs, settings or pages. */
static bool is_own_place(struct sl_bytes path)
{
	static const char *const places[] = {"app/",    "srv/",     "opt/",  "data/",
					     "config/", "usr/src/", "home/", "var/lib/"};
	static const char *const others[] = {"srv/www/",      "srv/http/",    "srv/ftp/",
					     "var/lib/dpkg/", "var/lib/apt/", "var/lib/rpm/"};
	bool found = false;

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (begins(path, others[i]))
			return false;
	for (size_t i = 0; !found && i < ARRAY_SIZE(places); i++)
		found = begins(path, places[i]);
	return found;
}

/*
 * A directory or data: what has an ending may be code that is loaded by this name, and what hides
 * or lies among programs and modules is none of it.
 */
static bool is_plain(struct sl_bytes path)
{
	static const char *const parts[] = {"bin/",      "/lib/",    "lib64/",   "node_modules",
					    "-packages", "webapps/", "/.",       "htdocs",
					    "/public",   "wwwroot",  "/plugins", "/modules"};
	struct sl_bytes dir, name;

	if (begins(path, "var/lib/"))
		path = (struct sl_bytes){path.data + 7, path.len - 7};
	if (!split(path, &dir, &name) || memchr(name.data, '.', name.len) != NULL || climbs(path))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (memmem(path.data, path.len, parts[i], strlen(parts[i])) != NULL)
			return false;
	return true;
}

static bool is_moved_data(struct sl_bytes path, struct sl_bytes target)
{
	struct sl_bytes to = {target.data + 1, target.len - 1};

	return target.len > 1 && target.data[0] == '/' && is_own_place(path) && is_plain(path) &&
	       is_own_place(to) && is_plain(to);
}

bool startlinks_are_usual(struct sl_bytes path, struct sl_bytes target)
{
	return is_fixed(path, target) || is_time_zone(path, target) ||
	       is_switched_on(path, target) || is_php_module(path, target) ||
	       is_output(path, target) || is_moved_data(path, target);
}
