/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "unit/fake_root.h"
#include "unit/fake_store.h"

static struct host *open_host(const struct fake_host *f, const char *ns)
{
	struct host_options options = {.root = f->root, .ns = ns};
	struct host *h = NULL;

	assert_int_equal(host_open(&h, &options, NULL), 0);
	return h;
}

static void expect(struct fake_host *f, const struct host_filter *filter, const char *want)
{
	assert_int_equal(host_containers(f->host, filter, fake_host_note, fake_host_note_gap,
					 &f->log, &f->err),
			 0);
	assert_string_equal(f->log.data != NULL ? f->log.data : "", want);
	buf_reset(&f->log);
}

static const struct fake_row mixed[] = {
	{.id = "z", .name = "zoo"},
	{.id = "o", .kind = SL_CONTAINER_ORPHAN},
	{.id = "q1", .name = "x", .pod_ns = "sys", .pod = "q", .container = "x", .attempt = 1},
	{.id = "q0", .name = "x", .pod_ns = "sys", .pod = "q", .container = "x"},
	{.id = "p0", .name = "y", .pod_ns = "sys", .pod = "p", .container = "y", .ns = "k8s.io"},
	{.id = "s", .pod_ns = "sys", .pod = "p", .kind = SL_CONTAINER_SANDBOX, .ns = "k8s.io"},
	{.id = "b", .name = "build", .kind = SL_CONTAINER_BUILD, .engine = "buildah"},
	{.id = "a", .name = "aaa", .broken = true},
	{.id = "w", .name = "x", .pod_ns = "app", .pod = "p", .container = "x"},
};

static void a_listing_is_in_order_and_orphans_come_last(void **state)
{
	struct fake_host *f = *state;

	fake_store_add(f->host, "containerd", "/c", mixed, ARRAY_SIZE(mixed));
	expect(f, NULL, "gap:a w p0 q0 q1 z ");
	expect(f, &(struct host_filter){.sandboxes = true, .orphans = true},
	       "b gap:a w s p0 q0 q1 z o ");
}

static void a_filter_leaves_out_and_counts_only_what_it_would_let_through(void **state)
{
	struct fake_host *f = *state;
	struct host_hidden hidden = {0};

	fake_store_add(f->host, "containerd", "/c", mixed, ARRAY_SIZE(mixed));
	expect(f, &(struct host_filter){.hidden = &hidden}, "gap:a w p0 q0 q1 z ");
	assert_int_equal(hidden.sandboxes, 1);
	assert_int_equal(hidden.builds, 1);
	hidden = (struct host_hidden){0};
	expect(f, &(struct host_filter){.pod = "sys/q", .hidden = &hidden}, "q0 q1 ");
	assert_int_equal(hidden.sandboxes + hidden.builds, 0);
	expect(f, &(struct host_filter){.pod = "p", .hidden = &hidden}, "w p0 ");
	assert_int_equal(hidden.sandboxes, 1);
	expect(f, &(struct host_filter){.pod = "p", .sandboxes = true}, "w s p0 ");
	expect(f, &(struct host_filter){.pod = "/p"}, "");
	expect(f, &(struct host_filter){.engine = "buildah", .orphans = true}, "b ");
	expect(f, &(struct host_filter){.engine = "docker"}, "");
}

static void a_namespace_is_containerds(void **state)
{
	struct fake_host *f = *state;

	host_close(f->host);
	f->host = open_host(f, "k8s.io");
	fake_store_add(f->host, "containerd", "/c", mixed, ARRAY_SIZE(mixed));
	expect(f, &(struct host_filter){.sandboxes = true, .orphans = true}, "s p0 ");
}

static void a_directory_that_another_stores_container_owns_is_no_orphan(void **state)
{
	struct fake_host *f = *state;
	AUTO_FREE char *one = NULL, *two = NULL, *three = NULL;
	struct fake_row owners[3] = {{.id = "mine"}, {.id = "twin"}, {.id = "pause"}};
	struct fake_row lost[4] = {{.id = "x1", .kind = SL_CONTAINER_ORPHAN},
				   {.id = "x2", .kind = SL_CONTAINER_ORPHAN},
				   {.id = "x3", .kind = SL_CONTAINER_ORPHAN},
				   {.id = "x4", .kind = SL_CONTAINER_ORPHAN}};

	fake_dir(f->root, "one");
	fake_dir(f->root, "two");
	fake_dir(f->root, "three");
	assert_true(asprintf(&one, "%s/one", f->root) > 0);
	assert_true(asprintf(&two, "%s/two", f->root) > 0);
	assert_true(asprintf(&three, "%s/three", f->root) > 0);
	/* an owner counts also when it is itself not shown, and one directory is one orphan */
	owners[0].upper = owners[1].upper = lost[0].upper = one;
	owners[2].upper = lost[1].upper = two;
	owners[2].kind = SL_CONTAINER_SANDBOX;
	lost[2].upper = lost[3].upper = three;
	fake_store_add(f->host, "containerd", "/c", lost, ARRAY_SIZE(lost));
	fake_store_add(f->host, "docker", "/d", owners, ARRAY_SIZE(owners));
	expect(f, &(struct host_filter){.orphans = true}, "mine twin x3 ");
	expect(f, &(struct host_filter){.orphans = true, .engine = "containerd"}, "x3 ");
}

static void an_engine_has_a_name(void **state)
{
	struct fake_host *f = *state;

	assert_int_equal(host_check_engine("cri-o", &f->err), 0);
	assert_int_equal(host_check_engine("other", &f->err), 0);
	assert_int_equal(host_check_engine("dock", &f->err), -SL_EINVAL);
	assert_string_equal(sl_error_text(&f->err),
			    "no such engine 'dock' (known: docker, containerd, podman, cri-o, "
			    "buildah, other)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_listing_is_in_order_and_orphans_come_last,
						fake_host_setup, fake_host_teardown),
		cmocka_unit_test_setup_teardown(
			a_filter_leaves_out_and_counts_only_what_it_would_let_through,
			fake_host_setup, fake_host_teardown),
		cmocka_unit_test_setup_teardown(a_namespace_is_containerds, fake_host_setup,
						fake_host_teardown),
		cmocka_unit_test_setup_teardown(
			a_directory_that_another_stores_container_owns_is_no_orphan,
			fake_host_setup, fake_host_teardown),
		cmocka_unit_test_setup_teardown(an_engine_has_a_name, fake_host_setup,
						fake_host_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
