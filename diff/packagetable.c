/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/packagetable.h"

#include <stdlib.h>
#include <string.h>

#include "core/buf.h"

#define TEXTS_MAX ((size_t)8 << 20)
#define FIRST_ROOM 1024

struct package {
	const char *manager;
	uint32_t name, version; /* where they begin in the texts */
	uint32_t name_len, version_len;
};

struct packagetable {
	struct package *packages;
	size_t count, room;
	uint32_t *by_name; /* indexes of the packages that were there when it was sorted */
	size_t sorted;
	struct packageclaims claims;
	struct buf texts;
};

int packagetable_new(struct packagetable **out, struct sl_error *err)
{
	struct packagetable *t = calloc(1, sizeof(*t));
	int rc;

	if (t == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "packages");
	t->texts = BUF_INIT(TEXTS_MAX);
	rc = packageclaims_init(&t->claims, err);
	if (rc < 0) {
		packagetable_free(t);
		return rc;
	}
	*out = t;
	return 0;
}

void packagetable_free(struct packagetable *t)
{
	if (t == NULL)
		return;
	free(t->packages);
	free(t->by_name);
	packageclaims_clear(&t->claims);
	buf_clear(&t->texts);
	free(t);
}

/* Room for one more of @size bytes each. */
static int grow(void **items, size_t count, size_t *room, size_t size, struct sl_error *err)
{
	size_t wanted = *room == 0 ? FIRST_ROOM : *room * 2;
	void *grown;

	if (count < *room)
		return 0;
	grown = reallocarray(*items, wanted, size);
	if (grown == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "packages");
	*items = grown;
	*room = wanted;
	return 0;
}

static bool is_text(struct sl_bytes b)
{
	return b.len <= PACKAGE_TEXT_MAX && (b.len == 0 || memchr(b.data, '\0', b.len) == NULL);
}

/* NUL-terminated, for it is lent as struct sl_bytes. */
static int add_text(struct packagetable *t, struct sl_bytes text, uint32_t *at,
		    struct sl_error *err)
{
	*at = (uint32_t)t->texts.len;
	if (text.len > 0)
		(void)buf_append(&t->texts, text.data, text.len);
	if (buf_append(&t->texts, "", 1) == 0)
		return 0;
	return t->texts.status == -SL_ELIMIT
		       ? sl_fail(err, SL_ELIMIT, 0, "names of packages: more than %zu bytes",
				 TEXTS_MAX)
		       : sl_fail(err, SL_ENOMEM, 0, "packages");
}

int packagetable_add(struct packagetable *t, const char *manager, struct sl_bytes name,
		     struct sl_bytes version, uint32_t *package, struct sl_error *err)
{
	struct package p = {.manager = manager,
			    .name_len = (uint32_t)name.len,
			    .version_len = (uint32_t)version.len};
	void *items = t->packages;
	int rc;

	if (name.len == 0 || !is_text(name) || !is_text(version))
		return sl_fail(err, SL_EFORMAT, 0, "no name of a package");
	if (t->count == PACKAGES_MAX)
		return sl_fail(err, SL_ELIMIT, 0, "more than %zu packages", PACKAGES_MAX);
	rc = grow(&items, t->count, &t->room, sizeof(p), err);
	t->packages = items;
	if (rc == 0)
		rc = add_text(t, name, &p.name, err);
	if (rc == 0)
		rc = add_text(t, version, &p.version, err);
	if (rc < 0)
		return rc;
	*package = (uint32_t)t->count;
	t->packages[t->count++] = p;
	return 0;
}

/* ---- claims ---- */

static struct sl_bytes strip_path(struct sl_bytes path)
{
	if (path.len > 0 && path.data[0] == '.' && (path.len == 1 || path.data[1] == '/')) {
		path.data++;
		path.len--;
	}
	while (path.len > 0 && path.data[0] == '/') {
		path.data++;
		path.len--;
	}
	return path;
}

int packagetable_claim(struct packagetable *t, uint32_t package, struct sl_bytes path,
		       enum package_digest kind, const void *digest, size_t size,
		       struct sl_error *err)
{
	struct package_claim claim = {.package = package & 0xffffffu, .kind = kind & 0x7fu};

	path = strip_path(path);
	if (path.len == 0)
		return 0; /* the root belongs to everybody */
	if (kind != PACKAGE_DIGEST_NONE)
		memcpy(claim.digest, digest,
		       size < sizeof(claim.digest) ? size : sizeof(claim.digest));
	return packageclaims_add(&t->claims, path, claim, err);
}

const struct package_claim *packagetable_find(const struct packagetable *t, struct sl_bytes path)
{
	return packageclaims_find(&t->claims, path);
}

/* ---- names ---- */

static int compare_names(const void *a, const void *b, void *table)
{
	const struct packagetable *t = table;
	const struct package *x = &t->packages[*(const uint32_t *)a];
	const struct package *y = &t->packages[*(const uint32_t *)b];
	int order = strcmp(t->texts.data + x->name, t->texts.data + y->name);

	if (order == 0)
		order = strcmp(t->texts.data + x->version, t->texts.data + y->version);
	return order != 0 ? order : strcmp(x->manager, y->manager);
}

int packagetable_settle(struct packagetable *t, struct sl_error *err)
{
	uint32_t *order = reallocarray(t->by_name, t->count + 1, sizeof(*order));

	if (order == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "packages");
	t->by_name = order;
	for (size_t i = 0; i < t->count; i++)
		order[i] = (uint32_t)i;
	if (t->count > 0)
		qsort_r(order, t->count, sizeof(*order), compare_names, t);
	t->sorted = t->count;
	return 0;
}

int packagetable_named(const struct packagetable *t, struct sl_bytes name, uint32_t *package)
{
	size_t low = 0, high = t->sorted;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct package *p = &t->packages[t->by_name[middle]];

		if (strcmp(t->texts.data + p->name, name.data) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == t->sorted ||
	    strcmp(t->texts.data + t->packages[t->by_name[low]].name, name.data) != 0)
		return 1;
	*package = t->by_name[low];
	return 0;
}

void packagetable_id(const struct packagetable *t, uint32_t package, struct package_id *out)
{
	const struct package *p = &t->packages[package];

	*out = (struct package_id){.manager = p->manager,
				   .name = {t->texts.data + p->name, p->name_len},
				   .version = {t->texts.data + p->version, p->version_len}};
}

size_t packagetable_count(const struct packagetable *t)
{
	return t->count;
}

void packagetable_nth(const struct packagetable *t, size_t index, struct package_id *out)
{
	packagetable_id(t, t->by_name[index], out);
}
