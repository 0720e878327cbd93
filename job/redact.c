/* SPDX-License-Identifier: Apache-2.0 */
#include "job/redact.h"

#include <string.h>

#include "core/cleanup.h"
#include "core/ostream.h"
#include "diff/secrets.h"
#include "forensics/inventory.h"
#include "forensics/record.h"
#include "job/redactjson.h"
#include "job/redactname.h"

/* Of a line that is too long this much is looked at twice, for what lies across two pieces. */
#define OVERLAP ((size_t)4 << 10)

static bool has_name(struct sl_bytes path, const char *name)
{
	size_t len = strlen(name);

	return path.len > len && path.data[path.len - len - 1] == '/' &&
	       memcmp(path.data + path.len - len, name, len) == 0;
}

/* As the container has it: paths of role "lower" begin with the number of the layer. */
static struct sl_bytes path_inside(const char *role, struct sl_bytes path)
{
	int slashes = strcmp(role, "lower") == 0 ? 2 : 1;

	if (path.len == 0 || path.data[0] != '/')
		return path;
	while (path.len > 0 && slashes > 0) {
		slashes -= path.data[0] == '/';
		path = (struct sl_bytes){path.data + 1, path.len - 1};
	}
	return path;
}

void redact_init(struct redact *r, const char *role, struct sl_bytes path, bundle_data_fn write,
		 void *payload)
{
	struct sl_bytes inside = path_inside(role, path);
	bool is_process = strcmp(role, "process") == 0;

	*r = (struct redact){.write = write, .payload = payload};
	r->line = BUF_INIT(REDACT_LINE_MAX);
	if (is_process && has_name(path, "environ"))
		r->kind = REDACT_ENVIRON;
	else if (is_process && has_name(path, "cmdline"))
		r->kind = REDACT_ARGUMENTS;
	r->what = textfile_of(inside);
	r->is_secret = redactname_is_secret_file(inside);
}

void redact_clear(struct redact *r)
{
	buf_clear(&r->line);
}

/* "NAME=value". A program may have written over its environment: what has no name is masked. */
static int mask_variable(struct buf *out, struct sl_bytes piece)
{
	size_t i = 0;

	while (i < piece.len && (unsigned char)piece.data[i] > ' ' && piece.data[i] != '=')
		i++;
	if (i > 0 && i < piece.len && piece.data[i] == '=' && i < 256)
		(void)buf_append(out, piece.data, i + 1);
	return buf_append_str(out, REDACTED);
}

static int mask_line(struct redact *r, struct buf *out, struct sl_bytes line)
{
	CLEANUP(buf_clear) struct buf plain = BUF_INIT(REDACT_GROWTH_MAX);
	int rc;

	if (line.len == 0)
		return 0;
	if (r->kind == REDACT_ENVIRON)
		return mask_variable(out, line);
	if (r->kind == REDACT_ARGUMENTS)
		return redact_argument(out, &r->state, line, 0);
	rc = secrets_mask(&plain, r->what, line);
	if (rc == 0 && plain.len > 0)
		rc = redact_line(out, &r->state, (struct sl_bytes){plain.data, plain.len});
	return rc;
}

/* What cannot be masked within bounds is masked as a whole. */
static int mask(struct redact *r, struct buf *out, struct sl_bytes line)
{
	int rc = mask_line(r, out, line);

	if (rc != -SL_ELIMIT && !r->is_long && !(r->is_secret && line.len > 0))
		return rc;
	buf_reset(out);
	return rc == -SL_ENOMEM ? rc : buf_append_str(out, REDACTED);
}

static int end_line(struct redact *r, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf out = BUF_INIT(REDACT_GROWTH_MAX);
	int rc = mask(r, &out, (struct sl_bytes){r->line.data, r->line.len});

	buf_reset(&r->line);
	r->is_long = false;
	if (rc < 0)
		return sl_fail(err, (enum sl_code) - rc, 0, "redact");
	return out.len == 0 ? 0 : r->write(r->payload, (const uint8_t *)out.data, out.len, err);
}

/* Too long a line: only what it leaves for the lines behind it is wanted of this much of it. */
static int drop_piece(struct redact *r, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf unused = BUF_INIT(REDACT_GROWTH_MAX);
	size_t kept = r->line.len > OVERLAP ? OVERLAP : r->line.len;
	int rc = mask_line(r, &unused, (struct sl_bytes){r->line.data, r->line.len});

	if (rc < 0 && rc != -SL_ELIMIT)
		return sl_fail(err, (enum sl_code) - rc, 0, "redact");
	memmove(r->line.data, r->line.data + r->line.len - kept, kept);
	r->line.len = kept;
	r->is_long = true;
	return 0;
}

static int add(struct redact *r, const char *bytes, size_t len, struct sl_error *err)
{
	while (len > 0) {
		size_t room = REDACT_LINE_MAX - r->line.len, take = len < room ? len : room;
		int rc = 0;

		if (take == 0)
			rc = drop_piece(r, err);
		else if (buf_append(&r->line, bytes, take) < 0)
			rc = sl_fail(err, SL_ENOMEM, 0, "line");
		if (rc < 0)
			return rc;
		bytes += take;
		len -= take;
	}
	return 0;
}

/* Control characters that text does not have. Terminals' own are in logs: bell, escape, DEL. */
static bool is_binary(const struct redact *r, unsigned char c)
{
	if (c == '\0')
		return r->kind == REDACT_LINES;
	return r->kind == REDACT_LINES && c < ' ' && c != '\t' && c != '\n' && c != '\r' &&
	       c != '\f' && c != '\v' && c != '\a' && c != '\b' && c != '\x1b';
}

static int check(const struct redact *r, const char *bytes, size_t len, struct sl_error *err)
{
	for (size_t i = 0; i < len; i++)
		if (is_binary(r, (unsigned char)bytes[i]))
			return sl_fail(err, SL_EUNSUPPORTED, 0,
				       "byte %llu is no text: only text can be redacted; extract "
				       "it without --redact, and judge yourself who may have it",
				       (unsigned long long)(r->bytes + i));
	return 0;
}

int redact_bytes(struct redact *r, const void *bytes, size_t len, struct sl_error *err)
{
	char end = r->kind == REDACT_LINES ? '\n' : '\0';
	const char *at = bytes;
	int rc = check(r, at, len, err);

	r->bytes += len;
	while (rc == 0 && len > 0) {
		const char *stop = memchr(at, end, len);
		size_t part = stop == NULL ? len : (size_t)(stop - at);

		rc = add(r, at, part, err);
		if (rc < 0 || stop == NULL)
			break;
		rc = end_line(r, err);
		if (rc == 0)
			rc = r->write(r->payload, (const uint8_t *)&end, 1, err);
		at += part + 1;
		len -= part + 1;
	}
	return rc;
}

int redact_end(struct redact *r, struct sl_error *err)
{
	return r->line.len == 0 ? 0 : end_line(r, err);
}

int redact_record(struct buf *out, const char *line, size_t len, struct sl_error *err)
{
	struct redact_state s = {0};
	int rc = redact_json(out, &s, (struct sl_bytes){line, len}, true, 0);

	if (rc > 0)
		rc = redact_text_line(out, &s, (struct sl_bytes){line, len});
	return rc < 0 ? sl_fail(err, (enum sl_code) - rc, 0, "redact a record") : 0;
}

static int write_out(void *payload, const uint8_t *bytes, size_t len, struct sl_error *err)
{
	return fd_write_all(*(const int *)payload, bytes, len, err);
}

static int take(void *payload, const uint8_t *bytes, size_t len, struct sl_error *err)
{
	return redact_bytes(payload, bytes, len, err);
}

int redact_item(struct rfile *bundle, uint64_t seq, int fd, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf line = BUF_INIT(SL_BUNDLE_LINE_BYTES);
	CLEANUP(buf_clear) struct buf path = BUF_INIT(SL_BUNDLE_LINE_BYTES);
	CLEANUP(record_clear) struct record record = {0};
	CLEANUP(redact_clear) struct redact r = {0};
	const char *role;
	int rc = inventory_record(bundle, seq, &line, err);

	if (rc == 0)
		rc = record_parse(&record, line.data, line.len, err);
	if (rc < 0)
		return rc;
	role = jval_str(jval_get(record.doc, "role"));
	/* a path that did not fit its record: its lines are plain */
	(void)record_bytes(jval_get(record.doc, "src"), "path", &path);
	redact_init(&r, role == NULL ? "" : role, (struct sl_bytes){path.data, path.len}, write_out,
		    &fd);
	rc = bundle_extract_each(bundle, seq, take, &r, err);
	return rc < 0 ? rc : redact_end(&r, err);
}
