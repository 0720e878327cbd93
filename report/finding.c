/* SPDX-License-Identifier: Apache-2.0 */
/* One finding, and one entry, as JSON. */
#include "report/report.h"

#include <string.h>
#include <sys/stat.h>

#include "core/encode.h"
#include "core/json.h"
#include "report/words.h"

/* Names are bytes: those that are no UTF-8 go to a list of their own, so that no two collide. */
static bool xattr_is_text(const struct sl_xattr *x)
{
	return utf8_valid(x->name, strlen(x->name));
}

static void entry_xattrs(struct jout *j, const struct sl_entry *e)
{
	size_t odd = 0;

	jout_key(j, "xattrs");
	jout_object(j);
	for (size_t i = 0; i < e->xattr_count; i++) {
		if (!xattr_is_text(&e->xattrs[i])) {
			odd++;
			continue;
		}
		jout_key(j, e->xattrs[i].name);
		jout_base64(j, e->xattrs[i].value, e->xattrs[i].size);
	}
	jout_object_end(j);
	if (odd == 0)
		return;
	jout_key(j, "xattrs_b64");
	jout_array(j);
	for (size_t i = 0; i < e->xattr_count; i++) {
		const struct sl_xattr *x = &e->xattrs[i];

		if (xattr_is_text(x))
			continue;
		jout_object(j);
		jout_key(j, "name_b64");
		jout_base64(j, x->name, strlen(x->name));
		jout_key(j, "value");
		jout_base64(j, x->value, x->size);
		jout_object_end(j);
	}
	jout_array_end(j);
}

static void entry_times(struct jout *j, const struct sl_entry *e)
{
	if ((e->fields & SL_ENTRY_MTIME) != 0)
		jout_key_time(j, "mtime", e->mtime);
	if ((e->fields & SL_ENTRY_ATIME) != 0)
		jout_key_time(j, "atime", e->atime);
	if ((e->fields & SL_ENTRY_CTIME) != 0)
		jout_key_time(j, "ctime", e->ctime);
	if ((e->fields & SL_ENTRY_BTIME) != 0)
		jout_key_time(j, "btime", e->btime);
}

static void entry_device(struct jout *j, const struct sl_entry *e)
{
	jout_key(j, "rdev");
	jout_object(j);
	jout_key_u64(j, "major", e->rdev_major);
	jout_key_u64(j, "minor", e->rdev_minor);
	jout_object_end(j);
}

static void entry_digests(struct jout *j, const struct sl_entry *e)
{
	jout_key(j, "sha256");
	if ((e->fields & SL_ENTRY_SHA256) != 0)
		jout_hex(j, e->sha256, sizeof(e->sha256));
	else
		jout_null(j); /* compared, but not proven: --quick, or unread */
	if ((e->fields & SL_ENTRY_XXH3) != 0)
		jout_key_hex(j, "xxh3", e->xxh3, sizeof(e->xxh3));
	if ((e->fields & SL_ENTRY_CACHED) != 0)
		jout_key_bool(j, "cached", true); /* of an earlier reading: no proof */
}

void report_entry(struct jout *j, const struct sl_entry *e)
{
	if (e == NULL) {
		jout_null(j);
		return;
	}
	jout_object(j);
	jout_key_str(j, "type", sl_type_name(e->mode));
	jout_key(j, "mode");
	jout_mode(j, e->mode);
	jout_key_u64(j, "uid", e->uid);
	jout_key_u64(j, "gid", e->gid);
	if (S_ISREG(e->mode))
		jout_key_u64(j, "size", e->size);
	entry_times(j, e);
	if (S_ISREG(e->mode))
		entry_digests(j, e);
	if (e->target.data != NULL)
		jout_bytes(j, "target", "", e->target);
	if (S_ISCHR(e->mode) || S_ISBLK(e->mode))
		entry_device(j, e);
	if ((e->fields & SL_ENTRY_INODE) != 0) {
		jout_key(j, "dev");
		jout_id(j, e->dev);
		jout_key(j, "ino");
		jout_id(j, e->ino);
		jout_key_u64(j, "nlink", e->nlink);
	}
	if ((e->fields & SL_ENTRY_XATTRS) != 0)
		entry_xattrs(j, e);
	if ((e->flags & SL_ENTRY_IMPLIED) != 0)
		jout_key_bool(j, "implied", true);
	jout_object_end(j);
}

static void strings(struct jout *j, const char *key, const char *const *list, size_t count)
{
	jout_key(j, key);
	jout_array(j);
	for (size_t i = 0; i < count; i++)
		jout_str(j, list[i]);
	jout_array_end(j);
}

static void signals(struct jout *j, uint64_t set)
{
	jout_key(j, "signals");
	jout_array(j);
	for (unsigned int bit = 0; bit < SL_SIGNAL_BITS; bit++) {
		const char *name =
			(set & UINT64_C(1) << bit) != 0 ? sl_signal_name(UINT64_C(1) << bit) : NULL;

		if (name != NULL)
			jout_str(j, name);
	}
	jout_array_end(j);
}

static void changed_fields(struct jout *j, uint32_t fields)
{
	jout_key(j, "changed");
	jout_array(j);
	for (unsigned int bit = 0; bit < 32; bit++) {
		const char *name = (fields & 1u << bit) != 0 ? words_field(1u << bit) : NULL;

		if (name != NULL)
			jout_str(j, name);
	}
	jout_array_end(j);
}

static void explained_by(struct jout *j, const struct sl_finding *f)
{
	jout_key(j, "explained_by");
	if (f->cause == SL_CAUSE_NONE) {
		jout_null(j);
		return;
	}
	jout_object(j);
	jout_key_str(j, "cause", sl_cause_name(f->cause));
	jout_key_str(j, "name", f->cause_name);
	if (f->cause_by != NULL)
		jout_key_str(j, "approved_by", f->cause_by);
	if (f->cause_reason != NULL)
		jout_key_str(j, "reason", f->cause_reason);
	jout_object_end(j);
}

static void changed_lines(struct jout *j, const struct sl_notes *n)
{
	jout_key(j, "lines");
	jout_array(j);
	for (size_t i = 0; i < n->line_count; i++) {
		const struct sl_line *line = &n->lines[i];
		char sign[2] = {line->sign, '\0'};

		jout_object(j);
		jout_key_str(j, "sign", sign);
		jout_key_u64(j, "number", line->number);
		jout_bytes(j, "text", "", line->text);
		jout_object_end(j);
	}
	jout_array_end(j);
	if (n->lines_left_out > 0)
		jout_key_u64(j, "lines_left_out", n->lines_left_out);
}

static void package(struct jout *j, const struct sl_package *p)
{
	jout_key(j, "package");
	jout_object(j);
	jout_key_str(j, "manager", p->manager);
	jout_bytes(j, "name", "", p->name);
	if (p->version.data != NULL)
		jout_bytes(j, "version", "", p->version);
	jout_key_bool(j, "in_image", p->is_in_image);
	if (p->has_digest)
		jout_key_bool(j, "digest_equal", p->digest_equal);
	jout_key_bool(j, "verified", false); /* whatever it says, who wrote it is not known */
	jout_object_end(j);
}

static void process(struct jout *j, const struct sl_notes *n)
{
	jout_key(j, "process");
	jout_object(j);
	jout_key_u64(j, "pid", (uint64_t)n->pid);
	if (n->process.data != NULL)
		jout_bytes(j, "command", "", n->process);
	jout_object_end(j);
}

static void setting(struct jout *j, const struct sl_notes *n)
{
	jout_key(j, "setting");
	jout_object(j);
	jout_key_str(j, "name", n->setting);
	jout_key_str(j, "expected", n->expected);
	jout_key_str(j, "found", n->found);
	jout_object_end(j);
}

static void acknowledged(struct jout *j, const struct sl_notes *n)
{
	jout_key(j, "acknowledged");
	jout_object(j);
	jout_key_str(j, "by", n->ack_by);
	jout_key_str(j, "reason", n->ack_reason);
	if (n->has_ack_until)
		jout_key_time(j, "until", n->ack_until);
	jout_object_end(j);
}

static void notes(struct jout *j, const struct sl_notes *n)
{
	if (n->line_count > 0 || n->lines_left_out > 0)
		changed_lines(j, n);
	if (n->package != NULL)
		package(j, n->package);
	if (n->pid != 0)
		process(j, n);
	if (n->setting != NULL)
		setting(j, n);
	if (n->yara_count > 0)
		strings(j, "yara", n->yara, n->yara_count);
	if (n->listed_as != NULL)
		jout_key_str(j, "listed_as", n->listed_as);
	if (n->ack_by != NULL)
		acknowledged(j, n);
	if (n->is_seen)
		jout_key_bool(j, "seen", true);
}

void report_finding_members(struct jout *j, const struct sl_finding *f)
{
	const struct sl_change *c = f->change;

	jout_key_hex(j, "id", f->id, sizeof(f->id));
	jout_key_str(j, "kind", sl_finding_kind_name(f->kind));
	if (c != NULL) {
		jout_bytes(j, "path", "/", c->path);
		jout_key_str(j, "change", sl_change_name(c->kind));
		jout_key(j, "before");
		report_entry(j, c->before);
		if ((c->signals & SL_SIGNAL_VOLUME) != 0)
			jout_key_str(j, "baseline", "none");
		jout_key(j, "after");
		report_entry(j, c->after);
		signals(j, c->signals);
	} else {
		jout_bytes(j, "subject", "", f->subject);
		signals(j, f->signals);
	}
	jout_key_str(j, "severity", sl_severity_name(f->severity));
	strings(j, "rules", f->rules, f->rule_count);
	strings(j, "attack", f->attack, f->attack_count);
	explained_by(j, f);
	strings(j, "reasons", f->reasons, f->rule_count);
	if (c != NULL)
		changed_fields(j, c->fields);
	if (c != NULL && c->renamed_from.data != NULL)
		jout_bytes(j, "renamed_from", "/", c->renamed_from);
	if (c != NULL && c->renamed_to.data != NULL)
		jout_bytes(j, "renamed_to", "/", c->renamed_to);
	if (f->message != NULL)
		jout_key_str(j, "message", f->message);
	notes(j, &f->notes);
}
