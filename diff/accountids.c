/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/accountids.h"

#include <string.h>

#include "diff/linerules.h"

#define ID_FIELD 2 /* of passwd and group alike; in passwd the group's stands behind it */
#define ACCOUNTS_MAX 16

static bool equal(struct sl_bytes a, struct sl_bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* One that every C library reads alike, and that is not root's. */
static bool is_plain_id(struct sl_bytes field)
{
	for (size_t i = 0; i < field.len; i++)
		if (field.data[i] < '0' || field.data[i] > '9')
			return false;
	return field.len > 0 && field.len <= 9 && field.data[0] != '0';
}

/* Groups that come with a system are below: some of them, like disk and shadow, are as good as
 * root. */
static bool is_system_group(struct sl_bytes id)
{
	return id.len < 2 || (id.len == 2 && !equal(id, (struct sl_bytes){"99", 2}));
}

/* How many lines of @text have @id where ids stand. */
static size_t count_id(struct sl_bytes text, struct sl_bytes id)
{
	size_t count = 0;

	while (text.len > 0) {
		const char *end = memchr(text.data, '\n', text.len);
		size_t len = end != NULL ? (size_t)(end - text.data) : text.len;
		struct sl_bytes field;

		if (textfile_field((struct sl_bytes){text.data, len}, ID_FIELD, &field))
			count += equal(field, id);
		if (end == NULL)
			break;
		text = (struct sl_bytes){end + 1, text.len - len - 1};
	}
	return count;
}

static bool is_ordinary(enum textfile what, struct sl_bytes name)
{
	if (name.len == 0 || memchr("#+-", name.data[0], 3) != NULL)
		return false;
	if (what == TEXTFILE_GROUP && linerules_is_powerful_group(name))
		return false;
	return !(name.len == 4 && memcmp(name.data, "root", 4) == 0);
}

/* Field by field: what is no id is the same. */
static bool differs_in_ids(enum textfile what, struct sl_bytes was, struct sl_bytes is)
{
	for (size_t n = 0;; n++) {
		bool is_id = n == ID_FIELD || (n == ID_FIELD + 1 && what == TEXTFILE_PASSWD);
		struct sl_bytes a, b;
		bool has = textfile_field(was, n, &a);

		if (has != textfile_field(is, n, &b))
			return false;
		if (!has)
			return n > ID_FIELD;
		if (is_id ? !is_plain_id(a) || !is_plain_id(b) : !equal(a, b))
			return false;
		if (n > ID_FIELD && is_id && !equal(a, b) && is_system_group(b))
			return false;
	}
}

/* The only line that went and speaks of the same account; NULL: there is none, or more. */
static const struct sl_line *find_former(const struct sl_line *lines, size_t count,
					 struct sl_bytes name)
{
	const struct sl_line *found = NULL;

	for (size_t i = 0; i < count; i++) {
		struct sl_bytes first;

		if (lines[i].sign != '-' || !textfile_field(lines[i].text, 0, &first) ||
		    !equal(first, name))
			continue;
		if (found != NULL)
			return NULL;
		found = &lines[i];
	}
	return found;
}

bool accountids_only(enum textfile what, const struct sl_line *lines, size_t count,
		     struct sl_bytes after)
{
	size_t came = 0;

	if ((what != TEXTFILE_PASSWD && what != TEXTFILE_GROUP) || count > 2 * ACCOUNTS_MAX)
		return false;
	for (size_t i = 0; i < count; i++) {
		const struct sl_line *former;
		struct sl_bytes name, id;

		if (lines[i].sign != '+')
			continue;
		if (!textfile_field(lines[i].text, 0, &name) || !is_ordinary(what, name) ||
		    !textfile_field(lines[i].text, ID_FIELD, &id) || count_id(after, id) != 1)
			return false;
		former = find_former(lines, count, name);
		if (former == NULL || !differs_in_ids(what, former->text, lines[i].text))
			return false;
		came++;
	}
	/* as many went, each the former of one: none is gone, none is there twice */
	return came > 0 && came * 2 == count;
}
