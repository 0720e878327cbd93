/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The judge is a list: files with bytes of their own are moved at random on a real overlay, alone
 * and with their directories. Each whose old place is empty names its new one; who names one is
 * named by it; nothing else is called renamed. STRANDLINE_SEED repeats one run.
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

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/digest.h"
#include "diff/drift.h"
#include "property/treeplay.h"
#include "snapshot/layertree.h"
#include "snapshot/mergedstack.h"
#include "snapshot/overlay.h"
#include "unit/fake_source.h"

#define SECONDS_EACH 2
#define FILES 24
#define DIRS 4
#define PATH_BYTES 64

/* A file of the image: where it was and where it is. */
struct moved {
	char was[PATH_BYTES], is[PATH_BYTES], text[24];
};

struct world {
	struct play *play;
	struct moved files[FILES];
	struct fake_row rows[FILES + DIRS];
	char dirs[DIRS][PATH_BYTES]; /* where they are now */
	char *root;
	unsigned int fresh;
};

/* ---- the image ---- */

static void write_file(const struct world *w, const struct moved *m)
{
	AUTO_FREE char *path = NULL;
	AUTO_CLOSE int fd = -1;

	assert_true(asprintf(&path, "%s/%s", w->root, m->was) > 0);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, m->text, strlen(m->text)), strlen(m->text));
}

static void image(struct world *w)
{
	size_t row = 0;

	w->root = play_root(w->play);
	for (int d = 0; d < DIRS; d++) {
		AUTO_FREE char *path = NULL;

		(void)snprintf(w->dirs[d], PATH_BYTES, "d%d", d);
		assert_true(asprintf(&path, "%s/d%d", w->root, d) > 0);
		assert_int_equal(mkdir(path, 0755), 0);
		w->rows[row++].entry =
			(struct sl_entry){.path = {strdup(w->dirs[d]), 2}, .mode = S_IFDIR | 0755};
		for (int i = 0; i < FILES / DIRS; i++) {
			struct moved *m = &w->files[d * (FILES / DIRS) + i];
			struct sl_entry *e = &w->rows[row++].entry;

			(void)snprintf(m->was, PATH_BYTES, "d%d/f%d", d, i);
			memcpy(m->is, m->was, PATH_BYTES);
			(void)snprintf(m->text, sizeof(m->text), "bytes of %d %d", d, i);
			write_file(w, m);
			*e = (struct sl_entry){.path = {m->was, strlen(m->was)},
					       .mode = S_IFREG | 0644,
					       .size = strlen(m->text),
					       .fields = SL_ENTRY_SHA256};
			assert_int_equal(sha256_once(m->text, strlen(m->text), e->sha256, NULL), 0);
		}
	}
	free(w->root);
}

/* ---- moving ---- */

static void move(const struct world *w, const char *from, const char *to)
{
	AUTO_FREE char *a = NULL, *b = NULL;

	assert_true(asprintf(&a, "%s/%s", w->root, from) > 0);
	assert_true(asprintf(&b, "%s/%s", w->root, to) > 0);
	assert_int_equal(rename(a, b), 0);
}

static bool is_taken(const struct world *w, const char *path)
{
	for (int i = 0; i < FILES; i++)
		if (strcmp(w->files[i].is, path) == 0)
			return true;
	return false;
}

static void move_file(struct world *w)
{
	struct moved *m = &w->files[play_random(w->play, FILES)];
	const struct moved *other = &w->files[play_random(w->play, FILES)];
	char to[PATH_BYTES];

	/* to a name that another had, while its directory is where it was; else to a new one */
	(void)snprintf(to, sizeof(to), "%.20s/%.10s", w->dirs[other->was[1] - '0'], other->was + 3);
	if (play_random(w->play, 3) != 0 || strcmp(to, other->was) != 0 || is_taken(w, to))
		(void)snprintf(to, sizeof(to), "%.20s/n%u", w->dirs[play_random(w->play, DIRS)],
			       w->fresh++);
	move(w, m->is, to);
	memcpy(m->is, to, sizeof(to));
}

static void move_dir(struct world *w)
{
	char *dir = w->dirs[play_random(w->play, DIRS)];
	char to[PATH_BYTES];
	size_t len = strlen(dir);

	(void)snprintf(to, sizeof(to), "m%u", w->fresh++);
	move(w, dir, to);
	for (int i = 0; i < FILES; i++) {
		char *is = w->files[i].is, moved[PATH_BYTES];

		if (strncmp(is, dir, len) != 0 || is[len] != '/')
			continue;
		(void)snprintf(moved, sizeof(moved), "%.20s%.40s", to, is + len);
		memcpy(is, moved, sizeof(moved));
	}
	memcpy(dir, to, PATH_BYTES);
}

/* ---- what is said ---- */

struct judge {
	struct sl_sink sink;
	const struct world *world;
	uint64_t seed;
	size_t paired, left; /* new and old places that name their other end */
};

static struct sl_bytes bytes(const char *text)
{
	return (struct sl_bytes){text, strlen(text)};
}

static bool equal(struct sl_bytes a, const char *b)
{
	return a.data != NULL && sl_path_compare(a, bytes(b)) == 0;
}

static void expect(const struct judge *j, struct sl_bytes path, const char *what,
		   struct sl_bytes got, const char *want)
{
	if (want == NULL ? got.data != NULL : !equal(got, want))
		fail_msg("seed %llu: /%.*s %s %.*s, not %s", (unsigned long long)j->seed,
			 (int)path.len, path.data, what, (int)got.len,
			 got.data != NULL ? got.data : "", want != NULL ? want : "anything");
}

static int on_finding(struct sl_sink *s, const struct sl_finding *f, struct sl_error *err)
{
	struct judge *j = container_of(s, struct judge, sink);
	const struct sl_change *c = f->change;
	const char *from = NULL, *to = NULL;

	(void)err;
	if ((c->after != NULL && !S_ISREG(c->after->mode)) ||
	    (c->before != NULL && !S_ISREG(c->before->mode)))
		return 0;
	for (int i = 0; i < FILES; i++) {
		const struct moved *m = &j->world->files[i];
		bool is_empty = !is_taken(j->world, m->was);

		if (strcmp(m->was, m->is) == 0)
			continue;
		/* while another file is at the old place only a redirect can tell */
		if (equal(c->path, m->is) && (is_empty || equal(c->renamed_from, m->was)))
			from = m->was;
		if (equal(c->path, m->was) && (is_empty || equal(c->renamed_to, m->is)))
			to = m->is;
	}
	expect(j, c->path, "was", c->renamed_from, from);
	expect(j, c->path, "is now", c->renamed_to, to);
	assert_int_equal((c->signals & SL_SIGNAL_RENAMED) != 0, from != NULL || to != NULL);
	j->paired += from != NULL;
	j->left += to != NULL;
	return 0;
}

static int on_gap(struct sl_sink *s, const struct sl_gap *gap, struct sl_error *err)
{
	(void)s;
	(void)err;
	fail_msg("gap %s: %s", gap->what.data, gap->why);
	return 0;
}

static struct sl_source *after(const struct play *p)
{
	AUTO_CLOSE int fd = play_open(p, p->layers - 1);
	struct sl_source *upper, *lower, *out;
	struct sl_stack stack;

	play_stack(p, &stack);
	stack.marker = SL_MARKER_OVERLAY_TRUSTED;
	assert_int_equal(mergedstack_open_lowers(&lower, &stack, NULL), 0);
	play_stack_clear(&stack);
	assert_int_equal(layertree_open(&upper, fd, SL_MARKER_OVERLAY_TRUSTED, NULL, NULL), 0);
	assert_int_equal(overlay_open(&out, upper, lower, NULL), 0);
	return out;
}

static void compare(struct world *w, struct judge *j)
{
	static const struct sl_sink_ops ops = {.finding = on_finding, .gap = on_gap};
	static const struct sl_container web = {.name = (char *)(uintptr_t) "web"};
	static const struct sl_subject subject = {.container = &web};
	const struct drift_options options = {0};
	struct drift_input input = {.before = fake_source(w->rows, FILES + DIRS, false),
				    .after = after(w->play),
				    .subject = &subject};
	struct sl_summary sum;

	j->sink.ops = &ops;
	j->world = w;
	assert_int_equal(drift_run(&input, &options, &j->sink, &sum, NULL), 0);
	sl_source_close(input.before);
	sl_source_close(input.after);
}

static size_t one_run(uint64_t seed, const char *options)
{
	struct world w = {.play = play_new(seed)};
	struct judge j = {.seed = seed};
	uint64_t moves = 1 + play_random(w.play, 12);

	play_push(w.play, "");
	image(&w);
	play_push(w.play, options);
	w.root = play_root(w.play);
	/* without redirect_dir a directory of the image cannot be moved: EXDEV */
	for (uint64_t i = 0; i < moves; i++) {
		if (options[0] != '\0' && play_random(w.play, 4) == 0)
			move_dir(&w);
		else
			move_file(&w);
	}
	free(w.root);
	compare(&w, &j);
	assert_int_equal(j.paired, j.left);
	for (size_t i = 0; i < FILES + DIRS; i++)
		if (S_ISDIR(w.rows[i].entry.mode))
			free((char *)(uintptr_t)w.rows[i].entry.path.data);
	play_free(w.play);
	return j.paired;
}

static void many_runs(void **state)
{
	const char *given = getenv("STRANDLINE_SEED");
	uint64_t first = given != NULL ? strtoull(given, NULL, 10) : clock_boot_ns() / 1000;
	uint64_t end = clock_boot_ns() + SECONDS_EACH * 1000000000ull, seed = first;
	size_t paired = 0;

	do
		paired += one_run(seed++, *state);
	while (given == NULL && clock_boot_ns() < end);
	print_message("%llu runs, seeds from %llu, %zu renamings\n",
		      (unsigned long long)(seed - first), (unsigned long long)first, paired);
	assert_true(paired > 0);
}

int main(void)
{
	static char plain[] = "";
	static char redirects[] = "redirect_dir=on,metacopy=on,index=off";
	const struct CMUnitTest tests[] = {
		{"files that were moved name their other end", many_runs, NULL, NULL, plain},
		{"also with their directories, and as metadata only", many_runs, NULL, NULL,
		 redirects},
	};
	const char *why = play_prepare();

	if (why != NULL) {
		print_message("skipped: %s\n", why);
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
