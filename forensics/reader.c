/* SPDX-License-Identifier: Apache-2.0 */
#include <strandline/bundle.h>

#include <stdlib.h>

#include "core/cleanup.h"
#include "forensics/bundle_read.h"
#include "forensics/chain.h"

struct sl_bundle_reader {
	struct rfile *own; /* the file, or NULL when somebody else's is read */
	struct segments *segments;
	struct chain chain;
	struct segment *segment;
	size_t pos; /* in its journal */
	bool is_attested;
	bool is_doubtful; /* a segment did not fit: nothing behind it is attested */
	struct sl_bundle_record record;
	struct record head;
	struct buf line; /* the record, NUL-terminated */
};

int bundle_reader_open(struct sl_bundle_reader **out, struct rfile *file, unsigned int threads,
		       struct sl_error *err)
{
	struct segments_options options = {.threads = threads};
	struct sl_bundle_reader *r = calloc(1, sizeof(*r));
	int rc;

	if (r == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "bundle reader");
	r->line = BUF_INIT(SL_BUNDLE_LINE_BYTES);
	rc = segments_open(&r->segments, file, &options, err);
	if (rc == 0)
		rc = chain_init(&r->chain, err);
	if (rc < 0) {
		sl_bundle_reader_free(r);
		return rc;
	}
	*out = r;
	return 0;
}

int sl_bundle_open(struct sl_bundle_reader **out, int fd, struct sl_error *err)
{
	CLEANUP(rfile_closep) struct rfile *file = NULL;
	int rc = rfile_from_fd(&file, fd, err);

	if (rc == 0)
		rc = bundle_unlock(&file, NULL, err);
	if (rc == 0)
		rc = bundle_reader_open(out, file, BUNDLE_READ_THREADS, err);
	if (rc == 0)
		(*out)->own = take_ptr(&file);
	return rc;
}

/* Reading does not judge, but says of each segment whether its checkpoint held. */
static int next_segment(struct sl_bundle_reader *r, struct sl_error *err)
{
	int rc = segments_next(r->segments, &r->segment, err);

	r->pos = 0;
	if (rc != 0) {
		r->segment = NULL;
		return rc;
	}
	if (!r->is_doubtful)
		r->is_doubtful = chain_add(&r->chain, r->segment, NULL) < 0;
	r->is_attested = !r->is_doubtful && r->chain.signed_notes > 0;
	return 0;
}

int sl_bundle_next(struct sl_bundle_reader *r, const struct sl_bundle_record **out,
		   struct sl_error *err)
{
	const char *line;
	size_t len;
	int rc = 1;

	while (r->segment == NULL ||
	       (rc = journal_line(&r->segment->journal, &r->pos, &line, &len, err)) == 1) {
		rc = next_segment(r, err);
		if (rc != 0)
			return rc;
	}
	if (rc == 0)
		rc = record_parse_head(&r->head, line, len, err);
	if (rc < 0)
		return rc;
	buf_reset(&r->line);
	if (buf_append(&r->line, line, len) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "record");
	r->record = (struct sl_bundle_record){
		.seq = r->head.seq,
		.type = r->head.type,
		.target = r->head.target,
		.line = r->line.data,
		.len = r->line.len,
		.attested = r->is_attested,
	};
	*out = &r->record;
	return 0;
}

void sl_bundle_reader_free(struct sl_bundle_reader *r)
{
	if (r == NULL)
		return;
	segments_close(r->segments);
	rfile_close(r->own);
	chain_clear(&r->chain);
	buf_clear(&r->line);
	free(r);
}
