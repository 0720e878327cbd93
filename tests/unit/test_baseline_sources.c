/* SPDX-License-Identifier: Apache-2.0 */
/* What the store of baselines gives back: sources over layers and images. */
#include <sys/stat.h>

#include "unit/baseline_place.h"
#include "unit/fake_source.h"

static void every_field_comes_back(void **state)
{
	static const char line[] = "d d 1777; x f security.capability; c n 4294967295:7; l l /to";
	struct sl_baselines *b = open_store(NULL);
	const struct sl_entry *e = NULL;
	struct sl_content *content = NULL;
	struct sl_source *src = NULL;
	uint8_t chain[SL_SHA256_SIZE];

	(void)state;
	put(b, "one", LAYERS(line));
	kit_chain(chain, LAYERS(line));
	assert_int_equal(sl_baselines_layer(b, chain, &src, NULL), 0);
	assert_int_equal(sl_source_next(src, &e, NULL), 0); /* the root */
	assert_int_equal(e->path.len, 0);
	assert_int_equal(e->fields, SL_ENTRY_XATTRS * 0u);
	assert_int_equal(sl_source_next(src, &e, NULL), 0);
	assert_int_equal(e->mode, S_IFDIR | 01777);
	assert_int_equal(e->mtime.sec, 1700000000);
	assert_int_equal(e->flags, SL_ENTRY_COARSE_TIME);
	assert_int_equal(e->fields, SL_ENTRY_MTIME | SL_ENTRY_XATTRS);
	assert_int_equal(sl_source_next(src, &e, NULL), 0);
	assert_int_equal(e->xattr_count, 1);
	assert_string_equal(e->xattrs[0].name, "security.capability");
	assert_int_equal(e->xattrs[0].size, 1);
	assert_memory_equal(e->xattrs[0].value, "y", 1);
	assert_int_equal(e->sha256[0], 0xe3); /* of nothing */
	assert_int_equal(e->fields,
			 SL_ENTRY_MTIME | SL_ENTRY_XATTRS | SL_ENTRY_SHA256 | SL_ENTRY_XXH3);
	assert_int_equal(sl_source_open(src, &content, NULL), 1);
	assert_int_equal(sl_source_next(src, &e, NULL), 0);
	assert_string_equal(e->target.data, "/to");
	assert_int_equal(e->target.len, 3);
	assert_int_equal(sl_source_next(src, &e, NULL), 0);
	assert_int_equal(e->rdev_major, 4294967295);
	assert_int_equal(e->rdev_minor, 7);
	assert_null(e->target.data);
	assert_int_equal(sl_source_next(src, &e, NULL), 1);
	assert_int_equal(sl_source_next(src, &e, NULL), 1);
	sl_source_close(src);
	sl_baselines_close(b);
}

static void assert_seek(struct sl_source *src, const char *to, const char *expected)
{
	const struct sl_entry *e = NULL;
	int rc;

	assert_int_equal(sl_source_seek(src, (struct sl_bytes){to, strlen(to)}, NULL), 0);
	rc = sl_source_next(src, &e, NULL);
	assert_int_equal(rc, expected == NULL);
	if (expected != NULL)
		assert_string_equal(e->path.data, expected);
}

static void seek_goes_forward_far_and_back(void **state)
{
	struct buf line CLEANUP(buf_clear) = BUF_INIT(1 << 20);
	struct sl_baselines *b = open_store(NULL);
	struct sl_source *src = NULL;
	uint8_t chain[SL_SHA256_SIZE];

	(void)state;
	(void)buf_append_str(&line, "d a; f a-b 1; f a/b 1; f z 1");
	for (int i = 0; i < 500; i++)
		(void)buf_printf(&line, "; f m/%03d 1", i);
	put(b, "one", LAYERS(line.data));
	kit_chain(chain, LAYERS(line.data));
	assert_int_equal(sl_baselines_layer(b, chain, &src, NULL), 0);
	assert_seek(src, "", "");
	assert_seek(src, "a", "a");
	assert_seek(src, "a/a", "a/b"); /* "a/b" stands before "a-b" */
	assert_seek(src, "a-", "a-b");
	assert_seek(src, "m/003", "m/003");  /* a few steps */
	assert_seek(src, "m/003", "m/003");  /* where it is */
	assert_seek(src, "m/400x", "m/401"); /* too far to step */
	assert_seek(src, "m/2", "m/200");    /* back */
	assert_seek(src, "zz", NULL);
	assert_seek(src, "", ""); /* from the end */
	sl_source_close(src);
	sl_baselines_close(b);
}

static void a_view_shows_what_the_layers_show_together(void **state)
{
	static const struct fake_row init[] = {
		{.entry = {.path = PATH(""), .mode = S_IFDIR | 0755}},
		{.entry = {.path = PATH("z"), .mode = S_IFDIR | 0755}}};
	struct buf out CLEANUP(buf_clear) = BUF_INIT(1 << 20);
	struct sl_baselines *b = open_store(NULL);
	struct sl_source *src = NULL;
	struct sl_source *tops[1];
	uint8_t config[SL_SHA256_SIZE];

	(void)state;
	put(b, "one",
	    LAYERS("d a; f a/b 1; f a-b 1; f c 1", "f .wh.c; d a; f a/.wh..wh..opq; f a/d 2"));
	kit_config(config, "one");
	tops[0] = fake_source(init, ARRAY_SIZE(init), false);
	assert_int_equal(sl_baselines_view(b, config, tops, 1, &src, NULL), 0);
	kit_dump(&out, src);
	sl_source_close(src);
	assert_string_equal(out.data, "d ; d a; f a/d=2; f a-b=1; d z");
	sl_baselines_close(b);
}

static void a_view_of_an_unknown_image_closes_its_tops(void **state)
{
	struct sl_baselines *b = open_store(NULL);
	struct sl_error err = SL_ERROR_INIT;
	struct sl_source *src = NULL;
	struct sl_source *tops[1] = {fake_source(NULL, 0, false)};
	uint8_t config[SL_SHA256_SIZE];

	(void)state;
	kit_config(config, "nobody");
	assert_int_equal(sl_baselines_view(b, config, tops, 1, &src, &err), -SL_ENOTFOUND);
	assert_non_null(strstr(sl_error_text(&err), "no baseline of image sha256:"));
	sl_error_clear(&err);
	sl_baselines_close(b); /* the leak check says whether the top was closed */
}

static const char many_files[] = "f a 1; f b 1; f c 1; f d 1; f e 1; f f 1; f g 1; f h 1; f i 1; "
				 "f j 1; f k 1; f l 1; f m 1; f n 1; f o 1; f p 1; f q 1";

static void a_source_shows_the_moment_it_was_opened(void **state)
{
	static const struct {
		const char *layer, *shown;
	} cases[] = {
		{"f a 1; f b 1", "f a=1; f b=1"},
		{many_files,
		 "f a=1; f b=1; f c=1; f d=1; f e=1; f f=1; f g=1; f h=1; f i=1; f j=1; f k=1; "
		 "f l=1; f m=1; f n=1; f o=1; f p=1; f q=1"},
	};
	struct place *p = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct sl_baselines *reader = open_store(p->file), *writer = open_store(p->file);
		struct buf out CLEANUP(buf_clear) = BUF_INIT(1 << 20);
		struct sl_source *src = NULL;
		uint8_t chain[SL_SHA256_SIZE], config[SL_SHA256_SIZE];

		put(writer, "one", LAYERS(cases[i].layer));
		kit_chain(chain, LAYERS(cases[i].layer));
		kit_config(config, "one");
		assert_int_equal(sl_baselines_layer(reader, chain, &src, NULL), 0);
		assert_int_equal(sl_baselines_remove(writer, config, NULL, NULL), 0);
		kit_dump(&out, src);
		assert_string_equal(out.data, cases[i].shown);
		sl_source_close(src);
		assert_false(has_layer(reader, LAYERS(cases[i].layer)));
		sl_baselines_close(reader);
		sl_baselines_close(writer);
	}
}

/*
 * The last row of @layer is damaged. A layer of few rows is read when it is opened, a larger one as
 * it is walked: @good entries come before.
 */
static void check_damage(struct place *p, const char *layer, size_t good, const char *damage)
{
	struct sl_baselines *b = open_store(p->file);
	struct sl_source *src = NULL;
	const struct sl_entry *e;
	uint8_t chain[SL_SHA256_SIZE];
	struct db *db = NULL;
	char sql[96];

	kit_chain(chain, LAYERS(layer));
	put(b, "one", LAYERS(layer));
	assert_int_equal(db_open(&db, p->file, NULL, 0, NULL), 0);
	(void)snprintf(sql, sizeof(sql), "UPDATE entry SET %s WHERE path=x'%02x'", damage,
		       layer[strlen(layer) - 3]);
	assert_int_equal(db_exec(db, sql, NULL), 0);
	db_close(db);
	if (good == 0) {
		assert_int_equal(sl_baselines_layer(b, chain, &src, NULL), -SL_EFORMAT);
	} else {
		assert_int_equal(sl_baselines_layer(b, chain, &src, NULL), 0);
		while (good-- > 0)
			assert_int_equal(sl_source_next(src, &e, NULL), 0);
		assert_int_equal(sl_source_next(src, &e, NULL), -SL_EFORMAT);
		assert_int_equal(sl_source_next(src, &e, NULL), -SL_EINVAL);
		sl_source_close(src);
	}
	sl_baselines_close(b);
	assert_int_equal(unlink(p->file), 0);
}

static void a_damaged_row_is_an_error_and_no_entry(void **state)
{
	static const char *const damage[] = {
		"mtime_ns=1000000000", "digests=x'00'",  "xattrs=x'ffffffffff'",
		"xattrs=x'056162'",    "xattrs=x'0161'", "xattrs=x'01610001'",
	};

	for (size_t i = 0; i < ARRAY_SIZE(damage); i++) {
		check_damage(*state, "f a 1; f b 1", 0, damage[i]);
		check_damage(*state, many_files, 17, damage[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_PLACE(every_field_comes_back),
		IN_PLACE(seek_goes_forward_far_and_back),
		IN_PLACE(a_view_shows_what_the_layers_show_together),
		IN_PLACE(a_view_of_an_unknown_image_closes_its_tops),
		IN_PLACE(a_source_shows_the_moment_it_was_opened),
		IN_PLACE(a_damaged_row_is_an_error_and_no_entry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
