/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "host/machine.h"
#include "unit/fake_docker.h"

#define REMOVING "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef-123-removing"

struct fixture {
	char *root;
	struct fake_image image;
	struct host *host;
	struct sl_error err;
	struct store_list list;
	struct sl_container *c;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->root = fake_root();
	fake_docker_image(f->root, "web:1", &f->image);
	fake_docker_container(f->root, &f->image, '7', "seven", "", "");
	fake_docker_container(f->root, &f->image, '8', "eight", "", "");
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	sl_container_free(f->c);
	store_list_clear(&f->list);
	host_close(f->host);
	sl_error_clear(&f->err);
	fake_root_remove(f->root);
	free(f);
	return 0;
}

static int fail_gap(void *payload, const struct sl_gap *gap)
{
	(void)payload;
	fail_msg("gap: %s: %s", gap->what.data, gap->why);
	return 0;
}

/* How many rows are no workload. */
static size_t list(struct fixture *f)
{
	struct host_options options = {.root = f->root};
	size_t count = 0;

	store_list_clear(&f->list);
	host_close(f->host);
	f->host = NULL;
	assert_int_equal(host_open(&f->host, &options, &f->err), 0);
	assert_int_equal(host_names(f->host, NULL, true, &f->list, fail_gap, NULL, &f->err), 0);
	for (size_t i = 0; i < f->list.count; i++)
		count += f->list.rows[i].kind != SL_CONTAINER_WORKLOAD;
	return count;
}

/* Load the only row with this id that is no workload. */
static const struct sl_container *load(struct fixture *f, const char *id)
{
	const struct store_name *found = NULL;

	for (size_t i = 0; i < f->list.count; i++)
		if (f->list.rows[i].kind != SL_CONTAINER_WORKLOAD &&
		    strcmp(f->list.rows[i].id, id) == 0) {
			assert_null(found);
			found = &f->list.rows[i];
		}
	if (found == NULL)
		fail_msg("no orphan %s", id);
	sl_container_free(f->c);
	f->c = NULL;
	if (found->store->ops->load(found->store, found, &f->c, &f->err) < 0)
		fail_msg("%s: %s", id, sl_error_text(&f->err));
	assert_int_equal(f->c->kind, found->kind);
	assert_string_equal(f->c->id, id);
	assert_string_equal(f->c->name, id);
	assert_string_equal(f->c->engine, "docker");
	assert_string_equal(f->c->driver, "overlay2");
	return f->c;
}

static void a_store_in_order_has_no_orphans(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(list(f), 0);
	assert_int_equal(f->list.count, 2);
	/* a volume belongs to no container, and is none */
	fake_dir(f->root, DR "/volumes/data/_data");
	assert_int_equal(list(f), 0);
}

static void a_removed_container_whose_directory_is_still_there_is_read(void **state)
{
	struct fixture *f = *state;
	const struct sl_container *c;
	char id[65];

	fake_remove(f->root, DR "/containers/%s", fake_id(id, '7'));
	assert_int_equal(list(f), 1);
	c = load(f, id);
	assert_int_equal(c->kind, SL_CONTAINER_ORPHAN);
	assert_string_equal(c->note,
			    "of a container that was removed: the layer database still has it");
	assert_null(c->stack.unsupported);
	assert_true(c->stack.upper_fd >= 0);
	assert_int_equal(c->stack.lower_count, 3);
	assert_int_equal(c->stack.lowers[0].kind, SL_LOWER_INIT);
	assert_true(c->stack.lowers[2].has_image_layer);
	/* its image is known by the layers below it */
	assert_true(c->has_image_id);
	assert_string_equal(c->image_ref, "web:1");
	assert_true(c->has_created);
	assert_true(c->created.sec > 1700000000);
}

/* Each step of a classic build is an image, and the last ones add no layer. */
static void of_several_images_on_the_same_layers_the_named_one_is_meant(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *config = NULL;
	char id[65], other[65];

	assert_true(asprintf(&config, "{\"rootfs\":{\"diff_ids\":[\"sha256:%s\",\"sha256:%s\"]}}",
			     f->image.diff_id[0], f->image.diff_id[1]) >= 0);
	for (const char *digit = "0f"; *digit != '\0'; digit++)
		fake_file(f->root, config, DR "/image/overlay2/imagedb/content/sha256/%s",
			  fake_id(other, *digit));
	fake_remove(f->root, DR "/containers/%s", fake_id(id, '7'));
	assert_int_equal(list(f), 1);
	assert_string_equal(load(f, id)->image_ref, "web:1");
	/* without a name any of them will do */
	fake_remove(f->root, DR "/image/overlay2/repositories.json");
	assert_int_equal(list(f), 1);
	assert_true(load(f, id)->has_image_id);
	assert_null(f->c->image_ref);
}

static void a_directory_that_nothing_names_is_read_by_its_own_files(void **state)
{
	struct fixture *f = *state;
	const struct sl_container *c;
	char id[65], mount[65];

	fake_mount_id(mount, '7');
	fake_remove(f->root, DR "/containers/%s", fake_id(id, '7'));
	fake_remove(f->root, DR "/image/overlay2/layerdb/mounts/%s", id);
	/* and its -init beside it is no second one */
	assert_int_equal(list(f), 1);
	c = load(f, mount);
	assert_string_equal(c->note, "no container, image layer or build of the store owns it");
	assert_null(c->stack.unsupported);
	assert_int_equal(c->stack.lower_count, 3);
	assert_int_equal(c->stack.lowers[0].kind, SL_LOWER_INIT);
	assert_true(c->stack.lowers[1].has_image_layer);
	assert_int_equal(c->stack.lowers[1].image_layer, 1);
	assert_string_equal(c->image_ref, "web:1");
	/* without the list of what is below it still has what was written */
	fake_remove(f->root, DR "/overlay2/%s/lower", mount);
	assert_int_equal(list(f), 1);
	c = load(f, mount);
	assert_null(c->stack.unsupported);
	assert_int_equal(c->stack.lower_count, 0);
	assert_false(c->has_image_id);
	/* and one that lies about it is told */
	fake_file(f->root, "l/../../../etc", DR "/overlay2/%s/lower", mount);
	assert_int_equal(list(f), 1);
	c = load(f, mount);
	assert_string_equal(c->stack.unsupported, "a lower layer has an impossible name");
}

static void what_was_prepared_for_a_container_that_is_gone_is_one(void **state)
{
	struct fixture *f = *state;
	char id[65], mount[65];
	AUTO_FREE char *init = NULL;

	fake_mount_id(mount, '7');
	fake_remove(f->root, DR "/containers/%s", fake_id(id, '7'));
	fake_remove(f->root, DR "/image/overlay2/layerdb/mounts/%s", id);
	fake_remove(f->root, DR "/overlay2/%s", mount);
	assert_int_equal(list(f), 1);
	assert_true(asprintf(&init, "%s-init", mount) >= 0);
	assert_string_equal(load(f, init)->note,
			    "what the engine prepared for a container that is gone");
}

static void a_layer_that_was_being_removed_is_one(void **state)
{
	struct fixture *f = *state;
	char dir[65];

	fake_id(dir, 'e');
	fake_dir(f->root, DR "/overlay2/%s/diff", dir);
	fake_file(f->root, dir, DR "/image/overlay2/layerdb/sha256/" REMOVING "/cache-id");
	assert_int_equal(list(f), 1);
	assert_string_equal(load(f, dir)->note,
			    "an image layer whose removal was begun and not finished");
	/* its directory may be gone already */
	fake_remove(f->root, DR "/overlay2/%s", dir);
	assert_int_equal(list(f), 1);
	assert_non_null(strstr(load(f, dir)->stack.unsupported, "upper directory: open"));
}

static void directories_of_buildkit_are_builds(void **state)
{
	static const char dir[] = "0a1b2c3d4e5f6g7h8i9j0k1l2";
	struct fixture *f = *state;

	fake_dir(f->root, DR "/overlay2/%s/diff", dir);
	assert_int_equal(list(f), 1);
	assert_int_equal(load(f, dir)->kind, SL_CONTAINER_ORPHAN);
	fake_dir(f->root, DR "/buildkit");
	assert_int_equal(list(f), 1);
	assert_int_equal(load(f, dir)->kind, SL_CONTAINER_BUILD);
	assert_string_equal(f->c->note, "of a build (BuildKit), which is not an image's layer");
}

static void names_that_are_no_directories_are_none(void **state)
{
	struct fixture *f = *state;
	char dir[65];

	fake_file(f->root, "", DR "/overlay2/%s", fake_id(dir, 'e'));
	fake_link(f->root, "/etc", DR "/overlay2/%s", fake_id(dir, 'd'));
	fake_dir(f->root, DR "/overlay2/UPPER/diff");
	fake_file(f->root, "", DR "/overlay2/.has-xfs");
	fake_file(f->root, "../../etc", DR "/image/overlay2/layerdb/sha256/" REMOVING "/cache-id");
	assert_int_equal(list(f), 0);
}

static void a_key_that_was_not_given_out_is_refused(void **state)
{
	static const char *const keys[] = {"overlay2/unknown",     "overlay2/unknown/../../etc",
					   "overlay2/unknown/",    "vfs/unknown/abc",
					   "overlay2/nothing/abc", "/unknown/abc",
					   "overlay2/unknown/a/b", "overlay2//abc"};
	struct fixture *f = *state;

	assert_int_equal(list(f), 0);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		struct store_name row = {.store = f->list.rows[0].store,
					 .key = (char *)(uintptr_t)keys[i],
					 .id = (char *)(uintptr_t) "x"};

		assert_int_equal(row.store->ops->load(row.store, &row, &f->c, &f->err), -SL_EINVAL);
	}
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_store_in_order_has_no_orphans),
		TEST(a_removed_container_whose_directory_is_still_there_is_read),
		TEST(of_several_images_on_the_same_layers_the_named_one_is_meant),
		TEST(a_directory_that_nothing_names_is_read_by_its_own_files),
		TEST(what_was_prepared_for_a_container_that_is_gone_is_one),
		TEST(a_layer_that_was_being_removed_is_one),
		TEST(directories_of_buildkit_are_builds),
		TEST(names_that_are_no_directories_are_none),
		TEST(a_key_that_was_not_given_out_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
