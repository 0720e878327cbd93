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
#include "unit/fake_cstore.h"

#define NAMED(name) ",\"names\":[\"" name "\"],\"metadata\":\"{\\\"image-name\\\":\\\"web:1\\\"}\""

#define EVIL "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"

struct fixture {
	struct fake_cstore store;
	struct host *host;
	struct sl_error err;
	struct sl_container *c;
	struct store_list list;
	struct buf log;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	fake_cstore_begin(&f->store, fake_root(), "localhost/web:1");
	f->log = BUF_INIT(1 << 20);
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
	buf_clear(&f->log);
	fake_root_remove(f->store.root);
	fake_cstore_clear(&f->store);
	free(f);
	return 0;
}

static void open_host(struct fixture *f)
{
	struct host_options options = {.root = f->store.root};

	assert_int_equal(host_open(&f->host, &options, &f->err), 0);
}

static const struct sl_container *find(struct fixture *f, const char *word)
{
	int rc;

	if (f->host == NULL)
		open_host(f);
	sl_container_free(f->c);
	f->c = NULL;
	rc = host_find_container(f->host, word, &f->c, &f->err);
	if (rc < 0)
		fail_msg("%s", sl_error_text(&f->err));
	return f->c;
}

static int log_gap(void *payload, const struct sl_gap *gap)
{
	return buf_printf(payload, "gap %s: %s\n", gap->what.data, gap->why);
}

/* "ENGINE KIND NAME POD\n" in their order, and gaps. */
static const char *listed(struct fixture *f, bool orphans)
{
	int rc;

	open_host(f);
	rc = host_names(f->host, NULL, orphans, &f->list, log_gap, &f->log, &f->err);
	if (rc < 0)
		fail_msg("%s", sl_error_text(&f->err));
	for (size_t i = 0; i < f->list.count; i++) {
		const struct store_name *row = &f->list.rows[i];

		(void)buf_printf(&f->log, "%s %s %.16s", row->engine,
				 sl_container_kind_name(row->kind), row->name);
		if (row->pod != NULL)
			(void)buf_printf(&f->log, " %s/%s/%s@%u", row->pod->ns, row->pod->name,
					 row->pod->container != NULL ? row->pod->container : "",
					 row->pod->attempt);
		(void)buf_printf(&f->log, "%s\n", row->running ? " running" : "");
	}
	return f->log.data != NULL ? f->log.data : "";
}

static void a_stack_is_the_containers_layer_on_those_of_its_image(void **state)
{
	struct fixture *f = *state;
	const struct sl_container *c;

	fake_cstore_container(&f->store, '7', NAMED("seven"));
	fake_cstore_write(&f->store);
	c = find(f, "seven");
	assert_null(c->stack.unsupported);
	assert_null(c->metadata_gap);
	assert_string_equal(c->engine, "podman");
	assert_string_equal(c->image_ref, "web:1");
	assert_int_equal(c->created.nsec, 6);
	/* what somebody else than root owns is written in his own namespace */
	assert_int_equal(c->stack.marker,
			 geteuid() == 0 ? SL_MARKER_OVERLAY_TRUSTED : SL_MARKER_OVERLAY_USER);
	assert_int_equal(c->stack.lower_count, 2);
	assert_true(
		fake_is(f->store.root, c->stack.lowers[0].dir_fd, GR "/overlay/%s/diff", FAKE_TOP));
	for (size_t i = 0; i < 2; i++) {
		assert_true(c->stack.lowers[i].has_image_layer);
		assert_int_equal(c->stack.lowers[i].image_layer, 1 - i);
	}
	/* nobody knows whether it runs */
	assert_int_equal(c->state, SL_STATE_UNKNOWN);
}

static void pods_of_cri_o_have_names_namespaces_and_attempts(void **state)
{
	struct fixture *f = *state;
	char id[65];

	fake_cstore_crio(&f->store, '5', '5', "", 0);
	fake_cstore_crio(&f->store, '6', '5', "app", 0);
	fake_cstore_crio(&f->store, '7', '5', "app", 1);
	fake_file(f->store.root, "{\"status\":\"running\",\"pid\":77}",
		  GR "/overlay-containers/%s/userdata/state.json", fake_cid(id, '7'));
	fake_cstore_write(&f->store);
	assert_string_equal(listed(f, false),
			    "cri-o sandbox k8s_POD_web_shop shop/web/@0\n"
			    "cri-o workload k8s_app_web_shop shop/web/app@0\n"
			    "cri-o workload k8s_app_web_shop shop/web/app@1 running\n");
	assert_string_equal(find(f, id)->pod->uid, "0f-2c");
	assert_int_equal(f->c->state, SL_STATE_RUNNING);
	assert_int_equal(f->c->pid, 0); /* no process on a disk */
	assert_int_equal(find(f, "cri-o:5")->kind, SL_CONTAINER_SANDBOX);
}

/* Only the sandbox's row says which namespace a pod of this name is in. */
static void a_pods_namespace_is_its_sandboxs(void **state)
{
	struct fixture *f = *state;
	char id[65];
	AUTO_FREE char *more = NULL;

	fake_cid(id, '5');
	assert_true(asprintf(&more,
			     ",\"names\":[\"app\"],\"metadata\":\"{\\\"pod-name\\\":\\\"web\\\","
			     "\\\"pod-id\\\":\\\"%s\\\",\\\"metadata-name\\\":\\\"app\\\"}\"",
			     id) >= 0);
	fake_cstore_crio(&f->store, '5', '5', "", 0);
	fake_cstore_container(&f->store, '7', more);
	fake_cstore_write(&f->store);
	assert_string_equal(find(f, "app")->pod->ns, "shop");
	assert_string_equal(f->c->pod->uid, "0f-2c");
}

/* The kubelet removed the sandbox's row; its container's name still tells. */
static void a_pod_without_its_sandbox_is_known_by_its_containers_name(void **state)
{
	struct fixture *f = *state;

	fake_cstore_crio(&f->store, '7', '5', "app", 3);
	fake_cstore_write(&f->store);
	assert_string_equal(listed(f, false), "cri-o workload k8s_app_web_shop shop/web/app@3\n");
}

static void stable_and_volatile_containers_are_both_there(void **state)
{
	struct fixture *f = *state;

	fake_cstore_container(&f->store, '7', NAMED("stable"));
	fake_cstore_volatile(&f->store, '8', NAMED("fleeting"));
	fake_cstore_write(&f->store);
	assert_string_equal(listed(f, false), "podman workload fleeting\npodman workload stable\n");
	assert_non_null(find(f, "fleeting")->note);
	assert_null(find(f, "stable")->note);
}

static void of_two_rows_with_one_id_the_synced_one_counts(void **state)
{
	struct fixture *f = *state;

	fake_cstore_volatile(&f->store, '7', NAMED("hasty"));
	(void)buf_printf(
		&f->store.containers,
		"{\"id\":"
		"\"7777777777777777777777777777777777777777777777777777777777777777\"" NAMED(
			"steady") "}");
	fake_cstore_write(&f->store);
	assert_string_equal(
		listed(f, false),
		"gap /" GR
		"/overlay-containers: '7777777777777777777777777777777777777777777777777777"
		"777777777777' is listed twice\npodman workload steady\n");
}

static void what_is_kept_over_no_restart_is_read_from_the_run_root(void **state)
{
	struct fixture *f = *state;

	fake_cstore_write(&f->store);
	fake_file(f->store.root, "[{\"id\":\"77\",\"names\":[\"passing\"],\"metadata\":\"{}\"}]",
		  RR "/overlay-containers/volatile-containers.json");
	assert_string_equal(listed(f, false), "podman workload passing\n");
}

static const struct damage {
	const char *file, *text, *want;
} damages[] = {
	{"overlay-containers/volatile-containers.json", "{",
	 "gap /" GR "/overlay-containers/volatile-containers.json: json: unexpected end at line 1 "
	 "column 1\npodman workload stable\n"},
	{"overlay-containers/volatile-containers.json", "{}",
	 "gap /" GR "/overlay-containers/volatile-containers.json: it is no list\n"
	 "podman workload stable\n"},
	{"overlay-containers/volatile-containers.json",
	 "[7,{\"id\":\"../x\"},{\"id\":\"9\",\"metadata\":\"{\"}]",
	 "gap /" GR "/overlay-containers/volatile-containers.json: entry 0 has no id\n"
	 "gap /" GR "/overlay-containers/volatile-containers.json: entry 1 has no id\n"
	 "podman workload (null)\npodman workload stable\n"},
	{"overlay-layers/layers.json", "\x01",
	 "gap /" GR "/overlay-layers/layers.json: json: syntax error at line 1 column 1\n"
	 "podman workload stable\n"},
	{"libpod/bolt_state.db", "no database", NULL},
	{"libpod/db.sql", "no database, and long enough to be taken for the header of one, or not",
	 NULL},
};

static void damage_costs_what_is_damaged_and_is_said(void **state)
{
	struct fixture *f = *state;

	fake_cstore_container(&f->store, '7', NAMED("stable"));
	for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
		const char *got;

		fake_cstore_write(&f->store);
		fake_file(f->store.root, damages[i].text, GR "/%s", damages[i].file);
		got = listed(f, false);
		if (damages[i].want != NULL && strcmp(got, damages[i].want) != 0)
			fail_msg("%zu: %s", i, got);
		if (strncmp(got, "gap ", 4) != 0 || strstr(got, "podman workload stable\n") == NULL)
			fail_msg("%zu: %s", i, got);
		if (strcmp(damages[i].file, "overlay-layers/layers.json") == 0) {
			const struct sl_container *c = find(f, "stable");

			assert_int_equal(c->stack.lower_count, 2);
			assert_null(c->stack.unsupported);
			assert_false(c->stack.lowers[0].has_image_layer);
			assert_string_equal(c->metadata_gap, "layers.json does not know its layer");
		}
		fake_remove(f->store.root, GR "/%s", damages[i].file);
		host_close(f->host);
		f->host = NULL;
		store_list_clear(&f->list);
		buf_reset(&f->log);
	}
}

/* What the engine would mount counts; that it is not what the store says is told. */
static void a_changed_list_of_lower_directories_is_found(void **state)
{
	struct fixture *f = *state;
	const struct sl_container *c;
	char layer[65];

	fake_cstore_layer(&f->store, EVIL, NULL, "");
	fake_cstore_container(&f->store, '7', NAMED("seven"));
	fake_cstore_write(&f->store);
	fake_lid(layer, '7');
	fake_file(f->store.root, "EVILEVILEVIL", GR "/overlay/" EVIL "/link");
	fake_link(f->store.root, "../" EVIL "/diff", GR "/overlay/l/EVILEVILEVIL");
	fake_remove(f->store.root, GR "/overlay/%s/lower", layer);
	fake_file(f->store.root, "l/EVILEVILEVIL:l/1111111111111111ZZZZZZZZZZ",
		  GR "/overlay/%s/lower", layer);
	c = find(f, "seven");
	assert_int_equal(c->stack.lower_count, 2);
	assert_true(fake_is(f->store.root, c->stack.lowers[0].dir_fd, GR "/overlay/" EVIL "/diff"));
	assert_false(c->stack.lowers[0].has_image_layer);
	assert_true(c->stack.lowers[1].has_image_layer);
	assert_non_null(strstr(c->metadata_gap, "not its layer's parents"));
}

static void lost_links_are_rebuilt_from_the_layers_own_names(void **state)
{
	struct fixture *f = *state;

	fake_cstore_container(&f->store, '7', NAMED("seven"));
	fake_cstore_write(&f->store);
	fake_remove(f->store.root, GR "/overlay/l");
	assert_int_equal(find(f, "seven")->stack.lower_count, 2);
	assert_null(f->c->stack.unsupported);
	assert_null(f->c->metadata_gap);
}

static void further_directories_of_a_layer_come_directly_below_it(void **state)
{
	struct fixture *f = *state;
	const struct sl_stack *s;

	fake_cstore_container(&f->store, '7', NAMED("seven"));
	fake_cstore_write(&f->store);
	fake_dir(f->store.root, GR "/overlay/%s/diff1", FAKE_TOP);
	fake_dir(f->store.root, GR "/overlay/%s/diff2", FAKE_TOP);
	s = &find(f, "seven")->stack;
	assert_int_equal(s->lower_count, 4);
	assert_true(fake_is(f->store.root, s->lowers[1].dir_fd, GR "/overlay/%s/diff1", FAKE_TOP));
	assert_true(fake_is(f->store.root, s->lowers[2].dir_fd, GR "/overlay/%s/diff2", FAKE_TOP));
	assert_false(s->lowers[1].has_image_layer);
	assert_int_equal(s->lowers[3].image_layer, 0);
	assert_true(s->lowers[3].has_image_layer);
}

static void an_additional_layer_store_is_entered_only_where_it_is_configured(void **state)
{
	static const char conf[] =
		"[storage.options]\nadditionallayerstores = [\"/srv/als:ref\"]\n";
	struct fixture *f = *state;
	const struct sl_stack *s;

	fake_cstore_container(&f->store, '7', NAMED("seven"));
	fake_cstore_write(&f->store);
	fake_remove(f->store.root, GR "/overlay/%s/diff", FAKE_TOP);
	fake_link(f->store.root, "/srv/als/x/diff", GR "/overlay/%s/diff", FAKE_TOP);
	fake_file(f->store.root, "here", "srv/als/x/diff/here");
	s = &find(f, "seven")->stack;
	assert_non_null(strstr(s->unsupported, "link to no additional layer store"));
	host_close(f->host);
	f->host = NULL;
	fake_file(f->store.root, conf, "etc/containers/storage.conf");
	s = &find(f, "seven")->stack;
	assert_null(s->unsupported);
	assert_true(fake_is(f->store.root, s->lowers[0].dir_fd, "srv/als/x/diff"));
	fake_remove(f->store.root, GR "/overlay/%s/diff", FAKE_TOP);
	fake_link(f->store.root, "/srv/als/../../etc", GR "/overlay/%s/diff", FAKE_TOP);
	assert_non_null(find(f, "seven")->stack.unsupported);
	fake_remove(f->store.root, GR "/overlay/%s/diff", FAKE_TOP);
	fake_link(f->store.root, "/srv/any/x", GR "/overlay/%s/diff", FAKE_TOP);
	fake_dir(f->store.root, "srv/any/x");
	assert_non_null(find(f, "seven")->stack.unsupported);
}

/* It would be mounted, but no engine makes it. */
static void a_containers_own_layer_is_never_a_link(void **state)
{
	struct fixture *f = *state;
	char layer[65];

	fake_cstore_container(&f->store, '7', NAMED("seven"));
	fake_cstore_write(&f->store);
	fake_remove(f->store.root, GR "/overlay/%s/diff", fake_lid(layer, '7'));
	fake_link(f->store.root, "/etc", GR "/overlay/%s/diff", layer);
	assert_non_null(find(f, "seven")->stack.unsupported);
	assert_int_equal(f->c->stack.upper_fd, -1);
}

static void an_image_of_an_additional_store_is_stood_on(void **state)
{
	static const char conf[] = "[storage]\ngraphroot = \"/srv/own\"\n[storage.options]\n"
				   "additionalimagestores = [\"/" GR "\"]\n";
	struct fixture *f = *state;
	const struct sl_stack *s;
	struct sl_image *image = NULL;
	AUTO_FREE char *row = NULL;

	fake_cstore_write(&f->store);
	fake_file(f->store.root, conf, "etc/containers/storage.conf");
	fake_dir(f->store.root, "srv/own/overlay/aa/diff");
	fake_file(f->store.root, "l/2222222222222222ZZZZZZZZZZ:l/1111111111111111ZZZZZZZZZZ",
		  "srv/own/overlay/aa/lower");
	fake_file(f->store.root, "[{\"id\":\"aa\",\"parent\":\"" FAKE_TOP "\"}]",
		  "srv/own/overlay-layers/layers.json");
	assert_true(asprintf(&row,
			     "[{\"id\":\"99\",\"names\":[\"guest\"],\"metadata\":\"{}\","
			     "\"layer\":\"aa\",\"image\":\"%s\"}]",
			     f->store.image) >= 0);
	fake_file(f->store.root, row, "srv/own/overlay-containers/containers.json");
	s = &find(f, "guest")->stack;
	assert_null(s->unsupported);
	assert_null(f->c->metadata_gap);
	assert_int_equal(s->lower_count, 2);
	assert_true(fake_is(f->store.root, s->lowers[0].dir_fd, GR "/overlay/%s/diff", FAKE_TOP));
	assert_true(s->lowers[0].has_image_layer);
	assert_int_equal(host_container_image(f->host, f->c, &image, &f->err), 0);
	assert_string_equal(image->name, "localhost/web:1");
	sl_image_free(image);
}

static void composefs_is_refused_by_name(void **state)
{
	struct fixture *f = *state;

	fake_cstore_container(&f->store, '7', NAMED("seven"));
	fake_cstore_write(&f->store);
	fake_dir(f->store.root, GR "/overlay/%s/composefs-data", FAKE_TOP);
	assert_non_null(strstr(find(f, "seven")->stack.unsupported, "composefs"));
}

static void the_driver_says_which_markers_it_writes(void **state)
{
	struct fixture *f = *state;

	fake_cstore_container(&f->store, '7', NAMED("seven"));
	fake_cstore_write(&f->store);
	fake_file(f->store.root, "true", GR "/overlay/.has-mount-program");
	assert_int_equal(find(f, "seven")->stack.marker, SL_MARKER_FUSE_OVERLAY);
}

static void a_driver_that_copies_has_whole_trees(void **state)
{
	struct fixture *f = *state;
	const struct sl_stack *s;

	fake_dir(f->store.root, GR "/vfs/dir/aa");
	fake_dir(f->store.root, GR "/vfs/dir/bb");
	fake_file(f->store.root, "[{\"id\":\"aa\",\"parent\":\"bb\"},{\"id\":\"bb\"}]",
		  GR "/vfs-layers/layers.json");
	fake_file(f->store.root,
		  "[{\"id\":\"99\",\"names\":[\"copied\"],\"metadata\":\"{}\",\"layer\":\"aa\"}]",
		  GR "/vfs-containers/containers.json");
	fake_cstore_container(&f->store, '7', NAMED("seven"));
	fake_cstore_write(&f->store);
	s = &find(f, "copied")->stack;
	assert_true(s->is_whole);
	assert_int_equal(s->marker, SL_MARKER_NONE);
	assert_true(fake_is(f->store.root, s->upper_fd, GR "/vfs/dir/aa"));
	assert_int_equal(s->lower_count, 1);
	assert_string_equal(f->c->driver, "vfs");
	/* side by side with the other one */
	assert_false(find(f, "seven")->stack.is_whole);
}

static void an_unknown_driver_is_named_and_refused(void **state)
{
	struct fixture *f = *state;

	fake_cstore_write(&f->store);
	fake_file(f->store.root,
		  "[{\"id\":\"99\",\"names\":[\"z\"],\"metadata\":\"{}\",\"layer\":\"aa\"}]",
		  GR "/zfs-containers/containers.json");
	assert_string_equal(find(f, "z")->stack.unsupported,
			    "storage driver 'zfs' is not read by this version");
}

static void a_layer_with_a_map_of_its_own_is_shifted(void **state)
{
	struct fixture *f = *state;
	const struct sl_stack *s;

	fake_cstore_container(&f->store, '7',
			      NAMED("seven") ",\"uidmap\":[{\"container_id\":0,\"host_id\":"
					     "100000,\"size\":65536}],\"gidmap\":[{\"container_"
					     "id\":0,\"host_id\":200000,\"size\":65536}]");
	fake_cstore_write(&f->store);
	s = &find(f, "seven")->stack;
	assert_int_equal(s->idmap.uid_count, 1);
	assert_int_equal(s->idmap.uids[0].outside, 100000);
	assert_int_equal(s->idmap.gids[0].outside, 200000);
	assert_int_equal(s->lowers[0].idmap.uid_count, 0);
}

static void what_belongs_to_no_container_is_an_orphan(void **state)
{
	struct fixture *f = *state;
	char layer[65], id[65];

	fake_cstore_container(&f->store, '7', NAMED("seven"));
	fake_cstore_layer(&f->store, fake_lid(layer, '8'), FAKE_TOP,
			  ",\"names\":[\"eight-layer\"]");
	fake_cstore_layer(&f->store, fake_lid(layer, '9'), NULL,
			  ",\"flags\":{\"incomplete\":true}");
	fake_cstore_write(&f->store);
	fake_dir(f->store.root, GR "/overlay/%s/diff", fake_lid(layer, '6'));
	fake_dir(f->store.root, GR "/overlay/staging/123456");
	fake_dir(f->store.root, GR "/overlay/tempdirs/temp-dir-1");
	fake_dir(f->store.root, GR "/overlay-containers/%s/userdata", fake_cid(id, '5'));
	assert_string_equal(listed(f, true), "podman workload seven\n"
					     "podman orphan 5555555555555555\n"
					     "podman orphan eight-layer\n"
					     "podman orphan f666666666666666\n"
					     "podman orphan f999999999999999\n"
					     "podman orphan staging/123456\n"
					     "podman orphan tempdirs/temp-di\n");
	for (size_t i = 0; i < f->list.count; i++) {
		const struct store_name *row = &f->list.rows[i];
		struct sl_container *c = NULL;

		assert_int_equal(row->store->ops->load(row->store, row, &c, &f->err), 0);
		if (row->kind == SL_CONTAINER_ORPHAN && (c->note == NULL || c->name == NULL))
			fail_msg("%s has no note", row->name);
		if (strcmp(row->name, "eight-layer") == 0) {
			assert_true(c->has_image_id);
			assert_true(c->stack.lowers[0].has_image_layer);
		}
		sl_container_free(c);
	}
}

static void without_orphans_only_containers_are_listed(void **state)
{
	struct fixture *f = *state;

	fake_cstore_write(&f->store);
	fake_dir(f->store.root, GR "/overlay/staging/123456");
	assert_string_equal(listed(f, false), "");
}

static void a_graph_root_with_two_names_is_one_store(void **state)
{
	struct fixture *f = *state;

	fake_cstore_container(&f->store, '7', NAMED("seven"));
	fake_cstore_write(&f->store);
	fake_link(f->store.root, "/" GR, "srv/link");
	fake_file(f->store.root, "[storage]\ngraphroot = \"/srv/link\"\n",
		  "etc/containers/storage.conf");
	fake_file(f->store.root, "[crio]\nroot = \"/" GR "/\"\n", "etc/crio/crio.conf");
	assert_string_equal(listed(f, false), "podman workload seven\n");
}

static void a_configuration_that_cannot_be_read_is_a_gap_and_the_defaults_hold(void **state)
{
	struct fixture *f = *state;

	fake_cstore_container(&f->store, '7', NAMED("seven"));
	fake_cstore_write(&f->store);
	fake_file(f->store.root, "[storage]\ngraphroot = \"\"\"\n/x\"\"\"\n",
		  "etc/containers/storage.conf");
	assert_string_equal(listed(f, false), "podman workload seven\n");
	assert_int_equal(f->host->miss_count, 1);
	assert_non_null(strstr(sl_error_text(&f->host->misses[0].why),
			       "/etc/containers/storage.conf: line 2"));
}

static void a_drop_in_moves_the_graph_root(void **state)
{
	struct fixture *f = *state;

	fake_file(f->store.root, "[storage]\ngraphroot = \"/nowhere\"\n",
		  "usr/share/containers/storage.conf");
	fake_file(f->store.root, "[storage]\ngraphroot = \"/srv/moved\"\n",
		  "etc/containers/storage.conf.d/10-moved.conf");
	fake_file(f->store.root, "[{\"id\":\"9\",\"names\":[\"there\"],\"metadata\":\"{}\"}]",
		  "srv/moved/overlay-containers/containers.json");
	assert_string_equal(listed(f, false), "podman workload there\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(a_stack_is_the_containers_layer_on_those_of_its_image),
		T(pods_of_cri_o_have_names_namespaces_and_attempts),
		T(a_pods_namespace_is_its_sandboxs),
		T(a_pod_without_its_sandbox_is_known_by_its_containers_name),
		T(stable_and_volatile_containers_are_both_there),
		T(of_two_rows_with_one_id_the_synced_one_counts),
		T(what_is_kept_over_no_restart_is_read_from_the_run_root),
		T(damage_costs_what_is_damaged_and_is_said),
		T(a_changed_list_of_lower_directories_is_found),
		T(lost_links_are_rebuilt_from_the_layers_own_names),
		T(further_directories_of_a_layer_come_directly_below_it),
		T(an_additional_layer_store_is_entered_only_where_it_is_configured),
		T(a_containers_own_layer_is_never_a_link),
		T(an_image_of_an_additional_store_is_stood_on),
		T(composefs_is_refused_by_name),
		T(the_driver_says_which_markers_it_writes),
		T(a_driver_that_copies_has_whole_trees),
		T(an_unknown_driver_is_named_and_refused),
		T(a_layer_with_a_map_of_its_own_is_shifted),
		T(what_belongs_to_no_container_is_an_orphan),
		T(without_orphans_only_containers_are_listed),
		T(a_graph_root_with_two_names_is_one_store),
		T(a_configuration_that_cannot_be_read_is_a_gap_and_the_defaults_hold),
		T(a_drop_in_moves_the_graph_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
