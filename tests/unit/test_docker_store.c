/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "unit/fake_docker.h"

#define RUNNING "\"Running\":true,\"Pid\":1,\"StartedAt\":\"2026-01-02T03:04:06Z\""

struct fixture {
	char *root;
	struct fake_image image;
	struct host *host;
	struct sl_error err;
	struct sl_container *c;
	struct buf log;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->root = fake_root();
	f->log = BUF_INIT(1 << 20);
	fake_docker_image(f->root, "web:1", &f->image);
	fake_docker_container(f->root, &f->image, '7', "seven", RUNNING, "");
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	sl_container_free(f->c);
	host_close(f->host);
	sl_error_clear(&f->err);
	buf_clear(&f->log);
	fake_root_remove(f->root);
	free(f);
	return 0;
}

static void open_host(struct fixture *f)
{
	struct host_options options = {.root = f->root};

	assert_int_equal(host_open(&f->host, &options, &f->err), 0);
}

/* Load container seven. */
static const struct sl_container *seven(struct fixture *f)
{
	int rc;

	open_host(f);
	rc = host_find_container(f->host, "seven", &f->c, &f->err);
	if (rc < 0)
		fail_msg("%s", sl_error_text(&f->err));
	return f->c;
}

static void a_stack_is_the_upper_directory_on_init_and_image(void **state)
{
	struct fixture *f = *state;
	const struct sl_stack *s = &seven(f)->stack;
	char mount[65];

	fake_mount_id(mount, '7');
	assert_null(s->unsupported);
	assert_int_equal(s->marker, SL_MARKER_OVERLAY_TRUSTED);
	assert_true(fake_is(f->root, s->upper_fd, DR "/overlay2/%s/diff", mount));
	assert_int_equal(s->lower_count, 3);
	assert_int_equal(s->lowers[0].kind, SL_LOWER_INIT);
	assert_false(s->lowers[0].has_image_layer);
	for (size_t i = 1; i < 3; i++) {
		assert_int_equal(s->lowers[i].kind, SL_LOWER_IMAGE);
		assert_true(s->lowers[i].has_image_layer);
		assert_int_equal(s->lowers[i].image_layer, 2 - i);
		assert_true(fake_is(f->root, s->lowers[i].dir_fd, DR "/overlay2/%s/diff",
				    f->image.cache_id[2 - i]));
	}
}

static void metadata_is_as_recorded(void **state)
{
	struct fixture *f = *state;
	const struct sl_container *c = seven(f);
	char id[65];

	assert_string_equal(c->engine, "docker");
	assert_string_equal(c->id, fake_id(id, '7'));
	assert_string_equal(c->name, "seven");
	assert_string_equal(c->image_ref, "web:1");
	assert_string_equal(c->workdir, "/srv");
	assert_string_equal(c->driver, "overlay2");
	assert_string_equal(c->store, "/" DR);
	assert_true(c->has_image_id);
	assert_true(c->has_created);
	assert_int_equal(c->created.nsec, 6);
	assert_false(c->has_finished);
	assert_null(c->metadata_gap);
	/* the name by digest is the claim of which manifest was pulled */
	assert_true(c->has_image_digest);
	assert_int_equal(c->image_digest[31], 5);
}

static void on_a_disk_nothing_has_a_process(void **state)
{
	const struct sl_container *c = seven(*state);

	assert_int_equal(c->state, SL_STATE_RUNNING);
	assert_int_equal(c->pid, 0);
}

/* Our own process exists, and is no container. */
static void a_process_of_something_else_is_not_running(void **state)
{
	struct fixture *f = *state;
	struct host_store store = {.engine = "docker"};
	struct host_options options = {.stores = &store, .store_count = 1};
	AUTO_FREE char *running = NULL;
	AUTO_FREE char *dir = NULL;

	assert_true(asprintf(&running, "\"Running\":true,\"Pid\":%d", (int)getpid()) >= 0);
	fake_docker_container(f->root, &f->image, '8', "eight", running, "");
	assert_true(asprintf(&dir, "%s/%s", f->root, DR) >= 0);
	store.dir = dir;
	assert_int_equal(host_open(&f->host, &options, &f->err), 0);
	assert_int_equal(host_find_container(f->host, "eight", &f->c, &f->err), 0);
	assert_int_equal(f->c->state, SL_STATE_EXITED);
	assert_int_equal(f->c->pid, 0);
}

/* However the document writes it: names that need a parser get one. */
static void a_name_is_found_in_any_spelling(void **state)
{
	struct fixture *f = *state;

	fake_docker_container(f->root, &f->image, '8', "e\\u0069ght", "", "");
	fake_docker_container(f->root, &f->image, '9', "nine", "", ",\"Names\":[\"Name\"]");
	open_host(f);
	assert_int_equal(host_find_container(f->host, "eight", &f->c, &f->err), 0);
	assert_string_equal(f->c->name, "eight");
	sl_container_free(f->c);
	assert_int_equal(host_find_container(f->host, "nine", &f->c, &f->err), 0);
	assert_int_equal(f->c->id[0], '9');
}

static int count_artifacts(void *payload, struct sl_container *c)
{
	*(size_t *)payload += c->artifact_count;
	sl_container_free(c);
	return 0;
}

static void a_bare_listing_opens_no_artifacts_and_finding_does(void **state)
{
	static const struct host_filter bare = {.bare = true}, full = {0};
	struct fixture *f = *state;
	size_t count = 0;

	open_host(f);
	assert_int_equal(host_containers(f->host, &bare, count_artifacts, NULL, &count, &f->err),
			 0);
	assert_int_equal(count, 0);
	assert_int_equal(host_containers(f->host, &full, count_artifacts, NULL, &count, &f->err),
			 0);
	assert_int_equal(count, 2);
	assert_int_equal(host_find_container(f->host, "seven", &f->c, &f->err), 0);
	assert_int_equal(f->c->artifact_count, 2);
}

static void containers_are_listed_by_name(void **state)
{
	struct fixture *f = *state;

	fake_docker_container(f->root, &f->image, '8', "alpha", "", "");
	fake_docker_container(f->root, &f->image, '6', "zeta", "\"Dead\":true", "");
	fake_docker_list(f->root, &f->log);
	assert_string_equal(f->log.data, "alpha created\nseven running\nzeta dead\n");
}

static const struct broken {
	const char *what, *file, *text, *why;
} broken[] = {
	{"no config", "config.v2.json", NULL, "open 'config.v2.json': No such file or directory"},
	{"cut config", "config.v2.json",
	 "{\"ID\":", "'config.v2.json': json: unexpected end at line 1 column 6"},
	{"a list", "config.v2.json", "[]", "config.v2.json is no JSON object"},
	{"another's config", "config.v2.json", "{\"ID\":\"8\"}",
	 "config.v2.json is of another container"},
	{"NUL in a string", "config.v2.json", "{\"ID\":\"\\u0000\"}", NULL},
	{"no hostconfig", "hostconfig.json", NULL,
	 "open 'hostconfig.json': No such file or directory"},
	{"garbled hostconfig", "hostconfig.json", "\x01\x02",
	 "'hostconfig.json': json: syntax error at line 1 column 1"},
};

static void garbled_metadata_is_one_gap_and_costs_no_other_container(void **state)
{
	struct fixture *f = *state;
	char id[65];

	fake_id(id, '7');
	fake_docker_container(f->root, &f->image, '8', "other", "", "");
	for (size_t i = 0; i < ARRAY_SIZE(broken); i++) {
		AUTO_FREE char *gap = NULL;

		fake_docker_container(f->root, &f->image, '9', "nine", "", "");
		fake_remove(f->root, DR "/containers/%s", id);
		fake_file(f->root, "{\"ID\":\"x\"}", DR "/containers/%s/config.v2.json", id);
		fake_file(f->root, "{}", DR "/containers/%s/hostconfig.json", id);
		if (strcmp(broken[i].file, "hostconfig.json") == 0) {
			AUTO_FREE char *good = NULL;

			assert_true(asprintf(&good, "{\"ID\":\"%s\",\"Name\":\"/seven\"}", id) >=
				    0);
			fake_file(f->root, good, DR "/containers/%s/config.v2.json", id);
		}
		fake_remove(f->root, DR "/containers/%s/%s", id, broken[i].file);
		if (broken[i].text != NULL)
			fake_file(f->root, broken[i].text, DR "/containers/%s/%s", id,
				  broken[i].file);
		fake_docker_list(f->root, &f->log);
		assert_non_null(strstr(f->log.data, "other created\n"));
		assert_non_null(strstr(f->log.data, "nine created\n"));
		assert_true(asprintf(&gap, "gap 777777777777: %s",
				     broken[i].why != NULL ? broken[i].why : "") >= 0);
		if (strstr(f->log.data, gap) == NULL)
			fail_msg("%s: no '%s' in\n%s", broken[i].what, gap, f->log.data);
		assert_null(strstr(strstr(f->log.data, "gap ") + 4, "gap "));
		buf_reset(&f->log);
		fake_remove(f->root, DR "/overlay2/l");
	}
}

static void a_container_with_a_garbled_config_is_still_found_with_its_stack(void **state)
{
	struct fixture *f = *state;
	char id[65];

	fake_file(f->root, "}", DR "/containers/%s/config.v2.json", fake_id(id, '7'));
	open_host(f);
	assert_int_equal(host_find_container(f->host, "777", &f->c, &f->err), 0);
	assert_int_equal(f->c->state, SL_STATE_UNKNOWN);
	assert_string_equal(f->c->name, id);
	assert_non_null(f->c->metadata_gap);
	assert_true(f->c->stack.upper_fd >= 0);
	assert_int_equal(f->c->stack.lower_count, 3);
	assert_string_equal(f->c->artifacts[0].name, "config.v2.json");
}

/* One thing is changed in the store; container seven must be listed, and say this. */
static const struct damage {
	const char *what;
	const char *remove, *file, *text, *link; /* below DR; %s in a path is the mount id */
	const char *unsupported;                 /* NULL: the stack is whole all the same */
	bool by_container;                       /* %s is the container's id instead */
} damages[] = {
	{"no mount entry", "image/overlay2/layerdb/mounts/%s", NULL, NULL, NULL,
	 "the layer database does not know it: open 'mounts/7777", true},
	{"mount-id climbs out", NULL, "image/overlay2/layerdb/mounts/%s/mount-id",
	 "../../../../etc", NULL, "mount-id is no directory name", true},
	{"mount-id is absolute", NULL, "image/overlay2/layerdb/mounts/%s/mount-id", "/etc", NULL,
	 "mount-id is no directory name", true},
	{"mount-id names nothing", NULL, "image/overlay2/layerdb/mounts/%s/mount-id",
	 "0000000000000000000000000000000000000000000000000000000000000000", NULL,
	 "upper directory: open '0000000", true},
	{"mount-id is empty", NULL, "image/overlay2/layerdb/mounts/%s/mount-id", "", NULL,
	 "mount-id is no directory name", true},
	{"no upper directory", "overlay2/%s/diff", NULL, NULL, NULL, "upper directory: open",
	 false},
	{"upper is a link out of the store", "overlay2/%s/diff", "overlay2/%s/diff", NULL, "/etc",
	 "upper directory: open", false},
	{"upper is a link within the store", "overlay2/%s/diff", "overlay2/%s/diff", NULL, "../l",
	 "upper directory: open", false},
	{"upper is a file", "overlay2/%s/diff", "overlay2/%s/diff", "x", NULL,
	 "upper directory: open", false},
	{"lower climbs out", NULL, "overlay2/%s/lower", "l/../../../../../etc", NULL,
	 "a lower layer has an impossible name", false},
	{"lower without a link name", NULL, "overlay2/%s/lower", "/etc:/usr", NULL,
	 "a lower directory is not named by a link", false},
	{"lower names a lost link", NULL, "overlay2/%s/lower", "l/NOBODYHASTHISNAME", NULL,
	 "layer link 'NOBODYHASTHISNAME' is lost", false},
	{"no lower file", "overlay2/%s/lower", NULL, NULL, NULL, NULL, false},
	{"no parent", "image/overlay2/layerdb/mounts/%s/parent", NULL, NULL, NULL, NULL, true},
	{"all links lost", "overlay2/l", NULL, NULL, NULL, NULL, false},
};

static void damage(const struct fixture *f, const struct damage *d)
{
	char id[65];
	AUTO_FREE char *path = NULL;

	if (d->by_container)
		fake_id(id, '7');
	else
		fake_mount_id(id, '7');
	if (d->remove != NULL) {
		const char *at = strstr(d->remove, "%s");

		if (at != NULL)
			fake_remove(f->root, DR "/%.*s%s%s", (int)(at - d->remove), d->remove, id,
				    at + 2);
		else
			fake_remove(f->root, DR "/%s", d->remove);
	}
	if (d->file != NULL) {
		const char *at = strstr(d->file, "%s");

		assert_true(asprintf(&path, DR "/%.*s%s%s", (int)(at - d->file), d->file, id,
				     at + 2) >= 0);
		if (d->link != NULL)
			fake_link(f->root, d->link, "%s", path);
		else
			fake_file(f->root, d->text, "%s", path);
	}
}

static void a_damaged_stack_is_listed_and_says_why(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
		const struct damage *d = &damages[i];
		const struct sl_container *c;
		struct fixture *f;

		assert_int_equal(setup(state), 0);
		f = *state;
		damage(f, d);
		c = seven(f);
		print_message("          %s\n", d->what);
		if (d->unsupported == NULL) {
			if (c->stack.unsupported != NULL)
				fail_msg("%s: %s", d->what, c->stack.unsupported);
			assert_int_equal(c->stack.lower_count, 3);
			assert_int_equal(c->stack.lowers[0].kind, SL_LOWER_INIT);
		} else if (c->stack.unsupported == NULL ||
			   strstr(c->stack.unsupported, d->unsupported) == NULL) {
			fail_msg("%s: %s", d->what,
				 c->stack.unsupported != NULL ? c->stack.unsupported : "whole");
		}
		assert_int_equal(teardown(state), 0);
	}
	*state = NULL;
}

static void a_nul_byte_in_lower_does_not_shorten_the_stack(void **state)
{
	static const char text[] = "l/AAAAAAAAZZZZZZZZZZZZZZZZZZ\0:l/BBBBBBBBZZZZZZZZZZZZZZZZZZ";
	struct fixture *f = *state;
	char mount[65];

	fake_bytes(f->root, text, sizeof(text) - 1, DR "/overlay2/%s/lower",
		   fake_mount_id(mount, '7'));
	assert_string_equal(seven(f)->stack.unsupported, "'lower' holds a NUL byte");
}

static void ten_thousand_lowers_are_refused_by_name(void **state)
{
	struct fixture *f = *state;
	CLEANUP(buf_clear) struct buf lower = BUF_INIT(1 << 20);
	char mount[65];

	for (int i = 0; i < 10000; i++)
		assert_int_equal(buf_append_str(&lower, ":l/AAAAAAAAZZZZZZZZZZZZZZZZZZ"), 0);
	fake_file(f->root, lower.data, DR "/overlay2/%s/lower", fake_mount_id(mount, '7'));
	assert_string_equal(seven(f)->stack.unsupported, "more than 501 lower directories");
}

static void a_link_that_points_out_of_the_store_is_not_followed(void **state)
{
	static const char *const targets[] = {"/etc", "../../../../etc/diff", "../l/../../diff",
					      "../UPPER/diff", "../x/diff/.."};
	struct fixture *f = *state;

	open_host(f);
	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		fake_remove(f->root, DR "/overlay2/l/AAAAAAAAZZZZZZZZZZZZZZZZZZ");
		fake_link(f->root, targets[i], DR "/overlay2/l/AAAAAAAAZZZZZZZZZZZZZZZZZZ");
		assert_int_equal(host_find_container(f->host, "seven", &f->c, &f->err), 0);
		assert_string_equal(f->c->stack.unsupported,
				    "a layer link points out of the store");
		sl_container_free(f->c);
		f->c = NULL;
	}
}

static void a_lower_directory_that_is_a_link_is_refused(void **state)
{
	struct fixture *f = *state;

	fake_remove(f->root, DR "/overlay2/%s/diff", f->image.cache_id[0]);
	fake_link(f->root, "/etc", DR "/overlay2/%s/diff", f->image.cache_id[0]);
	assert_non_null(strstr(seven(f)->stack.unsupported, "lower directory: open 'aaaa"));
	assert_true(f->c->stack.upper_fd >= 0);
}

/* The layer database says otherwise than the links: the directory is there, but is no such layer.
 */
static void a_swapped_directory_is_not_taken_for_the_layer(void **state)
{
	struct fixture *f = *state;
	char other[65];

	fake_dir(f->root, DR "/overlay2/%s/diff", fake_id(other, 'e'));
	fake_remove(f->root, DR "/overlay2/l/AAAAAAAAZZZZZZZZZZZZZZZZZZ");
	fake_link(f->root,
		  "../eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee/diff",
		  DR "/overlay2/l/AAAAAAAAZZZZZZZZZZZZZZZZZZ");
	assert_null(seven(f)->stack.unsupported);
	assert_true(f->c->stack.lowers[1].has_image_layer);
	assert_false(f->c->stack.lowers[2].has_image_layer);
}

static void other_drivers_are_listed_and_not_read(void **state)
{
	static const struct {
		const char *driver, *why;
	} rows[] = {
		{"vfs", "the store has no directory of storage driver 'vfs'"},
		{"zfs", "storage driver 'zfs' keeps its layers in datasets of a ZFS pool, which "
			"this version does not read"},
		{"devicemapper", "storage driver 'devicemapper' keeps its layers in thin volumes "
				 "of a block device, which this version does not read"},
		{"windowsfilter", "storage driver 'windowsfilter' keeps its layers in formats of "
				  "Windows, which this version does not read"},
		{"newfs", "storage driver 'newfs' is not read by this version"},
		{"../overlay2", "storage driver '?' is not read by this version"},
		{"\\u001b[2J", "storage driver '?' is not read by this version"},
	};
	struct fixture *f = *state;
	char id[65];

	fake_id(id, '7');
	open_host(f);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		AUTO_FREE char *config = NULL;

		assert_true(asprintf(&config,
				     "{\"ID\":\"%s\",\"Name\":\"/seven\",\"Driver\":\"%s\"}", id,
				     rows[i].driver) >= 0);
		fake_file(f->root, config, DR "/containers/%s/config.v2.json", id);
		assert_int_equal(host_find_container(f->host, "seven", &f->c, &f->err), 0);
		assert_string_equal(f->c->stack.unsupported, rows[i].why);
		assert_int_equal(f->c->stack.upper_fd, -1);
		sl_container_free(f->c);
		f->c = NULL;
	}
}

static void strange_names_beside_containers_are_gaps(void **state)
{
	struct fixture *f = *state;
	char id[65];

	fake_dir(f->root, DR "/containers/not-an-id");
	fake_link(f->root, "/etc", DR "/containers/%s", fake_id(id, '8'));
	fake_docker_list(f->root, &f->log);
	assert_non_null(
		strstr(f->log.data, "gap not-an-id: not the name of a container directory\n"));
	assert_non_null(strstr(f->log.data, "gap 888888888888: open '8888"));
	assert_non_null(strstr(f->log.data, "seven running\n"));
}

static void logs_and_their_rotations_are_artifacts(void **state)
{
	static const struct {
		const char *file, *name, *format;
		bool is_log;
	} rows[] = {
		{"hostname", "hostname", NULL, false},
		{"-json.log", "json.log", "json-file", true},
		{"-json.log.1", "json.log.1", "json-file", true},
		{"-json.log.2.gz", "json.log.2.gz", "json-file", true},
		{"local-logs/container.log", "local-logs/container.log", "local", true},
		{"local-logs/container.log.1", "local-logs/container.log.1", "local", true},
		{"container-cached.log", "container-cached.log", "local", true},
		{"container-cached.log.1.gz", "container-cached.log.1.gz", "local", true},
	};
	struct fixture *f = *state;
	const struct sl_container *c;
	size_t found = 0;
	char id[65];

	fake_id(id, '7');
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		fake_file(f->root, "x", DR "/containers/%s/%s%s", id,
			  rows[i].file[0] == '-' ? id : "", rows[i].file);
	fake_file(f->root, "x", DR "/containers/%s/%s-json.log.old", id, id);
	fake_fifo(f->root, DR "/containers/%s/hosts", id);
	fake_link(f->root, "/etc/passwd", DR "/containers/%s/resolv.conf", id);
	c = seven(f);
	for (size_t k = 0; k < c->artifact_count; k++) {
		const struct sl_artifact *a = &c->artifacts[k];

		assert_null(strstr(a->name, "old"));
		/* what is there and is no file is named without a descriptor */
		if (strcmp(a->name, "hosts") == 0 || strcmp(a->name, "resolv.conf") == 0)
			assert_int_equal(a->fd, -1);
		else
			assert_true(a->fd >= 0);
		for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
			if (strcmp(a->name, rows[i].name) != 0)
				continue;
			found++;
			assert_int_equal(a->is_log, rows[i].is_log);
			assert_int_equal(a->log_format == NULL, rows[i].format == NULL);
			if (rows[i].format != NULL)
				assert_string_equal(a->log_format, rows[i].format);
		}
	}
	assert_int_equal(found, ARRAY_SIZE(rows));
}

static void a_log_elsewhere_is_taken_inside_the_root(void **state)
{
	struct fixture *f = *state;
	const struct sl_artifact *a;
	AUTO_FREE char *more = NULL;
	char id[65];

	fake_id(id, '7');
	assert_true(asprintf(&more, ",\"LogPath\":\"/srv/logs/%s-json.log\"", id) >= 0);
	fake_remove(f->root, DR);
	fake_docker_image(f->root, "web:1", &f->image);
	fake_docker_container(f->root, &f->image, '7', "seven", RUNNING, more);
	fake_file(f->root, "{}", "srv/logs/%s-json.log", id);
	a = &seven(f)->artifacts[f->c->artifact_count - 1];
	assert_string_equal(a->name, "json.log");
	assert_true(fake_is(f->root, a->fd, "srv/logs/%s-json.log", id));
}

static void a_log_path_cannot_name_any_file(void **state)
{
	struct fixture *f = *state;

	fake_remove(f->root, DR);
	fake_docker_image(f->root, "web:1", &f->image);
	fake_docker_container(f->root, &f->image, '7', "seven", RUNNING,
			      ",\"LogPath\":\"/etc/shadow\"");
	fake_file(f->root, "secret", "etc/shadow");
	(void)seven(f);
	for (size_t i = 0; i < f->c->artifact_count; i++)
		assert_false(f->c->artifacts[i].is_log);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_stack_is_the_upper_directory_on_init_and_image),
		TEST(metadata_is_as_recorded),
		TEST(on_a_disk_nothing_has_a_process),
		TEST(a_process_of_something_else_is_not_running),
		TEST(a_name_is_found_in_any_spelling),
		TEST(a_bare_listing_opens_no_artifacts_and_finding_does),
		TEST(containers_are_listed_by_name),
		TEST(garbled_metadata_is_one_gap_and_costs_no_other_container),
		TEST(a_container_with_a_garbled_config_is_still_found_with_its_stack),
		cmocka_unit_test(a_damaged_stack_is_listed_and_says_why),
		TEST(a_nul_byte_in_lower_does_not_shorten_the_stack),
		TEST(ten_thousand_lowers_are_refused_by_name),
		TEST(a_link_that_points_out_of_the_store_is_not_followed),
		TEST(a_lower_directory_that_is_a_link_is_refused),
		TEST(a_swapped_directory_is_not_taken_for_the_layer),
		TEST(other_drivers_are_listed_and_not_read),
		TEST(strange_names_beside_containers_are_gaps),
		TEST(logs_and_their_rotations_are_artifacts),
		TEST(a_log_elsewhere_is_taken_inside_the_root),
		TEST(a_log_path_cannot_name_any_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
