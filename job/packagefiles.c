/* SPDX-License-Identifier: Apache-2.0 */
#include "job/packagefiles.h"

#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/db.h"
#include "core/digest.h"
#include "core/linetap.h"
#include "core/tempfile.h"
#include "diff/apk.h"
#include "diff/dpkg.h"
#include "diff/rpmheader.h"

#define INFO_NAMES_MAX ((size_t)1 << 18)
#define RPM_BYTES_MAX ((uint64_t)256 << 20)
#define TEXT_BYTES_MAX ((uint64_t)256 << 20) /* of all other databases of a side together */

struct load {
	const struct job *job;
	struct packagefiles *files;
	struct contents *contents;
	enum contents_side side;
	bool only_top; /* what is not in the topmost layer is the image's, and known from there */
	struct sl_tap limit; /* of text, in all */
	uint64_t text_left;
};

static struct sl_bytes text(const char *s)
{
	return (struct sl_bytes){s, strlen(s)};
}

/* ---- files as lines ---- */

static int count_text(struct sl_tap *tap, const void *bytes, size_t len, struct sl_error *err)
{
	struct load *l = container_of(tap, struct load, limit);

	(void)bytes;
	if (len > l->text_left)
		return sl_fail(err, SL_ELIMIT, 0, "more than %llu bytes",
			       (unsigned long long)TEXT_BYTES_MAX);
	l->text_left -= len;
	return 0;
}

/* Read @content, which is closed, through a line tap; @sha256 may be NULL. */
static int read_lines(struct load *l, struct sl_content *content, struct linetap *lines,
		      uint8_t *sha256, struct sl_error *err)
{
	struct sha256 *hash = NULL;
	struct digest_tap digest;
	struct sl_tap *taps[] = {&l->limit, &lines->tap, &digest.tap};
	struct sl_read read = {0};
	int rc = sha256 != NULL ? sha256_new(&hash, err) : 0;

	digest_tap_init(&digest, hash, NULL);
	if (rc == 0)
		rc = sl_content_read(content, taps, ARRAY_SIZE(taps), &read, err);
	if (rc == 0 && (read.sys != 0 || read.is_short))
		rc = sl_fail(err, SL_EIO, read.sys, "could not be read to its end");
	if (rc == 0)
		rc = linetap_end(lines, err);
	if (rc == 0 && sha256 != NULL)
		rc = sha256_final(hash, sha256, err);
	sha256_free(hash);
	linetap_clear(lines);
	sl_content_close(content);
	return rc;
}

/* Is there a file to read here that is not known from the other side? 0; 1: no. */
static int is_wanted(struct load *l, const char *path, struct sl_error *err)
{
	const struct sl_entry *e;
	int rc = contents_find(l->contents, l->side, text(path), &e, err);

	return rc == 0 && l->only_top && e->layer > 0 ? 1 : rc;
}

static int read_file(struct load *l, enum package_file which, const char *path,
		     struct linetap *lines, struct sl_error *err)
{
	struct sl_content *content = NULL;
	int rc = contents_get(l->contents, l->side, text(path), &content, err);

	if (rc < 0)
		return rc;
	rc = read_lines(l, content, lines, l->files->sha256[which], err);
	l->files->was_read[which] = rc == 0;
	return rc;
}

/* ---- dpkg ---- */

static int status_line(void *payload, struct sl_bytes line, struct sl_error *err)
{
	return dpkg_status_line(payload, line, err);
}

static int read_status(struct load *l, const char *path, struct sl_error *err)
{
	CLEANUP(dpkg_status_clear)
	struct dpkg_status status = DPKG_STATUS_INIT(l->files->table);
	struct linetap lines;
	int rc;

	linetap_init(&lines, DPKG_LINE_MAX, status_line, &status);
	rc = read_file(l, PACKAGE_FILE_DPKG, path, &lines, err);
	return rc == 0 ? dpkg_status_end(&status, err) : rc;
}

/* One list or one file of digests. */
struct info_file {
	struct packagetable *table;
	enum dpkg_file kind;
	uint32_t package;
};

static int info_line(void *payload, struct sl_bytes line, struct sl_error *err)
{
	const struct info_file *f = payload;

	return f->kind == DPKG_LIST ? dpkg_list_line(f->table, f->package, line, err)
				    : dpkg_md5sums_line(f->table, f->package, line, err);
}

/* A list may name the architecture where the status does not, and the other way round. */
static int package_of(struct packagetable *t, struct sl_bytes stem, uint32_t *out,
		      struct sl_error *err)
{
	char name[PACKAGE_TEXT_MAX + 1];
	char *colon;

	memcpy(name, stem.data, stem.len);
	name[stem.len] = '\0';
	if (packagetable_named(t, text(name), out) == 0)
		return 0;
	colon = strchr(name, ':');
	if (colon != NULL) {
		*colon = '\0';
		if (packagetable_named(t, text(name), out) == 0)
			return 0;
		*colon = ':';
	}
	return packagetable_add(t, "dpkg", text(name), (struct sl_bytes){"", 0}, out, err);
}

static struct sl_bytes last_component(struct sl_bytes path)
{
	const char *slash = memrchr(path.data, '/', path.len);

	if (slash == NULL)
		return path;
	return (struct sl_bytes){slash + 1, (size_t)(path.data + path.len - slash - 1)};
}

static int info_entry(void *payload, const struct sl_entry *e, struct sl_error *err)
{
	struct load *l = payload;
	struct info_file file = {.table = l->files->table};
	struct sl_content *content = NULL;
	struct linetap lines;
	struct sl_bytes stem;
	int rc;

	file.kind = dpkg_file_of(last_component(e->path), &stem);
	if (file.kind == DPKG_OTHER || stem.len > PACKAGE_TEXT_MAX || !S_ISREG(e->mode) ||
	    (l->only_top && e->layer > 0))
		return 0;
	rc = package_of(file.table, stem, &file.package, err);
	if (rc == 0)
		rc = contents_take(l->contents, l->side, &content, err);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	linetap_init(&lines, DPKG_LINE_MAX, info_line, &file);
	return read_lines(l, content, &lines, NULL, err);
}

static int load_dpkg(struct load *l, enum package_file which, const char *path,
		     struct sl_error *err)
{
	int rc = read_status(l, path, err);

	(void)which;
	if (rc == -SL_ENOTFOUND) { /* lists without it still claim files */
		sl_error_clear(err);
		rc = 0;
	}
	if (rc == 0)
		rc = packagetable_settle(l->files->table, err);
	if (rc == 0)
		rc = contents_list(l->contents, l->side, text("var/lib/dpkg/info"), INFO_NAMES_MAX,
				   info_entry, l, err);
	return rc < 0 ? rc : 0;
}

/* Images without a shell have no status, but a file a package in a directory, with its digests. */
static int status_d_entry(void *payload, const struct sl_entry *e, struct sl_error *err)
{
	struct load *l = payload;
	CLEANUP(dpkg_status_clear)
	struct dpkg_status status = DPKG_STATUS_INIT(l->files->table);
	struct sl_content *content = NULL;
	struct linetap lines;
	struct sl_bytes stem;
	int rc;

	if (!S_ISREG(e->mode) || dpkg_file_of(last_component(e->path), &stem) != DPKG_OTHER)
		return 0;
	rc = contents_take(l->contents, l->side, &content, err);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	linetap_init(&lines, DPKG_LINE_MAX, status_line, &status);
	rc = read_lines(l, content, &lines, NULL, err);
	return rc == 0 ? dpkg_status_end(&status, err) : rc;
}

static int load_status_d(struct load *l, enum package_file which, const char *dir,
			 struct sl_error *err)
{
	int rc = is_wanted(l, dir, err);

	(void)which;
	if (rc == 0)
		rc = contents_list(l->contents, l->side, text(dir), INFO_NAMES_MAX, status_d_entry,
				   l, err);
	if (rc == 0)
		rc = packagetable_settle(l->files->table, err);
	if (rc == 0)
		rc = contents_list(l->contents, l->side, text(dir), INFO_NAMES_MAX, info_entry, l,
				   err);
	return rc < 0 ? rc : 0;
}

/* ---- apk ---- */

static int installed_line(void *payload, struct sl_bytes line, struct sl_error *err)
{
	return apk_installed_line(payload, line, err);
}

static int load_apk(struct load *l, enum package_file which, const char *path, struct sl_error *err)
{
	CLEANUP(apk_installed_clear)
	struct apk_installed installed = APK_INSTALLED_INIT(l->files->table);
	struct linetap lines;
	int rc = is_wanted(l, path, err);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	linetap_init(&lines, APK_LINE_MAX, installed_line, &installed);
	rc = read_file(l, which, path, &lines, err);
	return rc == 0 ? apk_installed_end(&installed, err) : rc;
}

/* ---- rpm ---- */

/* What a content is written to. */
struct file_tap {
	struct sl_tap tap;
	int fd;
	uint64_t left;
};

struct rpm_load {
	struct load *load;
	const char *path;
	enum package_file which;
};

static int write_bytes(struct sl_tap *tap, const void *bytes, size_t len, struct sl_error *err)
{
	struct file_tap *t = container_of(tap, struct file_tap, tap);

	if (len > t->left)
		return sl_fail(err, SL_ELIMIT, 0, "larger than a database may be here");
	t->left -= len;
	return tempfile_write(t->fd, bytes, len, err);
}

static int write_content(struct sl_content *content, int fd, uint8_t sha256[SL_SHA256_SIZE],
			 struct sl_error *err)
{
	struct file_tap file = {.tap = {write_bytes}, .fd = fd, .left = RPM_BYTES_MAX};
	struct sha256 *hash = NULL;
	struct digest_tap digest;
	struct sl_tap *taps[] = {&file.tap, &digest.tap};
	struct sl_read read = {0};
	int rc = sha256_new(&hash, err);

	if (rc < 0)
		return rc;
	digest_tap_init(&digest, hash, NULL);
	rc = sl_content_read(content, taps, ARRAY_SIZE(taps), &read, err);
	if (rc == 0 && (read.sys != 0 || read.is_short || read.changed))
		rc = sl_fail(err, SL_EIO, read.sys, "could not be read to its end as it was");
	if (rc == 0)
		rc = sha256_final(hash, sha256, err);
	sha256_free(hash);
	return rc;
}

static int pour(void *payload, const char *suffix, int fd, struct sl_error *err)
{
	const struct rpm_load *r = payload;
	struct packagefiles *files = r->load->files;
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	CLEANUP(buf_clear) struct buf path = BUF_INIT(1024);
	struct sl_content *content = NULL;
	uint8_t sha256[SL_SHA256_SIZE];
	int rc;

	if (buf_printf(&path, "%s%s", r->path, suffix) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "packages");
	rc = contents_get(r->load->contents, r->load->side, (struct sl_bytes){path.data, path.len},
			  &content, &why);
	if (rc < 0)
		return rc == -SL_ENOTFOUND
			       ? 1
			       : sl_fail(err, why.code, why.sys, "%s", sl_error_text(&why));
	rc = write_content(content, fd, sha256, err);
	sl_content_close(content);
	if (rc == 0 && *suffix == '\0') {
		memcpy(files->sha256[r->which], sha256, sizeof(sha256));
		files->was_read[r->which] = true;
	}
	return rc;
}

/*
 * One header that makes no sense costs itself; the first reason is told. The schema is not ours: it
 * may make more bytes of blobs than there are in the file.
 */
static int read_headers(struct packagetable *table, struct db *db, struct sl_error *err)
{
	AUTO_FINALIZE struct db_stmt *rows = NULL;
	struct sl_error first = SL_ERROR_INIT;
	uint64_t left = RPM_BYTES_MAX;
	int rc = db_prepare(&rows, db, "SELECT blob FROM Packages", err);

	while (rc == 0 && (rc = db_step(rows, err)) == 0) {
		struct sl_error *why = first.code == 0 ? &first : NULL;
		size_t size = 0;
		const void *blob = db_column_blob(rows, 0, &size);
		int header = blob != NULL ? rpmheader_add(table, blob, size, why) : 0;

		if (size > left)
			rc = sl_fail(err, SL_ELIMIT, 0, "more than its file holds");
		else if (header == -SL_ENOMEM || header == -SL_ELIMIT)
			rc = sl_fail(err, (enum sl_code) - header, 0, "%s", sl_error_text(&first));
		left -= size < left ? size : left;
	}
	if (rc == 1)
		rc = first.code == 0 ? 0 : sl_fail(err, SL_EFORMAT, 0, "%s", sl_error_text(&first));
	sl_error_clear(&first);
	return rc;
}

static int load_rpm(struct load *l, enum package_file which, const char *path, struct sl_error *err)
{
	struct rpm_load r = {l, path, which};
	CLEANUP(buf_clear) struct buf log = BUF_INIT(1024);
	struct db *db = NULL;
	int rc = is_wanted(l, path, err);

	if (buf_printf(&log, "%s-wal", path) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "packages");
	/* what the container changed may be in the log alone */
	if (rc == 1)
		rc = is_wanted(l, log.data, err);
	if (rc == 0)
		rc = db_open_poured(&db, pour, &r, err);
	if (rc == 0)
		rc = read_headers(l->files->table, db, err);
	db_close(db);
	return rc < 0 ? rc : 0;
}

/* Forms of rpm's database that are known and not read, in its directory @dir. */
static int name_unread(struct load *l, enum package_file which, const char *dir,
		       struct sl_error *err)
{
	static const struct {
		const char *name, *form;
	} forms[] = {{"Packages", "Berkeley DB"}, {"Packages.db", "ndb"}};
	CLEANUP(buf_clear) struct buf path = BUF_INIT(1024);
	int rc = 0;

	(void)which;
	for (size_t i = 0; rc >= 0 && i < ARRAY_SIZE(forms); i++) {
		buf_reset(&path);
		if (buf_printf(&path, "%s/%s", dir, forms[i].name) < 0)
			return sl_fail(err, SL_ENOMEM, 0, "packages");
		rc = is_wanted(l, path.data, err);
		if (rc == 0)
			job_say(l->job,
				"package database '%s' (rpm, %s) is not read: what its packages "
				"own is not said",
				path.data, forms[i].form);
	}
	return rc < 0 ? rc : 0;
}

/* ---- all of them ---- */

#define NO_FILE PACKAGE_FILES

/*
 * Where databases are; those of one directory stand together. Whoever changed one has its directory
 * in his own layer.
 */
static const struct database {
	const char *dir, *path, *manager;
	enum package_file which;
	int (*load)(struct load *l, enum package_file which, const char *path,
		    struct sl_error *err);
} databases[] = {
	{"var/lib/dpkg", "var/lib/dpkg/status", "dpkg", PACKAGE_FILE_DPKG, load_dpkg},
	{"var/lib/dpkg", "var/lib/dpkg/status.d", "dpkg", NO_FILE, load_status_d},
	{"lib/apk/db", "lib/apk/db/installed", "apk", PACKAGE_FILE_APK, load_apk},
	{"usr/lib/apk/db", "usr/lib/apk/db/installed", "apk", PACKAGE_FILE_APK_USR, load_apk},
	{"var/lib/rpm", "var/lib/rpm/rpmdb.sqlite", "rpm", PACKAGE_FILE_RPM, load_rpm},
	{"var/lib/rpm", "var/lib/rpm", "rpm", NO_FILE, name_unread},
	{"usr/lib/sysimage/rpm", "usr/lib/sysimage/rpm/rpmdb.sqlite", "rpm", PACKAGE_FILE_RPM_USR,
	 load_rpm},
	{"usr/lib/sysimage/rpm", "usr/lib/sysimage/rpm", "rpm", NO_FILE, name_unread},
};

/* 0; negative only when memory ran out: anything else is told. */
static int settle_failure(struct load *l, const char *path, int rc, struct sl_error *why)
{
	if (rc < 0 && rc != -SL_ENOMEM && rc != -SL_ENOTFOUND)
		job_say(l->job, "package database '%s' of the %s is not read fully: %s", path,
			l->side == CONTENTS_BEFORE ? "image" : "container", sl_error_text(why));
	sl_error_clear(why);
	return rc == -SL_ENOMEM ? rc : 0;
}

static int load_all(struct load *l, struct sl_error *err)
{
	struct sl_error why = SL_ERROR_INIT;
	const char *dir = "";
	int rc = 0, there = 1;

	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(databases); i++) {
		const struct database *d = &databases[i];

		if (strcmp(dir, d->dir) != 0)
			there = is_wanted(l, d->dir, &why);
		dir = d->dir;
		rc = there == 0 ? d->load(l, d->which, d->path, &why) : there;
		if (there < 0)
			there = 1; /* said once */
		/* half a list would say that the rest was removed */
		if (d->which != NO_FILE)
			l->files->was_read[d->which] = l->files->was_read[d->which] && rc >= 0;
		rc = settle_failure(l, d->path, rc, &why);
	}
	return rc < 0 ? sl_fail(err, SL_ENOMEM, 0, "packages") : 0;
}

int packagefiles_load(struct packagefiles *out, struct contents *c, enum contents_side side,
		      const struct job *job, struct sl_error *err)
{
	struct load l = {.job = job,
			 .files = out,
			 .contents = c,
			 .side = side,
			 .only_top = side == CONTENTS_AFTER && contents_has(c, CONTENTS_BEFORE),
			 .limit = {count_text},
			 .text_left = TEXT_BYTES_MAX};
	const struct sl_entry *e;
	int rc;

	*out = (struct packagefiles){0};
	rc = packagetable_new(&out->table, err);
	if (rc == 0)
		rc = load_all(&l, err);
	if (rc == 0)
		rc = packagetable_settle(out->table, err);
	if (rc == 0)
		out->is_merged =
			contents_find(c, side, text("bin"), &e, NULL) != 0 || !S_ISDIR(e->mode);
	return rc;
}

void packagefiles_clear(struct packagefiles *p)
{
	packagetable_free(p->table);
	*p = (struct packagefiles){0};
}

/* "usr/bin/ls" where the database may say "/bin/ls". */
static bool has_old_name(struct sl_bytes path, struct sl_bytes *old)
{
	static const char *const dirs[] = {"bin/", "sbin/", "lib/", "lib32/", "lib64/", "libx32/"};

	if (path.len < 4 || memcmp(path.data, "usr/", 4) != 0)
		return false;
	*old = (struct sl_bytes){path.data + 4, path.len - 4};
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		if (old->len > strlen(dirs[i]) && memcmp(old->data, dirs[i], strlen(dirs[i])) == 0)
			return true;
	return false;
}

const struct package_claim *packagefiles_find(const struct packagefiles *p, struct sl_bytes path)
{
	const struct package_claim *claim = packagetable_find(p->table, path);
	struct sl_bytes old;

	if (claim == NULL && p->is_merged && has_old_name(path, &old))
		claim = packagetable_find(p->table, old);
	return claim;
}

int packagefiles_which(struct sl_bytes path, enum package_file *out, const char **manager)
{
	for (size_t i = 0; i < ARRAY_SIZE(databases); i++) {
		if (databases[i].which == NO_FILE || path.len != strlen(databases[i].path) ||
		    memcmp(path.data, databases[i].path, path.len) != 0)
			continue;
		*out = databases[i].which;
		*manager = databases[i].manager;
		return 0;
	}
	return 1;
}
