/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/boltseen.h"

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "unit/cmocka_all.h"

static int list(struct seen *s, struct bolt_bucket in, struct sl_error *err);

static int list_item(void *payload, const struct bolt_item *item, struct sl_error *err)
{
	struct seen *s = payload;
	int rc = 0;

	assert_int_equal(strlen(item->key.data), item->key.len);
	assert_int_equal(buf_append_str(&s->text, item->key.data), 0);
	if (item->value.data == NULL) {
		assert_int_equal(buf_append_char(&s->text, '{'), 0);
		rc = list(s, item->bucket, err);
		assert_int_equal(buf_append_char(&s->text, '}'), 0);
	} else {
		assert_int_equal(item->value.data[item->value.len], '\0');
		assert_int_equal(buf_printf(&s->text, "=%.20s", item->value.data), 0);
	}
	assert_int_equal(buf_append_char(&s->text, ' '), 0);
	return rc;
}

static int list(struct seen *s, struct bolt_bucket in, struct sl_error *err)
{
	int rc = bolt_each(s->b, in, list_item, s, err);

	if (rc < 0 && bolt_salvaging(s->b)) {
		assert_int_equal(buf_append_str(&s->text, "(gap)"), 0);
		rc = 0;
	}
	return rc;
}

static int list_root(struct bolt *b, struct bolt_bucket root, void *payload, struct sl_error *err)
{
	struct seen *s = payload;
	int rc;

	s->b = b;
	s->calls++;
	buf_reset(&s->text);
	assert_int_equal(buf_append(&s->text, "", 0), 0);
	rc = list(s, root, err);
	if (s->meanwhile != NULL)
		s->meanwhile(s);
	return rc;
}

void seen_clear(struct seen *s)
{
	buf_clear(&s->text);
	free(s->damage);
	sl_error_clear(&s->err);
}

int seen_view_fd(int fd, struct seen *s)
{
	struct bolt *b = NULL;
	int rc;

	s->text = BUF_INIT(1 << 20);
	s->fd = fd;
	rc = bolt_open(&b, fd, &s->err);
	if (rc == 0)
		rc = bolt_view(b, list_root, s, &s->stale, &s->err);
	if (b != NULL && bolt_damage(b) != NULL)
		s->damage = strdup(bolt_damage(b));
	bolt_close(b);
	if (rc < 0)
		assert_non_null(s->err.msg);
	return rc;
}

int seen_view(struct boltmake *m, struct seen *s)
{
	AUTO_CLOSE int fd = boltmake_fd(m);

	s->m = m;
	return seen_view_fd(fd, s);
}

void seen_damage_is(const struct seen *s, const char *text)
{
	assert_non_null(s->damage);
	if (strstr(s->damage, text) == NULL)
		fail_msg("'%s' says nothing of '%s'", s->damage, text);
}

void boltmake_sample(struct boltmake *m, size_t page_size)
{
	uint8_t inlined[200] = {0};
	AUTO_FREE char *large = malloc(page_size + 1);

	assert_non_null(large);
	memset(large, 'x', page_size);
	large[page_size] = '\0';
	boltmake_init(m, page_size, 12);
	boltmake_meta(m, 0, 4, 3);
	boltmake_meta(m, 1, 3, 3);
	BRANCH(m, 3, {.key = "a", .child = 4}, {.key = "m", .child = 7});
	LEAF(m, 4, {.key = "a", .bucket = 5}, {.key = "b", .text = "1"}, {.key = "c", .text = ""});
	LEAF(m, 5, {.key = "deep", .bucket = 6}, {.key = "in", .text = "a"});
	LEAF(m, 6, {.key = "deeper", .text = "2"});
	boltmake_leaf(m, 7, 1,
		      ELEMS({.key = "m",
			     .bytes = inlined,
			     .len = boltmake_inline(
				     inlined, sizeof(inlined),
				     ELEMS({.key = "k", .text = "v"}, {.key = "l", .text = ""}), 2),
			     .is_inline = true},
			    {.key = "n", .text = large}, {.key = "o", .bucket = 9}),
		      3);
	boltmake_leaf(m, 9, 0, NULL, 0);
}

void boltmake_two(struct boltmake *m)
{
	boltmake_init(m, 1024, 8);
	LEAF(m, 3, {.key = "k", .text = "old"});
	LEAF(m, 4, {.key = "k", .text = "new"});
	boltmake_meta(m, 0, 4, 3);
	boltmake_meta(m, 1, 5, 4);
}
