/* SPDX-License-Identifier: Apache-2.0 */
#include "core/yaml.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/quote.h"
#include "core/root.h"

#define NOWHERE SIZE_MAX

/* Nodes and texts are named by index while the document grows, for both may move. */
struct ynode {
	const struct ydoc *doc;
	enum ynode_kind kind;
	size_t line, column;
	size_t text; /* of a scalar: where it begins in the document's texts */
	size_t key;  /* text of the key that it is the value of, or NOWHERE */
	size_t key_line, key_column;
	size_t first, next, count;
};

struct ydoc {
	char *file; /* quoted */
	struct ynode *nodes;
	size_t count, room;
	struct buf texts;
};

/* ---- building: one event after the other, open lists and mappings on a stack ---- */

struct level {
	size_t node, last;
	size_t key; /* text of the key whose value comes next, or NOWHERE */
	size_t key_line, key_column;
};

struct builder {
	struct ydoc *doc;
	struct level stack[YDOC_MAX_DEPTH];
	size_t depth;
	struct sl_error *err;
};

static int fail_at(const struct builder *b, enum sl_code code, const yaml_mark_t *mark,
		   const char *what)
{
	return sl_fail(b->err, code, 0, "%s:%zu:%zu: %s", b->doc->file, mark->line + 1,
		       mark->column + 1, what);
}

static int add_text(struct builder *b, const yaml_event_t *event, size_t *out)
{
	const char *text = (const char *)event->data.scalar.value;
	size_t len = event->data.scalar.length;
	struct buf *texts = &b->doc->texts;

	if (memchr(text, '\0', len) != NULL)
		return fail_at(b, SL_EFORMAT, &event->start_mark, "a NUL; take it out");
	*out = texts->len;
	if (buf_append(texts, text, len) < 0 || buf_append_char(texts, '\0') < 0)
		return sl_fail(b->err, SL_ENOMEM, 0, "%s", b->doc->file);
	return 0;
}

static bool has_key(const struct ydoc *doc, const struct ynode *map, const char *key)
{
	for (size_t i = map->first; i != NOWHERE; i = doc->nodes[i].next)
		if (strcmp(doc->texts.data + doc->nodes[i].key, key) == 0)
			return true;
	return false;
}

static int add_key(struct builder *b, const yaml_event_t *event)
{
	struct level *top = &b->stack[b->depth - 1];
	const struct ynode *map = &b->doc->nodes[top->node];
	size_t key = NOWHERE;
	int rc;

	if (event->type != YAML_SCALAR_EVENT)
		return fail_at(b, SL_EFORMAT, &event->start_mark,
			       "a list or mapping as a key; keys are plain words");
	if (map->count >= YDOC_MAX_KEYS)
		return fail_at(b, SL_ELIMIT, &event->start_mark, "too many keys in one mapping");
	rc = add_text(b, event, &key);
	if (rc < 0)
		return rc;
	if (has_key(b->doc, map, b->doc->texts.data + key))
		return fail_at(b, SL_EFORMAT, &event->start_mark,
			       "the key stands here twice; keep one");
	top->key = key;
	top->key_line = event->start_mark.line + 1;
	top->key_column = event->start_mark.column + 1;
	return 0;
}

static int grow(struct builder *b)
{
	struct ydoc *doc = b->doc;
	size_t wanted = doc->room == 0 ? 64 : doc->room * 2;
	struct ynode *grown;

	if (doc->count < doc->room)
		return 0;
	grown = reallocarray(doc->nodes, wanted, sizeof(*grown));
	if (grown == NULL)
		return sl_fail(b->err, SL_ENOMEM, 0, "%s", doc->file);
	doc->nodes = grown;
	doc->room = wanted;
	return 0;
}

static void link_to_parent(struct builder *b, size_t at)
{
	struct ynode *nodes = b->doc->nodes;
	struct level *top;

	if (b->depth == 0)
		return;
	top = &b->stack[b->depth - 1];
	nodes[at].key = top->key;
	nodes[at].key_line = top->key_line;
	nodes[at].key_column = top->key_column;
	top->key = NOWHERE;
	if (top->last == NOWHERE)
		nodes[top->node].first = at;
	else
		nodes[top->last].next = at;
	top->last = at;
	nodes[top->node].count++;
}

static int add_node(struct builder *b, const yaml_event_t *event, enum ynode_kind kind)
{
	size_t at = b->doc->count, text = NOWHERE;
	int rc = kind == YNODE_SCALAR ? add_text(b, event, &text) : 0;

	if (rc == 0 && at >= YDOC_MAX_NODES)
		rc = fail_at(b, SL_ELIMIT, &event->start_mark, "too many values; split the file");
	if (rc == 0)
		rc = grow(b);
	if (rc < 0)
		return rc;
	b->doc->nodes[at] = (struct ynode){.doc = b->doc,
					   .kind = kind,
					   .line = event->start_mark.line + 1,
					   .column = event->start_mark.column + 1,
					   .text = text,
					   .key = NOWHERE,
					   .first = NOWHERE,
					   .next = NOWHERE};
	b->doc->count++;
	link_to_parent(b, at);
	if (kind == YNODE_SCALAR)
		return 0;
	if (b->depth == YDOC_MAX_DEPTH)
		return fail_at(b, SL_ELIMIT, &event->start_mark, "nested too deep");
	b->stack[b->depth++] = (struct level){.node = at, .last = NOWHERE, .key = NOWHERE};
	return 0;
}

static bool wants_key(const struct builder *b)
{
	return b->depth > 0 && b->doc->nodes[b->stack[b->depth - 1].node].kind == YNODE_MAP &&
	       b->stack[b->depth - 1].key == NOWHERE;
}

/* Anchors and tags of the three events that can bear them. */
static bool is_adorned(const yaml_event_t *event)
{
	if (event->type == YAML_SCALAR_EVENT)
		return event->data.scalar.anchor != NULL || event->data.scalar.tag != NULL;
	if (event->type == YAML_SEQUENCE_START_EVENT)
		return event->data.sequence_start.anchor != NULL ||
		       event->data.sequence_start.tag != NULL;
	if (event->type == YAML_MAPPING_START_EVENT)
		return event->data.mapping_start.anchor != NULL ||
		       event->data.mapping_start.tag != NULL;
	return false;
}

/* @return 0, 1 at the end of the stream, negative */
static int take(struct builder *b, const yaml_event_t *event)
{
	const yaml_mark_t *mark = &event->start_mark;

	if (event->type == YAML_ALIAS_EVENT || is_adorned(event))
		return fail_at(
			b, SL_EFORMAT, mark,
			"anchors (&), aliases (*) and tags (!) are not read; write it out, or "
			"put it in quotes");
	if (event->type == YAML_DOCUMENT_START_EVENT && b->doc->count > 0)
		return fail_at(b, SL_EFORMAT, mark, "a second document; make it a file of its own");
	if ((event->type == YAML_SCALAR_EVENT || event->type == YAML_SEQUENCE_START_EVENT ||
	     event->type == YAML_MAPPING_START_EVENT) &&
	    wants_key(b))
		return add_key(b, event);
	if (event->type == YAML_SCALAR_EVENT)
		return add_node(b, event, YNODE_SCALAR);
	if (event->type == YAML_SEQUENCE_START_EVENT)
		return add_node(b, event, YNODE_LIST);
	if (event->type == YAML_MAPPING_START_EVENT)
		return add_node(b, event, YNODE_MAP);
	if (event->type == YAML_SEQUENCE_END_EVENT || event->type == YAML_MAPPING_END_EVENT)
		b->depth--;
	return event->type == YAML_STREAM_END_EVENT ? 1 : 0;
}

/* The first thing on a line, counted from 0, that is no blank. */
static bool begins_with_tab(const char *text, size_t len, size_t line)
{
	size_t at = 0;

	for (; line > 0 && at < len; at++)
		line -= text[at] == '\n';
	while (at < len && text[at] == ' ')
		at++;
	return at < len && text[at] == '\t';
}

/* libyaml's own texts are constants; of bytes it cannot decode it knows only the offset. */
static int fail_parse(const struct builder *b, const yaml_parser_t *parser, const char *text,
		      size_t len)
{
	const char *what = parser->problem != NULL ? parser->problem : "no YAML";
	yaml_mark_t mark = parser->problem_mark;

	if (parser->error == YAML_MEMORY_ERROR)
		return sl_fail(b->err, SL_ENOMEM, 0, "%s", b->doc->file);
	if (parser->error == YAML_READER_ERROR) {
		mark.line = mark.column = 0;
		for (size_t i = 0; i < parser->problem_offset; i++) {
			mark.column = text[i] == '\n' ? 0 : mark.column + 1;
			mark.line += text[i] == '\n';
		}
	}
	if (parser->error == YAML_SCANNER_ERROR && begins_with_tab(text, len, mark.line))
		what = "a tab; YAML is indented with blanks";
	return fail_at(b, SL_EFORMAT, &mark, what);
}

static int build(struct builder *b, const char *text, size_t len)
{
	CLEANUP(yaml_parser_delete) yaml_parser_t parser;
	yaml_event_t event;
	int rc = 0;

	if (yaml_parser_initialize(&parser) == 0)
		return sl_fail(b->err, SL_ENOMEM, 0, "%s", b->doc->file);
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
	while (rc == 0) {
		if (yaml_parser_parse(&parser, &event) == 0)
			return fail_parse(b, &parser, text, len);
		rc = take(b, &event);
		yaml_event_delete(&event);
	}
	if (rc > 0 && b->doc->count == 0)
		return sl_fail(b->err, SL_EFORMAT, 0, "%s:1:1: nothing in it", b->doc->file);
	return rc < 0 ? rc : 0;
}

static void free_doc(struct ydoc **doc)
{
	ydoc_free(*doc);
}

int ydoc_parse(struct ydoc **out, const char *file, const void *text, size_t len,
	       struct sl_error *err)
{
	CLEANUP(free_doc) struct ydoc *doc = calloc(1, sizeof(*doc));
	struct builder b = {.doc = doc, .err = err};
	int rc;

	if (doc == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "yaml document");
	/* a scalar is never longer than its spelling, but each is ended by NUL */
	doc->texts = BUF_INIT((size_t)YDOC_MAX_BYTES * 2 + 64);
	doc->file = quote_short(file, strlen(file));
	if (doc->file == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "yaml document");
	if (len > YDOC_MAX_BYTES)
		return sl_fail(err, SL_ELIMIT, 0, "%s: larger than %u bytes; split it", doc->file,
			       YDOC_MAX_BYTES);
	/* some programs begin a file with a byte order mark */
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text = (const char *)text + 3;
		len -= 3;
	}
	rc = build(&b, text, len);
	if (rc == 0)
		*out = take_ptr(&doc);
	return rc;
}

int ydoc_read(struct ydoc **out, const char *path, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(YDOC_MAX_BYTES);
	int rc = root_read_named(path, &text, err);

	return rc < 0 ? rc : ydoc_parse(out, path, text.len > 0 ? text.data : "", text.len, err);
}

void ydoc_free(struct ydoc *doc)
{
	if (doc == NULL)
		return;
	free(doc->file);
	free(doc->nodes);
	buf_clear(&doc->texts);
	free(doc);
}

/* ---- looking ---- */

static const struct ynode *node_at(const struct ynode *n, size_t at)
{
	return at == NOWHERE ? NULL : &n->doc->nodes[at];
}

const struct ynode *ydoc_root(const struct ydoc *doc)
{
	return &doc->nodes[0];
}

const char *ynode_file(const struct ynode *n)
{
	return n->doc->file;
}

enum ynode_kind ynode_kind(const struct ynode *n)
{
	return n->kind;
}

size_t ynode_line(const struct ynode *n)
{
	return n->line;
}

size_t ynode_len(const struct ynode *n)
{
	return n == NULL ? 0 : n->count;
}

const struct ynode *ynode_first(const struct ynode *n)
{
	return n == NULL ? NULL : node_at(n, n->first);
}

const struct ynode *ynode_next(const struct ynode *n)
{
	return node_at(n, n->next);
}

const char *ynode_key(const struct ynode *n)
{
	return n->key == NOWHERE ? NULL : n->doc->texts.data + n->key;
}

const struct ynode *ynode_get(const struct ynode *map, const char *key)
{
	const struct ynode *n;

	if (map == NULL || map->kind != YNODE_MAP)
		return NULL;
	for (n = ynode_first(map); n != NULL; n = ynode_next(n))
		if (strcmp(ynode_key(n), key) == 0)
			return n;
	return NULL;
}

const char *ynode_scalar(const struct ynode *n)
{
	return n == NULL || n->kind != YNODE_SCALAR ? NULL : n->doc->texts.data + n->text;
}

int ynode_fail_key(const struct ynode *n, struct sl_error *err, const char *what)
{
	return sl_fail(err, SL_EFORMAT, 0, "%s:%zu:%zu: %s", n->doc->file, n->key_line,
		       n->key_column, what);
}

int ynode_fail(const struct ynode *n, struct sl_error *err, const char *fmt, ...)
{
	AUTO_FREE char *what = NULL;
	va_list ap;
	int written;

	va_start(ap, fmt);
	written = vasprintf(&what, fmt, ap);
	va_end(ap);
	if (written < 0) {
		what = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "%s", n->doc->file);
	}
	return sl_fail(err, SL_EFORMAT, 0, "%s:%zu:%zu: %s", n->doc->file, n->line, n->column,
		       what);
}
