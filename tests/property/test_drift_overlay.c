/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The judge is the kernel: what a comparison says of an upper directory on its lowers must be what
 * it says of the mounted tree listed in full, byte for byte and id for id. STRANDLINE_SEED repeats
 * one run, STRANDLINE_SECONDS says how long each test goes on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/encode.h"
#include "core/quote.h"
#include "diff/drift.h"
#include "property/treeplay.h"
#include "snapshot/layertree.h"
#include "snapshot/mergedstack.h"
#include "snapshot/overlay.h"

#define SECONDS_EACH 4

static struct sl_source *tree(const struct play *p, int layer, enum sl_marker marker)
{
	AUTO_CLOSE int fd = play_open(p, layer);
	struct sl_source *src;

	assert_int_equal(layertree_open(&src, fd, marker, NULL, NULL), 0);
	return src;
}

static struct sl_source *lowers(const struct play *p)
{
	struct sl_source *src;
	struct sl_stack stack;

	play_stack(p, &stack);
	stack.marker = SL_MARKER_OVERLAY_TRUSTED;
	assert_int_equal(mergedstack_open_lowers(&src, &stack, NULL), 0);
	play_stack_clear(&stack);
	return src;
}

static struct sl_source *overlay(const struct play *p)
{
	struct sl_source *upper = tree(p, p->layers - 1, SL_MARKER_OVERLAY_TRUSTED);
	struct sl_source *src;

	assert_int_equal(overlay_open(&src, upper, lowers(p), NULL), 0);
	return src;
}

/* ---- what is said: kind, path and id; how it came to be (renamed, opaque) may differ ---- */

struct listing {
	struct sl_sink sink;
	struct buf lines;
	uint64_t kinds[SL_CHANGE_KINDS];
};

static int list_finding(struct sl_sink *s, const struct sl_finding *f, struct sl_error *err)
{
	struct listing *l = container_of(s, struct listing, sink);
	char id[2 * SL_SHA256_SIZE + 1];

	(void)err;
	hex_encode(id, f->id, sizeof(f->id));
	l->kinds[f->change->kind]++;
	(void)buf_printf(&l->lines, "%s ", sl_change_name(f->change->kind));
	(void)quote_bytes(&l->lines, f->change->path.data, f->change->path.len);
	return buf_printf(&l->lines, " %#x %.16s\n", f->change->fields, id);
}

static int list_gap(struct sl_sink *s, const struct sl_gap *gap, struct sl_error *err)
{
	struct listing *l = container_of(s, struct listing, sink);

	(void)err;
	return buf_printf(&l->lines, "gap %s: %s\n", gap->what.data, gap->why);
}

static void compare(struct listing *l, struct sl_source *before, struct sl_source *after,
		    const struct drift_options *options)
{
	static const struct sl_sink_ops ops = {.finding = list_finding, .gap = list_gap};
	static const struct sl_container web = {.name = (char *)(uintptr_t) "web"};
	static const struct sl_subject subject = {.container = &web};
	struct drift_input input = {.before = before, .after = after, .subject = &subject};
	struct sl_error err = SL_ERROR_INIT;
	struct sl_summary sum;

	*l = (struct listing){.sink.ops = &ops, .lines = BUF_INIT(1 << 24)};
	(void)buf_append_str(&l->lines, "");
	if (drift_run(&input, options, &l->sink, &sum, &err) != 0)
		fail_msg("%s", sl_error_text(&err));
	sl_source_close(before);
	sl_source_close(after);
}

static void check(const char *what, uint64_t seed, const struct listing *got,
		  const struct listing *want)
{
	if (strcmp(got->lines.data, want->lines.data) != 0)
		fail_msg("%s, seed %llu:\n--- got\n%s--- want\n%s", what, (unsigned long long)seed,
			 got->lines.data, want->lines.data);
}

static void one_run(uint64_t seed, const char *mount_options, uint64_t kinds[SL_CHANGE_KINDS])
{
	const struct drift_options serial = {0}, threads = {.jobs = 3};
	struct play *p = play_new(seed);
	uint64_t layers = 2 + play_random(p, PLAY_LAYERS_MAX - 1);
	struct listing sparse, again, whole;

	for (uint64_t i = 0; i < layers; i++) {
		play_push(p, i + 1 == layers ? mount_options : "");
		play_randomly(p, i == 0 ? 80 : 40);
	}
	assert_true(p->mounted);
	compare(&sparse, lowers(p), overlay(p), &serial);
	compare(&again, lowers(p), overlay(p), &threads);
	compare(&whole, lowers(p), tree(p, -1, SL_MARKER_NONE), &threads);
	check("an upper directory on its lowers", seed, &sparse, &whole);
	check("three threads", seed, &again, &sparse);
	for (int i = 0; i < SL_CHANGE_KINDS; i++)
		kinds[i] += sparse.kinds[i];
	buf_clear(&sparse.lines);
	buf_clear(&again.lines);
	buf_clear(&whole.lines);
	play_free(p);
}

static void many_runs(void **state)
{
	const char *given = getenv("STRANDLINE_SEED");
	uint64_t first = given != NULL ? strtoull(given, NULL, 10) : clock_boot_ns() / 1000;
	uint64_t end = clock_boot_ns() + play_seconds(SECONDS_EACH) * 1000000000ull, seed = first;
	uint64_t kinds[SL_CHANGE_KINDS] = {0};

	do
		one_run(seed++, *state, kinds);
	while (given == NULL && clock_boot_ns() < end);
	print_message("%llu runs, seeds from %llu:", (unsigned long long)(seed - first),
		      (unsigned long long)first);
	for (int i = 0; i < SL_CHANGE_KINDS; i++)
		print_message(" %s=%llu", sl_change_name((enum sl_change_kind)i),
			      (unsigned long long)kinds[i]);
	print_message("\n");
	if (seed - first < 10)
		return;
	for (int i = SL_CHANGE_ADDED; i < SL_CHANGE_TOUCHED; i++)
		assert_true(kinds[i] > 0);
}

int main(void)
{
	static char plain[] = "";
	static char redirects[] = "redirect_dir=on,metacopy=on,index=off";
	const struct CMUnitTest tests[] = {
		{"an upper says what the mount says", many_runs, NULL, NULL, plain},
		{"also when it redirects and holds metadata only", many_runs, NULL, NULL,
		 redirects},
	};
	const char *why = play_prepare();

	if (why != NULL) {
		print_message("skipped: %s\n", why);
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
