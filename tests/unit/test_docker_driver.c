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

struct fixture {
	char *root;
	struct fake_image image;
	struct host *host;
	struct sl_error err;
	struct sl_container *c;
	char mount[65];
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->root = fake_root();
	fake_mount_id(f->mount, '7');
	fake_docker_image(f->root, "web:1", &f->image);
	fake_docker_container(f->root, &f->image, '7', "seven", "", "");
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	sl_container_free(f->c);
	host_close(f->host);
	sl_error_clear(&f->err);
	fake_root_remove(f->root);
	free(f);
	return 0;
}

static void open_host(struct fixture *f)
{
	struct host_options options = {.root = f->root};

	host_close(f->host);
	f->host = NULL;
	assert_int_equal(host_open(&f->host, &options, &f->err), 0);
}

/* Open the root afresh and load container seven. */
static const struct sl_stack *seven(struct fixture *f)
{
	sl_container_free(f->c);
	f->c = NULL;
	open_host(f);
	if (host_find_container(f->host, "seven", &f->c, &f->err) < 0)
		fail_msg("%s", sl_error_text(&f->err));
	return &f->c->stack;
}

static void move(const struct fixture *f, const char *from, const char *to)
{
	AUTO_FREE char *a = NULL;
	AUTO_FREE char *b = NULL;

	assert_true(asprintf(&a, "%s/%s", f->root, from) >= 0);
	assert_true(asprintf(&b, "%s/%s", f->root, to) >= 0);
	assert_int_equal(rename(a, b), 0);
}

/* The databases become another driver's, and the directories are for the test to make. */
static void become(struct fixture *f, const char *driver)
{
	AUTO_FREE char *config = NULL;
	AUTO_FREE char *image = NULL;
	char id[65];

	assert_true(asprintf(&image, DR "/image/%s", driver) >= 0);
	if (strcmp(driver, "overlay2") != 0)
		move(f, DR "/image/overlay2", image);
	fake_remove(f->root, DR "/overlay2");
	assert_true(asprintf(&config,
			     "{\"ID\":\"%s\",\"Name\":\"/seven\",\"Driver\":\"%s\","
			     "\"Image\":\"sha256:%s\"}",
			     fake_id(id, '7'), driver, f->image.id) >= 0);
	fake_file(f->root, config, DR "/containers/%s/config.v2.json", id);
}

static void become_aufs(struct fixture *f)
{
	AUTO_FREE char *parents = NULL;

	become(f, "aufs");
	fake_dir(f->root, DR "/aufs/diff/%s", f->mount);
	fake_dir(f->root, DR "/aufs/diff/%s-init", f->mount);
	for (int i = 0; i < FAKE_LAYERS; i++)
		fake_dir(f->root, DR "/aufs/diff/%s", f->image.cache_id[i]);
	assert_true(asprintf(&parents, "%s-init\n%s\n%s\n", f->mount, f->image.cache_id[1],
			     f->image.cache_id[0]) >= 0);
	fake_file(f->root, parents, DR "/aufs/layers/%s", f->mount);
}

static void become_overlay(struct fixture *f)
{
	become(f, "overlay");
	fake_dir(f->root, DR "/overlay/%s/upper", f->mount);
	fake_dir(f->root, DR "/overlay/%s-init/upper", f->mount);
	for (int i = 0; i < FAKE_LAYERS; i++)
		fake_dir(f->root, DR "/overlay/%s/root", f->image.cache_id[i]);
	fake_file(f->root, f->image.cache_id[1], DR "/overlay/%s/lower-id", f->mount);
}

static void become_whole(struct fixture *f, const char *driver, const char *dir)
{
	become(f, driver);
	fake_dir(f->root, DR "/%s/%s", dir, f->mount);
	fake_dir(f->root, DR "/%s/%s-init", dir, f->mount);
	for (int i = 0; i < FAKE_LAYERS; i++)
		fake_dir(f->root, DR "/%s/%s", dir, f->image.cache_id[i]);
}

static void assert_ends(const char *path, const char *end)
{
	size_t len = strlen(path), n = strlen(end);

	if (len < n || strcmp(path + len - n, end) != 0)
		fail_msg("%s does not end in %s", path, end);
}

static void aufs_lists_parents_from_the_nearest(void **state)
{
	struct fixture *f = *state;
	const struct sl_stack *s;

	become_aufs(f);
	s = seven(f);
	assert_null(s->unsupported);
	assert_int_equal(s->marker, SL_MARKER_AUFS);
	assert_false(s->is_whole);
	assert_ends(s->upper_path,
		    "/aufs/diff/"
		    "7000000000000000000000000000000000000000000000000000000000000000");
	assert_int_equal(s->lower_count, 3);
	assert_int_equal(s->lowers[0].kind, SL_LOWER_INIT);
	for (size_t i = 1; i < 3; i++) {
		assert_true(s->lowers[i].has_image_layer);
		assert_int_equal(s->lowers[i].image_layer, 2 - i);
		assert_ends(s->lowers[i].dir_path, f->image.cache_id[2 - i]);
	}
}

static void aufs_without_its_list_is_put_together_from_the_layer_database(void **state)
{
	struct fixture *f = *state;

	become_aufs(f);
	fake_remove(f->root, DR "/aufs/layers");
	assert_null(seven(f)->unsupported);
	assert_int_equal(f->c->stack.lower_count, 3);
	assert_int_equal(f->c->stack.lowers[0].kind, SL_LOWER_INIT);
}

static void a_parent_that_is_a_path_is_refused(void **state)
{
	static const char *const lists[] = {"../../../../etc\n", "/etc\n", "..", "a b/c"};
	struct fixture *f = *state;

	become_aufs(f);
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		fake_file(f->root, lists[i], DR "/aufs/layers/%s", f->mount);
		assert_string_equal(seven(f)->unsupported, "a parent is no directory name");
		/* what it wrote is there all the same */
		assert_true(f->c->stack.upper_fd >= 0);
	}
}

static void overlay_is_an_upper_directory_on_one_whole_tree(void **state)
{
	struct fixture *f = *state;
	const struct sl_stack *s;

	become_overlay(f);
	s = seven(f);
	assert_null(s->unsupported);
	assert_int_equal(s->marker, SL_MARKER_OVERLAY_TRUSTED);
	assert_false(s->is_whole);
	assert_ends(s->upper_path, "000/upper");
	assert_int_equal(s->lower_count, 2);
	assert_int_equal(s->lowers[0].kind, SL_LOWER_INIT);
	assert_ends(s->lowers[0].dir_path, "-init/upper");
	assert_false(s->lowers[0].is_whole);
	assert_true(s->lowers[1].is_whole);
	assert_true(s->lowers[1].has_image_layer);
	assert_int_equal(s->lowers[1].image_layer, 1);
	assert_ends(s->lowers[1].dir_path, "bbb/root");
	/* the tree does not need what the engine made: it was copied */
	fake_remove(f->root, DR "/overlay/%s-init", f->mount);
	assert_null(seven(f)->unsupported);
	assert_int_equal(f->c->stack.lower_count, 1);
	/* another tree than the image's is not taken for it */
	fake_file(f->root, f->image.cache_id[0], DR "/overlay/%s/lower-id", f->mount);
	assert_null(seven(f)->unsupported);
	assert_false(f->c->stack.lowers[0].has_image_layer);
	fake_remove(f->root, DR "/overlay/%s/lower-id", f->mount);
	assert_null(seven(f)->unsupported);
	assert_true(f->c->stack.lowers[0].has_image_layer);
	fake_file(f->root, "../../../etc", DR "/overlay/%s/lower-id", f->mount);
	assert_string_equal(seven(f)->unsupported, "lower-id is no directory name");
}

static void vfs_and_btrfs_directories_are_whole(void **state)
{
	static const struct {
		const char *driver, *dir;
	} rows[] = {{"vfs", "vfs/dir"}, {"btrfs", "btrfs/subvolumes"}};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct sl_stack *s;
		struct fixture *f;

		assert_int_equal(setup(state), 0);
		f = *state;
		become_whole(f, rows[i].driver, rows[i].dir);
		s = seven(f);
		assert_null(s->unsupported);
		assert_true(s->is_whole);
		assert_int_equal(s->marker, SL_MARKER_NONE);
		assert_int_equal(s->lower_count, 2);
		assert_int_equal(s->lowers[0].kind, SL_LOWER_INIT);
		assert_true(s->lowers[1].has_image_layer);
		assert_int_equal(s->lowers[1].image_layer, 1);
		/* the tree is there without what it began as */
		fake_remove(f->root, DR "/%s/%s", rows[i].dir, f->image.cache_id[1]);
		assert_null(seven(f)->unsupported);
		assert_int_equal(f->c->stack.lower_count, 1);
		assert_int_equal(teardown(state), 0);
	}
	*state = NULL;
}

static void fuse_overlayfs_is_laid_out_as_overlay2(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *config = NULL;
	char id[65];

	move(f, DR "/overlay2", DR "/fuse-overlayfs");
	move(f, DR "/image/overlay2", DR "/image/fuse-overlayfs");
	assert_true(asprintf(&config,
			     "{\"ID\":\"%s\",\"Name\":\"/seven\",\"Driver\":\"fuse-overlayfs\"}",
			     fake_id(id, '7')) >= 0);
	fake_file(f->root, config, DR "/containers/%s/config.v2.json", id);
	assert_null(seven(f)->unsupported);
	assert_int_equal(f->c->stack.marker, SL_MARKER_FUSE_OVERLAY);
	assert_int_equal(f->c->stack.lower_count, 3);
}

static void a_garbled_container_is_on_the_driver_that_knows_it(void **state)
{
	struct fixture *f = *state;
	char id[65];

	become_aufs(f);
	fake_dir(f->root, DR "/overlay2");
	fake_file(f->root, "{", DR "/containers/%s/config.v2.json", fake_id(id, '7'));
	open_host(f);
	assert_int_equal(host_find_container(f->host, "777", &f->c, &f->err), 0);
	assert_null(f->c->stack.unsupported);
	assert_int_equal(f->c->stack.marker, SL_MARKER_AUFS);
}

static void a_layer_of_a_whole_tree_is_said_to_be_one(void **state)
{
	struct fixture *f = *state;
	struct sl_image *image = NULL;

	become_whole(f, "vfs", "vfs/dir");
	open_host(f);
	assert_int_equal(host_find_image(f->host, "web:1", &image, &f->err), 0);
	for (size_t i = 0; i < FAKE_LAYERS; i++) {
		assert_true(image->layers[i].dir_is_whole);
		assert_int_equal(image->layers[i].marker, SL_MARKER_NONE);
		assert_true(image->layers[i].dir_fd >= 0);
	}
	sl_image_free(image);
}

static int count_image(void *payload, const struct host_image *image)
{
	(void)image;
	++*(int *)payload;
	return 0;
}

/* One image pulled again after the driver was changed, then a second one under the same name. */
static void images_of_all_drivers_are_found(void **state)
{
	struct fixture *f = *state;
	struct sl_image *image = NULL;
	AUTO_FREE char *id = strdup(f->image.id);
	struct fake_image second;
	int count = 0;

	become_aufs(f);
	fake_docker_image(f->root, "web:1", &second);
	assert_string_equal(id, second.id);
	open_host(f);
	assert_int_equal(host_images(f->host, count_image, NULL, &count, &f->err), 0);
	assert_int_equal(count, 1);
	assert_int_equal(host_find_image(f->host, "web:1", &image, &f->err), 0);
	assert_int_equal(image->layers[0].marker, SL_MARKER_OVERLAY_TRUSTED);
	sl_image_free(image);
	image = NULL;
	assert_int_equal(host_find_image(f->host, id, &image, &f->err), 0);
	sl_image_free(image);
	image = NULL;
	/* the container's image is the one below the container */
	assert_int_equal(host_find_container(f->host, "seven", &f->c, &f->err), 0);
	assert_int_equal(host_container_image(f->host, f->c, &image, &f->err), 0);
	assert_int_equal(image->layers[0].marker, SL_MARKER_AUFS);
	sl_image_free(image);
	image = NULL;

	fake_remove(f->root, DR "/image/overlay2");
	fake_docker_image(f->root, "web:2", &second);
	{
		AUTO_FREE char *repos = NULL;

		assert_true(asprintf(&repos,
				     "{\"Repositories\":{\"web\":{\"web:1\":\"sha256:%s\"}}}",
				     second.id) >= 0);
		fake_file(f->root, repos, DR "/image/overlay2/repositories.json");
	}
	open_host(f);
	count = 0;
	assert_int_equal(host_images(f->host, count_image, NULL, &count, &f->err), 0);
	assert_int_equal(count, 2);
	assert_int_equal(host_find_image(f->host, "web:1", &image, &f->err), -SL_EAMBIGUOUS);
	assert_non_null(strstr(sl_error_text(&f->err), "'web:1' fits 2 images: sha256:"));
	assert_int_equal(host_find_image(f->host, second.id, &image, &f->err), 0);
	sl_image_free(image);
}

static void a_driver_that_cannot_be_opened_costs_its_own_containers(void **state)
{
	struct fixture *f = *state;
	CLEANUP(buf_clear) struct buf log = BUF_INIT(4096);

	fake_link(f->root, "aufs", DR "/image/aufs");
	fake_docker_list(f->root, &log);
	assert_non_null(strstr(log.data, "gap aufs: open '/var/lib/docker/image/aufs': "
					 "Too many levels of symbolic links\n"));
	assert_non_null(strstr(log.data, "seven created\n"));
}

static void a_store_of_docker_before_1_10_is_a_gap_that_names_it(void **state)
{
	struct fixture *f = *state;
	CLEANUP(buf_clear) struct buf log = BUF_INIT(4096);
	char id[65];

	fake_id(id, '7');
	fake_dir(f->root, DR "/graph/_tmp");
	fake_remove(f->root, DR "/containers/%s/config.v2.json", id);
	fake_file(f->root, "{}", DR "/containers/%s/config.json", id);
	fake_docker_list(f->root, &log);
	assert_non_null(strstr(log.data, "gap /var/lib/doc: images in graph/ are of Docker before "
					 "1.10, which this version does not read\n"));
	assert_non_null(strstr(log.data, "gap 777777777777: config.json is of Docker before 1.10, "
					 "which this version does not read\n"));
}

static void a_removal_that_was_not_finished_is_noted(void **state)
{
	struct fixture *f = *state;
	char id[65];

	fake_docker_container(f->root, &f->image, '7', "seven", "\"RemovalInProgress\":true", "");
	(void)seven(f);
	assert_string_equal(f->c->note, "its removal was begun and not finished");
	fake_docker_container(f->root, &f->image, '7', "seven", "\"Dead\":true", "");
	(void)seven(f);
	assert_string_equal(f->c->note, "its removal was begun and not finished");
	fake_docker_container(f->root, &f->image, '7', "seven", "", "");
	(void)seven(f);
	assert_null(f->c->note);
	fake_remove(f->root, DR "/image/overlay2/layerdb/mounts/%s", fake_id(id, '7'));
	(void)seven(f);
	assert_string_equal(f->c->note, "the layer database no longer knows it");
}

/* Daemons without root: a store in a home, whose files belong to its owner. */
static void a_store_without_root_has_its_users_ids_and_attributes(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *dir = NULL;

	if (geteuid() != 0)
		skip();
	fake_dir(f->root, "home/ada/.local/share");
	move(f, DR, "home/ada/.local/share/docker");
	fake_file(f->root, "ada:x:1000:1001::/home/ada:/bin/sh\n", "etc/passwd");
	fake_file(f->root, "ada:100000:65536\n", "etc/subuid");
	fake_file(f->root, "ada:200000:65536\n", "etc/subgid");
	assert_true(asprintf(&dir, "%s/home/ada/.local/share/docker", f->root) >= 0);
	assert_int_equal(chown(dir, 1000, 1001), 0);
	assert_null(seven(f)->unsupported);
	assert_string_equal(f->c->store, "/home/ada/.local/share/docker");
	assert_int_equal(f->c->stack.marker, SL_MARKER_OVERLAY_USER);
	assert_int_equal(f->c->stack.idmap.uid_count, 2);
	assert_int_equal(f->c->stack.idmap.uids[0].outside, 1000);
	assert_int_equal(f->c->stack.idmap.uids[0].count, 1);
	assert_int_equal(f->c->stack.idmap.uids[1].inside, 1);
	assert_int_equal(f->c->stack.idmap.uids[1].outside, 100000);
	assert_int_equal(f->c->stack.idmap.gids[0].outside, 1001);
	assert_int_equal(f->c->stack.idmap.gids[1].outside, 200000);
	assert_int_equal(f->c->stack.lowers[1].idmap.uid_count, 2);
	/* somebody nobody knows is no reason to shift anything */
	assert_int_equal(chown(dir, 4711, 1001), 0);
	assert_null(seven(f)->unsupported);
	assert_int_equal(f->c->stack.marker, SL_MARKER_OVERLAY_TRUSTED);
	assert_int_equal(f->c->stack.idmap.uid_count, 0);
}

static const struct place_row {
	const char *what, *file, *text, *dir;
} places[] = {
	{"a drop-in", "etc/systemd/system/docker.service.d/data.conf",
	 "[Service]\nExecStart=\nExecStart=/usr/bin/dockerd --data-root=/srv/d -H fd://\n",
	 "srv/d"},
	{"a drop-in with -g", "etc/systemd/system/docker.service.d/10-x.conf",
	 "[Service]\nExecStart=/usr/bin/dockerd -g /srv/d\n", "srv/d"},
	{"lines that go on", "etc/systemd/system/docker.service",
	 "ExecStart=/usr/bin/dockerd \\\n  --data-root \\\n  /srv/d \\\n -H fd://\n", "srv/d"},
	{"etc/default", "etc/default/docker", "# -g /no\nDOCKER_OPTS=\"--graph=/srv/d --debug\"\n",
	 "srv/d"},
	{"a bare variable", "etc/default/docker", "DOCKER_OPTS=--graph=/srv/d\n", "srv/d"},
	{"etc/sysconfig", "etc/sysconfig/docker", "OPTIONS='--selinux-enabled -g /srv/d'\n",
	 "srv/d"},
	{"a snap", "etc/hostname", "x\n", "var/snap/docker/common/var-lib-docker"},
	{"a home", "etc/passwd", "ada:x:1000:1000::/people/ada/:/bin/sh\n",
	 "people/ada/.local/share/docker"},
	{"a home that passwd does not know", "etc/hostname", "x\n",
	 "home/ldap/.local/share/docker"},
	{"a daemon.json in a home", "home/ldap/.config/docker/daemon.json",
	 "{\"data-root\":\"/srv/d\"}", "srv/d"},
};

static void a_store_is_found_wherever_the_machine_starts_its_daemon_with(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		struct fixture *f;
		AUTO_FREE char *moved = NULL;

		assert_int_equal(setup(state), 0);
		f = *state;
		fake_dir(f->root, "%s", places[i].dir);
		fake_remove(f->root, "%s", places[i].dir);
		move(f, DR, places[i].dir);
		fake_file(f->root, places[i].text, "%s", places[i].file);
		open_host(f);
		if (host_find_container(f->host, "seven", &f->c, &f->err) < 0)
			fail_msg("%s: %s", places[i].what, sl_error_text(&f->err));
		assert_true(asprintf(&moved, "/%s", places[i].dir) >= 0);
		assert_string_equal(f->c->store, moved);
		assert_int_equal(teardown(state), 0);
	}
	*state = NULL;
}

static void one_store_with_two_names_is_one(void **state)
{
	struct fixture *f = *state;
	CLEANUP(buf_clear) struct buf log = BUF_INIT(4096);

	fake_dir(f->root, "srv");
	move(f, DR, "srv/docker");
	fake_link(f->root, "/srv/docker", DR);
	fake_file(f->root, "{\"data-root\":\"/srv/docker\"}", "etc/docker/daemon.json");
	fake_docker_list(f->root, &log);
	assert_string_equal(log.data, "seven created\n");
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(aufs_lists_parents_from_the_nearest),
		TEST(aufs_without_its_list_is_put_together_from_the_layer_database),
		TEST(a_parent_that_is_a_path_is_refused),
		TEST(overlay_is_an_upper_directory_on_one_whole_tree),
		cmocka_unit_test(vfs_and_btrfs_directories_are_whole),
		TEST(fuse_overlayfs_is_laid_out_as_overlay2),
		TEST(a_garbled_container_is_on_the_driver_that_knows_it),
		TEST(a_layer_of_a_whole_tree_is_said_to_be_one),
		TEST(images_of_all_drivers_are_found),
		TEST(a_driver_that_cannot_be_opened_costs_its_own_containers),
		TEST(a_store_of_docker_before_1_10_is_a_gap_that_names_it),
		TEST(a_removal_that_was_not_finished_is_noted),
		TEST(a_store_without_root_has_its_users_ids_and_attributes),
		cmocka_unit_test(a_store_is_found_wherever_the_machine_starts_its_daemon_with),
		TEST(one_store_with_two_names_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
