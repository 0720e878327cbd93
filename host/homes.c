/* SPDX-License-Identifier: Apache-2.0 */
#include "host/homes.h"

#include <stdio.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/root.h"

#define PASSWD_MAX ((size_t)1024 * 1024)
/* Most directories in /home that are looked at. */
#define HOMES_MAX 1024
/* Most names in run/user. */
#define RUNTIME_DIRS_MAX ((size_t)1 << 20)

static bool parse_id(const char *text, uint32_t *out)
{
	size_t digits = strspn(text, "0123456789");
	unsigned long long n;

	if (digits == 0 || digits > 10 || text[digits] != '\0')
		return false;
	n = strtoull(text, NULL, 10);
	*out = (uint32_t)n;
	return n < UINT32_MAX;
}

bool home_parse(struct home *out, char *line)
{
	char *field[7] = {line};
	size_t count = 1;

	for (char *p = line; *p != '\0'; p++)
		if (*p == ':') {
			*p = '\0';
			if (count == 7)
				return false;
			field[count++] = p + 1;
		}
	if (count != 7 || field[0][0] == '\0' || field[5][0] != '/' ||
	    !parse_id(field[2], &out->uid) || !parse_id(field[3], &out->gid))
		return false;
	out->user = field[0];
	out->dir = field[5];
	return true;
}

struct walk {
	int (*fn)(void *payload, const struct home *home);
	void *payload;
	struct buf seen; /* homes so far, each between line ends */
};

static int each_line(struct walk *w, char *text)
{
	char *save = NULL;
	int rc = 0;

	for (char *line = strtok_r(text, "\n", &save); rc == 0 && line != NULL;
	     line = strtok_r(NULL, "\n", &save)) {
		struct home home;

		if (!home_parse(&home, line))
			continue;
		(void)buf_printf(&w->seen, "%s\n", home.dir);
		rc = w->fn(w->payload, &home);
	}
	return rc;
}

/* Directories in /home whose people a directory service knows, and etc/passwd does not. */
static int each_other(struct walk *w, int root_fd)
{
	AUTO_CLOSE int dir_fd = root_open_subdir(root_fd, "home", ROOT_FOLLOW_INSIDE, NULL);
	CLEANUP(root_names_clear) struct root_names names = {0};
	int rc = 0;

	if (dir_fd < 0 || root_list(dir_fd, &names, HOMES_MAX, NULL) < 0)
		return 0;
	for (size_t i = 0; rc == 0 && i < names.count; i++) {
		AUTO_CLOSE int fd = root_open_subdir(dir_fd, names.names[i], ROOT_NO_LINKS, NULL);
		AUTO_FREE char *line = NULL;
		struct stat st;

		if (fd < 0 || fstat(fd, &st) < 0 ||
		    asprintf(&line, "\n/home/%s\n", names.names[i]) < 0) {
			line = NULL;
			continue;
		}
		if (w->seen.data != NULL && strstr(w->seen.data, line) != NULL)
			continue;
		line[strlen(line) - 1] = '\0';
		rc = w->fn(w->payload,
			   &(struct home){.dir = line + 1, .uid = st.st_uid, .gid = st.st_gid});
	}
	return rc;
}

int homes_each(int root_fd, int (*fn)(void *payload, const struct home *home), void *payload)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(PASSWD_MAX);
	struct walk w = {.fn = fn, .payload = payload, .seen = BUF_INIT(2 * PASSWD_MAX)};
	int rc = 0;

	(void)buf_append_char(&w.seen, '\n');
	if (root_read_file(root_fd, "etc/passwd", ROOT_FOLLOW_INSIDE, &text, NULL) == 0 &&
	    text.data != NULL)
		rc = each_line(&w, text.data);
	if (rc == 0)
		rc = each_other(&w, root_fd);
	buf_clear(&w.seen);
	return rc;
}

int homes_each_runtime_dir(int root_fd, int (*fn)(void *payload, const char *dir), void *payload)
{
	CLEANUP(root_names_clear) struct root_names users = {0};
	AUTO_CLOSE int fd = root_open_subdir(root_fd, "run/user", ROOT_FOLLOW_INSIDE, NULL);
	char dir[32];
	int rc = 0;

	if (fd < 0 || root_list(fd, &users, RUNTIME_DIRS_MAX, NULL) < 0)
		return 0;
	for (size_t i = 0; rc == 0 && i < users.count; i++) {
		uint32_t uid;

		if (!parse_id(users.names[i], &uid))
			continue;
		(void)snprintf(dir, sizeof(dir), "run/user/%s", users.names[i]);
		rc = fn(payload, dir);
	}
	return rc;
}
