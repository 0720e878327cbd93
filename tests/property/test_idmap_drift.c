/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ids on disk are shifted, and differently above and below: what is the same inside is no change
 * of owners, whatever the shift, and what is not is one. STRANDLINE_SEED repeats one run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/clock.h"
#include "core/idmap.h"
#include "job/comparison.h"
#include "job/meaning.h"
#include "snapshot/layertree.h"
#include "unit/fake_root.h"

#define RUNS 12
#define FILES 20
#define IDS 2000u

static uint64_t random_state;

static uint32_t below(uint32_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state % n);
}

/* Two ranges: what is inside lies in two places outside, as with root mapped to a user. */
struct shift {
	struct sl_idmap_range uids[2], gids[2];
	struct sl_idmap map;
};

static void random_shift(struct shift *s)
{
	uint32_t first = 1 + below(IDS - 1), at = below(5) == 0 ? 0 : 100000 * (1 + below(9));

	s->uids[0] = (struct sl_idmap_range){0, 1000 + below(5), 1};
	s->uids[1] = (struct sl_idmap_range){1, 10000 + at, IDS};
	s->gids[0] = (struct sl_idmap_range){0, 10000 + at, first};
	s->gids[1] = (struct sl_idmap_range){first, 2000000 + at, IDS};
	s->map = (struct sl_idmap){s->uids, s->gids, 2, 2};
}

static uint32_t outside(const struct sl_idmap_range *r, uint32_t id)
{
	return id - r[0].inside < r[0].count ? r[0].outside + id - r[0].inside
					     : r[1].outside + id - r[1].inside;
}

static void give(const char *root, const char *side, int n, const struct shift *s, uint32_t uid,
		 uint32_t gid)
{
	AUTO_FREE char *path = NULL;

	assert_true(asprintf(&path, "%s/%s/f%02d", root, side, n) > 0);
	assert_int_equal(chown(path, outside(s->uids, uid), outside(s->gids, gid)), 0);
}

/* Only owners shall differ. */
static void same_time(const char *root, int n)
{
	static const struct timespec times[2] = {{1700000000, 0}, {1700000000, 0}};
	AUTO_FREE char *u = NULL, *l = NULL;

	assert_true(asprintf(&u, "%s/upper/f%02d", root, n) > 0);
	assert_true(asprintf(&l, "%s/lower/f%02d", root, n) > 0);
	assert_int_equal(utimensat(AT_FDCWD, u, times, 0), 0);
	assert_int_equal(utimensat(AT_FDCWD, l, times, 0), 0);
}

static int open_dir(const char *root, const char *name)
{
	AUTO_FREE char *path = NULL;
	int fd;

	assert_true(asprintf(&path, "%s/%s", root, name) > 0);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

/* Whose owner is said to have changed. */
struct owners {
	struct sl_sink sink;
	struct buf paths;
};

static int on_finding(struct sl_sink *s, const struct sl_finding *f, struct sl_error *err)
{
	struct buf *paths = &container_of(s, struct owners, sink)->paths;

	(void)err;
	if (f->change != NULL && (f->change->fields & SL_FIELD_OWNER) != 0)
		(void)buf_printf(paths, "%s %s\n", f->change->path.data, f->message);
	return paths->status;
}

static int on_gap(struct sl_sink *s, const struct sl_gap *gap, struct sl_error *err)
{
	(void)err;
	return buf_printf(&container_of(s, struct owners, sink)->paths, "gap %s\n", gap->why);
}

static void compare(struct sl_container *c, struct owners *out)
{
	static const struct sl_sink_ops ops = {.finding = on_finding, .gap = on_gap};
	struct comparison_options how = {.no_index = true};
	struct meaning_request wanted = {.no_processes = true};
	struct drift_options options = {.jobs = 0};
	struct sl_source *upper = NULL, *after = NULL;
	struct job job = {0};
	struct comparison comparison;
	struct sl_summary summary;
	struct meaning meaning;

	*out = (struct owners){.sink.ops = &ops, .paths = BUF_INIT(1 << 20)};
	(void)buf_append_str(&out->paths, "");
	assert_int_equal(comparison_open(&comparison, &job, c, NULL, &how, NULL), 0);
	assert_int_equal(
		layertree_open(&upper, c->stack.upper_fd, c->stack.marker, &c->stack.idmap, NULL),
		0);
	assert_int_equal(comparison_after(&comparison, upper, &after, NULL), 0);
	assert_int_equal(meaning_open(&meaning, &job, &wanted, &comparison, NULL), 0);
	assert_int_equal(
		comparison_run(&comparison, after, &meaning, &options, &out->sink, &summary, NULL),
		0);
	meaning_close(&meaning);
	sl_source_close(after);
	comparison_close(&comparison);
}

/* The roots of the two directories are 0:0 outside: the same inside only with the same shift. */
static void own_roots(const char *root, const struct shift *upper, const struct shift *lower)
{
	AUTO_FREE char *u = NULL, *l = NULL;

	assert_true(asprintf(&u, "%s/upper", root) > 0 && asprintf(&l, "%s/lower", root) > 0);
	assert_int_equal(chown(u, outside(upper->uids, 0), outside(upper->gids, 0)), 0);
	assert_int_equal(chown(l, outside(lower->uids, 0), outside(lower->gids, 0)), 0);
}

static void one_run(bool is_whole)
{
	struct sl_lower dir = {.dir_path = strdup("lower")};
	struct sl_container *c = NULL;
	struct owners said;
	struct shift upper, lower;
	char *root = fake_root();
	int moved = (int)below(FILES);
	uint32_t uid = below(IDS), gid = below(IDS);
	char want[64];

	random_shift(&upper);
	random_shift(&lower);
	for (int i = 0; i < FILES; i++) {
		uint32_t u = i == moved ? uid : below(IDS), g = i == moved ? gid : below(IDS);

		fake_file(root, "same", "lower/f%02d", i);
		fake_file(root, "same", "upper/f%02d", i);
		give(root, "lower", i, &lower, u, g);
		give(root, "upper", i, &upper, i == moved ? (u + 1) % IDS : u, g);
		same_time(root, i);
	}
	own_roots(root, &upper, &lower);
	assert_int_equal(sl_container_new(&c, NULL), 0);
	c->engine = strdup("docker");
	c->id = strdup("shifted");
	c->stack.is_whole = is_whole;
	c->stack.marker = is_whole ? SL_MARKER_NONE : SL_MARKER_OVERLAY_TRUSTED;
	c->stack.upper_fd = open_dir(root, "upper");
	assert_int_equal(idmap_copy(&c->stack.idmap, &upper.map, NULL), 0);
	dir.dir_fd = open_dir(root, "lower");
	assert_int_equal(idmap_copy(&dir.idmap, &lower.map, NULL), 0);
	assert_int_equal(sl_stack_add_lower(&c->stack, &dir, NULL), 0);
	compare(c, &said);
	/* one, as it is counted inside */
	(void)snprintf(want, sizeof(want), "f%02d owner %u:%u -> %u:%u\n", moved, uid, gid,
		       (uid + 1) % IDS, gid);
	if (strcmp(said.paths.data, want) != 0)
		fail_msg("got '%s', not '%s'", said.paths.data, want);
	buf_clear(&said.paths);
	sl_container_free(c);
	fake_root_remove(root);
}

static void a_shift_of_ids_is_no_change_of_owners(void **state)
{
	const char *given = getenv("STRANDLINE_SEED");

	(void)state;
	random_state = (given != NULL ? strtoull(given, NULL, 10) : clock_boot_ns()) | 1;
	print_message("seed %llu\n", (unsigned long long)random_state);
	for (int i = 0; i < RUNS; i++)
		one_run(i % 2 == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_shift_of_ids_is_no_change_of_owners),
	};

	if (geteuid() != 0) {
		print_message("skipped: needs root\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
