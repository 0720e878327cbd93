/* SPDX-License-Identifier: Apache-2.0 */
#include "job/meaning_packages.h"

#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/digest.h"
#include "core/digestweak.h"
#include "diff/packagechange.h"
#include "job/packagefiles.h"

/* Files are read once more for the digests of packages: so many bytes a container, no more. */
#define DIGEST_BYTES_MAX ((uint64_t)256 << 20)

struct packages {
	const struct job *job;
	const struct comparison *comparison;
	struct contents *contents;
	struct packagefiles sides[2]; /* by enum contents_side */
	bool is_loaded, is_useless;   /* is_useless: there is nothing to say */
	uint64_t bytes_left;
	/* lent with the finding that was asked for last */
	struct sl_package note;
	struct buf message;
};

/* Packages own no files here, and much changes here: not worth reading their databases for. */
static bool is_nowhere(struct sl_bytes path)
{
	static const char *const dirs[] = {"dev",       "proc",    "run",     "sys",    "tmp",
					   "var/cache", "var/log", "var/run", "var/tmp"};

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		if (sl_path_within(path, (struct sl_bytes){dirs[i], strlen(dirs[i])}))
			return true;
	return false;
}

static bool is_candidate(const struct sl_change *c)
{
	const struct sl_entry *e = c->after != NULL ? c->after : c->before;

	/* a deletion of what never was has no entry at all */
	return e != NULL && c->kind != SL_CHANGE_TOUCHED &&
	       (S_ISREG(e->mode) || S_ISLNK(e->mode)) && !is_nowhere(c->path);
}

static int load(struct packages *p, struct sl_error *err)
{
	struct sl_error why = SL_ERROR_INIT;
	int rc;

	if (p->is_loaded)
		return 0;
	p->is_loaded = true;
	rc = contents_open(&p->contents, p->comparison, &why);
	for (int side = 0; rc == 0 && side < 2; side++)
		rc = packagefiles_load(&p->sides[side], p->contents, (enum contents_side)side,
				       p->job, &why);
	p->is_useless = rc < 0;
	if (rc < 0 && rc != -SL_ENOMEM) {
		job_say(p->job, "package databases are not read: %s", sl_error_text(&why));
		rc = 0;
	}
	if (rc < 0)
		(void)sl_fail(err, SL_ENOMEM, 0, "packages");
	sl_error_clear(&why);
	return rc;
}

/* ---- whose it is ---- */

/* The digest of the kind that the package recorded, of the bytes that were compared. 1: unknown. */
static int weak_digest(struct packages *p, const struct sl_change *c, enum weak_kind kind,
		       uint8_t out[WEAK_MAX_SIZE], size_t *size)
{
	const struct sl_entry *e = NULL;
	struct sl_content *content = NULL;
	struct weak *weak = NULL;
	struct sha256 *hash = NULL;
	struct digest_tap proof;
	struct sl_read read = {0};
	uint8_t sha256[SL_SHA256_SIZE];
	int rc = weak_new(&weak, kind, NULL);

	if (rc == 0)
		rc = sha256_new(&hash, NULL);
	if (rc == 0)
		rc = contents_find(p->contents, CONTENTS_AFTER, c->path, &e, NULL);
	/* other bytes than those that the finding is about say nothing of it, however many */
	if (rc == 0 && (!S_ISREG(e->mode) || e->size != c->after->size))
		rc = 1;
	if (rc == 0)
		rc = contents_take(p->contents, CONTENTS_AFTER, &content, NULL);
	if (rc == 0) {
		struct sl_tap *taps[] = {weak_tap(weak), &proof.tap};

		digest_tap_init(&proof, hash, NULL);
		rc = sl_content_read(content, taps, ARRAY_SIZE(taps), &read, NULL);
	}
	if (rc == 0)
		rc = weak_final(weak, out, size, NULL);
	if (rc == 0)
		rc = sha256_final(hash, sha256, NULL);
	if (rc == 0)
		rc = memcmp(sha256, c->after->sha256, sizeof(sha256)) != 0;
	sl_content_close(content);
	weak_free(weak);
	sha256_free(hash);
	return rc == 0 ? 0 : 1;
}

/* Has the file the digest of @claim? 0 and @equal; 1: that cannot be said. */
static int compare_digest(struct packages *p, const struct sl_change *c,
			  const struct package_claim *claim, bool *equal)
{
	uint8_t digest[WEAK_MAX_SIZE];
	size_t size = 0;

	/* of a change of metadata alone the bytes are the image's */
	if (c->after == NULL || !S_ISREG(c->after->mode) || c->kind == SL_CHANGE_METADATA ||
	    (c->after->fields & SL_ENTRY_SHA256) == 0 || claim->kind == PACKAGE_DIGEST_NONE)
		return 1;
	if (claim->kind == PACKAGE_DIGEST_SHA256) {
		*equal = memcmp(claim->digest, c->after->sha256, sizeof(claim->digest)) == 0;
		return 0;
	}
	if (c->after->size > p->bytes_left)
		return 1;
	p->bytes_left -= c->after->size;
	if (weak_digest(p, c, claim->kind == PACKAGE_DIGEST_MD5 ? WEAK_MD5 : WEAK_SHA1, digest,
			&size) != 0)
		return 1;
	*equal = memcmp(claim->digest, digest, size) == 0;
	return 0;
}

/* What one side's database says. False: nothing. */
static bool ask_side(struct packages *p, const struct sl_change *c, enum contents_side side,
		     struct sl_package *out)
{
	const struct packagefiles *files = &p->sides[side];
	const struct package_claim *claim = packagefiles_find(files, c->path);
	struct package_id id;

	if (claim == NULL)
		return false;
	packagetable_id(files->table, claim->package, &id);
	*out = (struct sl_package){.manager = id.manager,
				   .name = id.name,
				   .version = id.version,
				   .is_in_image = side == CONTENTS_BEFORE};
	if (out->version.len == 0)
		out->version = (struct sl_bytes){0};
	out->has_digest = compare_digest(p, c, claim, &out->digest_equal) == 0;
	return true;
}

/*
 * The image's word counts, unless the file is another than that and is what the container's own
 * database says: then a package was replaced, or somebody wrote that database.
 */
static void find_owner(struct packages *p, struct sl_finding *f, struct sl_change *c)
{
	struct sl_package own;
	bool is_known = ask_side(p, c, CONTENTS_BEFORE, &p->note);
	bool is_settled = is_known && (!p->note.has_digest || p->note.digest_equal);

	if (!is_settled && ask_side(p, c, CONTENTS_AFTER, &own) &&
	    (!is_known || (own.has_digest && own.digest_equal))) {
		p->note = own;
		is_known = true;
	}
	if (!is_known)
		return;
	f->notes.package = &p->note;
	c->signals |= SL_SIGNAL_PACKAGED;
}

/* ---- which packages came and went ---- */

/* Was the file that this side's packages were read from the one that was compared? */
static bool was_compared(const struct packagefiles *files, enum package_file which,
			 const struct sl_entry *e)
{
	if (e == NULL)
		return true;
	return files->was_read[which] && (e->fields & SL_ENTRY_SHA256) != 0 &&
	       memcmp(files->sha256[which], e->sha256, SL_SHA256_SIZE) == 0;
}

static int describe_packages(struct packages *p, struct sl_finding *f, const struct sl_change *c,
			     struct sl_error *err)
{
	const char *manager;
	enum package_file which;
	int rc;

	if (!contents_has(p->contents, CONTENTS_BEFORE) ||
	    packagefiles_which(c->path, &which, &manager) != 0 ||
	    !was_compared(&p->sides[CONTENTS_BEFORE], which, c->before) ||
	    !was_compared(&p->sides[CONTENTS_AFTER], which, c->after))
		return 0;
	buf_reset(&p->message);
	rc = packagechange_describe(&p->message, manager, p->sides[CONTENTS_BEFORE].table,
				    p->sides[CONTENTS_AFTER].table, err);
	if (rc == 0 && f->message == NULL)
		f->message = p->message.data;
	return rc < 0 ? rc : 0;
}

static int mark(void *payload, struct sl_finding *f, struct sl_change *c, struct sl_error *err)
{
	struct packages *p = payload;
	int rc;

	if (!is_candidate(c))
		return 0;
	rc = load(p, err);
	if (rc < 0 || p->is_useless)
		return rc;
	find_owner(p, f, c);
	return describe_packages(p, f, c, err);
}

static void free_packages(void *data)
{
	struct packages *p = data;

	packagefiles_clear(&p->sides[CONTENTS_BEFORE]);
	packagefiles_clear(&p->sides[CONTENTS_AFTER]);
	contents_free(p->contents);
	buf_clear(&p->message);
	free(p);
}

int meaning_packages(struct meaning *m, struct sl_error *err)
{
	struct packages *p = calloc(1, sizeof(*p));
	int rc;

	if (p == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "packages");
	*p = (struct packages){.job = m->job,
			       .comparison = m->comparison,
			       .bytes_left = DIGEST_BYTES_MAX,
			       .message = BUF_INIT((size_t)256 << 10)};
	rc = meaning_keep(m, p, free_packages, err);
	return rc == 0 ? meaning_mark(m, (struct drift_step){mark, p}, err) : rc;
}
