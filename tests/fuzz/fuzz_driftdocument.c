/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A drift document that was kept, and a policy that is tried on it: each open finding is a line of
 * its own, counted once, and nothing that needs a right is explained.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/encode.h"
#include "job/driftdocument.h"
#include "job/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char rules[] = "version: 1\n"
			    "rules:\n"
			    "  - name: everything\n"
			    "    paths: [\"/**\"]\n"
			    "    approved_by: nobody\n"
			    "    reason: none\n"
			    "  - name: one\n"
			    "    containers: [\"web*\"]\n"
			    "    images: [\"nginx*\"]\n"
			    "    pods: [\"*/*\"]\n"
			    "    kinds: [process, config]\n"
			    "    subjects: [\"*\"]\n"
			    "    approved_by: nobody\n"
			    "    reason: none\n";

static void must(bool good)
{
	if (!good)
		abort();
}

static struct policy *policy(void)
{
	struct policy *p = NULL;
	struct ydoc *doc = NULL;

	must(policy_new(&p, NULL) == 0);
	must(ydoc_parse(&doc, "p", rules, strlen(rules), NULL) == 0 &&
	     policy_add(p, doc, NULL) == 0);
	ydoc_free(doc);
	return p;
}

static int see_container(void *payload, const struct policy_subject *subject, uint64_t gaps,
			 struct sl_error *err)
{
	(void)gaps;
	(void)err;
	policy_begin(payload, subject, (struct sl_time){.sec = 1800000000});
	return 0;
}

static int see_finding(void *payload, struct sl_finding *f, struct sl_error *err)
{
	(void)err;
	must((f->kind == SL_FINDING_FILE) == (f->change != NULL));
	must(f->change == NULL || memchr(f->change->path.data, '\0', f->change->path.len) == NULL);
	f->cause = SL_CAUSE_NONE;
	must(!policy_explain(payload, f) || policy_rights(f) == 0);
	return 0;
}

static size_t lines_of(const struct buf *text)
{
	size_t n = 0;

	for (size_t i = 0; i < text->len; i++) {
		must(text->data[i] == '\n' || (unsigned char)text->data[i] >= ' ');
		n += text->data[i] == '\n';
	}
	must(text->len == 0 || utf8_valid(text->data, text->len));
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(buf_clear) struct buf out = BUF_INIT((size_t)16 << 20);
	AUTO_CLOSE int fd = memfd_create("document", MFD_CLOEXEC);
	struct policy *p = policy();
	const struct driftdocument_events events = {see_container, see_finding, p};
	struct policy_try found;
	struct ostream *to = NULL;
	char path[40];

	must(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	must(ostream_to_buf(&to, &out, NULL) == 0);
	if (job_policy_try(p, path, to, &found, NULL) == 0)
		must(found.explained + found.unexplained == lines_of(&out));
	(void)driftdocument_read(path, &events, NULL);
	ostream_close(to);
	policy_free(p);
	return 0;
}
