/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/digest.h"
#include "snapshot/layercheck.h"
#include "unit/fake_source.h"

#define ROWS_MAX 80

/*
 * A side in one string, entries separated by blanks: "KIND:PATH[,OPTION]...". Kinds: d directory,
 * f file, w whiteout, p FIFO, s socket, c device, l link. Options: =TEXT content, target or device,
 * m600 mode, u33 owner and group, t5 time, xNAME attribute, ~ ambiguous, ^ implied, ! metacopy,
 * ? without digest, / unreadable, % changes while it is read.
 */
struct side {
	struct fake_row rows[ROWS_MAX];
	struct sl_xattr xattrs[ROWS_MAX];
	size_t count;
	char *text; /* owned */
};

static uint32_t type_of(char kind)
{
	switch (kind) {
	case 'd':
		return S_IFDIR | 0755;
	case 'p':
		return S_IFIFO | 0644;
	case 's':
		return S_IFSOCK | 0755;
	case 'c':
		return S_IFCHR | 0600;
	case 'l':
		return S_IFLNK | 0777;
	case 'w':
		return 0;
	default:
		return S_IFREG | 0644;
	}
}

static void set_value(struct fake_row *row, const char *text)
{
	struct sl_entry *e = &row->entry;

	if (S_ISLNK(e->mode))
		e->target = (struct sl_bytes){text, strlen(text)};
	if (S_ISCHR(e->mode))
		e->rdev_minor = (uint32_t)atoi(text);
	if (S_ISREG(e->mode))
		row->content = text;
}

static void set_option(struct side *s, struct fake_row *row, const char *option)
{
	struct sl_entry *e = &row->entry;
	struct sl_xattr *x = &s->xattrs[s->count];

	switch (option[0]) {
	case '=':
		set_value(row, option + 1);
		break;
	case 'm':
		e->mode = (e->mode & S_IFMT) | (uint32_t)strtoul(option + 1, NULL, 8);
		break;
	case 'u':
		e->uid = e->gid = (uint32_t)strtoul(option + 1, NULL, 10);
		break;
	case 't':
		e->mtime.sec = atoi(option + 1);
		break;
	case 'x':
		*x = (struct sl_xattr){option + 1, "1", 1};
		e->xattrs = x;
		e->xattr_count = 1;
		break;
	case '~':
		e->flags |= SL_ENTRY_AMBIGUOUS;
		break;
	case '^':
		e->flags |= SL_ENTRY_IMPLIED;
		break;
	case '!':
		e->flags |= SL_ENTRY_METACOPY;
		break;
	case '?':
		e->fields &= ~(uint32_t)SL_ENTRY_SHA256;
		break;
	case '/':
		row->unreadable = true;
		break;
	default:
		row->changes_while_read = true;
		break;
	}
}

static void side_read(struct side *s, const char *line)
{
	char *entry, *next_entry = NULL;

	*s = (struct side){.text = strdup(line)};
	for (entry = strtok_r(s->text, " ", &next_entry); entry != NULL;
	     entry = strtok_r(NULL, " ", &next_entry)) {
		char *rest = entry + 2, *path = strsep(&rest, ","), *option;
		struct fake_row *row = &s->rows[s->count];
		struct sl_entry *e = &row->entry;

		assert_true(s->count < ROWS_MAX);
		e->path = (struct sl_bytes){path, strlen(path)};
		e->mode = type_of(entry[0]);
		e->flags = entry[0] == 'w' ? SL_ENTRY_WHITEOUT : 0;
		e->fields = SL_ENTRY_MTIME | SL_ENTRY_XATTRS;
		e->fields |= S_ISREG(e->mode) ? SL_ENTRY_SHA256 : 0;
		while ((option = strsep(&rest, ",")) != NULL)
			set_option(s, row, option);
		if (S_ISREG(e->mode)) {
			row->content = row->content != NULL ? row->content : "";
			e->size = strlen(row->content);
			assert_int_equal(
				sha256_once(row->content, (size_t)e->size, e->sha256, NULL), 0);
		}
		s->count++;
	}
}

struct sides {
	struct side disk, stored;
	const char *named; /* the file of which more is known than of the others */
	bool is_unread;    /* namely, that it was not read */
	struct buf told;
};

static int open_side(void *payload, enum layer_side side, struct sl_source **out,
		     struct sl_error *err)
{
	struct sides *s = payload;
	struct side *one = side == LAYER_ON_DISK ? &s->disk : &s->stored;

	(void)err;
	*out = fake_source(one->rows, one->count, false);
	return 0;
}

static enum layer_file single(void *payload, const struct sl_entry *disk)
{
	const struct sides *s = payload;

	if (s->named == NULL || strcmp(s->named, disk->path.data) != 0)
		return LAYER_FILE_AS_ALL;
	return s->is_unread ? LAYER_FILE_UNREAD : LAYER_FILE_OTHER;
}

static int on_difference(void *payload, const struct sl_difference *d)
{
	struct sides *s = payload;

	return buf_printf(&s->told, "%s%s%.*s %s%s%s%s", s->told.len > 0 ? "; " : "",
			  d->is_doubtful ? "? " : "", (int)d->path.len, d->path.data,
			  sl_difference_kind_name(d->kind), " ", d->what,
			  d->kind == SL_DIFFERENCE_METADATA && d->path.len == 0 ? " all" : "");
}

static int on_gap(void *payload, const struct sl_gap *gap)
{
	struct sides *s = payload;

	return buf_printf(&s->told, "%s%.*s unread", s->told.len > 0 ? "; " : "",
			  (int)gap->what.len, gap->what.data);
}

static void compare(struct sides *s, const char *disk, const char *stored,
		    enum layer_contents contents, unsigned int jobs, struct sl_check_counts *counts)
{
	const struct sl_check_events events = {on_difference, on_gap, s};
	const struct layer_check check = {.open = open_side,
					  .single = single,
					  .payload = s,
					  .contents = contents,
					  .dir_fd = -1,
					  .jobs = jobs,
					  .events = &events};

	s->told = BUF_INIT(65536);
	side_read(&s->disk, disk);
	side_read(&s->stored, stored);
	assert_int_equal(layer_check(&check, counts, NULL), 0);
}

static void sides_clear(struct sides *s)
{
	free(s->disk.text);
	free(s->stored.text);
	buf_clear(&s->told);
}

static const struct example {
	const char *title, *disk, *stored, *told;
	enum layer_contents contents;
	const char *named;
	bool is_unread;
} rows[] = {
	{"equal sides have nothing to tell", "d: d:a f:a/x,=1 l:b,=a", "d: d:a f:a/x,=1 l:b,=a",
	 ""},
	{"the root is the engine's", "d:,m700,u9", "d:", ""},
	{"other bytes of the same size", "d: f:x,=2", "d: f:x,=1", "x changed content"},
	{"another size", "d: f:x,=22", "d: f:x,=1", "x changed content"},
	{"a file that is empty now", "d: f:x", "d: f:x,=1", "x changed content"},
	{"every difference is told, in order", "d: f:a,=2 f:c,=1,m600 f:e,=5",
	 "d: f:a,=1 f:b,=1 f:c,=1 f:e,=1",
	 "a changed content; b missing file; c metadata mode; e changed content"},
	{"several of one file", "d: f:a,=2,m600,u5,xuser.a", "d: f:a,=1",
	 "a metadata mode; a metadata owner; ? a metadata xattr; a changed content"},
	{"names that the layer has not", "d: f:x,=1 p:pipe w:gone",
	 "d:", "x extra file; pipe extra fifo; gone extra whiteout"},
	{"devices are called as everywhere", "d: c:null,=3", "d:", "null extra char"},
	{"a socket may be one that a build left", "d: s:sock", "d:", "? sock extra socket"},
	{"a whiteout that is there, and one that is not", "d: f:a w:b", "d: w:a f:b",
	 "a changed type; b changed type"},
	{"a link that leads elsewhere", "d: l:a,=x", "d: l:a,=y", "a changed target"},
	{"another device", "d: c:a,=5", "d: c:a,=3", "a changed device"},
	{"another type", "d: l:a,=x", "d: f:a,=x", "a changed type"},
	{"bytes that are another object's", "d: f:a,=1,!", "d: f:a,=1", "a changed marker"},
	{"attributes of the host are nobody's", "d: f:a,xsecurity.selinux", "d: f:a", ""},
	{"attributes that the layer has and the directory not", "d: f:a", "d: f:a,xuser.b",
	 "a metadata xattr"},
	{"attributes that nobody builds", "d: f:a,xtrusted.evil", "d: f:a", "a metadata xattr"},
	{"a capability", "d: f:a,xsecurity.capability", "d: f:a", "a metadata capability"},
	{"what no tar entry describes has no metadata", "d: d:a,m700,u5", "d: d:a,^", ""},
	{"guesses accuse nobody of metadata", "d: f:a,=1,m600", "d: f:a,=1,~", ""},
	{"and of content only doubtfully", "d: f:a,=2", "d: f:a,=1,~", "? a changed content"},
	{"a guess that is not there", "d:", "d: f:a,=1,~", "? a missing file"},
	{"a time that was set, behind everything else", "d: f:a,=1,t9 f:b,=2",
	 "d: f:a,=1,t5 f:b,=1", "b changed content; a metadata mtime"},
	{"times of directories are not compared", "d: d:a,t9", "d: d:a,t5", ""},
	{"what cannot be read", "d: f:a,=1,/", "d: f:a,=1", "a unread"},
	{"what does not hold still", "d: f:a,=1,%", "d: f:a,=1", "a unread"},
	{"contents that are proven are not looked at", "d: f:a,=2,/", "d: f:a,=1", "",
	 LAYER_CONTENTS_PROVEN},
	{"a size that is another is found all the same", "d: f:a,=22", "d: f:a,=1",
	 "a changed content", LAYER_CONTENTS_PROVEN},
	{"files that are named by others", "d: f:a,=1 f:b,=1", "d: f:a,=1 f:b,=1",
	 "b changed content", LAYER_CONTENTS_NAMED, "b"},
	{"a file that the tar does not prove is hashed", "d: f:a,=2 f:b,=2", "d: f:a,=1 f:b,=1",
	 "b changed content", LAYER_CONTENTS_PROVEN, "b", true},
	{"and is the layer's when its digest is", "d: f:a,=2 f:b,=1", "d: f:a,=1 f:b,=1", "",
	 LAYER_CONTENTS_PROVEN, "b", true},
	{"but nothing can be said of it without one", "d: f:b,=1", "d: f:b,?", "b unread",
	 LAYER_CONTENTS_PROVEN, "b", true},
	{"where the tar proves all, none needs a digest", "d: f:b", "d: f:b,?", "",
	 LAYER_CONTENTS_PROVEN},
	{"and sizes are compared nevertheless", "d: f:b,=1", "d: f:b,?", "b changed content",
	 LAYER_CONTENTS_PROVEN},
};

static void differences_are_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		for (unsigned int jobs = 0; jobs < 3; jobs++) {
			struct sl_check_counts counts;
			struct sides s = {.named = rows[i].named, .is_unread = rows[i].is_unread};

			compare(&s, rows[i].disk, rows[i].stored, rows[i].contents, jobs, &counts);
			if (strcmp(s.told.data != NULL ? s.told.data : "", rows[i].told) != 0)
				fail_msg("%s, %u jobs: got '%s', want '%s'", rows[i].title, jobs,
					 s.told.data != NULL ? s.told.data : "", rows[i].told);
			sides_clear(&s);
		}
	}
}

/* Files a00 to aNN, each with the option. */
static void many(struct buf *out, unsigned int count, const char *option)
{
	(void)buf_append_str(out, "d:");
	for (unsigned int i = 0; i < count; i++)
		(void)buf_printf(out, " f:a%02u,%s", i, option);
}

static const struct owners {
	const char *title;
	unsigned int count;
	const char *disk, *stored, *more_disk, *more_stored, *told;
} owners[] = {
	{"a range of a user namespace is one move, however few files", 1, "u100000", "u0", "", "",
	 "?  metadata owner all"},
	{"few files of another common owner are changed files", 2, "u5", "u0", "", "",
	 "a00 metadata owner; a01 metadata owner"},
	{"many were squashed or shifted", 20, "u5", "u0", "", "", "?  metadata owner all"},
	{"the odd one is told", 30, "u100000", "u0", " f:b,u0", " f:b,u0",
	 "b metadata owner; ?  metadata owner all"},
	{"one that was given away in a directory of others' files", 40, "u0", "u0", " f:b,u0",
	 " f:b,u33", "b metadata owner"},
	{"a shift downwards is no range", 1, "u0", "u1000", "", "", "a00 metadata owner"},
};

static void owners_that_moved_together_are_one_thing(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(owners); i++) {
		CLEANUP(buf_clear) struct buf disk = BUF_INIT(65536), stored = BUF_INIT(65536);
		struct sl_check_counts counts;
		struct sides s = {.named = NULL};

		many(&disk, owners[i].count, owners[i].disk);
		(void)buf_append_str(&disk, owners[i].more_disk);
		many(&stored, owners[i].count, owners[i].stored);
		(void)buf_append_str(&stored, owners[i].more_stored);
		compare(&s, disk.data, stored.data, LAYER_CONTENTS_HASH, 0, &counts);
		if (s.told.data == NULL || strcmp(s.told.data, owners[i].told) != 0)
			fail_msg("%s: got '%s', want '%s'", owners[i].title,
				 s.told.data != NULL ? s.told.data : "", owners[i].told);
		sides_clear(&s);
	}
}

static void times_that_were_lost_all_over_are_one_thing(void **state)
{
	CLEANUP(buf_clear) struct buf disk = BUF_INIT(65536), stored = BUF_INIT(65536);
	struct sl_check_counts counts;
	struct sides s = {.named = NULL};

	(void)state;
	many(&disk, 70, "t9");
	many(&stored, 70, "t5");
	compare(&s, disk.data, stored.data, LAYER_CONTENTS_HASH, 0, &counts);
	assert_string_equal(s.told.data, "?  metadata mtime all");
	assert_int_equal(counts.doubtful, 1);
	assert_int_equal(counts.by_kind[SL_DIFFERENCE_METADATA], 0);
	sides_clear(&s);
}

static void a_doubt_is_counted_apart(void **state)
{
	struct sl_check_counts counts;
	struct sides s = {.named = NULL};

	(void)state;
	compare(&s, "d: f:a,=2 s:b f:c,=1,/", "d: f:a,=1 f:c,=1 f:d,=1", LAYER_CONTENTS_HASH, 1,
		&counts);
	assert_int_equal(counts.by_kind[SL_DIFFERENCE_CHANGED], 1);
	assert_int_equal(counts.by_kind[SL_DIFFERENCE_MISSING], 1);
	assert_int_equal(counts.by_kind[SL_DIFFERENCE_EXTRA], 0);
	assert_int_equal(counts.doubtful, 1);
	assert_int_equal(counts.gaps, 1);
	assert_int_equal(counts.entries, 4);
	sides_clear(&s);
}

static int ends_it(void *payload, const struct sl_difference *d)
{
	(void)payload;
	(void)d;
	return 42;
}

static void whoever_is_told_may_end_it(void **state)
{
	struct sides s = {.told = BUF_INIT(100)};
	const struct sl_check_events events = {ends_it, on_gap, &s};
	const struct layer_check check = {
		.open = open_side, .payload = &s, .dir_fd = -1, .jobs = 2, .events = &events};
	struct sl_check_counts counts;

	(void)state;
	side_read(&s.disk, "d: f:a,=2 f:b,=2 f:c,=2");
	side_read(&s.stored, "d: f:a,=1 f:b,=1 f:c,=1");
	assert_int_equal(layer_check(&check, &counts, NULL), 42);
	sides_clear(&s);
}

static const struct first {
	const char *disk, *stored;
	int rc;
	const char *says;
} firsts[] = {
	{"d: f:a,=1,t9 s:b", "d: f:a,=1,t5 ", 0, NULL},
	{"d: f:a,m600", "d: f:a", -SL_EUNTRUSTED, "'a' in the layer directory differs from the"},
	{"d: f:a,xuser.b", "d: f:a", -SL_EUNSUPPORTED, "attribute 'user.b'"},
	{"d: f:a f:b", "d: f:a", -SL_EUNTRUSTED, "'b' in the layer directory is not part of"},
	{"d: f:a", "d: f:a f:b", -SL_EUNTRUSTED, "'b' is missing"},
	{"d: f:a,u100000", "d: f:a", -SL_EUNSUPPORTED, "shifted by 100000:100000"},
};

static void a_yes_or_no_names_the_first_difference(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(firsts); i++) {
		struct sl_error err = SL_ERROR_INIT;
		struct sides s = {.told = BUF_INIT(100)};
		const struct layer_check check = {.open = open_side,
						  .payload = &s,
						  .contents = LAYER_CONTENTS_PROVEN,
						  .dir_fd = -1};

		side_read(&s.disk, firsts[i].disk);
		side_read(&s.stored, firsts[i].stored);
		assert_int_equal(layer_check_first(&check, &err), firsts[i].rc);
		if (firsts[i].says != NULL)
			assert_non_null(strstr(sl_error_text(&err), firsts[i].says));
		sl_error_clear(&err);
		sides_clear(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(differences_are_told),
		cmocka_unit_test(owners_that_moved_together_are_one_thing),
		cmocka_unit_test(times_that_were_lost_all_over_are_one_thing),
		cmocka_unit_test(a_doubt_is_counted_apart),
		cmocka_unit_test(whoever_is_told_may_end_it),
		cmocka_unit_test(a_yes_or_no_names_the_first_difference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
