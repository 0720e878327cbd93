/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One change of one object, as a container can make it: an entry before and after, a path, a link's
 * target. What is said of it can be shown; what the shipped rules explain is nothing that no rule
 * may explain; entries that are kept are the same afterwards.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/encode.h"
#include "diff/benign.h"
#include "diff/textfile.h"

#define XATTRS 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *at;
	size_t left;
};

static void must(bool good)
{
	if (!good)
		abort();
}

static void take(struct input *in, void *out, size_t len)
{
	size_t n = in->left < len ? in->left : len;

	memset(out, 0, len);
	memcpy(out, in->at, n);
	in->at += n;
	in->left -= n;
}

static unsigned int take_byte(struct input *in)
{
	uint8_t byte;

	take(in, &byte, 1);
	return byte;
}

/* To the next NUL, which stays out. */
static struct sl_bytes take_text(struct input *in)
{
	const uint8_t *nul = in->left > 0 ? memchr(in->at, 0, in->left) : NULL;
	struct sl_bytes text = {(const char *)in->at,
				nul != NULL ? (size_t)(nul - in->at) : in->left};

	in->at += text.len + (nul != NULL);
	in->left -= text.len + (nul != NULL);
	return text;
}

static void take_xattrs(struct input *in, struct sl_entry *e, struct sl_xattr *list)
{
	static const char *const names[] = {"security.capability", "system.posix_acl_access",
					    "user.note"};

	e->xattrs = list;
	for (size_t i = 0; i < XATTRS; i++) {
		size_t len = take_byte(in);

		if (len == 0)
			continue;
		len = len < in->left ? len : in->left;
		list[e->xattr_count++] =
			(struct sl_xattr){.name = names[i], .value = in->at, .size = len};
		in->at += len;
		in->left -= len;
	}
}

static void take_entry(struct input *in, struct sl_entry *e, struct sl_xattr *list,
		       struct sl_bytes path)
{
	static const uint32_t types[] = {S_IFREG, S_IFREG, S_IFDIR, S_IFLNK,
					 S_IFCHR, S_IFBLK, S_IFIFO, S_IFSOCK};
	uint16_t mode, fields;

	take(in, &mode, sizeof(mode));
	take(in, &fields, sizeof(fields));
	*e = (struct sl_entry){.path = path,
			       .mode = types[mode >> 12 & 7] | (mode & 07777),
			       .fields = fields & 0x3ff};
	take(in, &e->uid, sizeof(e->uid));
	take(in, &e->gid, 1);
	take(in, &e->size, S_ISREG(e->mode) ? sizeof(e->size) : 0);
	take(in, &e->mtime.sec, sizeof(e->mtime.sec));
	take(in, &e->ctime.sec, sizeof(e->ctime.sec));
	take(in, &e->sha256, 1);
	take(in, &e->rdev_major, 1);
	if (S_ISLNK(e->mode))
		e->target = take_text(in);
	if (S_ISREG(e->mode)) {
		take(in, e->head, sizeof(e->head));
		e->head_len = sizeof(e->head);
	}
	take_xattrs(in, e, list);
}

/* ---- what is kept of it ---- */

static int append(void *payload, const void *bytes, size_t len)
{
	return buf_append(payload, bytes, len);
}

static void keep(const struct sl_entry *e)
{
	CLEANUP(buf_clear) struct buf bytes = BUF_INIT((size_t)1 << 20);
	CLEANUP(buf_clear) struct buf again = BUF_INIT((size_t)1 << 20);
	struct sl_xattr list[XATTRS];
	struct sl_entry *copy = NULL, read;

	must(sl_entry_copy(&copy, e) == 0 && sl_entry_encode(copy, append, &bytes) == 0);
	must(sl_entry_decode(&read, bytes.data, bytes.len, list, XATTRS) == bytes.len);
	must(sl_entry_compare(e, &read) == sl_entry_compare(&read, e));
	must(sl_entry_encode(&read, append, &again) == 0);
	must(again.len == bytes.len && memcmp(again.data, bytes.data, bytes.len) == 0);
	/* of what is cut there is nothing */
	must(sl_entry_decode(&read, bytes.data, bytes.len - 1, list, XATTRS) == 0);
	sl_entry_free(copy);
}

/* ---- what is said of it ---- */

static void describe(const struct sl_change *c, bool alike)
{
	AUTO_FREE char *text = sl_change_describe(c, alike);

	must(text != NULL && utf8_valid(text, strlen(text)));
	for (const char *p = text; *p != '\0'; p++)
		must((unsigned char)*p >= ' ' && *p != 0x7f);
}

static const struct ruleset *shipped_rules(void)
{
	static struct ruleset set;

	if (set.count == 0)
		must(ruleset_init(&set, rules_table, rules_count, NULL, 0, NULL) == 0);
	return &set;
}

static void judge(const struct sl_change *c)
{
	char volume[] = "/data", type[] = "volume";
	struct sl_mount mounts[] = {{.path = volume, .type = type, .rw = true}};
	const struct sl_container container = {.mounts = mounts, .mount_count = 1};
	struct sl_finding f = {.kind = SL_FINDING_FILE, .change = c};
	fact_set facts = facts_of(c, &container);

	rules_apply(shipped_rules(), &f, c, facts);
	must(f.cause == SL_CAUSE_NONE || (facts & BENIGN_NEVER) == 0);
	must(f.rule_count <= SL_FINDING_MAX_RULES && f.severity <= SL_SEVERITY_CRITICAL);
	for (size_t i = 1; i < f.attack_count; i++)
		must(strcmp(f.attack[i - 1], f.attack[i]) < 0);
	(void)textfile_of(c->path);
}

/* Bytes with '/' as zero are in the order of the paths. */
static void order(struct sl_bytes a, struct sl_bytes b)
{
	size_t common = a.len < b.len ? a.len : b.len;
	int want = 0, got = sl_path_compare(a, b);

	for (size_t i = 0; want == 0 && i < common; i++) {
		unsigned char x = a.data[i] == '/' ? 0 : (unsigned char)a.data[i];
		unsigned char y = b.data[i] == '/' ? 0 : (unsigned char)b.data[i];

		want = (x > y) - (x < y);
	}
	if (want == 0)
		want = (a.len > b.len) - (a.len < b.len);
	must((got > 0) - (got < 0) == want && sl_path_within(a, a) &&
	     sl_path_within(a, (struct sl_bytes){"", 0}));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	struct sl_bytes path = take_text(&in), other = take_text(&in);
	unsigned int kind = take_byte(&in) % SL_CHANGE_KINDS;
	struct sl_xattr lists[2][XATTRS];
	struct sl_entry before, after;
	struct sl_change c = {.kind = (enum sl_change_kind)kind, .path = path};

	if (size > 4096)
		return 0;
	order(path, other);
	take_entry(&in, &before, lists[0], path);
	take_entry(&in, &after, lists[1], path);
	keep(&before);
	keep(&after);
	c.before = kind == SL_CHANGE_ADDED ? NULL : &before;
	c.after = kind == SL_CHANGE_DELETED ? NULL : &after;
	if (c.before != NULL && c.after != NULL) {
		c.fields = sl_entry_compare(&before, &after);
		c.kind = sl_change_kind_of(c.fields, after.mode);
	}
	if (c.after != NULL) {
		memcpy(c.head, after.head, after.head_len);
		c.head_len = after.head_len;
	}
	describe(&c, false);
	describe(&c, true);
	judge(&c);
	return 0;
}
