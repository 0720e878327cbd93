/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which image a container runs. Its name may stand for a newer image since; what the container
 * stands on cannot change, so that decides.
 */
#include <string.h>

#include "core/cleanup.h"
#include "core/encode.h"
#include "host/ctrd.h"

static bool is_same(const uint8_t a[SL_SHA256_SIZE], const uint8_t b[SL_SHA256_SIZE])
{
	return memcmp(a, b, SL_SHA256_SIZE) == 0;
}

static bool stands_on(const struct ctrd_choice *choice, const struct containerd_top *top)
{
	return choice->has_top && top->has_chain_id && is_same(choice->top, top->chain_id);
}

static void claim(struct sl_container *c, const struct ctrd_choice *choice)
{
	c->has_image_id = true;
	memcpy(c->image_id, choice->config, SL_SHA256_SIZE);
	c->has_image_digest = choice->has_manifest;
	memcpy(c->image_digest, choice->manifest, SL_SHA256_SIZE);
}

/* 0: claimed; 1: none of the target's images is under this container. */
static int claim_of(struct ctrd *d, struct sl_container *c, const uint8_t target[SL_SHA256_SIZE],
		    const struct containerd_top *top, struct sl_error *err)
{
	const struct ctrd_target *t;
	int rc = ctrd_target_get(d, target, &t, err);

	for (size_t i = 0; rc == 0 && i < t->count; i++)
		if (stands_on(&t->choices[i], top)) {
			claim(c, &t->choices[i]);
			return 0;
		}
	return rc < 0 ? rc : 1;
}

/* The name moved on: another name of this namespace may still lead to the image. */
static int claim_by_top(struct ctrd *d, struct sl_container *c, const struct containerd_top *top,
			struct sl_error *err)
{
	CLEANUP(ctrd_names_clear) struct ctrd_names names = {0};
	int rc = ctrd_names_read(&names, d, c->ns, NULL);

	if (rc == -SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "image");
	rc = 1;
	for (size_t i = 0; rc == 1 && i < names.count; i++)
		rc = claim_of(d, c, names.names[i].target, top, err);
	return rc;
}

/* The plugin recorded the id; the stack has to agree. */
static int check_recorded(struct ctrd *d, struct sl_container *c, const uint8_t id[SL_SHA256_SIZE],
			  const struct containerd_top *top, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	const struct ctrd_target *t;
	int rc = ctrd_target_get(d, id, &t, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < t->count && top->has_chain_id; i++)
		if (!stands_on(&t->choices[i], top)) {
			(void)sl_fail(&why, SL_EUNTRUSTED, 0,
				      "it stands on other layers than those of its image");
			for (size_t k = 0; k < c->stack.lower_count; k++)
				c->stack.lowers[k].has_image_layer = false;
			return ctrd_note_gap(c, &why, err);
		}
	return 0;
}

int ctrd_claim_image(struct ctrd *d, struct sl_container *c, const struct ctrd_record *r,
		     const struct containerd_top *top, struct sl_error *err)
{
	const char *recorded = r->has_own ? r->own.image_ref : NULL;
	uint8_t id[SL_SHA256_SIZE];
	bool is_recorded = recorded != NULL && digest_parse(id, recorded, strlen(recorded)) == 0;
	int rc = 1;

	if (r->has_target)
		rc = claim_of(d, c, r->target, top, err);
	if (rc < 0 || (rc == 0 && (!is_recorded || is_same(id, c->image_id))))
		return rc;
	if (is_recorded) {
		c->has_image_digest = false;
		c->has_image_id = true;
		memcpy(c->image_id, id, sizeof(id));
		return check_recorded(d, c, id, top, err);
	}
	if (top->has_chain_id)
		rc = claim_by_top(d, c, top, err);
	return rc < 0 ? rc : 0;
}

/* ---- and back: the image of a container that was loaded ---- */

/* A name of this namespace whose target leads to the container's image; 1: there is none. */
static int find_named(struct ctrd *d, const struct sl_container *c, const char *reference,
		      struct sl_image **out, struct sl_error *err)
{
	CLEANUP(ctrd_names_clear) struct ctrd_names names = {0};
	const struct ctrd_name *best = NULL;
	const struct ctrd_choice *choice = NULL;
	const struct ctrd_target *t;
	bool is_ref, is_kept;
	int rc = ctrd_names_read(&names, d, c->ns, NULL);

	if (rc == -SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "image");
	rc = 0;
	for (size_t i = 0; rc == 0 && i < names.count; i++) {
		const struct ctrd_name *n = &names.names[i];

		rc = ctrd_target_get(d, n->target, &t, err);
		is_ref = c->image_ref != NULL && strcmp(c->image_ref, n->name) == 0;
		is_kept = best != NULL;
		for (size_t k = 0; rc == 0 && k < t->count; k++)
			if (is_same(t->choices[k].config, c->image_id) && (is_ref || !is_kept))
				best = n;
	}
	if (rc == 0 && best != NULL)
		rc = ctrd_target_get(d, best->target, &t, err);
	if (rc < 0 || best == NULL)
		return rc < 0 ? rc : 1;
	for (size_t k = 0; k < t->count; k++)
		if (is_same(t->choices[k].config, c->image_id))
			choice = &t->choices[k];
	return ctrd_image_build(d, c->ns, c->driver, t, choice, reference, best->name, out, err);
}

/* No image is under the container: say what became of the one that its name meant. */
static int fail_unclaimed(struct ctrd *d, const struct sl_container *c, struct sl_error *err)
{
	CLEANUP(ctrd_names_clear) struct ctrd_names names = {0};
	int rc = ctrd_names_read(&names, d, c->ns, err);

	for (size_t i = 0; rc == 0 && i < names.count; i++) {
		const struct ctrd_target *t;

		if (c->image_ref == NULL || strcmp(names.names[i].name, c->image_ref) != 0)
			continue;
		rc = ctrd_target_get(d, names.names[i].target, &t, err);
		if (rc == 0 && t->count == 0 && t->why.code != 0)
			return sl_fail(err, t->why.code, 0, "%s", sl_error_text(&t->why));
	}
	return rc < 0 ? rc
		      : sl_fail(err, SL_ENOTFOUND, 0,
				"the image it was made from is not in the store any more");
}

int ctrd_container_image(struct store *s, const struct sl_container *c, struct sl_image **out,
			 struct sl_error *err)
{
	struct ctrd *d = container_of(s, struct ctrd, store);
	char reference[DIGEST_TEXT_SIZE];
	int rc;

	if (c->image_ref == NULL && !c->has_image_id)
		return sl_fail(err, SL_ENOTFOUND, 0, "the store does not say which image it runs");
	if (!c->has_image_id)
		return fail_unclaimed(d, c, err);
	digest_format(reference, c->image_id);
	rc = find_named(d, c, reference, out, err);
	if (rc != 1)
		return rc;
	return containerd_image(d, c->ns, c->driver,
				c->has_image_digest ? c->image_digest : c->image_id, NULL,
				reference, out, err);
}
