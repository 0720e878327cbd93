/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The judge is the kernel: random layers, random operations on a real overlay mount, and every
 * view of ours must show what the mount shows. STRANDLINE_SEED repeats one run, STRANDLINE_TEST
 * (a pattern) chooses tests, STRANDLINE_SECONDS says how long each goes on.
 */
#include <errno.h>
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
#include "snapshot/mergedstack.h"
#include "snapshot/overlay.h"

#define SECONDS_EACH 3

/* What the runs met; a property that was never exercised has not been tested. */
struct seen {
	uint64_t runs, unjudged, whiteouts, complete, redirects, from_below, moved_files;
};

/* One way to mount. */
struct way {
	const char *lower_options, *options;
	enum sl_marker marker;
	bool redirects, fuse;
	bool names;     /* fuse-overlayfs: whiteouts are files, not devices */
	bool overrides; /* and special files that were copied up have no type that can be told */
};

static struct sl_source *tree(const struct play *p, int layer, enum sl_marker marker)
{
	AUTO_CLOSE int fd = play_open(p, layer);
	struct sl_source *src;

	assert_int_equal(layertree_open(&src, fd, marker, NULL, NULL), 0);
	return src;
}

static struct sl_source *lowers(const struct play *p, enum sl_marker marker)
{
	struct sl_source *src;
	struct sl_stack stack;

	play_stack(p, &stack);
	stack.marker = marker;
	assert_int_equal(mergedstack_open_lowers(&src, &stack, NULL), 0);
	play_stack_clear(&stack);
	return src;
}

static struct sl_source *overlay(const struct play *p, enum sl_marker marker)
{
	struct sl_source *src;

	assert_int_equal(
		overlay_open(&src, tree(p, p->layers - 1, marker), lowers(p, marker), NULL), 0);
	return src;
}

static struct sl_source *everything(const struct play *p, enum sl_marker marker)
{
	struct sl_source *layers[PLAY_LAYERS_MAX], *src;

	for (int i = 0; i < p->layers; i++)
		layers[i] = tree(p, p->layers - 1 - i, marker);
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

static void note(struct seen *seen, const struct treelist *sparse)
{
	seen->runs++;
	for (size_t i = 0; i < sparse->count; i++) {
		const struct treelist_row *row = &sparse->rows[i];

		seen->whiteouts += (row->flags & SL_ENTRY_WHITEOUT) != 0;
		seen->complete += (row->flags & SL_ENTRY_COMPLETE) != 0;
		seen->redirects += row->redirected && S_ISDIR(row->mode);
		seen->moved_files += row->redirected && S_ISREG(row->mode);
		seen->from_below += row->layer > 0;
	}
}

/* A directory listed in full has no deletions in it. */
static bool says_too_much(const struct treelist *sparse, uint64_t seed)
{
	struct sl_bytes full = {0};

	for (size_t i = 0; i < sparse->count; i++) {
		const struct treelist_row *row = &sparse->rows[i];
		struct sl_bytes path = {row->path, row->len};

		if (full.data != NULL && !sl_path_within(path, full))
			full.data = NULL;
		if (full.data == NULL && (row->flags & SL_ENTRY_COMPLETE) != 0)
			full = path;
		if (full.data == NULL || (row->flags & SL_ENTRY_WHITEOUT) == 0)
			continue;
		print_error("seed %llu: a whiteout in a complete directory: %s\n",
			    (unsigned long long)seed, row->line);
		return true;
	}
	return false;
}

/* fuse-overlayfs 1.10 answers some directories that it merges with ENOMEM and shows nothing. */
static bool judge_failed(const struct way *way, const struct treelist *truth)
{
	return way->fuse && truth->gaps > 0 && truth->gap_errno == ENOMEM;
}

/* What the mount cannot show or makes up, ours does not guess. */
static bool gap_is_missed(const struct treelist *truth, size_t gaps, uint64_t seed)
{
	if (gaps == 0)
		print_error("seed %llu: the mount has a gap that no view has: %s\n",
			    (unsigned long long)seed, truth->gap);
	return gaps == 0;
}

static bool all_layers_differ(struct play *p, const struct way *way, const struct treelist *truth,
			      uint64_t seed)
{
	struct treelist whole;
	bool bad;

	treelist_read(&whole, everything(p, way->marker));
	bad = differ(&whole, truth, "all layers merged", seed) ||
	      seeks_badly(p, everything(p, way->marker), &whole, "all layers merged", seed);
	treelist_clear(&whole);
	return bad;
}

static bool views_differ(struct play *p, const struct way *way, uint64_t seed, struct seen *seen)
{
	struct treelist below, sparse, applied, truth;
	bool bad;

	treelist_read(&truth, mounted(p));
	treelist_read(&below, lowers(p, way->marker));
	treelist_read(&sparse, overlay(p, way->marker));
	treelist_apply(&applied, &below, &sparse);
	note(seen, &sparse);
	size_t gaps = below.gaps + sparse.gaps;
	if (judge_failed(way, &truth)) {
		seen->unjudged++;
		bad = false;
	} else if (truth.gaps > 0 || (way->overrides && gaps > 0)) {
		bad = gap_is_missed(&truth, gaps, seed);
	} else {
		bad = differ(&below, &below, "the lower view", seed) ||
		      differ(&sparse, &sparse, "the overlay view", seed) ||
		      differ(&applied, &truth, "the overlay applied to its lowers", seed) ||
		      says_too_much(&sparse, seed) ||
		      seeks_badly(p, mounted(p), &truth, "a plain tree", seed) ||
		      seeks_badly(p, lowers(p, way->marker), &below, "the lower view", seed) ||
		      seeks_badly(p, overlay(p, way->marker), &sparse, "the overlay view", seed) ||
		      all_layers_differ(p, way, &truth, seed);
	}
	treelist_clear(&truth);
	treelist_clear(&below);
	treelist_clear(&sparse);
	treelist_clear(&applied);
	return bad;
}

static bool one_run_is_wrong(uint64_t seed, const struct way *way, struct seen *seen)
{
	struct play *p = play_new(seed);
	p->fuse = way->fuse;
	uint64_t layers = 2 + play_random(p, PLAY_LAYERS_MAX - 1);
	bool bad;

	for (uint64_t i = 0; i < layers; i++) {
		play_push(p, i + 1 == layers ? way->options : way->lower_options);
		play_randomly(p, i == 0 ? 80 : 40);
	}
	if (way->fuse)
		play_remount(p, way->options);
	if (!p->mounted) {
		play_free(p);
		print_error("seed %llu: cannot mount\n", (unsigned long long)seed);
		return true;
	}
	bad = views_differ(p, way, seed, seen);
	play_free(p);
	return bad;
}

static void many_runs(void **state)
{
	const struct way *way = *state;
	const char *given = getenv("STRANDLINE_SEED");
	const char *names = "FUSE_OVERLAYFS_DISABLE_OVL_WHITEOUT";
	uint64_t first = given != NULL ? strtoull(given, NULL, 10) : clock_boot_ns() / 1000;
	uint64_t end = clock_boot_ns() + play_seconds(SECONDS_EACH) * 1000000000ull, seed = first;
	struct seen seen = {0};

	if (way->fuse && !play_has_fuse()) {
		print_message("skipped: no fuse-overlayfs here\n");
		return;
	}
	if (way->names)
		(void)setenv(names, "1", 1);
	else
		(void)unsetenv(names);
	do
		assert_false(one_run_is_wrong(seed++, way, &seen));
	while (given == NULL && clock_boot_ns() < end);
	print_message(
		"%llu runs, %llu unjudged, seeds from %llu: %llu whiteouts, %llu complete and %llu "
		"redirected directories, %llu redirected files, %llu entries from below\n",
		(unsigned long long)seen.runs, (unsigned long long)seen.unjudged,
		(unsigned long long)first, (unsigned long long)seen.whiteouts,
		(unsigned long long)seen.complete, (unsigned long long)seen.redirects,
		(unsigned long long)seen.moved_files, (unsigned long long)seen.from_below);
	if (seen.runs < 10)
		return;
	assert_true(seen.unjudged * 2 < seen.runs);
	assert_true(seen.whiteouts > 0 && seen.complete > 0);
	if (way->redirects)
		assert_true(seen.redirects > 0 && seen.moved_files > 0 && seen.from_below > 0);
}

int main(void)
{
	static struct way plain = {"", "", SL_MARKER_OVERLAY_TRUSTED, false};
	static struct way redirects = {"redirect_dir=on,metacopy=on,index=off",
				       "redirect_dir=on,metacopy=on,index=off",
				       SL_MARKER_OVERLAY_TRUSTED, true};
	static struct way user = {"userxattr", "userxattr", SL_MARKER_OVERLAY_USER, false};
	static struct way fuse = {"", "", SL_MARKER_FUSE_OVERLAY, .fuse = true};
	static struct way names = {"", "", SL_MARKER_FUSE_OVERLAY, .fuse = true, .names = true};
	static struct way stat = {"xattr_permissions=2", "xattr_permissions=2",
				  SL_MARKER_FUSE_OVERLAY, .fuse = true, .overrides = true};
	const struct CMUnitTest tests[] = {
		{"views agree with a default mount", many_runs, NULL, NULL, &plain},
		{"views agree with a mount that redirects", many_runs, NULL, NULL, &redirects},
		{"views agree with a mount with user attributes", many_runs, NULL, NULL, &user},
		{"views agree with fuse-overlayfs", many_runs, NULL, NULL, &fuse},
		{"views agree with its whiteout files", many_runs, NULL, NULL, &names},
		{"views agree with its overridden owners and modes", many_runs, NULL, NULL, &stat},
	};
	const char *why = play_prepare();

	if (why != NULL) {
		print_message("skipped: %s\n", why);
		return 77;
	}
	cmocka_set_test_filter(getenv("STRANDLINE_TEST"));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
