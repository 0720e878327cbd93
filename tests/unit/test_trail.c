/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "host/trail.h"
#include "unit/fake_root.h"

struct fixture {
	char *root;
	struct host *host;
	struct host_trail trail;
	struct sl_error err;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct host_options options = {0};

	f->root = fake_root();
	fake_file(f->root, "x", "real/dir/file");
	fake_file(f->root, "x", "file");
	fake_link(f->root, "/real", "abs");
	fake_link(f->root, "../real/dir", "real/rel");
	fake_link(f->root, "../../../../../../etc", "out");
	fake_link(f->root, "loop", "loop");
	fake_link(f->root, "/nowhere/at/all", "dangling");
	options.root = f->root;
	assert_int_equal(host_open(&f->host, &options, NULL), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	host_trail_clear(&f->trail);
	host_close(f->host);
	sl_error_clear(&f->err);
	fake_root_remove(f->root);
	free(f);
	return 0;
}

static const struct trail_row {
	const char *path;
	int rc;
	const char *resolved;
	bool exists;
	const char *rest; /* behind /real/dir, where the trail goes through it */
} rows[] = {
	{"/real/dir/file", 0, "/real/dir/file", true, "/file"},
	{"real//dir/./file", 0, "/real/dir/file", true, "/file"},
	{"/real/dir", 0, "/real/dir", true, "/"},
	{"/real/dir/", 0, "/real/dir", true, "/"},
	{"/abs/rel/file", 0, "/real/dir/file", true, "/file"},
	{"/abs/rel/../dir/file", 0, "/real/dir/file", true, "/file"},
	{"/real/dir/..", 0, "/real", true, NULL},
	{"/real/dir/.", 0, "/real/dir", true, "/"},
	{"/../../real/dir", 0, "/real/dir", true, "/"},
	{"/", 0, "", true, NULL},
	{"", 0, "", true, NULL},
	/* the last name may be a link, and stays one */
	{"/abs", 0, "/abs", true, NULL},
	{"/real/rel", 0, "/real/rel", true, NULL},
	{"/dangling", 0, "/dangling", true, NULL},
	/* what is gone keeps what is left of its way */
	{"/real/dir/gone/deep", 0, "/real/dir/gone/deep", false, "/gone/deep"},
	{"/file/below", 0, "/file/below", false, NULL},
	{"/dangling/x", 0, "/nowhere/at/all/x", false, NULL},
	{"/gone/../real/dir", -SL_ENOTFOUND, NULL, false, NULL},
	/* links lead nowhere but inside, and come to an end */
	{"/out/x", 0, "/etc/x", false, NULL},
	{"/loop/x", -SL_ELIMIT, NULL, false, NULL},
};

static void a_path_is_walked_name_by_name(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *dir = NULL;
	AUTO_CLOSE int fd = -1;

	assert_true(asprintf(&dir, "%s/real/dir", f->root) > 0);
	fd = open(dir, O_PATH);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct trail_row *r = &rows[i];
		int rc = host_trail_open(f->host, r->path, &f->trail, &f->err);
		const struct host_step *step;

		if (rc != r->rc)
			fail_msg("'%s': %d %s", r->path, rc, sl_error_text(&f->err));
		sl_error_clear(&f->err);
		if (rc < 0)
			continue;
		if (strcmp(f->trail.path, r->resolved) != 0 || f->trail.exists != r->exists)
			fail_msg("'%s': '%s' %d", r->path, f->trail.path, f->trail.exists);
		step = host_trail_find(&f->trail, fd);
		if ((step == NULL) != (r->rest == NULL))
			fail_msg("'%s': through it or not", r->path);
		if (step != NULL)
			assert_string_equal(host_trail_rest(&f->trail, step), r->rest);
		host_trail_clear(&f->trail);
	}
}

static void an_endless_climb_comes_to_an_end(void **state)
{
	struct fixture *f = *state;
	char path[4096] = "/real";

	for (size_t i = 0; i < 500; i++)
		strcat(path, "/dir/..");
	assert_int_equal(host_trail_open(f->host, path, &f->trail, &f->err), -SL_ELIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_path_is_walked_name_by_name, setup, teardown),
		cmocka_unit_test_setup_teardown(an_endless_climb_comes_to_an_end, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
