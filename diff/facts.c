/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/facts.h"

#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "diff/acl.h"
#include "diff/caps.h"
#include "diff/magic.h"
#include "diff/startlinks.h"
#include "diff/timefacts.h"

#define ANY_EXECUTE 0111u
#define WRITE_OTHERS 0002u

/* ---- names ---- */

struct sl_bytes facts_last_component(struct sl_bytes path)
{
	const char *slash = memrchr(path.data, '/', path.len);

	if (slash == NULL)
		return path;
	return (struct sl_bytes){slash + 1, (size_t)(path.data + path.len - slash - 1)};
}

static fact_set name_facts(struct sl_bytes path)
{
	struct sl_bytes name = facts_last_component(path);
	fact_set facts = 0;

	if (name.len > 0 && name.data[0] == '.')
		facts |= SL_SIGNAL_HIDDEN_NAME | FACT_DOT_NAME;
	if (facts_is_deceptive(name))
		facts |= SL_SIGNAL_HIDDEN_NAME | FACT_DECEPTIVE;
	return facts;
}

/* ---- what it is, and what it gained ---- */

/* True when @after carries capabilities that @before did not carry in the same form. */
static bool gained_caps(const struct sl_entry *before, const struct sl_entry *after)
{
	static const char name[] = "security.capability";
	const struct sl_xattr *is = sl_entry_xattr(after, name);
	const struct sl_xattr *was = before != NULL ? sl_entry_xattr(before, name) : NULL;
	struct caps now, then;

	if (is == NULL)
		return false;
	if (was != NULL && was->size == is->size && memcmp(was->value, is->value, is->size) == 0)
		return false;
	if (caps_decode(&now, is->value, is->size) < 0)
		return true; /* the kernel may read what we cannot */
	if ((now.permitted | now.inheritable) == 0)
		return false;
	if (was == NULL || caps_decode(&then, was->value, was->size) < 0)
		return true;
	/* the same set in another revision is no gain, and neither is a smaller one */
	return (now.permitted & ~then.permitted) != 0 ||
	       (now.inheritable & ~then.inheritable) != 0 || (now.effective && !then.effective) ||
	       now.root_id != then.root_id;
}

static fact_set regular_facts(const struct sl_change *c, const struct sl_entry *before)
{
	const struct sl_entry *after = c->after;
	uint32_t was = before != NULL ? before->mode : 0;
	fact_set facts = FACT_REGULAR;

	if ((after->mode & S_ISUID) != 0)
		facts |= FACT_SETID | ((was & S_ISUID) == 0 ? (fact_set)SL_SIGNAL_SETUID : 0);
	if ((after->mode & S_ISGID) != 0)
		facts |= FACT_SETID | ((was & S_ISGID) == 0 ? (fact_set)SL_SIGNAL_SETGID : 0);
	if ((after->mode & ANY_EXECUTE) != 0)
		facts |= SL_SIGNAL_EXECUTABLE | ((was & ANY_EXECUTE) == 0 ? FACT_EXEC_GAINED : 0);
	if (gained_caps(before, after))
		facts |= SL_SIGNAL_CAPS;
	if (c->head_len > 0)
		facts |= magic_signals(c->head, c->head_len) | magic_facts(c->head, c->head_len);
	if (c->head_len > 0 || after->size == 0)
		facts |= FACT_READ;
	if (before != NULL && before->size > 0 && after->size == 0)
		facts |= SL_SIGNAL_TRUNCATED;
	if (before != NULL && after->size < before->size)
		facts |= FACT_SHRUNK;
	if (after->size > 0)
		facts |= FACT_FILLED;
	return facts;
}

/* Everyone may write to it; a directory with the sticky bit is meant to be written by all. */
static bool is_open(const struct sl_entry *e)
{
	return (e->mode & WRITE_OTHERS) != 0 && !(S_ISDIR(e->mode) && (e->mode & S_ISVTX) != 0);
}

/* An access list of it, or the one that new files in it get, lets others write. */
static bool is_opened_by_list(const struct sl_entry *e)
{
	static const char *const names[] = {"system.posix_acl_access", "system.posix_acl_default"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct sl_xattr *list = sl_entry_xattr(e, names[i]);

		if (list != NULL && acl_grants_write(list->value, list->size))
			return true;
	}
	return false;
}

/* A note of a browser or a file server has some dozen bytes. */
#define ATTRIBUTE_LARGE 256

static bool is_large_attribute(const struct sl_xattr *x, const struct sl_entry *before)
{
	const struct sl_xattr *was = before != NULL ? sl_entry_xattr(before, x->name) : NULL;
	size_t n = x->size < MAGIC_WINDOW ? x->size : MAGIC_WINDOW;

	if (strncmp(x->name, "user.", 5) != 0 || x->size == 0 ||
	    (was != NULL && was->size == x->size && memcmp(was->value, x->value, x->size) == 0))
		return false;
	return x->size >= ATTRIBUTE_LARGE ||
	       (magic_signals(x->value, n) & (SL_SIGNAL_ELF | SL_SIGNAL_SCRIPT)) != 0 ||
	       (magic_facts(x->value, n) & FACT_ENCODED) != 0;
}

static bool has_large_attribute(const struct sl_entry *after, const struct sl_entry *before)
{
	for (size_t i = 0; i < after->xattr_count; i++)
		if (is_large_attribute(&after->xattrs[i], before))
			return true;
	return false;
}

static fact_set after_facts(const struct sl_change *c)
{
	const struct sl_entry *after = c->after;
	const struct sl_entry *before = c->before;
	bool is_same_type = before != NULL && ((before->mode ^ after->mode) & S_IFMT) == 0;
	fact_set facts = has_large_attribute(after, before) ? FACT_LARGE_ATTRIBUTE : 0;

	switch (after->mode & S_IFMT) {
	case S_IFREG:
		facts |= regular_facts(c, is_same_type ? before : NULL);
		break;
	case S_IFDIR:
		facts |= FACT_DIRECTORY;
		break;
	case S_IFLNK:
		return FACT_LINK | FACT_FILLED |
		       (facts_leads_out(c->path, after->target) ? FACT_LINK_OUT : 0);
	case S_IFBLK:
		facts |= FACT_BLOCK | FACT_FILLED;
		facts |= is_same_type && (c->fields & SL_FIELD_RDEV) == 0 ? 0 : SL_SIGNAL_DEVICE;
		break;
	case S_IFCHR:
		facts |= FACT_FILLED;
		facts |= is_same_type && (c->fields & SL_FIELD_RDEV) == 0 ? 0 : SL_SIGNAL_DEVICE;
		break;
	case S_IFSOCK:
		return FACT_FILLED | FACT_SOCKET;
	case S_IFIFO:
		return FACT_FILLED | FACT_FIFO;
	default:
		return FACT_FILLED;
	}
	if (is_open(after)) {
		facts |= SL_SIGNAL_WORLD_WRITABLE;
		if (!is_same_type || !is_open(before))
			facts |= FACT_WRITE_GAINED;
	}
	if (is_opened_by_list(after) && (!is_same_type || !is_opened_by_list(before)))
		facts |= FACT_WRITE_GAINED;
	return facts;
}

/* ---- all of it ---- */

/* Host security labels are no content of the container's. */
static bool has_attributes(const struct sl_change *c)
{
	if (c->before != NULL)
		return (c->fields & SL_FIELD_XATTRS) != 0;
	for (size_t i = 0; i < c->after->xattr_count; i++)
		if (strcmp(c->after->xattrs[i].name, "security.selinux") != 0)
			return true;
	return false;
}

/* Entry points are quick; the kernel's file times lag behind its clock by some milliseconds. */
#define START_SECONDS 60

/*
 * By the time of the last change to the object's metadata, which nobody inside sets without
 * setting the host's clock.
 */
bool facts_is_at_start(const struct sl_entry *after, const struct sl_container *container)
{
	const struct {
		bool known;
		int64_t sec;
	} starts[] = {{container->has_created, container->created.sec},
		      {container->has_started, container->started.sec}};

	if ((after->fields & SL_ENTRY_CTIME) == 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(starts); i++)
		if (starts[i].known && after->ctime.sec >= starts[i].sec - 1 &&
		    after->ctime.sec - START_SECONDS <= starts[i].sec)
			return true;
	return false;
}

static bool is_in_mail_queue(struct sl_bytes path)
{
	static const char queue[] = "var/spool/postfix/";

	return path.len > sizeof(queue) && memcmp(path.data, queue, sizeof(queue) - 1) == 0;
}

fact_set facts_of(const struct sl_change *c, const struct sl_container *container)
{
	fact_set facts = c->signals | facts_of_place(c->path, container);

	if ((c->fields & SL_FIELD_OWNER) != 0)
		facts |= FACT_OWNER_MOVED;
	if ((c->fields & SL_FIELD_MODE) != 0)
		facts |= FACT_MODE_MOVED;
	if (c->before != NULL && S_ISREG(c->before->mode)) {
		facts |= FACT_WAS_REGULAR;
		if ((c->before->mode & ANY_EXECUTE) != 0)
			facts |= FACT_WAS_PROGRAM;
	}
	if (c->before != NULL && S_ISDIR(c->before->mode))
		facts |= FACT_WAS_DIRECTORY;
	if (c->after == NULL)
		return facts_without(facts, SL_SIGNAL_UNDER_MOUNT | FACT_BENEATH_MOUNT);
	facts |= after_facts(c) | name_facts(c->path) | timefacts_of(c, container);
	if (has_attributes(c))
		facts |= FACT_ATTRIBUTES;
	if (container != NULL && facts_is_at_start(c->after, container))
		facts |= FACT_AT_START;
	if ((facts & FACT_QUEUED_MAIL) != 0 && !is_in_mail_queue(c->path))
		facts = facts_without(facts, FACT_QUEUED_MAIL);
	if ((facts & FACT_AT_START) != 0 && S_ISLNK(c->after->mode) &&
	    startlinks_are_usual(c->path, c->after->target))
		facts |= FACT_USUAL_LINK;
	/* seen through the mount, it is not hidden by it */
	if ((c->signals & SL_SIGNAL_VOLUME) != 0)
		facts = facts_without(facts, SL_SIGNAL_UNDER_MOUNT | FACT_BENEATH_MOUNT);
	return facts;
}
