/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <unistd.h>

#include <strandline/container.h>

static void mounts_stay_sorted_by_path(void **state)
{
	static const char *const in[] = {"/m", "/a", "/z", "/a/b", "/m", "/"};
	static const char *const out[] = {"/", "/a", "/a/b", "/m", "/m", "/z"};
	struct sl_container *c = NULL;

	(void)state;
	assert_int_equal(sl_container_new(&c, NULL), 0);
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(
			sl_container_add_mount(c, in[i], "bind", i == 4 ? NULL : in[i], true, NULL),
			0);
	assert_int_equal(c->mount_count, 6);
	for (size_t i = 0; i < 6; i++)
		assert_string_equal(c->mounts[i].path, out[i]);
	/* equals in order of arrival */
	assert_non_null(c->mounts[3].source);
	assert_null(c->mounts[4].source);
	sl_container_free(c);
}

static void everything_handed_over_is_closed_with_the_container(void **state)
{
	struct sl_container *c = NULL;
	struct sl_lower lower = {.dir_fd = open("/", O_PATH | O_CLOEXEC), .dir_path = strdup("/")};
	int fd = open("/", O_PATH | O_CLOEXEC), lower_fd = lower.dir_fd;

	(void)state;
	assert_true(fd >= 0 && lower_fd >= 0);
	assert_int_equal(sl_container_new(&c, NULL), 0);
	assert_int_equal(c->stack.upper_fd, -1);
	assert_int_equal(sl_container_add_artifact(c, "json.log", "/x", fd, "json-file", NULL), 0);
	assert_true(c->artifacts[0].is_log);
	assert_int_equal(sl_stack_add_lower(&c->stack, &lower, NULL), 0);
	assert_int_equal(lower.dir_fd, -1);
	assert_null(lower.dir_path);
	sl_container_free(c);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	assert_int_equal(fcntl(lower_fd, F_GETFD), -1);
	sl_container_free(NULL);
}

static void a_cleared_stack_can_be_used_again(void **state)
{
	struct sl_stack s = SL_STACK_INIT;
	struct sl_lower lower = {.kind = SL_LOWER_INIT, .dir_fd = -1, .dir_path = strdup("/a")};

	(void)state;
	assert_int_equal(sl_stack_add_lower(&s, &lower, NULL), 0);
	assert_int_equal(s.lower_count, 1);
	assert_int_equal(s.lowers[0].kind, SL_LOWER_INIT);
	sl_stack_clear(&s);
	assert_int_equal(s.lower_count, 0);
	assert_int_equal(s.upper_fd, -1);
	sl_stack_clear(&s);
}

static void states_have_the_engines_words(void **state)
{
	static const char *const words[] = {
		[SL_STATE_UNKNOWN] = "unknown", [SL_STATE_CREATED] = "created",
		[SL_STATE_RUNNING] = "running", [SL_STATE_PAUSED] = "paused",
		[SL_STATE_EXITED] = "exited",   [SL_STATE_DEAD] = "dead"};

	(void)state;
	for (int i = SL_STATE_UNKNOWN; i <= SL_STATE_DEAD; i++)
		assert_string_equal(sl_state_name((enum sl_container_state)i), words[i]);
}

static void what_has_an_empty_name_is_called_by_its_id(void **state)
{
	char web[] = "web", empty[] = "", id[] = "0123";
	const struct sl_container c[] = {{.name = web, .id = id},
					 {.name = empty, .id = id},
					 {.id = id},
					 {.name = empty},
					 {.state = SL_STATE_UNKNOWN}};
	static const char *const labels[] = {"web", "0123", "0123", "", ""};

	(void)state;
	for (size_t i = 0; i < sizeof(c) / sizeof(c[0]); i++)
		assert_string_equal(sl_container_label(&c[i]), labels[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mounts_stay_sorted_by_path),
		cmocka_unit_test(everything_handed_over_is_closed_with_the_container),
		cmocka_unit_test(a_cleared_stack_can_be_used_again),
		cmocka_unit_test(states_have_the_engines_words),
		cmocka_unit_test(what_has_an_empty_name_is_called_by_its_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
