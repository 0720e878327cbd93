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

static const struct fake_row kube[] = {
	/* three attempts, the newest of which runs */
	{.id = "a0",
	 .name = "dns",
	 .pod_ns = "sys",
	 .pod = "core",
	 .container = "dns",
	 .uid = "u",
	 .attempt = 0,
	 .made = 10},
	{.id = "a1",
	 .name = "dns",
	 .pod_ns = "sys",
	 .pod = "core",
	 .container = "dns",
	 .uid = "u",
	 .attempt = 1,
	 .made = 20},
	{.id = "a2",
	 .name = "dns",
	 .pod_ns = "sys",
	 .pod = "core",
	 .container = "dns",
	 .uid = "u",
	 .attempt = 2,
	 .made = 30,
	 .running = true},
	/* its neighbour, which ended twice: clocks went back meanwhile */
	{.id = "b0",
	 .name = "log",
	 .pod_ns = "sys",
	 .pod = "core",
	 .container = "log",
	 .uid = "u",
	 .attempt = 0,
	 .made = 25},
	{.id = "b1",
	 .name = "log",
	 .pod_ns = "sys",
	 .pod = "core",
	 .container = "log",
	 .uid = "u",
	 .attempt = 1,
	 .made = 15},
	/* what holds them together */
	{.id = "cafe",
	 .name = "core",
	 .pod_ns = "sys",
	 .pod = "core",
	 .uid = "u",
	 .kind = SL_CONTAINER_SANDBOX,
	 .running = true},
	/* a pod of the same name elsewhere */
	{.id = "d0",
	 .name = "dns",
	 .pod_ns = "user",
	 .pod = "core",
	 .container = "dns",
	 .uid = "v"},
	/* a pod that was deleted and made again: attempts start from 0 */
	{.id = "e5",
	 .name = "app",
	 .pod_ns = "user",
	 .pod = "set-0",
	 .container = "app",
	 .uid = "old",
	 .attempt = 5,
	 .made = 10},
	{.id = "e0",
	 .name = "app",
	 .pod_ns = "user",
	 .pod = "set-0",
	 .container = "app",
	 .uid = "new",
	 .attempt = 0,
	 .made = 50},
	/* the next attempt is made, and the one before still runs */
	{.id = "h2",
	 .name = "flap",
	 .pod_ns = "sys",
	 .pod = "flap",
	 .container = "flap",
	 .uid = "w",
	 .attempt = 2},
	{.id = "h3",
	 .name = "flap",
	 .pod_ns = "sys",
	 .pod = "flap",
	 .container = "flap",
	 .uid = "w",
	 .attempt = 3,
	 .running = true},
	{.id = "h4",
	 .name = "flap",
	 .pod_ns = "sys",
	 .pod = "flap",
	 .container = "flap",
	 .uid = "w",
	 .attempt = 4},
	/* others, of which none may stand for a workload */
	{.id = "e0f", .name = "web", .kind = SL_CONTAINER_SANDBOX},
	{.id = "web", .kind = SL_CONTAINER_ORPHAN},
	{.id = "beef01", .kind = SL_CONTAINER_ORPHAN},
	{.id = "beef02-init", .kind = SL_CONTAINER_ORPHAN},
	{.id = "abcd", .name = "alpine-working-container", .kind = SL_CONTAINER_BUILD},
	{.id = "bad",
	 .name = "bad",
	 .pod_ns = "user",
	 .pod = "half",
	 .container = "bad",
	 .broken = true},
	{.id = "good", .name = "good", .pod_ns = "user", .pod = "half", .container = "good"},
};

/* Podman's pods have no namespace. */
static const struct fake_row pods[] = {
	{.id = "f0", .name = "web", .pod = "shop", .container = "web"},
};

static int setup(void **state)
{
	struct fake_host *f;

	(void)fake_host_setup(state);
	f = *state;
	fake_store_add(f->host, "containerd", "/c", kube, ARRAY_SIZE(kube));
	fake_store_add(f->host, "podman", "/p", pods, ARRAY_SIZE(pods));
	return 0;
}

/* What a word means where one container is wanted, and where several may be. */
static const struct word_row {
	const char *word;
	const char *one;  /* its id, or part of the message */
	const char *many; /* ids and gaps in order; NULL: the same */
} words[] = {
	/* the running attempt, else the newest, whatever the clock said */
	{"pod:sys/core/dns", "a2", NULL},
	{"pod:sys/core/log", "b1", NULL},
	{"pod:sys/core/dns@previous", "a1", NULL},
	{"pod:sys/core/dns@0", "a0", NULL},
	{"pod:sys/core/dns@7", "no container 'pod:sys/core/dns@7'", NULL},
	{"pod:sys/core/log@previous", "b0", NULL},
	{"pod:user/core/dns@previous", "no container", NULL},
	{"pod:user/set-0/app", "e0", NULL},
	{"pod:user/set-0/app@previous", "e5", NULL},
	{"pod:user/set-0/app@5", "e5", NULL},
	{"pod:sys/flap/flap", "h3", NULL},
	{"pod:sys/flap/flap@previous", "h2", NULL},
	{"pod:sys/flap/flap@4", "h4", NULL},
	/* a whole pod */
	{"pod:sys/core", "'pod:sys/core' fits 2 containers: containerd:a2 (pod:sys/core/dns@2)",
	 "a2 b1 "},
	{"pod:sys/core@previous", "fits 2 containers", "a1 b0 "},
	{"pod:sys/core@2", "a2", NULL},
	{"pod:user/set-0", "e0", NULL},
	{"pod:user/half", "fits 2 containers", "gap:bad good "},
	{"pod:user/half/bad", "broken on purpose", NULL},
	/* without a namespace: any, as long as it is one */
	{"pod:set-0", "e0", NULL},
	{"pod:core", "fits 3 containers", "fits 3 containers"},
	{"pod:shop", "f0", NULL},
	{"pod:/shop", "f0", NULL},
	{"pod:/shop/web", "f0", NULL},
	{"pod:/core", "no container", NULL},
	{"pod:sys/core/", "is no pod", NULL},
	{"pod:sys//dns", "is no pod", NULL},
	{"pod:sys/core/dns/x", "is no pod", NULL},
	{"pod:sys/core@", "is no pod", NULL},
	{"pod:sys/core@-1", "is no pod", NULL},
	{"pod:sys/core@1x", "is no pod", NULL},
	{"pod:sys/core@99999999999999999999", "is no pod", NULL},
	{"pod:@1", "is no pod", NULL},
	/* a name is a container's, not an attempt's; in two pods it is two */
	{"log", "b1", NULL},
	{"dns", "'dns' fits 2 containers", NULL},
	{"a", "'a' fits 3 containers: containerd:a0 (pod:sys/core/dns@0)", NULL},
	{"a0", "a0", NULL},
	/* workloads first; what is none has no name */
	{"web", "f0", NULL},
	{"containerd:web", "web", NULL}, /* the orphan of that id: no workload of containerd's */
	{"e0", "e0", NULL},
	{"e0f", "e0f", NULL},
	{"core", "no container 'core'", NULL},
	{"caf", "cafe", NULL},
	{"beef01", "beef01", NULL},
	{"beef", "'beef' fits 2 containers: containerd:beef01, containerd:beef02-init", NULL},
	{"alpine-working-container", "abcd", NULL},
	{"podman:web", "f0", NULL},
	{"podman:dns", "no container 'dns'; similar: containerd:", NULL},
	{"se", "no container 'se'; similar: containerd:", NULL},
	{"pod:user/dns", "similar:", NULL},
	{"nobody", "no container 'nobody'", NULL},
};

static void expect(struct fake_host *f, const char *word, int rc, const char *want)
{
	const char *got = rc == 0 ? f->log.data : sl_error_text(&f->err);

	if (rc == 0 ? strcmp(got, want) != 0 : strstr(got, want) == NULL)
		fail_msg("'%s': %d '%s', want '%s'", word, rc, got, want);
	buf_reset(&f->log);
	sl_error_clear(&f->err);
}

static void a_word_names_one_container(void **state)
{
	struct fake_host *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		struct sl_container *c = NULL;
		int rc = host_find_container(f->host, words[i].word, &c, &f->err);

		if (rc == 0)
			assert_int_equal(buf_append_str(&f->log, c->id), 0);
		sl_container_free(c);
		expect(f, words[i].word, rc, words[i].one);
	}
}

static void a_word_names_all_containers_of_a_pod(void **state)
{
	struct fake_host *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		char want[256];
		int rc = host_find_containers(f->host, words[i].word, fake_host_note,
					      fake_host_note_gap, &f->log, &f->err);

		(void)snprintf(want, sizeof(want), "%s%s",
			       words[i].many != NULL ? words[i].many : words[i].one,
			       words[i].many == NULL && rc == 0 ? " " : "");
		expect(f, words[i].word, rc, want);
	}
}

static void a_path_is_found_through_links_and_not_by_its_text(void **state)
{
	struct fake_host *f = *state;
	AUTO_FREE char *mine = NULL, *lost = NULL;
	struct fake_row rows[2];

	fake_dir(f->root, "store/one/diff");
	fake_dir(f->root, "store/two/diff");
	fake_dir(f->root, "store/three/diff");
	fake_link(f->root, "/store", "link");
	assert_true(asprintf(&mine, "%s/store/one/diff", f->root) > 0);
	assert_true(asprintf(&lost, "%s/store/two/diff", f->root) > 0);
	rows[0] = (struct fake_row){.id = "mine", .upper = mine};
	rows[1] = (struct fake_row){.id = "lost", .kind = SL_CONTAINER_ORPHAN, .upper = lost};
	fake_store_add(f->host, "docker", "/d", rows, 2);
	for (size_t i = 0; i < 6; i++) {
		static const char *const paths[][2] = {
			{"/store/one/diff", "mine"},
			{"/link/one/diff", "mine"},
			{"/link/two/../one/diff/", "mine"},
			{"/store/two/diff", "lost"},
			{"/store/three/diff", "upper directory '/store/three/diff'"},
			{"/store/none", "upper directory"},
		};
		struct sl_container *c = NULL;
		int rc = host_find_container(f->host, paths[i][0], &c, &f->err);

		if (rc == 0)
			assert_int_equal(buf_append_str(&f->log, c->id), 0);
		sl_container_free(c);
		expect(f, paths[i][0], rc, paths[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_word_names_one_container, setup,
						fake_host_teardown),
		cmocka_unit_test_setup_teardown(a_word_names_all_containers_of_a_pod, setup,
						fake_host_teardown),
		cmocka_unit_test_setup_teardown(a_path_is_found_through_links_and_not_by_its_text,
						setup, fake_host_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
