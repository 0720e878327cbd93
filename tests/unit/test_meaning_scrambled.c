/* SPDX-License-Identifier: Apache-2.0 */
/* Documents of an image that were overwritten, or replaced by one with an ending more. */
#include "unit/cmocka_all.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "job/comparison.h"
#include "job/meaning.h"
#include "job/meaning_scrambled.h"
#include "unit/fake_root.h"

#define SIZE 6000

struct fixture {
	char *image, *upper;
	struct sl_container *c;
	struct comparison comparison;
	struct meaning meaning;
};

/* reference: Marsaglia, "Xorshift RNGs" */
static void put_chance(const char *root, const char *path)
{
	uint8_t bytes[SIZE];
	uint64_t x = 4711;

	for (size_t i = 0; i < sizeof(bytes); i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		bytes[i] = (uint8_t)(x >> 32);
	}
	fake_bytes(root, bytes, sizeof(bytes), "%s", path);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct sl_lower lower = {.dir_path = strdup("image")};

	f->image = fake_root();
	f->upper = fake_root();
	assert_int_equal(sl_container_new(&f->c, NULL), 0);
	fake_file(f->image, "a long text of the image", "srv/a.txt");
	fake_file(f->image, "a long text of the image", "srv/b.txt");
	put_chance(f->image, "srv/noise.txt");
	lower.dir_fd = open(f->image, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(sl_stack_add_lower(&f->c->stack, &lower, NULL), 0);
	f->c->stack.upper_fd = open(f->upper, O_PATH | O_DIRECTORY | O_CLOEXEC);
	f->c->stack.marker = SL_MARKER_OVERLAY_TRUSTED;
	f->comparison.container = f->c;
	f->meaning.comparison = &f->comparison;
	assert_int_equal(meaning_add_scrambled(&f->meaning, NULL), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	meaning_close(&f->meaning);
	sl_container_free(f->c);
	fake_root_remove(f->image);
	fake_root_remove(f->upper);
	free(f);
	return 0;
}

static bool is_scrambled(struct fixture *f, enum sl_change_kind kind, const char *path)
{
	const struct sl_entry e = {.mode = S_IFREG | 0644, .size = SIZE};
	struct sl_change c = {.kind = kind, .path = {path, strlen(path)}, .after = &e};
	struct sl_finding found = {.change = &c};
	const struct drift_step *mark = &f->meaning.marks[0];
	AUTO_FREE char *whole = NULL;
	AUTO_CLOSE int fd = -1;

	assert_true(asprintf(&whole, "%s/%s", f->upper, path) > 0);
	fd = open(whole, O_RDONLY | O_CLOEXEC);
	c.head_len = (uint8_t)read(fd, c.head, sizeof(c.head));
	assert_int_equal(mark->apply(mark->payload, &found, &c, NULL), 0);
	return (c.signals & SL_SIGNAL_SCRAMBLED) != 0;
}

static void what_took_the_place_of_a_document_is_told_by_its_name(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *gone = NULL;

	put_chance(f->upper, "srv/a.txt.x7f");
	put_chance(f->upper, "srv/b.txt.x7f");
	put_chance(f->upper, "srv/new.txt.x7f");
	assert_true(asprintf(&gone, "%s/srv/a.txt", f->upper) > 0);
	if (mknod(gone, S_IFCHR, 0) < 0)
		skip();
	assert_true(is_scrambled(f, SL_CHANGE_ADDED, "srv/a.txt.x7f"));
	/* the document is still there; there never was one */
	assert_false(is_scrambled(f, SL_CHANGE_ADDED, "srv/b.txt.x7f"));
	assert_false(is_scrambled(f, SL_CHANGE_ADDED, "srv/new.txt.x7f"));
}

static void what_was_chance_in_the_image_may_be_so(void **state)
{
	struct fixture *f = *state;

	put_chance(f->upper, "srv/a.txt");
	put_chance(f->upper, "srv/noise.txt");
	assert_true(is_scrambled(f, SL_CHANGE_MODIFIED, "srv/a.txt"));
	assert_false(is_scrambled(f, SL_CHANGE_MODIFIED, "srv/noise.txt"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			what_took_the_place_of_a_document_is_told_by_its_name, setup, teardown),
		cmocka_unit_test_setup_teardown(what_was_chance_in_the_image_may_be_so, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
