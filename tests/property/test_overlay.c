/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The judge is the kernel: random layers, random operations on a real overlay mount, and every
 * view of ours must show what the mount shows. STRANDLINE_SEED repeats one run.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <setjmp.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "property/treelist.h"
#include "property/treeplay.h"
#include "snapshot/layertree.h"
#include "snapshot/merged.h"
#include "snapshot/overlay.h"

#define SECONDS_EACH 6

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
	assert_int_equal(merged_open_lowers(&src, &stack, NULL), 0);
	play_stack_clear(&stack);
	return src;
}

static struct sl_source *overlay(const struct play *p)
{
	struct sl_source *src;

	assert_int_equal(overlay_open(&src, tree(p, p->layers - 1, SL_MARKER_OVERLAY_TRUSTED),
				      lowers(p), NULL),
			 0);
	return src;
}

static struct sl_source *everything(const struct play *p)
{
	struct sl_source *layers[PLAY_LAYERS_MAX], *src;

	for (int i = 0; i < p->layers; i++)
		layers[i] = tree(p, p->layers - 1 - i, SL_MARKER_OVERLAY_TRUSTED);
	assert_int_equal(merged_open(&src, layers, (size_t)p->layers, NULL), 0);
	return src;
}

static struct sl_source *mounted(const struct play *p)
{
	return tree(p, -1, SL_MARKER_NONE);
}

static bool differ(const struct treelist *got, const struct treelist *want, const char *what,
		   uint64_t seed)
{
	size_t n = got->count < want->count ? got->count : want->count, i = 0;

	if (got->gaps > 0) {
		print_error("seed %llu: %s has a gap: %s\n", (unsigned long long)seed, what,
			    got->gap);
		return true;
	}
	while (i < n && strcmp(got->rows[i].line, want->rows[i].line) == 0)
		i++;
	if (i == got->count && i == want->count)
		return false;
	print_error("seed %llu: %s\n  got:  %s\n  want: %s\n", (unsigned long long)seed, what,
		    i < got->count ? got->rows[i].line : "(end)",
		    i < want->count ? want->rows[i].line : "(end)");
	return true;
}

/* Seeking anywhere, also backward, must show what the walk showed from there on. */
static bool seeks_badly(struct play *p, struct sl_source *src, const struct treelist *list,
			const char *what, uint64_t seed)
{
	bool bad = false;

	for (int i = 0; i < 40 && !bad && list->count > 0; i++) {
		const struct treelist_row *from = &list->rows[play_random(p, list->count)];
		char tail[8] = {0};
		AUTO_FREE char *target = NULL;
		size_t at = 0;

		if (play_random(p, 3) == 0)
			(void)strcpy(tail, play_random(p, 2) == 0 ? "\x01" : "/bb");
		if (asprintf(&target, "%s%s", from->path, from->len == 0 ? "" : tail) < 0)
			abort();
		struct sl_bytes path = {target, strlen(target)};
		while (at < list->count &&
		       sl_path_compare((struct sl_bytes){list->rows[at].path, list->rows[at].len},
				       path) < 0)
			at++;
		assert_int_equal(sl_source_seek(src, path, NULL), 0);
		for (size_t steps = play_random(p, 6) + 1; steps > 0 && !bad; steps--, at++) {
			const struct sl_entry *e;
			int rc = sl_source_next(src, &e, NULL);
			AUTO_FREE char *line = rc == 0 ? treelist_line(src, e) : strdup("(end)");
			const char *want = at < list->count ? list->rows[at].line : "(end)";

			bad = strcmp(line, want) != 0;
			if (bad)
				print_error("seed %llu: %s after seeking '%s'\n  got:  %s\n"
					    "  want: %s\n",
					    (unsigned long long)seed, what, target, line, want);
			if (rc != 0)
				break;
		}
	}
	sl_source_close(src);
	return bad;
}

static bool one_run_is_wrong(uint64_t seed, const char *options, bool redirects)
{
	struct treelist below, sparse, applied, whole, truth;
	struct play *p = play_new(seed);
	uint64_t layers = 2 + play_random(p, PLAY_LAYERS_MAX - 1);
	bool bad = false;

	for (uint64_t i = 0; i < layers; i++) {
		/* redirects in lower directories are a gap of their own */
		play_push(p, i + 1 == layers ? options : "");
		play_randomly(p, i == 0 ? 80 : 40);
	}
	assert_true(p->mounted);
	treelist_read(&truth, mounted(p));
	treelist_read(&below, lowers(p));
	treelist_read(&sparse, overlay(p));
	treelist_apply(&applied, &below, &sparse);
	bad = bad || differ(&below, &below, "the lower view", seed);
	bad = bad || differ(&sparse, &sparse, "the overlay view", seed);
	bad = bad || differ(&applied, &truth, "the overlay applied to its lowers", seed);
	bad = bad || seeks_badly(p, mounted(p), &truth, "a plain tree", seed);
	bad = bad || seeks_badly(p, lowers(p), &below, "the lower view", seed);
	bad = bad || seeks_badly(p, overlay(p), &sparse, "the overlay view", seed);
	if (!redirects) {
		treelist_read(&whole, everything(p));
		bad = bad || differ(&whole, &truth, "all layers merged", seed);
		bad = bad || seeks_badly(p, everything(p), &whole, "all layers merged", seed);
		treelist_clear(&whole);
	}
	treelist_clear(&truth);
	treelist_clear(&below);
	treelist_clear(&sparse);
	treelist_clear(&applied);
	play_free(p);
	return bad;
}

static void many_runs(const char *options, bool redirects)
{
	const char *given = getenv("STRANDLINE_SEED");
	uint64_t first = given != NULL ? strtoull(given, NULL, 10) : clock_boot_ns() / 1000;
	uint64_t end = clock_boot_ns() + SECONDS_EACH * 1000000000ull, seed = first;

	do
		assert_false(one_run_is_wrong(seed++, options, redirects));
	while (given == NULL && clock_boot_ns() < end);
	print_message("%llu runs, seeds from %llu, options '%s'\n",
		      (unsigned long long)(seed - first), (unsigned long long)first, options);
}

static void views_agree_with_a_default_mount(void **state)
{
	(void)state;
	many_runs("", false);
}

static void views_agree_with_a_mount_that_redirects(void **state)
{
	(void)state;
	many_runs("redirect_dir=on,metacopy=on,index=off", true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(views_agree_with_a_default_mount),
		cmocka_unit_test(views_agree_with_a_mount_that_redirects),
	};
	const char *why = play_prepare();

	if (why != NULL) {
		print_message("skipped: %s\n", why);
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
