/* SPDX-License-Identifier: Apache-2.0 */
#include "job/capture_plan.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/kernel.h"
#include "core/quote.h"
#include "job/capture_links.h"
#include "job/capture_run.h"
#include "snapshot/layertree.h"

/* Reasons are few; more gaps than that are one line. */
#define LINES_MAX 256

struct planning {
	struct capture capture; /* without a writer */
	struct capture_plan *plan;
	struct capture_links links;
};

static int add_line(struct capture_omission **list, size_t *count, const char *why, uint64_t bytes,
		    struct sl_error *err)
{
	struct capture_omission *grown;

	for (size_t i = 0; i < *count; i++) {
		if (strcmp((*list)[i].why, why) != 0 && *count < LINES_MAX)
			continue;
		(*list)[i].amount.files++;
		(*list)[i].amount.bytes += bytes;
		return 0;
	}
	grown = reallocarray(*list, *count + 1, sizeof(*grown));
	if (grown == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "plan");
	*list = grown;
	grown[*count] = (struct capture_omission){strdup(why), {1, bytes}};
	return grown[(*count)++].why != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "plan");
}

static int leave_out(struct capture_plan_target *t, const char *why, uint64_t bytes,
		     struct sl_error *err)
{
	return add_line(&t->omissions, &t->omission_count, why, bytes, err);
}

static int miss(struct capture_plan_target *t, const char *why, struct sl_error *err)
{
	return add_line(&t->gaps, &t->gap_count, why, 0, err);
}

static void add(struct capture_amount *to, uint64_t bytes)
{
	to->files++;
	to->bytes += bytes;
}

static int plan_entry(struct planning *p, struct capture_plan_target *t, struct sl_source *tree,
		      const struct sl_entry *e, struct sl_error *err)
{
	const struct capture_link known = {0};
	const char *rule;
	uint64_t size;

	t->objects++;
	if (!S_ISREG(e->mode) || (e->flags & (SL_ENTRY_WHITEOUT | SL_ENTRY_METACOPY)) != 0)
		return 0;
	rule = capture_filter_rule(p->capture.filter, e);
	if (rule != NULL)
		return leave_out(t, rule, e->size, err);
	if (capture_links_find(&p->links, e) != NULL)
		return 0;
	capture_links_add(&p->links, e, &known);
	size = capture_size(tree, e);
	t->holes += e->size - size;
	add(&t->upper, size);
	return 0;
}

static int plan_tree(struct planning *p, struct capture_plan_target *t, struct sl_source *tree,
		     struct sl_error *err)
{
	const struct sl_entry *e;
	const struct sl_gap *gap;
	int rc;

	while ((rc = sl_source_next(tree, &e, err)) == 0) {
		if (job_stopped(p->capture.job))
			return sl_fail(err, SL_ECANCELLED, 0, "stopped");
		rc = plan_entry(p, t, tree, e, err);
		while (rc == 0 && (gap = sl_source_gap(tree)) != NULL)
			rc = miss(t, gap->why, err);
		if (rc < 0)
			return rc;
	}
	return rc < 0 ? rc : 0;
}

static int plan_upper(struct planning *p, const struct sl_stack *stack,
		      struct capture_plan_target *t, struct sl_error *err)
{
	struct sl_source *tree = NULL;
	AUTO_CLOSE int fd = -1;
	int rc;

	if (stack->unsupported != NULL || stack->upper_fd < 0)
		return miss(t,
			    stack->unsupported != NULL ? stack->unsupported
						       : "there is no upper directory",
			    err);
	fd = kernel_clone_readonly(stack->upper_fd);
	rc = layertree_open(&tree, fd >= 0 ? fd : stack->upper_fd,
			    stack->is_whole ? SL_MARKER_NONE : stack->marker, &stack->idmap, err);
	if (rc == 0)
		rc = plan_tree(p, t, tree, err);
	sl_source_close(tree);
	capture_links_clear(&p->links);
	return rc;
}

static int plan_artifacts(const struct sl_container *c, struct capture_plan_target *t,
			  struct sl_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < c->artifact_count; i++) {
		const struct sl_artifact *a = &c->artifacts[i];
		struct stat st;

		if (fstat(a->fd, &st) < 0)
			rc = miss(t, "engine file cannot be opened", err);
		else
			add(a->is_log ? &t->logs : &t->metadata, (uint64_t)st.st_size);
	}
	return rc;
}

static int plan_target(struct planning *p, const struct capture_target *from,
		       struct capture_plan_target *t, struct sl_error *err)
{
	const struct sl_container *c = from->container;
	int rc;

	t->engine = strdup(c->engine);
	t->label = quote_dup(sl_container_label(c), strlen(sl_container_label(c)));
	t->id = c->id != NULL ? strdup(c->id) : NULL;
	t->state = sl_state_name(c->state);
	if (t->engine == NULL || t->label == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "plan");
	rc = plan_artifacts(c, t, err);
	if (rc == 0)
		rc = plan_upper(p, &c->stack, t, err);
	if (rc == 0 && c->metadata_gap != NULL)
		rc = miss(t, c->metadata_gap, err);
	if (rc == 0 && from->image_problem != NULL)
		rc = miss(t, from->image_problem, err);
	p->plan->total.files += t->upper.files + t->metadata.files + t->logs.files;
	p->plan->total.bytes += t->upper.bytes + t->metadata.bytes + t->logs.bytes;
	return rc;
}

static int plan_targets(struct planning *p, struct sl_error *err)
{
	const struct capture *c = &p->capture;
	struct capture_plan *plan = p->plan;
	int rc = 0;

	plan->targets = calloc(c->target_count, sizeof(*plan->targets));
	if (plan->targets == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "plan");
	plan->target_count = c->target_count;
	for (size_t i = 0; rc == 0 && i < c->target_count; i++)
		rc = plan_target(p, &c->targets[i], &plan->targets[i], err);
	for (size_t i = 0; rc == 0 && i < c->lost_count; i++)
		rc = add_line(&plan->lost, &plan->lost_count, c->lost[i].why, 0, err);
	return rc;
}

static int plan_steps(struct planning *p, struct sl_error *err)
{
	struct capture_plan *plan = p->plan;
	const struct capture_request *r = p->capture.request;
	size_t count;
	const struct capture_step *steps = capture_steps(&count);

	plan->profile = r->profile;
	plan->steps = calloc(count, sizeof(*plan->steps));
	if (plan->steps == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "plan");
	for (size_t i = 0; i < count; i++)
		if (capture_wants(r, &steps[i]))
			plan->steps[plan->step_count++] = steps[i].name;
	return 0;
}

static bool will_miss(const struct capture_plan *p, const struct capture_request *r)
{
	uint64_t most = r->scope.max_bytes;

	for (size_t i = 0; i < p->target_count; i++)
		if (p->targets[i].gap_count > 0)
			return true;
	return p->lost_count > 0 || (most > 0 && p->total.bytes > most);
}

int job_capture_plan(const struct job *job, const struct capture_request *request,
		     struct capture_plan *out, int *status, struct sl_error *err)
{
	struct capture_outcome outcome = {0};
	struct planning p = {.capture = {.job = job, .request = request, .out = &outcome},
			     .plan = out};
	int rc = capture_check(request, err);

	*out = (struct capture_plan){0};
	if (rc == 0)
		rc = capture_filter_new(&p.capture.filter, &request->scope, err);
	if (rc == 0)
		rc = capture_find(&p.capture, err);
	if (rc == 0)
		rc = plan_steps(&p, err);
	if (rc == 0)
		rc = plan_targets(&p, err);
	capture_filter_free(p.capture.filter);
	capture_targets_clear(&p.capture);
	host_close(p.capture.host);
	capture_links_clear(&p.links);
	*status = will_miss(out, request) ? 3 : 0;
	return rc;
}

static void free_lines(struct capture_omission *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(list[i].why);
	free(list);
}

void capture_plan_clear(struct capture_plan *p)
{
	for (size_t i = 0; i < p->target_count; i++) {
		struct capture_plan_target *t = &p->targets[i];

		free(t->engine);
		free(t->id);
		free(t->label);
		free_lines(t->omissions, t->omission_count);
		free_lines(t->gaps, t->gap_count);
	}
	free(p->targets);
	free(p->steps);
	free_lines(p->lost, p->lost_count);
	*p = (struct capture_plan){0};
}
