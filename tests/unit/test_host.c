/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/stat.h>

#include "core/cleanup.h"
#include "unit/fake_docker.h"

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
	*state = f;
	return 0;
}

/* Three containers on one image. */
static int setup_store(void **state)
{
	struct fixture *f;

	assert_int_equal(setup(state), 0);
	f = *state;
	fake_docker_image(f->root, "web:1", &f->image);
	fake_docker_container(f->root, &f->image, '7', "seven", "", "");
	fake_docker_container(f->root, &f->image, '8', "77", "", "");
	fake_docker_container(f->root, &f->image, 'c', "cafe", "", "");
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

static int open_with(struct fixture *f, const char *engine, const char *dir)
{
	struct host_store store = {.engine = engine, .dir = dir};
	struct host_options options = {
		.root = f->root, .stores = &store, .store_count = engine != NULL};

	host_close(f->host);
	f->host = NULL;
	return host_open(&f->host, &options, &f->err);
}

static const struct word_row {
	const char *word;
	int rc;
	char id;          /* of what is found */
	const char *says; /* part of the message */
} words[] = {
	{"seven", 0, '7', NULL},
	{"docker:seven", 0, '7', NULL},
	{"7777777777777777777777777777777777777777777777777777777777777777", 0, '7', NULL},
	{"777", 0, '7', NULL},
	{"77", 0, '8', NULL}, /* a name beats the beginning of an id */
	{"7", 0, '7', NULL},
	{"c", 0, 'c', NULL},
	{"cafe", 0, 'c', NULL},
	{"docker:cafe", 0, 'c', NULL},
	{"sev", -SL_ENOTFOUND, 0, "no container 'sev'"},
	{"", -SL_ENOTFOUND, 0, "no container ''"},
	{"docker:", -SL_ENOTFOUND, 0, "no container ''"},
	{"/seven", -SL_ENOTFOUND, 0, "upper directory"},
	{"a:b", -SL_ENOTFOUND, 0, "no container 'a:b'"},
	{"\x1b[2J", -SL_ENOTFOUND, 0, "no container '\\x1b[2J'"},
	{"pod:ns/web", -SL_ENOTFOUND, 0, "no container 'pod:ns/web'"},
	{"pod:", -SL_EINVAL, 0, "'pod:' is no pod: give pod:NAMESPACE/POD[/CONTAINER]"},
	{"podman:web", -SL_ENOTFOUND, 0, "no container 'web'"},
	{"containerd:web", -SL_ENOTFOUND, 0, "no container 'web'"},
	{"cri-o:web", -SL_ENOTFOUND, 0, "no container 'web'"},
};

static void a_word_is_a_name_an_id_or_the_beginning_of_one(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(open_with(f, NULL, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		const struct word_row *w = &words[i];
		int rc = host_find_container(f->host, w->word, &f->c, &f->err);

		if (rc != w->rc)
			fail_msg("'%s': %d %s", w->word, rc, sl_error_text(&f->err));
		if (rc == 0 && f->c->id[0] != w->id)
			fail_msg("'%s' found %s", w->word, f->c->id);
		if (w->says != NULL && strstr(sl_error_text(&f->err), w->says) == NULL)
			fail_msg("'%s': %s", w->word, sl_error_text(&f->err));
		sl_container_free(f->c);
		f->c = NULL;
	}
}

static void an_ambiguous_word_lists_at_most_ten(void **state)
{
	struct fixture *f = *state;
	const char *text;
	size_t shown = 0;

	for (int i = 0; i < 12; i++) {
		char id[65];
		AUTO_FREE char *config = NULL;

		fake_id(id, 'd');
		id[60] = (char)('a' + i / 10);
		id[61] = (char)('0' + i % 10);
		assert_true(asprintf(&config, "{\"ID\":\"%s\",\"Name\":\"/many-%02d\"}", id, i) >=
			    0);
		fake_file(f->root, config, DR "/containers/%s/config.v2.json", id);
	}
	assert_int_equal(open_with(f, NULL, NULL), 0);
	assert_int_equal(host_find_container(f->host, "dd", &f->c, &f->err), -SL_EAMBIGUOUS);
	text = sl_error_text(&f->err);
	assert_non_null(
		strstr(text, "'dd' fits 12 containers: docker:dddddddddddddddd (many-00),"));
	for (const char *p = text; (p = strstr(p, "docker:")) != NULL; p++)
		shown++;
	assert_int_equal(shown, 10);
	assert_string_equal(text + strlen(text) - 5, ", ...");
}

static void an_unreadable_container_is_mentioned_when_a_name_is_not_found(void **state)
{
	struct fixture *f = *state;
	char id[65];

	fake_file(f->root, "{", DR "/containers/%s/config.v2.json", fake_id(id, '7'));
	assert_int_equal(open_with(f, NULL, NULL), 0);
	assert_int_equal(host_find_container(f->host, "seven", &f->c, &f->err), -SL_ENOTFOUND);
	assert_string_equal(sl_error_text(&f->err), "no container 'seven' (1 could not be read)");
}

static const struct discovery_row {
	const char *what, *daemon_json, *data_root; /* the store is moved there */
	const char *lists;
} discovery[] = {
	{"the default", NULL, "var/lib/docker", "cafe created\n"},
	{"data-root", "{\"data-root\":\"/srv/docker\"}", "srv/docker", "cafe created\n"},
	{"graph, as it was called", "{\"graph\":\"/srv/docker\"}", "srv/docker", "cafe created\n"},
	{"data-root with ..", "{\"data-root\":\"/srv/../../../srv/docker\"}", "srv/docker",
	 "cafe created\n"},
	{"another option", "{\"debug\":true}", "var/lib/docker", "cafe created\n"},
	{"empty", "", "var/lib/docker", "cafe created\n"},
	{"elsewhere", "{\"data-root\":\"/nowhere\"}", "srv/docker", NULL},
	{"garbled", "{\"data-root\":", "var/lib/docker",
	 "gap docker: /etc/docker/daemon.json: json:"},
};

static void the_store_is_where_the_daemon_was_told(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(discovery); i++) {
		const struct discovery_row *d = &discovery[i];
		AUTO_FREE char *from = NULL;
		AUTO_FREE char *to = NULL;
		struct fixture *f;

		assert_int_equal(setup_store(state), 0);
		f = *state;
		if (strcmp(d->data_root, DR) != 0) {
			fake_dir(f->root, "srv");
			assert_true(asprintf(&from, "%s/" DR, f->root) >= 0);
			assert_true(asprintf(&to, "%s/%s", f->root, d->data_root) >= 0);
			assert_int_equal(rename(from, to), 0);
		}
		if (d->daemon_json != NULL)
			fake_file(f->root, d->daemon_json, "etc/docker/daemon.json");
		fake_docker_list(f->root, &f->log);
		if (d->lists == NULL ? f->log.len > 0 : strstr(f->log.data, d->lists) == NULL)
			fail_msg("%s:\n%s", d->what, f->log.data);
		/* a garbled configuration does not hide the default place */
		if (d->lists != NULL && strstr(f->log.data, "seven created\n") == NULL)
			fail_msg("%s:\n%s", d->what, f->log.data);
		assert_int_equal(teardown(state), 0);
	}
	*state = NULL;
}

static void links_of_the_administrator_are_resolved_inside_the_root(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *from = NULL;
	AUTO_FREE char *to = NULL;

	fake_dir(f->root, "big");
	assert_true(asprintf(&from, "%s/" DR, f->root) >= 0);
	assert_true(asprintf(&to, "%s/big/docker", f->root) >= 0);
	assert_int_equal(rename(from, to), 0);
	fake_link(f->root, "/big/docker", DR);
	/* and one directory of it is on yet another disk */
	fake_dir(f->root, "fast");
	free(from);
	free(to);
	assert_true(asprintf(&from, "%s/big/docker/overlay2", f->root) >= 0);
	assert_true(asprintf(&to, "%s/fast/overlay2", f->root) >= 0);
	assert_int_equal(rename(from, to), 0);
	fake_link(f->root, "/fast/overlay2", "big/docker/overlay2");
	assert_int_equal(open_with(f, NULL, NULL), 0);
	assert_int_equal(host_find_container(f->host, "seven", &f->c, &f->err), 0);
	assert_null(f->c->stack.unsupported);
	assert_int_equal(f->c->stack.lower_count, 3);
}

static void a_root_without_stores_has_no_containers(void **state)
{
	struct fixture *f = *state;

	fake_docker_list(f->root, &f->log);
	assert_int_equal(f->log.len, 0);
}

static void a_named_store_must_be_there(void **state)
{
	struct fixture *f = *state;

	fake_dir(f->root, "empty");
	fake_file(f->root, "", "file");
	assert_int_equal(open_with(f, "docker", "/nowhere"), -SL_ENOTFOUND);
	assert_int_equal(open_with(f, "docker", "/empty"), -SL_ENOTFOUND);
	assert_string_equal(sl_error_text(&f->err), "docker store: '/empty' holds no docker store");
	assert_int_equal(open_with(f, "docker", "/file"), -SL_ENOTFOUND);
	assert_int_equal(open_with(f, "podman", "/" DR), -SL_ENOTFOUND);
	assert_int_equal(open_with(f, "dokcer", "/" DR), -SL_EINVAL);
	assert_int_equal(open_with(f, "docker", "/" DR "/"), 0);
	assert_int_equal(host_find_container(f->host, "seven", &f->c, &f->err), 0);
	assert_string_equal(f->c->store, "/" DR);
}

static void a_store_that_cannot_be_opened_is_a_gap(void **state)
{
	struct fixture *f = *state;
	int rc;

	/* a link in a circle: there, and not readable whoever asks */
	fake_link(f->root, "docker", "var/lib/docker");
	fake_docker_list(f->root, &f->log);
	/* docker's own store; the containerd's that it may have inside is no second one */
	assert_string_equal(f->log.data, "gap /var/lib/doc: open '/var/lib/docker': "
					 "Too many levels of symbolic links\n");
	assert_int_equal(open_with(f, NULL, NULL), 0);
	rc = host_find_container(f->host, "x", &f->c, &f->err);
	assert_int_equal(rc, -SL_EIO);
	assert_non_null(strstr(sl_error_text(&f->err), "no container 'x' was found, but: open"));
}

static void a_remapped_root_is_a_store_of_its_own_with_its_shift(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *from = NULL;
	AUTO_FREE char *to = NULL;

	assert_true(asprintf(&from, "%s/" DR, f->root) >= 0);
	assert_true(asprintf(&to, "%s/var/lib/x", f->root) >= 0);
	assert_int_equal(rename(from, to), 0);
	fake_dir(f->root, DR "/not.a.remap");
	free(from);
	assert_true(asprintf(&from, "%s/" DR "/231072.300000", f->root) >= 0);
	assert_int_equal(rename(to, from), 0);
	fake_file(f->root,
		  "ada:100000:65536\ndockremap:500000:1000\ndockremap:231072:65536\nbad:x:1\n",
		  "etc/subuid");
	assert_int_equal(open_with(f, NULL, NULL), 0);
	assert_int_equal(host_find_container(f->host, "seven", &f->c, &f->err), 0);
	assert_string_equal(f->c->store, "/" DR "/231072.300000");
	assert_int_equal(f->c->stack.idmap.uid_count, 2);
	assert_int_equal(f->c->stack.idmap.uids[0].outside, 231072);
	assert_int_equal(f->c->stack.idmap.uids[0].inside, 0);
	assert_int_equal(f->c->stack.idmap.uids[0].count, 65536);
	assert_int_equal(f->c->stack.idmap.uids[1].outside, 500000);
	assert_int_equal(f->c->stack.idmap.uids[1].inside, 65536);
	/* no subgid file: what daemons are given by default */
	assert_int_equal(f->c->stack.idmap.gid_count, 1);
	assert_int_equal(f->c->stack.idmap.gids[0].outside, 300000);
	assert_int_equal(f->c->stack.idmap.gids[0].count, 65536);
}

static int stop_at_second(void *payload, struct sl_container *c)
{
	sl_container_free(c);
	return ++*(int *)payload == 2 ? 42 : 0;
}

static void a_listing_ends_when_the_caller_says_so(void **state)
{
	struct fixture *f = *state;
	int seen = 0;

	assert_int_equal(open_with(f, NULL, NULL), 0);
	assert_int_equal(host_containers(f->host, NULL, stop_at_second, NULL, &seen, &f->err), 42);
	assert_int_equal(seen, 2);
}

int main(void)
{
#define STORE(fn) cmocka_unit_test_setup_teardown(fn, setup_store, teardown)
#define EMPTY(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		STORE(a_word_is_a_name_an_id_or_the_beginning_of_one),
		STORE(an_ambiguous_word_lists_at_most_ten),
		STORE(an_unreadable_container_is_mentioned_when_a_name_is_not_found),
		cmocka_unit_test(the_store_is_where_the_daemon_was_told),
		STORE(links_of_the_administrator_are_resolved_inside_the_root),
		EMPTY(a_root_without_stores_has_no_containers),
		STORE(a_named_store_must_be_there),
		EMPTY(a_store_that_cannot_be_opened_is_a_gap),
		STORE(a_remapped_root_is_a_store_of_its_own_with_its_shift),
		STORE(a_listing_ends_when_the_caller_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
