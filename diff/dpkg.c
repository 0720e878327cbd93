/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/dpkg.h"

#include <stdio.h>
#include <string.h>

#include "core/encode.h"

#define MD5_SIZE 16

static bool starts_with(struct sl_bytes text, const char *word)
{
	size_t len = strlen(word);

	return text.len >= len && memcmp(text.data, word, len) == 0;
}

static bool ends_with(struct sl_bytes text, const char *word)
{
	size_t len = strlen(word);

	return text.len > len && memcmp(text.data + text.len - len, word, len) == 0;
}

static struct sl_bytes trim(struct sl_bytes text)
{
	while (text.len > 0 && (text.data[0] == ' ' || text.data[0] == '\t')) {
		text.data++;
		text.len--;
	}
	while (text.len > 0 && (text.data[text.len - 1] == ' ' || text.data[text.len - 1] == '\t' ||
				text.data[text.len - 1] == '\r'))
		text.len--;
	return text;
}

/* ---- status ---- */

/* Too long a value is none. */
static void keep(char out[PACKAGE_TEXT_MAX + 1], struct sl_bytes value)
{
	value = trim(value);
	if (value.len > PACKAGE_TEXT_MAX || memchr(value.data, '\0', value.len) != NULL)
		value.len = 0;
	memcpy(out, value.data, value.len);
	out[value.len] = '\0';
}

static bool field(struct sl_bytes line, const char *name, struct sl_bytes *value)
{
	size_t len = strlen(name);

	if (!starts_with(line, name) || line.len == len || line.data[len] != ':')
		return false;
	*value = (struct sl_bytes){line.data + len + 1, line.len - len - 1};
	return true;
}

/* " PATH MD5 [obsolete]" */
static int add_conffile(struct packagetable *t, uint32_t package, struct sl_bytes line,
			struct sl_error *err)
{
	const char *blank;
	uint8_t md5[MD5_SIZE];
	struct sl_bytes path;

	line = trim(line);
	blank = line.len > 0 ? memchr(line.data, ' ', line.len) : NULL;
	if (blank == NULL)
		return 0;
	path = (struct sl_bytes){line.data, (size_t)(blank - line.data)};
	line.len -= path.len + 1;
	if (line.len < 2 * sizeof(md5) ||
	    hex_decode(md5, sizeof(md5), blank + 1, 2 * sizeof(md5)) < 0)
		return 0;
	return packagetable_claim(t, package, path, PACKAGE_DIGEST_MD5, md5, sizeof(md5), err);
}

static int add_conffiles(struct dpkg_status *s, uint32_t package, struct sl_error *err)
{
	struct sl_bytes rest = {s->conffiles.data, s->conffiles.len};
	int rc = 0;

	while (rc == 0 && rest.len > 0) {
		const char *feed = memchr(rest.data, '\n', rest.len);
		size_t len = feed != NULL ? (size_t)(feed - rest.data) : rest.len;
		size_t step = len + (feed != NULL);

		rc = add_conffile(s->table, package, (struct sl_bytes){rest.data, len}, err);
		rest = (struct sl_bytes){rest.data + step, rest.len - step};
	}
	return rc;
}

/* The paragraph is over. */
static int finish(struct dpkg_status *s, struct sl_error *err)
{
	char name[2 * PACKAGE_TEXT_MAX + 2];
	uint32_t package;
	int n, rc = 0;

	n = snprintf(name, sizeof(name), "%s%s%s", s->name, s->is_same && *s->arch ? ":" : "",
		     s->is_same ? s->arch : "");
	if (*s->name != '\0' && s->is_installed && n <= PACKAGE_TEXT_MAX) {
		rc = packagetable_add(s->table, "dpkg", (struct sl_bytes){name, (size_t)n},
				      (struct sl_bytes){s->version, strlen(s->version)}, &package,
				      err);
		if (rc == 0)
			rc = add_conffiles(s, package, err);
	}
	s->name[0] = s->version[0] = s->arch[0] = '\0';
	s->is_installed = true;
	s->is_same = s->in_conffiles = false;
	buf_reset(&s->conffiles);
	return rc;
}

/* "want flag status": of the states those that leave files behind count. */
static bool has_files(struct sl_bytes value)
{
	value = trim(value);
	return !ends_with(value, " not-installed") && !ends_with(value, " config-files");
}

int dpkg_status_line(struct dpkg_status *s, struct sl_bytes line, struct sl_error *err)
{
	struct sl_bytes value;

	if (trim(line).len == 0)
		return finish(s, err);
	if (line.data[0] == ' ' || line.data[0] == '\t') {
		/* what is past the bound has no digest here; the list claims it all the same */
		if (s->in_conffiles && buf_append(&s->conffiles, line.data, line.len) == 0)
			(void)buf_append_char(&s->conffiles, '\n');
		return s->conffiles.status == -SL_ENOMEM ? sl_fail(err, SL_ENOMEM, 0, "packages")
							 : 0;
	}
	s->in_conffiles = field(line, "Conffiles", &value);
	if (field(line, "Package", &value))
		keep(s->name, value);
	else if (field(line, "Version", &value))
		keep(s->version, value);
	else if (field(line, "Architecture", &value))
		keep(s->arch, value);
	else if (field(line, "Status", &value))
		s->is_installed = has_files(value);
	else if (field(line, "Multi-Arch", &value))
		s->is_same = trim(value).len == 4 && memcmp(trim(value).data, "same", 4) == 0;
	return 0;
}

int dpkg_status_end(struct dpkg_status *s, struct sl_error *err)
{
	return finish(s, err);
}

void dpkg_status_clear(struct dpkg_status *s)
{
	buf_clear(&s->conffiles);
}

/* ---- what is in the info directory ---- */

int dpkg_list_line(struct packagetable *t, uint32_t package, struct sl_bytes line,
		   struct sl_error *err)
{
	if (line.len == 0 || line.data[0] != '/')
		return 0; /* also the texts that dpkg-divert leaves in some */
	return packagetable_claim(t, package, line, PACKAGE_DIGEST_NONE, NULL, 0, err);
}

int dpkg_md5sums_line(struct packagetable *t, uint32_t package, struct sl_bytes line,
		      struct sl_error *err)
{
	uint8_t md5[MD5_SIZE];
	size_t digits = 2 * sizeof(md5);

	if (line.len < digits + 3 || hex_decode(md5, sizeof(md5), line.data, digits) < 0 ||
	    line.data[digits] != ' ' ||
	    (line.data[digits + 1] != ' ' && line.data[digits + 1] != '*'))
		return 0;
	line.data += digits + 2;
	line.len -= digits + 2;
	return packagetable_claim(t, package, line, PACKAGE_DIGEST_MD5, md5, sizeof(md5), err);
}

enum dpkg_file dpkg_file_of(struct sl_bytes name, struct sl_bytes *stem)
{
	static const char list[] = ".list", md5sums[] = ".md5sums";

	*stem = name;
	if (ends_with(name, list)) {
		stem->len -= sizeof(list) - 1;
		return DPKG_LIST;
	}
	if (ends_with(name, md5sums)) {
		stem->len -= sizeof(md5sums) - 1;
		return DPKG_MD5SUMS;
	}
	return DPKG_OTHER;
}
