/* SPDX-License-Identifier: Apache-2.0 */
/* What a layer's tar means: one row a sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "unit/baseline_kit.h"

#define MAX_LAYERS 4

struct row {
	const char *says;
	const char *layers[MAX_LAYERS]; /* bottom first; the last one is looked at */
	const char *expected;           /* its rows, or the error after "error: " */
};

static const struct row rows[] = {
	/* order and parents */
	{"rows come in canonical order, not in that of strcmp",
	 {"f a-b 1; d a; f a/b 2; f a.c 3"},
	 "d a; f a/b=2; f a-b=1; f a.c=3"},
	{"parents without an entry are implied", {"f a/b/c 1"}, "d a*; d a/b*; f a/b/c=1"},
	{"an entry ends the guessing about a parent", {"f a/b 1; d a 700"}, "d a; f a/b=1"},
	{"leading dots and doubled slashes are no part of a name",
	 {"d ./a/; f .//a/./b 1"},
	 "d a; f a/b=1"},
	{"a root entry describes the root", {"d . 700"}, "d "},
	{"the same file twice: the later one", {"f a 1; f a 2"}, "f a=2"},
	{"a directory twice keeps its children", {"d a; f a/b 1; d a 700"}, "d a; f a/b=1"},
	{"a file in the place of a directory takes everything beneath with it",
	 {"d a; f a/b 1; d a/c; f a/c/d 2; f a-b 3; f a 4"},
	 "f a=4; f a-b=3"},
	{"and nothing that only sorts beside it",
	 {"d a; f a/b 1; f a\x01 2; f a 3"},
	 "f a=3; f a\x01=2"},
	{"a directory that is a file now is no parent any more",
	 {"d a; f a/b 1; h a a/b; f a/c 3"},
	 "error: entry 'a/c': 'a' is no directory, but the layer has entries beneath it"},
	{"a directory in the place of a file", {"f a 1; d a; f a/b 2"}, "d a; f a/b=2"},
	{"a directory in the place of a symbolic link does not follow it",
	 {"d b; l a b; d a; f a/x 1"},
	 "d a; f a/x=1; d b"},
	{"dots inside a path are taken back", {"f a/../b 1"}, "f b=1"},
	{"a path that climbs out is refused",
	 {"f a/../../b 1"},
	 "error: entry 'a/../../b': 'a/../../b' leaves the root"},
	{"a hostile name is quoted in the error",
	 {"f ../\x1b[31m 1"},
	 "error: entry '../\\x1b[31m': '../\\x1b[31m' leaves the root"},
	{"a file as a parent in one layer is refused",
	 {"f a 1; f a/b 2"},
	 "error: entry 'a/b': 'a' is no directory, but the layer has entries beneath it"},
	{"a file of a lower layer as a parent gives way", {"f a 1", "f a/b 2"}, "d a*; f a/b=2"},

	/* symbolic links on the way */
	{"a parent that is a link of this layer is followed",
	 {"d usr; d usr/lib; l lib usr/lib; f lib/x 1"},
	 "l lib->usr/lib; d usr; d usr/lib; f usr/lib/x=1"},
	{"a parent that is a link of a lower layer is followed",
	 {"d usr; d usr/lib; l lib usr/lib", "f lib/x 1"},
	 "d usr*; d usr/lib*; f usr/lib/x=1~"},
	{"a link of the layer below that one too",
	 {"l lib usr/lib", "d etc", "f lib/x 1"},
	 "d usr*; d usr/lib*; f usr/lib/x=1~"},
	{"an absolute link stays inside the root",
	 {"d usr; l lib /usr", "f lib/x 1"},
	 "d usr*; f usr/x=1~"},
	{"a link that climbs above the root stays there",
	 {"d usr; l lib ../../../usr", "f lib/x 1"},
	 "d usr*; f usr/x=1~"},
	{"links through links",
	 {"d r; d r/s; l a b/s; l b /r; f a/x 1"},
	 "l a->b/s; l b->/r; d r; d r/s; f r/s/x=1"},
	{"a dangling link points at what it names",
	 {"l a b/c; f a/x 1"},
	 "l a->b/c; d b*; d b/c*; f b/c/x=1"},
	{"links in a circle are refused",
	 {"l a b; l b a; f a/x 1"},
	 "error: entry 'a/x': more than 40 symbolic links on the way"},
	{"a link that this layer deleted is not followed",
	 {"d usr; l lib usr", "f .wh.lib; f lib/x 1"},
	 "d lib*!; f lib/x=1"},
	{"a link under a directory that this layer made opaque is not followed",
	 {"d a; d a/u; l a/l u", "d a; f a/.wh..wh..opq; f a/l/x 1"},
	 "d a!; d a/l*; f a/l/x=1"},
	{"a link that a layer between deleted is not followed",
	 {"d usr; l lib usr", "f .wh.lib", "f lib/x 1"},
	 "d lib*; f lib/x=1"},
	{"a link under what a layer between made opaque is not followed",
	 {"d a; l a/l u", "d a; f a/.wh..wh..opq", "f a/l/x 1"},
	 "d a*; d a/l*; f a/l/x=1"},
	{"a link beneath a lower directory that a file replaced is not seen",
	 {"d a; l a/l /u", "f a 1", "f a/l/x 1"},
	 "d a*; d a/l*; f a/l/x=1"},
	{"the last part of a path is never followed", {"l a b; f a 1"}, "f a=1"},

	/* deletions */
	{"a whiteout stands at the name it deletes", {"f a 1", "f .wh.a"}, "w a"},
	{"a whiteout keeps its parents", {"d a; f a/b 1", "f a/.wh.b"}, "d a*; w a/b"},
	{"a whiteout spares an entry before it", {"f a 1", "f a 2; f .wh.a"}, "f a=2~"},
	{"a whiteout spares an entry after it", {"f a 1", "f .wh.a; f a 2"}, "f a=2~"},
	{"a deleted directory that is there again hides the old one",
	 {"d a; f a/b 1", "f .wh.a; d a; f a/c 2"},
	 "d a!~; f a/c=2"},
	{"and so whichever came first",
	 {"d a; f a/b 1", "d a; f a/c 2; f .wh.a"},
	 "d a!~; f a/c=2"},
	{"opaque whether its sign comes first",
	 {"d a", "f a/.wh..wh..opq; d a; f a/b 1"},
	 "d a!; f a/b=1"},
	{"or last", {"d a", "d a; f a/b 1; f a/.wh..wh..opq"}, "d a!; f a/b=1"},
	{"the root can be opaque, though not to an overlay", {"f a 1", "f .wh..wh..opq"}, "d *!~"},
	{"a whiteout through a link of a lower layer",
	 {"d usr; f usr/a 1; l lib usr", "f lib/.wh.a"},
	 "d usr*; w usr/a~"},
	{"a marker of any type is a marker", {"l .wh.a b; d .wh.c"}, "w a; w c"},
	{"a whiteout of nothing is refused",
	 {"f d/.wh."},
	 "error: entry 'd/.wh.': a whiteout of nothing that has a name"},
	{"of the directory itself too",
	 {"f .wh.."},
	 "error: entry '.wh..': a whiteout of nothing that has a name"},
	{"of the parent too",
	 {"f .wh..."},
	 "error: entry '.wh...': a whiteout of nothing that has a name"},
	{"a directory with a marker's name has no children",
	 {"f .wh.a/b"},
	 "error: entry '.wh.a/b': a whiteout of nothing that has a name"},
	{"a name that only looks like a marker is a name",
	 {"f .wha 1; f a.wh.b 2"},
	 "f .wha=1; f a.wh.b=2"},
	{"bookkeeping of AUFS is left out",
	 {"d .wh..wh.plnk; d .wh..wh.orph; f .wh..wh.aufs; f .wh..wh.orph/x 1; f a 2"},
	 "f a=2"},

	/* hard links */
	{"a hard link is a copy of its target", {"f a 1; h b a"}, "f a=1; f b=1"},
	{"and keeps it when the target is replaced", {"f a 1; h b a; f a 2"}, "f a=2; f b=1"},
	{"a hard link to a lower layer", {"f a 1", "h b a"}, "f b=1"},
	{"a hard link through a link", {"d u; f u/a 1; l l u", "h b l/a"}, "f b=1"},
	{"a hard link to a symbolic link", {"l a x; h b a"}, "l a->x; l b->x"},
	{"a hard link to a device", {"c a 1:3; h b a"}, "c a=1:3; c b=1:3"},
	{"a hard link to nothing is unresolved", {"h b a"}, "f b?"},
	{"a hard link to what this layer deleted is unresolved",
	 {"f a 1", "f .wh.a; h b a"},
	 "w a; f b?"},
	{"a hard link to what an opaque directory hides is unresolved",
	 {"d d; f d/a 1", "d d; f d/.wh..wh..opq; h b d/a"},
	 "f b?; d d!"},
	{"a hard link to a directory is refused",
	 {"d a; h b a"},
	 "error: entry 'b': a hard link to a directory"},
	{"a hard link out of the root is refused",
	 {"h b ../a"},
	 "error: entry 'b': hard link target: '../a' leaves the root"},
	{"a hard link to itself changes nothing", {"f a 1; h a a"}, "f a=1"},
	{"a hard link over a directory takes its place",
	 {"f x 1; d a; f a/b 2; h a x"},
	 "f a=1; f x=1"},
	{"a hard link to what it replaces", {"d a; f a/b 2; h a a/b"}, "f a=2"},
	{"what a hard link's own entry says holds for both names, and is flagged",
	 {"f a 1; h b a 4755"},
	 "f a=1%4755~; f b=1%4755~"},
	{"also through a link on the way",
	 {"d d; f d/a 1; l l d; h b l/a 600"},
	 "f b=1%600~; d d; f d/a=1%600~; l l->d"},
	{"but not for a file of a lower layer", {"f a 1", "h b a 600"}, "f b=1~"},
	{"and not for one of the AUFS pool",
	 {"f .wh..wh.plnk/1.2 1; h a .wh..wh.plnk/1.2 600"},
	 "f a=1"},
	{"nor for a symbolic link, whose mode means nothing",
	 {"l a x; h b a 600"},
	 "l a->x; l b->x"},
	{"a hard link with another mode to what it replaces",
	 {"d a; f a/b 2; h a a/b 600"},
	 "f a=2%600~"},
	{"a link into the AUFS pool",
	 {"f .wh..wh.plnk/1.2 1; h a .wh..wh.plnk/1.2; h b .wh..wh.plnk/1.3"},
	 "f a=1; f b?"},

	{"a hard link to a link that leads nowhere is one, too", {"h b a; h c b"}, "f b?; f c?"},
	{"hard links in a circle are unresolved, one after the other",
	 {"h a b; h b a; h a b"},
	 "f a?; f b?"},
	{"a hard link whose target comes later is unresolved", {"h b a; f a 1"}, "f a=1; f b?"},
	{"a hard link with a path through a circle of links is refused",
	 {"l a b; l b a; h c a/x"},
	 "error: entry 'c': more than 40 symbolic links on the way"},
	{"a hard link to what a whiteout of the same layer spared",
	 {"f a 1", "f a 2; f .wh.a; h b a"},
	 "f a=2~; f b=2"},

	/* more deletions */
	{"a whiteout of a directory spares what the layer puts in it, whichever comes first",
	 {"d a; f a/b 1", "d a; f a/c 2; f .wh.a; f a/d 3"},
	 "d a!~; f a/c=2; f a/d=3"},
	{"a whiteout and then only something beneath it",
	 {"d a; f a/b 1", "f .wh.a; f a/c 2"},
	 "d a*!; f a/c=2"},
	{"a whiteout inside a linked directory of the same layer",
	 {"d u; f u/x 1", "l l u; f l/.wh.x"},
	 "l l->u; d u*; w u/x"},
	{"an opaque sign inside a linked directory of a lower layer",
	 {"d u; f u/x 1; l l u", "f l/.wh..wh..opq"},
	 "d u*!~"},
	{"a whiteout twice is one", {"f a 1", "f .wh.a; f .wh.a"}, "w a"},
	{"a whiteout of what is not there", {"f a 1", "f .wh.b"}, "w b"},
	{"whiteout, file, directory, file: the last one",
	 {"f .wh.a; f a 1; d a; f a/x 2; f a 3"},
	 "f a=3~"},
	{"a deleted name that a link takes",
	 {"d a; f a/x 1", "f .wh.a; d b; l a b; f a/y 2"},
	 "l a->b~; d b; f b/y=2"},
	{"three dots are a name", {"f .wh.... 1"}, "w ..."},
	{"bookkeeping of AUFS in a directory is left out, too",
	 {"d d; f d/.wh..wh.plnk 1; f d/.wh..wh.x 2"},
	 "d d"},

	/* data that looks like a marker */
	{"a 0:0 device is data, and flagged", {"c a 0:0; c b 1:3"}, "c a=0:0~; c b=1:3"},
	{"a trusted overlay attribute is data, and flagged",
	 {"x a trusted.overlay.opaque; x b trusted.other"},
	 "f a=~; f b="},
	{"a user overlay attribute too", {"x a user.overlay.whiteout"}, "f a=~"},
	{"a hard link to a 0:0 device is one", {"f a 1", "c a 0:0", "h b a"}, "c b=0:0~"},
};

static void check(const struct row *row, struct buf *out)
{
	struct sl_error err = SL_ERROR_INIT;
	struct sl_baselines *b = NULL;
	struct sl_source *src = NULL;
	uint8_t chain[SL_SHA256_SIZE];
	size_t count = 0;
	int rc;

	while (count < MAX_LAYERS && row->layers[count] != NULL)
		count++;
	assert_int_equal(sl_baselines_open(&b, NULL, NULL), 0);
	rc = kit_store(b, "image", row->layers, count, NULL, &err);
	if (rc == 0) {
		kit_chain(chain, row->layers, count);
		assert_int_equal(sl_baselines_layer(b, chain, &src, NULL), 0);
		kit_dump(out, src);
		sl_source_close(src);
	} else {
		assert_int_equal(rc, -SL_EFORMAT);
		buf_reset(out);
		(void)buf_printf(out, "error: %s", sl_error_text(&err));
	}
	sl_error_clear(&err);
	sl_baselines_close(b);
}

static void every_sentence_holds(void **state)
{
	struct buf out CLEANUP(buf_clear) = BUF_INIT(1 << 20);
	size_t failed = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		check(&rows[i], &out);
		if (strcmp(out.data, rows[i].expected) == 0)
			continue;
		failed++;
		print_error("%s\n   expected: %s\n   found:    %s\n", rows[i].says,
			    rows[i].expected, out.data);
	}
	assert_int_equal(failed, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(every_sentence_holds)};

	return cmocka_run_group_tests_name("a layer's tar", tests, NULL, NULL);
}
