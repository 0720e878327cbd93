/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/itemresult.h"

#include <inttypes.h>
#include <string.h>

#include "cli/output.h"
#include "core/cleanup.h"
#include "core/json.h"
#include "core/quote.h"

static const char *anchor_text(const struct item *item)
{
	if (item->anchored_fingerprint)
		return "the fingerprint you gave";
	if (item->anchored_note)
		return "the checkpoint you gave";
	if (item->anchored_key)
		return "the key you gave";
	return "nothing outside itself: compare the fingerprint with your notes";
}

static void as_text(struct buf *out, const char *name, const struct item *item)
{
	(void)quote_bytes(out, name, strlen(name));
	(void)buf_printf(out, ": %s\n", sl_verdict_name(item->verdict));
	if (item->fault != NULL)
		(void)buf_printf(out, "  fault        %s\n", item->fault);
	if (item->verdict != SL_VERDICT_BROKEN) {
		(void)buf_append_str(out, "  record       ");
		job_item_line(out, item);
		(void)buf_append_char(out, '\n');
	}
	(void)buf_printf(out, "  bundle       %s\n  fingerprint  %s\n", item->bundle_id,
			 item->fingerprint);
	if (item->verdict == SL_VERDICT_BROKEN)
		return;
	(void)buf_printf(out, "  bound to     %s\n", anchor_text(item));
	(void)buf_printf(out,
			 "  checkpoint   of segment %" PRIu64 ", over %" PRIu64 " records; %" PRIu64
			 " keys from key 0 to its own\n",
			 item->segment, item->note_size, item->links);
	(void)buf_printf(out, "  content      %" PRIu64 " bytes, as recorded\n",
			 item->content.bytes);
	(void)buf_append_str(out, "  the rest of its bundle was not judged\n");
}

static void as_json(struct buf *out, const struct item *item, int status)
{
	bool broken = item->verdict == SL_VERDICT_BROKEN;
	struct jout j;

	jout_begin(&j, out);
	jout_object(&j);
	jout_key_str(&j, "schema", "strandline.verify-item/1");
	jout_key_str(&j, "verdict", sl_verdict_name(item->verdict));
	jout_key_u64(&j, "exit_status", (uint64_t)status);
	jout_key_str(&j, "bundle", item->bundle_id);
	jout_key_str(&j, "fingerprint", item->fingerprint);
	jout_key(&j, "anchors");
	jout_array(&j);
	if (item->anchored_fingerprint)
		jout_str(&j, "fingerprint");
	if (item->anchored_key)
		jout_str(&j, "key");
	if (item->anchored_note)
		jout_str(&j, "note");
	jout_array_end(&j);
	if (!broken) {
		jout_key_u64(&j, "record", item->seq);
		jout_key_u64(&j, "segment", item->segment);
		jout_key_u64(&j, "checkpoint_records", item->note_size);
		jout_key_u64(&j, "bytes", item->content.bytes);
		jout_key_hex(&j, "sha256", item->content.sha256, SL_SHA256_SIZE);
	}
	jout_key_str(&j, "fault", item->fault);
	jout_object_end(&j);
	(void)buf_append_char(out, '\n');
}

int itemresult_print(struct app *app, const char *name, const struct item *item, int status,
		     struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT((size_t)1 << 20);

	if (app->options.format == FORMAT_JSON)
		as_json(&text, item, status);
	else if (!app->options.quiet)
		as_text(&text, name, item);
	if (text.len > 0 && output_text(app->options.output, &text, err) < 0)
		return app_fail(app, err);
	return status;
}
