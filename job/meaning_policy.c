/* SPDX-License-Identifier: Apache-2.0 */
#include "job/meaning_policy.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/encode.h"
#include "diff/policy.h"

/* The texts that the policy borrows while it is about this container. */
struct about {
	char *pod;
	char image_id[DIGEST_TEXT_SIZE], image_digest[DIGEST_TEXT_SIZE];
};

static void about_free(void *data)
{
	struct about *a = data;

	free(a->pod);
	free(a);
}

static int judge(void *payload, struct sl_finding *f, struct sl_change *c, struct sl_error *err)
{
	(void)c;
	(void)err;
	(void)policy_explain(payload, f);
	return 0;
}

/* A digest counts only where the image was held against it: names are anyone's to give. */
static void fill(struct policy_subject *to, struct about *a, const struct sl_subject_image *s)
{
	if (s->has_id) {
		digest_format(a->image_id, s->id);
		to->image_id = a->image_id;
	}
	if (s->has_digest && s->digest_verified) {
		digest_format(a->image_digest, s->digest);
		to->image_digest = a->image_digest;
	}
}

int meaning_policy(struct meaning *m, struct sl_error *err)
{
	const struct sl_container *c = m->comparison->container;
	const struct sl_subject_image *image = &m->comparison->subject.image;
	struct policy_subject subject = {.container = sl_container_label(c),
					 .id = c->id,
					 .image = image->ref != NULL ? image->ref : c->image_ref};
	struct policy *policy = m->request->policy;
	struct about *a;
	int rc;

	if (policy == NULL)
		return 0;
	a = calloc(1, sizeof(*a));
	if (a == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "policy");
	rc = meaning_keep(m, a, about_free, err);
	if (rc < 0)
		return rc;
	if (c->pod != NULL && c->pod->name != NULL &&
	    asprintf(&a->pod, "%s/%s", c->pod->ns != NULL ? c->pod->ns : "", c->pod->name) < 0) {
		a->pod = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "policy");
	}
	subject.pod = a->pod;
	fill(&subject, a, image);
	policy_begin(policy, &subject, clock_now());
	return meaning_judge(m, (struct drift_step){judge, policy}, err);
}
