/* SPDX-License-Identifier: Apache-2.0 */
/* A containerd root read whole: what damage costs, and what many containers cost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/encode.h"
#include "host/ctrd.h"
#include "host/machine.h"
#include "unit/fake_ctrd.h"

#define SPEC "{\"root\":{\"path\":\"rootfs\"},\"process\":{\"cwd\":\"/\"}}"

struct found {
	struct sl_container **all;
	size_t count;
	struct buf gaps;
};

static int on_gap(void *payload, const struct sl_gap *gap)
{
	struct found *f = payload;

	return buf_printf(&f->gaps, "%s: %s\n", gap->what.data, gap->why);
}

/* Every row of the only store, loaded. */
static struct found read_all(const char *root, bool orphans)
{
	struct found f = {.gaps = BUF_INIT(1 << 20)};
	struct host_options options = {.root = root};
	struct sl_error err = SL_ERROR_INIT;
	struct store_list list = {0};
	struct host *h = NULL;

	if (host_open(&h, &options, &err) < 0)
		fail_msg("%s", sl_error_text(&err));
	assert_int_equal(buf_append(&f.gaps, "", 0), 0);
	assert_int_equal(host_names(h, NULL, orphans, &list, on_gap, &f, &err), 0);
	f.all = calloc(list.count + 1, sizeof(*f.all));
	assert_non_null(f.all);
	for (; f.count < list.count; f.count++) {
		struct store *s = list.rows[f.count].store;

		if (s->ops->load(s, &list.rows[f.count], &f.all[f.count], &err) < 0)
			fail_msg("%s: %s", list.rows[f.count].id, sl_error_text(&err));
	}
	store_list_clear(&list);
	host_close(h);
	return f;
}

static void found_clear(struct found *f)
{
	for (size_t i = 0; i < f->count; i++)
		sl_container_free(f->all[i]);
	free(f->all);
	buf_clear(&f->gaps);
}

static const struct sl_container *by_id(const struct found *f, const char *id)
{
	for (size_t i = 0; i < f->count; i++)
		if (strcmp(f->all[i]->id, id) == 0)
			return f->all[i];
	fail_msg("no container '%s'", id);
	return NULL;
}

static void a_container_stands_on_its_images_layers(void **state)
{
	struct fake_ctrd f;
	struct fake_ctrd_image image;
	struct found found;
	const struct sl_container *c;
	char id[DIGEST_TEXT_SIZE];

	(void)state;
	fake_ctrd_start(&f);
	fake_ctrd_image(&f, "default", 1, &image);
	fake_ctrd_container(&f, "default", "c1", &image, SPEC);
	fake_ctrd_finish(&f);
	found = read_all(f.root, false);
	assert_int_equal(found.count, 1);
	c = by_id(&found, "c1");
	assert_null(c->stack.unsupported);
	assert_null(c->metadata_gap);
	assert_string_equal(c->stack.upper_path, "/" OVERLAYFS "/snapshots/3/fs");
	assert_int_equal(c->stack.lower_count, 2);
	assert_true(c->stack.lowers[0].has_image_layer && c->stack.lowers[0].image_layer == 1);
	assert_true(c->has_image_id && c->has_created);
	digest_format(id, c->image_id);
	assert_string_equal(id, image.id);
	assert_int_equal(c->created.sec, 1767323045);
	assert_int_equal(c->state, SL_STATE_UNKNOWN);
	found_clear(&found);
	fake_root_remove(f.root);
}

/* The name of its image was given to a newer one. */
static void a_name_that_moved_on_does_not_rename_the_container(void **state)
{
	struct fake_ctrd f;
	struct fake_ctrd_image old, new;
	struct found found;
	const struct sl_container *c;
	char id[DIGEST_TEXT_SIZE];

	(void)state;
	fake_ctrd_start(&f);
	fake_ctrd_image(&f, "default", 1, &old);
	fake_ctrd_image(&f, "default", 2, &new);
	(void)strcpy(old.name, new.name);
	fake_ctrd_container(&f, "default", "c1", &old, SPEC);
	fake_ctrd_finish(&f);
	found = read_all(f.root, false);
	c = by_id(&found, "c1");
	assert_true(c->has_image_id);
	digest_format(id, c->image_id);
	assert_string_equal(id, old.id);
	found_clear(&found);
	fake_root_remove(f.root);
}

static void what_is_wrong_with_one_container_costs_that_one(void **state)
{
	struct fake_ctrd f;
	struct fake_ctrd_image image;
	struct found found;

	(void)state;
	fake_ctrd_start(&f);
	fake_ctrd_image(&f, "k8s.io", 1, &image);
	fake_ctrd_container(&f, "k8s.io", "good", &image, SPEC);
	fake_ctrd_container(&f, "k8s.io", "bad-spec", &image, "{\"mounts\":");
	fake_ctrd_container(&f, "k8s.io", "bad-meta", &image, SPEC);
	fake_ctrd_extension(&f, "bad-meta", false, "{{{");
	fake_ctrd_container(&f, "k8s.io", "other-meta", &image, SPEC);
	fake_ctrd_extension(&f, "other-meta", false, "{\"Metadata\":{\"ID\":\"good\"}}");
	fake_ctrd_container(&f, "k8s.io", "pretends", &image, SPEC);
	fake_bolt_text(f.meta, "web-1", "v1", "k8s.io", "containers", "pretends", "labels",
		       "io.kubernetes.pod.name", NULL);
	fake_bolt_text(f.meta, "container", "v1", "k8s.io", "containers", "pretends", "labels",
		       "io.cri-containerd.kind", NULL);
	fake_bolt_text(f.meta, "no bucket", "v1", "k8s.io", "containers", "stray", NULL);
	fake_bolt_text(f.meta, "", "v1", "k8s.io", "containers", "empty", "image", NULL);
	fake_ctrd_finish(&f);
	found = read_all(f.root, false);
	assert_int_equal(found.count, 6);
	assert_null(by_id(&found, "good")->metadata_gap);
	assert_non_null(by_id(&found, "bad-spec")->metadata_gap);
	assert_null(by_id(&found, "bad-spec")->stack.unsupported);
	assert_non_null(by_id(&found, "bad-meta")->metadata_gap);
	assert_null(by_id(&found, "bad-meta")->pod);
	assert_non_null(by_id(&found, "other-meta")->metadata_gap);
	assert_null(by_id(&found, "other-meta")->pod);
	assert_null(by_id(&found, "pretends")->pod);
	assert_non_null(by_id(&found, "pretends")->note);
	assert_non_null(by_id(&found, "empty")->stack.unsupported);
	found_clear(&found);
	fake_root_remove(f.root);
}

/* The sandbox's record says other than the container's name, so that one is seen to count. */
static void a_pod_is_what_its_sandbox_says(void **state)
{
	struct fake_ctrd f;
	struct fake_ctrd_image image;
	struct found found;

	(void)state;
	fake_ctrd_start(&f);
	fake_ctrd_image(&f, "k8s.io", 1, &image);
	fake_ctrd_container(&f, "k8s.io", "app1", &image, SPEC);
	fake_ctrd_extension(&f, "app1", false,
			    "{\"Metadata\":{\"ID\":\"app1\",\"Name\":\"app_x_y_z_0\",\"SandboxID\":"
			    "\"box\",\"Config\":{\"metadata\":{\"name\":\"app\"}}}}");
	fake_ctrd_container(&f, "k8s.io", "box", &image, SPEC);
	fake_ctrd_extension(&f, "box", true,
			    "{\"Metadata\":{\"ID\":\"box\",\"Config\":{\"metadata\":{\"name\":"
			    "\"web\",\"namespace\":\"prod\",\"uid\":\"u\"}}}}");
	fake_ctrd_finish(&f);
	found = read_all(f.root, false);
	assert_string_equal(by_id(&found, "app1")->pod->name, "web");
	assert_string_equal(by_id(&found, "app1")->pod->ns, "prod");
	assert_string_equal(by_id(&found, "app1")->name, "app");
	assert_int_equal(by_id(&found, "box")->kind, SL_CONTAINER_SANDBOX);
	found_clear(&found);
	fake_root_remove(f.root);
}

static void snapshots_that_no_container_has_are_orphans(void **state)
{
	struct fake_ctrd f;
	struct fake_ctrd_image image;
	struct found found;
	const struct sl_container *c;

	(void)state;
	fake_ctrd_start(&f);
	fake_ctrd_image(&f, "default", 1, &image);
	fake_ctrd_container(&f, "default", "c1", &image, SPEC);                 /* 3 */
	(void)fake_ctrd_snapshot(&f, "default", "lost", 2, image.top);          /* 4 */
	(void)fake_ctrd_snapshot(&f, "buildkit", "step", 2, NULL);              /* 5 */
	(void)fake_ctrd_snapshot(&f, "moby", "dockers-own", 2, NULL);           /* 6 */
	(void)fake_ctrd_snapshot(&f, "default", "extract-1 sha256:x", 2, NULL); /* 7 */
	fake_bolt_text(f.meta, "", "v1", "default", "leases", "a-lease", "snapshots", "overlayfs",
		       "lost", NULL);
	fake_dir(f.root, "%s", OVERLAYFS "/snapshots/99/fs");
	fake_dir(f.root, "%s", OVERLAYFS "/snapshots/new-1/fs");
	fake_dir(f.root, "%s", OVERLAYFS "/snapshots/lost+found");
	fake_ctrd_finish(&f);
	found = read_all(f.root, true);
	assert_int_equal(found.count, 6);
	assert_int_equal(by_id(&found, "c1")->kind, SL_CONTAINER_WORKLOAD);
	c = by_id(&found, "overlayfs/4");
	assert_int_equal(c->kind, SL_CONTAINER_ORPHAN);
	assert_string_equal(c->name, "lost");
	assert_non_null(strstr(c->note, "a-lease"));
	assert_int_equal(c->stack.lower_count, 2);
	assert_int_equal(by_id(&found, "overlayfs/5")->kind, SL_CONTAINER_BUILD);
	assert_non_null(strstr(by_id(&found, "overlayfs/7")->note, "unpacked"));
	c = by_id(&found, "overlayfs/99");
	assert_non_null(strstr(c->note, "removed"));
	assert_true(c->stack.upper_fd >= 0 && c->stack.unsupported == NULL);
	assert_non_null(c->metadata_gap);
	assert_non_null(strstr(by_id(&found, "overlayfs/new-1")->note, "crash"));
	found_clear(&found);
	fake_root_remove(f.root);
}

static void an_orphan_whose_name_has_newlines_is_read_itself(void **state)
{
	static const char name[] = "new-1\nremoved\n";
	struct fake_ctrd f;
	struct fake_ctrd_image image;
	struct found found;
	const struct sl_container *c;

	(void)state;
	fake_ctrd_start(&f);
	fake_ctrd_image(&f, "default", 1, &image);
	fake_ctrd_container(&f, "default", "c1", &image, SPEC);
	fake_dir(f.root, "%s", OVERLAYFS "/snapshots/new-1/fs");
	fake_dir(f.root, "%s%s/fs", OVERLAYFS "/snapshots/", name);
	fake_ctrd_finish(&f);
	found = read_all(f.root, true);
	assert_int_equal(found.count, 3);
	c = by_id(&found, "overlayfs/new-1\nremoved\n");
	assert_non_null(c->stack.upper_path);
	assert_non_null(strstr(c->stack.upper_path, name));
	assert_non_null(strstr(c->note, "crash"));
	assert_null(strstr(by_id(&found, "overlayfs/new-1")->stack.upper_path, name));
	found_clear(&found);
	fake_root_remove(f.root);
}

static void a_chain_that_bites_its_tail_ends(void **state)
{
	struct fake_ctrd f;
	struct fake_ctrd_image image;
	struct found found;

	(void)state;
	fake_ctrd_start(&f);
	fake_ctrd_image(&f, "default", 1, &image);
	fake_ctrd_container(&f, "default", "c1", &image, SPEC);
	(void)strcpy(image.top, "self");
	fake_ctrd_container(&f, "default", "self", &image, SPEC);
	fake_ctrd_container(&f, "default", "over", &image, SPEC);
	fake_ctrd_finish(&f);
	found = read_all(f.root, false);
	assert_null(by_id(&found, "c1")->stack.unsupported);
	assert_non_null(by_id(&found, "self")->stack.unsupported);
	assert_non_null(by_id(&found, "over")->stack.unsupported);
	found_clear(&found);
	fake_root_remove(f.root);
}

static void directories_are_not_reached_through_links(void **state)
{
	struct fake_ctrd f;
	struct fake_ctrd_image image;
	struct found found;

	(void)state;
	fake_ctrd_start(&f);
	fake_ctrd_image(&f, "default", 1, &image);
	fake_ctrd_container(&f, "default", "c1", &image, SPEC);
	fake_ctrd_finish(&f);
	fake_remove(f.root, "%s", OVERLAYFS "/snapshots/3/fs");
	fake_link(f.root, "../1/fs", "%s", OVERLAYFS "/snapshots/3/fs");
	found = read_all(f.root, false);
	assert_non_null(by_id(&found, "c1")->stack.unsupported);
	assert_int_equal(by_id(&found, "c1")->stack.upper_fd, -1);
	found_clear(&found);
	fake_root_remove(f.root);
}

static void lost_databases_cost_what_stands_in_them(void **state)
{
	struct fake_ctrd f;
	struct fake_ctrd_image image;
	struct found found;

	(void)state;
	fake_ctrd_start(&f);
	fake_ctrd_image(&f, "default", 1, &image);
	fake_ctrd_container(&f, "default", "c1", &image, SPEC);
	fake_ctrd_finish(&f);
	fake_file(f.root, "no database", "%s", OVERLAYFS "/metadata.db");
	found = read_all(f.root, false);
	assert_int_equal(found.count, 1);
	assert_non_null(by_id(&found, "c1")->stack.unsupported);
	assert_string_equal(by_id(&found, "c1")->image_ref, image.name);
	found_clear(&found);
	fake_remove(f.root, CR "/io.containerd.metadata.v1.bolt");
	found = read_all(f.root, true);
	assert_non_null(strstr(found.gaps.data, "meta.db"));
	assert_int_equal(found.count, 3); /* any of the directories may be what someone wrote to */
	found_clear(&found);
	fake_root_remove(f.root);
}

static void docker_finds_its_snapshots_by_key(void **state)
{
	struct fake_ctrd f;
	struct fake_ctrd_image image;
	struct containerd_key key = {"moby", "overlayfs", "cid"};
	struct place place = {.proc_fd = -1};
	struct containerd_top top;
	char hex[DIGEST_TEXT_SIZE];

	(void)state;
	fake_ctrd_start(&f);
	fake_ctrd_image(&f, "moby", 1, &image);
	(void)fake_ctrd_snapshot(&f, "moby", "cid-init", 3, image.top);
	(void)fake_ctrd_snapshot(&f, "moby", "cid", 2, "cid-init");
	fake_ctrd_finish(&f);
	place.root_fd = root_open_dir(f.root, NULL);
	/* the second time without meta.db: by the end of the snapshotter's own key */
	for (int i = 0; i < 2; i++) {
		struct sl_stack stack = SL_STACK_INIT;
		struct ctrd *c = NULL;

		assert_int_equal(containerd_open_root(&c, &place, "/" CR, NULL), 0);
		assert_int_equal(containerd_stack(c, &key, &stack, &top, NULL), 0);
		assert_null(stack.unsupported);
		assert_int_equal(stack.lower_count, 3);
		assert_int_equal(stack.lowers[0].kind, SL_LOWER_INIT);
		assert_int_equal(stack.lowers[1].kind, SL_LOWER_IMAGE);
		assert_int_equal(stack.lowers[1].image_layer, 1);
		digest_format(hex, top.chain_id);
		assert_string_equal(hex, image.top);
		sl_stack_clear(&stack);
		key.key = "nobody";
		assert_int_equal(containerd_stack(c, &key, &stack, &top, NULL), -SL_ENOTFOUND);
		key.key = "cid";
		sl_stack_clear(&stack);
		containerd_close(c);
		if (i == 0)
			fake_remove(f.root, CR "/io.containerd.metadata.v1.bolt");
	}
	close(place.root_fd);
	fake_root_remove(f.root);
}

static int look_up(const char *root, const char *ns, const char *word)
{
	struct host_options options = {.root = root, .ns = ns};
	struct sl_image *image = NULL;
	struct host *h = NULL;
	int rc;

	assert_int_equal(host_open(&h, &options, NULL), 0);
	rc = host_find_image(h, word, &image, NULL);
	sl_image_free(image);
	host_close(h);
	return rc;
}

/* A namespace is one, whatever others are called; only Docker's has remapped twins. */
static void a_namespace_is_not_those_that_begin_like_it(void **state)
{
	static const struct {
		const char *ns;
		int from_a, from_docker;
	} rows[] = {
		{"a", 0, -SL_ENOTFOUND},
		{"a-b", -SL_ENOTFOUND, -SL_ENOTFOUND},
		{"moby", -SL_ENOTFOUND, 0},
		{"moby-100000.100000", -SL_ENOTFOUND, 0},
		{"moby-x", -SL_ENOTFOUND, -SL_ENOTFOUND},
	};
	struct fake_ctrd_image images[ARRAY_SIZE(rows)];
	struct place place = {.proc_fd = -1};
	struct ctrd *dockers = NULL;
	struct fake_ctrd f;

	(void)state;
	fake_ctrd_start(&f);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		fake_ctrd_image(&f, rows[i].ns, (unsigned int)i + 1, &images[i]);
	fake_ctrd_finish(&f);
	place.root_fd = root_open_dir(f.root, NULL);
	assert_int_equal(containerd_open_root(&dockers, &place, "/" CR, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sl_image *image = NULL;

		if (look_up(f.root, "a", images[i].name) != rows[i].from_a)
			fail_msg("--namespace a: image of %s", rows[i].ns);
		assert_int_equal(look_up(f.root, NULL, images[i].name), 0);
		if (containerd_find_image(dockers, CONTAINERD_DOCKER, images[i].name, &image,
					  NULL) != rows[i].from_docker)
			fail_msg("Docker: image of %s", rows[i].ns);
		sl_image_free(image);
	}
	/* nor does Docker's namespace mean its twins to those who ask for it by name */
	assert_int_equal(look_up(f.root, "moby", images[3].name), -SL_ENOTFOUND);
	containerd_close(dockers);
	close(place.root_fd);
	fake_root_remove(f.root);
}

/* A bound that a slow machine under sanitizers keeps, and one read too many a container breaks. */
static void a_thousand_containers_are_read_at_once(void **state)
{
	struct fake_ctrd f;
	struct fake_ctrd_image images[200];
	struct found found;
	uint64_t start;

	(void)state;
	fake_ctrd_start(&f);
	for (unsigned int i = 0; i < ARRAY_SIZE(images); i++)
		fake_ctrd_image(&f, "default", i, &images[i]);
	for (unsigned int i = 0; i < 1000; i++) {
		char id[32];

		(void)snprintf(id, sizeof(id), "c%u", i);
		fake_ctrd_container(&f, "default", id, &images[i % ARRAY_SIZE(images)], SPEC);
	}
	fake_ctrd_finish(&f);
	(void)setrlimit(RLIMIT_NOFILE, &(struct rlimit){16384, 16384});
	start = clock_boot_ns();
	found = read_all(f.root, false);
	if (getenv("SHOW_TIME") != NULL)
		print_message("%.3f s\n", (double)(clock_boot_ns() - start) / 1e9);
	assert_int_equal(found.count, 1000);
	for (size_t i = 0; i < found.count; i++)
		assert_true(found.all[i]->has_image_id && found.all[i]->stack.unsupported == NULL);
	found_clear(&found);
	fake_root_remove(f.root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_container_stands_on_its_images_layers),
		cmocka_unit_test(a_name_that_moved_on_does_not_rename_the_container),
		cmocka_unit_test(what_is_wrong_with_one_container_costs_that_one),
		cmocka_unit_test(a_pod_is_what_its_sandbox_says),
		cmocka_unit_test(snapshots_that_no_container_has_are_orphans),
		cmocka_unit_test(an_orphan_whose_name_has_newlines_is_read_itself),
		cmocka_unit_test(a_chain_that_bites_its_tail_ends),
		cmocka_unit_test(directories_are_not_reached_through_links),
		cmocka_unit_test(lost_databases_cost_what_stands_in_them),
		cmocka_unit_test(docker_finds_its_snapshots_by_key),
		cmocka_unit_test(a_namespace_is_not_those_that_begin_like_it),
		cmocka_unit_test(a_thousand_containers_are_read_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
