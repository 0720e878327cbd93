/* SPDX-License-Identifier: Apache-2.0 */
/* A finding as an event: Detection Finding, or Compliance Finding for configuration. */
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/encode.h"
#include "core/quote.h"
#include "report/ocsf.h"
#include "report/report.h"
#include "report/tablenotes.h"
#include "report/tablerow.h"
#include "report/words.h"

#define TEXT_BYTES ((size_t)16 << 20)

static void text_key(struct jout *j, const char *key, const struct buf *text)
{
	if (text->status < 0)
		j->out->status = text->status;
	jout_key_str(j, key, text->data != NULL ? text->data : "");
}

static bool is_compliance(const struct sl_finding *f)
{
	return f->kind == SL_FINDING_CONFIG || f->kind == SL_FINDING_POSTURE;
}

/* Suppressed is what has a benign cause; what somebody acknowledged is in somebody's hands. */
static struct ocsf_head head_of(const struct sl_finding *f)
{
	struct ocsf_head h = {.class_uid = is_compliance(f) ? OCSF_COMPLIANCE_FINDING
							    : OCSF_DETECTION_FINDING,
			      .activity = f->notes.is_seen ? 2 : 1,
			      .activity_name = f->notes.is_seen ? "Update" : "Create",
			      .severity = (unsigned int)f->severity + 1,
			      .status = 1,
			      .status_name = "New"};

	if (f->notes.ack_by != NULL) {
		h.status = 2;
		h.status_name = "In Progress";
	}
	if (f->cause != SL_CAUSE_NONE) {
		h.status = 3;
		h.status_name = "Suppressed";
	}
	return h;
}

static void message(struct jout *j, const struct sl_finding *f)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(TEXT_BYTES);

	(void)buf_printf(&text, "%s ", tablerow_word(f));
	tablerow_path(&text, f);
	(void)buf_append_str(&text, ": ");
	tablerow_detail(&text, f);
	text_key(j, "message", &text);
}

static void technique(struct jout *j, const char *key, const char *id, size_t len)
{
	jout_key(j, key);
	jout_object(j);
	jout_key(j, "uid");
	jout_strn(j, id, len);
	jout_object_end(j);
}

/* "T1548.001" is a technique and its part. */
static void attacks(struct jout *j, const struct sl_finding *f)
{
	if (f->attack_count == 0)
		return;
	jout_key(j, "attacks");
	jout_array(j);
	for (size_t i = 0; i < f->attack_count; i++) {
		const char *id = f->attack[i];
		size_t len = strcspn(id, ".");

		jout_object(j);
		technique(j, "technique", id, len);
		if (id[len] == '.')
			technique(j, "sub_technique", id, strlen(id));
		jout_object_end(j);
	}
	jout_array_end(j);
}

static void analytic(struct jout *j, const char *rule, const char *reason)
{
	jout_object(j);
	jout_key_u64(j, "type_id", 1);
	jout_key_str(j, "type", "Rule");
	jout_key_str(j, "uid", rule);
	jout_key_str(j, "name", rule);
	if (reason != NULL)
		jout_key_str(j, "desc", reason);
	jout_object_end(j);
}

static void analytics(struct jout *j, const struct sl_finding *f)
{
	if (f->rule_count == 0)
		return;
	jout_key(j, "analytic");
	analytic(j, f->rules[0], f->reasons[0]);
	if (f->rule_count == 1)
		return;
	jout_key(j, "related_analytics");
	jout_array(j);
	for (size_t i = 1; i < f->rule_count; i++)
		analytic(j, f->rules[i], f->reasons[i]);
	jout_array_end(j);
}

/* Words that tell findings apart: the kind, what happened, the signals. */
static void types(struct jout *j, const struct sl_finding *f)
{
	uint64_t signals = f->change != NULL ? f->change->signals : f->signals;

	jout_key(j, "types");
	jout_array(j);
	jout_str(j, sl_finding_kind_name(f->kind));
	if (f->change != NULL)
		jout_str(j, sl_change_name(f->change->kind));
	for (unsigned int bit = 0; bit < SL_SIGNAL_BITS; bit++) {
		const char *name = (signals & UINT64_C(1) << bit) != 0
					   ? sl_signal_name(UINT64_C(1) << bit)
					   : NULL;

		if (name != NULL)
			jout_str(j, name);
	}
	jout_array_end(j);
}

static void finding_info(struct jout *j, const struct sl_finding *f)
{
	CLEANUP(buf_clear) struct buf title = BUF_INIT(TEXT_BYTES);

	jout_key(j, "finding_info");
	jout_object(j);
	jout_key_hex(j, "uid", f->id, sizeof(f->id));
	(void)buf_printf(&title, "%s ", tablerow_word(f));
	tablerow_path(&title, f);
	text_key(j, "title", &title);
	if (f->rule_count > 0 && f->reasons[0] != NULL)
		jout_key_str(j, "desc", f->reasons[0]);
	types(j, f);
	analytics(j, f);
	attacks(j, f);
	jout_object_end(j);
}

static void file_type(struct jout *j, uint32_t mode)
{
	static const struct {
		uint32_t mode;
		unsigned int id;
		const char *name;
	} known[] = {
		{S_IFREG, 1, "Regular File"},     {S_IFDIR, 2, "Folder"},
		{S_IFCHR, 3, "Character Device"}, {S_IFBLK, 4, "Block Device"},
		{S_IFSOCK, 5, "Local Socket"},    {S_IFIFO, 6, "Named Pipe"},
		{S_IFLNK, 7, "Symbolic Link"},
	};
	size_t i = 0;

	while (i < ARRAY_SIZE(known) && known[i].mode != (mode & S_IFMT))
		i++;
	jout_key_u64(j, "type_id", i < ARRAY_SIZE(known) ? known[i].id : 0);
	jout_key_str(j, "type", i < ARRAY_SIZE(known) ? known[i].name : "Unknown");
}

static void hashes(struct jout *j, const struct sl_entry *e)
{
	if (!S_ISREG(e->mode) || (e->fields & SL_ENTRY_SHA256) == 0)
		return;
	jout_key(j, "hashes");
	jout_array(j);
	jout_object(j);
	jout_key_u64(j, "algorithm_id", 3);
	jout_key_str(j, "algorithm", "SHA-256");
	jout_key_hex(j, "value", e->sha256, sizeof(e->sha256));
	jout_object_end(j);
	jout_array_end(j);
}

static void owner(struct jout *j, const struct sl_entry *e)
{
	jout_key(j, "owner");
	jout_object(j);
	jout_key(j, "uid");
	jout_id(j, e->uid);
	jout_object_end(j);
}

static void file(struct jout *j, const struct sl_change *c)
{
	const struct sl_entry *e = c->after != NULL ? c->after : c->before;
	size_t name = c->path.len;

	while (name > 0 && c->path.data[name - 1] != '/')
		name--;
	jout_object(j);
	ocsf_quoted(j, "name", c->path.len == 0 ? "/" : "",
		    (struct sl_bytes){c->path.data + name, c->path.len - name});
	ocsf_quoted(j, "path", "/", c->path);
	file_type(j, e != NULL ? e->mode : 0);
	if (e != NULL) {
		if (S_ISREG(e->mode))
			jout_key_u64(j, "size", e->size);
		owner(j, e);
		hashes(j, e);
		if ((e->fields & SL_ENTRY_MTIME) != 0)
			ocsf_key_time(j, "modified_time", e->mtime);
		if ((e->fields & SL_ENTRY_BTIME) != 0)
			ocsf_key_time(j, "created_time", e->btime);
	}
	jout_key_bool(j, "is_deleted", c->after == NULL);
	jout_object_end(j);
}

static void process(struct jout *j, const struct sl_notes *n)
{
	jout_key(j, "process");
	jout_object(j);
	jout_key(j, "pid");
	jout_i64(j, n->pid);
	ocsf_quoted(j, "cmd_line", "", n->process);
	jout_object_end(j);
}

/* Changed lines have no attribute of their own. */
static void data(struct jout *j, const struct sl_finding *f)
{
	CLEANUP(buf_clear) struct buf lines = BUF_INIT(TEXT_BYTES);

	jout_key(j, "data");
	jout_object(j);
	if (f->change == NULL)
		ocsf_quoted(j, "subject", "", f->subject);
	if (f->notes.line_count > 0) {
		notes_lines(&lines, &f->notes);
		text_key(j, "lines", &lines);
	}
	jout_object_end(j);
}

static void evidences(struct jout *j, const struct sl_finding *f, const struct sl_subject *subject)
{
	jout_key(j, "evidences");
	jout_array(j);
	jout_object(j);
	if (f->change != NULL) {
		jout_key(j, "file");
		file(j, f->change);
	}
	if (f->notes.pid > 0)
		process(j, &f->notes);
	if (f->change == NULL || f->notes.line_count > 0)
		data(j, f);
	jout_key(j, "container");
	ocsf_container(j, subject);
	jout_object_end(j);
	jout_array_end(j);
}

static void compliance(struct jout *j, const struct sl_finding *f)
{
	CLEANUP(buf_clear) struct buf detail = BUF_INIT(TEXT_BYTES);
	bool is_posture = f->kind == SL_FINDING_POSTURE;

	jout_key(j, "compliance");
	jout_object(j);
	jout_key(j, "standards");
	jout_array(j);
	jout_str(j, is_posture ? "CIS Docker Benchmark" : "approved profile");
	jout_array_end(j);
	if (f->notes.setting != NULL)
		jout_key_str(j, "control", f->notes.setting);
	else
		ocsf_quoted(j, "control", "", f->subject);
	jout_key_u64(j, "status_id", 3);
	jout_key_str(j, "status", "Fail");
	tablerow_detail(&detail, f);
	text_key(j, "status_detail", &detail);
	jout_object_end(j);
}

/* What has no attribute of its own, and every byte exactly: the finding as the document has it. */
static void unmapped(struct jout *j, const struct sl_finding *f)
{
	jout_key(j, "unmapped");
	jout_object(j);
	jout_key(j, "finding");
	jout_object(j);
	report_finding_members(j, f);
	jout_object_end(j);
	jout_object_end(j);
}

static void comment(struct jout *j, const struct sl_finding *f)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(TEXT_BYTES);

	if (f->notes.ack_by == NULL)
		return;
	notes_clause(&text, &f->notes);
	text_key(j, "comment", &text);
}

void ocsf_finding(struct jout *j, const struct sl_finding *f, const struct sl_subject *subject,
		  const struct sl_run *run)
{
	struct ocsf_head head = head_of(f);

	jout_object(j);
	ocsf_head(j, &head, run);
	message(j, f);
	comment(j, f);
	finding_info(j, f);
	ocsf_resources(j, subject);
	if (is_compliance(f))
		compliance(j, f);
	else
		evidences(j, f, subject);
	unmapped(j, f);
	jout_object_end(j);
}
