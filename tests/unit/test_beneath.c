/* SPDX-License-Identifier: Apache-2.0 */
/* The walk that stands in for openat2: the same answers, and nothing outside, whoever renames. */
#include "unit/cmocka_all.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/kernel.h"
#include "core/root.h"

struct place {
	char base[32];
	int outer; /* readable */
	int root;  /* O_PATH, "root" in there */
};

static void put(int dir_fd, const char *path, const char *text)
{
	AUTO_CLOSE int fd = openat(dir_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static int make_place(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	(void)snprintf(p->base, sizeof(p->base), "/tmp/strandline-beneath.XXXXXX");
	if (mkdtemp(p->base) == NULL)
		return -1;
	p->outer = open(p->base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(mkdirat(p->outer, "root", 0755), 0);
	assert_int_equal(mkdirat(p->outer, "outside", 0755), 0);
	put(p->outer, "outside/name", "outside");
	p->root = openat(p->outer, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	*state = p;
	return 0;
}

static int remove_place(void **state)
{
	struct place *p = *state;
	char command[64];
	int rc;

	close(p->root);
	close(p->outer);
	(void)snprintf(command, sizeof(command), "rm -rf %s", p->base);
	rc = system(command); /* NOLINT(cert-env33-c,concurrency-mt-unsafe) a name of our own */
	free(p);
	return rc;
}

/* Open both ways: the same object, or the same refusal. */
static void expect_same(int root, const char *path, uint64_t flags, uint64_t resolve)
{
	AUTO_CLOSE int a = -1, b = -1;
	const int how = O_NOFOLLOW | O_DIRECTORY; /* kept by the kernel, without meaning */
	struct stat x, y;
	int why, also;

	a = beneath_open(root, path, flags, resolve);
	why = a < 0 ? errno : 0;
	b = beneath_walk(root, path, flags, resolve);
	also = b < 0 ? errno : 0;
	if (why != also)
		fail_msg("'%s' flags %#llx resolve %#llx: kernel %d, walk %d", path,
			 (unsigned long long)flags, (unsigned long long)resolve, why, also);
	if (a < 0)
		return;
	assert_int_equal(fstat(a, &x), 0);
	assert_int_equal(fstat(b, &y), 0);
	if (x.st_dev != y.st_dev || x.st_ino != y.st_ino)
		fail_msg("'%s' leads to two objects", path);
	assert_int_equal(fcntl(a, F_GETFL) & ~how, fcntl(b, F_GETFL) & ~how);
	assert_int_equal(fcntl(b, F_GETFD), FD_CLOEXEC);
}

static void expect_same_in_all_ways(int root, const char *path)
{
	static const uint64_t resolves[] = {BENEATH_NO_LINKS, BENEATH_IN_ROOT,
					    BENEATH_NO_LINKS | RESOLVE_NO_XDEV,
					    BENEATH_IN_ROOT | RESOLVE_NO_XDEV};
	static const uint64_t flags[] = {O_PATH,
					 O_PATH | O_NOFOLLOW,
					 O_PATH | O_DIRECTORY,
					 O_PATH | O_DIRECTORY | O_NOFOLLOW,
					 O_RDONLY | O_DIRECTORY | O_NONBLOCK,
					 O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_NOFOLLOW};

	for (size_t r = 0; r < ARRAY_SIZE(resolves); r++)
		for (size_t f = 0; f < ARRAY_SIZE(flags); f++)
			expect_same(root, path, flags[f], resolves[r]);
}

static void the_walk_answers_as_openat2_does(void **state)
{
	static const char *const links[][2] = {
		{"d/up", ".."},          {"abs", "/d"},      {"out", "../outside/name"},
		{"self", "self"},        {"a", "b"},         {"b", "a"},
		{"slash", "d/"},         {"file/", NULL},    {"dot", "."},
		{"deep", "d/e/../../f"}, {"root", "/"},      {"far", "/../../d/e"},
		{"file-slash", "f/"},    {"gone", "nothing"}};
	static const char *const paths[] = {
		"",           ".",          "..",          "/",          "d",
		"d/",         "d//e",       "d/./e",       "d/../f",     "d/e/../../f",
		"../outside", "d/../../x",  "f",           "f/",         "f/x",
		"abs",        "abs/e",      "abs/",        "d/up",       "d/up/d/up/f",
		"out",        "self",       "a",           "slash",      "slash/e",
		"dot",        "dot/dot/f",  "deep",        "deep/",      "root/d",
		"far",        "far/..",     "file-slash",  "gone",       "gone/x",
		"/d/e",       "d/e/.",      "d/e/..",      "fifo",       "fifo/x",
		"nothing",    "nothing/..", "d/nothing/x", "./d/up/../f"};
	struct place *p = *state;

	if (!kernel_has_openat2())
		skip();
	assert_int_equal(mkdirat(p->root, "d", 0755), 0);
	assert_int_equal(mkdirat(p->root, "d/e", 0755), 0);
	put(p->root, "f", "inside");
	assert_int_equal(mkfifoat(p->root, "fifo", 0644), 0);
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		if (links[i][1] != NULL)
			assert_int_equal(symlinkat(links[i][1], p->root, links[i][0]), 0);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		expect_same_in_all_ways(p->root, paths[i]);
}

/* The same numbers in every run. */
static unsigned int draw(unsigned int below)
{
	static uint64_t state = 20;

	state = state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned int)(state >> 33) % below;
}

/* A path of random parts: names that exist, "..", ".", nothing. */
static void random_path(char *out, size_t size)
{
	static const char *const parts[] = {"0", "1", "2", "3", "l0", "l1", "l2", "..", ".", ""};
	size_t len = 0;

	for (int n = (int)draw(7); n >= 0; n--)
		len += (size_t)snprintf(out + len, size - len, "%s%s",
					parts[draw(ARRAY_SIZE(parts))], n > 0 ? "/" : "");
}

/* An empty target is no link. */
static void link_to(int dir_fd, const char *at, const char *target)
{
	if (symlinkat(target, dir_fd, at) < 0)
		assert_int_equal(errno, ENOENT);
}

static void random_trees_are_resolved_alike(void **state)
{
	struct place *p = *state;
	char at[64], path[256];

	if (!kernel_has_openat2())
		skip();
	for (int i = 0; i < 4; i++) {
		(void)snprintf(at, sizeof(at), "%d", i);
		assert_int_equal(mkdirat(p->root, at, 0755), 0);
		for (int k = 0; k < 3; k++) {
			(void)snprintf(at, sizeof(at), "%d/%d", i, k);
			assert_int_equal(mkdirat(p->root, at, 0755), 0);
			(void)snprintf(at, sizeof(at), "%d/l%d", i, k);
			random_path(path, sizeof(path));
			link_to(p->root, at, path);
		}
		(void)snprintf(at, sizeof(at), "l%d", i);
		random_path(path, sizeof(path));
		link_to(p->root, at, path);
	}
	for (int i = 0; i < 3000; i++) {
		random_path(path, sizeof(path));
		expect_same(p->root, path, O_PATH | (draw(2) ? O_NOFOLLOW : 0),
			    draw(2) ? BENEATH_IN_ROOT : BENEATH_NO_LINKS);
	}
}

static void links_that_are_no_text_are_refused(void **state)
{
	AUTO_CLOSE int proc = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	if (proc < 0)
		skip();
	assert_int_equal(beneath_walk(proc, "root", O_PATH, BENEATH_IN_ROOT), -1);
	assert_int_equal(errno, ELOOP);
	assert_int_equal(beneath_walk(proc, "root/etc", O_PATH, BENEATH_IN_ROOT), -1);
	assert_int_equal(errno, ELOOP);
	assert_int_equal(beneath_walk(proc, "cwd/etc", O_PATH, BENEATH_NO_LINKS), -1);
	assert_int_equal(errno, ELOOP);
}

static void another_mount_is_not_entered_when_that_was_asked(void **state)
{
	AUTO_CLOSE int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	if (!kernel_has_proc())
		skip();
	assert_int_equal(
		beneath_walk(root, "proc/self", O_PATH, BENEATH_NO_LINKS | RESOLVE_NO_XDEV), -1);
	assert_int_equal(errno, EXDEV);
}

static void a_way_back_longer_than_is_remembered_is_refused(void **state)
{
	struct place *p = *state;
	char path[1024];
	size_t len = 0;
	AUTO_CLOSE int fd = -1;

	for (int i = 0; i < 100; i++) {
		len += (size_t)snprintf(path + len, sizeof(path) - len, i == 0 ? "n" : "/n");
		assert_int_equal(mkdirat(p->root, path, 0755), 0);
	}
	put(p->root, "f", "inside");
	fd = beneath_walk(p->root, path, O_PATH, BENEATH_NO_LINKS);
	assert_true(fd >= 0);
	for (int i = 0; i < 100; i++) {
		len += (size_t)snprintf(path + len, sizeof(path) - len, "/..");
		if (i == 59)
			expect_same(p->root, path, O_PATH, BENEATH_NO_LINKS);
	}
	(void)snprintf(path + len, sizeof(path) - len, "/f");
	assert_int_equal(beneath_walk(p->root, path, O_PATH, BENEATH_NO_LINKS), -1);
	assert_int_equal(errno, EXDEV);
}

/* ---- races ---- */

struct race {
	int root;
	atomic_bool over;
};

/* "swap" is now a directory of the tree, now a link to the outside. */
static void *swap_for_link(void *payload)
{
	struct race *r = payload;

	while (!atomic_load(&r->over))
		(void)renameat2(r->root, "swap", r->root, "link", RENAME_EXCHANGE);
	return NULL;
}

/* A directory that is moved out of the tree while somebody stands in it. */
static void *move_out_and_back(void *payload)
{
	struct race *r = payload;

	while (!atomic_load(&r->over)) {
		(void)renameat(r->root, "d/e", r->root, "../outside/e");
		(void)renameat(r->root, "../outside/e", r->root, "d/e");
	}
	return NULL;
}

/* What was reached: 'i' inside, 'o' outside, '-' nothing. */
static char reach(int root, const char *path, uint64_t resolve)
{
	AUTO_CLOSE int fd = beneath_walk(root, path, O_PATH, resolve);
	AUTO_CLOSE int readable = fd < 0 ? -1 : root_reopen(fd, NULL);
	char text = '-';

	if (readable >= 0)
		assert_int_equal(read(readable, &text, 1), 1);
	return text;
}

static void race(struct place *p, void *(*attack)(void *), const char *path, uint64_t resolve)
{
	struct race r = {.root = p->root};
	unsigned int inside = 0, refused = 0;
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, attack, &r), 0);
	/* until both sides of the race were seen, and then some */
	for (int i = 0; i < 400000 && (i < 5000 || inside == 0 || refused == 0); i++) {
		char got = reach(p->root, path, resolve);

		if (got == 'o') {
			atomic_store(&r.over, true);
			pthread_join(thread, NULL);
			fail_msg("'%s' led outside", path);
		}
		inside += got == 'i';
		refused += got == '-';
	}
	atomic_store(&r.over, true);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(inside > 0);
	assert_true(refused > 0);
}

static void a_component_that_becomes_a_link_is_never_followed(void **state)
{
	struct place *p = *state;

	assert_int_equal(mkdirat(p->root, "swap", 0755), 0);
	put(p->root, "swap/name", "inside");
	assert_int_equal(symlinkat("../outside", p->root, "link"), 0);
	race(p, swap_for_link, "swap/name", BENEATH_NO_LINKS);
	race(p, swap_for_link, "swap/name", BENEATH_IN_ROOT);
}

static void a_file_that_becomes_a_link_is_never_followed(void **state)
{
	struct place *p = *state;

	put(p->root, "swap", "inside");
	assert_int_equal(symlinkat("../outside/name", p->root, "link"), 0);
	race(p, swap_for_link, "swap", BENEATH_NO_LINKS);
	race(p, swap_for_link, "swap", BENEATH_IN_ROOT);
}

static void going_up_from_a_directory_that_was_moved_out_stays_inside(void **state)
{
	struct place *p = *state;

	assert_int_equal(mkdirat(p->root, "d", 0755), 0);
	assert_int_equal(mkdirat(p->root, "d/e", 0755), 0);
	put(p->root, "d/name", "inside");
	race(p, move_out_and_back, "d/e/../name", BENEATH_NO_LINKS);
	race(p, move_out_and_back, "d/e/../name", BENEATH_IN_ROOT);
}

#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, make_place, remove_place)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_PLACE(the_walk_answers_as_openat2_does),
		IN_PLACE(random_trees_are_resolved_alike),
		cmocka_unit_test(links_that_are_no_text_are_refused),
		cmocka_unit_test(another_mount_is_not_entered_when_that_was_asked),
		IN_PLACE(a_way_back_longer_than_is_remembered_is_refused),
		IN_PLACE(a_component_that_becomes_a_link_is_never_followed),
		IN_PLACE(a_file_that_becomes_a_link_is_never_followed),
		IN_PLACE(going_up_from_a_directory_that_was_moved_out_stays_inside),
	};

	return cmocka_run_group_tests_name("beneath", tests, NULL, NULL);
}
