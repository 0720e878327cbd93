/* SPDX-License-Identifier: Apache-2.0 */
/* Read, verify and store baselines. */
#include <stdint.h>

#include <inttypes.h>
#include <string.h>

#include "cli/app.h"
#include "cli/jobs.h"
#include "cli/output.h"
#include "core/cleanup.h"
#include "core/encode.h"
#include "core/json.h"
#include "core/quote.h"
#include "job/index.h"

struct index_args {
	const char *platform; /* "linux/arm64": which image of an index */
	const char *expect;   /* digest that the operator brought along, or a file of them */
	struct text_list keys, trust_stores, authorities, signatures, manifests;
	const char *payload;
	struct text_list limits;
};

/* "  flagged  1 entry carries an overlay marker": what a second look is worth. */
static void oddities_text(struct buf *out, const struct sl_oddities *o)
{
	const struct {
		uint64_t count;
		const char *one, *many;
	} rows[] = {
		{o->markers, "entry carries an overlay marker", "entries carry overlay markers"},
		{o->ambiguous, "entry is unpacked differently by different programs",
		 "entries are unpacked differently by different programs"},
		{o->unresolved, "hard link leads nowhere", "hard links lead nowhere"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].count > 0)
			(void)buf_printf(out, "  flagged  %" PRIu64 " %s\n", rows[i].count,
					 rows[i].count == 1 ? rows[i].one : rows[i].many);
}

static const char *anchor_text(enum sl_anchor anchor)
{
	switch (anchor) {
	case SL_ANCHOR_OPERATOR:
		return "operator: it is the image you named";
	case SL_ANCHOR_SIGNATURE:
		return "signature: it is signed by whom you trust";
	case SL_ANCHOR_HOST:
		break;
	}
	return "host: nothing but its source says that this is the image you mean";
}

static void outcome_text(struct buf *out, const struct index_outcome *o)
{
	double seconds = (double)o->elapsed_ns / 1e9, mib = (double)o->result.bytes / (1 << 20);
	char id[DIGEST_TEXT_SIZE];

	digest_format(id, o->config_digest);
	(void)quote_bytes(out, o->reference, strlen(o->reference));
	(void)buf_printf(out, "\n  image    %s\n", id);
	if (o->has_manifest_digest) {
		digest_format(id, o->manifest_digest);
		(void)buf_printf(out, "  manifest %s\n", id);
	}
	if (o->result.has_previous) {
		digest_format(id, o->result.previous);
		(void)buf_printf(out, "  moved    was %s when it was indexed last\n", id);
	}
	if (o->result.layers_contradicted > 0)
		(void)buf_printf(out,
				 "  WRONG    %zu layers hold something else than was signed "
				 "for: do not trust that key\n",
				 o->result.layers_contradicted);
	if (o->trust == SL_TRUST_RECORDED) {
		digest_format(id, o->tree);
		(void)buf_printf(out, "  tree     %s\n", id);
	}
	(void)buf_printf(out, "  anchor   %s\n", anchor_text(o->anchor));
	if (o->signer != NULL) {
		(void)buf_append_str(out, "  signer   ");
		(void)quote_bytes(out, o->signer, strlen(o->signer));
		(void)buf_append_char(out, '\n');
	}
	(void)buf_printf(out, "  layers   %zu, %zu of them already known\n", o->result.layers,
			 o->result.layers_known);
	(void)buf_printf(out, "  entries  %" PRIu64 "\n", o->result.entries);
	oddities_text(out, &o->result.odd);
	(void)buf_printf(out, "  %-8s %.1f MiB in %.2f s", sl_trust_name(o->trust), mib, seconds);
	if (o->result.bytes > 0 && seconds > 0)
		(void)buf_printf(out, ", %.0f MiB/s", mib / seconds);
	(void)buf_append_char(out, '\n');
}

static void outcome_json(struct jout *j, const struct index_outcome *o)
{
	jout_object(j);
	jout_key_str(j, "ref", o->reference);
	jout_key(j, "id");
	jout_digest(j, o->config_digest);
	jout_key(j, "digest");
	if (o->has_manifest_digest)
		jout_digest(j, o->manifest_digest);
	else
		jout_null(j);
	jout_key_str(j, "trust", sl_trust_name(o->trust));
	jout_key(j, "tree");
	if (o->trust == SL_TRUST_RECORDED)
		jout_digest(j, o->tree);
	else
		jout_null(j);
	jout_key(j, "previous");
	if (o->result.has_previous)
		jout_digest(j, o->result.previous);
	else
		jout_null(j);
	jout_key_str(j, "anchor", sl_anchor_name(o->anchor));
	jout_key_str(j, "signer", o->signer);
	jout_key_u64(j, "layers", o->result.layers);
	jout_key_u64(j, "layers_known", o->result.layers_known);
	jout_key_u64(j, "layers_contradicted", o->result.layers_contradicted);
	jout_key_u64(j, "entries", o->result.entries);
	jout_key(j, "flagged");
	jout_object(j);
	jout_key_u64(j, "overlay_markers", o->result.odd.markers);
	jout_key_u64(j, "ambiguous", o->result.odd.ambiguous);
	jout_key_u64(j, "unresolved", o->result.odd.unresolved);
	jout_object_end(j);
	jout_key_u64(j, "bytes", o->result.bytes);
	jout_key_u64(j, "compressed", o->result.compressed);
	jout_key_u64(j, "elapsed_ns", o->elapsed_ns);
	jout_object_end(j);
}

static struct trust_names names_of(const struct text_list *list)
{
	return (struct trust_names){list->items, list->count};
}

static struct trust_request trust_of(const struct index_args *a)
{
	return (struct trust_request){.expect = a->expect,
				      .keys = names_of(&a->keys),
				      .trust_stores = names_of(&a->trust_stores),
				      .signing_authorities = names_of(&a->authorities),
				      .signatures = names_of(&a->signatures),
				      .payload = a->payload,
				      .manifests = names_of(&a->manifests)};
}

/* Index each; what went before a failure is stored and printed. */
static int index_all(const struct job *job, const struct index_args *a,
		     const struct operands *words, struct buf *text, struct jout *j,
		     struct sl_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < words->count; i++) {
		struct index_request request = {words->items[i], a->platform, trust_of(a)};
		struct index_outcome outcome;

		rc = job_index(job, &request, &outcome, err);
		if (rc == 0 && j != NULL)
			outcome_json(j, &outcome);
		else if (rc == 0)
			outcome_text(text, &outcome);
		index_outcome_clear(&outcome);
	}
	return rc;
}

static int run(struct app *app, const void *args, const struct operands *words)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT, late = SL_ERROR_INIT;
	CLEANUP(cli_job_clear) struct cli_job j = {0};
	CLEANUP(buf_clear) struct buf text = BUF_INIT((size_t)16 << 20);
	bool json = app->options.format == FORMAT_JSON;
	struct jout out;
	const struct index_args *a = args;
	int rc = cli_job_init(&j, app, 0, &err);

	if (rc == 0)
		rc = cli_job_limits(&j, &a->limits, &err);
	if (rc < 0)
		return app_fail(app, &err);
	jout_begin(&out, &text);
	if (json) {
		jout_object(&out);
		jout_key_str(&out, "schema", "strandline.index/1");
		jout_key(&out, "images");
		jout_array(&out);
	}
	rc = index_all(&j.job, a, words, &text, json ? &out : NULL, &err);
	progress_erase(&app->progress);
	if (json) {
		jout_array_end(&out);
		jout_object_end(&out);
		(void)buf_append_char(&text, '\n');
	}
	if (text.len > 0 && !(app->options.quiet && !json) &&
	    output_text(app->options.output, &text, &late) < 0)
		return app_fail(app, &late);
	sl_error_clear(&late);
	return rc < 0 ? cli_job_fail(app, &err) : EXIT_DONE;
}

#define AT(member) offsetof(struct index_args, member)

static const struct opt options[] = {
	{"platform", 0, OPT_TEXT, "PLATFORM", NULL, AT(platform),
	 "which image of a multi-platform one, such as linux/arm64; by default this machine's"},
	{"expect", 0, OPT_TEXT, "DIGEST|FILE", NULL, AT(expect),
	 "the image's digest as you know it from elsewhere, or a file of such digests: anything "
	 "else is refused. That of its manifest, of a multi-platform index, or its id; of a "
	 "rootfs-tar, the SHA-256 of the tar or of its file"},
	{"require-signature", 0, OPT_LIST, "KEY", NULL, AT(keys),
	 "refuse the image unless the public key in the PEM file KEY signed it, as cosign does; "
	 "repeatable: any of them will do"},
	{"trust-store", 0, OPT_LIST, "DIR", NULL, AT(trust_stores),
	 "the same for notation signatures: DIR holds the certificates of those who are trusted"},
	{"signing-authority", 0, OPT_LIST, "DIR", NULL, AT(authorities),
	 "the same for the signing scheme in which an authority vouches for the time of signing"},
	{"signature", 0, OPT_LIST, "FILE", NULL, AT(signatures),
	 "a signature to judge beside those in the layout: engines' stores keep none"},
	{"payload", 0, OPT_TEXT, "FILE", NULL, AT(payload),
	 "what was signed, for a --signature that is nothing but base64"},
	{"manifest", 0, OPT_LIST, "FILE", NULL, AT(manifests),
	 "the manifest that a registry has of an image in an engine's store; behind it, the index "
	 "that lists it"},
	{"limit", 0, OPT_LIST, "NAME=VALUE", NULL, AT(limits), CLI_LIMIT_HELP},
};
static const char *const formats[] = {"table", "json", NULL};

const struct command command_index = {
	.name = "index",
	.summary = "read, verify and store what images hold",
	.operands = "REF...",
	.description =
		"Read every layer of an image, prove it against the digests from the image's "
		"configuration down, and store what it holds as the baseline that containers are "
		"compared with. When the bytes contradict a digest, nothing is stored.\n\n"
		"What binds the image's own digest is its anchor: the host alone, or a digest or "
		"signature that is asked for here. It is stored, too, and never weakened; without "
		"what is asked for, nothing is.\n\n"
		"REF is oci:DIR[:TAG], an OCI image layout; oci-archive:FILE[:TAG], a tar of one; "
		"docker-archive:FILE[:NAME], what any version of \"docker save\" writes; or "
		"docker:NAME or docker:ID, an image in the store of Docker. Without a transport, "
		"an existing path is taken for what it holds, anything else is looked up in the "
		"engines' stores.\n\n"
		"rootfs:DIR and rootfs-tar:FILE are plain trees that no image vouches for: a "
		"directory, or a tar as \"docker export\" makes it, plain or compressed. They are "
		"recorded, not proven, and no name in them is a marker, such as .wh.NAME in the "
		"layers of an image. A tree is recorded whole or not at all: what cannot be read, "
		"changes meanwhile or is mounted inside is an error.\n\n"
		"Archives of images are read in place. One that is compressed as a whole, or comes "
		"through a pipe (FILE may be one, and - is standard input), is first unpacked into "
		"a nameless temporary file, in /var/tmp unless TMPDIR names another directory.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.formats = formats,
	.operands_min = 1,
	.operands_max = SIZE_MAX,
	.args_size = sizeof(struct index_args),
	.exits = EXIT_WORKS,
	.examples = {{"strandline index --require-signature cosign.pub oci:./nginx",
		      "Index an image layout only if it is signed by that key:"},
		     {"strandline index --expect sha256:0d0a... docker-archive:web.tar",
		      "Index what docker save wrote, when you know the image id:"}},
	.run = run,
};
